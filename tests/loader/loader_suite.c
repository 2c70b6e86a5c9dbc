// SPDX-License-Identifier: MIT
// The whole loader but its jump, on a stub of the firmware that misbehaves: an error before boot
// services have ended is a message and a status, with every page freed; what the loader leaves in
// the end is a handoff that the kernel's own check finds good.
#include "arch/x86_64/ns16550.h"
#include "arch/x86_64/paging.h"
#include "boot/kernel/handoff_check.h"
#include "boot/loader/elf_format.h"
#include "boot/loader/jump.h"
#include "boot/loader/run.h"
#include "tests/loader/stub_firmware.h"
#include "tests/loader/stub_fw_cfg.h"
#include "tests/loader/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE HANDOFF_IMAGE_BASE
#define PAGE PAGE_SIZE
#define REGION_START (BASE + 6 * PAGE)
#define REGION_SIZE (64 * PAGE)
#define SMALL_REGION (4 * PAGE)

// The loader's code: the second page of its image and a part of the third.
#define CODE_START (STUB_IMAGE_START + PAGE)
#define CODE_END (CODE_START + PAGE + 16)

// ── A kernel ────────────────────────────────────────────────────────────────────────────────────

enum { TEXT, RODATA, DATA, REGION, PROGRAMS };

// An ELF file, packed, with a hole, a guard, before its region.
struct kernel_file {
    struct elf_header header;
    struct program_header program[PROGRAMS];
    uint8_t text[PAGE + 100], rodata[50], data[200];
};

static const struct kernel_file good_kernel = {
    .header =
        {
            .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
            .e_type = ET_EXEC,
            .e_machine = EM_X86_64,
            .e_version = EV_CURRENT,
            .e_entry = BASE + 16,
            .e_phoff = offsetof(struct kernel_file, program),
            .e_ehsize = sizeof(struct elf_header),
            .e_phentsize = sizeof(struct program_header),
            .e_phnum = PROGRAMS,
        },
    .program =
        {
            [TEXT] = {PT_LOAD, PF_R | PF_X, offsetof(struct kernel_file, text), BASE, 0, PAGE + 100,
                      PAGE + 100, 1},
            [RODATA] = {PT_LOAD, PF_R, offsetof(struct kernel_file, rodata), BASE + 2 * PAGE, 0, 50,
                        50, 1},
            [DATA] = {PT_LOAD, PF_R | PF_W, offsetof(struct kernel_file, data), BASE + 3 * PAGE, 0,
                      200, PAGE + 1, 1},
            [REGION] = {PT_EARLY_HEAP, PF_R | PF_W, 0, REGION_START, HANDOFF_VERSION, 0,
                        REGION_SIZE, PAGE},
        },
    .text = {[0] = 0x11, [PAGE + 99] = 0x12},
    .rodata = {[0] = 0x22},
    .data = {[199] = 0x33},
};

// ── A run ───────────────────────────────────────────────────────────────────────────────────────

static struct kernel_file kernel;
static struct stub_firmware firmware;
static struct loader loader;
static struct serial_port named_port;
static unsigned char module_data[PAGE + 10];

// A stub of enter.S: the suites never jump.
void enter_kernel(uint64_t root, uint64_t entry, uint64_t handoff)
{
    (void)root;
    (void)entry;
    (void)handoff;
    abort();
}

// A firmware that behaves, with a kernel and a command line; the cases change what they are about.
static void start(void)
{
    static const char words[] = "run=x module=a module=sub/b";

    kernel = good_kernel;
    named_port = (struct serial_port){0};
    memset(module_data, 0x44, sizeof module_data);
    firmware = (struct stub_firmware){
        .files = {{"\\kernel.elf", &kernel, sizeof kernel},
                  {"\\cmdline.txt", words, sizeof words - 1},
                  {"\\a", module_data, sizeof module_data},
                  {"\\sub\\b", "", 0}},
    };
}

static enum loader_result result; // of the last boot

static bool boot_with(struct stub_fw_cfg *fw_cfg)
{
    EFI_SYSTEM_TABLE *system = stub_firmware_start(&firmware);

    memset(&loader, 0, sizeof loader);
    loader.tsc = 42;
    loader.named_port = named_port;
    loader.base = STUB_IMAGE_START;
    loader.code = (struct range){CODE_START, CODE_END};
    loader.data = (struct range){CODE_END, STUB_IMAGE_START + STUB_IMAGE_SIZE};
    firmware_open(&loader.firmware, stub_firmware_image(), system);
    if (fw_cfg)
        fw_cfg_open(&loader.fw_cfg, stub_fw_cfg_ports(fw_cfg));
    result = loader_run(&loader);
    return result == LOADER_DONE;
}

static bool boot(void)
{
    return boot_with(NULL);
}

// Why the run is not the end of a good boot, or NULL.
static const char *why_not_done(void)
{
    if (!firmware.has_exited)
        return "boot services have not ended";
    if (firmware.misuse)
        return firmware.misuse;
    return firmware.open_files == 0 ? NULL : "a file was left open";
}

// Why the loader did not stop as it should, or NULL.
static const char *why_not_stopped(void)
{
    if (firmware.misuse)
        return firmware.misuse;
    if (firmware.has_exited || result != LOADER_STOPPED)
        return "the loader did not stop while boot services were intact";
    if (!EFI_ERROR(loader.status))
        return "the status is no error";
    if (!firmware.has_no_console && !stub_firmware_said(&firmware, "loader: stopped: "))
        return "nothing says why";
    if (firmware.pages_out > 0)
        return "pages were not given back";
    return firmware.open_files == 0 ? NULL : "a file was left open";
}

