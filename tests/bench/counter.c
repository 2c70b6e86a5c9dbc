// SPDX-License-Identifier: MIT
// A plugin for QEMU's emulator (TCG plugins, docs/devel/tcg-plugins) that counts the instructions
// of a machine without the machine's help. boot_cost.py builds it, with PLUGIN_VERSION, the version
// of the interface: 1 up to QEMU 8.2, 3 from 9.1 on. It tells it where the steps of a boot begin
// and what to count, and reads what it writes.
//
// Arguments: places=FILE, counts=FILE. A line of FILE is one of
//   loader OFFSET BYTES   the code, in hexadecimal, at which the loader begins, and its offset in
//                         the image: by this the image is found, wherever the firmware put it.
//                         Addresses in the lines that follow are offsets in that image
//   kernel                addresses in the lines that follow are addresses
//   step ADDRESS          what is noted when the instruction there is reached
//   count K N START END   counter K goes up by N at each instruction there; N may be negative
//   sites START END       an indirect call or jump there is noted each time
// with addresses in hexadecimal. What is written is a line for each thing noted:
//   step ADDRESS ALL COUNTERS...    all instructions so far, and each counter
//   site ADDRESS                    the address of the call
//   base ADDRESS                    of the loader's image
// A repeated string instruction counts once for each repetition.
#define _POSIX_C_SOURCE 200809L // strtok_r
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION 1
#endif

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
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_insn_cb cb,
                                            enum qemu_plugin_cb_flags flags, void *data);
extern int qemu_plugin_version;
int qemu_plugin_version = PLUGIN_VERSION;
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

#define MOST_PLACES 1024
#define COUNTERS 8
#define SIGNATURE_MOST 64
#define SIGNATURE_LEAST 24 // bytes that no other program has in common with the loader

enum kind { STEP, COUNT, SITES };
struct place {
    enum kind kind;
    bool in_loader;
    size_t counter;
    int64_t step;
    uint64_t start, end;
};

static struct place places[MOST_PLACES];
static size_t place_count;
static uint8_t signature[SIGNATURE_MOST];
static size_t signature_size;
static uint64_t signature_offset, loader_base;
static FILE *output;

// ── Words that count: the instructions, then the counters ───────────────────────────────────────

#define WORDS (1 + COUNTERS)
#define INSTRUCTIONS 0
#define COUNTER(k) (1 + (k))

#if PLUGIN_VERSION >= 3
// Each processor has words of its own.
struct qemu_plugin_scoreboard;
typedef struct {
    struct qemu_plugin_scoreboard *score;
    size_t offset;
} qemu_plugin_u64;
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
uint64_t qemu_plugin_u64_sum(qemu_plugin_u64 entry);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn,
                                                         enum qemu_plugin_op op,
                                                         qemu_plugin_u64 entry, uint64_t value);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t size);

static struct qemu_plugin_scoreboard *score;

static qemu_plugin_u64 word_at(size_t word)
{
    return (qemu_plugin_u64){score, word * sizeof(uint64_t)};
}

static void open_words(void)
{
    score = qemu_plugin_scoreboard_new(WORDS * sizeof(uint64_t));
}

static uint64_t value_of(size_t word)
{
    return qemu_plugin_u64_sum(word_at(word));
}

static void add_at(struct qemu_plugin_insn *insn, size_t word, uint64_t value)
{
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                                        word_at(word), value);
}

static void copy_bytes(const struct qemu_plugin_insn *insn, void *to, size_t size)
{
    qemu_plugin_insn_data(insn, to, size);
}
#else
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op op, void *word, uint64_t value);

static uint64_t sums[WORDS];

static void open_words(void)
{
}

static uint64_t value_of(size_t word)
{
    return sums[word];
}

static void add_at(struct qemu_plugin_insn *insn, size_t word, uint64_t value)
{
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &sums[word],
                                               value);
}

static void copy_bytes(const struct qemu_plugin_insn *insn, void *to, size_t size)
{
    memcpy(to, qemu_plugin_insn_data(insn), size);
}
#endif

// ── While the machine runs ──────────────────────────────────────────────────────────────────────

// Comes before the instruction, which has been counted already.
static void on_step(unsigned int processor, void *data)
{
    const struct place *place = data;

    (void)processor;
    fprintf(output, "step %" PRIx64, place->start);
    for (size_t word = 0; word < WORDS; word++)
        fprintf(output, " %" PRIu64, value_of(word));
    fprintf(output, "\n");
    fflush(output);
}

static void on_site(unsigned int processor, void *address)
{
    (void)processor;
    fprintf(output, "site %" PRIxPTR "\n", (uintptr_t)address);
}

