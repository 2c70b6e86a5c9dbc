// SPDX-License-Identifier: MIT
// What boot/kernel/handoff_check.h promises: a good handoff passes, and each way to break the
// contract of boot/handoff.h is rejected with its own sentence.
#include "arch/x86_64/string.h"
#include "boot/kernel/handoff_check.h"
#include "tests/boot/efi_memory.h"
#include "tests/boot/suites.h"

#define PAGE 4096u
#define REGION_PAGES 16

// The region, and what a loader leaves in it.
enum offset {
    BOOT_INFO = 0x100,
    MEMORY_MAP = 0x1000,
    COMMAND_LINE = 0x2000,
    TOP_TABLE = 0x3000,
    MODULES = 0x4000,
    USED = 0x5000,
};
#define IMAGE_BEFORE_REGION 0x10000u // bytes of the image before its region
#define STRIDE 48u
#define DESCRIPTORS 3u

static _Alignas(PAGE) unsigned char region[REGION_PAGES * PAGE];
static struct handoff *const handoff = (struct handoff *)(region + BOOT_INFO);
static struct handoff_module *const modules = (struct handoff_module *)(region + MODULES);
static char said[512];

static void put_descriptor(size_t index, uint32_t type, uint64_t start, uint64_t end)
{
    const struct descriptor descriptor = {type, 0, start, 0, (end - start) / PAGE, WB};

    memcpy(region + MEMORY_MAP + index * STRIDE, &descriptor, sizeof descriptor);
}

static void make_good(void)
{
    uint64_t physical = 0x40000000 + (uintptr_t)region % HANDOFF_IMAGE_ALIGN;

    memset(region, 0, sizeof region);
    memcpy(region + COMMAND_LINE, "abc", 4);
    put_descriptor(0, CONVENTIONAL, 0x80000000, 0x90000000);
    put_descriptor(1, LOADER_DATA, 0x100000, 0x80000000);
    put_descriptor(2, RESERVED, 0, 0x100000);
    modules[0] = (struct handoff_module){"initrd", 0x50000000, 5000};
    modules[1] = (struct handoff_module){"font", 0x50002000, PAGE};
    modules[2] = (struct handoff_module){"empty", 0, 0};
    *handoff = (struct handoff){
        .magic = HANDOFF_MAGIC,
        .version = HANDOFF_VERSION,
        .size = sizeof *handoff,
        .image_physical = physical - IMAGE_BEFORE_REGION,
        .image_virtual = (uintptr_t)region - IMAGE_BEFORE_REGION,
        .image_size = IMAGE_BEFORE_REGION + sizeof region,
        .region_physical = physical,
        .region_virtual = (uintptr_t)region,
        .linked_size = sizeof region,
        .heap = {.size = sizeof region, .used = USED, .peak = USED},
        .direct_map = HANDOFF_DIRECT_MAP,
        .page_table_root = physical + TOP_TABLE,
        .memory_map = {.span = {MEMORY_MAP, DESCRIPTORS * STRIDE}, .descriptor_size = STRIDE},
        .command_line = {COMMAND_LINE, 3},
        .modules = {MODULES, 3 * sizeof *modules},
        .framebuffer = {.physical = 0x80000000, .size = 0x300000},
    };
}

static bool check(const struct handoff *which)
{
    struct writer_buffer buffer;
    struct writer writer = writer_to_buffer(&buffer, said, sizeof said);

    return handoff_check(which, &writer);
}

static bool is_digit_of_number(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == 'x';
}

// Whether the text is the pattern, in which each # stands for a number: addresses depend on where
// the test lies.
static bool is_like(const char *got, const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '#') {
            if (*got++ != *pattern)
                return false;
            continue;
        }
        if (!is_digit_of_number(*got))
            return false;
        while (is_digit_of_number(*got))
            got++;
    }
    return *got == '\0';
}

static void a_good_handoff_passes(struct suite_run *run)
{
    make_good();
    (void)check(handoff);
    CHECK_TEXT(run, said, "");
    CHECK(run, check(handoff));
    CHECK_TEXT(run, handoff_command_line(handoff), "abc");
    struct memory_map map = handoff_memory_map(handoff);
    CHECK_ADDRESS(run, map.descriptors, region + MEMORY_MAP);
    CHECK_EQUAL(run, map.size, DESCRIPTORS * STRIDE);
    CHECK_EQUAL(run, map.stride, STRIDE);
}

