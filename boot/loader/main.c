// SPDX-License-Identifier: MIT
// The UEFI boot loader's entry point and its two ends: what only a real processor can do before and
// after loader_run(), whose steps stand in run.c. boot/handoff.h is the contract with the kernel.
//
// Until boot services have ended, an error is a message on the firmware's console and a status that
// the firmware gets back together with its memory. Afterwards it is a message on late_console.h.
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/device_io.h"
#include "arch/x86_64/page.h"
#include "boot/direct_map.h"
#include "boot/loader/first_fault.h"
#include "boot/loader/jump.h"
#include "boot/loader/late_console.h"
#include "boot/loader/named_port.h"
#include "boot/loader/run.h"

// Of GNU-EFI's linker script and the Makefile. The firmware knows the image too, but need not tell,
// or tell the truth.
extern const unsigned char ImageBase[], _text[], _etext[], _eimage[];

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static enum loader_result check_processor(struct loader *loader)
{
    enum paging_status status = paging_supported();

    if (status == PAGING_OK)
        return LOADER_DONE;
    return loader_stop(loader, EFI_UNSUPPORTED,
                       "this processor or its firmware cannot run the kernel: %s",
                       paging_status_name(status));
}

// ── What the machine has besides its firmware ───────────────────────────────────────────────────

static bool draw_number(void *context, uint64_t *number)
{
    (void)context;
    return cpu_rdrand(number);
}

// Where the firmware has no console.
static void find_console(struct loader *loader)
{
    static const struct handoff_framebuffer no_screen;
    static const struct serial_port no_port;
    static struct late_console late;
    EFI_BOOT_SERVICES *services = loader->firmware.system->BootServices;

    if (firmware_has_console(&loader->firmware))
        return;
    EFI_TPL level = services->RaiseTPL(TPL_HIGH_LEVEL);
    late_console_open(&late, &no_port, &no_screen);
    services->RestoreTPL(level);
    loader->firmware.console = late.console.writer;
}

static void find_devices(struct loader *loader)
{
    uint32_t features = cpu_cpuid(CPUID_FEATURES, 0).ecx;

    if ((features & CPUID_FEATURES_ECX_HYPERVISOR) != 0)
        fw_cfg_open(&loader->fw_cfg, device_io_ports());
    loader->random.draw = (features & CPUID_FEATURES_ECX_RDRAND) != 0 ? draw_number : NULL;
}

// UEFI 2.3.4: all memory is mapped at its own address. What is not is no memory.
static const void *read_memory(void *context, uint64_t address, size_t size)
{
    return direct_map_has(context, address, size) ? (const void *)(uintptr_t)address : NULL;
}

// With the firmware's events held off: they may use PCI's configuration space too.
static void find_named_port(struct loader *loader)
{
    struct paging tables = {.root = physical(page_round_down(cpu_read_cr3(), PAGE_SIZE))};
    const struct acpi_memory memory = {read_memory, &tables};
    const struct firmware_tables acpi = firmware_find_tables(&loader->firmware);
    EFI_BOOT_SERVICES *services = loader->firmware.system->BootServices;
    EFI_TPL level = services->RaiseTPL(TPL_HIGH_LEVEL);

    if (!named_port_find(&loader->named_port, &acpi, &memory, device_io_ports()))
        loader->named_port.driver = NULL;
    services->RestoreTPL(level);
}

// ── The ends ────────────────────────────────────────────────────────────────────────────────────

// Boot services that have failed to end may still handle the timer's interrupts.
static _Noreturn void stop_late(const struct loader *loader)
{
    static struct late_console late;
    const struct writer *writer = &late.console.writer;

    cpu_cli();
    late_console_open(&late, &loader->named_port, &loader->late_screen);
    writer_print(writer, "loader: stopped: ExitBootServices failed (");
    firmware_print_status(writer, loader->status);
    writer_print(writer, ")%s; boot services may be partly shut down, so the loader halts\n",
                 loader->status == EFI_BUFFER_TOO_SMALL
                     ? ", and then the memory map had grown beyond the room that was made for it"
                     : "");
    cpu_stop();
}

static _Noreturn void jump(struct loader *loader)
{
    first_fault_load(loader);
    paging_enable_protections();
    enter_kernel(loader->paging.root.value, loader->elf.entry,
                 loader->elf.region_start + early_heap_offset(&loader->heap, loader->handoff));
    __builtin_unreachable();
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    static struct loader loader;

    loader.tsc = cpu_rdtsc();
    loader.base = (uintptr_t)ImageBase;
    loader.code = (struct range){(uintptr_t)_text, (uintptr_t)_etext};
    loader.data = (struct range){(uintptr_t)_etext, (uintptr_t)_eimage};
    firmware_open(&loader.firmware, image, system);
    find_console(&loader);
    find_devices(&loader);
    loader.verifier = verifier_built_in();
    enum loader_result result = check_processor(&loader);
    if (result == LOADER_DONE) {
        find_named_port(&loader);
        result = loader_run(&loader);
    }
    if (result == LOADER_DONE)
        jump(&loader);
    if (result == LOADER_EXIT_FAILED)
        stop_late(&loader);
    return loader.status;
}
