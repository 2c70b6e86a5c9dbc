// SPDX-License-Identifier: MIT
// search: the order in which Relacy tries the interleavings of a scenario, for explore.cpp. Relacy
// itself tries all of them, most of which differ only in the order of steps that cannot tell which
// came first: two steps of different threads on different atomics, or two loads. Here, of such
// interleavings, one is explored (sleep sets, Godefroid 1996). A thread whose next step was already
// explored from an earlier state sleeps until a step comes that this one depends on; an execution
// in which all threads sleep would repeat another, and is not counted.
//
// What the steps do, and which values a load may see, is Relacy's business alone.
#ifndef TESTS_PROOF_SHARED_SEARCH_HPP
#define TESTS_PROOF_SHARED_SEARCH_HPP

// What a thread is about to do: explore.cpp says so before each operation on an atomic.
struct step {
    const void *atomic; // nullptr: nothing that another thread could see
    bool writes;
};

struct search {
    static const int most_threads = 3;
    step next[most_threads];
    bool reduced; // false: every interleaving
    unsigned long long executions, repetitions;
};
extern search the_search;

template <rl::thread_id_t thread_count>
class sleep_set_scheduler
    : public rl::tree_search_scheduler<sleep_set_scheduler<thread_count>,
                                       rl::tree_search_scheduler_thread_info<thread_count>,
                                       thread_count>
{
  public:
    typedef rl::tree_search_scheduler<sleep_set_scheduler<thread_count>,
                                      rl::tree_search_scheduler_thread_info<thread_count>,
                                      thread_count>
        base;
    typedef typename base::thread_info_t thread_info_t;
    typedef typename base::shared_context_t shared_context_t;

    sleep_set_scheduler(rl::test_params &params, shared_context_t &context, rl::thread_id_t dynamic)
        : base(params, context, dynamic)
    {
    }

    rl::thread_id_t iteration_begin_impl()
    {
        this->stree_depth_ = 0;
        asleep = 0;
        repeats = false;
        for (step &next : the_search.next)
            next = step{nullptr, false};
        return this->running_threads[0];
    }

    bool iteration_end_impl()
    {
        (repeats ? the_search.repetitions : the_search.executions)++;
        return base::iteration_end_impl();
    }

    rl::thread_id_t schedule_impl(rl::unpark_reason &reason, unsigned)
    {
        rl::thread_id_t awake[thread_count];
        unsigned count = 0;

        reason = rl::unpark_reason_normal;
        for (rl::thread_id_t i = 0; i != this->running_threads_count; i++) {
            rl::thread_id_t thread = this->running_threads[i];
            // Up to its first operation on an atomic no other thread can tell when it ran.
            if (!the_search.next[thread].atomic)
                return thread;
            if (!(asleep & 1u << thread))
                awake[count++] = thread;
        }
        if (count == 0)
            repeats = true;
        if (repeats)
            return this->running_threads[0];

        unsigned chosen = count == 1 ? 0 : rand_impl(count, rl::sched_type_sched);
        for (unsigned i = 0; the_search.reduced && i < chosen; i++)
            asleep |= 1u << awake[i];
        for (rl::thread_id_t thread = 0; thread != thread_count; thread++)
            if (depend(the_search.next[thread], the_search.next[awake[chosen]]))
                asleep &= ~(1u << thread);
        return awake[chosen];
    }

    unsigned rand_impl(unsigned limit, rl::sched_type type)
    {
        return repeats ? 0 : base::rand_impl(limit, type);
    }

    bool can_switch(thread_info_t &)
    {
        return true;
    }

    void on_switch(thread_info_t &)
    {
    }

    double iteration_count_approx()
    {
        return 1;
    }

  private:
    unsigned asleep; // a bit a thread
    bool repeats;

    static bool depend(const step &a, const step &b)
    {
        return a.atomic == b.atomic && (a.writes || b.writes);
    }
};

// Explores a test of Relacy to the end, or to the first error, whose history goes to `output`. A
// load may see every value that the memory model allows it, which Relacy ties to its random search.
template <typename test> rl::test_result_e search_all(bool reduced, std::ostream &output)
{
    typedef sleep_set_scheduler<test::params::thread_count> scheduler;
    std::ostream nowhere(nullptr);
    rl::ostringstream state;
    rl::test_params params;

    params.search_type = rl::sched_random;
    params.execution_depth_limit = 10000;
    params.output_stream = &output;
    params.progress_stream = &nowhere;
    the_search.reduced = reduced;
    the_search.executions = the_search.repetitions = 0;
    rl::test_result_e result = rl::run_test<test, scheduler>(params, state, false);
    if (result != rl::test_result_success) {
        rl::ostringstream again;
        params.initial_state = state.str();
        params.collect_history = true;
        rl::run_test<test, scheduler>(params, again, true);
    }
    return result;
}

#endif
