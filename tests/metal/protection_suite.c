// SPDX-License-Identifier: MIT
// What the address space of boot/handoff.h promises, tried on the live machine: each forbidden
// access traps, at the right address and for the right reason, and the tables allow no other way.
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/pat.h"
#include "boot/kernel/steps/interrupts.h"
#include "boot/kernel/steps/memory_map.h"
#include "boot/kernel/steps/processors.h"
#include "boot/memory_map.h"
#include "tests/metal/metal.h"
#include "tests/metal/attempt.h"

extern unsigned char boot_stack_bottom[], boot_stack_top[]; // linker.ld

#define RETURN 0xc3 // the instruction `ret`
#define MOST_RANGES 256

static const uint8_t constant_code[] = {RETURN};
static uint8_t data_code[] = {RETURN};

static struct paging_range ranges[MOST_RANGES];
static size_t range_count;

static uintptr_t text_address(void)
{
    return (uintptr_t)attempt_read;
}

static uint64_t frame_of(uintptr_t address)
{
    return paging_lookup(&metal_kernel.paging, address).to.value;
}

// Where the direct map has the byte at `address`.
static uintptr_t alias_of(uintptr_t address)
{
    return metal_kernel.paging.direct_map + frame_of(address);
}

static void check_fault(struct suite_run *run, struct attempt attempt, uintptr_t address,
                        uint64_t error)
{
    CHECK(run, attempt.trapped);
    CHECK_EQUAL(run, attempt.vector, TRAPS_PAGE_FAULT);
    CHECK_EQUAL(run, attempt.address, address);
    CHECK_EQUAL(run, attempt.error, error);
}
#define CHECK_FAULT(run, attempt, address, error)                                                  \
    do {                                                                                           \
        check_fault((run), (attempt), (address), (error));                                         \
        if ((run)->failed)                                                                         \
            return;                                                                                \
    } while (0)

// Writes the byte that is there already: should nothing stop it, nothing has changed.
static struct attempt write_same(uintptr_t address)
{
    return attempt_write(address, *(const volatile uint8_t *)address);
}

static void an_access_that_is_allowed_does_not_trap(struct suite_run *run)
{
    uint8_t byte = 1;

    CHECK(run, !attempt_write((uintptr_t)&byte, 2).trapped);
    CHECK_EQUAL(run, byte, 2);
    CHECK(run, !attempt_read(text_address()).trapped);
}

static void text_is_not_writable(struct suite_run *run)
{
    CHECK_FAULT(run, write_same(text_address()), text_address(),
                PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE);
    CHECK_FAULT(run, write_same((uintptr_t)suites_run), (uintptr_t)suites_run,
                PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE);
}

static void constants_are_neither_writable_nor_executable(struct suite_run *run)
{
    uintptr_t at = (uintptr_t)constant_code;

    CHECK_FAULT(run, write_same(at), at, PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE);
    CHECK_FAULT(run, attempt_execute(at), at, PAGE_FAULT_PRESENT | PAGE_FAULT_FETCH);
}

static void data_is_not_executable(struct suite_run *run)
{
    uint8_t stack_code[1] = {RETURN};
    uint8_t *heap_code = allocator_alloc(&metal_kernel.heap.allocator, 1, 1);

    CHECK(run, heap_code);
    *heap_code = RETURN;
    CHECK_FAULT(run, attempt_execute((uintptr_t)data_code), (uintptr_t)data_code,
                PAGE_FAULT_PRESENT | PAGE_FAULT_FETCH);
    CHECK_FAULT(run, attempt_execute((uintptr_t)stack_code), (uintptr_t)stack_code,
                PAGE_FAULT_PRESENT | PAGE_FAULT_FETCH);
    CHECK_FAULT(run, attempt_execute((uintptr_t)heap_code), (uintptr_t)heap_code,
                PAGE_FAULT_PRESENT | PAGE_FAULT_FETCH);
    CHECK_FAULT(run, attempt_execute(alias_of((uintptr_t)heap_code)),
                alias_of((uintptr_t)heap_code), PAGE_FAULT_PRESENT | PAGE_FAULT_FETCH);
}

static void the_direct_map_is_no_way_around(struct suite_run *run)
{
    uintptr_t text = alias_of(text_address());
    uintptr_t constants = alias_of((uintptr_t)constant_code);

    CHECK_EQUAL(run, *(const uint8_t *)text, *(const uint8_t *)text_address());
    CHECK_FAULT(run, write_same(text), text, PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE);
    CHECK_FAULT(run, write_same(constants), constants, PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE);
    CHECK_FAULT(run, attempt_execute(text), text, PAGE_FAULT_PRESENT | PAGE_FAULT_FETCH);
}

static void nothing_is_at_null(struct suite_run *run)
{
    CHECK_FAULT(run, attempt_read(0), 0, 0);
    CHECK_FAULT(run, attempt_write(0, 1), 0, PAGE_FAULT_WRITE);
    CHECK_FAULT(run, attempt_execute(0), 0, PAGE_FAULT_FETCH);
    CHECK_FAULT(run, attempt_read(PAGE_SIZE - 1), PAGE_SIZE - 1, 0);
}

