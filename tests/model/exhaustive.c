// SPDX-License-Identifier: MIT
// Every sequence of operations, to a depth, on every buffer of 0 to 16 bytes: at the lowest and the
// highest address that fba_init() accepts, aligned and misaligned in between, and over real bytes,
// promised to be zero or not. After each operation the fba is compared with the model (lockstep.h).
//
// Breadth first: two sequences that lead to the same state of fba, model, marks and bytes have the
// same future, so a state is continued once. An operation that changes no more than the failure
// record leads back to its own state, which settles the sequences that contain failures as well.
//
//     exhaustive DEPTH [PROCESSES]
// Prints how many states and operations that were; exit 1 with the sequence at the first
// difference.
#include "tests/model/lockstep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LARGEST_BUFFER 16
#define MARKS_USED 3
#define HIGHEST_END (UINTPTR_MAX - FBA_ADDRESS_SPACE_GUARD + 1)
#define MIDDLE ((uintptr_t)0x40000)

enum placement {
    LOWEST,
    HIGHEST,
    ALIGNED,
    MISALIGNED,
    BYTES,
    BYTES_ZEROED,
    PLACEMENTS,
};

static const char *const placement_names[PLACEMENTS] = {
    [LOWEST] = "at the lowest address",
    [HIGHEST] = "at the highest address",
    [ALIGNED] = "aligned",
    [MISALIGNED] = "misaligned",
    [BYTES] = "over real bytes",
    [BYTES_ZEROED] = "over bytes promised to be zero",
};

struct totals {
    unsigned long long states, operations;
};

// ── Operations in 32 bits ───────────────────────────────────────────────────────────────────────

// An argument is a code: itself, an address relative to the buffer, or one of the large values.
enum { CODE_ADDRESS = 40, CODE_LARGE = 80, CODE_BEFORE = 4 };
static const size_t large[] = {SIZE_MAX, SIZE_MAX - 7, SIZE_MAX / 2 + 1, 4096};
enum { LARGEST_SIZE = CODE_LARGE, NEARLY_LARGEST, TOP_BIT, PAGE };

typedef uint32_t packed;

static packed pack(enum operation_kind kind, unsigned a, unsigned b, unsigned c, unsigned d)
{
    return (packed)kind | (packed)a << 5 | (packed)b << 12 | (packed)c << 19 | (packed)d << 26;
}

static size_t decode(unsigned code, uintptr_t base)
{
    if (code >= CODE_LARGE)
        return large[code - CODE_LARGE];
    if (code >= CODE_ADDRESS)
        return base + code - CODE_ADDRESS - CODE_BEFORE;
    return code;
}

static struct operation unpack(packed p, uintptr_t base)
{
    return (struct operation){
        .kind = (enum operation_kind)(p & 31),
        .a = decode(p >> 5 & 127, base),
        .b = decode(p >> 12 & 127, base),
        .c = decode(p >> 19 & 127, base),
        .d = p >> 26,
    };
}

// ── Which operations are tried in a state ───────────────────────────────────────────────────────

struct choice {
    packed operations[1024];
    size_t count;
};

static void add(struct choice *choice, enum operation_kind kind, unsigned a, unsigned b, unsigned c,
                unsigned d)
{
    choice->operations[choice->count++] = pack(kind, a, b, c, d);
}

