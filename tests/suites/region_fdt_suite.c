// SPDX-License-Identifier: MIT
// What kmem/region_fdt.h promises, on trees that are built here as the Devicetree Specification 0.4
// lays them out (section 5). tests/embed/test_region.py reads the trees of real machines.
#include "tests/suites/region_map.h"

#include "kmem/region_fdt.h"

// Header, memory reservation block, structure, strings, in this order. (5.1)
enum {
    MAGIC = 0,
    TOTAL_SIZE = 4,
    STRUCTURE = 8,
    STRINGS = 12,
    RESERVATIONS = 16,
    VERSION = 20,
    LAST_COMPATIBLE = 24,
    HEADER_SIZE = 40,
};
enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

static struct region entries[16];
static struct region_map map;
static unsigned char tree[1024];
static size_t size; // written so far

static void put_at(size_t at, uint32_t number)
{
    for (size_t i = 0; i < 4; i++)
        tree[at + i] = (unsigned char)(number >> (24 - 8 * i));
}

static void put(uint32_t number)
{
    put_at(size, number);
    size += 4;
}

static void put_wide(uint64_t number)
{
    put((uint32_t)(number >> 32));
    put((uint32_t)number);
}

static void put_text(const char *text)
{
    do
        tree[size++] = (unsigned char)*text;
    while (*text++ != '\0');
    while (size % 4 != 0)
        tree[size++] = 0;
}

// The names of properties, one after the other; offsets into them.
static const char names[] = "#address-cells\0#size-cells\0device_type\0status\0reg\0compatible";
enum {
    ADDRESS_CELLS = 0,
    SIZE_CELLS = 15,
    DEVICE_TYPE = 27,
    STATUS = 39,
    REG = 46,
    COMPATIBLE = 50
};

static void begin_tree(void)
{
    size = HEADER_SIZE;
    put_at(MAGIC, 0xd00dfeed);
    put_at(RESERVATIONS, HEADER_SIZE);
    put_at(VERSION, 17);
    put_at(LAST_COMPATIBLE, 16);
}

static void begin_structure(void)
{
    put_wide(0); // the end of the reservations
    put_wide(0);
    put_at(STRUCTURE, (uint32_t)size);
}

static void begin_node(const char *name)
{
    put(BEGIN_NODE);
    put_text(name);
}

static void end_node(void)
{
    put(END_NODE);
}

static void number(uint32_t name, uint32_t value)
{
    put(PROPERTY);
    put(4);
    put(name);
    put(value);
}

static void text(uint32_t name, const char *value)
{
    uint32_t length = 0;

    while (value[length] != '\0')
        length++;
    put(PROPERTY);
    put(length + 1);
    put(name);
    put_text(value);
}

static void reg(uint64_t start, uint64_t length)
{
    put(PROPERTY);
    put(16);
    put(REG);
    put_wide(start);
    put_wide(length);
}

static void end_tree(void)
{
    put(END);
    put_at(STRINGS, (uint32_t)size);
    for (size_t i = 0; i < sizeof names; i++)
        tree[size++] = (unsigned char)names[i];
    put_at(TOTAL_SIZE, (uint32_t)size);
}

static bool add_tree(size_t most)
{
    region_init(&map, entries, sizeof entries / sizeof entries[0]);
    return region_add_fdt(&map, tree, most);
}

// Like that of a board with two banks of memory: 64-bit cells.
static void build_board(void)
{
    begin_tree();
    put_wide(0x88000000); // the reservation of a tree that has been loaded there
    put_wide(0x4000);
    begin_structure();
    begin_node("");
    number(ADDRESS_CELLS, 2);
    number(SIZE_CELLS, 2);
    text(COMPATIBLE, "a,board");
    begin_node("memory@80000000");
    put(NOP);
    text(DEVICE_TYPE, "memory");
    put(PROPERTY);
    put(32);
    put(REG);
    put_wide(0x80000000);
    put_wide(0x40000000);
    put_wide(0x880000000);
    put_wide(0x80000000);
    end_node();
    begin_node("memory@900000000");
    text(DEVICE_TYPE, "memory");
    text(STATUS, "disabled");
    reg(0x900000000, 0x1000);
    end_node();
    begin_node("reserved-memory");
    number(ADDRESS_CELLS, 2);
    number(SIZE_CELLS, 2);
    begin_node("monitor@80000000");
    reg(0x80000000, 0x80000);
    begin_node("a-child");
    reg(0x90000000, 0x1000); // no reservation of its own
    end_node();
    end_node();
    begin_node("off@a0000000");
    text(STATUS, "disabled");
    reg(0xa0000000, 0x1000);
    end_node();
    begin_node("pool"); // wherever the kernel likes
    text(STATUS, "ok");
    end_node();
    end_node();
    begin_node("soc");
    begin_node("uart@10000000");
    text(DEVICE_TYPE, "serial");
    reg(0x10000000, 0x100);
    end_node();
    end_node();
    end_node();
    end_tree();
}

static void memory_nodes_are_usable_without_the_reservations(struct suite_run *run)
{
    build_board();
    CHECK_EQUAL(run, region_fdt_size(tree), size);
    CHECK(run, add_tree(size));
    CHECK_ENTRIES(
        run, &map, {0x80000000, 0x80080000, REGION_RESERVED},
        {0x80080000, 0x88000000, REGION_USABLE}, {0x88000000, 0x88004000, REGION_RESERVED},
        {0x88004000, 0xc0000000, REGION_USABLE}, {0x880000000, 0x900000000, REGION_USABLE});
}