// Intel SDM 2, "CALL" and "JMP": FF /2 and FF /4, perhaps behind a REX prefix.
static bool is_indirect(const struct qemu_plugin_insn *insn)
{
    uint8_t bytes[3] = {0};
    size_t size = qemu_plugin_insn_size(insn);

    copy_bytes(insn, bytes, size < sizeof bytes ? size : sizeof bytes);
    size_t at = (bytes[0] & 0xf0) == 0x40 ? 1 : 0;
    if (bytes[at] != 0xff)
        return false;
    unsigned operation = bytes[at + 1] >> 3 & 7;
    return operation == 2 || operation == 4;
}

static void watch(struct qemu_plugin_insn *insn, struct place *place, uint64_t address)
{
    switch (place->kind) {
    case STEP:
        if (address == place->start)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_step, QEMU_PLUGIN_CB_NO_REGS, place);
        return;
    case COUNT:
        add_at(insn, COUNTER(place->counter), (uint64_t)place->step);
        return;
    case SITES:
        if (is_indirect(insn))
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_site, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)(uintptr_t)address);
        return;
    }
}

static void translate(struct qemu_plugin_insn *insn)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);

    add_at(insn, INSTRUCTIONS, 1);
    for (size_t i = 0; i < place_count; i++) {
        struct place *place = &places[i];
        uint64_t own = place->in_loader ? address - loader_base : address;

        if (place->in_loader && loader_base == 0)
            continue;
        if (own >= place->start && own < place->end)
            watch(insn, place, own);
    }
}

// Whether this piece of code is the loader's first, by its bytes up to the first branch.
static bool is_signed(const struct qemu_plugin_tb *tb)
{
    size_t matched = 0;

    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb) && matched < signature_size; i++) {
        const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        size_t size = qemu_plugin_insn_size(insn);
        uint8_t bytes[SIGNATURE_MOST];

        if (size > signature_size - matched)
            size = signature_size - matched;
        copy_bytes(insn, bytes, size);
        if (memcmp(bytes, signature + matched, size) != 0)
            return false;
        matched += size;
    }
    return matched >= SIGNATURE_LEAST;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    if (loader_base == 0 && is_signed(tb)) {
        loader_base = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)) - signature_offset;
        fprintf(output, "base %" PRIx64 "\n", loader_base);
    }
    for (size_t i = 0; i < count; i++)
        translate(qemu_plugin_tb_get_insn(tb, i));
}

// ── What it is told ─────────────────────────────────────────────────────────────────────────────

static uint64_t number_of(const char *text, int base)
{
    return text ? strtoull(text, NULL, base) : 0;
}

static void read_signature(const char *hexadecimal)
{
    char pair[3] = {0};

    while (signature_size < SIGNATURE_MOST && strlen(hexadecimal) >= 2) {
        memcpy(pair, hexadecimal, 2);
        signature[signature_size++] = (uint8_t)number_of(pair, 16);
        hexadecimal += 2;
    }
}

#define MOST_WORDS 5

// False: no line of the file's kind.
static bool read_line(char *line, bool *in_loader)
{
    const char *words[MOST_WORDS] = {NULL};
    char *rest = line;
    size_t count = 0;

    for (char *word; count < MOST_WORDS && (word = strtok_r(rest, " \n", &rest)) != NULL;)
        words[count++] = word;
    if (count == 0 || place_count == MOST_PLACES)
        return false;
    if (strcmp(words[0], "kernel") == 0) {
        *in_loader = false;
        return true;
    }
    if (strcmp(words[0], "loader") == 0 && count == 3) {
        *in_loader = true;
        signature_offset = number_of(words[1], 16);
        read_signature(words[2]);
        return signature_size >= SIGNATURE_LEAST;
    }
    struct place *place = &places[place_count++];
    *place = (struct place){.in_loader = *in_loader};
    if (strcmp(words[0], "step") == 0 && count == 2) {
        place->kind = STEP;
        place->start = number_of(words[1], 16);
        place->end = place->start + 1;
    } else if (strcmp(words[0], "count") == 0 && count == 5) {
        place->kind = COUNT;
        place->counter = number_of(words[1], 10);
        place->step = (int64_t)number_of(words[2], 10); // a minus sign negates, as it should
        place->start = number_of(words[3], 16);
        place->end = number_of(words[4], 16);
    } else if (strcmp(words[0], "sites") == 0 && count == 3) {
        place->kind = SITES;
        place->start = number_of(words[1], 16);
        place->end = number_of(words[2], 16);
    } else {
        return false;
    }
    return place->counter < COUNTERS;
}

static bool read_places(const char *path)
{
    FILE *file = fopen(path, "r");
    bool in_loader = false, good = file != NULL;
    char line[256];

    while (good && fgets(line, sizeof line, file))
        good = read_line(line, &in_loader);
    if (file)
        fclose(file);
    return good;
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
    open_words();
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
