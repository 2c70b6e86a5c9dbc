// SPDX-License-Identifier: MIT
// A plugin for QEMU's emulator (TCG plugins, interface version 1: QEMU 4.2 to 8.2) that counts the
// instructions of a machine without the machine's help. boot.py builds it, tells it where the steps
// of a boot begin and where the early heap's code lies, and reads what it writes.
//
// Arguments: places=FILE, counts=FILE. A line of FILE is one of
//   step ADDRESS     writes a line: ADDRESS, instructions so far, of them heap, heap calls
//   heap START END   code of the heap
//   call ADDRESS     the beginning of a function by which the heap is entered
// with addresses in hexadecimal.
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What of the interface is used; Debian packages no header for it.
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*qemu_plugin_tb_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_insn_cb)(unsigned int processor, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_cb callback);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_insn_cb cb,
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op op, void *word, uint64_t value);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

#define MOST 512

enum kind { STEP, HEAP, CALL };
struct place {
    enum kind kind;
    uint64_t start, end;
};

static struct place places[MOST];
static size_t place_count;
static FILE *output;
static uint64_t instructions, heap_instructions, heap_calls;

// Comes before the instruction, which has been counted already.
static void on_step(unsigned int processor, void *data)
{
    const struct place *place = data;

    (void)processor;
    fprintf(output, "%" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", place->start, instructions,
            heap_instructions, heap_calls);
    fflush(output);
}

static void translate(struct qemu_plugin_insn *insn)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);

    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &instructions, 1);
    for (size_t i = 0; i < place_count; i++) {
        struct place *place = &places[i];

        if (place->kind == HEAP && address >= place->start && address < place->end) {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                                       &heap_instructions, 1);
        } else if (place->kind == CALL && address == place->start) {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                                       &heap_calls, 1);
        } else if (place->kind == STEP && address == place->start) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_step, QEMU_PLUGIN_CB_NO_REGS, place);
        }
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
        translate(qemu_plugin_tb_get_insn(tb, i));
}

static bool read_place(const char *line, struct place *place)
{
    static const char *const words[] = {[STEP] = "step ", [HEAP] = "heap ", [CALL] = "call "};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char *rest = NULL;

        if (strncmp(line, words[i], 5) != 0)
            continue;
        place->kind = (enum kind)i;
        place->start = strtoull(line + 5, &rest, 16);
        place->end = strtoull(rest, NULL, 16);
        return true;
    }
    return false;
}

static bool read_places(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[128];

    if (!file)
        return false;
    while (place_count < MOST && fgets(line, sizeof line, file)) {
        if (read_place(line, &places[place_count]))
            place_count++;
    }
    fclose(file);
    return place_count > 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "places=", 7) == 0 && !read_places(argv[i] + 7))
            return -1;
        if (strncmp(argv[i], "counts=", 7) == 0)
            output = fopen(argv[i] + 7, "w");
    }
    if (!output || place_count == 0)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
