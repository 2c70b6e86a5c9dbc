// SPDX-License-Identifier: MIT
// libstdc++'s std::pmr::monotonic_buffer_resource as a peer of the bench, over one buffer and
// nothing behind it. It never takes a block back. Its calls are virtual, that is through the
// interface; a final class over it lets the compiler see which function it is.
#include <cstring>
#include <memory_resource>
#include <new>
#include <optional>
#include <vector>

namespace {

struct arena final : std::pmr::monotonic_buffer_resource {
    using std::pmr::monotonic_buffer_resource::monotonic_buffer_resource;

    void *do_allocate(std::size_t size, std::size_t align) override
    {
        return std::pmr::monotonic_buffer_resource::do_allocate(size, align);
    }
};

// Releasing is all that it gives back, and it is the savepoint of a request that begins empty.
#define ALLOC(state, size) static_cast<arena *>(state)->allocate((size), BENCH_PATTERN_ALIGN)
#define SAVEPOINT [[maybe_unused]] int
#define MARK(state, savepoint) ((savepoint) = 0)
#define REWIND(state, savepoint) static_cast<arena *>(state)->release()
#include "tests/bench/peers/inline_patterns.h"

alignas(4096) unsigned char memory[BENCH_BUFFER];
std::optional<arena> state_of_arena;
std::optional<std::pmr::vector<std::uint64_t>> numbers[BENCH_LISTS];

void *open_arena()
{
    for (auto &list : numbers)
        list.reset();
    state_of_arena.emplace(memory, sizeof memory, std::pmr::null_memory_resource());
    return &*state_of_arena;
}

void *open_interface()
{
    open_arena();
    return static_cast<std::pmr::memory_resource *>(&*state_of_arena);
}

void *alloc(void *state, std::size_t size, std::size_t align)
{
    return static_cast<arena *>(state)->allocate(size, align);
}

void *interface_alloc(void *state, std::size_t size, std::size_t align)
{
    return static_cast<std::pmr::memory_resource *>(state)->allocate(size, align);
}

void *try_alloc(void *state, std::size_t size, std::size_t align)
{
    try {
        return static_cast<arena *>(state)->allocate(size, align);
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void *try_interface_alloc(void *state, std::size_t size, std::size_t align)
{
    try {
        return static_cast<std::pmr::memory_resource *>(state)->allocate(size, align);
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void *alloc_zeroed(void *state, std::size_t size, std::size_t align)
{
    return std::memset(static_cast<arena *>(state)->allocate(size, align), 0, size);
}

void mark(void *, void *)
{
}

void rewind(void *state, void *)
{
    static_cast<arena *>(state)->release();
}

void *open_list(void *state, std::size_t index)
{
    numbers[index].emplace(static_cast<std::pmr::memory_resource *>(state));
    return &*numbers[index];
}

const std::uint64_t *items(void *list)
{
    return static_cast<std::pmr::vector<std::uint64_t> *>(list)->data();
}

void push(void *list, const std::uint64_t *number)
{
    static_cast<std::pmr::vector<std::uint64_t> *>(list)->push_back(*number);
}

void *alloc_in(void *state)
{
    return static_cast<arena *>(state)->allocate(BENCH_SIZE, BENCH_ALIGN);
}

void alloc_in_loop(void *state, std::size_t count)
{
    while (count-- > 0)
        escape(static_cast<arena *>(state)->allocate(BENCH_SIZE, BENCH_ALIGN));
}

template <typename Function> bench_function as_function(Function *function)
{
    return reinterpret_cast<bench_function>(function);
}

bench_form inlined()
{
    bench_form form = {};
    form.peer = "libstdc++ pmr";
    form.form = "inlined";
    form.open = as_function(open_arena);
    form.inline_alloc = as_function(alloc_in);
    form.inline_alloc_loop = as_function(alloc_in_loop);
    form.inline_frame_loop = as_function(frame_loop);
    return form;
}

bench_form called()
{
    bench_form form = {};
    form.peer = "libstdc++ pmr";
    form.form = "called";
    form.open = as_function(open_arena);
    form.alloc = as_function(alloc);
    form.alloc_or_fail = as_function(try_alloc);
    form.alloc_zeroed = as_function(alloc_zeroed);
    form.flat_savepoints = 1;
    form.mark = as_function(mark);
    form.rewind = as_function(rewind);
    return form;
}

bench_form interface()
{
    bench_form form = {};
    form.peer = "libstdc++ pmr";
    form.form = "interface";
    form.open = as_function(open_interface);
    form.alloc = as_function(interface_alloc);
    form.alloc_or_fail = as_function(try_interface_alloc);
    form.list = as_function(open_list);
    form.push = as_function(push);
    form.items = as_function(items);
    return form;
}

} // namespace

extern "C" const bench_form bench_forms[] = {inlined(), called(), interface(), {}};
