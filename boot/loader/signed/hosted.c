// SPDX-License-Identifier: MIT
// The surroundings of hosted.h, and the functions of the C library that a library's hardening
// calls.
#include "boot/loader/signed/hosted.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/string.h"
#include "boot/loader/late_console.h"

// The thread's own data, where FS points. A canary that is not known beforehand.
static struct {
    unsigned char before[0x28];
    uint64_t canary;
} thread;

struct hosted hosted_begin(struct firmware *firmware)
{
    // At this level interrupts are off: UEFI 7.1.
    struct hosted before = {
        .level = firmware->system->BootServices->RaiseTPL(TPL_HIGH_LEVEL),
        .fs_base = cpu_rdmsr(MSR_IA32_FS_BASE),
    };

    thread.canary = cpu_rdtsc();
    cpu_wrmsr(MSR_IA32_FS_BASE, (uintptr_t)&thread);
    return before;
}

void hosted_end(struct firmware *firmware, struct hosted before)
{
    cpu_wrmsr(MSR_IA32_FS_BASE, before.fs_base);
    firmware->system->BootServices->RestoreTPL(before.level);
}

// ── What the library calls ──────────────────────────────────────────────────────────────────────

_Noreturn void __stack_chk_fail(void);
void *__memcpy_chk(void *to, const void *from, size_t size, size_t room);
void *__memset_chk(void *to, int byte, size_t size, size_t room);

// The memory is damaged, so not even the firmware's console is trusted.
_Noreturn void __stack_chk_fail(void)
{
    static const struct handoff_framebuffer no_screen;
    static const struct serial_port no_port;
    static struct late_console late;

    late_console_open(&late, &no_port, &no_screen);
    writer_print(&late.console.writer, "loader: stopped: the library that verifies signatures "
                                       "overran its memory; the loader halts\n");
    cpu_stop();
}

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room)
{
    if (size > room)
        __stack_chk_fail();
    return memcpy(to, from, size);
}

void *__memset_chk(void *to, int byte, size_t size, size_t room)
{
    if (size > room)
        __stack_chk_fail();
    return memset(to, byte, size);
}
