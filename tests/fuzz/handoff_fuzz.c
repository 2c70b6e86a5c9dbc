// SPDX-License-Identifier: MIT
// Fuzz target: the kernel's check of what the loader hands over. The input changes bytes of a good
// handoff and of what it points to. Where image and region lie is left as it is: no check can tell
// whether they are mapped. The region ends where its used part does, so that a byte read behind it
// is an error of the sanitizer.
#include "boot/kernel/handoff_check.h"
#include "tests/boot/efi_memory.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"

#include <string.h>

#define PAGE 4096u
#define STRIDE 48u
#define DESCRIPTORS 3u
#define IMAGE_BEFORE_REGION 0x10000u

enum offset {
    BOOT_INFO = 0x100,
    MEMORY_MAP = 0x400,
    COMMAND_LINE = 0x500,
    MODULES = 0x600,
    TOP_TABLE = 0x1000,
    USED = 0x2000,
};

static _Alignas(PAGE) unsigned char region[USED];

static void put_descriptor(size_t index, uint32_t type, uint64_t start, uint64_t end)
{
    const struct descriptor descriptor = {type, 0, start, 0, (end - start) / PAGE, WB};

    memcpy(region + MEMORY_MAP + index * STRIDE, &descriptor, sizeof descriptor);
}

static void make_good(struct handoff *handoff)
{
    const uint64_t physical = 0x40000000 + (uintptr_t)region % HANDOFF_IMAGE_ALIGN;
    const struct handoff_module modules[] = {{"initrd", 0x50000000, 5000},
                                             {"font", 0x50002000, PAGE}};

    memset(region, 0, sizeof region);
    memcpy(region + COMMAND_LINE, "run=abc", 8);
    memcpy(region + MODULES, modules, sizeof modules);
    put_descriptor(0, CONVENTIONAL, 0x80000000, 0x90000000);
    put_descriptor(1, LOADER_DATA, 0x100000, 0x80000000);
    put_descriptor(2, RESERVED, 0, 0x100000);
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
        .command_line = {COMMAND_LINE, 7},
        .modules = {MODULES, sizeof modules},
        .framebuffer = {.physical = 0x80000000, .size = 0x300000},
    };
}

// Whole numbers at places that count, and single bytes anywhere.
static void change(struct input *input, struct handoff *handoff)
{
    while (input->left >= 3) {
        uint8_t kind = input_byte(input);
        size_t place = input_byte(input);
        if (kind < 0x40) {
            uint64_t number =
                kind & 1 ? input_word(input) : (uint64_t)input_byte(input) << (kind & 14);
            memcpy((unsigned char *)handoff + place * 8 % (sizeof *handoff - 8), &number,
                   sizeof number);
        } else {
            place = (place << 8 | input_byte(input)) % sizeof region;
            region[place] = input_byte(input);
        }
    }
}

static void keep_place(struct handoff *handoff)
{
    handoff->image_virtual = (uintptr_t)region - IMAGE_BEFORE_REGION;
    handoff->image_size = IMAGE_BEFORE_REGION + sizeof region;
    handoff->region_virtual = (uintptr_t)region;
    handoff->heap.size = handoff->linked_size = sizeof region;
}

static void count_text(void *context, const char *text, size_t length)
{
    size_t *written = context;

    (void)text;
    *written += length;
}

static bool is_used(const struct handoff *handoff, struct handoff_span span)
{
    return span.offset <= handoff->heap.used && span.size <= handoff->heap.used - span.offset;
}

static void check_accepted(const struct handoff *handoff)
{
    const struct memory_map map = handoff_memory_map(handoff);
    const struct handoff_module *module;

    CHECK(handoff->magic == HANDOFF_MAGIC && handoff->size == sizeof *handoff);
    CHECK(handoff->heap.used <= sizeof region);
    CHECK(is_used(handoff, handoff->memory_map.span) && is_used(handoff, handoff->modules));
    CHECK(is_used(handoff, handoff->command_line));
    CHECK(map.stride >= MEMORY_DESCRIPTOR_SIZE && map.size > 0 && map.size % map.stride == 0);
    CHECK(strlen(handoff_command_line(handoff)) <= handoff->command_line.size);
    CHECK(memory_map_is_usable(&map, handoff->image_physical, handoff->image_size));
    CHECK(handoff->page_table_root % PAGE == 0);
    for (size_t i = 0; (module = handoff_module(handoff, i)) != NULL; i++) {
        CHECK(module->name[HANDOFF_MODULE_NAME_MAX] == '\0');
        CHECK(module->size == 0 || (module->physical % PAGE == 0 &&
                                    memory_map_is_usable(&map, module->physical, module->size)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct handoff *handoff = (struct handoff *)(void *)(region + BOOT_INFO);
    struct input input = {bytes, size};
    size_t written = 0;
    const struct writer writer = {.write = count_text, .context = &written};

    make_good(handoff);
    if (size == 0)
        CHECK(handoff_check(handoff, &writer));
    change(&input, handoff);
    keep_place(handoff);
    if (handoff_check(handoff, &writer))
        check_accepted(handoff);
    else
        CHECK(written > 0);
    return 0;
}
