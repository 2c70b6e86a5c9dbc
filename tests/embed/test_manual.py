# SPDX-License-Identifier: MIT
"""What a user does first, with kmem/README.md alone, on five processors: the files that it has copied, its flags, its
functions, its console and its code give the first allocation and the first failure report on the serial line. And what
QEMU tells of a kernel that is wrong, and the kernel itself with the trap handlers that tests/embed has."""

import re
import shlex
import shutil
import subprocess
import time

import pytest

import machine
import runner
from c_sources import ROOT
from judge import Verdict

MANUAL = (ROOT / "kmem" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```c\n(.*?)```", MANUAL, re.DOTALL)
COMMON = "-std=c11 -ffreestanding -fno-pic -fno-stack-protector"

# The kernel that the user has: its processor's name in the manual and its compiler, the way in, where it lies, its
# console in the manual, and the machine.
KERNELS = {
    "x86-64": ("gcc", ["parts/start_x86_64.S", "x86_64_pvh/start.S"], 0x100000, "com1", {}),
    "i386": ("gcc", ["i686_multiboot/start.S"], 0x100000, "com1", {}),
    "aarch64": ("aarch64-linux-gnu-gcc", ["aarch64_virt/start.S"], 0x40200000, "virt_aarch64", {}),
    "riscv64": ("riscv64-linux-gnu-gcc", ["riscv64_bare/start.S", "parts/start_riscv64.S"], 0x80000000, "virt_riscv64",
                {"extra": ("-bios", "none")}),
    "arm v7-M": ("arm-linux-gnueabihf-gcc", ["cortex_m/start.S"], 0, "mps2", {"machine": "mps2-an385", "memory": "16M"}),
}
# Around the manual's first code: what it calls, and a second failure, which is kept.
BEFORE = "static void use(const void *task, const void *table, const void *line);\nvoid early_boot(void);\n"
BEHIND = """
void watch(struct fba *early);
void console_is_there(const struct writer *serial);
void kernel_main(void);

static void use(const void *task, const void *table, const void *line)
{
    writer_print(&com1, "%s\\n", task && table && line ? "allocated" : "not allocated");
}

void kernel_main(void)
{
    early_boot();
    watch(&early);
    while (fba_alloc(&early, 1000, 8))
        ;
    console_is_there(&com1);
    for (;;)
        ;
}
"""
# What start.S calls at an exception.
TRAPPED = """
#include "kmem/fba.h"
#include "kmem/writer.h"

extern const struct writer com1;
void trapped(uintptr_t exception, uintptr_t instruction, uintptr_t address);

void trapped(uintptr_t exception, uintptr_t instruction, uintptr_t address)
{
    writer_print(&com1, "exception %zu at 0x%zx, address 0x%zx\\n", (size_t)exception, (size_t)instruction, (size_t)address);
    for (;;)
        ;
}
"""
# An instruction that no processor has.
UNDEFINED = """
void kernel_main(void);

void kernel_main(void)
{
    __asm__ volatile("ud2");
}
"""
# A heap where there is no memory.
UNMAPPED = """
#include "kmem/fba.h"

void kernel_main(void);

void kernel_main(void)
{
    static struct fba early;

    fba_init(&early, (void *)0x%s, 4096);
    *(volatile char *)fba_alloc(&early, 1, 1) = 1; /* the fault */
    for (;;)
        ;
}
"""


def block_with(words):
    (block,) = (block for block in BLOCKS if words in block)
    return block


def flags_of(processor):
    """In the manual's table: for any compiler, and for gcc."""
    cell = re.search(rf"^\| {processor} \| ([^|]+) \|", MANUAL, re.MULTILINE)[1]
    return [flag for flags in re.findall(r"`(-[^`]+)`", cell) for flag in flags.split()]


def empty_folder(name):
    """With the pieces that the manual's command copies."""
    folder = ROOT / "build" / "manual" / name.replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "kmem").mkdir(parents=True)
    (command,) = re.findall(r"```bash\n +(cp .*?)\n", MANUAL)
    copy = command.replace("cp kmem/", f"cp {shlex.quote(str(ROOT))}/kmem/").replace("YOUR_KERNEL", shlex.quote(str(folder)))
    subprocess.run(["bash", "-c", copy], check=True)
    return folder