#define CHECK_DONE(run)                                                                            \
    do {                                                                                           \
        const char *why = why_not_done();                                                          \
        CHECK_TEXT(run, why ? why : "done", "done");                                               \
    } while (0)

#define CHECK_STOPPED(run, wanted, sentence)                                                       \
    do {                                                                                           \
        const char *why = why_not_stopped();                                                       \
        CHECK_TEXT(run, why ? why : "stopped", "stopped");                                         \
        CHECK_EQUAL(run, loader.status, wanted);                                                   \
        CHECK(run, stub_firmware_said(&firmware, sentence));                                       \
    } while (0)

// What the kernel will see at a virtual address of its own.
static const unsigned char *at(uint64_t address)
{
    struct paging_lookup found = paging_lookup(&loader.paging, address);

    return found.present ? (const unsigned char *)(uintptr_t)found.to.value : NULL;
}

// The kernel's check of the handoff. It looks at virtual addresses, of which there are none here:
// so the image is said to be linked where it lies.
static bool is_good_handoff(struct suite_run *run)
{
    struct handoff *handoff = loader.handoff;

    handoff->image_virtual = handoff->image_physical;
    handoff->region_virtual = handoff->region_physical;
    return handoff_check(handoff, run->writer);
}

// ── Boots that succeed ──────────────────────────────────────────────────────────────────────────

static void the_kernel_finds_what_the_file_has(struct suite_run *run)
{
    start();
    CHECK(run, boot());
    CHECK_DONE(run);
    CHECK_EQUAL(run, loader.image.start % HANDOFF_IMAGE_ALIGN, 0);
    CHECK_EQUAL(run, at(BASE)[0], 0x11);
    CHECK_EQUAL(run, at(BASE + PAGE + 99)[0], 0x12);
    CHECK_BYTES(run, at(BASE + PAGE + 100), PAGE - 100, 0);
    CHECK_EQUAL(run, at(BASE + 2 * PAGE)[0], 0x22);
    CHECK_EQUAL(run, at(BASE + 3 * PAGE + 199)[0], 0x33);
    CHECK_BYTES(run, at(BASE + 3 * PAGE + 200), PAGE - 200, 0);
    CHECK_BYTES(run, at(BASE + 4 * PAGE), PAGE, 0);
}

static void every_page_has_its_rights_and_no_more(struct suite_run *run)
{
    start();
    CHECK(run, boot());
    const struct paging *paging = &loader.paging;
    struct paging_lookup text = paging_lookup(paging, BASE + PAGE);
    struct paging_lookup rodata = paging_lookup(paging, BASE + 2 * PAGE);
    struct paging_lookup data = paging_lookup(paging, BASE + 4 * PAGE);
    struct paging_lookup region = paging_lookup(paging, REGION_START + REGION_SIZE - 1);
    CHECK(run, text.executable && !text.writable);
    CHECK(run, rodata.present && !rodata.executable && !rodata.writable);
    CHECK(run, data.writable && !data.executable);
    CHECK(run, region.writable && !region.executable && region.page_size == PAGE);
    CHECK(run, !at(BASE + 5 * PAGE) && !at(REGION_START + REGION_SIZE));
    // Through the direct map: memory writable but for the kernel's text and read-only data; devices
    // not at all.
    struct paging_lookup alias = paging_lookup(paging, HANDOFF_DIRECT_MAP + text.to.value);
    CHECK(run, alias.present && !alias.writable && !alias.executable);
    alias = paging_lookup(paging, HANDOFF_DIRECT_MAP + rodata.to.value);
    CHECK(run, alias.present && !alias.writable && !alias.executable);
    alias = paging_lookup(paging, HANDOFF_DIRECT_MAP + region.to.value);
    CHECK(run, alias.writable && !alias.executable);
    CHECK(run, !at(HANDOFF_DIRECT_MAP + UINT64_C(0xfec00000)));
}

static bool maps_itself(uint64_t address, bool writable, bool executable)
{
    struct paging_lookup found = paging_lookup(&loader.paging, address);

    return found.present && found.to.value == address && found.writable == writable &&
           found.executable == executable;
}

static void the_loader_and_its_screen_are_mapped_for_a_first_fault(struct suite_run *run)
{
    start();
    CHECK(run, boot());
    CHECK(run, maps_itself(CODE_START, false, true) && maps_itself(CODE_END - 1, false, true));
    CHECK(run, maps_itself(STUB_IMAGE_START + 3 * PAGE, true, false));
    CHECK(run, maps_itself(STUB_IMAGE_START + STUB_IMAGE_SIZE - 1, true, false));
    CHECK(run, !at(CODE_START - 1) && !at(STUB_IMAGE_START + STUB_IMAGE_SIZE));
    CHECK_EQUAL(run, loader.late_screen.size, 704 * 480 * 4);
    CHECK(run, maps_itself(loader.late_screen.physical, true, false));
    CHECK(run, maps_itself(loader.late_screen.physical + loader.late_screen.size - 1, true, false));
    start();
    firmware.has_no_screen = true;
    CHECK(run, boot());
    CHECK_EQUAL(run, loader.late_screen.size, 0);
}