static void an_address_that_is_not_canonical_is_another_fault(struct suite_run *run)
{
    struct attempt attempt = attempt_read(UINT64_C(1) << 47);

    CHECK(run, attempt.trapped);
    CHECK_EQUAL(run, attempt.vector, TRAPS_GENERAL_PROTECTION);
    CHECK_EQUAL(run, attempt.error, 0);
}

// The first and last byte of a guard, read and written.
static void check_guard(struct suite_run *run, uintptr_t low, uintptr_t high)
{
    CHECK_EQUAL(run, high - low, PAGE_SIZE);
    CHECK_FAULT(run, attempt_read(low), low, 0);
    CHECK_FAULT(run, attempt_write(low, 0), low, PAGE_FAULT_WRITE);
    CHECK_FAULT(run, attempt_read(high - 1), high - 1, 0);
    CHECK_FAULT(run, attempt_write(high - 1, 0), high - 1, PAGE_FAULT_WRITE);
}

static void the_guard_under_the_boot_stack_traps(struct suite_run *run)
{
    uintptr_t bottom = (uintptr_t)boot_stack_bottom;

    check_guard(run, bottom - PAGE_SIZE, bottom);
}

static void the_guards_around_the_region_trap(struct suite_run *run)
{
    const struct handoff *handoff = metal_kernel.handoff;
    uintptr_t end = handoff->region_virtual + handoff->heap.size;

    check_guard(run, handoff->region_virtual - PAGE_SIZE, handoff->region_virtual);
    if (!run->failed)
        check_guard(run, end, end + PAGE_SIZE);
}

static void the_guard_under_each_interrupt_stack_traps(struct suite_run *run)
{
    for (size_t i = 0; i < DESCRIPTORS_IST_COUNT && !run->failed; i++) {
        const struct processor_stack *stack = &step_interrupts_area()->stacks[i];
        CHECK_EQUAL(run, stack->guard.end, stack->stack.start);
        check_guard(run, stack->guard.start, stack->guard.end);
    }
}

static void an_overflow_of_the_boot_stack_stops_at_its_guard(struct suite_run *run)
{
    CHECK_FAULT(run, attempt_overflow(), (uintptr_t)boot_stack_bottom - 8, PAGE_FAULT_WRITE);
}

static void protections_are_switched_on(struct suite_run *run)
{
    CHECK(run, cpu_read_cr0() & CR0_WP);
    CHECK(run, cpu_rdmsr(MSR_IA32_EFER) & EFER_NXE);
    CHECK(run, !(cpu_read_cr4() & CR4_LA57));
    CHECK_EQUAL(run, page_round_down(cpu_read_cr3(), PAGE_SIZE),
                metal_kernel.handoff->page_table_root);
}

static bool has_pat(void)
{
    return cpu_rdmsr(MSR_IA32_PAT) == PAT_VALUE && !(cpu_read_cr0() & (CR0_CD | CR0_NW));
}

static void count_pat(void *context, struct processor *self)
{
    (void)self;
    if (has_pat())
        __atomic_fetch_add((size_t *)context, 1, __ATOMIC_RELAXED);
}

// With the caches on again, too.
static void every_processor_has_the_same_page_attribute_table(struct suite_run *run)
{
    struct processors *processors = step_processors_started();
    size_t count = 0;

    CHECK(run, has_pat());
    CHECK(run, cpu_rdmsr(MSR_IA32_MTRR_DEF_TYPE) & MTRR_DEF_TYPE_ENABLE);
    CHECK(run, processors->arrived > 0);
    CHECK(run, processors_work(processors, count_pat, &count));
    CHECK_EQUAL(run, count, processors->arrived);
    CHECK(run, metal_kernel.devices.combines);
}

static void remember(void *context, const struct paging_range *range)
{
    (void)context;
    if (range_count < MOST_RANGES)
        ranges[range_count] = *range;
    range_count++;
}

static void walk(struct suite_run *run)
{
    range_count = 0;
    paging_walk(&metal_kernel.paging, remember, NULL);
    CHECK(run, range_count > 0 && range_count <= MOST_RANGES);
}

static bool share_frames(const struct paging_range *a, const struct paging_range *b)
{
    return a->to.value < b->to.value + b->size && b->to.value < a->to.value + a->size;
}

static void no_frame_is_both_writable_and_executable(struct suite_run *run)
{
    size_t executable = 0;

    walk(run);
    for (size_t i = 0; i < range_count && !run->failed; i++) {
        CHECK(run, !(ranges[i].writable && ranges[i].executable));
        CHECK(run, !ranges[i].user);
        CHECK(run, ranges[i].start >= HANDOFF_DIRECT_MAP); // the lower half is gone
        if (!ranges[i].executable)
            continue;
        executable++;
        for (size_t j = 0; j < range_count; j++)
            CHECK(run, !ranges[j].writable || !share_frames(&ranges[i], &ranges[j]));
    }
    CHECK_EQUAL(run, executable, 1); // the kernel's text
}