static void add_allocations(struct choice *choice, bool has_bytes)
{
    static const unsigned char sizes[] = {0, 1, 2, 3, 5, 8, 16, LARGEST_SIZE, NEARLY_LARGEST};
    static const unsigned char aligns[] = {1, 2, 4, 16};
    static const enum operation_kind kinds[] = {OPERATION_ALLOC, OPERATION_ALLOC_INLINE,
                                                OPERATION_SCRATCH_ALLOC};

    for (size_t s = 0; s < sizeof sizes; s++) {
        for (size_t a = 0; a < sizeof aligns; a++) {
            add(choice, OPERATION_ALLOC, sizes[s], aligns[a], 0, 0);
            add(choice, OPERATION_ALLOC_INLINE, sizes[s], aligns[a], 0, 0);
            if (sizes[s] <= 3 || sizes[s] == LARGEST_SIZE)
                add(choice, OPERATION_SCRATCH_ALLOC, sizes[s], aligns[a], 0, 0);
        }
        if (has_bytes)
            add(choice, OPERATION_ZEROED, sizes[s], 2, 0, 0);
    }
    for (size_t kind = 0; kind < 3; kind++) {
        add(choice, kinds[kind], 1, 0, 0, 0);
        add(choice, kinds[kind], 1, 3, 0, 0);
        add(choice, kinds[kind], 0, LARGEST_SIZE, 0, 0);
        add(choice, kinds[kind], 0, TOP_BIT, 0, 0);
        add(choice, kinds[kind], 1, TOP_BIT, 0, 0);
    }
    add(choice, OPERATION_ARRAY, 2, 1, 3, 0);
    add(choice, OPERATION_ARRAY, 5, 1, 0, 0);
    add(choice, OPERATION_ARRAY, TOP_BIT, 1, 2, 0);
    add(choice, OPERATION_ARRAY, TOP_BIT, 0, 2, 0);
    if (has_bytes) {
        add(choice, OPERATION_ARRAY_ZEROED, 2, 1, 3, 0);
        add(choice, OPERATION_ARRAY_ZEROED, TOP_BIT, 1, 2, 0);
        add(choice, OPERATION_REALLOC, 0, 0, 3, 2);
        add(choice, OPERATION_REALLOC, 0, 0, 0, 1);
    }
}

static void add_for_block(struct choice *choice, const struct model_block *block, unsigned start,
                          bool has_bytes)
{
    unsigned size = (unsigned)block->size;
    const unsigned sizes[] = {0, 1, size + 1, size + 3, size == 0 ? 0 : size - 1, LARGEST_SIZE};

    if (block->scratch) {
        add(choice, OPERATION_SCRATCH_FREE, start, size, 0, 0);
        add(choice, OPERATION_SCRATCH_FREE, start, size + 1, 0, 0);
        add(choice, OPERATION_FREE, start, size, 0, 0);
        return;
    }
    add(choice, OPERATION_FREE, start, size, 0, 0);
    add(choice, OPERATION_FREE_INLINE, start, size, 0, 0);
    add(choice, OPERATION_FREE, start, size + 1, 0, 0);
    add(choice, OPERATION_REMAP, start, size, size + 1, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        add(choice, OPERATION_RESIZE, start, size, sizes[i], 0);
        add(choice, OPERATION_RESIZE_INLINE, start, size, sizes[i], 0);
        if (has_bytes) {
            add(choice, OPERATION_REALLOC, start, size, sizes[i], 1);
            add(choice, OPERATION_REALLOC, start, size, sizes[i], 8);
        }
    }
}

static void add_misuse(struct choice *choice, unsigned capacity)
{
    static const enum operation_kind kinds[] = {OPERATION_FREE, OPERATION_FREE_INLINE,
                                                OPERATION_SCRATCH_FREE, OPERATION_RESIZE,
                                                OPERATION_RESIZE_INLINE};
    unsigned base = CODE_ADDRESS + CODE_BEFORE;

    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        add(choice, kinds[kind], 0, 0, 1, 0);
        add(choice, kinds[kind], 0, 1, 1, 0);
        add(choice, kinds[kind], base - 1, 1, 0, 0);
        add(choice, kinds[kind], base, 0, 1, 0);
        add(choice, kinds[kind], base, LARGEST_SIZE, 0, 0);
        add(choice, kinds[kind], base + capacity, 0, 1, 0);
        add(choice, kinds[kind], base + capacity, 1, 0, 0);
        add(choice, kinds[kind], base + capacity + 1, 0, 1, 0);
        add(choice, kinds[kind], LARGEST_SIZE, 1, 0, 0);
    }
}

static void add_marks(struct choice *choice, const struct model *model)
{
    for (unsigned i = 0; i < MARKS_USED; i++) {
        if (model->marks[i].life != MODEL_MARK_OPEN) {
            add(choice, OPERATION_MARK, i, 0, 0, 0);
            add(choice, OPERATION_SCRATCH_MARK, i, 0, 0, 0);
        }
        add(choice, OPERATION_REWIND, i, 0, 0, 0);
        add(choice, OPERATION_KEEP, i, 0, 0, 0);
    }
    add(choice, OPERATION_REWIND, MODEL_MARKS, 0, 0, 0);
    add(choice, OPERATION_KEEP, MODEL_MARKS, 0, 0, 0);
}

