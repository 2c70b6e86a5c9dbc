// SPDX-License-Identifier: MIT
// What kmem/region_sources.h promises, on maps as boot loaders leave them in memory, byte by byte
// as the specifications lay them out.
#include "tests/suites/region_map.h"

#include "kmem/region_sources.h"

#define LE4(value)                                                                                 \
    (unsigned char)((value)&0xff), (unsigned char)((value) >> 8 & 0xff),                           \
        (unsigned char)((value) >> 16 & 0xff), (unsigned char)((value) >> 24 & 0xff)
#define LE8(value) LE4(UINT64_C(value)), LE4(UINT64_C(value) >> 32)

static struct region entries[32];
static struct region_map map;

static void open_map(void)
{
    region_init(&map, entries, sizeof entries / sizeof entries[0]);
}

// Whether all was read, and the map is exactly these ranges.
#define CHECK_READ(run, ...)                                                                       \
    do {                                                                                           \
        CHECK_ENTRIES((run), &map, __VA_ARGS__);                                                   \
        CHECK_EQUAL((run), map.lacking + map.cut, 0);                                              \
    } while (0)

// ── E820 and Multiboot 1: one list, of a PC with 4 GiB ──────────────────────────────────────────

// ACPI 6.5, table 15.1: base, length, type. Behind it the extended attributes, of which bit 0 says
// that the entry counts.
#define E820_ENTRIES(BEFORE, BEHIND)                                                               \
    BEFORE LE8(0x0), LE8(0x9fc00), LE4(1) BEHIND,                /* usable */                      \
        BEFORE LE8(0x9fc00), LE8(0x400), LE4(2) BEHIND,          /* reserved */                    \
        BEFORE LE8(0xf0000), LE8(0x10000), LE4(2) BEHIND,        /* reserved */                    \
        BEFORE LE8(0x100000), LE8(0xbfedf000), LE4(1) BEHIND,    /* usable */                      \
        BEFORE LE8(0xbffdf000), LE8(0x1000), LE4(3) BEHIND,      /* ACPI tables */                 \
        BEFORE LE8(0xbffe0000), LE8(0x20000), LE4(4) BEHIND,     /* ACPI NVS */                    \
        BEFORE LE8(0x100000000), LE8(0x40000000), LE4(1) BEHIND, /* usable */                      \
        BEFORE LE8(0xfffc0000), LE8(0x40000), LE4(2) BEHIND,     /* reserved */                    \
        BEFORE LE8(0x13ffff000), LE8(0x1000), LE4(5) BEHIND,     /* bad */                         \
        BEFORE LE8(0x0), LE8(0x0), LE4(1) BEHIND
#define NOTHING
#define ATTRIBUTES , LE4(1)
#define SIZE_BEFORE LE4(20),

static void check_pc(struct suite_run *run)
{
    CHECK_EQUAL(run, map.empty, 1);
    CHECK_READ(
        run, {0, 0x9fc00, REGION_USABLE}, {0x9fc00, 0xa0000, REGION_RESERVED},
        {0xf0000, 0x100000, REGION_RESERVED}, {0x100000, 0xbffdf000, REGION_USABLE},
        {0xbffdf000, 0xbffe0000, REGION_RECLAIMABLE}, {0xbffe0000, 0xc0000000, REGION_RESERVED},
        {0xfffc0000, 0x100000000, REGION_RESERVED}, {0x100000000, 0x13ffff000, REGION_USABLE},
        {0x13ffff000, 0x140000000, REGION_RESERVED});
}

static void e820_entries_are_of_20_or_of_24_bytes(struct suite_run *run)
{
    static const unsigned char of_20[] = {E820_ENTRIES(NOTHING, NOTHING)};
    static const unsigned char of_24[] = {E820_ENTRIES(NOTHING, ATTRIBUTES)};

    open_map();
    CHECK(run, region_add_e820(&map, of_20, sizeof of_20 / 20, 20));
    check_pc(run);
    open_map();
    CHECK(run, region_add_e820(&map, of_24, sizeof of_24 / 24, 24));
    check_pc(run);
    open_map();
    CHECK(run, !region_add_e820(&map, of_20, 1, 19));
    CHECK_EQUAL(run, map.count + map.empty, 0);
}

