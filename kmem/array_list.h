// SPDX-License-Identifier: MIT
// array_list: a growable array over any allocator. At the end of an fba it grows in place: nothing
// is copied and nothing lost as long as it is the last block.
//
// Addresses of items hold until the next call that may grow the list. Items are copied as bytes.
#ifndef KMEM_ARRAY_LIST_H
#define KMEM_ARRAY_LIST_H

#include "allocator.h"

#ifdef __cplusplus
extern "C" {
#endif

struct array_list {
    struct allocator allocator;
    void *items;       // NULL while the capacity is 0
    size_t count;      // items in use
    size_t capacity;   // items that fit without another allocation
    size_t item_size;  // bytes; not 0
    size_t item_align; // of the items, a power of two that divides item_size
};

// An empty list of items of `type`; allocates nothing.
#define array_list_of(type, allocator) array_list_init((allocator), sizeof(type), FBA_ALIGNOF(type))
struct array_list array_list_init(struct allocator allocator, size_t item_size, size_t item_align);

// Gives the memory back and empties the list.
void array_list_free(struct array_list *list);

// Makes room for `capacity` items in all, exactly. False iff the allocator has none: the list is
// as it was.
bool array_list_reserve(struct array_list *list, size_t capacity);

// Append at the end, or insert before `index` (≤ count), copies of the items at `items`, which
// must not lie in the list itself. Amortised constant time per item appended; inserting is linear
// in what moves up. False iff the allocator has no room: the list is as it was. (A list that grows
// takes more than it needs if the allocator has it. An allocator that cannot tell what it has may
// be asked for more in vain first.)
bool array_list_append(struct array_list *list, const void *item);
bool array_list_append_many(struct array_list *list, const void *items, size_t count);
bool array_list_insert(struct array_list *list, size_t index, const void *item);

// As array_list_append() of one value, compiled into its caller: an expression, false iff the
// allocator has no room. `type` is that of the list's items; `list` is evaluated more than once,
// `value` once.
//     if (!array_list_push(uint64_t, &numbers, 42)) ...
#define array_list_push(type, list, value)                                                         \
    ((list)->count < (list)->capacity                                                              \
         ? ((((type *)(list)->items)[(list)->count++] = (value)), true)                            \
         : array_list_append((list), ARRAY_LIST_ADDRESS_(type, value)))
#ifdef __cplusplus
#define ARRAY_LIST_ADDRESS_(type, value) (&static_cast<const type &>(value))
#else
#define ARRAY_LIST_ADDRESS_(type, value) ((type[1]){(value)})
#endif

// Makes room for `more` items behind those in use, and for some to come, as appending does. False
// iff the allocator has none: the list is as it was.
bool array_list_make_room(struct array_list *list, size_t more);

// Removes the last item, into `item` unless that is NULL. False iff the list is empty.
bool array_list_pop(struct array_list *list, void *item);

// Gives back what the capacity exceeds the count by. False iff the allocator could not.
bool array_list_shrink_to_fit(struct array_list *list);

// The item at `index`, which must be less than count.
void *array_list_at(const struct array_list *list, size_t index);

// A loop over the items in order: array_list_each(struct thing, thing, &list) { use(thing); }
// The list must not change meanwhile; it is evaluated for each item.
#define array_list_each(type, item, list)                                                          \
    for (type *item = (type *)(list)->items;                                                       \
         item && item != (type *)(list)->items + (list)->count; item++)

#ifdef __cplusplus
}
#endif

#endif
