# SPDX-License-Identifier: MIT
"""Wrong use of kmem/ is told in words that kmem/README.md has: each row of its table, brought about and put right."""

import re
import shutil
import subprocess
from typing import NamedTuple

import pytest

from c_sources import ROOT

MANUAL = (ROOT / "kmem/README.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## When it does not work\n(.*?)^## ", MANUAL, re.MULTILINE | re.DOTALL)[1]
ROWS = re.findall(r"^\| (.*?) \|", SECTION, re.MULTILINE)[1:]  # without the heading
MEMORY_FUNCTIONS = re.search(r"```c\n(.*?)```", SECTION, re.DOTALL)[1]

GCC = ["gcc", "-std=c11", "-O2"]
FREESTANDING = ["-std=c11", "-O2", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-nostdlib", "-static", "-Wl,-e,main"]
KERNEL = ["gcc", "-no-pie", *FREESTANDING]
HIGH = [*KERNEL, "-Wl,-Ttext-segment=0xffffffff80000000"]
AARCH64 = ["aarch64-linux-gnu-gcc", "-no-pie", *FREESTANDING]
RISCV64 = ["riscv64-linux-gnu-gcc", "-mabi=lp64", "-ffreestanding", "-c"]
RISCV32 = ["clang", "--target=riscv32-unknown-elf", "-ffreestanding", "-c", "fba_shared.c"]
# A flat binary, for which the linker makes no table.
FLAT = ["i686-linux-gnu-gcc", "-no-pie", *FREESTANDING, "-Wl,--oformat,binary,--build-id=none", "-Wno-main"]
COMPILERS_HEADERS = subprocess.run(["gcc", "-print-file-name=include"], capture_output=True, text=True, check=True).stdout.strip()

BUFFER = '#include "fba_inline.h"\nstatic unsigned char memory[4096];\nstatic struct fba early = FBA_INIT_ZEROED(memory);\n'
ALLOCATES = BUFFER + "int main(void) { return !fba_alloc_zeroed(&early, 100, 8); }\n"
SCOPE = BUFFER + "int main(void) { FBA_SCOPE(&early) { } return 0; }\n"
MARK = BUFFER + "int main(void) { struct fba_mark mark; return fba_mark(&early, &mark) || fba_rewind(&early, &mark); }\n"
POINTER = '#include "fba.h"\nint main(void) { char *memory = 0; struct fba early = FBA_INIT(memory); return early.end > 0; }\n'
TYPES = "typedef unsigned short size_t;\ntypedef enum { false, true } bool;\n"
RENAMED = (
    f'{TYPES}#define size_t kmem_size_t\n#include "fba.h"\n#undef size_t\n#undef bool\n#undef true\n#undef false\n'
    "bool is_open(struct fba *fba);\nbool is_open(struct fba *fba) { return fba_status(fba) == FBA_OK ? true : false; }\n")
HART = 'long hart(void);\nlong hart(void) { long number; __asm__("csrr %0, mhartid" : "=r"(number)); return number; }\n'
SHARED = MEMORY_FUNCTIONS + '#include "fba_shared.h"\nint main(void) { return 0; }\n'


class Use(NamedTuple):
    """A program, and the command that makes something of it and of what was copied."""

    command: list[str]
    program: str = ALLOCATES
    copied: str = "*.[ch]"


# What the compiler or the linker says: (the wrong use, one for each of its first words in code; the right one).
BUILT = {
    "``undefined reference to `fba_alloc'``": (Use(GCC, ALLOCATES.replace("_zeroed", "")), Use([*GCC, "fba.c"])),
    "``undefined reference to `memset'``, `memcpy`, `memmove`": (
        Use([*KERNEL, "fba.c"]), Use([*KERNEL, "fba.c"], MEMORY_FUNCTIONS + ALLOCATES)),
    "``undefined reference to `__stack_chk_fail'``": (
        Use([*KERNEL, "fba.c", "-fstack-protector-all"], MEMORY_FUNCTIONS + ALLOCATES),
        Use([*KERNEL, "fba.c", "-fno-stack-protector"], MEMORY_FUNCTIONS + ALLOCATES)),
    "``undefined reference to `__aarch64_cas8_acq_rel'``": (
        Use([*AARCH64, "fba.c", "fba_shared.c"], SHARED),
        Use([*AARCH64, "fba.c", "fba_shared.c", "-mno-outline-atomics"], SHARED)),
    "``extension `zicsr' required``": (
        Use([*RISCV64, "-march=rv64imac"], HART), Use([*RISCV64, "-march=rv64imac_zicsr"], HART)),
    "``multiple definition of `fba_init'``": (Use([*GCC, "fba.c", "kmem.c"]), Use([*GCC, "kmem.c"])),
    "`can not be used when making a PIE object`": (
        Use([*GCC, "fba.c", "-fno-pic", "-pie"]), Use([*GCC, "fba.c", "-fno-pic", "-static", "-no-pie"])),
    "``undefined reference to `_GLOBAL_OFFSET_TABLE_'``": (
        Use([*FLAT, "fba.c", "-fpie"], MEMORY_FUNCTIONS + ALLOCATES), Use([*FLAT, "fba.c"], MEMORY_FUNCTIONS + ALLOCATES)),
    "`relocation truncated to fit`": (
        Use([*HIGH, "fba.c"], MEMORY_FUNCTIONS + ALLOCATES),
        Use([*HIGH, "fba.c", "-mcmodel=kernel"], MEMORY_FUNCTIONS + ALLOCATES)),
    "`fba.h: No such file or directory`": (Use([*GCC, "-c"], copied="fba_inline.h"), Use([*GCC, "-c"], copied="fba*.h")),
    "`stdbool.h: No such file or directory`; `no include path in which to search for stdbool.h`": (
        Use([*GCC, "-ffreestanding", "-nostdinc", "-I.", "-c"]), Use([*GCC, "-ffreestanding", "-nostdinc", "-c"]),
        Use([*GCC, "-ffreestanding", "-nostdinc", "-isystem", COMPILERS_HEADERS, "-c"])),
    "`no include path in which to search for stdint.h`; `stdint.h` or `bits/libc-header-start.h: No such file or directory`": (
        Use([*GCC, "-nostdinc", "-isystem", COMPILERS_HEADERS, "-c"]),
        Use([*GCC, "-nostdinc", "-isystem", COMPILERS_HEADERS, "-ffreestanding", "-c"])),
    "`conflicting types for`; `expected identifier before numeric constant`": (
        Use([*GCC, "-c"], f'{TYPES}#include "fba.h"\n'), Use([*GCC, "-c"], f'#include "fba.h"\n{TYPES}'),
        Use([*GCC, "-c"], RENAMED)),
    "`C++ style comments are not allowed in ISO C90`; `loop initial declarations are only allowed in C99`": (
        Use(["gcc", "-std=c90", "-c"]), Use(["gcc", "-std=gnu90", "-c", "probe.c"]), Use([*GCC, "-c", "probe.c"])),
    "`size of unnamed array is negative`; clang: `array size is negative`; C++: `fba_size_of_array_`": (
        Use([*GCC, "-c"], POINTER), Use([*GCC, "-c"])),
    "`fba_under_pragma_pack_`, or another file's": (
        Use([*GCC, "-c"], f"#pragma pack(2)\n{ALLOCATES}"),
        Use([*GCC, "-c"], f"#pragma pack(2)\n#pragma pack(push)\n#pragma pack()\n{ALLOCATES}#pragma pack(pop)\n")),
    "`FBA_SCOPE_needs_the_attribute_cleanup`": (
        Use(["tcc", "-D__builtin_unreachable()=", "-c"], SCOPE), Use(["tcc", "-D__builtin_unreachable()=", "-c"], MARK)),
    "`fba_shared needs atomic instructions`": (
        Use([*RISCV32, "-march=rv32imc"]), Use([*RISCV32, "-march=rv32imac"])),
}


def messages(row):
    """The words of a row that are code, in single or in double backticks."""
    return [words for _, words in re.findall(r"(`+)(.*?)\1(?!\w)", row)]


def made(folder, use):
    """(whether it was made, what was said)"""
    folder.mkdir()
    for file in ROOT.glob(f"kmem/{use.copied}"):
        shutil.copy(file, folder)
    subprocess.run(["/usr/bin/python3", "-B", ROOT / "kmem/amalgamate.py", folder, "fba"], check=True)
    (folder / "main.c").write_text(use.program, encoding="utf-8")
    sources = [] if use.command[0] == "clang" else ["main.c"]
    done = subprocess.run([*use.command, *sources], cwd=folder, capture_output=True, text=True)
    return done.returncode == 0, done.stderr


@pytest.mark.parametrize("row", BUILT)
def test_what_a_compiler_or_linker_says(row, tmp_path):
    *wrong, right = BUILT[row]
    for number, (use, message) in enumerate(zip(wrong, messages(row))):
        good, said = made(tmp_path / f"wrong{number}", use)
        assert not good and message in said, said
    good, said = made(tmp_path / "right", right)
    assert good, said


@pytest.mark.parametrize("flags, program, message", (
    (["-fpack-struct"], ALLOCATES, "fba_under_pragma_pack_"),
    ([], MEMORY_FUNCTIONS, "without -ffreestanding"),
))
def test_a_flag_too_many_or_too_few(flags, program, message, tmp_path):
    good, said = made(tmp_path / "wrong", Use([*GCC, *flags, "-c"], program))
    assert not good and message in said, said


@pytest.mark.parametrize("compiler, address, model", (
    ("gcc", 0x400000000000, "-mcmodel=large"),
    ("riscv64-linux-gnu-gcc", 0x80000000, "-mcmodel=medany"),
))
def test_other_code_models(compiler, address, model, tmp_path):
    command = [compiler, "-no-pie", *FREESTANDING, f"-Wl,-Ttext-segment={address:#x}", "fba.c"]
    good, said = made(tmp_path / "wrong", Use(command, MEMORY_FUNCTIONS + ALLOCATES))
    assert not good and "relocation truncated to fit" in said, said
    good, said = made(tmp_path / "right", Use([*command, model], MEMORY_FUNCTIONS + ALLOCATES))
    assert good, said


@pytest.mark.parametrize("level", ("-O0", "-O2", "-O3", "-Os"))
@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_the_memory_functions_do_not_call_themselves(compiler, level, tmp_path):
    """A loop that fills or copies is, for an optimiser, a call of the very function. Hosted, so that all are linked."""
    (tmp_path / "memory.c").write_text(MEMORY_FUNCTIONS, encoding="utf-8")
    (tmp_path / "main.c").write_text(USES_MEMORY_FUNCTIONS, encoding="utf-8")
    subprocess.run([compiler, "-std=c11", level, "-ffreestanding", "-c", "memory.c"], cwd=tmp_path, check=True)
    command = [compiler, "-std=c11", "-fno-builtin", "main.c", "memory.o", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "main"]).returncode == 0


