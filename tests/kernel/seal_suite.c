// SPDX-License-Identifier: MIT
// What boot/kernel/seal.h promises, on machines of 64 pages that are drawn at random: free memory
// is what the map calls usable minus every owner's, each page frame given once. The model is an
// array with the owner of each page.
#include "arch/x86_64/string.h"
#include "boot/kernel/seal.h"
#include "boot/kernel/steps/memory_map.h"
#include "tests/boot/efi_memory.h"
#include "tests/boot/suites.h"
#include "tests/kernel/suites.h"
#include "kmem/fba_account.h"

#define PAGES 64
#define MACHINES 300
#define DESCRIPTOR 48 // bytes
#define TABLES 8

// The image: text, a guard, the region, a guard.
#define IMAGE_PAGES 12
#define REGION_FIRST 3
#define REGION_PAGES 8
#define USED_PAGES 2 // of the region, by the loader
#define MODULES 3
#define MODULES_OFFSET 0xc00 // in the region, behind the memory map

enum owner { FREE, IMAGE, REGION, MODULE, SCREEN, OTHER };

// linker.ld's in a kernel: no trap is reported here.
extern unsigned char boot_stack_bottom[], boot_stack_top[];
unsigned char boot_stack_bottom[1], boot_stack_top[1];

// From physical address 0 on; the last pages, of which the map knows nothing, are page tables.
static _Alignas(4096) unsigned char memory[PAGES + TABLES][PAGE_SIZE];
static size_t page_tables_taken;
static enum owner owners[PAGES];
static uint32_t types[PAGES]; // EFI_MEMORY_TYPE
static size_t image;          // its first page
static struct handoff handoff;
static struct kernel kernel;
static char said[4096];
static struct writer_buffer said_buffer;

static bool take_table(void *context, physical_t *table)
{
    (void)context;
    if (page_tables_taken == TABLES)
        return false;
    memset(memory[PAGES + page_tables_taken], 0, PAGE_SIZE);
    *table = physical((PAGES + page_tables_taken++) * PAGE_SIZE);
    return true;
}

static size_t below(uint64_t *state, size_t limit)
{
    return (size_t)(suite_random(state) % limit);
}

static void own(size_t first, size_t count, enum owner owner)
{
    for (size_t page = first; page < first + count; page++) {
        owners[page] = owner;
        types[page] = LOADER_DATA;
    }
}

static bool is_unowned(size_t first, size_t count)
{
    for (size_t page = first; page < first + count; page++)
        if (page >= PAGES || owners[page] == IMAGE || owners[page] == REGION ||
            owners[page] == MODULE || owners[page] == SCREEN)
            return false;
    return true;
}

static void draw_map(uint64_t *state)
{
    static const uint32_t some[] = {CONVENTIONAL, CONVENTIONAL, BOOT_DATA, LOADER_CODE,
                                    RESERVED,     ACPI_NVS,     MAPPED_IO, RUNTIME_DATA};

    for (size_t page = 0; page < PAGES;) {
        uint32_t type = some[below(state, sizeof some / sizeof some[0])];
        for (size_t run = 1 + below(state, 9); run > 0 && page < PAGES; run--, page++) {
            types[page] = type;
            owners[page] =
                type == CONVENTIONAL || type == BOOT_DATA || type == LOADER_CODE ? FREE : OTHER;
        }
    }
    owners[0] = OTHER; // its address looks like a mistake
}

static void draw_modules(uint64_t *state)
{
    struct handoff_module *modules =
        (struct handoff_module *)(handoff.region_virtual + MODULES_OFFSET);

    for (size_t i = 0; i < MODULES; i++) {
        size_t pages = below(state, 4);
        size_t first = 1 + below(state, PAGES - 1);
        while (!is_unowned(first, pages))
            first = 1 + below(state, PAGES - 1);
        own(first, pages, MODULE);
        modules[i] = (struct handoff_module){
            .physical = first * PAGE_SIZE,
            .size = pages == 0 ? 0 : pages * PAGE_SIZE - below(state, PAGE_SIZE),
        };
    }
    handoff.modules = (struct handoff_span){MODULES_OFFSET, MODULES * sizeof *modules};
}

// A framebuffer in the middle of memory that the map calls free, and not at a page's start.
static void draw_screen(uint64_t *state)
{
    size_t pages = below(state, 3);
    size_t first = 1 + below(state, PAGES - 1);

    while (!is_unowned(first, pages))
        first = 1 + below(state, PAGES - 1);
    own(first, pages, SCREEN);
    if (pages > 0)
        handoff.framebuffer = (struct handoff_framebuffer){
            .physical = first * PAGE_SIZE + below(state, 256) * 16,
            .size = (pages - 1) * PAGE_SIZE + 16,
        };
}

