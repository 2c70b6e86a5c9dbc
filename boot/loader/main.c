// SPDX-License-Identifier: MIT
// The loader: a UEFI application that reads a kernel, puts it where memory is free, opens the early
// heap in the region that the kernel reserves, leaves there everything the kernel needs, and jumps.
// boot/handoff.h is its contract, loader_run() its story; here is what only a real processor can
// do, at its two ends.
//
// Until boot services have ended, whatever goes wrong is a sentence on the firmware's console and
// a status returned to the firmware, with its memory given back. Afterwards it is a sentence on
// the serial line.
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/power.h"
#include "arch/x86_64/serial.h"
#include "boot/loader/loader.h"

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static bool check_processor(struct loader *loader)
{
    enum paging_status status = paging_supported();

    if (status == PAGING_OK)
        return true;
    return loader_stop(loader, EFI_UNSUPPORTED,
                       "this processor or its firmware cannot run the kernel: %s",
                       paging_status_name(status));
}

// ── What the machine has beside its firmware ────────────────────────────────────────────────────

static uint32_t read_port(void *context, uint16_t port)
{
    (void)context;
    return inl(port);
}

static void write_port(void *context, uint16_t port, uint32_t value)
{
    (void)context;
    outl(port, value);
}

static bool random_number(uint64_t *number)
{
    return cpu_rdrand(number);
}

static void look_at_machine(struct loader *loader)
{
    static const struct fw_cfg_ports ports = {read_port, write_port, NULL};
    uint32_t features = cpu_cpuid(CPUID_FEATURES, 0).ecx;

    fw_cfg_open(&loader->fw_cfg, (features & CPUID_FEATURES_ECX_HYPERVISOR) != 0 ? &ports : NULL);
    loader->random = (features & CPUID_FEATURES_ECX_RDRAND) != 0 ? random_number : NULL;
}

// ── The ends ────────────────────────────────────────────────────────────────────────────────────

static _Noreturn void die_on_serial_line(EFI_STATUS status)
{
    struct serial serial;
    const struct writer line = {serial_write, &serial};

    serial_open(&serial, SERIAL_COM1);
    writer_print(&line,
                 "loader: stopped: the firmware did not let go of the machine, and is half gone "
                 "(status 0x%llx)\n",
                 (unsigned long long)status);
    power_halt();
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
    look_at_machine(&loader);
    if (check_processor(&loader) && loader_run(&loader))
        jump(&loader);
    if (loader.firmware_half_gone)
        die_on_serial_line(loader.status);
    return loader.status;
}
