// SPDX-License-Identifier: MIT
// Explores kmem/fba_shared.c, as it ships, under the C11 memory model with Relacy: every
// interleaving of two and of three threads and every value that a load may see. The atomic
// operations of kmem/atomic.h end here, on atomics of the checker; everything else is the shipped
// object code. search.hpp says in which order, and which interleavings are the same.
//
// x86, under emulation above all, keeps stores in order: a missing acquire or release shows only
// here. The bytes of the buffer are variables whose races the checker reports, so it is checked
// that no byte has two owners at once, that an owner sees what the one before wrote, and that
// zeroed bytes are zero.
//
//     explore [--unreduced]
// Prints one line a scenario; exit 1 at the first error. With --unreduced each scenario but the
// largest is explored once more, taking every interleaving for one of its own, and both must come
// to the same ends: so that search.hpp misses nothing is not only argued.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <set>

// Its names for the allocation functions would get into everything that follows.
#include <relacy/relacy.hpp>
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free

#include "kmem/fba_account.h"
#include "kmem/fba_shared.h"
#include "tests/proof/shared/search.hpp"
#include "tests/proof/shared/stub_atomic.h"

search the_search;

namespace
{

// The orderings that kmem/atomic.h asks for, or what a weakened version asks for.
#ifndef LOAD_ORDER
#define LOAD_ORDER acquire
#endif
#ifndef EXCHANGE_ORDER
#define EXCHANGE_ORDER acq_rel
#endif
#define ORDER(name) ORDER_(name)
#define ORDER_(name) rl::mo_##name
const rl::memory_order load_order = ORDER(LOAD_ORDER);
const rl::memory_order exchange_order = ORDER(EXCHANGE_ORDER);
// What a failed exchange read must not be ordered more strictly than a successful one.
const rl::memory_order failure_order =
    exchange_order == rl::mo_relaxed ? rl::mo_relaxed : rl::mo_acquire;

const std::size_t buffer_size = 6;
const std::uintptr_t buffer = 0x1000; // never dereferenced

// How an execution ended: what each thread got, then the figures. Not taken from the checker's
// memory, whose leaks it looks for.
typedef std::array<std::uintptr_t, 9> outcome;
typedef std::set<outcome, std::less<outcome>, rl::raw_allocator<outcome>> outcomes;
outcomes *ends;

// What the threads share. The allocator is `fba` before and after, `shared` meanwhile.
struct memory {
    struct fba fba;
    struct fba_shared shared;
    rl::atomic<std::uintptr_t> edge, watermark, gap, limit, recording;
    rl::var<int> bytes[buffer_size];
    rl::var<int> in_hook;
    outcome end;

    rl::atomic<std::uintptr_t> &of(const std::uintptr_t *address)
    {
        if (address == &shared.fba.lower.edge)
            return edge;
        if (address == &shared.fba.lower.watermark)
            return watermark;
        if (address == &shared.fba.least_gap)
            return gap;
        if (address == &shared.fba.fast_free_limit)
            return limit;
        RL_ASSERT(address == &shared.recording);
        return recording;
    }

    // When a counter is raised makes no difference to any thread.
    void count(std::uintptr_t *address)
    {
        RL_ASSERT(address == &shared.fba.failure.count || address == &shared.retries);
        ++*address;
    }

    void write(void *block, std::size_t size, int value)
    {
        std::size_t offset = reinterpret_cast<std::uintptr_t>(block) - buffer;
        RL_ASSERT(offset + size <= buffer_size);
        for (std::size_t i = 0; i < size; i++)
            bytes[offset + i]($) = value;
    }

    void expect(void *block, std::size_t size, int value)
    {
        std::size_t offset = reinterpret_cast<std::uintptr_t>(block) - buffer;
        for (std::size_t i = 0; i < size; i++)
            RL_ASSERT(bytes[offset + i]($) == value);
    }

    void say(int thread, std::uintptr_t what)
    {
        end[static_cast<std::size_t>(thread) - 1] = what;
    }

    // A zeroed block of one byte, which is then used.
    void take_zeroed(int me)
    {
        void *mine = fba_shared_alloc_zeroed(&shared, 1, 1);
        RL_ASSERT(mine);
        say(me, reinterpret_cast<std::uintptr_t>(mine) - buffer);
        expect(mine, 1, 0);
        write(mine, 1, me);
        expect(mine, 1, me);
    }
};

memory *running;

void hook(struct fba *fba, void *)
{
    // A race here would mean two hooks at once.
    running->in_hook($) = 1;
    RL_ASSERT(fba_explain(fba).reason == FBA_EXHAUSTED && fba_explain(fba).shortfall != 0);
    running->in_hook($) = 0;
}

template <typename scenario, int threads>
struct explored : rl::test_suite<explored<scenario, threads>, threads>, memory {
    scenario run;