// A page table, for a page of registers below 4 GiB beside those of the screen.
static void a_named_port_in_memory_is_mapped_too(struct suite_run *run)
{
    start();
    named_port = (struct serial_port){
        .driver = &ns16550_driver, .address = 0xfe030ff0, .width = 1, .stride = 4};
    CHECK(run, boot());
    CHECK(run, loader.named_port.driver != NULL);
    CHECK(run, maps_itself(0xfe030000, true, false) && maps_itself(0xfe031fff, true, false));
    CHECK(run, !at(0xfe02ffff) && !at(0xfe032000));
    start();
    named_port =
        (struct serial_port){.driver = &ns16550_driver, .is_at_ports = true, .address = 0x2f8};
    CHECK(run, boot());
    CHECK(run, loader.named_port.driver != NULL);
    CHECK(run, !at(0x2f8));
}

static void a_named_port_that_is_memory_or_wraps_is_none(struct suite_run *run)
{
    const uint64_t places[] = {STUB_MEMORY_START + STUB_MEMORY_SIZE - 1, STUB_MEMORY_START - 1,
                               UINT64_MAX - 8, UINT64_C(1) << 60};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        start();
        named_port = (struct serial_port){.driver = &ns16550_driver, .address = places[i]};
        CHECK(run, boot());
        CHECK(run, !loader.named_port.driver);
    }
}

static void the_handoff_is_good(struct suite_run *run)
{
    start();
    CHECK(run, boot());
    CHECK(run, is_good_handoff(run));
    CHECK_TEXT(run, handoff_command_line(loader.handoff), "run=x module=a module=sub/b");
    CHECK_EQUAL(run, loader.handoff->acpi_rsdp, 0x4000);
    CHECK_EQUAL(run, loader.handoff->acpi_rsdp_1, 0x2000);
    CHECK_EQUAL(run, loader.handoff->smbios, 0x3000);
    CHECK_EQUAL(run, loader.handoff->framebuffer.pixels_per_line, 704);
    CHECK_EQUAL(run, loader.handoff->framebuffer.size, 704 * 480 * 4);
    CHECK_EQUAL(run, loader.handoff->failure.count, 0);
    CHECK_EQUAL(run, loader.handoff->linked_size, REGION_SIZE);
    CHECK_EQUAL(run, loader.handoff->loader_tsc, 42);
    CHECK(run, loader.handoff->heap_requested > sizeof(struct handoff));
    CHECK(run, loader.handoff->heap_requested <= loader.handoff->heap.used);
}

static void modules_are_handed_over(struct suite_run *run)
{
    start();
    CHECK(run, boot());
    CHECK(run, is_good_handoff(run));
    const struct handoff_module *a = handoff_module(loader.handoff, 0);
    const struct handoff_module *b = handoff_module(loader.handoff, 1);
    CHECK_TEXT(run, a->name, "a");
    CHECK_EQUAL(run, a->size, sizeof module_data);
    CHECK_BYTES(run, (void *)(uintptr_t)a->physical, sizeof module_data, 0x44);
    CHECK_BYTES(run, (void *)(uintptr_t)(a->physical + sizeof module_data),
                2 * PAGE - sizeof module_data, 0);
    CHECK_TEXT(run, b->name, "sub/b");
    CHECK_EQUAL(run, b->size, 0);
    CHECK(run, !handoff_module(loader.handoff, 2));
}

// Image and region with what their alignment leaves over, the first module, tables of the jump, the
// kernel's file: the firmware's memory map calls all of it loader data, which is free afterwards.
#define PAGES_OF_FILE ((sizeof kernel + PAGE - 1) / PAGE)
#define PAGES_OF_JUMP (3 + 3) // of the loader's image, of the screen
#define PAGES_OF_A_BOOT                                                                            \
    (6 + 64 + HANDOFF_IMAGE_ALIGN / PAGE - 1 + 2 + PAGES_OF_JUMP + PAGES_OF_FILE)

static void what_stays_allocated_is_image_files_and_jump(struct suite_run *run)
{
    start();
    CHECK(run, boot());
    CHECK_EQUAL(run, firmware.pages_out, PAGES_OF_A_BOOT);
}

// What a boot asks of the firmware is what it cannot do without: nothing is given back, as that
// costs more than all the rest, nothing is asked twice, and each line of text is one call.
static void a_boot_asks_the_firmware_for_little(struct suite_run *run)
{
    start();
    firmware.files[1].data = "run=x";
    firmware.files[1].size = 5;
    CHECK(run, boot());
    CHECK_EQUAL(run, firmware.allocations, 3); // file, image and region, tables of the jump
    CHECK_EQUAL(run, firmware.frees, 0);
    CHECK_EQUAL(run, firmware.lookups, 3); // itself, its volume, the screen
    CHECK_EQUAL(run, firmware.opened, 3);  // root directory, command line, kernel
    CHECK_EQUAL(run, firmware.reads, 2);
    CHECK_EQUAL(run, firmware.looks, 3); // how large the map is, to map it, at the end
    CHECK_EQUAL(run, firmware.lines, 3); // where the image is, the kernel; it has no checksums
}

static void what_alignment_leaves_over_goes_with_the_rest(struct suite_run *run)
{
    struct firmware_pages pages[32];
    size_t taken = 0;

    start();
    firmware_open(&loader.firmware, stub_firmware_image(), stub_firmware_start(&firmware));
    for (size_t i = 0; i < 32; i++) {
        uint64_t align = PAGE << i % 4;
        CHECK_EQUAL(run, firmware_allocate(&loader.firmware, i % 5 * PAGE + 1, align, &pages[i]),
                    0);
        CHECK_EQUAL(run, pages[i].start % align, 0);
        taken += i % 5 + 1 + align / PAGE - 1;
        CHECK_EQUAL(run, pages[i].pages, i % 5 + 1);
        CHECK_EQUAL(run, pages[i].before + pages[i].behind, align / PAGE - 1);
        CHECK_EQUAL(run, firmware.pages_out, taken);
    }
    for (size_t i = 0; i < 32; i++)
        firmware_free(&loader.firmware, &pages[i]);
    CHECK_EQUAL(run, firmware.pages_out, 0);
    CHECK(run, !firmware.misuse);
}