// Writes a descriptor for each run of pages of one type.
static void write_map(void)
{
    unsigned char *at = (unsigned char *)handoff.region_virtual;

    for (size_t page = 0; page < PAGES;) {
        size_t end = page;
        while (end < PAGES && types[end] == types[page])
            end++;
        const struct descriptor run = {types[page], 0, page * PAGE_SIZE, 0, end - page, ANY_CACHE};
        memcpy(at, &run, sizeof run);
        at += DESCRIPTOR;
        page = end;
    }
    handoff.memory_map = (struct handoff_memory_map){
        .span = {0, (uintptr_t)at - handoff.region_virtual}, .descriptor_size = DESCRIPTOR};
}

static void open_kernel(void)
{
    const struct writer writer = writer_to_buffer(&said_buffer, said, sizeof said);
    const struct console_device device = {"test", 0, writer.write, writer.context};
    const struct early_heap_memory region = {
        .buffer = (void *)handoff.region_virtual,
        .physical = physical(handoff.region_physical),
        .size = handoff.heap.size,
    };

    memset(&kernel, 0, sizeof kernel);
    kernel.handoff = &handoff;
    console_init(&kernel.console);
    console_set(&kernel.console, &device);
    (void)early_heap_adopt(
        &kernel.heap, &region, &handoff,
        (struct early_heap_output){.writer = &kernel.console.writer, .prefix = "kernel: "});
    page_tables_taken = 0;
    kernel.paging = (struct paging){.direct_map = (uintptr_t)memory, .new_table = take_table};
    kernel.devices = (struct device_map){.paging = &kernel.paging};
    (void)take_table(NULL, &kernel.paging.root);
    (void)paging_map(&kernel.paging, handoff.region_virtual, region.physical, region.size,
                     PAGING_READ_WRITE);
}

// A machine whose handoff keeps its contract.
static void draw_machine(uint64_t *state)
{
    size_t region;

    draw_map(state);
    image = 1 + below(state, PAGES - IMAGE_PAGES);
    region = image + REGION_FIRST;
    own(image, IMAGE_PAGES, IMAGE);
    own(region, REGION_PAGES, REGION);
    handoff = (struct handoff){
        .image_physical = image * PAGE_SIZE,
        .image_size = IMAGE_PAGES * PAGE_SIZE,
        .region_physical = region * PAGE_SIZE,
        .region_virtual = (uintptr_t)memory[region],
        .direct_map = (uintptr_t)memory,
        .heap = {.size = REGION_PAGES * PAGE_SIZE,
                 .used = USED_PAGES * PAGE_SIZE,
                 .peak = USED_PAGES * PAGE_SIZE},
    };
    draw_modules(state);
    draw_screen(state);
    write_map();
    open_kernel();
}

// Takes all page frames, and checks each against the model.
static void check_frames(struct suite_run *run, size_t first_free_of_region)
{
    static bool taken[PAGES];
    size_t expected = 0;
    size_t count = 0;
    physical_t frame;

    memset(taken, 0, sizeof taken);
    for (size_t page = 0; page < PAGES; page++) {
        bool is_region = owners[page] == REGION;
        expected += is_region ? page >= first_free_of_region : owners[page] == FREE;
    }
    for (; page_frames_take(&kernel.page_frames, &frame); count++) {
        size_t page = (size_t)(frame.value / PAGE_SIZE);
        CHECK(run, frame.value % PAGE_SIZE == 0 && page < PAGES);
        CHECK(run, !taken[page]);
        CHECK(run,
              owners[page] == FREE || (owners[page] == REGION && page >= first_free_of_region));
        taken[page] = true;
    }
    CHECK_EQUAL(run, count, expected);
}

static void free_memory_is_the_map_minus_every_owner(struct suite_run *run)
{
    uint64_t state = 1;

    for (size_t i = 0; i < MACHINES && !run->failed; i++) {
        draw_machine(&state);
        CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
        size_t used = (size_t)page_round_up(fba_used(&kernel.heap.fba), PAGE_SIZE) / PAGE_SIZE;
        CHECK(run, kernel_seal(&kernel));
        check_frames(run, image + REGION_FIRST + used);
        if (run->failed)
            writer_print(run->writer, "    # machine %zu\n", i);
    }
}

static void the_free_part_of_the_region_is_unmapped_and_the_rest_stays(struct suite_run *run)
{
    uint64_t state = 7;

    draw_machine(&state);
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    size_t used = (size_t)page_round_up(fba_used(&kernel.heap.fba), PAGE_SIZE) / PAGE_SIZE;
    CHECK(run, used > USED_PAGES);
    CHECK(run, kernel_seal(&kernel));
    for (size_t page = 0; page < REGION_PAGES; page++) {
        uintptr_t at = handoff.region_virtual + page * PAGE_SIZE;
        CHECK_EQUAL(run, paging_lookup(&kernel.paging, at).present, page < used);
    }
}