// Multiboot 0.6.96, 3.3: mmap_addr, where each entry's size stands before it.
static void multiboot1_entries_tell_their_size(struct suite_run *run)
{
    static const unsigned char buffer[] = {E820_ENTRIES(SIZE_BEFORE, NOTHING)};
    static const unsigned char longer[] = {LE4(22), LE8(0x1000), LE8(0x1000), LE4(1),      0,
                                           0,       LE4(20),     LE8(0x3000), LE8(0x1000), LE4(2)};

    open_map();
    CHECK(run, region_add_multiboot1(&map, buffer, sizeof buffer));
    check_pc(run);
    open_map();
    CHECK(run, region_add_multiboot1(&map, longer, sizeof longer));
    CHECK_READ(run, {0x1000, 0x2000, REGION_USABLE}, {0x3000, 0x4000, REGION_RESERVED});
    CHECK(run, region_add_multiboot1(&map, longer, 0));
}

static void a_multiboot1_map_that_contradicts_itself_is_found_out(struct suite_run *run)
{
    static const unsigned char short_entry[] = {LE4(19), LE8(0x1000), LE8(0x1000), LE4(1)};
    static const unsigned char entry[] = {LE4(20), LE8(0x1000), LE8(0x1000), LE4(1), LE4(20)};

    open_map();
    CHECK(run, !region_add_multiboot1(&map, short_entry, sizeof short_entry));
    CHECK(run, !region_add_multiboot1(&map, entry, 3));
    CHECK(run, !region_add_multiboot1(&map, entry, 23));
    CHECK_EQUAL(run, map.count, 0);
    CHECK(run, !region_add_multiboot1(&map, entry, sizeof entry));
    CHECK_READ(run, {0x1000, 0x2000, REGION_USABLE}); // what stood before
}

// ── Multiboot 2 ─────────────────────────────────────────────────────────────────────────────────

// Multiboot 2.0, 3.6: total size, reserved; tags of type and size at multiples of 8.
#define COMMAND_LINE LE4(1), LE4(9), 0, 0, 0, 0, 0, 0, 0, 0 // 3.6.3, and 7 bytes of padding
#define MODULE(start, end) LE4(3), LE4(20), LE4(start), LE4(end), 'a', 'b', 'c', 0, 0, 0, 0, 0
#define MAP_TAG(bytes, stride) LE4(6), LE4(bytes), LE4(stride), LE4(0) // 3.6.8
#define MAP_ENTRY(base, length, type) LE8(base), LE8(length), LE4(type), LE4(0)
#define END_TAG LE4(0), LE4(8)

static const unsigned char sound_information[] = {
    LE4(144),
    LE4(0),
    COMMAND_LINE,
    MODULE(0x200000, 0x280001),
    MAP_TAG(88, 24),
    MAP_ENTRY(0x0, 0x9fc00, 1),
    MAP_ENTRY(0x100000, 0x3fee0000, 1),
    MAP_ENTRY(0x3ffe0000, 0x20000, 3),
    END_TAG,
};
enum { COMMAND_LINE_AT = 8, MODULE_AT = 24, MAP_AT = 48, END_AT = 136 };

static void multiboot2_has_the_map_and_the_modules(struct suite_run *run)
{
    open_map();
    CHECK(run, region_add_multiboot2(&map, sound_information));
    CHECK_READ(run, {0, 0x9fc00, REGION_USABLE}, {0x100000, 0x200000, REGION_USABLE},
               {0x200000, 0x280001, REGION_TAKEN}, {0x280001, 0x3ffe0000, REGION_USABLE},
               {0x3ffe0000, 0x40000000, REGION_RECLAIMABLE});
}

// The sound information with one number changed.
static bool add_changed(size_t at, uint32_t number)
{
    static unsigned char information[sizeof sound_information];

    for (size_t i = 0; i < sizeof information; i++)
        information[i] = sound_information[i];
    for (size_t i = 0; i < 4; i++)
        information[at + i] = (unsigned char)(number >> 8 * i);
    open_map();
    return region_add_multiboot2(&map, information);
}

