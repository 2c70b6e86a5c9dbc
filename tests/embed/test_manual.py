# SPDX-License-Identifier: MIT
"""What a user does first, with kmem/README.md alone, on five processors: the files that it names for a report, its flags,
its functions, its console and its recipe give the first allocation and the first failure report on the serial line."""

import re
import shutil
import subprocess

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
KERNEL = """
#include "kmem/fba_inline.h"
#include "kmem/report.h"

static _Alignas(4096) unsigned char early_memory[64 * 1024];
static struct fba early = FBA_INIT_ZEROED(early_memory);

extern const struct writer %s;
void watch(struct fba *early);
void console_is_there(const struct writer *serial);
void kernel_main(void);

void kernel_main(void)
{
    watch(&early);
    while (fba_alloc(&early, 1000, 8))
        ;
    console_is_there(&%s);
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


def boot(processor):
    compiler, start, address, console, settings = KERNELS[processor]
    folder = ROOT / "build" / "manual" / processor.replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "kmem").mkdir(parents=True)
    pieces = re.search(r"^\|[^|]*\| `report` \|([^|]*)\|$", MANUAL, re.MULTILINE)[1]
    for piece in ["report", *re.findall(r"`(\w+)`", pieces)]:
        for file in (ROOT / "kmem").glob(f"{piece}.[ch]"):
            shutil.copy(file, folder / "kmem")
    texts = {"kernel": KERNEL % (console, console), "keep": block_with("report_keep("), "string": block_with("void *memset("),
             "console": block_with(f"const struct writer {console} =")}
    for name, text in texts.items():
        (folder / f"{name}.c").write_text(text, encoding="utf-8")
    script = ROOT / "tests/embed" / ("cortex_m/link.ld" if address == 0 else "parts/kernel.ld")
    assert COMMON in MANUAL
    command = [compiler, *COMMON.split(), *flags_of(processor), "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-I.", "-nostdlib",
               "-static", f"-Wl,-T,{script},--build-id=none,-z,noexecstack,--defsym=LOAD_ADDRESS={address:#x}",
               *(ROOT / "tests/embed" / file for file in start), *sorted(folder.rglob("*.c")), "-o", "kernel.elf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return runner.run(machine.Machine(
        name=f"manual-{folder.name}", kernel=folder / "kernel.elf", source="qemu", passing=("^  peak: 65000$",),
        expected=("out of memory: early heap", "reason: exhausted", "missing: 464 bytes"), **settings))


@pytest.mark.parametrize("processor", [
    pytest.param(name, marks=pytest.mark.background.with_args(boot, name)) for name in KERNELS
])
def test_the_first_failure_report(processor, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