static void the_check_changes_nothing(struct suite_run *run)
{
    static unsigned char before[sizeof region];

    make_good();
    memcpy(before, region, sizeof region);
    CHECK(run, check(handoff));
    CHECK(run, memcmp(before, region, sizeof region) == 0);
}

static void no_command_line_is_an_empty_one(struct suite_run *run)
{
    make_good();
    handoff->command_line = (struct handoff_span){0, 0};
    CHECK(run, check(handoff));
    CHECK_TEXT(run, handoff_command_line(handoff), "");
}

static void a_command_line_of_any_length_up_to_the_most_passes(struct suite_run *run)
{
    make_good();
    handoff->heap.used = sizeof region;
    memset(region + USED, 'x', HANDOFF_COMMAND_LINE_MAX);
    handoff->command_line = (struct handoff_span){USED, HANDOFF_COMMAND_LINE_MAX};
    CHECK(run, check(handoff));
    CHECK_ADDRESS(run, handoff_command_line(handoff), region + USED);

    region[USED + 1] = '\0';
    handoff->command_line.size = 1;
    CHECK(run, check(handoff));
    CHECK_TEXT(run, handoff_command_line(handoff), "x");
}

static void what_is_empty_may_lie_at_the_very_end(struct suite_run *run)
{
    make_good();
    handoff->modules = (struct handoff_span){USED, 0};
    CHECK(run, check(handoff));
    handoff->modules = (struct handoff_span){4, 0};
    CHECK(run, check(handoff));
}

static void the_shortest_descriptors_will_do(struct suite_run *run)
{
    make_good();
    put_descriptor(0, CONVENTIONAL, 0, 0x80000000);
    handoff->memory_map.span.size = MEMORY_DESCRIPTOR_SIZE;
    handoff->memory_map.descriptor_size = MEMORY_DESCRIPTOR_SIZE;
    handoff->framebuffer.size = 0;
    CHECK(run, check(handoff));
}

// One field, and what it becomes, or by how much it grows.
struct patch {
    size_t offset, size;
    uint64_t value;
    bool grows;
};
#define AT(member) offsetof(struct handoff, member), sizeof(((struct handoff *)0)->member)
#define SET(member, value)                                                                         \
    {                                                                                              \
        AT(member), (value), false                                                                 \
    }
#define GROW(member, value)                                                                        \
    {                                                                                              \
        AT(member), (value), true                                                                  \
    }

struct damage {
    const char *sentence; // with # for numbers that depend on where the test lies
    struct patch patches[3];
};

#define NOT_PAGES "its region at # of # bytes, # linked, is not made of whole pages"
#define LEAVES "its region at #, # bytes, leaves the image at #, # bytes"
#define INCONGRUENT "region at # and its memory at # are not congruent modulo 2 MiB"
#define NOT_USABLE "the image at #, # bytes, is not in memory that the map calls usable"
#define FRAMEBUFFER "the framebuffer at # overlaps the image at #"

