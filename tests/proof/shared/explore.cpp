// SPDX-License-Identifier: MIT
// Explores kmem/fba_shared.c, as it ships, under the C11 memory model with Relacy: every
// interleaving of two or three threads and every value that a load may see. The atomic operations
// of kmem/atomic.h end here, on atomics of the checker; everything else is the shipped object code.
//
// x86, under emulation above all, keeps stores in order: a missing acquire or release shows only
// here. The bytes of the buffer are variables whose races the checker reports, so it is checked
// that no byte has two owners at once, that an owner sees what the one before wrote, and that
// zeroed bytes are zero.
//
//     explore          prints one line a scenario; exit 1 at the first error
#include <cstdio>
#include <iostream>

// Its names for the allocation functions would get into everything that follows.
#include <relacy/relacy.hpp>
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free

#include "kmem/fba_shared.h"
#include "tests/proof/shared/kmem/atomic.h"

namespace
{

// The orderings that kmem/atomic.h asks for.
#ifdef WEAKENED
const rl::memory_order load_order = rl::mo_relaxed;
const rl::memory_order exchange_order = rl::mo_relaxed;
#else
const rl::memory_order load_order = rl::mo_acquire;
const rl::memory_order exchange_order = rl::mo_acq_rel;
#endif

const std::size_t buffer_size = 4;
const std::uintptr_t buffer = 0x1000; // never dereferenced

// What the threads share.
struct memory {
    struct fba fba;
    rl::atomic<std::uintptr_t> last, high, peak, settled, failures, recording, retries;
    rl::var<int> bytes[buffer_size];
    rl::var<int> in_hook;

    rl::atomic<std::uintptr_t> &of(const std::uintptr_t *address)
    {
        if (address == &fba.last)
            return last;
        if (address == &fba.high)
            return high;
        if (address == &fba.peak)
            return peak;
        if (address == &fba.settled)
            return settled;
        if (address == &fba.failure.count)
            return failures;
        if (address == &fba.recording)
            return recording;
        RL_ASSERT(address == &fba.retries);
        return retries;
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
};

memory *shared;

void hook(struct fba *fba, void *)
{
    // A race here would mean two hooks at once.
    shared->in_hook($) = 1;
    RL_ASSERT(fba->failure.reason == FBA_EXHAUSTED && fba->failure.shortfall != 0);
    shared->in_hook($) = 0;
}

template <typename scenario, int threads>
struct explored : rl::test_suite<explored<scenario, threads>, threads>, memory {
    scenario run;

    void before()
    {
        shared = this;
        RL_ASSERT(fba_init_zeroed(&fba, reinterpret_cast<void *>(buffer), scenario::capacity) ==
                  FBA_OK);
        fba_set_failure_hook(&fba, hook, nullptr);
        for (std::size_t i = 0; i < buffer_size; i++)
            bytes[i]($) = 0;
        in_hook($) = 0;
        run.before(*this);
        RL_ASSERT(fba_shared_begin(&fba) == FBA_OK);
        last($) = fba.last;
        high($) = fba.high;
        peak($) = fba.peak;
        settled($) = fba.settled;
        failures($) = 0;
        recording($) = 0;
        retries($) = 0;
    }

    void thread(unsigned index)
    {
        run.thread(*this, static_cast<int>(index) + 1);
    }

    void after()
    {
        fba.last = last($);
        fba.high = high($);
        fba.peak = peak($);
        fba.settled = settled($);
        fba_shared_end(&fba);
        RL_ASSERT(recording($) == 0);
        run.after(*this, failures($), threads);
    }
};

// ── Scenarios ───────────────────────────────────────────────────────────────────────────────────

// Thread 1 owns the last block from before the sharing; the others come new.
struct scenario {
    void *block;

    void open(memory &m, std::size_t size)
    {
        block = fba_alloc(&m.fba, size, 1);
        RL_ASSERT(block);
    }
};

// The owner gives its block back while the others allocate zeroed memory: nobody has a byte at the
// same time as another, and what was used is cleared.
struct hand_on : scenario {
    static const std::size_t capacity = 4;

    void before(memory &m)
    {
        open(m, 1);
        m.write(block, 1, 9);
    }

