// SPDX-License-Identifier: MIT
// A C++ kernel's use of kmem.hpp and header.h, compiled as a freestanding program without
// exceptions and RTTI, and run by test_cxx.py: status 0, or the number of the promise that was
// broken.
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/header.h"
#include "kmem/kmem.hpp"

namespace
{

alignas(64) unsigned char memory[1024];
struct fba early = FBA_INIT_ZEROED(memory);
struct allocator heap;
int alive;

struct task {
    explicit task(int number) : number(number)
    {
        alive++;
    }
    ~task()
    {
        alive--;
    }
    task(const task &) = delete;
    task &operator=(const task &) = delete;
    int number;
};

struct alignas(64) line {
    unsigned char bytes[64];
};

bool is_aligned(const void *address, size_t align)
{
    return reinterpret_cast<uintptr_t>(address) % align == 0;
}

int place()
{
    const task *first = new (early) task(7);
    const line *second = new (early) line;
    const char *third = new (early) char[3];
    if (!first || first->number != 7 || !second || !is_aligned(second, 64) || !third)
        return 1;
    if (new (early) line[20])
        return 2;
    if (alive != 1 || early.failure.count != 1 || early.failure.align != 64)
        return 3;
    return new (heap) task(8) && new (heap) line ? 0 : 4;
}

int make_and_destroy()
{
    size_t used = fba_used(&early);
    task *one = kmem::create<task>(early, 1);
    if (!one || alive != 3 || one->number != 1)
        return 5;
    kmem::destroy(early, one);
    kmem::destroy(early, static_cast<task *>(nullptr));
    line *other = kmem::create<line>(heap);
    kmem::destroy(heap, other);
    if (alive != 2 || fba_used(&early) > used + 63) // padding stays
        return 6;
    struct large {
        unsigned char bytes[2048];
    };
    return kmem::create<large>(early) ? 7 : 0;
}

int containers()
{
    kmem::resource one(heap), same(heap), other(fba_scratch_allocator(&early));
    void *block = one.allocate(16);
    if (!block || !is_aligned(block, alignof(max_align_t)) || one.allocate(4096))
        return 8;
    size_t used = fba_used(&early);
    one.deallocate(block, 16);
    return fba_used(&early) == used - 16 && one == same && !(one == other) ? 0 : 9;
}

int whole_kernel()
{
    task *one = new task(2);
    delete one;
    int *many = new int[10];
    delete[] many;
    return alive == 2 ? 0 : 10;
}

} // namespace

// What a kernel defines for new and delete without arguments.
void *operator new(size_t size)
{
    return header_malloc(&heap, size);
}

void *operator new[](size_t size)
{
    return header_malloc(&heap, size);
}

void operator delete(void *block) noexcept
{
    header_free(&heap, block);
}

void operator delete[](void *block) noexcept
{
    header_free(&heap, block);
}

void operator delete(void *block, size_t) noexcept
{
    header_free(&heap, block);
}

void operator delete[](void *block, size_t) noexcept
{
    header_free(&heap, block);
}

// Called main by the test: in a freestanding program clang gives main a C++ name.
extern "C" int boot();

int boot()
{
    int (*const promises[])() = {place, make_and_destroy, containers, whole_kernel};

    heap = fba_allocator(&early);
    for (auto promise : promises) {
        int broken = promise();
        if (broken != 0)
            return broken;
    }
    return 0;
}
