# SPDX-License-Identifier: MIT
"""How well-known kernels say that they give up: a table of the words with which each of them panics.

A pattern is looked for at the beginning of a line or behind a prefix, such as a time stamp, a log level, the
name of a processor or the prompt of a shell. judge.py makes the verdict `panic` of a line that has one. A kernel is added by
adding a row.
"""

import re
from typing import NamedTuple


class Panic(NamedTuple):
    kernel: str
    words: str  # a regular expression
    example: str
    ends_report: bool = False  # it also ends a run of tests that has gone well
    may_go_on: bool = False  # it may be followed by a healthy boot, and counts where none follows


PANICS = (
    Panic(
        "this repository's", r"trap: [a-z -]+ \(vector \d+",
        "trap: page fault (vector 14, error code 0x2) on processor 0",
    ),
    # Without a root file system, or with an empty one, a kernel that was built for its tests ends so.
    Panic(
        "Linux", r"Kernel panic - not syncing: VFS: Unable to mount root fs",
        "[    0.06] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)", ends_report=True,
    ),
    Panic(
        "Linux", r"Kernel panic - not syncing: No working init found",
        "[    1.14] Kernel panic - not syncing: No working init found.  Try passing init= option to kernel.", ends_report=True,
    ),
    Panic(
        "Linux", r"Kernel panic - not syncing",
        "<0>[    1.20][    T1] Kernel panic - not syncing: Attempted to kill init!",
    ),
    Panic("Linux", r"(?:Internal error: )?Oops(?: - |: | \[#)", "[    1.5] Oops: 0002 [#1] PREEMPT SMP"),
    Panic("Linux", r"[Kk]ernel BUG (?:at |\[#)", "[    1.5] kernel BUG at mm/slub.c:4000!"),
    Panic("Linux", r"Internal error: .{,80}\[#\d", "[    1.5] Internal error: undefined instruction: 0 [#1] ARM"),
    Panic("Linux", r"BUG: kernel NULL pointer ", "[    1.5] BUG: kernel NULL pointer dereference, address: 0000000000000000"),
    Panic("Linux", r"(?:BUG: )?[Uu]nable to handle (?:kernel|page fault) ", "Unable to handle kernel paging request at 10"),
    Panic("Linux", r"[a-z][\w ,-]{,80}: [0-9a-f]{4} \[#\d", "[    1.5] invalid opcode: 0000 [#1] PREEMPT SMP"),
    Panic("xv6, the BSDs, Plan 9", r"panic: ", "cpu0: panic: acquire"),
    Panic(
        "seL4", r"seL4 called fail at ",
        "seL4 called fail at /kernel/src/kernel/boot.c:10 in function init, saying \"no\"",
    ),
    Panic("seL4", r"seL4 failed assertion ", "seL4 failed assertion 'cap' at /kernel/src/object/cnode.c:8"),
    Panic("seL4", r"= KERNEL EXCEPTION =", "========== KERNEL EXCEPTION =========="),
    Panic("seL4", r"KERNEL (?:DATA ABORT|PREFETCH ABORT|UNDEFINED INSTRUCTION)!", "KERNEL DATA ABORT!"),
    Panic(
        "Zephyr", r">>> ZEPHYR FATAL ERROR ",
        "[00:00:00.010,000] <err> os: >>> ZEPHYR FATAL ERROR 0: CPU exception on CPU 0",
    ),
    Panic("Zephyr", r"\*{5} .{,40}FAULT \*{5}", "E: ***** BUS FAULT *****"),
    Panic("Zephyr", r"ASSERTION FAIL \[", "ASSERTION FAIL [ptr != NULL] @ WEST_TOPDIR/zephyr/kernel/sem.c:10"),
    Panic("FreeBSD", r"Fatal (?:double fault|trap \d+: |data abort)", "Fatal trap 12: page fault while in kernel mode"),
    Panic("NetBSD", r"fatal [a-z ]+ in supervisor mode", "fatal page fault in supervisor mode"),
    Panic("OpenBSD", r"kernel: [a-z ]+ trap, code=", "kernel: page fault trap, code=0"),
    Panic("illumos", r"panic\[cpu\d+\]/thread=", "panic[cpu0]/thread=fffffffffbc2f260: assertion failed"),
    Panic("Darwin", r"panic\(cpu \d+ caller ", "panic(cpu 0 caller 0xffffff8000123456): Kernel trap at 0xffffff80"),
    Panic("Redox", r"KERNEL PANIC: ", "KERNEL PANIC: panicked at src/main.rs:3"),
    Panic("SerenityOS", r"ASSERTION FAILED: ", "[#0 init(1:1)]: ASSERTION FAILED: m_lock.is_locked()"),
    Panic("SerenityOS", r"KERNEL PANIC! ", "[#0 init(1:1)]: KERNEL PANIC! :^("),
    Panic(
        "Fuchsia", r"(?:ZIRCON )?KERNEL PANIC \(|ASSERT FAILED at \(",
        "[00004.123] 00000:00000> ZIRCON KERNEL PANIC (caller pc: 0xffffffff00102030)",
    ),
    Panic("Haiku, Limine, barebox", r"PANIC: ", "PANIC: vm_page_fault: unhandled page fault in kernel space"),
    Panic("Haiku", r"Welcome to Kernel Debugging Land", "Welcome to Kernel Debugging Land..."),
    Panic("GNU Mach", r"panic \{cpu\d+\} ", "panic {cpu0} ../kern/bootstrap.c:100: main: no task"),
    Panic("HelenOS", r"Kernel panic \(", "######>Kernel panic (CPU0) due to internal error"),
    Panic("MINIX", r"kernel panic: ", "kernel panic: cannot map the boot image"),
    Panic(
        "NuttX", r"(?:up|_)_?assert: Assertion failed|dump_assert_info: ",
        "up_assert: Assertion failed at file:init/nx_start.c line: 1",
    ),
    Panic("RTEMS", r"\*{3} FATAL \*{3}|fatal source: ", "*** FATAL ***"),
    Panic("RIOT", r"\*{3} RIOT kernel panic", "*** RIOT kernel panic:"),
    Panic("Tock", r"Kernel panic at ", "Kernel panic at boards/src/main.rs:10:"),
    Panic(
        "Unikraft", r"CRIT: .{,80}(?:Assertion failure|Unhandled [Tt]rap)",
        "[    0.1] CRIT: [libukboot] Assertion failure: rc == 0",
    ),
    Panic("FreeRTOS", r"ASSERT! Line \d+, file |vAssertCalled ?\(", "ASSERT! Line 812, file tasks.c"),
    Panic("FreeRTOS", r"\*ERROR\*{3} A stack overflow in task ", "***ERROR*** A stack overflow in task main has been detected."),
    Panic("ESP-IDF", r"Guru Meditation Error: ", "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)"),
    Panic("ESP-IDF", r"abort\(\) was called at PC |assert failed: \S+ \S+:\d+ \(", "assert failed: app_main main.c:12 (next)"),
    Panic("Mbed OS", r"\+\+ MbedOS (?:Error Info|Fault Handler) \+\+", "++ MbedOS Error Info ++"),
    Panic("RT-Thread", r"\(.{1,200}\) assertion failed at function:", "(next != RT_NULL) assertion failed at function:init"),
    Panic("QNX", r"Shutdown\[\d+,\d+\] S/C/F=", "Shutdown[0,0] S/C/F=11/1/11 C/D=fe03c3a2/fe0d2c60"),
    Panic("OSv", r"page fault outside application, addr: ", "page fault outside application, addr: 0x0000000000000008"),
    Panic("Solo5", r"[Ss]olo5: (?:trap: type=|ABORT: )", "Solo5: trap: type=#PF ec=0x0 rip=0x1000"),
    Panic("newlib", r'assertion ".{1,200}" failed: file ', 'assertion "next" failed: file "heap.c", line 12, function: grow'),
    Panic("ReactOS", r"\*{3} (?:Fatal System Error|STOP): ", "*** STOP: 0x0000007B"),
    Panic("Xen", r"Panic on CPU \d+:", "(XEN) Panic on CPU 0:"),
    Panic("OpenSBI", r"sbi_trap_error: ", "sbi_trap_error: hart0: trap handler failed (error -2)"),
    Panic("Trusted Firmware-A", r"PANIC (?:at PC|in EL3)|Unhandled .{1,40} in EL3", "PANIC in EL3."),
    Panic("Trusted Firmware-A", r"BL\d\w*: Failed to load image ", "ERROR:   BL1: Failed to load image id 1 (-2)"),
    Panic("EDK II", r"ASSERT(?:_EFI_ERROR)? (?:\[\w+\] )?\S+\(\d+\): ", "ASSERT [DxeCore] /edk2/String.c(166): String != NULL"),
    Panic("EDK II", r"(?:Synchronous|SError) Exception at 0x", "Synchronous Exception at 0x000000013F5A1234"),
    Panic("U-Boot", r'"(?:Synchronous Abort|Error)" handler', '"Synchronous Abort" handler, esr 0x96000004'),
    Panic("U-Boot", r"Unhandled exception: |### ERROR ### Please RESET", "### ERROR ### Please RESET the board ###"),
    Panic("U-Boot", r"SPL: failed to boot from all boot devices", "SPL: failed to boot from all boot devices"),
    Panic("coreboot", r"Unexpected Exception \d+ @ ", "Unexpected Exception 13 @ 10:00e5f8a3 - Halting"),
    Panic(
        "GRUB", r"error: (?:\S+:\d+:)?(?:you need to load the kernel|no multiboot2? header)",
        "error: you need to load the kernel first.",
    ),
    # Also said of a module, a font or a disk that is looked for, without harm.
    Panic(
        "GRUB", r"error: (?:\S+:\d+:)?(?:file `.{1,200}' not found|no such device)",
        "error: file `/boot/kernel.elf' not found.", may_go_on=True,
    ),
    Panic("GRUB", r"Entering rescue mode\.\.\.|(?:alloc|free) magic is broken at ", "Entering rescue mode..."),
    Panic("systemd-boot", r"Failed to execute .{1,80} \(.{1,200}\): ", r"Failed to execute Linux (\vmlinuz): Not Found"),
    # Any kernel in Rust that prints its PanicInfo, and the words of much that is written by examples.
    Panic(
        "Rust", r"(?:\[?(?:panic|PANIC)\]?:? )?(?:thread .{1,80} )?panicked at |Uncaught panic:",
        "thread 'main' panicked at src/main.rs:3:5:",
    ),
    Panic("others", r"EXCEPTION: (?:DOUBLE|PAGE|GENERAL PROTECTION) FAULT", "EXCEPTION: DOUBLE FAULT"),
    Panic("others", r"(?:--+ ?)?(?i:kernel panic) ?(?:[!:*-]|$)", "--- KERNEL PANIC ---"),
    Panic("others", r"(?:PANIC|Panic)(?:[!:]| at | ?\*|$)|panic!$|\[ ?PANIC ?\]", "[PANIC] out of memory"),
)

# A test of Rust's libtest, in a thread of its own that has the test's name. How it ends, libtest says later.
_TEST = re.compile(r".*\bthread '\w+(?:::\w+)+'(?: \(\d+\))? panicked at ")

# At the beginning of a line, or behind what ends a prefix: a colon, a bracket, the `$` of a shell.
_BEFORE = r"(?:.*[^\w\s,;.'\"(-]\s*|\s*)"
_PATTERNS = [(re.compile(_BEFORE + f"(?:{panic.words})"), panic) for panic in PANICS]
# Any line of them has one of these, in small letters; most lines have none. Faster than an expression.
_HINTS = ("panic", "oops", "bug", "fault", "fatal", "trap", "abort", "assert", "fail", "error", "exception", "unable", "[#",
          "shutdown[", "stop:", "rescue", "magic is broken")


def find(line: str) -> Panic | None:
    """The panic that this line tells of."""
    small = line.lower()
    if not any(hint in small for hint in _HINTS):
        return None
    panic = next((panic for pattern, panic in _PATTERNS if pattern.match(line)), None)
    return None if panic and _TEST.match(line) else panic