static const struct damage damages[] = {
    {"its magic is 0x0, not 0x414246594c524145: this is not a handoff of this loader",
     {SET(magic, 0)}},
    {"its version is # and this kernel reads #: use a loader of the same build",
     {SET(version, HANDOFF_VERSION + 1)}},
    {"its version is # and this kernel reads #: use a loader of the same build",
     {SET(version, HANDOFF_VERSION - 1)}},
    {"it has 8 bytes, version # has #", {SET(size, 8)}},
    {"it has # bytes, version # has #", {GROW(size, 8)}},
    {"the direct map is at 0x0, not at 0xffff800000000000", {SET(direct_map, 0)}},

    {NOT_PAGES, {SET(heap.size, 0)}},
    {NOT_PAGES, {SET(linked_size, 0)}},
    {NOT_PAGES, {GROW(linked_size, PAGE)}},
    {NOT_PAGES, {SET(linked_size, PAGE / 2)}},
    {NOT_PAGES, {GROW(heap.size, 8)}},
    {NOT_PAGES, {GROW(region_virtual, 8)}},
    {NOT_PAGES, {GROW(heap.size, 1)}},
    {LEAVES, {GROW(image_size, -(uint64_t)PAGE)}},
    {LEAVES, {SET(image_size, 0)}},
    {LEAVES, {SET(image_size, IMAGE_BEFORE_REGION)}},
    {LEAVES, {GROW(heap.size, PAGE)}},
    {LEAVES, {SET(heap.size, 0 - (uint64_t)PAGE)}},
    {LEAVES, {GROW(image_virtual, IMAGE_BEFORE_REGION + PAGE)}},
    {LEAVES, {SET(region_virtual, 0)}},
    {"the image at 0xfffffffffffff000, # bytes, wraps around the address space",
     {SET(image_virtual, 0 - (uint64_t)PAGE), SET(region_virtual, 0 - (uint64_t)PAGE)}},
    {INCONGRUENT, {GROW(region_physical, PAGE)}},
    {INCONGRUENT, {GROW(image_physical, PAGE)}},
    {INCONGRUENT, {GROW(region_physical, PAGE), GROW(image_physical, PAGE)}},
    {INCONGRUENT, {GROW(region_physical, HANDOFF_IMAGE_ALIGN)}},
    {"65537 bytes of the region are said to be used, it has 65536", {SET(heap.used, 65537)}},

    {"its boot info, # bytes at offset 256, is not in the used part of the region, 256 bytes",
     {SET(heap.used, BOOT_INFO)}},
    {"its memory map, 144 bytes at offset 20480, is not in the used part of the region, 20480 "
     "bytes",
     {SET(memory_map.span.offset, USED)}},
    {"its memory map, 144 bytes at offset 20337, is not in the used part of the region, 20480 "
     "bytes",
     {SET(memory_map.span.offset, USED - 143)}},
    {"its memory map, 144 bytes at offset 18446744073709551615, is not in the used part of the "
     "region, 20480 bytes",
     {SET(memory_map.span.offset, UINT64_MAX)}},
    {"its memory map, 18446744073709551615 bytes at offset 4096, is not in the used part of the "
     "region, 20480 bytes",
     {SET(memory_map.span.size, UINT64_MAX)}},
    {"its command line, 4 bytes at offset 20477, is not in the used part of the region, 20480 "
     "bytes",
     {SET(command_line.offset, USED - 3)}},
    {"its command line, 0 bytes at offset 18446744073709551615, is not in the used part of the "
     "region, 20480 bytes",
     {SET(command_line.offset, UINT64_MAX), SET(command_line.size, 0)}},
    {"its top page table, 4096 bytes at offset 20480, is not in the used part of the region, 20480 "
     "bytes",
     {GROW(page_table_root, USED - TOP_TABLE)}},
    {"its top page table, 4096 bytes at offset 18446744073709547520, is not in the used part of "
     "the region, 20480 bytes",
     {GROW(page_table_root, 0 - (uint64_t)TOP_TABLE - PAGE)}},
    {"its list of modules, 168 bytes at offset 20480, is not in the used part of the region, 20480 "
     "bytes",
     {SET(modules.offset, USED)}},
    {"its list of modules and its command line overlap at offset 8192",
     {SET(modules.offset, COMMAND_LINE)}},
    {"its list of modules, 169 bytes at offset 16384, is not made of entries of 56 bytes",
     {GROW(modules.size, 1)}},
    {"its list of modules, 168 bytes at offset 16388, is not made of entries of 56 bytes",
     {GROW(modules.offset, 4)}},
    {"its memory map and its boot info overlap at offset 256",
     {SET(memory_map.span.offset, BOOT_INFO)}},
    {"its memory map and its boot info overlap at offset 256",
     {SET(memory_map.span.offset, BOOT_INFO), SET(memory_map.span.size, 1)}},
    {"its memory map and its boot info overlap at offset 113",
     {SET(memory_map.span.offset, BOOT_INFO - 143)}},
    {"its command line and its memory map overlap at offset 4093",
     {SET(command_line.offset, MEMORY_MAP - 3)}},
    {"its command line and its memory map overlap at offset 4239",
     {SET(command_line.offset, MEMORY_MAP + 143)}},
    {"its top page table and its boot info overlap at offset 0",
     {GROW(page_table_root, 0 - (uint64_t)TOP_TABLE)}},
    {"its top page table and its command line overlap at offset 8192",
     {GROW(page_table_root, COMMAND_LINE - (uint64_t)TOP_TABLE)}},
    {"its command line has 4096 bytes, at most 4095 are allowed",
     {SET(command_line.offset, USED), SET(command_line.size, 4096), SET(heap.used, USED + 8192)}},
    {"its command line has 18446744073709551615 bytes, at most 4095 are allowed",
     {SET(command_line.size, UINT64_MAX)}},
    {"its top page table at # does not begin at a page", {GROW(page_table_root, 0 - (uint64_t)8)}},
    {"its command line of 2 bytes does not end with a NUL", {SET(command_line.size, 2)}},

    {"its memory map of 144 bytes is not made of descriptors of 39 bytes",
     {SET(memory_map.descriptor_size, 39)}},
    {"its memory map of 144 bytes is not made of descriptors of 0 bytes",
     {SET(memory_map.descriptor_size, 0)}},
    {"its memory map of 144 bytes is not made of descriptors of 50 bytes",
     {SET(memory_map.descriptor_size, 50)}},
    {"its memory map of 0 bytes is not made of descriptors of 48 bytes",
     {SET(memory_map.span.size, 0)}},
    {NOT_USABLE,
     {GROW(image_physical, 0x80000000), GROW(region_physical, 0x80000000),
      GROW(page_table_root, 0x80000000)}},
    {NOT_USABLE,
     {SET(memory_map.span.offset, MEMORY_MAP + 2 * STRIDE), SET(memory_map.span.size, STRIDE)}},

    {FRAMEBUFFER, {SET(framebuffer.physical, 0x40000000), SET(framebuffer.size, 0x300000)}},
    {FRAMEBUFFER, {SET(framebuffer.physical, 0), SET(framebuffer.size, UINT64_MAX)}},
    {FRAMEBUFFER, {SET(framebuffer.physical, 0x1000), SET(framebuffer.size, UINT64_MAX)}},
};

