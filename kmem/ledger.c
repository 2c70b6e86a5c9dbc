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

static void clear_entry(struct ledger_entry *entry)
{
    entry->size = entry->blocks = 0;
    entry->end = entry->start;
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

// The innermost mark that was open when the block at `start` was taken.
static struct ledger_mark *mark_of(struct ledger *ledger, uintptr_t start)
{
    struct ledger_mark *mark = ledger->mark;

    while (mark && start < mark->start)
        mark = mark->outer;
    return mark ? mark : &ledger->base;
}

static void count_add(struct ledger_count *count, size_t size, size_t blocks)
{
    count->size += size;
    count->blocks += blocks;
}

static void count_take(struct ledger_count *count, size_t size, size_t blocks)
{
    count->size -= size;
    count->blocks -= blocks;
}

// ── Rests ───────────────────────────────────────────────────────────────────────────────────────

static bool is_rest(const struct ledger_entry *entry)
{
    return entry->blocks != 0 && entry->end == 0;
}

// `mark` is mark_of() something: of two that begin at one address the inner one, as the outer has
// taken nothing.
static bool is_rest_of(const struct ledger_entry *entry, const struct ledger_mark *mark)
{
    return is_rest(entry) && entry->start == mark->start;
}

// Whether two entries may become one: they have one holder, and a rewind takes both or none.
static bool belong_together(struct ledger *ledger, const struct ledger_entry *a,
                            const struct ledger_entry *b)
{
    return mark_of(ledger, a->start) == mark_of(ledger, b->start) &&
           is_holder(a, b->tag, b->caller);
}

static struct ledger_entry *find_rest(struct ledger *ledger, const struct ledger_entry *part)
{
    for (size_t i = 0; i < ledger->capacity; i++)
        if (is_rest(&ledger->entries[i]) && belong_together(ledger, &ledger->entries[i], part))
            return &ledger->entries[i];
    return NULL;
}

static struct ledger_entry *find_unused(const struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->capacity; i++)
        if (ledger->entries[i].blocks == 0)
            return &ledger->entries[i];
    return NULL;
}

// Adds blocks that have lost their place to their holder's rest. Where it has none, and no entry is
// unused, they are unrecorded.
static void add_to_rest(struct ledger *ledger, const struct ledger_entry *part)
{
    struct ledger_entry *rest = find_rest(ledger, part);

    if (!rest) {
        rest = find_unused(ledger);
        if (!rest)
            return;
        *rest =
            (struct ledger_entry){.start = mark_of(ledger, part->start)->start, .tag = part->tag};
    }
    if (part->largest > rest->largest) {
        rest->largest = part->largest;
        rest->caller = part->caller;
    }
    rest->size += part->size;
    rest->blocks += part->blocks;
}

// Strikes a freed block off the rest that it was in, if no other can have had it, and returns that.
static struct ledger_entry *strike_off_rest(struct ledger *ledger, struct ledger_mark *mark,
                                            size_t size)
{
    size_t unrecorded = mark->unplaced.size + mark->returned.size, holders = 0;
    struct ledger_entry *rest = NULL;

    for (size_t i = 0; i < ledger->capacity; i++) {
        struct ledger_entry *entry = &ledger->entries[i];
        if (!is_rest_of(entry, mark))
            continue;
        unrecorded -= entry->size;
        if (entry->size < size)
            continue;
        rest = entry;
        holders++;
    }
    holders += unrecorded >= size;
    if (holders != 1) {
        count_add(&mark->returned, size, 1);
        return NULL;
    }
    if (!rest)
        return NULL;
    rest->size -= size;
    rest->blocks--;
    return rest;
}

