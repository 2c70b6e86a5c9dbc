// SPDX-License-Identifier: MIT
// Fuzz target: array_list over a ledger over an fba, against plain arrays. Two lists share one fba,
// so that each grows in place or moves as the other leaves room. After each operation the items,
// the counts, the ledger's sum and the fba's own figures are compared, and the fba has recorded a
// failure iff the operation failed for lack of room.
#include "kmem/array_list.h"
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/ledger.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER 1024
#define MOST_ITEMS BUFFER
#define LISTS 2

struct expected {
    uint32_t items[MOST_ITEMS];
    size_t count;
};

static _Alignas(16) unsigned char buffer[BUFFER];
static struct fba fba;
static struct ledger ledger;
static struct ledger_entry entries[4 * LISTS];
static struct array_list lists[LISTS];
static struct expected expected[LISTS];
static size_t failures, hook_calls;

static void count_call(struct fba *failed, void *context)
{
    (void)failed;
    (void)context;
    hook_calls++;
}

static void compare(void)
{
    size_t held = 0;

    for (size_t i = 0; i < LISTS; i++) {
        CHECK(lists[i].count == expected[i].count);
        CHECK(lists[i].count <= lists[i].capacity);
        CHECK((lists[i].items == NULL) == (lists[i].capacity == 0));
        for (size_t k = 0; k < lists[i].count; k++) {
            uint32_t item;
            memcpy(&item, array_list_at(&lists[i], k), sizeof item);
            CHECK(item == expected[i].items[k]);
        }
        CHECK(lists[i].capacity == 0 ||
              fba_owns_range(&fba, lists[i].items, lists[i].capacity * sizeof(uint32_t)));
        held += lists[i].capacity * sizeof(uint32_t);
    }
    CHECK(ledger.requested == held);
    CHECK(fba_used(&fba) >= held && fba_used(&fba) <= fba_peak(&fba));
    CHECK(fba.failure.count == failures && hook_calls == failures);
}

// A failed operation leaves the list as it was, which compare() sees.
static void step(struct input *input)
{
    uint8_t byte = input_byte(input);
    size_t which = byte & 1;
    struct array_list *list = &lists[which];
    struct expected *model = &expected[which];
    uint32_t items[16];
    size_t count = input_byte(input) % 16;
    bool grown = true;
    size_t index = model->count == 0 ? 0 : input_byte(input) % (model->count + 1);

    for (size_t i = 0; i < 16; i++)
        items[i] = input_byte(input) + (uint32_t)(i << 8);
    switch (byte >> 1 & 7) {
    case 0:
        grown = array_list_append(list, items);
        if (grown)
            model->items[model->count++] = items[0];
        break;
    case 1:
        grown = array_list_append_many(list, items, count);
        if (grown) {
            memcpy(model->items + model->count, items, count * sizeof items[0]);
            model->count += count;
        }
        break;
    case 2:
        grown = array_list_insert(list, index, items);
        if (grown) {
            memmove(model->items + index + 1, model->items + index,
                    (model->count - index) * sizeof items[0]);
            model->items[index] = items[0];
            model->count++;
        }
        break;
    case 3: {
        uint32_t item = 0;
        bool popped = array_list_pop(list, &item);
        CHECK(popped == (model->count > 0));
        CHECK(!popped || item == model->items[--model->count]);
        break;
    }
    case 4: {
        size_t capacity = byte & 0x80 ? SIZE_MAX >> (count % 4) : model->count + count;
        grown = array_list_reserve(list, capacity);
        CHECK(!grown || list->capacity >= capacity);
        break;
    }
    case 5:
        if (array_list_shrink_to_fit(list))
            CHECK(list->capacity == list->count);
        break;
    case 6:
        array_list_free(list);
        model->count = 0;
        break;
    default:
        if (byte & 0x80) { // everything anew
            array_list_free(&lists[1]);
            array_list_free(&lists[0]);
            expected[0].count = expected[1].count = 0;
            CHECK(ledger.requested == 0);
            CHECK(fba_reset(&fba) == FBA_OK && fba_used(&fba) == 0);
        }
        break;
    }
    failures += !grown;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    size_t capacity = input_byte(&input) * 4u;
    uint8_t records = input_byte(&input) % (sizeof entries / sizeof entries[0] + 1);

    CHECK(fba_init(&fba, buffer, capacity) == FBA_OK);
    fba_set_failure_hook(&fba, count_call, NULL);
    failures = hook_calls = 0;
    ledger_init(&ledger, fba_allocator(&fba), entries, records);
    for (size_t i = 0; i < LISTS; i++) {
        lists[i] = array_list_of(uint32_t, ledger_allocator(&ledger));
        expected[i].count = 0;
    }
    while (input.left > 0) {
        step(&input);
        compare();
    }
    return 0;
}