    void before()
    {
        running = this;
        RL_ASSERT(fba_init_zeroed(&fba, reinterpret_cast<void *>(buffer), scenario::capacity) ==
                  FBA_OK);
        fba_set_failure_hook(&fba, hook, nullptr);
        for (std::size_t i = 0; i < buffer_size; i++)
            bytes[i]($) = 0;
        in_hook($) = 0;
        end.fill(0);
        RL_ASSERT(fba_shared_begin(&shared, &fba) == FBA_OK);
        edge($) = shared.fba.lower.edge;
        watermark($) = shared.fba.lower.watermark;
        gap($) = shared.fba.least_gap;
        limit($) = shared.fba.fast_free_limit;
        recording($) = 0;
        run.before(*this);
    }

    void thread(unsigned index)
    {
        run.thread(*this, static_cast<int>(index) + 1);
    }

    void after()
    {
        shared.fba.lower.edge = edge($);
        shared.fba.lower.watermark = watermark($);
        shared.fba.least_gap = gap($);
        shared.fba.fast_free_limit = limit($);
        fba_shared_end(&shared, &fba);
        RL_ASSERT(recording($) == 0);
        run.after(*this, fba.failure.count, threads);
        // What is below the limit must be accounted for.
        RL_ASSERT(fba.fast_free_limit == 0 ||
                  (fba.fast_free_limit <= fba.lower.watermark + 1 &&
                   fba.fast_free_limit + fba.least_gap <= fba.upper.edge + 1));
        const outcome figures = {end[0],
                                 end[1],
                                 end[2],
                                 fba.lower.edge,
                                 fba.lower.watermark,
                                 fba.least_gap,
                                 fba.fast_free_limit,
                                 fba.failure.count,
                                 shared.retries};
        ends->insert(figures);
    }
};

// ── Scenarios ───────────────────────────────────────────────────────────────────────────────────

// Thread 1 owns the last block from the beginning; the others come new.
struct scenario {
    void *block;

    void open(memory &m, std::size_t size, int value)
    {
        block = fba_shared_alloc(&m.shared, size, 1);
        RL_ASSERT(block);
        m.write(block, size, value);
    }
};

// The owner gives its block back while the others allocate zeroed memory: no byte has two owners at
// once, and what was used is cleared.
struct hand_on : scenario {
    static const std::size_t capacity = 4;

    void before(memory &m)
    {
        open(m, 1, 9);
    }

    void thread(memory &m, int me)
    {
        if (me > 1)
            return m.take_zeroed(me);
        m.expect(block, 1, 9);
        enum fba_status status = fba_shared_free(&m.shared, block, 1);
        RL_ASSERT(status == FBA_OK || status == FBA_NOT_LAST);
        m.say(me, status);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) == threads - 1 || fba_used(&m.fba) == threads);
        RL_ASSERT(fba_peak(&m.fba) >= fba_used(&m.fba) && fba_peak(&m.fba) <= threads);
        // Whatever was handed out is below the watermark or below the edge.
        RL_ASSERT(m.fba.lower.watermark >= buffer || m.fba.lower.edge >= buffer);
    }
};

// The same where the watermark lies one byte below the edge: a free has only that byte to bring up
// to date.
struct lag : hand_on {
    static const std::size_t capacity = 5;

    void before(memory &m)
    {
        open(m, 2, 9);
        RL_ASSERT(fba_shared_resize(&m.shared, block, 2, 1) == FBA_OK);
        RL_ASSERT(fba_shared_alloc(&m.shared, 1, 1));
        open(m, 1, 9);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) == threads + 1 || fba_used(&m.fba) == threads + 2);
        RL_ASSERT(fba_peak(&m.fba) >= fba_used(&m.fba));
    }
};

// A block below the limit goes back at once, and comes back as zeros.
struct reuse : hand_on {
    void before(memory &m)
    {
        open(m, 2, 9);
        RL_ASSERT(fba_shared_free(&m.shared, block, 2) == FBA_OK);
        open(m, 1, 9);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) == threads - 1 || fba_used(&m.fba) == threads);
        RL_ASSERT(fba_peak(&m.fba) >= fba_used(&m.fba) && fba_peak(&m.fba) >= 2);
    }
};

// There is room for one: exactly one is served, the others are counted and one has its record.
struct edge : scenario {
    static const std::size_t capacity = 2;

    void before(memory &)
    {
    }

    void thread(memory &m, int me)
    {
        void *mine = fba_shared_alloc(&m.shared, 2, 1);
        m.say(me, mine != nullptr);
        if (mine)
            m.write(mine, 2, me);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == threads - 1);
        RL_ASSERT(fba_used(&m.fba) == 2);
        RL_ASSERT(fba_explain(&m.fba).reason == FBA_EXHAUSTED && m.fba.failure.size == 2);
    }
};

// The last block grows while others allocate behind it.
struct grow : scenario {
    static const std::size_t capacity = 4;

    void before(memory &m)
    {
        open(m, 1, 9);
    }

    void thread(memory &m, int me)
    {
        void *mine = block;
        std::size_t size = 1;
        if (me > 1)
            mine = fba_shared_alloc(&m.shared, 1, 1);
        else if (fba_shared_resize(&m.shared, block, 1, 2) == FBA_OK)
            size = 2;
        m.say(me, size);
        m.write(mine, size, me);
        m.expect(mine, size, me);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) == threads || fba_used(&m.fba) == threads + 1);
    }
};