def built(folder, processor, left_out=()):
    """kernel.elf of the files that are there, with the manual's flags for the processor but those that are left out."""
    compiler, start, address, _, _ = KERNELS[processor]
    script = ROOT / "tests/embed" / ("cortex_m/link.ld" if address == 0 else "parts/kernel.ld")
    assert COMMON in MANUAL
    flags = [flag for flag in flags_of(processor) if flag not in left_out]
    command = [compiler, *COMMON.split(), *flags, "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-I.", "-nostdlib",
               "-static", f"-Wl,-T,{script},--build-id=none,-z,noexecstack,--defsym=LOAD_ADDRESS={address:#x}",
               *(ROOT / "tests/embed" / file for file in start), *sorted(folder.rglob("*.c")), "-o", "kernel.elf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "kernel.elf"


def kernel(name, processor, texts, left_out=()):
    """Of the texts and of what the manual has for all."""
    console = KERNELS[processor][3]
    folder = empty_folder(name)
    common = {"string": block_with("void *memset("), "console": block_with(f"const struct writer {console} ="),
              "trapped": TRAPPED}
    for file, text in {**texts, **common}.items():
        (folder / f"{file}.c").write_text(text.replace("com1", console), encoding="utf-8")
    return built(folder, processor, left_out)


MANUALS = {"kernel": f"{BEFORE}{block_with('void early_boot(')}{BEHIND}", "keep": block_with("report_keep(")}


def boot(processor):
    (shown,) = re.findall(r"```\n\n((?:    [^\n]*\n)+)", MANUAL)
    lines = [re.split("0x", line.removeprefix("    "))[0] for line in shown.splitlines()]
    return runner.run(machine.Machine(
        name=f"manual-{processor.replace(' ', '-')}", kernel=kernel(processor, processor, MANUALS), source="qemu",
        passing=("^  peak: 65192$",), expected=("allocated", *lines, "missing: 656 bytes"), **KERNELS[processor][4]))


def interrupts(image, processor, awaited):
    """What `qemu -d int` says of an image, and what that prints, once `awaited` is in either; a minute at most."""
    emulators = {"x86-64": ["x86_64"], "i386": ["i386"], "aarch64": ["aarch64", "-M", "virt", "-cpu", "cortex-a57"],
                 "riscv64": ["riscv64", "-M", "virt", "-bios", "none"], "arm v7-M": ["arm", "-M", "mps2-an385"]}
    name, *options = emulators[processor]
    log, serial = image.with_suffix(".log"), image.with_suffix(".txt")
    command = [f"qemu-system-{name}", *options, "-kernel", image, "-display", "none", "-monitor", "none", "-no-reboot",
               "-serial", f"file:{serial}", "-d", "int", "-D", log]
    said = ["", ""]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not any(re.search(awaited, text, re.MULTILINE) for text in said) and time.monotonic() < deadline:
            ended = process.poll() is not None
            said = [file.read_text(encoding="utf-8") if file.exists() else "" for file in (log, serial)]
            if ended:
                break
            time.sleep(0.05)
        process.kill()
    return said


@pytest.mark.parametrize("processor", [
    pytest.param(name, marks=pytest.mark.background.with_args(boot, name)) for name in KERNELS
])
def test_the_first_failure_report(processor, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()


def test_without_its_flags_a_kernel_is_reset_and_qemu_says_why():
    log, said = interrupts(kernel("x86-64-vectors", "x86-64", MANUALS, left_out=["-mgeneral-regs-only"]), "x86-64", "v=06")
    assert "v=06" in log  # undefined instruction
    assert "out of memory" not in said


@pytest.mark.parametrize("processor", ("x86-64", "i386"))
def test_a_pc_says_which_exception_stopped_it(processor):
    image = kernel(f"{processor}-undefined", processor, {"kernel": UNDEFINED})
    said = interrupts(image, processor, r"^exception \d+ .*$")[1]
    symbols = subprocess.run(["nm", image], capture_output=True, text=True, check=True).stdout
    address = int(re.search(r"(\w+) T kernel_main$", symbols, re.MULTILINE)[1], 16)
    assert said.startswith(f"exception 6 at 0x{address:x}, address 0x0\n")


REGISTERS = {"x86-64": "CR2", "aarch64": "FAR", "riscv64": "tval", "arm v7-M": "BFAR"}


@pytest.mark.parametrize("processor", REGISTERS)
def test_qemu_says_where_there_is_no_memory(processor):
    address = "70000000" if processor == "arm v7-M" else "700000000000"
    image = kernel(f"{processor}-unmapped", processor, {"kernel": UNMAPPED % address})
    log, said = interrupts(image, processor, rf"^exception \d+ at 0x[0-9a-f]+, address 0x{address}$")
    assert re.search(rf"{REGISTERS[processor]}[ :=]+(0x)?0*{address}\b", log), log[:2000]
    assert f"address 0x{address}\n" in said