static void add_rest(struct choice *choice)
{
    unsigned base = CODE_ADDRESS + CODE_BEFORE;

    add(choice, OPERATION_RESET, 0, 0, 0, 0);
    add(choice, OPERATION_SPLIT_TAIL, 0, 0, 0, 0);
    add(choice, OPERATION_SPLIT_TAIL, 3, 0, 0, 0);
    add(choice, OPERATION_SPLIT_TAIL, 8, 0, 0, 0);
    add(choice, OPERATION_SPLIT_TAIL, LARGEST_SIZE, 0, 0, 0);
    add(choice, OPERATION_SWITCH, 0, 0, 0, 0);
    add(choice, OPERATION_REBASE, 0, 0, 0, 0);
    add(choice, OPERATION_REBASE, PAGE, 0, 0, 0);
    add(choice, OPERATION_REBASE, LARGEST_SIZE, 0, 0, 0);
    add(choice, OPERATION_HANDOVER, base, 0, 0, 0);
    add(choice, OPERATION_SEAL, 1, 0, 0, 0);
    add(choice, OPERATION_SEAL, 4, 0, 0, 0);
    add(choice, OPERATION_SEAL, TOP_BIT, 0, 0, 0);
    add(choice, OPERATION_SEAL, 0, 0, 0, 0);
}

static void choose(struct choice *choice, const struct lockstep *lockstep)
{
    const struct model *model = lockstep_model(lockstep);

    choice->count = 0;
    add_allocations(choice, lockstep->memory);
    for (size_t i = 0; i < model->block_count; i++) {
        uintptr_t offset = model->blocks[i].start - (uintptr_t)model->base;
        add_for_block(choice, &model->blocks[i], CODE_ADDRESS + CODE_BEFORE + (unsigned)offset,
                      lockstep->memory);
    }
    add_misuse(choice, (unsigned)model_capacity(model));
    add_marks(choice, model);
    add_rest(choice);
}

// ── The set of states ───────────────────────────────────────────────────────────────────────────

// How a state was reached, so that it can be reached again.
struct node {
    uint32_t parent;
    packed operation;
};

static struct node *nodes;
static size_t node_count, node_capacity;
static struct lockstep_hash *table;
static size_t table_size;

static void *allocate(void *old, size_t size)
{
    void *memory = realloc(old, size);

    if (!memory) {
        fprintf(stderr, "exhaustive: no memory for %zu bytes; give a smaller depth\n", size);
        exit(2);
    }
    return memory;
}

static bool insert(struct lockstep_hash hash)
{
    size_t index = hash.a & (table_size - 1);

    while (table[index].a != 0 || table[index].b != 0) {
        if (table[index].a == hash.a && table[index].b == hash.b)
            return false;
        index = (index + 1) & (table_size - 1);
    }
    table[index] = hash;
    return true;
}

static void grow_table(void)
{
    struct lockstep_hash *old = table;
    size_t old_size = table_size;

    table_size = old_size == 0 ? 1 << 16 : old_size * 2;
    table = allocate(NULL, table_size * sizeof *table);
    memset(table, 0, table_size * sizeof *table);
    for (size_t i = 0; i < old_size; i++)
        if (old[i].a != 0 || old[i].b != 0)
            insert(old[i]);
    free(old);
}

// False: the state is known.
static bool add_state(const struct lockstep *lockstep, uint32_t parent, packed operation)
{
    if (node_count * 2 >= table_size)
        grow_table();
    if (!insert(lockstep_hash(lockstep)))
        return false;
    if (node_count == node_capacity) {
        node_capacity = node_capacity == 0 ? 1 << 12 : node_capacity * 2;
        nodes = allocate(nodes, node_capacity * sizeof *nodes);
    }
    nodes[node_count++] = (struct node){parent, operation};
    return true;
}

// ── The run over one buffer ─────────────────────────────────────────────────────────────────────

static struct lockstep lockstep;
_Alignas(64) static unsigned char bytes[LARGEST_BUFFER + 8];