USES_MEMORY_FUNCTIONS = """
#include <string.h>

int main(void)
{
    char text[16] = "0123456789abcde";

    memmove(text + 2, text, 8);
    if (strcmp(text, "0101234567abcde"))
        return 1;
    memmove(text, text + 2, 8);
    if (strcmp(text, "0123456767abcde"))
        return 2;
    memset(text, '-', 4);
    memcpy(text + 4, "xyz", 3);
    return strcmp(text, "----xyz767abcde") ? 3 : 0;
}
"""

# --- While it runs --------------------------------------------------------------------------------

RUNNING = """
#include "kmem/fba_account.h"
#include "kmem/probe.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned char memory[4096];
static struct fba early;

static const char *reason(void *block)
{
    return block ? "a block" : fba_status_name(fba_explain(&early).reason);
}

static void hook(struct fba *fba, void *context)
{
    (void)fba, (void)context;
    puts("called");
}

static void on_fault(int number, siginfo_t *fault, void *context)
{
    (void)number, (void)context;
    uintptr_t at = (uintptr_t)fault->si_addr;
    _exit(at >= early.base && at < early.end ? 0 : 1);
}

int main(int count, char **words)
{
    (void)words, (void)count, (void)hook;
"""
# What is done, and its output.
RAN = {
    "NULL, and `fba_explain()` says `not ready`": (
        "puts(reason(fba_alloc(&early, 1, 1)));"
        " puts(fba_status_name(fba_init(&early, NULL, 10))); puts(reason(fba_alloc(&early, 1, 1)));",
        "not ready\nbad buffer\nnot ready\n"),
    "NULL, and the hook is not called": (
        "fba_set_failure_hook(&early, hook, NULL); fba_init(&early, memory, 10); puts(reason(fba_alloc(&early, 11, 1)));"
        " fba_set_failure_hook(&early, hook, NULL); puts(reason(fba_alloc(&early, 11, 1)));",
        "too large\ncalled\ntoo large\n"),
    "NULL at the first allocation, `too large`": (
        "fba_init(&early, memory + 1, 4095); puts(reason(fba_alloc(&early, 4096, 1)));"
        ' printf("%zu\\n", fba_explain(&early).shortfall);',
        "too large\n1\n"),
    "a block, and a fault, a reset or silence at its first use": (
        "struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};"
        " sigaction(SIGSEGV, &action, NULL);"
        " fba_init(&early, mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);"
        " char *block = fba_alloc(&early, 100, 1); puts(reason(block)); fflush(stdout);"
        " if (count > 1) probe_buffer((void *)early.base, 4096, false, NULL); else *block = 1; return 1;",
        "a block\n"),
    "memory is not given back": (
        "fba_init(&early, memory, sizeof memory); char *one = fba_alloc(&early, 8, 1), *two = fba_alloc(&early, 8, 1);"
        " puts(fba_status_name(fba_free(&early, one, 8))); puts(fba_status_name(fba_free(&early, two, 9)));"
        " puts(fba_status_name(fba_free(&early, two, 8))); puts(fba_status_name(fba_free(&early, two, 8)));",
        "not last\nbad block\nok\nbad block\n"),
    "`fba_alloc_zeroed()` yields what is not zero": (
        "memset(memory, 7, sizeof memory); fba_init_zeroed(&early, memory, sizeof memory);"
        ' printf("%d\\n", *(char *)fba_alloc_zeroed(&early, 1, 1));'
        " fba_init(&early, memory, sizeof memory);"
        ' printf("%d\\n", *(char *)fba_alloc_zeroed(&early, 1, 1));'
        ' puts(probe_buffer(memory, sizeof memory, true, NULL) == PROBE_NOT_ZERO ? "dirty" : "good");',
        "7\n0\ndirty\n"),
}


@pytest.mark.parametrize("row", RAN)
def test_what_happens_while_it_runs(row, tmp_path):
    statements, output = RAN[row]
    (tmp_path / "main.c").write_text(f"{RUNNING}{statements}\n    return 0;\n}}\n", encoding="utf-8")
    command = [*GCC, "-D_DEFAULT_SOURCE", f"-I{ROOT}", "main.c", ROOT / "kmem/fba.c", ROOT / "kmem/probe.c", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    for words in ([], ["checked"]):  # where a buffer faults: at a use, or before in probe_buffer()
        done = subprocess.run([tmp_path / "main", *words], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, output)


# What test_manual.py brings about, in kernels.
BOOTED = ["a reset, or silence, at the first report or before"]


def test_the_table_has_these_rows():
    assert ROWS == [*BUILT, *BOOTED, *RAN]