static void multiboot2_information_that_contradicts_itself_is_found_out(struct suite_run *run)
{
    CHECK(run, add_changed(4, 7)); // reserved
    CHECK(run, add_changed(COMMAND_LINE_AT + 4, 8 + 8));
    for (uint32_t total = 0; total < sizeof sound_information; total++)
        CHECK(run, !add_changed(0, total));
    CHECK(run, !add_changed(COMMAND_LINE_AT + 4, 7));
    CHECK(run, !add_changed(COMMAND_LINE_AT + 4, 137));
    CHECK(run, !add_changed(COMMAND_LINE_AT + 4, UINT32_MAX));
    CHECK(run, !add_changed(MODULE_AT + 4, 15));
    CHECK(run, !add_changed(MODULE_AT + 8, 0x280002)); // ends before it begins
    CHECK(run, !add_changed(MAP_AT + 4, 15));
    CHECK(run, !add_changed(MAP_AT + 8, 19));
    CHECK(run, !add_changed(MAP_AT + 8, 0));
    CHECK(run, !add_changed(MAP_AT, 5));     // there is no map
    CHECK(run, !add_changed(END_AT, 1));     // nor an end
    CHECK(run, add_changed(MAP_AT + 8, 72)); // of a later version, whose entries are longer
    CHECK_READ(run, {0, 0x9fc00, REGION_USABLE}, {0x200000, 0x280001, REGION_TAKEN});
}

// ── Limine ──────────────────────────────────────────────────────────────────────────────────────

// Limine Boot Protocol, Memory Map Feature: struct limine_memmap_entry.
struct limine_entry {
    uint64_t base, length, type;
};

static void limine_tells_what_is_its_own(struct suite_run *run)
{
    static const struct limine_entry list[] = {
        {0x1000, 0x51000, 0},      // usable
        {0x52000, 0x4dc00, 5},     // the boot loader's
        {0x9fc00, 0x400, 1},       // reserved
        {0x100000, 0x7d00000, 0},  // usable
        {0x7e00000, 0x100000, 6},  // executable and modules
        {0x7f00000, 0x80000, 2},   // ACPI tables
        {0x7f80000, 0x10000, 3},   // ACPI NVS
        {0x7f90000, 0x1000, 4},    // bad
        {0xfd000000, 0x300000, 7}, // framebuffer
        {0x100000000, 0x1000, 8},  // of a later protocol
        {0x100001000, 0x1000, UINT64_C(1) << 32},
    };
    static const struct limine_entry *pointers[sizeof list / sizeof list[0]];

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        pointers[i] = &list[i];
    open_map();
    region_add_limine(&map, pointers, sizeof list / sizeof list[0]);
    CHECK_READ(run, {0x1000, 0x52000, REGION_USABLE}, {0x52000, 0x9fc00, REGION_RECLAIMABLE},
               {0x9fc00, 0xa0000, REGION_RESERVED}, {0x100000, 0x7e00000, REGION_USABLE},
               {0x7e00000, 0x7f00000, REGION_TAKEN}, {0x7f00000, 0x7f80000, REGION_RECLAIMABLE},
               {0x7f80000, 0x7f91000, REGION_RESERVED}, {0xfd000000, 0xfd300000, REGION_RESERVED},
               {0x100000000, 0x100002000, REGION_RESERVED});
}

// ── UEFI ────────────────────────────────────────────────────────────────────────────────────────

// UEFI 2.10, 7.2.3: EFI_MEMORY_DESCRIPTOR, at a stride of 48 as EDK II gives it.
#define DESCRIPTOR(type, start, pages, attribute)                                                  \
    LE4(type), LE4(0), LE8(start), LE8(0), LE8(pages), LE8(attribute), LE8(0xa5a5a5a5)
#define STRIDE 48