static void clear_rests(struct ledger *ledger, struct ledger_mark *mark)
{
    for (size_t i = 0; i < ledger->capacity; i++)
        if (is_rest_of(&ledger->entries[i], mark))
            clear_entry(&ledger->entries[i]);
    mark->returned = (struct ledger_count){0};
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

// Makes a run a rest, or part of one, and older runs that reach over it: when such a block is given
// back, it would be taken for one of theirs.
static void displace(struct ledger *ledger, struct ledger_entry *run)
{
    uintptr_t start = run->start, end = run->end;
    uint64_t sequence = run->sequence;

    while (run) {
        const struct ledger_entry part = *run;
        start = part.start < start ? part.start : start;
        end = part.end > end ? part.end : end;
        clear_entry(run);
        count_add(&mark_of(ledger, part.start)->unplaced, part.size, part.blocks);
        add_to_rest(ledger, &part);
        run = find_older(ledger, start, end, sequence);
    }
}

// Counts a block that has no place, for the holder of an entry; NULL: not known whose it is. No run
// may reach over it, see above; one of zero bytes is in no entry.
static void add_unplaced(struct ledger *ledger, uintptr_t start, size_t size,
                         const struct ledger_entry *holder)
{
    struct ledger_entry *run;

    count_add(&mark_of(ledger, start)->unplaced, size, 1);
    if (size == 0)
        return;
    if (holder) {
        const struct ledger_entry block = {.start = start,
                                           .tag = holder->tag,
                                           .caller = holder->caller,
                                           .largest = size,
                                           .size = size,
                                           .blocks = 1};
        add_to_rest(ledger, &block);
    }
    while ((run = search(ledger, start)) != NULL)
        displace(ledger, run);
}

// Whether another entry may become one with that.
static bool has_partner(struct ledger *ledger, const struct ledger_entry *entry)
{
    for (size_t i = 0; i < ledger->capacity; i++)
        if (&ledger->entries[i] != entry && belong_together(ledger, &ledger->entries[i], entry))
            return true;
    return false;
}

// The smallest run that may become one with `part`, or with any entry if that is NULL.
static struct ledger_entry *smallest_run(struct ledger *ledger, const struct ledger_entry *part)
{
    struct ledger_entry *smallest = NULL;

    for (size_t i = 0; i < ledger->capacity; i++) {
        struct ledger_entry *entry = &ledger->entries[i];
        if (is_rest(entry) || (smallest && entry->size >= smallest->size))
            continue;
        if (part ? belong_together(ledger, entry, part) : has_partner(ledger, entry))
            smallest = entry;
    }
    return smallest;
}

static struct ledger_entry *smallest_entry(const struct ledger *ledger)
{
    struct ledger_entry *smallest = NULL;

    for (size_t i = 0; i < ledger->capacity; i++)
        if (!smallest || ledger->entries[i].size < smallest->size)
            smallest = &ledger->entries[i];
    return smallest;
}

// An entry for a block when all are in use, or NULL. A holder that has one makes do with its own:
// its smaller runs become its rest. Another is given one that can be spared: of two of one holder,
// or else of the holder with the smallest sum, if that is smaller than the block.
static struct ledger_entry *make_room(struct ledger *ledger, const struct ledger_entry *block)
{
    const bool has_entry = has_partner(ledger, block);
    struct ledger_entry *run, *unused = NULL;

    while (!unused && (run = smallest_run(ledger, has_entry ? block : NULL)) != NULL &&
           !(has_entry && run->size >= block->size && find_rest(ledger, block))) {
        displace(ledger, run);
        unused = find_unused(ledger);
    }
    if (unused || has_entry)
        return unused;
    run = smallest_entry(ledger);
    if (!run || run->size >= block->size)
        return NULL;
    if (!is_rest(run))
        displace(ledger, run);
    return run;
}

static bool has_unplaced(const struct ledger *ledger)
{
    const struct ledger_mark *mark = ledger->mark;

    while (mark && mark->unplaced.blocks == 0)
        mark = mark->outer;
    return mark || ledger->base.unplaced.blocks != 0;
}

// Whether a block goes on where the newest run ends, with nothing but padding between: no block
// with a place lies behind it, and there is none without.
static bool extends(const struct ledger *ledger, uintptr_t start, size_t align, const void *caller)
{
    const struct ledger_entry *run = ledger->newest;

    if (!run || run->blocks == 0 || start < run->end || !is_holder(run, ledger->tag, caller))
        return false;
    return start == run->end ||
           (start - run->end < align && run->end >= ledger->highest && !has_unplaced(ledger));
}

// An entry for a run that begins when none is unused, or NULL: the block has no place, and is
// counted.
FBA_CALLED static struct ledger_entry *make_room_or_count(struct ledger *ledger, uintptr_t start,
                                                          size_t size, const void *caller)
{
    const struct ledger_entry block = {
        .start = start, .tag = ledger->tag, .caller = caller, .size = size};
    struct ledger_entry *run = size != 0 ? make_room(ledger, &block) : NULL;

    if (!run)
        add_unplaced(ledger, start, size, &block);
    return run;
}

static FBA_INLINE void record(struct ledger *ledger, uintptr_t start, size_t size, size_t align,
                              const void *caller)
{
    struct ledger_entry *run = ledger->newest;

    if (FBA_UNLIKELY(size == 0 || !extends(ledger, start, align, caller))) {
        run = size != 0 ? find_unused(ledger) : NULL;
        if (FBA_UNLIKELY(!run)) {
            run = make_room_or_count(ledger, start, size, caller);
            if (!run)
                return;
        }
        *run = (struct ledger_entry){.start = start, .tag = ledger->tag, .caller = caller};
        ledger->newest = run;
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

// Strikes a block off the sums, and returns the entry whose blocks it was one of, or NULL: not
// known.
static const struct ledger_entry *strike(struct ledger *ledger, uintptr_t start, size_t size)
{
    struct ledger_entry *entry = ledger_find(ledger, start, size);
    struct ledger_mark *mark = mark_of(ledger, start);

    if (entry && size <= entry->size) {
        strike_off(ledger, entry, start, size);
        return entry;
    }
    if (mark->unplaced.blocks == 0 || size > mark->unplaced.size) {
        ledger->foreign++;
        return NULL;
    }
    entry = size != 0 ? strike_off_rest(ledger, mark, size) : NULL;
    if (mark->unplaced.blocks == 1)
        size = mark->unplaced.size; // see strike_off()
    count_take(&mark->unplaced, size, 1);
    ledger->requested -= size;
    if (mark->unplaced.size == 0)
        clear_rests(ledger, mark);
    return entry;
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
        if (new_size > run->largest) {
            run->largest = new_size;
            run->caller = run->tag ? caller : run->caller; // where it is the holder, it stays
        }
        ledger->requested = ledger->requested - old_size + new_size;
        return true;
    }
    const struct ledger_entry *holder = strike(ledger, start, old_size);
    ledger->requested += new_size;
    add_unplaced(ledger, start, new_size, holder);
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
        if (!is_rest(entry))
            ledger->requested -= entry->size;
        clear_entry(entry);
    }
    ledger->requested -= mark->unplaced.size;
    if (ledger->highest > mark->start)
        ledger->highest = mark->start;
    ledger->mark = mark->outer;
}

void ledger_mark_keep(struct ledger *ledger)
{
    const struct ledger_mark *mark = ledger->mark;
    struct ledger_mark *outer = mark->outer ? mark->outer : &ledger->base;

    count_add(&outer->unplaced, mark->unplaced.size, mark->unplaced.blocks);
    count_add(&outer->returned, mark->returned.size, mark->returned.blocks);
    ledger->mark = mark->outer;
    for (size_t i = 0; i < ledger->capacity; i++) {
        const struct ledger_entry rest = ledger->entries[i];
        if (!is_rest_of(&rest, mark))
            continue;
        clear_entry(&ledger->entries[i]);
        add_to_rest(ledger, &rest);
    }
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
        if (entry->largest > largest) {
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

struct ledger_count ledger_unrecorded(const struct ledger *ledger)
{
    struct ledger_count count = ledger->base.unplaced, returned = ledger_returned(ledger);

    for (const struct ledger_mark *mark = ledger->mark; mark; mark = mark->outer)
        count_add(&count, mark->unplaced.size, mark->unplaced.blocks);
    count_add(&count, returned.size, returned.blocks);
    for (size_t i = 0; i < ledger->capacity; i++)
        if (is_rest(&ledger->entries[i]))
            count_take(&count, ledger->entries[i].size, ledger->entries[i].blocks);
    return count;
}

struct ledger_count ledger_returned(const struct ledger *ledger)
{
    struct ledger_count count = ledger->base.returned;

    for (const struct ledger_mark *mark = ledger->mark; mark; mark = mark->outer)
        count_add(&count, mark->returned.size, mark->returned.blocks);
    return count;
}