static void each_breach_has_its_own_sentence(struct suite_run *run)
{
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        make_good();
        for (size_t j = 0; j < sizeof damages[i].patches / sizeof damages[i].patches[0]; j++) {
            const struct patch *patch = &damages[i].patches[j];
            uint64_t value = 0;
            memcpy(&value, (unsigned char *)handoff + patch->offset, patch->size);
            value = patch->grows ? value + patch->value : patch->value;
            memcpy((unsigned char *)handoff + patch->offset, &value, patch->size);
        }
        bool passed = check(handoff);
        if (!is_like(said, damages[i].sentence))
            CHECK_TEXT(run, said, damages[i].sentence);
        CHECK(run, !passed);
    }
}

static void no_handoff_is_no_address(struct suite_run *run)
{
    CHECK(run, !check(NULL));
    CHECK_TEXT(run, said, "it is said to be at 0x0, which is no address for it");
    make_good();
    CHECK(run, !check((const struct handoff *)(uintptr_t)(region + BOOT_INFO + 4)));
    CHECK(run, is_like(said, "it is said to be at #, which is no address for it"));
}

// Memory that the image lies in may be described in pieces, but all of it must be usable.
static void the_image_must_be_usable_to_its_last_page(struct suite_run *run)
{
    make_good();
    handoff->modules.size = 0; // they lie elsewhere
    uint64_t start = handoff->image_physical;
    uint64_t end = start + handoff->image_size;

    put_descriptor(0, CONVENTIONAL, start, start + PAGE);
    put_descriptor(1, LOADER_DATA, start + PAGE, end);
    CHECK(run, check(handoff));

    put_descriptor(0, CONVENTIONAL, start, start + PAGE);
    put_descriptor(1, LOADER_DATA, start + PAGE, end - PAGE);
    put_descriptor(2, RESERVED, 0, PAGE);
    CHECK(run, !check(handoff));
    CHECK(run, is_like(said, NOT_USABLE));

    put_descriptor(0, CONVENTIONAL, start + PAGE, end);
    put_descriptor(1, LOADER_DATA, 0, 0);
    put_descriptor(2, RESERVED, 0, PAGE);
    CHECK(run, !check(handoff));

    put_descriptor(0, CONVENTIONAL, start, end);
    put_descriptor(1, LOADER_DATA, 0, 0);
    put_descriptor(2, RUNTIME_DATA, start + 2 * PAGE, start + 3 * PAGE); // a piece is reserved
    CHECK(run, !check(handoff));
}

static void a_framebuffer_may_touch_the_image(struct suite_run *run)
{
    make_good();
    handoff->framebuffer.physical = handoff->image_physical + handoff->image_size;
    CHECK(run, check(handoff));
    handoff->framebuffer.physical--;
    CHECK(run, !check(handoff));
    handoff->framebuffer.physical = handoff->image_physical - handoff->framebuffer.size;
    CHECK(run, check(handoff));
    handoff->framebuffer.physical++;
    CHECK(run, !check(handoff));
    handoff->framebuffer.size = 0;
    CHECK(run, check(handoff));
    handoff->framebuffer.physical = handoff->image_physical + 1;
    CHECK(run, check(handoff));
    handoff->framebuffer.size = 1;
    CHECK(run, !check(handoff));
}

