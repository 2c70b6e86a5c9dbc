// SPDX-License-Identifier: MIT
// The decorator of ledger.h.
#include "ledger.h"

void ledger_init(struct ledger *ledger, struct allocator inner, struct ledger_entry *entries,
                 size_t capacity)
{
    *ledger = (struct ledger){.inner = inner, .entries = entries, .capacity = capacity};
    for (size_t i = 0; i < capacity; i++)
        entries[i] = (struct ledger_entry){0};
}

static bool is_same_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

// Equal words in two places are the same tag.
static bool is_holder(const struct ledger_entry *entry, const char *tag, const void *caller)
{
    if (!tag || !entry->tag)
        return entry->tag == tag && entry->caller == caller;
    return entry->tag == tag || is_same_text(entry->tag, tag);
}

// An unused entry contains nothing.
static bool contains(const struct ledger_entry *run, uintptr_t start)
{
    return start >= run->start && start < run->end;
}

static void clear_run(struct ledger_entry *run)
{
    run->size = run->blocks = 0;
    run->end = run->start;
}

// The run that an address lies in: the newest one, as it may have been handed out before.
static struct ledger_entry *search(const struct ledger *ledger, uintptr_t start)
{
    struct ledger_entry *found = NULL;

    for (size_t i = 0; i < ledger->capacity; i++) {
        struct ledger_entry *entry = &ledger->entries[i];
        if (contains(entry, start) && (!found || entry->sequence > found->sequence))
            found = entry;
    }
    return found;
}

// The run that a block belongs to. One of zero bytes belongs to none.
static FBA_INLINE struct ledger_entry *ledger_find(const struct ledger *ledger, uintptr_t start,
                                                   size_t size)
{
    struct ledger_entry *newest = ledger->newest;

    if (size == 0)
        return NULL;
    return newest && contains(newest, start) ? newest : search(ledger, start);
}

// The innermost mark that was open when the block at `start` was taken; NULL: none was.
static struct ledger_mark *mark_of(const struct ledger *ledger, uintptr_t start)
{
    struct ledger_mark *mark = ledger->mark;

    while (mark && start < mark->start)
        mark = mark->outer;
    return mark;
}

static void add_unrecorded(struct ledger *ledger, uintptr_t start, size_t size, size_t blocks)
{
    struct ledger_mark *mark = mark_of(ledger, start);

    ledger->unrecorded_size += size;
    ledger->unrecorded_blocks += blocks;
    if (!mark)
        return;
    mark->unrecorded_size += size;
    mark->unrecorded_blocks += blocks;
}

// False iff no unrecorded block can have been that one.
static bool take_unrecorded(struct ledger *ledger, uintptr_t start, size_t size)
{
    struct ledger_mark *mark = mark_of(ledger, start);

    if (ledger->unrecorded_blocks == 0 || size > ledger->unrecorded_size ||
        (mark && (mark->unrecorded_blocks == 0 || size > mark->unrecorded_size)))
        return false;
    ledger->unrecorded_size -= size;
    ledger->unrecorded_blocks--;
    if (mark) {
        mark->unrecorded_size -= size;
        mark->unrecorded_blocks--;
    }
    return true;
}

// A run that is older and has a byte of [start, end), or NULL.
static struct ledger_entry *find_older(const struct ledger *ledger, uintptr_t start, uintptr_t end,
                                       uint64_t sequence)
{
    for (size_t i = 0; i < ledger->capacity; i++) {
        struct ledger_entry *entry = &ledger->entries[i];
        if (entry->blocks != 0 && entry->sequence < sequence && entry->start < end &&
            entry->end > start)
            return entry;
    }
    return NULL;
}

// Makes the blocks of a run unrecorded, and those of older runs that reach over them: when such a
// block is given back, it would be taken for one of theirs.
static void forget(struct ledger *ledger, struct ledger_entry *run)
{
    uintptr_t start = run->start, end = run->end;
    uint64_t sequence = run->sequence;

    while (run) {
        start = run->start < start ? run->start : start;
        end = run->end > end ? run->end : end;
        add_unrecorded(ledger, run->start, run->size, run->blocks);
        clear_run(run);
        run = find_older(ledger, start, end, sequence);
    }
}