static bool is_writable_data(uintptr_t address)
{
    struct paging_lookup found = paging_lookup(&metal_kernel.paging, address);

    return found.present && found.writable && !found.executable && found.page_size == PAGE_SIZE;
}

static void the_boot_stack_is_writable_data(struct suite_run *run)
{
    for (uintptr_t at = (uintptr_t)boot_stack_bottom; at < (uintptr_t)boot_stack_top;
         at += PAGE_SIZE)
        CHECK(run, is_writable_data(at));
}

static bool has(const struct traps_place *place, uintptr_t address)
{
    return address >= place->start && address < place->end;
}

static bool is_guard_of(const struct processor_area *area, uintptr_t address)
{
    for (size_t i = 0; area && i < DESCRIPTORS_IST_COUNT; i++)
        if (has(&area->stacks[i].guard, address))
            return true;
    return false;
}

// Whether a stack of any processor has its guard there.
static bool is_guard(uintptr_t address)
{
    const struct processors *all = step_processors_started();

    for (size_t i = 0; i < all->count; i++)
        if (has(&all->others[i].first_stack.guard, address) ||
            is_guard_of(all->others[i].area, address))
            return true;
    return is_guard_of(step_interrupts_area(), address);
}

// Each page leads where the handoff says, and the direct map leads there too.
static void the_region_is_writable_data_and_so_is_its_alias(struct suite_run *run)
{
    const struct handoff *handoff = metal_kernel.handoff;

    for (uint64_t offset = 0; offset < handoff->heap.size; offset += PAGE_SIZE) {
        uintptr_t at = handoff->region_virtual + offset;
        uint64_t frame = handoff->region_physical + offset;
        struct paging_lookup alias =
            paging_lookup(&metal_kernel.paging, handoff->direct_map + frame);
        CHECK(run, is_guard(at) ? !paging_lookup(&metal_kernel.paging, at).present
                                : is_writable_data(at));
        CHECK(run, is_guard(at) || frame_of(at) == frame);
        CHECK(run, alias.present && alias.writable && !alias.executable);
        CHECK_EQUAL(run, alias.to.value, frame);
    }
}

// The first address behind `start` up to which all is memory that the direct map covers.
static uint64_t memory_end(uint64_t start)
{
    const struct region_map *map = step_memory_map_ranges();
    uint64_t end = start;

    for (size_t i = 0; i < map->count; i++) {
        const struct region *range = &map->entries[i];
        if (memory_kind_is_mapped(range->kind) && range->start <= end && end < range->end)
            end = range->end;
    }
    return end;
}

static void the_direct_map_covers_memory_and_nothing_else(struct suite_run *run)
{
    const struct region_map *map = step_memory_map_ranges();
    uint64_t mapped = 0;
    uint64_t memory = 0;

    walk(run);
    for (size_t i = 0; i < range_count && !run->failed; i++) {
        if (ranges[i].start >= DEVICE_MAP_START)
            continue;
        CHECK_EQUAL(run, ranges[i].start - HANDOFF_DIRECT_MAP, ranges[i].to.value);
        CHECK(run, !ranges[i].executable);
        CHECK(run, memory_end(ranges[i].to.value) >= ranges[i].to.value + ranges[i].size);
        mapped += ranges[i].size;
    }
    for (size_t i = 0; i < map->count; i++)
        if (memory_kind_is_mapped(map->entries[i].kind))
            memory += map->entries[i].end - map->entries[i].start;
    CHECK_EQUAL(run, mapped, memory);
}

static const struct suite_case cases[] = {
    SUITE_CASE(an_access_that_is_allowed_does_not_trap),
    SUITE_CASE(text_is_not_writable),
    SUITE_CASE(constants_are_neither_writable_nor_executable),
    SUITE_CASE(data_is_not_executable),
    SUITE_CASE(the_direct_map_is_no_way_around),
    SUITE_CASE(nothing_is_at_null),
    SUITE_CASE(an_address_that_is_not_canonical_is_another_fault),
    SUITE_CASE(the_guard_under_the_boot_stack_traps),
    SUITE_CASE(the_guards_around_the_region_trap),
    SUITE_CASE(the_guard_under_each_interrupt_stack_traps),
    SUITE_CASE(an_overflow_of_the_boot_stack_stops_at_its_guard),
    SUITE_CASE(protections_are_switched_on),
    SUITE_CASE(every_processor_has_the_same_page_attribute_table),
    SUITE_CASE(no_frame_is_both_writable_and_executable),
    SUITE_CASE(the_boot_stack_is_writable_data),
    SUITE_CASE(the_region_is_writable_data_and_so_is_its_alias),
    SUITE_CASE(the_direct_map_covers_memory_and_nothing_else),
};
const struct suite protection_suite = SUITE("protection", cases);
