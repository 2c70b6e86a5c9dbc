// SPDX-License-Identifier: MIT
// The growable array of array_list.h.
#include "array_list.h"

#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);

// The capacity that a list begins with when it grows by itself. Small lists that cannot grow in
// place would move often if they grew by half alone.
#define FEW_ITEMS 8

struct array_list array_list_init(struct allocator allocator, size_t item_size, size_t item_align)
{
    return (struct array_list){
        .allocator = allocator, .item_size = item_size, .item_align = item_align};
}

void array_list_free(struct array_list *list)
{
    allocator_free(&list->allocator, list->items, list->capacity * list->item_size,
                   list->item_align);
    list->items = NULL;
    list->count = list->capacity = 0;
}

static void *address_of(const struct array_list *list, size_t index)
{
    return (unsigned char *)list->items + index * list->item_size;
}

void *array_list_at(const struct array_list *list, size_t index)
{
    return address_of(list, index);
}

static bool resize_to(struct array_list *list, size_t capacity)
{
    size_t size = fba_array_size(capacity, list->item_size);

    if (!list->items || !allocator_resize(&list->allocator, list->items,
                                          list->capacity * list->item_size, size, list->item_align))
        return false;
    list->capacity = capacity;
    return true;
}

static bool move_to(struct array_list *list, size_t capacity, const void *caller)
{
    size_t size = fba_array_size(capacity, list->item_size);
    void *items = allocator_alloc_by(&list->allocator, size, list->item_align, caller);

    if (!items)
        return false;
    if (list->items) {
        memcpy(items, list->items, list->count * list->item_size);
        allocator_free(&list->allocator, list->items, list->capacity * list->item_size,
                       list->item_align);
    }
    list->items = items;
    list->capacity = capacity;
    return true;
}

FBA_CALLED bool array_list_reserve(struct array_list *list, size_t capacity)
{
    return capacity <= list->capacity || resize_to(list, capacity) ||
           move_to(list, capacity, FBA_CALLER);
}

// Room for `more` items behind those in use: half as much again and a few, or what is needed, if
// that is more or no more is to be had. Only a request for what is needed may fail.
static bool grow(struct array_list *list, size_t more, const void *caller)
{
    if (more > SIZE_MAX - list->count)
        return move_to(list, SIZE_MAX, caller);

    size_t needed = list->count + more;
    size_t wanted = list->capacity + list->capacity / 2 + FEW_ITEMS;
    if (needed <= list->capacity)
        return true;
    if (wanted < needed)
        wanted = needed;
    if (resize_to(list, wanted))
        return true;

    size_t available = allocator_available(&list->allocator, list->item_align);
    bool fits = fba_array_size(wanted, list->item_size) <= available;
    if (wanted > needed && fits && move_to(list, wanted, caller))
        return true;
    return resize_to(list, needed) || move_to(list, needed, caller);
}

FBA_CALLED bool array_list_make_room(struct array_list *list, size_t more)
{
    return grow(list, more, FBA_CALLER);
}

FBA_CALLED bool array_list_append_many(struct array_list *list, const void *items, size_t count)
{
    if (count == 0)
        return true;
    if (!grow(list, count, FBA_CALLER))
        return false;
    memcpy(address_of(list, list->count), items, count * list->item_size);
    list->count += count;
    return true;
}

FBA_CALLED bool array_list_append(struct array_list *list, const void *item)
{
    if (list->count == list->capacity && !grow(list, 1, FBA_CALLER))
        return false;
    memcpy(address_of(list, list->count), item, list->item_size);
    list->count++;
    return true;
}

FBA_CALLED bool array_list_insert(struct array_list *list, size_t index, const void *item)
{
    if (!grow(list, 1, FBA_CALLER))
        return false;
    memmove(address_of(list, index + 1), address_of(list, index),
            (list->count - index) * list->item_size);
    memcpy(address_of(list, index), item, list->item_size);
    list->count++;
    return true;
}

bool array_list_pop(struct array_list *list, void *item)
{
    if (list->count == 0)
        return false;
    list->count--;
    if (item)
        memcpy(item, address_of(list, list->count), list->item_size);
    return true;
}

bool array_list_shrink_to_fit(struct array_list *list)
{
    if (list->count == list->capacity)
        return true;
    if (list->count == 0) {
        array_list_free(list);
        return true;
    }
    return resize_to(list, list->count);
}
