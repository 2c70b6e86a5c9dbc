// SPDX-License-Identifier: MIT
// The UEFI boot loader's entry point and its two ends: what only a real processor can do before and
// after loader_run(), whose steps stand in run.c. boot/handoff.h is the contract with the kernel.
//
// Until boot services have ended, an error is a message on the firmware's console and a status that
// the firmware gets back together with its memory. Afterwards it is a message on the serial line.
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/device_io.h"
#include "arch/x86_64/ns16550.h"
#include "boot/loader/jump.h"
#include "boot/loader/run.h"

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

static void find_devices(struct loader *loader)
{
    uint32_t features = cpu_cpuid(CPUID_FEATURES, 0).ecx;

    if ((features & CPUID_FEATURES_ECX_HYPERVISOR) != 0)
        fw_cfg_open(&loader->fw_cfg, device_io_ports());
    loader->random.draw = (features & CPUID_FEATURES_ECX_RDRAND) != 0 ? draw_number : NULL;
}

// ── The ends ────────────────────────────────────────────────────────────────────────────────────

static _Noreturn void stop_on_serial_line(EFI_STATUS status)
{
    const struct device_registers registers = ns16550_at_port(NS16550_COM1);
    struct uart uart;
    const struct writer line = {uart_write, &uart};

    uart_open(&uart, &ns16550_driver, &registers, NS16550_BAUD_MAX);
    writer_print(&line,
                 "loader: stopped: ExitBootServices failed (status 0x%llx); boot services may be "
                 "partly shut down, so the loader halts\n",
                 (unsigned long long)status);
    cpu_stop();
}

static _Noreturn void jump(struct loader *loader)
{
    paging_enable_protections();
    enter_kernel(loader->paging.root.value, loader->elf.entry,
                 loader->elf.region_start + early_heap_offset(&loader->heap, loader->handoff));
    __builtin_unreachable();
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    static struct loader loader;

    loader.tsc = cpu_rdtsc();
    firmware_open(&loader.firmware, image, system);
    find_devices(&loader);
    enum loader_result result = check_processor(&loader);
    if (result == LOADER_DONE)
        result = loader_run(&loader);
    if (result == LOADER_DONE)
        jump(&loader);
    if (result == LOADER_EXIT_FAILED)
        stop_on_serial_line(loader.status);
    return loader.status;
}
