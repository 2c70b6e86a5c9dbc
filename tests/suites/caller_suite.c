// SPDX-License-Identifier: MIT
// The caller's address in a failure record is the caller's, not ours: however the allocator is
// called, at every optimisation level.
#include "tests/suites/suite.h"

#include "kmem/allocator.h"
#include "kmem/array_list.h"
#include "kmem/fba_allocator.h"
#include "kmem/fba_handoff.h"
#include "kmem/fba_inline.h"

static _Alignas(8) unsigned char memory[16];
static struct fba fba;

// Bytes of machine code that a small function of this file surely stays within.
#define SMALL_FUNCTION 1024

// Where a call returns to, told by the callee: called from the same place as an allocator, it
// answers what the allocator ought to record.
static __attribute__((noinline)) void *where(struct fba *asked, size_t size, size_t align)
{
    (void)asked;
    (void)size;
    (void)align;
    return __builtin_return_address(0);
}

// One place of call for all: the pointer is volatile so that no compiler makes two of it.
static void *(*volatile call_next)(struct fba *, size_t, size_t);

static __attribute__((noinline)) void *call(void)
{
    void *volatile result = call_next(&fba, 100, 1);

    return result;
}

static void of_a_called_function_it_is_exact(struct suite_run *run)
{
    static void *(*const functions[])(struct fba *, size_t, size_t) = {
        fba_alloc,
        fba_alloc_zeroed,
        fba_scratch_alloc,
    };

    call_next = where;
    const void *place = call();
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        fba_init(&fba, memory, sizeof memory);
        call_next = functions[i];
        CHECK(run, !call());
        CHECK_ADDRESS(run, fba.failure.caller, place);
    }
}

// Two wrappers, as kmem/README.md has them: with the signature of the allocator's functions, so
// that they can be called from the same place.
static FBA_CALLED void *inner_wrapper(struct fba *asked, size_t size, size_t align,
                                      const void *caller)
{
    void *volatile block = fba_alloc_by(asked, size, align, caller);

    return block;
}

static FBA_CALLED void *outer_wrapper(struct fba *asked, size_t size, size_t align)
{
    void *volatile block = inner_wrapper(asked, size, align, FBA_CALLER);

    return block;
}

static void through_two_wrappers_it_is_exact(struct suite_run *run)
{
    call_next = where;
    const void *place = call();
    fba_init(&fba, memory, sizeof memory);
    call_next = outer_wrapper;
    CHECK(run, !call());
    CHECK_ADDRESS(run, fba.failure.caller, place);
}

// Makes an allocation fail and returns whom the record names.
typedef const void *(*fail_function)(void);

static __attribute__((noinline)) const void *fail_inline(void)
{
    uint64_t *volatile first = fba_new(&fba, uint64_t);
    uint64_t *volatile second = fba_new(&fba, uint64_t);
    uint64_t *volatile third = fba_new(&fba, uint64_t);

    return first && second && !third ? fba.failure.caller : NULL;
}

static __attribute__((noinline)) const void *fail_array(void)
{
    uint64_t *volatile block = fba_new_array(&fba, uint64_t, 100);

    return block ? NULL : fba.failure.caller;
}

static __attribute__((noinline)) const void *fail_array_zeroed(void)
{
    void *volatile block = fba_alloc_array_zeroed(&fba, 3, 8, 1);

    return block ? NULL : fba.failure.caller;
}

static __attribute__((noinline)) const void *fail_realloc(void)
{
    void *volatile block = fba_realloc(&fba, NULL, 0, 17, 1);

    return block ? NULL : fba.failure.caller;
}

static void of_an_inlined_function_it_is_in_the_function_that_asked(struct suite_run *run)
{
    static const fail_function functions[] = {fail_inline, fail_array, fail_array_zeroed,
                                              fail_realloc};

    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        fba_init(&fba, memory, sizeof memory);
        uintptr_t caller = (uintptr_t)functions[i]();
        CHECK(run, caller - (uintptr_t)functions[i] < SMALL_FUNCTION);
    }
}

static __attribute__((noinline)) const void *fail_through_the_interface(void)
{
    struct allocator allocator = fba_allocator(&fba);
    void *volatile block = allocator_alloc(&allocator, 17, 1);

    return block ? NULL : fba.failure.caller;
}

static __attribute__((noinline)) const void *fail_array_through_the_interface(void)
{
    struct allocator allocator = fba_allocator(&fba);
    uint64_t *volatile block = allocator_new_array(&allocator, uint64_t, 3);

    return block ? NULL : fba.failure.caller;
}

static __attribute__((noinline)) const void *fail_scratch_through_the_interface(void)
{
    struct allocator allocator = fba_scratch_allocator(&fba);
    void *volatile block = allocator_alloc(&allocator, 17, 1);

    return block ? NULL : fba.failure.caller;
}

static __attribute__((noinline)) const void *fail_in_a_container(void)
{
    struct array_list list = array_list_of(uint64_t, fba_allocator(&fba));
    volatile bool reserved = array_list_reserve(&list, 3);

    return reserved ? NULL : fba.failure.caller;
}

static void through_the_interface_it_is_in_the_function_that_asked(struct suite_run *run)
{
    static const fail_function functions[] = {
        fail_through_the_interface,
        fail_array_through_the_interface,
        fail_scratch_through_the_interface,
        fail_in_a_container,
    };

    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        fba_init(&fba, memory, sizeof memory);
        uintptr_t caller = (uintptr_t)functions[i]();
        CHECK(run, caller - (uintptr_t)functions[i] < SMALL_FUNCTION);
    }
}

static void on_behalf_of_another_it_is_what_one_was_told(struct suite_run *run)
{
    fba_init(&fba, memory, sizeof memory);
    CHECK(run, !fba_alloc_by(&fba, 17, 1, &memory[3]));
    CHECK_ADDRESS(run, fba.failure.caller, &memory[3]);
    CHECK(run, !fba_scratch_alloc_by(&fba, 17, 1, &memory[4]));
    CHECK_ADDRESS(run, fba.failure.caller, &memory[4]);
}

static const struct suite_case cases[] = {
    SUITE_CASE(of_a_called_function_it_is_exact),
    SUITE_CASE(through_two_wrappers_it_is_exact),
    SUITE_CASE(of_an_inlined_function_it_is_in_the_function_that_asked),
    SUITE_CASE(through_the_interface_it_is_in_the_function_that_asked),
    SUITE_CASE(on_behalf_of_another_it_is_what_one_was_told),
};
const struct suite caller_suite = SUITE("caller", cases);