    void thread(memory &m, int me)
    {
        if (me == 1) {
            m.expect(block, 1, 9);
            RL_ASSERT(fba_shared_free(&m.fba, block, 1) <= FBA_NOT_LAST);
            return;
        }
        void *mine = fba_shared_alloc_zeroed(&m.fba, 1, 1);
        RL_ASSERT(mine);
        m.expect(mine, 1, 0);
        m.write(mine, 1, me);
        m.expect(mine, 1, me);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) == threads - 1 || fba_used(&m.fba) == threads);
        RL_ASSERT(fba_peak(&m.fba) >= fba_used(&m.fba) && fba_peak(&m.fba) <= threads);
        // Whatever was handed out is below the watermark or below `last`.
        RL_ASSERT(m.fba.high >= buffer || m.fba.last >= buffer);
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
        void *mine = fba_shared_alloc(&m.fba, 2, 1);
        if (mine)
            m.write(mine, 2, me);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == threads - 1);
        RL_ASSERT(fba_used(&m.fba) == 2);
        RL_ASSERT(m.fba.failure.reason == FBA_EXHAUSTED && m.fba.failure.size == 2);
    }
};

// The last block grows while others allocate behind it.
struct grow : scenario {
    static const std::size_t capacity = 4;

    void before(memory &m)
    {
        open(m, 1);
    }

    void thread(memory &m, int me)
    {
        void *mine = block;
        std::size_t size = 1;
        if (me > 1)
            mine = fba_shared_alloc(&m.fba, 1, 1);
        else if (fba_shared_resize(&m.fba, block, 1, 2) == FBA_OK)
            size = 2;
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
        open(m, 2);
        m.write(block, 2, 1);
    }

    void thread(memory &m, int me)
    {
        if (me == 1) {
            RL_ASSERT(fba_shared_resize(&m.fba, block, 2, 1) == FBA_OK);
            m.expect(block, 1, 1);
            return;
        }
        void *mine = fba_shared_alloc_zeroed(&m.fba, 1, 1);
        RL_ASSERT(mine);
        m.expect(mine, 1, 0);
        m.write(mine, 1, me);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) == threads || fba_used(&m.fba) == threads + 1);
        RL_ASSERT(fba_peak(&m.fba) >= 2);
    }
};

// One frees the last block; who owns the one below frees that.
struct unwind : scenario {
    static const std::size_t capacity = 4;
    void *below;

    void before(memory &m)
    {
        below = fba_alloc(&m.fba, 1, 1);
        open(m, 1);
    }

    void thread(memory &m, int me)
    {
        enum fba_status status = FBA_NOT_LAST;
        if (me == 1)
            RL_ASSERT(fba_shared_free(&m.fba, block, 1) <= FBA_NOT_LAST);
        else if (me == 2)
            status = fba_shared_free(&m.fba, below, 1);
        else
            RL_ASSERT(fba_shared_alloc(&m.fba, 1, 1));
        RL_ASSERT(status == FBA_OK || status == FBA_NOT_LAST);
    }

    void after(memory &m, std::size_t failures, std::size_t threads)
    {
        RL_ASSERT(failures == 0);
        RL_ASSERT(fba_used(&m.fba) <= threads);
        RL_ASSERT(fba_peak(&m.fba) >= 2 && fba_peak(&m.fba) <= 3);
    }
};

template <typename scenario, int threads> bool explore(const char *name)
{
    std::ostream nowhere(nullptr);
    rl::test_params params;

    params.search_type = rl::sched_full;
    params.output_stream = &std::cerr; // the history of an error
    params.progress_stream = &nowhere;
    params.execution_depth_limit = 10000;
    params.iteration_count = 100000000;
    bool agreed = rl::simulate<explored<scenario, threads>>(params);
    std::printf("shared: %-10s %d threads: %llu executions: %s\n", name, threads,
                static_cast<unsigned long long>(params.stop_iteration),
                agreed ? "all good" : rl::test_result_str(params.test_result));
    std::fflush(stdout);
    return agreed;
}

} // namespace

std::uintptr_t explored_load(const std::uintptr_t *address)
{
    return shared->of(address).load(load_order, $);
}

bool explored_exchange_if(std::uintptr_t *address, std::uintptr_t *expected, std::uintptr_t desired)
{
    return shared->of(address).compare_exchange_strong(*expected, desired, exchange_order, $,
                                                       load_order, $);
}

void explored_count(std::uintptr_t *address)
{
    shared->of(address).fetch_add(1, rl::mo_relaxed, $);
}

// fba_shared.c is compiled to clear blocks with this.
extern "C" void *explored_memset(void *to, int value, std::size_t size)
{
    shared->write(to, size, value);
    return to;
}

int main()
{
    return explore<hand_on, 2>("hand on") && explore<edge, 2>("edge") && explore<grow, 2>("grow") &&
                   explore<shrink, 2>("shrink") && explore<unwind, 2>("unwind") &&
                   explore<grow, 3>("grow")
               ? 0
               : 1;
}
