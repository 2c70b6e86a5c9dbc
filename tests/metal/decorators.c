// SPDX-License-Identifier: MIT
// A boot whose early heap has further decorators: `only=decorators.free_lists` or
// `only=decorators.poison` on the test kernel's command line. That one is put right over the fba,
// red zones at the top, before the boot steps; the seal must leave both in place
// (tests/scenarios/test_decorators.py).
#include "boot/kernel/seal.h"
#include "kmem/fba_account.h"
#include "kmem/free_lists.h"
#include "kmem/poison.h"
#include "kmem/redzone.h"
#include "tests/metal/metal.h"

#define SIZE 64
#define ALIGN 16

static struct free_lists lists;
static struct poison poison;
static struct redzone redzone;
static bool all_true;

static void put_free_lists(struct early_heap *heap)
{
    free_lists_init(&lists, &heap->fba);
    heap->failing.inner = free_lists_allocator(&lists);
}

static void put_poison(struct early_heap *heap)
{
    poison_init(&poison, &heap->fba);
    heap->failing.inner = poison_allocator(&poison);
}

bool decorators_put(struct early_heap *heap, const char *name)
{
    if (suite_same_text(name, "free_lists"))
        put_free_lists(heap);
    else if (suite_same_text(name, "poison"))
        put_poison(heap);
    else
        return false;
    redzone_init(&redzone, heap->allocator);
    heap->allocator = redzone_allocator(&redzone);
    return true;
}

static void check(const struct kernel *kernel, const char *what, bool is_true)
{
    writer_print(&kernel->console.writer, "decorators: %s: %s\n", what, is_true ? "yes" : "NO");
    all_true = all_true && is_true;
}

// Blocks of before the seal serve again behind it, if free lists stand over the fba.
static void check_block_of_heap(const struct kernel *kernel, void *block)
{
    const struct early_heap *heap = &kernel->heap;

    if (!lists.fba)
        return;
    allocator_free(&heap->allocator, block, SIZE, ALIGN);
    void *again = allocator_alloc(&heap->allocator, SIZE, ALIGN);
    check(kernel, "a freed block of the sealed heap serves again", again == block);
}

// A request that the heap cannot serve gets a page frame, red zones and all.
static void check_page_frame(const struct kernel *kernel)
{
    const struct early_heap *heap = &kernel->heap;
    const struct page_frames *frames = &kernel->page_frames;
    uint64_t before = frames->free;
    unsigned char *block = allocator_alloc(&heap->allocator, SIZE, ALIGN);

    check(kernel, "an allocation falls back on a page frame",
          block && !fba_owns(&heap->fba, block) && frames->free == before - 1);
    if (!block)
        return;
    block[SIZE] ^= 1;
    allocator_free(&heap->allocator, block, SIZE, ALIGN);
    check(kernel, "an overrun of it is found",
          redzone.faults == 1 && redzone.fault.kind == REDZONE_OVERRUN);
    check(kernel, "its free gives the frame back", frames->free == before);
}

bool decorators_run(struct kernel *kernel)
{
    const struct early_heap *heap = &kernel->heap;
    void *block = allocator_alloc(&heap->allocator, SIZE, ALIGN);

    all_true = block && allocator_alloc(&heap->allocator, 1, 1); // which leaves `block` not last
    check(kernel, "the boot steps kept to their blocks", redzone.faults == 0);
    check(kernel, "they wrote to nothing that they gave back",
          !poison.fba || !poison_check(&poison));
    check(kernel, "the heap is sealed", kernel_seal(kernel));
    check_block_of_heap(kernel, block);
    check_page_frame(kernel);
    return all_true;
}