static void uefi_memory_that_is_in_use_is_reclaimable(struct suite_run *run)
{
    static const unsigned char descriptors[] = {
        DESCRIPTOR(3, 0x0, 0x1, 0xf),                      // boot services' code
        DESCRIPTOR(7, 0x1000, 0x9f, 0xf),                  // conventional
        DESCRIPTOR(7, 0x100000, 0x700, 0xf),               // conventional
        DESCRIPTOR(10, 0x800000, 0x8, 0xf),                // ACPI NVS
        DESCRIPTOR(4, 0x900000, 0x100, 0xf),               // boot services' data
        DESCRIPTOR(2, 0xa00000, 0x100, 0xf),               // loader's data
        DESCRIPTOR(1, 0xb00000, 0x100, 0xf),               // loader's code
        DESCRIPTOR(9, 0xc00000, 0x10, 0xf),                // ACPI tables
        DESCRIPTOR(5, 0xd00000, 0x10, 0x800000000000000f), // runtime services' code
        DESCRIPTOR(7, 0xe00000, 0x10, 0x4000f),            // special-purpose
        DESCRIPTOR(7, 0xf00000, 0x10, 0x1),                // not to be cached
        DESCRIPTOR(7, 0x1000000, 0x10, 0x800000000000000f),
        DESCRIPTOR(4, 0x1100000, 0x10, 0x7),
        DESCRIPTOR(0, 0x1200000, 0x10, 0xf),     // reserved
        DESCRIPTOR(14, 0x1300000, 0x10, 0x800f), // persistent
        DESCRIPTOR(11, 0xffc00000, 0x400, 0x8000000000000001),
    };

    open_map();
    CHECK(run, region_add_uefi(&map, descriptors, sizeof descriptors, STRIDE));
    CHECK_READ(run, {0, 0x1000, REGION_RECLAIMABLE}, {0x1000, 0xa0000, REGION_USABLE},
               {0x100000, 0x800000, REGION_USABLE}, {0x800000, 0x808000, REGION_RESERVED},
               {0x900000, 0xc10000, REGION_RECLAIMABLE}, {0xd00000, 0xd10000, REGION_RESERVED},
               {0xe00000, 0xe10000, REGION_RESERVED}, {0xf00000, 0xf10000, REGION_RESERVED},
               {0x1000000, 0x1010000, REGION_RESERVED}, {0x1100000, 0x1110000, REGION_RESERVED},
               {0x1200000, 0x1210000, REGION_RESERVED}, {0x1300000, 0x1310000, REGION_RESERVED},
               {0xffc00000, 0x100000000, REGION_RESERVED});
    region_reclaim(&map);
    CHECK_EQUAL(run, map.entries[0].end, 0xa0000);
}

static void uefi_descriptors_have_the_stride_of_the_firmware(struct suite_run *run)
{
    static const unsigned char two[] = {DESCRIPTOR(7, 0x1000, 0x1, 0x8),
                                        DESCRIPTOR(7, 0x3000, 0x1, 0x8)};
    static const unsigned char endless[] = {DESCRIPTOR(7, 0x1000, 0xffffffffffff0, 0x8),
                                            DESCRIPTOR(0, 0x1000, 0x10000000000000, 0x8)};

    open_map();
    CHECK(run, !region_add_uefi(&map, two, sizeof two, 39));
    CHECK_EQUAL(run, map.count, 0);
    CHECK(run, region_add_uefi(&map, two, sizeof two - 1, STRIDE));
    CHECK_READ(run, {0x1000, 0x2000, REGION_USABLE});
    CHECK(run, region_add_uefi(&map, endless, STRIDE, 40));
    CHECK_EQUAL(run, map.cut, 0);
    CHECK(run, region_add_uefi(&map, endless, sizeof endless, STRIDE));
    CHECK_EQUAL(run, map.cut, 1);
    CHECK_EQUAL(run, map.entries[map.count - 1].end, UINT64_MAX);
}

static const struct suite_case cases[] = {
    SUITE_CASE(e820_entries_are_of_20_or_of_24_bytes),
    SUITE_CASE(multiboot1_entries_tell_their_size),
    SUITE_CASE(a_multiboot1_map_that_contradicts_itself_is_found_out),
    SUITE_CASE(multiboot2_has_the_map_and_the_modules),
    SUITE_CASE(multiboot2_information_that_contradicts_itself_is_found_out),
    SUITE_CASE(limine_tells_what_is_its_own),
    SUITE_CASE(uefi_memory_that_is_in_use_is_reclaimable),
    SUITE_CASE(uefi_descriptors_have_the_stride_of_the_firmware),
};
const struct suite region_sources_suite = SUITE("region_sources", cases);