// An entry for a new run: an unused one, else that of the smallest run if the block is larger, or
// if it lies where blocks of another run were given back and could be taken for one of that.
static FBA_INLINE struct ledger_entry *take_entry(struct ledger *ledger, uintptr_t start,
                                                  size_t size)
{
    struct ledger_entry *smallest = NULL;

    for (size_t i = 0; i < ledger->capacity; i++) {
        struct ledger_entry *entry = &ledger->entries[i];
        if (entry->blocks == 0)
            return entry;
        if (!smallest || entry->size < smallest->size)
            smallest = entry;
    }
    if (!smallest || (smallest->size >= size && !search(ledger, start)))
        return NULL;
    forget(ledger, smallest);
    return smallest;
}

// Whether a block goes on where the newest run ends, with nothing but padding between: no recorded
// block lies behind it, and no unrecorded one is known to lie anywhere.
static bool extends(const struct ledger *ledger, uintptr_t start, size_t align, const void *caller)
{
    const struct ledger_entry *run = ledger->newest;

    if (!run || run->blocks == 0 || start < run->end || !is_holder(run, ledger->tag, caller))
        return false;
    return start == run->end || (start - run->end < align && run->end >= ledger->highest &&
                                 ledger->unrecorded_blocks == 0);
}

static FBA_INLINE void record(struct ledger *ledger, uintptr_t start, size_t size, size_t align,
                              const void *caller)
{
    struct ledger_entry *run = ledger->newest;

    if (FBA_UNLIKELY(!extends(ledger, start, align, caller))) {
        run = size != 0 ? take_entry(ledger, start, size) : NULL;
        if (run)
            *run = (struct ledger_entry){
                .start = start, .tag = ledger->tag, .caller = caller, .largest = size};
        ledger->newest = run;
    }
    if (!run || size == 0) {
        add_unrecorded(ledger, start, size, 1);
        return;
    }
    if (size > run->largest) {
        run->largest = size;
        run->caller = caller;
    }
    run->end = start + size;
    if (run->end > ledger->highest)
        ledger->highest = run->end;
    run->size += size;
    run->blocks++;
    run->sequence = ledger->serial;
}

// Strikes a block off its run. One that ends there makes room for the next to go on in its place.
static FBA_INLINE void strike_off(struct ledger *ledger, struct ledger_entry *run, uintptr_t start,
                                  size_t size)
{
    const size_t held = run->size;

    run->size = held - size;
    run->blocks--;
    // Frees with wrong sizes leave nothing behind.
    ledger->requested -= run->blocks == 0 ? held : size;
    if (start + size == ledger->highest)
        ledger->highest = start;
    if (start + size == run->end)
        run->end = start;
    if (run->blocks == 0)
        run->end = run->start;
}

static void strike(struct ledger *ledger, uintptr_t start, size_t size)
{
    struct ledger_entry *run = ledger_find(ledger, start, size);

    if (run && size <= run->size)
        strike_off(ledger, run, start, size);
    else if (take_unrecorded(ledger, start, size))
        ledger->requested -= size;
    else
        ledger->foreign++;
}

void ledger_note(struct ledger *ledger, uintptr_t start, size_t size, const void *caller)
{
    ledger->newest = NULL; // a run of its own
    ledger->requested += size;
    ledger->serial++;
    record(ledger, start, size, 1, caller);
}

static void *ledger_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct ledger *ledger = context;
    void *block = ledger->inner.operations->alloc(ledger->inner.context, size, align, caller);

    if (!block) {
        ledger->failures++;
        return NULL;
    }
    ledger->requested += size;
    ledger->serial++;
    record(ledger, (uintptr_t)block, size, align, caller);
    return block;
}

static bool ledger_resize(void *context, void *block, size_t old_size, size_t new_size,
                          size_t align, const void *caller)
{
    struct ledger *ledger = context;
    uintptr_t start = (uintptr_t)block;
    struct ledger_entry *run = ledger_find(ledger, start, old_size);

    if (!ledger->inner.operations->resize(ledger->inner.context, block, old_size, new_size, align,
                                          caller))
        return false;
    if (run && new_size != 0 && old_size <= run->size) {
        if (start + old_size == run->end)
            run->end = start + new_size;
        if (run->end > ledger->highest)
            ledger->highest = run->end;
        run->size = run->size - old_size + new_size;
        run->largest = new_size > run->largest ? new_size : run->largest;
        ledger->requested = ledger->requested - old_size + new_size;
        return true;
    }
    strike(ledger, start, old_size);
    run = new_size != 0 ? search(ledger, start) : NULL;
    if (run)
        forget(ledger, run);
    ledger->requested += new_size;
    add_unrecorded(ledger, start, new_size, 1);
    return true;
}