static void old_tables_and_no_screen_will_do(struct suite_run *run)
{
    start();
    firmware.has_old_tables = true;
    firmware.has_no_screen = true;
    CHECK(run, boot());
    CHECK(run, is_good_handoff(run));
    CHECK_EQUAL(run, loader.handoff->acpi_rsdp, 0x2000);
    CHECK_EQUAL(run, loader.handoff->acpi_rsdp_1, 0);
    CHECK_EQUAL(run, loader.handoff->smbios, 0x1000);
    CHECK_EQUAL(run, loader.handoff->framebuffer.size, 0);
    start();
    firmware.screen_format = PixelBltOnly;
    CHECK(run, boot());
    CHECK_EQUAL(run, loader.handoff->framebuffer.size, 0);
}

static void a_screen_that_is_memory_is_found_among_others(struct suite_run *run)
{
    start();
    firmware.has_second_screen = true;
    CHECK(run, boot());
    CHECK_EQUAL(run, loader.handoff->framebuffer.physical, 0xe0000000); // the console's
    start();
    firmware.has_second_screen = true;
    firmware.screen_format = PixelBltOnly;
    CHECK(run, boot());
    CHECK_EQUAL(run, loader.handoff->framebuffer.physical, 0xd0000000);
    CHECK_EQUAL(run, loader.late_screen.physical, 0xd0000000);
    start();
    firmware.screen_has_16_bits = true;
    CHECK(run, boot());
    CHECK_EQUAL(run, loader.handoff->framebuffer.size, 0);
}

static void of_a_framebuffer_only_what_is_shown_is_told(struct suite_run *run)
{
    start();
    firmware.screen_size = UINT64_C(1) << 37;
    CHECK(run, boot());
    CHECK_EQUAL(run, loader.handoff->framebuffer.size, 704 * 480 * 4);
}

static void a_screen_whose_numbers_do_not_agree_gives_way_to_another(struct suite_run *run)
{
    start();
    firmware.screen_size = 4096;
    firmware.has_second_screen = true;
    CHECK(run, boot());
    CHECK_EQUAL(run, loader.handoff->framebuffer.physical, 0xd0000000);
    CHECK(run, stub_firmware_said(&firmware, "loader: screen: of the graphics outputs one that is "
                                             "not the console's"));
    start();
    firmware.screen_size = 4096; // the kernel says what is wrong with it
    CHECK(run, boot());
    CHECK_EQUAL(run, loader.handoff->framebuffer.size, 4096);
}

static void a_framebuffer_in_memory_is_left_out(struct suite_run *run)
{
    start();
    firmware.screen_start = STUB_MEMORY_START + STUB_MEMORY_SIZE - PAGE;
    CHECK(run, boot());
    CHECK_DONE(run);
    CHECK_EQUAL(run, loader.handoff->framebuffer.size, 0);
    CHECK_EQUAL(run, loader.late_screen.size, 0);
    CHECK(run, stub_firmware_said(&firmware, "loader: screen: the framebuffer at 0x20fff000, "
                                             "1351680 bytes, is left out: the memory map has "
                                             "memory there"));
}

static void the_colours_of_a_pixel_are_told_whatever_its_format(struct suite_run *run)
{
    static const struct {
        EFI_GRAPHICS_PIXEL_FORMAT format;
        uint32_t red, green, blue, reserved;
    } rows[] = {
        {PixelRedGreenBlueReserved8BitPerColor, 0xff, 0xff00, 0xff0000, 0xff000000},
        {PixelBlueGreenRedReserved8BitPerColor, 0xff0000, 0xff00, 0xff, 0xff000000},
        {PixelBitMask, 0x3ff00000, 0xffc00, 0x3ff, 0xc0000000},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        firmware.screen_format = rows[i].format;
        CHECK(run, boot());
        CHECK_EQUAL(run, loader.handoff->framebuffer.format, rows[i].format);
        CHECK_EQUAL(run, loader.handoff->framebuffer.red_mask, rows[i].red);
        CHECK_EQUAL(run, loader.handoff->framebuffer.green_mask, rows[i].green);
        CHECK_EQUAL(run, loader.handoff->framebuffer.blue_mask, rows[i].blue);
        CHECK_EQUAL(run, loader.handoff->framebuffer.reserved_mask, rows[i].reserved);
    }
}

static void without_a_console_it_boots_and_stops_in_silence(struct suite_run *run)
{
    start();
    firmware.has_no_console = true;
    CHECK(run, boot());
    CHECK_DONE(run);
    start();
    firmware.has_no_console = true;
    firmware.failing_allocation = 1;
    CHECK(run, !boot());
    CHECK(run, !why_not_stopped());
}

// ── The memory map ──────────────────────────────────────────────────────────────────────────────

static void descriptors_may_have_any_size(struct suite_run *run)
{
    static const size_t strides[] = {40, 48, 64, 136};

    for (size_t i = 0; i < sizeof strides / sizeof strides[0]; i++) {
        start();
        firmware.stride = strides[i];
        CHECK(run, boot());
        CHECK_DONE(run);
        CHECK_EQUAL(run, loader.handoff->memory_map.descriptor_size, strides[i]);
        CHECK(run, is_good_handoff(run));
    }
}

