// SPDX-License-Identifier: MIT
// The reader of region_fdt.h. Sections are the Devicetree Specification's, 0.4.
#include "region_fdt.h"

// Offsets in the header, 5.2.
enum {
    FDT_TOTAL_SIZE = 4,
    FDT_STRUCTURE = 8,
    FDT_STRINGS = 12,
    FDT_RESERVATIONS = 16,
    FDT_LAST_COMPATIBLE = 24,
    FDT_HEADER_SIZE = 40,
};
#define FDT_MAGIC 0xd00dfeed
#define FDT_VERSION 16 // that of a reader

// Tokens, 5.4.1.
enum { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROPERTY = 3, FDT_NOP = 4, FDT_END = 9 };

// Depths of nodes.
enum { FDT_ROOT = 1, FDT_CHILD = 2, FDT_GRANDCHILD = 3 };

// Where the reading stands, and what it knows of the node that it is in. All positions are offsets
// in the tree.
struct fdt_reader {
    struct region_map *map;
    const unsigned char *tree;
    uint64_t size;                      // of the tree
    uint64_t strings;                   // the names of properties
    uint64_t at;                        // the next token
    uint32_t depth;                     // of the node; 0: before or behind the root
    uint32_t address_cells, size_cells; // of the root
    bool in_reserved_memory;
    bool is_memory, is_off;
    uint64_t reg, reg_size; // no bytes: none
};

// A big-endian number of 32 bits: all of the tree are such.
static uint32_t fdt_read(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t fdt_read_cells(const unsigned char *at, uint32_t cells)
{
    uint64_t value = 0;

    for (; cells > 0; cells--, at += 4)
        value = value << 32 | fdt_read(at);
    return value;
}

// Whether [at, at + size) lies in the tree.
static bool fdt_has(const struct fdt_reader *reader, uint64_t at, uint64_t size)
{
    return at <= reader->size && size <= reader->size - at;
}

// Whether the string there is `text`.
static bool fdt_is(const struct fdt_reader *reader, uint64_t at, const char *text)
{
    for (; fdt_has(reader, at, 1) && reader->tree[at] == (unsigned char)*text; at++, text++)
        if (*text == '\0')
            return true;
    return false;
}

static uint64_t fdt_token_from(uint64_t at)
{
    return (at + 3) & ~UINT64_C(3);
}

// Adds what a `reg` property lists. (2.3.6)
static void fdt_add_reg(struct fdt_reader *reader, uint32_t kind)
{
    const unsigned char *at = reader->tree + reader->reg;
    uint32_t cells = reader->address_cells + reader->size_cells;

    for (uint64_t left = reader->reg_size / 4; left >= cells; left -= cells, at += 4 * cells)
        region_add(reader->map, fdt_read_cells(at, reader->address_cells),
                   fdt_read_cells(at + 4 * reader->address_cells, reader->size_cells), kind);
}

// All properties of a node have been read, which stand before its children.
static void fdt_close_properties(struct fdt_reader *reader)
{
    if (!reader->is_off && reader->depth == FDT_CHILD && reader->is_memory)
        fdt_add_reg(reader, REGION_USABLE);
    if (!reader->is_off && reader->depth == FDT_GRANDCHILD && reader->in_reserved_memory)
        fdt_add_reg(reader, REGION_RESERVED);
    reader->is_memory = false;
    reader->is_off = false;
    reader->reg_size = 0;
}

static void fdt_begin_node(struct fdt_reader *reader)
{
    fdt_close_properties(reader);
    reader->depth++;
    if (reader->depth == FDT_CHILD)
        reader->in_reserved_memory = fdt_is(reader, reader->at, "reserved-memory");
    while (fdt_has(reader, reader->at, 1) && reader->tree[reader->at] != '\0')
        reader->at++;
    reader->at = fdt_token_from(reader->at + 1);
}

static bool fdt_end_node(struct fdt_reader *reader)
{
    fdt_close_properties(reader);
    return reader->depth-- > 0;
}

// A number of cells that serves addresses of memory: 1 or 2.
static bool fdt_read_cell_count(const struct fdt_reader *reader, uint64_t at, uint64_t size,
                                uint32_t *cells)
{
    *cells = size == 4 ? fdt_read(reader->tree + at) : 0;
    return *cells == 1 || *cells == 2;
}

static bool fdt_property(struct fdt_reader *reader)
{
    if (!fdt_has(reader, reader->at, 8))
        return false;
    uint64_t size = fdt_read(reader->tree + reader->at);
    uint64_t name = reader->strings + fdt_read(reader->tree + reader->at + 4);
    uint64_t value = reader->at + 8;
    if (!fdt_has(reader, value, size))
        return false;
    reader->at = fdt_token_from(value + size);
    if (reader->depth == FDT_ROOT && fdt_is(reader, name, "#address-cells"))
        return fdt_read_cell_count(reader, value, size, &reader->address_cells);
    if (reader->depth == FDT_ROOT && fdt_is(reader, name, "#size-cells"))
        return fdt_read_cell_count(reader, value, size, &reader->size_cells);
    if (fdt_is(reader, name, "device_type")) {
        reader->is_memory = fdt_is(reader, value, "memory");
    } else if (fdt_is(reader, name, "status")) {
        reader->is_off = !fdt_is(reader, value, "okay") && !fdt_is(reader, value, "ok");
    } else if (fdt_is(reader, name, "reg")) {
        reader->reg = value;
        reader->reg_size = size;
    }
    return true;
}

static bool fdt_read_nodes(struct fdt_reader *reader)
{
    bool is_sound = true;

    while (is_sound && fdt_has(reader, reader->at, 4)) {
        uint32_t token = fdt_read(reader->tree + reader->at);
        reader->at += 4;
        switch (token) {
        case FDT_BEGIN_NODE:
            fdt_begin_node(reader);
            break;
        case FDT_END_NODE:
            is_sound = fdt_end_node(reader);
            break;
        case FDT_PROPERTY:
            is_sound = fdt_property(reader);
            break;
        case FDT_NOP:
            break;
        default:
            return token == FDT_END && reader->depth == 0;
        }
    }
    return false;
}

// The memory reservation block, 5.3.
static bool fdt_read_reservations(struct fdt_reader *reader)
{
    for (uint64_t at = fdt_read(reader->tree + FDT_RESERVATIONS); fdt_has(reader, at, 16);
         at += 16) {
        uint64_t start = fdt_read_cells(reader->tree + at, 2);
        uint64_t size = fdt_read_cells(reader->tree + at + 8, 2);
        if (start == 0 && size == 0)
            return true;
        region_add(reader->map, start, size, REGION_RESERVED);
    }
    return false;
}

uint32_t region_fdt_size(const void *tree)
{
    return fdt_read(tree) == FDT_MAGIC ? fdt_read((const unsigned char *)tree + FDT_TOTAL_SIZE) : 0;
}

bool region_add_fdt(struct region_map *map, const void *tree, size_t size)
{
    if (size < FDT_HEADER_SIZE)
        return false;
    struct fdt_reader reader = {
        .map = map,
        .tree = tree,
        .size = region_fdt_size(tree),
        .address_cells = 2, // of a root that does not say (2.3.5)
        .size_cells = 1,
    };
    if (reader.size < FDT_HEADER_SIZE || reader.size > size ||
        fdt_read(reader.tree + FDT_LAST_COMPATIBLE) > FDT_VERSION)
        return false;
    reader.strings = fdt_read(reader.tree + FDT_STRINGS);
    reader.at = fdt_read(reader.tree + FDT_STRUCTURE);
    return fdt_read_reservations(&reader) && fdt_read_nodes(&reader);
}