// A measuring run has a larger region than the file reserves.
static void a_larger_region_than_linked_passes(struct suite_run *run)
{
    make_good();
    handoff->linked_size = PAGE;
    CHECK(run, check(handoff));
    handoff->heap.used = sizeof region;
    CHECK(run, check(handoff));
}

static void modules_are_found_by_number(struct suite_run *run)
{
    make_good();
    CHECK(run, check(handoff));
    CHECK_ADDRESS(run, handoff_module(handoff, 0), modules);
    CHECK_ADDRESS(run, handoff_module(handoff, 2), modules + 2);
    CHECK(run, !handoff_module(handoff, 3));
    CHECK(run, !handoff_module(handoff, SIZE_MAX));
    handoff->modules = (struct handoff_span){0, 0};
    CHECK(run, check(handoff));
    CHECK(run, !handoff_module(handoff, 0));
}

// Where a module may lie, with the sentence if it may not.
static void check_module(struct suite_run *run, uint64_t physical, uint64_t size,
                         const char *sentence)
{
    modules[0].physical = physical;
    modules[0].size = size;
    bool passed = check(handoff);
    if (!is_like(said, sentence))
        CHECK_TEXT(run, said, sentence);
    CHECK(run, passed == (sentence[0] == '\0'));
}

static void modules_lie_in_usable_memory_of_their_own(struct suite_run *run)
{
    static const char misplaced[] =
        "module initrd at #, # bytes, is not in pages above 1 MiB that the map calls usable";
    static const char overlapping[] = "module initrd at #, # bytes, overlaps the image at # or the "
                                      "framebuffer at #";
    static const char colliding[] = "module font at # and module initrd at # overlap";

    make_good();
    uint64_t image_start = handoff->image_physical;
    uint64_t image_end = image_start + handoff->image_size;
    const struct {
        uint64_t physical, size;
        const char *sentence;
    } places[] = {
        {0x100000, 0x1000, ""},
        {0xff000, 0x2000, misplaced},
        {0x50000001, 1, misplaced},
        {0xa0000000, 0x1000, misplaced},
        {0x8ffff000, 0x1001, misplaced},
        {0x8ffff000, 0x1000, ""},
        {0x50000000, UINT64_MAX, misplaced},
        {0x50000000, UINT64_MAX - 0x1000, misplaced},
        {image_start - 0x1000, 0x1000, ""},
        {image_start - 0x1000, 0x1001, overlapping},
        {image_start, 1, overlapping},
        {image_end - 0x1000, 1, overlapping},
        {image_end, 0x1000, ""},
        {0x80000000, 1, overlapping},
        {0x80300000, 1, ""},
        {0x50000000, 0x2000, ""},
        {0x50000000, 0x2001, colliding},
        {0x50002000, 1, colliding},
        {0x50003000, 1, ""},
        {UINT64_MAX, 0, ""},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0] && !run->failed; i++)
        check_module(run, places[i].physical, places[i].size, places[i].sentence);
}

static void the_name_of_a_module_ends(struct suite_run *run)
{
    make_good();
    memset(modules[1].name, 'x', sizeof modules[1].name);
    CHECK(run, !check(handoff));
    CHECK_TEXT(run, said, "the name of module 1 does not end with a NUL");
    modules[1].name[HANDOFF_MODULE_NAME_MAX] = '\0';
    CHECK(run, check(handoff));
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_good_handoff_passes),
    SUITE_CASE(the_check_changes_nothing),
    SUITE_CASE(no_command_line_is_an_empty_one),
    SUITE_CASE(a_command_line_of_any_length_up_to_the_most_passes),
    SUITE_CASE(what_is_empty_may_lie_at_the_very_end),
    SUITE_CASE(the_shortest_descriptors_will_do),
    SUITE_CASE(each_breach_has_its_own_sentence),
    SUITE_CASE(no_handoff_is_no_address),
    SUITE_CASE(the_image_must_be_usable_to_its_last_page),
    SUITE_CASE(a_framebuffer_may_touch_the_image),
    SUITE_CASE(a_larger_region_than_linked_passes),
    SUITE_CASE(modules_are_found_by_number),
    SUITE_CASE(modules_lie_in_usable_memory_of_their_own),
    SUITE_CASE(the_name_of_a_module_ends),
};
const struct suite handoff_check_suite = SUITE("handoff_check", cases);
