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
// Bounds of waits for what must come: an emulator with more processors than its host may take
// seconds. A list may have many that are not there: each that does not come halves what the next is
// given, down to what is plenty on a real machine.
#define ARRIVAL_US 2000000
#define ARRIVAL_US_MIN 10000
#define WORK_US 30000000

// Spare pages below 1 MiB: the trampoline, then a top table and three that map the trampoline at
// its own address.
#define LOW_TABLES (PROCESSORS_LOW_SIZE / PAGE_SIZE - 1)

// ── On an AP ─────────────────────────────────────────────────────────────────────────────────────

static struct processor *find_this(struct processors *processors)
{
    uint32_t id = apic_id(&processors->apic);

    for (size_t i = 0; i < processors->count; i++)
        if (processors->others[i].apic_id == id)
            return &processors->others[i];
    return NULL;
}

static bool on_interrupt(void *context, struct traps_frame *frame)
{
    struct processors *processors = context;

    if (frame->vector == APIC_SPURIOUS_VECTOR)
        return true;
    if (frame->vector != WAKE_VECTOR)
        return false;

    struct processor *self = find_this(processors);
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
    descriptors_load(&self->first_descriptors, NULL, 0);
    traps_load(all->first_gates);
    apic_enable(&all->apic);
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

static bool start_one(struct processors *processors, struct processor *processor, physical_t low,
                      uint64_t patience)
{
    void *trampoline = (void *)(processors->paging->direct_map + low.value);

    trampoline_aim(trampoline, arrive, processor, processor->first_stack.stack.end);
    for (int tries = 0; tries < 2; tries++) {
        if (!apic_send_startup(&processors->apic, processor->apic_id, low))
            return false;
        if (wait_for_flag(processors->timer, &processor->arrived,
                          tries == 0 ? BETWEEN_STARTUPS_US : patience))
            return true;
    }
    return false;
}

// A processor that does not come in time may come later, even before the message that sends it back
// to wait for another start-up message, which it never gets: it is left out, `arrived` or not.
static void start_all(struct processors *processors, physical_t low)
{
    uint64_t patience = ARRIVAL_US;

    for (size_t i = 0; i < processors->count; i++)
        apic_send_init(&processors->apic, processors->others[i].apic_id);
    wait_for(processors->timer, AFTER_INIT_US);
    for (size_t i = 0; i < processors->count; i++) {
        struct processor *processor = &processors->others[i];
        processor->started = start_one(processors, processor, low, patience);
        processors->arrived += processor->started;
        if (processor->started)
            continue;
        apic_send_init(&processors->apic, processor->apic_id);
        patience = patience / 2 > ARRIVAL_US_MIN ? patience / 2 : ARRIVAL_US_MIN;
    }
}

static bool take_first_stacks(struct processors *processors, const uint32_t *ids,
                              const struct allocator *allocator)
{
    for (size_t i = 0; i < processors->count; i++) {
        struct processor *processor = &processors->others[i];
        *processor = (struct processor){.apic_id = ids[i], .all = processors};
        if (!processor_take_stack(&processor->first_stack, PROCESSOR_FIRST_STACK_SIZE,
                                  "first stack", "guard page under the first stack", ids[i],
                                  allocator))
            return false;
    }
    return true;
}

static enum processors_status guard(struct processors *processors)
{
    for (size_t i = 0; i < processors->count; i++) {
        struct processor *processor = &processors->others[i];
        if (processor->started &&
            (processor_guard_stack(&processor->first_stack, processors->paging) != PAGING_OK ||
             processor_guard_area(processor->area, processors->paging) != PAGING_OK))
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
    if (!processors->others || !take_first_stacks(processors, ids, allocator))
        return PROCESSORS_NO_MEMORY;
    if (!build_trampoline(processors, low))
        return PROCESSORS_NOT_MAPPED;
    traps_set_handler((struct traps_handler){on_interrupt, processors});
    start_all(processors, low);
    memset((void *)(processors->paging->direct_map + low.value), 0, PROCESSORS_LOW_SIZE);

    (void)fba_shared_begin(&processors->shared, processors->heap);
    bool finished = processors_work(processors, take_area, &processors->shared);
    fba_shared_end(&processors->shared, processors->heap);
    if (!finished)
        return PROCESSORS_STUCK;
    for (size_t i = 0; i < count; i++)
        if (processors->others[i].started && !processors->others[i].area)
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