// A root that says nothing has addresses of two cells and sizes of one. (2.3.5)
static void cells_are_those_of_the_root(struct suite_run *run)
{
    begin_tree();
    begin_structure();
    begin_node("");
    begin_node("memory");
    text(DEVICE_TYPE, "memory");
    text(STATUS, "okay");
    number(ADDRESS_CELLS, 7); // of its children
    number(SIZE_CELLS, 7);
    put(PROPERTY);
    put(16);
    put(REG);
    put_wide(0x100001000);
    put(0x2000);
    put(0x3000); // a part of another
    end_node();
    end_node();
    end_tree();
    CHECK(run, add_tree(size));
    CHECK_ENTRIES(run, &map, {0x100001000, 0x100003000, REGION_USABLE});

    begin_tree();
    put_wide(0); // a reservation that is no end
    put_wide(0x800);
    begin_structure();
    begin_node("");
    number(ADDRESS_CELLS, 1);
    number(SIZE_CELLS, 1);
    begin_node("memory");
    text(DEVICE_TYPE, "memory");
    put(PROPERTY);
    put(16);
    put(REG);
    put(0x1000);
    put(0x1000);
    put(0xfffff000);
    put(0x1000);
    end_node();
    end_node();
    end_tree();
    CHECK(run, add_tree(sizeof tree));
    CHECK_ENTRIES(run, &map, {0, 0x800, REGION_RESERVED}, {0x1000, 0x2000, REGION_USABLE},
                  {0xfffff000, 0x100000000, REGION_USABLE});
}

// Whether the sound tree is found out with one number changed.
static bool is_found_out(size_t at, uint32_t value)
{
    build_board();
    put_at(at, value);
    return !add_tree(size);
}

static void a_header_that_contradicts_itself_is_found_out(struct suite_run *run)
{
    build_board();
    CHECK(run, !add_tree(0));
    CHECK(run, !add_tree(HEADER_SIZE - 1));
    CHECK(run, !add_tree(size - 1));
    CHECK(run, is_found_out(MAGIC, 0xedfe0dd0));
    CHECK_EQUAL(run, region_fdt_size(tree), 0);
    CHECK(run, is_found_out(TOTAL_SIZE, HEADER_SIZE - 1));
    CHECK(run, is_found_out(TOTAL_SIZE, HEADER_SIZE));
    CHECK(run, is_found_out(LAST_COMPATIBLE, 17));
    CHECK(run, is_found_out(RESERVATIONS, (uint32_t)size - 15));
    CHECK(run, is_found_out(RESERVATIONS, UINT32_MAX));
    CHECK(run, is_found_out(STRUCTURE, (uint32_t)size - 3));
    CHECK(run, is_found_out(STRUCTURE, UINT32_MAX));
    CHECK(run, !is_found_out(VERSION, 99));
    CHECK(run, !is_found_out(STRINGS, UINT32_MAX)); // no property has a name that is known
    CHECK_EQUAL(run, map.count, 1);
}

// Of a structure that begins here.
static void begin_broken(void)
{
    begin_tree();
    begin_structure();
    begin_node("");
}

static void a_structure_that_contradicts_itself_is_found_out(struct suite_run *run)
{
    begin_broken();
    end_tree(); // within the root
    CHECK(run, !add_tree(size));
    begin_broken();
    end_node();
    end_node();
    end_tree();
    CHECK(run, !add_tree(size));
    begin_broken();
    put(7); // no token
    end_tree();
    CHECK(run, !add_tree(size));
    begin_broken();
    put_at(TOTAL_SIZE, (uint32_t)size - 4); // ends in a name
    CHECK(run, !add_tree(size));
    begin_broken();
    put(PROPERTY);
    put_wide(0);
    put_at(TOTAL_SIZE, (uint32_t)size - 1); // ends in a property
    CHECK(run, !add_tree(size));
    begin_broken();
    put(PROPERTY);
    put(100);
    put(REG);
    end_tree();
    put_at(STRINGS, 0);
    put_at(TOTAL_SIZE, (uint32_t)size - (uint32_t)sizeof names);
    CHECK(run, !add_tree(size)); // ends in a value
}

static void cells_that_fit_no_address_are_found_out(struct suite_run *run)
{
    static const uint32_t names_of_cells[] = {ADDRESS_CELLS, SIZE_CELLS};

    for (size_t i = 0; i < 2; i++) {
        for (uint32_t cells = 0; cells <= 3; cells++) {
            begin_broken();
            number(names_of_cells[i], cells);
            end_node();
            end_tree();
            CHECK(run, add_tree(size) == (cells == 1 || cells == 2));
        }
        begin_broken();
        text(names_of_cells[i], "1");
        end_node();
        end_tree();
        CHECK(run, !add_tree(size));
    }
}

static const struct suite_case cases[] = {
    SUITE_CASE(memory_nodes_are_usable_without_the_reservations),
    SUITE_CASE(cells_are_those_of_the_root),
    SUITE_CASE(a_header_that_contradicts_itself_is_found_out),
    SUITE_CASE(a_structure_that_contradicts_itself_is_found_out),
    SUITE_CASE(cells_that_fit_no_address_are_found_out),
};
const struct suite region_fdt_suite = SUITE("region_fdt", cases);
