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

// The newest entry of a block: an address may have been handed out more than once.
static struct ledger_entry *find(struct ledger *ledger, const void *block)
{
    struct ledger_entry *found = NULL;

    for (size_t i = 0; i < ledger->capacity; i++) {
        struct ledger_entry *entry = &ledger->entries[i];
        if (entry->block == block && (!found || entry->sequence > found->sequence))
            found = entry;
    }
    return found;
}

static void *alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct ledger *ledger = context;
    void *block = ledger->inner.operations->alloc(ledger->inner.context, size, align, caller);

    if (!block) {
        ledger->failures++;
        return NULL;
    }
    ledger->requested += size;
    ledger->serial++;
    if (ledger->capacity > 0) {
        ledger->entries[(ledger->serial - 1) % ledger->capacity] = (struct ledger_entry){
            .block = block,
            .caller = caller,
            .tag = ledger->tag,
            .size = size,
            .align = align,
            .sequence = ledger->serial,
        };
    }
    return block;
}

static bool resize(void *context, void *block, size_t old_size, size_t new_size, size_t align,
                   const void *caller)
{
    struct ledger *ledger = context;

    if (!ledger->inner.operations->resize(ledger->inner.context, block, old_size, new_size, align,
                                          caller))
        return false;
    ledger->requested = ledger->requested - old_size + new_size;
    struct ledger_entry *entry = find(ledger, block);
    if (entry)
        entry->size = new_size;
    return true;
}

static void free_block(void *context, void *block, size_t size, size_t align, const void *caller)
{
    struct ledger *ledger = context;
    struct ledger_entry *entry = find(ledger, block);

    ledger->inner.operations->free(ledger->inner.context, block, size, align, caller);
    ledger->requested -= size;
    if (entry)
        entry->block = NULL;
}

static size_t available(void *context, size_t align)
{
    const struct ledger *ledger = context;

    return allocator_available(&ledger->inner, align);
}

struct allocator ledger_allocator(struct ledger *ledger)
{
    static const struct allocator_operations operations = {alloc, resize, free_block, available};

    return (struct allocator){&operations, ledger};
}

// Tags are compared by address first; equal words in two places are the same tag all the same.
static bool is_same_tag(const char *a, const char *b)
{
    if (a == b || !a || !b)
        return a == b;
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool is_same_holder(const struct ledger_entry *a, const struct ledger_entry *b)
{
    return is_same_tag(a->tag, b->tag) && (a->tag || a->caller == b->caller);
}

static struct ledger_holder sum_up(const struct ledger *ledger, size_t first)
{
    struct ledger_holder holder = {.tag = ledger->entries[first].tag};
    size_t largest = 0;

    for (size_t i = first; i < ledger->capacity; i++) {
        const struct ledger_entry *entry = &ledger->entries[i];
        if (!entry->block || !is_same_holder(entry, &ledger->entries[first]))
            continue;
        if (holder.blocks == 0 || entry->size > largest) {
            largest = entry->size;
            holder.caller = entry->caller;
        }
        holder.size += entry->size;
        holder.blocks++;
    }
    return holder;
}

static bool is_first_of_holder(const struct ledger *ledger, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (ledger->entries[i].block &&
            is_same_holder(&ledger->entries[i], &ledger->entries[index]))
            return false;
    }
    return true;
}

size_t ledger_top(const struct ledger *ledger, struct ledger_holder *holders, size_t most)
{
    size_t count = 0;

    for (size_t i = 0; i < ledger->capacity; i++) {
        if (!ledger->entries[i].block || !is_first_of_holder(ledger, i))
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
