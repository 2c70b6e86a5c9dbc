// SPDX-License-Identifier: MIT
// The starting, waking and working of processors.h.
#include "boot/kernel/processors.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/pat.h"
#include "arch/x86_64/protections.h"
#include "arch/x86_64/string.h"
#include "arch/x86_64/trampoline.h"
#include "boot/kernel/wait.h"
#include "kmem/fba_shared.h"

// The interrupt that wakes a processor for work: any vector that no exception has.
#define WAKE_VECTOR 0xf0
// MultiProcessor Specification 1.4, appendix B.4: after INIT wait 10 ms, then send the start-up
// message, twice, 200 microseconds apart.
#define AFTER_INIT_US 10000
#define BETWEEN_STARTUPS_US 200
// Bounds of waits for what must come. A processor is given what is plenty on a real machine before
// the next is sent for, as a list may have many that are not there. On an emulator whose host is
// busy it may come later than that: until none has come for so long.
#define NEXT_US 10000
#define LATE_US 2000000
#define WORK_US 30000000

// Spare pages below 1 MiB: the trampoline, then a top table and three that map the trampoline at
// its own address.
#define LOW_TABLES (PROCESSORS_LOW_SIZE / PAGE_SIZE - 1)

// ── On an AP ─────────────────────────────────────────────────────────────────────────────────────

static bool on_interrupt(void *context, struct traps_frame *frame)
{
    struct processors *processors = context;

    if (frame->vector == APIC_SPURIOUS_VECTOR)
        return true;
    if (frame->vector != WAKE_VECTOR)
        return false;

    struct processor *self = processors_find(processors, apic_id(&processors->apic));
    apic_end_of_interrupt(&processors->apic);
    __atomic_fetch_add(&processors->waiting, 1, __ATOMIC_ACQ_REL);
    while (!__atomic_load_n(&processors->open, __ATOMIC_ACQUIRE))
        cpu_pause();
    processors->work(processors->work_context, self);
    __atomic_fetch_add(&processors->finished, 1, __ATOMIC_ACQ_REL);
    return true;
}

// Runs on the first stack, with the trampoline's tables and descriptors: both go at once.
static void arrive(void *argument)
{
    struct processor *self = argument;
    const struct processors *all = self->all;

    (void)pat_program(); // before it takes over tables that count on it
    cpu_write_cr3(all->paging->root.value);
    paging_enable_protections();
    protections_enable();
    descriptors_load(&self->first_descriptors, NULL);
    traps_load(all->first_gates);
    apic_enable(&all->apic);
    self->apic_id = apic_id(&all->apic);
    __atomic_store_n(&self->arrived, true, __ATOMIC_RELEASE);
    for (;;)
        cpu_wait_for_interrupt();
}

static void take_area(void *context, struct processor *self)
{
    const struct allocator heap = fba_shared_allocator(context);

    self->area = processor_take_area(self->apic_id, &heap);
    if (self->area)
        processor_use_area(self->area, self->all->gates);
}

static void flush_tlb(void *context, struct processor *processor)
{
    (void)context;
    (void)processor;
    paging_flush_tlb();
}

// ── On the BSP ───────────────────────────────────────────────────────────────────────────────────

struct processor *processors_find(const struct processors *processors, uint32_t apic_id)
{
    for (size_t i = 0; i < processors->arrived; i++)
        if (processors->others[i].apic_id == apic_id)
            return &processors->others[i];
    return NULL;
}

bool processors_work(struct processors *processors, processors_work_function *work, void *context)
{
    if (processors->arrived == 0)
        return true;
    processors->work = work;
    processors->work_context = context;
    processors->waiting = processors->finished = 0;
    __atomic_store_n(&processors->open, false, __ATOMIC_RELEASE);
    bool done =
        apic_interrupt_others(&processors->apic, WAKE_VECTOR) &&
        wait_for_count(processors->timer, &processors->waiting, processors->arrived, WORK_US);
    __atomic_store_n(&processors->open, true, __ATOMIC_RELEASE);
    return done &&
           wait_for_count(processors->timer, &processors->finished, processors->arrived, WORK_US);
}

bool processors_flush_tlbs(struct processors *processors)
{
    return processors_work(processors, flush_tlb, NULL);
}

struct low_tables {
    physical_t next;
    size_t left;
    uintptr_t direct_map;
};

static bool table_from_low(void *context, physical_t *table)
{
    struct low_tables *low = context;

    if (low->left == 0)
        return false;
    *table = low->next;
    memset((void *)(low->direct_map + low->next.value), 0, PAGE_SIZE);
    low->next = physical_add(low->next, PAGE_SIZE);
    low->left--;
    return true;
}

// An address space for the trampoline alone: the kernel's upper half, and the trampoline at its
// own address. The kernel's own tables never map it.
static bool build_trampoline(const struct processors *processors, physical_t low)
{
    uintptr_t direct_map = processors->paging->direct_map;
    struct low_tables tables = {physical_add(low, PAGE_SIZE), LOW_TABLES, direct_map};
    struct paging paging = {
        .direct_map = direct_map, .new_table = table_from_low, .context = &tables};

    if (!table_from_low(&tables, &paging.root))
        return false;
    memcpy((void *)(direct_map + paging.root.value),
           (const void *)(direct_map + processors->paging->root.value), PAGE_SIZE);
    trampoline_build((void *)(direct_map + low.value), low, paging.root);
    return paging_map(&paging, low.value, low, TRAMPOLINE_SIZE, PAGING_READ_EXECUTE) == PAGING_OK;
}