static void descriptors_that_are_too_small_are_rejected(struct suite_run *run)
{
    start();
    firmware.stride = 32;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_INCOMPATIBLE_VERSION,
                  "is not known: it is not made of descriptors of 40 bytes or more");
}

static void a_map_that_grows_finds_room(struct suite_run *run)
{
    start();
    firmware.growth = 8;
    firmware.stride = 1024; // so large that rounding to pages alone leaves room for few
    CHECK(run, boot());
    CHECK_DONE(run);
    CHECK(run, is_good_handoff(run));
}

static void a_map_that_outgrows_its_room_is_rejected(struct suite_run *run)
{
    start();
    firmware.growth = 100;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_BUFFER_TOO_SMALL, "the firmware's memory map cannot be read");
    start();
    firmware.growth = 50; // large enough at the first look, not at the last
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_BUFFER_TOO_SMALL, "the final memory map cannot be read to a buffer of ");
}

static void a_map_that_is_not_made_of_descriptors_is_rejected(struct suite_run *run)
{
    start();
    firmware.extra_map_bytes = 1;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_INCOMPATIBLE_VERSION, "the firmware's memory map cannot be read");
}

// Beyond the direct map lies the image, and then the end of the address space.
static void memory_beyond_the_direct_map_is_left_out(struct suite_run *run)
{
    static const uint64_t far[] = {HANDOFF_IMAGE_BASE - HANDOFF_DIRECT_MAP, UINT64_C(1) << 47,
                                   UINT64_C(1) << 51};

    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        start();
        firmware.far_memory = far[i];
        CHECK(run, boot());
        CHECK_DONE(run);
        CHECK(run, stub_firmware_said(&firmware, "loader: 4 KiB of memory are left out: the map "
                                                 "has them beyond 0x"));
    }
    start();
    firmware.far_memory = handoff_memory_end() - PAGE;
    CHECK(run, boot());
    CHECK_DONE(run);
    CHECK(run, !stub_firmware_said(&firmware, "left out"));
    CHECK(run, paging_lookup(&loader.paging, HANDOFF_DIRECT_MAP + firmware.far_memory).present);
}

// ── The exit ────────────────────────────────────────────────────────────────────────────────────

static void a_stale_key_is_fetched_anew(struct suite_run *run)
{
    for (unsigned stale = 1; stale < 8; stale++) {
        start();
        firmware.stale_keys = stale;
        CHECK(run, boot());
        CHECK_DONE(run);
        CHECK_EQUAL(run, firmware.exits, stale + 1);
        CHECK(run, is_good_handoff(run));
    }
}

// Boot services may be partly shut down then: nothing of them is called again, not even to free
// memory.
static void a_key_that_stays_stale_ends_the_tries(struct suite_run *run)
{
    start();
    firmware.stale_keys = UINT32_MAX;
    CHECK(run, !boot());
    CHECK_EQUAL(run, result, LOADER_EXIT_FAILED);
    CHECK_EQUAL(run, loader.status, EFI_INVALID_PARAMETER);
    CHECK_EQUAL(run, firmware.exits, 8);
    CHECK(run, !firmware.misuse);
    CHECK_EQUAL(run, firmware.pages_out, PAGES_OF_A_BOOT);
}

static void another_error_of_the_exit_ends_the_tries(struct suite_run *run)
{
    start();
    firmware.exit_fails = true;
    CHECK(run, !boot());
    CHECK_EQUAL(run, result, LOADER_EXIT_FAILED);
    CHECK_EQUAL(run, loader.status, EFI_DEVICE_ERROR);
    CHECK_EQUAL(run, firmware.exits, 1);
    CHECK(run, !firmware.misuse);
}

static void a_map_that_outgrows_its_room_at_the_exit_ends_the_tries(struct suite_run *run)
{
    start();
    firmware.growth = 9;
    firmware.stale_keys = UINT32_MAX;
    CHECK(run, !boot());
    CHECK_EQUAL(run, result, LOADER_EXIT_FAILED);
    CHECK(run, !firmware.misuse);
}

// ── Allocations that fail ───────────────────────────────────────────────────────────────────────

// Lets each allocation in turn fail, until a boot has fewer. Each must boot or stop as it should.
static void fail_each_allocation(struct suite_run *run, const char *words, uint64_t region_size)
{
    for (unsigned number = 1;; number++) {
        start();
        kernel.program[REGION].p_memsz = region_size;
        firmware.files[1].data = words;
        firmware.files[1].size = strlen(words);
        firmware.has_random_numbers = true;
        firmware.failing_allocation = number;
        bool done = boot();
        const char *why = done ? why_not_done() : why_not_stopped();
        if (why)
            writer_print(run->writer, "    # with allocation %u failing:\n", number);
        CHECK_TEXT(run, why ? why : "fine", "fine");
        CHECK(run, done || stub_firmware_said(&firmware, "(Out of Resources)"));
        if (firmware.allocations < number) {
            CHECK(run, done && number > 3);
            return;
        }
    }
}

static void every_failed_allocation_has_a_message(struct suite_run *run)
{
    fail_each_allocation(run, "module=a module=sub/b", REGION_SIZE);
}

static void so_it_has_with_kaslr(struct suite_run *run)
{
    fail_each_allocation(run, "seed=random module=a", REGION_SIZE);
}