FBA_CALLED static void ledger_free_slowly(struct ledger *ledger, void *block, size_t size,
                                          size_t align, const void *caller)
{
    strike(ledger, (uintptr_t)block, size);
    ledger->inner.operations->free(ledger->inner.context, block, size, align, caller);
}

// A block of the newest run goes back with no call but the last, which is a jump.
static void ledger_free_block(void *context, void *block, size_t size, size_t align,
                              const void *caller)
{
    struct ledger *ledger = context;
    struct ledger_entry *run = ledger->newest;

    if (FBA_UNLIKELY(size == 0 || !run || !contains(run, (uintptr_t)block) || size > run->size)) {
        ledger_free_slowly(ledger, block, size, align, caller);
        return;
    }
    strike_off(ledger, run, (uintptr_t)block, size);
    ledger->inner.operations->free(ledger->inner.context, block, size, align, caller);
}

static size_t ledger_available(void *context, size_t align)
{
    const struct ledger *ledger = context;

    return allocator_available(&ledger->inner, align);
}

struct allocator ledger_allocator(struct ledger *ledger)
{
    static const struct allocator_operations operations = {ledger_alloc, ledger_resize,
                                                           ledger_free_block, ledger_available};

    return (struct allocator){&operations, ledger};
}

void ledger_mark_open(struct ledger *ledger, struct ledger_mark *mark, uintptr_t start)
{
    *mark = (struct ledger_mark){.outer = ledger->mark, .start = start};
    ledger->mark = mark;
    ledger->newest = NULL;
}

void ledger_mark_rewind(struct ledger *ledger)
{
    const struct ledger_mark *mark = ledger->mark;

    for (size_t i = 0; i < ledger->capacity; i++) {
        struct ledger_entry *entry = &ledger->entries[i];
        if (entry->blocks == 0 || entry->start < mark->start)
            continue;
        ledger->requested -= entry->size;
        clear_run(entry);
    }
    ledger->requested -= mark->unrecorded_size;
    ledger->unrecorded_size -= mark->unrecorded_size;
    ledger->unrecorded_blocks -= mark->unrecorded_blocks;
    ledger->newest = NULL;
    if (ledger->highest > mark->start)
        ledger->highest = mark->start;
    ledger->mark = mark->outer;
}

void ledger_mark_keep(struct ledger *ledger)
{
    const struct ledger_mark *mark = ledger->mark;

    if (mark->outer) {
        mark->outer->unrecorded_size += mark->unrecorded_size;
        mark->outer->unrecorded_blocks += mark->unrecorded_blocks;
    }
    ledger->mark = mark->outer;
}

static bool is_same_holder(const struct ledger_entry *a, const struct ledger_entry *b)
{
    return is_holder(a, b->tag, b->caller);
}

static struct ledger_holder sum_up(const struct ledger *ledger, size_t first)
{
    struct ledger_holder holder = {.tag = ledger->entries[first].tag};
    size_t largest = 0;

    for (size_t i = first; i < ledger->capacity; i++) {
        const struct ledger_entry *entry = &ledger->entries[i];
        if (entry->blocks == 0 || !is_same_holder(entry, &ledger->entries[first]))
            continue;
        if (holder.blocks == 0 || entry->largest > largest) {
            largest = entry->largest;
            holder.caller = entry->caller;
        }
        holder.size += entry->size;
        holder.blocks += entry->blocks;
    }
    return holder;
}

static bool is_first_of_holder(const struct ledger *ledger, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (ledger->entries[i].blocks != 0 &&
            is_same_holder(&ledger->entries[i], &ledger->entries[index]))
            return false;
    return true;
}

size_t ledger_top(const struct ledger *ledger, struct ledger_holder *holders, size_t most)
{
    size_t count = 0;

    for (size_t i = 0; i < ledger->capacity; i++) {
        if (ledger->entries[i].blocks == 0 || !is_first_of_holder(ledger, i))
            continue;
        struct ledger_holder holder = sum_up(ledger, i);
        size_t place = count;
        while (place > 0 && holders[place - 1].size < holder.size)
            place--;
        if (place >= most)
            continue;
        if (count < most)
            count++;
        for (size_t j = count - 1; j > place; j--)
            holders[j] = holders[j - 1];
        holders[place] = holder;
    }
    return count;
}