static void aim_at_next(struct processors *processors, void *trampoline)
{
    struct processor *next = &processors->others[processors->arrived];

    if (processors->arrived < processors->count)
        trampoline_aim(trampoline, arrive, next, next->first_stack.stack.end);
}

// Waits for the next to arrive, whichever it is. False iff none has in that time.
static bool take_next(struct processors *processors, void *trampoline, uint64_t microseconds)
{
    struct processor *next = &processors->others[processors->arrived];

    if (processors->arrived == processors->count ||
        !wait_for_flag(processors->timer, &next->arrived, microseconds))
        return false;
    next->first_stack.stack.processor = next->first_stack.guard.processor = next->apic_id;
    processors->arrived++;
    aim_at_next(processors, trampoline);
    return true;
}

// Sends for a processor and gives it a little time, in which another that is late may come. False
// iff its id is out of reach.
static bool send_for(struct processors *processors, uint32_t id, physical_t low, void *trampoline)
{
    if (!apic_send_startup(&processors->apic, id, low))
        return false;
    if (take_next(processors, trampoline, BETWEEN_STARTUPS_US))
        return true;
    (void)apic_send_startup(&processors->apic, id, low);
    (void)take_next(processors, trampoline, NEXT_US);
    return true;
}

// A processor that does not come in time is sent back to wait for another start-up message, which
// it never gets.
static void start_all(struct processors *processors, const uint32_t *ids, physical_t low)
{
    void *trampoline = (void *)(processors->paging->direct_map + low.value);
    size_t sent = 0;

    for (size_t i = 0; i < processors->count; i++)
        apic_send_init(&processors->apic, ids[i]);
    wait_for(processors->timer, AFTER_INIT_US);
    aim_at_next(processors, trampoline);
    for (size_t i = 0; i < processors->count; i++)
        sent += send_for(processors, ids[i], low, trampoline);
    while (processors->arrived < sent && take_next(processors, trampoline, LATE_US)) {
    }
    for (size_t i = 0; i < processors->count; i++)
        if (!processors_find(processors, ids[i]))
            apic_send_init(&processors->apic, ids[i]);
}

// Whose they are is known when one has arrived.
static bool take_first_stacks(struct processors *processors, const struct allocator *allocator)
{
    for (size_t i = 0; i < processors->count; i++) {
        struct processor *processor = &processors->others[i];
        *processor = (struct processor){.all = processors};
        if (!processor_take_stack(&processor->first_stack, PROCESSOR_FIRST_STACK_SIZE,
                                  "first stack", "guard page under the first stack",
                                  TRAPS_NO_PROCESSOR, allocator))
            return false;
    }
    return true;
}

static enum processors_status guard(struct processors *processors)
{
    for (size_t i = 0; i < processors->arrived; i++) {
        struct processor *processor = &processors->others[i];
        if (processor_guard_stack(&processor->first_stack, processors->paging) != PAGING_OK ||
            processor_guard_area(processor->area, processors->paging) != PAGING_OK)
            return PROCESSORS_UNGUARDED;
    }
    return processors_flush_tlbs(processors) ? PROCESSORS_OK : PROCESSORS_STUCK;
}

size_t processors_size(size_t count)
{
    return count * (sizeof(struct processor) + PROCESSOR_GUARD_SIZE + PROCESSOR_FIRST_STACK_SIZE +
                    processor_area_request());
}

enum processors_status processors_start(struct processors *processors, const uint32_t *ids,
                                        size_t count, physical_t low,
                                        const struct allocator *allocator, bool guarded)
{
    processors->count = count;
    processors->arrived = 0;
    processors->others = allocator_new_array(allocator, struct processor, count);
    if (!processors->others || !take_first_stacks(processors, allocator))
        return PROCESSORS_NO_MEMORY;
    if (!build_trampoline(processors, low))
        return PROCESSORS_NOT_MAPPED;
    traps_set_handler((struct traps_handler){on_interrupt, processors});
    start_all(processors, ids, low);
    memset((void *)(processors->paging->direct_map + low.value), 0, PROCESSORS_LOW_SIZE);

    (void)fba_shared_begin(&processors->shared, processors->heap);
    bool finished = processors_work(processors, take_area, &processors->shared);
    fba_shared_end(&processors->shared, processors->heap);
    if (!finished)
        return PROCESSORS_STUCK;
    for (size_t i = 0; i < processors->arrived; i++)
        if (!processors->others[i].area)
            return PROCESSORS_NO_MEMORY;
    return guarded ? guard(processors) : PROCESSORS_OK;
}

size_t processors_requested(const struct processors *processors)
{
    return processors->arrived * processor_area_request();
}

const char *processors_status_name(enum processors_status status)
{
    switch (status) {
    case PROCESSORS_OK:
        return "ok";
    case PROCESSORS_NO_MEMORY:
        return "out of memory";
    case PROCESSORS_NOT_MAPPED:
        return "the page to begin in cannot be mapped";
    case PROCESSORS_UNGUARDED:
        return "a guard page cannot be unmapped";
    case PROCESSORS_STUCK:
        return "some did not finish their work within half a minute";
    }
    return "unknown";
}