static void so_it_has_in_a_measuring_run(struct suite_run *run)
{
    fail_each_allocation(run, "module=a", SMALL_REGION);
}

static void a_region_that_is_too_small_is_measured(struct suite_run *run)
{
    start();
    kernel.program[REGION].p_memsz = SMALL_REGION;
    CHECK(run, boot());
    CHECK_DONE(run);
    CHECK(run, stub_firmware_said(&firmware, "only to measure what this boot needs"));
    CHECK(run, is_good_handoff(run));
    const struct handoff_failure *failure = &loader.handoff->failure;
    CHECK(run, failure->count > 0 && failure->caller != 0);
    CHECK(run, failure->used + failure->available <= SMALL_REGION);
    CHECK_EQUAL(run, failure->available + failure->shortfall, failure->size);
    uint64_t held = failure->others + failure->padding;
    for (size_t i = 0; i < HANDOFF_HOLDERS; i++)
        held += failure->holders[i].size;
    CHECK_EQUAL(run, held, failure->used);
    CHECK_TEXT(run, failure->holders[0].name, "page tables");
    CHECK_EQUAL(run, loader.handoff->linked_size, SMALL_REGION);
    CHECK(run, loader.handoff->heap.size > SMALL_REGION);
}

static void each_allocation_from_the_early_heap_fails_on_purpose(struct suite_run *run)
{
    char words[64];
    bool has_failed = true;
    unsigned number;

    for (number = 1; has_failed && number < 100; number++) {
        (void)snprintf(words, sizeof words, "module=a loader-fail=%u", number);
        start();
        firmware.files[1].data = words;
        firmware.files[1].size = strlen(words);
        CHECK(run, boot());
        CHECK_DONE(run);
        CHECK(run, is_good_handoff(run));
        has_failed = loader.handoff->failure.count > 0;
        CHECK_EQUAL(run, loader.handoff->heap.size > loader.handoff->linked_size, has_failed);
        CHECK_EQUAL(run, stub_firmware_said(&firmware, "an allocation was failed on purpose"),
                    has_failed);
    }
    CHECK(run, !has_failed && number > 8);
}

static void a_region_larger_than_memory_has_a_message(struct suite_run *run)
{
    start();
    kernel.program[REGION].p_memsz = 2 * STUB_MEMORY_SIZE;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_OUT_OF_RESOURCES, "link with a smaller EARLY_HEAP (now 32768 KiB)");
}

static void memory_that_the_firmware_does_not_give_is_not_said_to_be_small(struct suite_run *run)
{
    start();
    firmware.failing_allocation = 3; // of the image
    CHECK(run, !boot());
    CHECK_STOPPED(
        run, EFI_OUT_OF_RESOURCES,
        "in one piece, which the firmware does not give, although its memory map has them");
}

static void pages_at_the_end_of_the_address_space_are_rejected(struct suite_run *run)
{
    start();
    firmware.pages_wrap = true;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_DEVICE_ERROR, " bytes, could not be read (Device Error)");
}

static void low_memory_is_left_to_the_kernel(struct suite_run *run)
{
    start();
    firmware.low_memory_only = true;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_OUT_OF_RESOURCES, " bytes: give the machine more (Out of Resources)");
}

// ── KASLR ───────────────────────────────────────────────────────────────────────────────────────

static uint64_t place_with(const char *words)
{
    start();
    firmware.has_random_numbers = true;
    firmware.files[1].data = words;
    firmware.files[1].size = strlen(words);
    return boot() && !why_not_done() ? loader.image.start : 0;
}

static void a_seed_fixes_the_place(struct suite_run *run)
{
    bool seen[STUB_MEMORY_SIZE / HANDOFF_IMAGE_ALIGN] = {false};
    size_t count = 0;
    static const char *const seeds[] = {"seed=1", "seed=2", "seed=3", "seed=4",
                                        "seed=5", "seed=6", "seed=7", "seed=8"};

    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        uint64_t place = place_with(seeds[i]);
        CHECK(run, place >= STUB_MEMORY_START && place % HANDOFF_IMAGE_ALIGN == 0);
        CHECK_EQUAL(run, place_with(seeds[i]), place);
        CHECK(run, is_good_handoff(run));
        seen[(place - STUB_MEMORY_START) / HANDOFF_IMAGE_ALIGN] = true;
    }
    for (size_t i = 0; i < sizeof seen; i++)
        count += seen[i];
    CHECK(run, count > 2);
}

static void a_place_that_is_taken_is_drawn_again(struct suite_run *run)
{
    start();
    firmware.files[1].data = "seed=1";
    firmware.files[1].size = 6;
    firmware.failing_allocation = 3; // after the file and the map
    CHECK(run, boot());
    CHECK_DONE(run);
    CHECK_EQUAL(run, loader.image.start % HANDOFF_IMAGE_ALIGN, 0);
}

static void a_random_seed_comes_from_the_firmware(struct suite_run *run)
{
    CHECK_EQUAL(run, place_with("seed=random"), place_with("seed=0x0707070707070707"));
}

static void without_random_numbers_there_is_no_random_seed(struct suite_run *run)
{
    start();
    firmware.files[1].data = "seed=random";
    firmware.files[1].size = 11;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_UNSUPPORTED, "give seed=NUMBER");
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────

static void short_reads_are_continued(struct suite_run *run)
{
    start();
    firmware.read_most = 7;
    CHECK(run, boot());
    CHECK_DONE(run);
    CHECK_EQUAL(run, at(BASE + PAGE + 99)[0], 0x12);
    CHECK(run, is_good_handoff(run));
}