static void open_buffer(enum placement placement, size_t size)
{
    static const bool zeroed[PLACEMENTS] = {[BYTES_ZEROED] = true, [MISALIGNED] = true};
    const uintptr_t bases[PLACEMENTS] = {
        [LOWEST] = 1,
        [HIGHEST] = HIGHEST_END - size,
        [ALIGNED] = MIDDLE,
        [MISALIGNED] = MIDDLE + 3,
        [BYTES] = (uintptr_t)bytes + 3,
        [BYTES_ZEROED] = (uintptr_t)bytes + 5,
    };
    bool has_bytes = placement == BYTES || placement == BYTES_ZEROED;
    struct difference difference;

    if (!lockstep_open(&lockstep, bases[placement], size,
                       has_bytes ? (unsigned char *)bases[placement] : NULL, zeroed[placement],
                       &difference)) {
        fprintf(stderr, "%s, %zu bytes:\n  init\n", placement_names[placement], size);
        lockstep_print_difference(&difference);
        exit(1);
    }
}

static void complain(enum placement placement, size_t size, uint32_t index,
                     const struct operation *last, const struct difference *difference)
{
    uint32_t path[32];
    size_t length = 0;

    for (; index != 0; index = nodes[index].parent)
        path[length++] = index;
    fprintf(stderr, "%s, %zu bytes:\n", placement_names[placement], size);
    open_buffer(placement, size);
    while (length-- > 0) {
        struct difference ignored;
        struct operation operation =
            unpack(nodes[path[length]].operation, (uintptr_t)lockstep_model(&lockstep)->base);
        lockstep_print_operation(&operation);
        lockstep_step(&lockstep, &operation, &ignored);
    }
    lockstep_print_operation(last);
    lockstep_print_difference(difference);
    exit(1);
}

// Brings both into the state of a node by the way that led there.
static void replay(enum placement placement, size_t size, uint32_t index)
{
    struct difference ignored;

    if (index == 0) {
        open_buffer(placement, size);
        return;
    }
    replay(placement, size, nodes[index].parent);
    struct operation operation =
        unpack(nodes[index].operation, (uintptr_t)lockstep_model(&lockstep)->base);
    lockstep_step(&lockstep, &operation, &ignored);
}

static void run(enum placement placement, size_t size, unsigned depth, struct totals *totals)
{
    struct choice choice;
    size_t level_start = 0;

    node_count = 0;
    if (table)
        memset(table, 0, table_size * sizeof *table);
    open_buffer(placement, size);
    add_state(&lockstep, 0, 0);
    for (unsigned level = 0; level < depth; level++) {
        size_t level_end = node_count;
        for (size_t index = level_start; index < level_end; index++) {
            struct difference difference;
            unsigned char content[sizeof bytes];

            replay(placement, size, (uint32_t)index);
            struct lockstep before = lockstep;
            uintptr_t base = (uintptr_t)lockstep_model(&before)->base;
            memcpy(content, bytes, sizeof bytes);
            choose(&choice, &lockstep);
            for (size_t i = 0; i < choice.count; i++) {
                struct operation operation = unpack(choice.operations[i], base);
                if (!lockstep_can(&before, &operation))
                    continue;
                totals->operations++;
                bool agreed = lockstep_step(&lockstep, &operation, &difference);
                if (agreed && lockstep_is_as_before(&lockstep, &before)) {
                    lockstep_forget_failure(&lockstep, &before);
                    continue;
                }
                if (!agreed || (add_state(&lockstep, (uint32_t)index, choice.operations[i]) &&
                                !lockstep_compare(&lockstep, &difference)))
                    complain(placement, size, (uint32_t)index, &operation, &difference);
                lockstep = before;
                memcpy(bytes, content, sizeof bytes);
            }
        }
        level_start = level_end;
    }
    totals->states += node_count;
}

// ── Openings ────────────────────────────────────────────────────────────────────────────────────

static void complain_of_opening(uintptr_t base, const struct difference *difference)
{
    fprintf(stderr, "opening at %#zx:\n", (size_t)base);
    lockstep_print_difference(difference);
    exit(1);
}

// An allocator that was never opened fails at everything, by its name.
static void check_not_ready(void)
{
    struct choice choice;

    lockstep_not_ready(&lockstep);
    choose(&choice, &lockstep);
    for (size_t i = 0; i < choice.count; i++) {
        struct operation operation = unpack(choice.operations[i], 0);
        struct difference difference;

        if (lockstep_can(&lockstep, &operation) &&
            (!lockstep_step(&lockstep, &operation, &difference) ||
             !lockstep_compare(&lockstep, &difference))) {
            fprintf(stderr, "not ready:\n");
            lockstep_print_operation(&operation);
            lockstep_print_difference(&difference);
            exit(1);
        }
    }
}