// The early heap gives nothing any more: a device that is found late gets its page tables from the
// page frames.
static void a_device_can_be_mapped_after_the_seal(struct suite_run *run)
{
    uint64_t state = 7;
    volatile void *mapped = NULL;

    draw_machine(&state);
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    CHECK(run, kernel_seal(&kernel));
    uint64_t before = kernel.page_frames.free;
    CHECK_EQUAL(run, device_map_add(&kernel.devices, physical(0xfed00000), 0x400, &mapped),
                PAGING_OK);
    CHECK_EQUAL(run, before - kernel.page_frames.free, 3);
    struct paging_lookup found = paging_lookup(&kernel.paging, (uintptr_t)mapped);
    CHECK(run, found.present && found.to.value == 0xfed00000);
    device_map_remove(&kernel.devices, mapped, 0x400);
    CHECK(run, !paging_lookup(&kernel.paging, (uintptr_t)mapped).present);
    CHECK_EQUAL(run, device_map_add(&kernel.devices, physical(0xfee00000), 0x400, &mapped),
                PAGING_OK); // with the tables that are there
    CHECK_EQUAL(run, before - kernel.page_frames.free, 3);
}

static void the_allocator_of_the_heap_goes_on_with_page_frames(struct suite_run *run)
{
    const struct allocator *allocator = &kernel.heap.allocator;
    uint64_t state = 8;

    draw_machine(&state);
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    CHECK(run, kernel_seal(&kernel));
    uint64_t before = kernel.page_frames.free;
    void *block = allocator_alloc(allocator, 100, PAGE_SIZE);
    CHECK(run, block && (uintptr_t)block % PAGE_SIZE == 0);
    CHECK_EQUAL(run, kernel.page_frames.free, before - 1);
    CHECK(run, allocator_resize(allocator, block, 100, PAGE_SIZE, PAGE_SIZE));
    CHECK(run, !allocator_resize(allocator, block, PAGE_SIZE, PAGE_SIZE + 1, PAGE_SIZE));
    allocator_free(allocator, block, PAGE_SIZE, PAGE_SIZE);
    CHECK_EQUAL(run, kernel.page_frames.free, before);

    CHECK(run, !allocator_alloc(allocator, PAGE_SIZE + 1, 1));
    CHECK(run, !allocator_alloc(allocator, 1, 2 * PAGE_SIZE));
    CHECK(run, !allocator_alloc(allocator, 1, 3));
    CHECK(run, !allocator_alloc(allocator, 1, 0));
    CHECK_EQUAL(run, allocator_available(allocator, 3), 0);
    CHECK_EQUAL(run, allocator_available(allocator, 8), PAGE_SIZE);
    while (allocator_alloc(allocator, PAGE_SIZE, 1)) {
    }
    CHECK_EQUAL(run, kernel.page_frames.free, 0);
    CHECK_EQUAL(run, allocator_available(allocator, 8), 0);
}

static void a_region_that_cannot_be_unmapped_is_no_seal(struct suite_run *run)
{
    uint64_t state = 9;

    draw_machine(&state);
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    CHECK_EQUAL(run, paging_unmap(&kernel.paging, handoff.region_virtual, handoff.heap.size),
                PAGING_OK);
    CHECK(run, !kernel_seal(&kernel));
    CHECK_EQUAL(run, kernel.page_frames.free, 0);
}

static void a_machine_without_a_free_page_is_no_seal(struct suite_run *run)
{
    uint64_t state = 11;

    draw_machine(&state);
    for (size_t page = 0; page < PAGES; page++)
        types[page] = owners[page] == REGION ? LOADER_DATA : RESERVED;
    write_map();
    CHECK_EQUAL(run, step_memory_map(&kernel), STEP_DONE);
    while (allocator_alloc(&kernel.heap.allocator, 64, 1)) {
    }
    CHECK(run, !kernel_seal(&kernel));
}

static const struct suite_case cases[] = {
    SUITE_CASE(free_memory_is_the_map_minus_every_owner),
    SUITE_CASE(the_free_part_of_the_region_is_unmapped_and_the_rest_stays),
    SUITE_CASE(a_device_can_be_mapped_after_the_seal),
    SUITE_CASE(the_allocator_of_the_heap_goes_on_with_page_frames),
    SUITE_CASE(a_region_that_cannot_be_unmapped_is_no_seal),
    SUITE_CASE(a_machine_without_a_free_page_is_no_seal),
};
const struct suite seal_suite = SUITE("seal", cases);