static void a_read_that_gives_too_much_has_a_message(struct suite_run *run)
{
    start();
    firmware.reads_too_much = true;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_DEVICE_ERROR, "cmdline.txt, 27 bytes, could not be read (Device Error)");
}

static void a_file_that_ends_early_is_rejected(struct suite_run *run)
{
    start();
    firmware.file_ends_at = 1000;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_END_OF_FILE, "kernel.elf, ");
}

static void a_volume_that_cannot_be_read_has_a_message(struct suite_run *run)
{
    start();
    firmware.reads_fail = true;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_DEVICE_ERROR, "cmdline.txt, 27 bytes, could not be read (Device Error)");
}

static void a_missing_kernel_has_a_message(struct suite_run *run)
{
    start();
    firmware.files[0].path = "\\other.elf";
    CHECK(run, !boot());
    CHECK_STOPPED(
        run, EFI_NOT_FOUND,
        "no kernel.elf: it is not in the root directory of the volume that the loader was "
        "started from; put it there (Not Found)");
    start();
    firmware.has_no_volume = true;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_NO_MEDIA, "the loader was not started from a volume with a file system");
}

static void a_missing_module_has_a_message(struct suite_run *run)
{
    start();
    firmware.files[3].path = NULL;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_NOT_FOUND, "no sub/b: ");
}

static void a_file_that_is_too_long_is_rejected(struct suite_run *run)
{
    start();
    firmware.files[1].size = HANDOFF_COMMAND_LINE_MAX + 1;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_BAD_BUFFER_SIZE, "cmdline.txt has 4096 bytes, at most 4095 are read");
    start();
    firmware.files[0].size = UINT64_MAX;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_BAD_BUFFER_SIZE, "kernel.elf has 18446744073709551615 bytes");
}

static void a_damaged_kernel_is_rejected(struct suite_run *run)
{
    start();
    kernel.header.e_machine = 3;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_LOAD_ERROR, "the kernel file is for machine 3, 62 (x86-64) is needed");
}

static void a_kernel_of_another_version_is_rejected(struct suite_run *run)
{
    start();
    kernel.program[REGION].p_paddr = HANDOFF_VERSION + 1;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_LOAD_ERROR, "the kernel keeps version 6 of the handoff");
}

// ── The command line ────────────────────────────────────────────────────────────────────────────

static void load_options_come_before_the_file(struct suite_run *run)
{
    start();
    firmware.options = u"\\loader.efi module=a";
    firmware.options_size = sizeof(u"\\loader.efi module=a");
    CHECK(run, boot());
    CHECK(run, is_good_handoff(run));
    CHECK_TEXT(run, handoff_command_line(loader.handoff), "module=a");
}

static void options_that_are_no_text_are_named(struct suite_run *run)
{
    start();
    firmware.options = "\1\0\2\0"; // in UCS-2, no characters of a text
    firmware.options_size = 4;
    CHECK(run, boot());
    CHECK(run, stub_firmware_said(&firmware, "the load options, 4 bytes, are not text"));
    CHECK_EQUAL(run, loader.handoff->modules.size, 2 * sizeof(struct handoff_module));
}

static void options_that_are_too_long_are_rejected(struct suite_run *run)
{
    static CHAR16 options[HANDOFF_COMMAND_LINE_MAX + 1];

    for (size_t i = 0; i <= HANDOFF_COMMAND_LINE_MAX; i++)
        options[i] = 'x';
    start();
    firmware.options = options;
    firmware.options_size = sizeof options;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_BAD_BUFFER_SIZE,
                  "the load options have 8192 bytes, and more than the 4095 characters");
}

static void a_bad_word_is_rejected(struct suite_run *run)
{
    start();
    firmware.files[1].data = "seed=later";
    firmware.files[1].size = 10;
    CHECK(run, !boot());
    CHECK_STOPPED(run, EFI_INVALID_PARAMETER, "\"seed=later\" in the command line: give a number");
}

// ── fw_cfg ──────────────────────────────────────────────────────────────────────────────────────

static struct stub_fw_cfg device;

static void start_without_volume(void)
{
    start();
    firmware.has_no_volume = true;
    device = (struct stub_fw_cfg){
        .files = {{"opt/early-boot/kernel.elf", &kernel, sizeof kernel},
                  {"opt/early-boot/cmdline.txt", "module=a", 8},
                  {"opt/early-boot/a", module_data, sizeof module_data}},
    };
}

static void fw_cfg_needs_no_volume(struct suite_run *run)
{
    start_without_volume();
    CHECK(run, boot_with(&device));
    CHECK_DONE(run);
    CHECK(run, is_good_handoff(run));
    CHECK_EQUAL(run, at(BASE + PAGE + 99)[0], 0x12);
    CHECK_BYTES(run, (void *)(uintptr_t)handoff_module(loader.handoff, 0)->physical,
                sizeof module_data, 0x44);
}

static void what_fw_cfg_has_not_the_volume_may_have(struct suite_run *run)
{
    start_without_volume();
    firmware.has_no_volume = false;
    device.files[0].name = "opt/other";
    CHECK(run, boot_with(&device));
    CHECK(run, is_good_handoff(run));
    CHECK_TEXT(run, handoff_command_line(loader.handoff), "module=a");
    CHECK(run, stub_firmware_said(&firmware, "loader: a, 4106 bytes, from fw_cfg"));
    CHECK(run, !stub_firmware_said(&firmware, "loader: kernel.elf, "));
}