// Buffers around both ends of the address space, and every combination of small numbers.
static void check_openings(void)
{
    static const size_t sizes[] = {0, 1, 16, 4096, SIZE_MAX - 4096, SIZE_MAX};
    struct difference difference;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (uintptr_t offset = 0; offset < 20; offset++)
            for (unsigned end = 0; end < 2; end++) {
                uintptr_t base = end == 0 ? offset : HIGHEST_END + 2 - offset;
                if (!lockstep_open(&lockstep, base, sizes[i], NULL, false, &difference))
                    complain_of_opening(base, &difference);
            }
    for (unsigned digits = 0; digits < 4 * 4 * 4 * 4 * 4; digits++) {
        const struct fba_numbers numbers = {digits & 3, digits >> 2 & 3, digits >> 4 & 3,
                                            digits >> 6 & 3, digits >> 8 & 3};
        lockstep_not_ready(&lockstep);
        if (!lockstep_adopt(&lockstep, MIDDLE, &numbers, &difference) ||
            !lockstep_compare(&lockstep, &difference))
            complain_of_opening(MIDDLE, &difference);
    }
}

// ── All buffers, shared out among processes ─────────────────────────────────────────────────────

static void work(unsigned depth, unsigned process, unsigned processes, struct totals *totals)
{
    unsigned turn = 0;

    for (size_t size = 0; size <= LARGEST_BUFFER; size++)
        for (unsigned placement = 0; placement < PLACEMENTS; placement++)
            if (turn++ % processes == process)
                run((enum placement)placement, size, depth, &totals[placement]);
}

static bool run_processes(unsigned depth, unsigned processes, struct totals (*totals)[PLACEMENTS])
{
    bool all_agreed = true;

    for (unsigned process = 0; process < processes; process++) {
        pid_t child = fork();
        if (child < 0) {
            perror("exhaustive: fork");
            exit(2);
        }
        if (child == 0) {
            work(depth, process, processes, totals[process]);
            exit(0);
        }
    }
    for (unsigned process = 0; process < processes; process++) {
        int status = 0;
        if (wait(&status) < 0 || status != 0)
            all_agreed = false;
        if (WIFSIGNALED(status))
            fprintf(stderr, "exhaustive: a process was ended by signal %d\n", WTERMSIG(status));
    }
    return all_agreed;
}

static unsigned number(const char *text, unsigned most)
{
    char *rest;
    unsigned long value = strtoul(text, &rest, 10);

    if (*text == 0 || *rest != 0 || value == 0 || value > most) {
        fprintf(stderr, "exhaustive: %s is not a number from 1 to %u\n", text, most);
        exit(2);
    }
    return (unsigned)value;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: exhaustive DEPTH [PROCESSES]\n");
        return 2;
    }
    unsigned depth = number(argv[1], 16);
    unsigned processes = argc > 2 ? number(argv[2], 64) : 1;
    struct totals(*totals)[PLACEMENTS] =
        mmap(NULL, processes * sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
             -1, 0);
    if (totals == MAP_FAILED) {
        perror("exhaustive: mmap");
        return 2;
    }
    time_t start = time(NULL);
    check_not_ready();
    check_openings();
    bool all_agreed = run_processes(depth, processes, totals);
    struct totals all = {0, 0};
    for (unsigned placement = 0; placement < PLACEMENTS; placement++) {
        struct totals sum = {0, 0};
        for (unsigned process = 0; process < processes; process++) {
            sum.states += totals[process][placement].states;
            sum.operations += totals[process][placement].operations;
        }
        printf("exhaustive: %-31s %12llu states %14llu operations\n", placement_names[placement],
               sum.states, sum.operations);
        all.states += sum.states;
        all.operations += sum.operations;
    }
    printf(
        "exhaustive: every sequence of %u operations on %d buffers: %llu states, %llu operations "
        "compared, %ld s: %s\n",
        depth, (LARGEST_BUFFER + 1) * PLACEMENTS, all.states, all.operations,
        (long)(time(NULL) - start), all_agreed ? "no difference" : "FAILED");
    return all_agreed ? 0 : 1;
}