// The last block shrinks, which another may follow up.
struct shrink : scenario {
    static const std::size_t capacity = 4;

    void before(memory &m)
    {
        open(m, 2, 1);
    }

    void thread(memory &m, int me)
    {
        if (me > 1)
            return m.take_zeroed(me);
        RL_ASSERT(fba_shared_resize(&m.shared, block, 2, 1) == FBA_OK);
        m.expect(block, 1, 1);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) == threads || fba_used(&m.fba) == threads + 1);
        RL_ASSERT(fba_peak(&m.fba) >= 2);
    }
};

// One frees the last block; the owner of the one below frees that; a third allocates.
struct chain : scenario {
    static const std::size_t capacity = 4;
    void *below;

    void before(memory &m)
    {
        open(m, 1, 8);
        below = block;
        open(m, 1, 9);
    }

    void thread(memory &m, int me)
    {
        if (me > 2)
            return m.take_zeroed(me);
        enum fba_status status = fba_shared_free(&m.shared, me == 1 ? block : below, 1);
        RL_ASSERT(status == FBA_OK || status == FBA_NOT_LAST);
        m.say(me, status);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) <= threads);
        RL_ASSERT(fba_peak(&m.fba) >= 2 && fba_peak(&m.fba) <= 3);
    }
};

// Every thread allocates, grows, looks and gives back: too much for three threads, and for a search
// that takes every interleaving for its own.
struct turmoil : scenario {
    static const std::size_t capacity = 6;

    void before(memory &)
    {
    }

    void thread(memory &m, int me)
    {
        void *mine = fba_shared_alloc_zeroed(&m.shared, 1, 1);
        std::size_t size = 1;

        RL_ASSERT(mine);
        m.expect(mine, 1, 0);
        m.write(mine, 1, me);
        if (fba_shared_resize(&m.shared, mine, 1, 2) == FBA_OK) {
            size = 2;
            m.write(mine, size, me);
        }
        m.expect(mine, size, me);
        enum fba_status status = fba_shared_free(&m.shared, mine, size);
        RL_ASSERT(status == FBA_OK || status == FBA_NOT_LAST);
        m.say(me, status * 8 + size);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) <= 2 * threads);
        RL_ASSERT(fba_peak(&m.fba) >= 2 && fba_peak(&m.fba) >= fba_used(&m.fba));
    }
};

// ── The run ─────────────────────────────────────────────────────────────────────────────────────

bool unreduced_too;

// The ends that a search comes to; says what the error is if there is one.
template <typename scenario, int threads>
bool search_one(const char *name, bool reduced, outcomes &reached)
{
    ends = &reached;
    rl::test_result_e result = search_all<explored<scenario, threads>>(reduced, std::cerr);
    if (result != rl::test_result_success)
        std::printf("shared: %-8s %d threads: %s\n", name, threads, rl::test_result_str(result));
    return result == rl::test_result_success;
}

template <typename scenario, int threads> bool explore(const char *name, bool small = true)
{
    outcomes reached, all;

    if (!search_one<scenario, threads>(name, true, reached))
        return false;
    std::printf("shared: %-8s %d threads: %8llu executions", name, threads, the_search.executions);
    if (unreduced_too && small) {
        if (!search_one<scenario, threads>(name, false, all))
            return false;
        std::printf(", %9llu unreduced", the_search.executions);
        if (reached != all) {
            std::printf(", and these end otherwise\n");
            return false;
        }
    }
    std::printf(": %zu ends, all good\n", reached.size());
    std::fflush(stdout);
    return true;
}

template <int threads> bool explore_all()
{
    return explore<edge, threads>("edge") && explore<grow, threads>("grow") &&
           explore<reuse, threads>("reuse") && explore<hand_on, threads>("hand on") &&
           explore<lag, threads>("lag") && explore<shrink, threads>("shrink") &&
           explore<chain, threads>("chain");
}

} // namespace

std::uintptr_t explored_load(const std::uintptr_t *address)
{
    rl::atomic<std::uintptr_t> &atomic = running->of(address);

    the_search.next[rl::thread_index()] = step{&atomic, false};
    return atomic.load(load_order, $);
}

bool explored_exchange_if(std::uintptr_t *address, std::uintptr_t *expected, std::uintptr_t desired)
{
    rl::atomic<std::uintptr_t> &atomic = running->of(address);

    the_search.next[rl::thread_index()] = step{&atomic, true};
    return atomic.compare_exchange_strong(*expected, desired, exchange_order, $, failure_order, $);
}

void explored_count(std::uintptr_t *address)
{
    running->count(address);
}

// fba_shared.c is compiled to clear blocks with this.
extern "C" void *explored_memset(void *to, int value, std::size_t size)
{
    running->write(to, size, value);
    return to;
}

int main(int argc, char **argv)
{
    unreduced_too = argc == 2 && std::strcmp(argv[1], "--unreduced") == 0;
    bool good = explore_all<2>() && explore<turmoil, 2>("turmoil", false) && explore_all<3>();
    std::fflush(stdout);
    std::_Exit(good ? 0 : 1); // threads that an error has stopped in their tracks are not wound up
}