static void a_file_of_fw_cfg_that_is_too_long_is_rejected(struct suite_run *run)
{
    start_without_volume();
    device.files[1].size = HANDOFF_COMMAND_LINE_MAX + 1;
    CHECK(run, !boot_with(&device));
    CHECK_STOPPED(run, EFI_BAD_BUFFER_SIZE, "cmdline.txt has 4096 bytes, at most 4095 are read");
    CHECK_EQUAL(run, firmware.allocations, 0);
}

static void a_device_that_fails_has_a_message(struct suite_run *run)
{
    // The directory is read for each file: some failures hide a file, the others spoil one.
    for (unsigned number = 1; number <= 12; number++) {
        start_without_volume();
        device.failing_transfer = number;
        bool done = boot_with(&device);
        const char *why = done ? why_not_done() : why_not_stopped();
        CHECK_TEXT(run, why ? why : "fine", "fine");
        CHECK(run, done || loader.status == EFI_DEVICE_ERROR || loader.status == EFI_NO_MEDIA);
    }
    start_without_volume();
    device.never_answers = true;
    CHECK(run, !boot_with(&device));
    CHECK_STOPPED(run, EFI_NO_MEDIA, "give QEMU -fw_cfg name=opt/early-boot/kernel.elf,file=...");
}

static const struct suite_case cases[] = {
    SUITE_CASE(the_kernel_finds_what_the_file_has),
    SUITE_CASE(every_page_has_its_rights_and_no_more),
    SUITE_CASE(the_loader_and_its_screen_are_mapped_for_a_first_fault),
    SUITE_CASE(a_named_port_in_memory_is_mapped_too),
    SUITE_CASE(a_named_port_that_is_memory_or_wraps_is_none),
    SUITE_CASE(the_handoff_is_good),
    SUITE_CASE(modules_are_handed_over),
    SUITE_CASE(what_stays_allocated_is_image_files_and_jump),
    SUITE_CASE(a_boot_asks_the_firmware_for_little),
    SUITE_CASE(what_alignment_leaves_over_goes_with_the_rest),
    SUITE_CASE(old_tables_and_no_screen_will_do),
    SUITE_CASE(a_screen_that_is_memory_is_found_among_others),
    SUITE_CASE(of_a_framebuffer_only_what_is_shown_is_told),
    SUITE_CASE(a_screen_whose_numbers_do_not_agree_gives_way_to_another),
    SUITE_CASE(a_framebuffer_in_memory_is_left_out),
    SUITE_CASE(the_colours_of_a_pixel_are_told_whatever_its_format),
    SUITE_CASE(without_a_console_it_boots_and_stops_in_silence),
    SUITE_CASE(descriptors_may_have_any_size),
    SUITE_CASE(descriptors_that_are_too_small_are_rejected),
    SUITE_CASE(a_map_that_grows_finds_room),
    SUITE_CASE(a_map_that_outgrows_its_room_is_rejected),
    SUITE_CASE(a_map_that_is_not_made_of_descriptors_is_rejected),
    SUITE_CASE(memory_beyond_the_direct_map_is_left_out),
    SUITE_CASE(a_stale_key_is_fetched_anew),
    SUITE_CASE(a_key_that_stays_stale_ends_the_tries),
    SUITE_CASE(another_error_of_the_exit_ends_the_tries),
    SUITE_CASE(a_map_that_outgrows_its_room_at_the_exit_ends_the_tries),
    SUITE_CASE(every_failed_allocation_has_a_message),
    SUITE_CASE(so_it_has_with_kaslr),
    SUITE_CASE(so_it_has_in_a_measuring_run),
    SUITE_CASE(a_region_that_is_too_small_is_measured),
    SUITE_CASE(each_allocation_from_the_early_heap_fails_on_purpose),
    SUITE_CASE(a_region_larger_than_memory_has_a_message),
    SUITE_CASE(memory_that_the_firmware_does_not_give_is_not_said_to_be_small),
    SUITE_CASE(pages_at_the_end_of_the_address_space_are_rejected),
    SUITE_CASE(low_memory_is_left_to_the_kernel),
    SUITE_CASE(a_seed_fixes_the_place),
    SUITE_CASE(a_place_that_is_taken_is_drawn_again),
    SUITE_CASE(a_random_seed_comes_from_the_firmware),
    SUITE_CASE(without_random_numbers_there_is_no_random_seed),
    SUITE_CASE(short_reads_are_continued),
    SUITE_CASE(a_read_that_gives_too_much_has_a_message),
    SUITE_CASE(a_file_that_ends_early_is_rejected),
    SUITE_CASE(a_volume_that_cannot_be_read_has_a_message),
    SUITE_CASE(a_missing_kernel_has_a_message),
    SUITE_CASE(a_missing_module_has_a_message),
    SUITE_CASE(a_file_that_is_too_long_is_rejected),
    SUITE_CASE(a_damaged_kernel_is_rejected),
    SUITE_CASE(a_kernel_of_another_version_is_rejected),
    SUITE_CASE(load_options_come_before_the_file),
    SUITE_CASE(options_that_are_no_text_are_named),
    SUITE_CASE(options_that_are_too_long_are_rejected),
    SUITE_CASE(a_bad_word_is_rejected),
    SUITE_CASE(fw_cfg_needs_no_volume),
    SUITE_CASE(what_fw_cfg_has_not_the_volume_may_have),
    SUITE_CASE(a_file_of_fw_cfg_that_is_too_long_is_rejected),
    SUITE_CASE(a_device_that_fails_has_a_message),
};
const struct suite loader_suite = SUITE("loader", cases);
