#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions of a boot, step by step: the loader's up to ExitBootServices, the kernel's up
to the seal, what of it is the firmware's, and the shares of early heap and console.

    boot_cost.py [--memory 256M] [--processors 1] [--entries 'real N'] [--table FILE.md]

A plugin of QEMU's (counter.c) counts every instruction that the machine executes, and notes how many
there were when a step begins. Loader and kernel are those that ship: nothing in them knows that it
is counted. Under -icount the machine's time depends on its instructions alone, so that the kernel's
counts are the same each time; the firmware's, inside the loader's, vary a little with its disk.

The time of a boot is guest time, of a processor that executes an instruction each nanosecond, which
is -icount shift=0, plus what is waited for devices. Between loader and seal nothing is waited for on
a machine with one processor, so that there a million instructions are a millisecond.
"""

import argparse
import collections
import contextlib
import dataclasses
import functools
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterator

import machine
import options
import pe_file
import qemu
import qemu_command

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "build" / "bench"

# 2^4 ns of the machine's own clock for each instruction: the firmware waits for its devices, and so
# executes a sixteenth of what it would with 2^0, and what we count is the same.
SHIFT = 4
INSTRUCTIONS_PER_MS = 10**6
SECONDS = 900  # for a boot, on a host that has other work

LOADER = ROOT / "build" / "loader.efi"
LOADER_SYMBOLS = ROOT / "build" / "loader.so"  # the same addresses, with names
KERNEL = ROOT / "build" / "kernel.elf"
FAKE_MEMORY_MAP = ROOT / "build" / "bench" / "fake_memory_map.efi"

# Functions where a step begins, in the order of a boot, and what the step is called.
LOADER_STEPS = {
    "efi_main": "entry, what the machine has",
    "files_read_command_line": "command line",
    "files_read_kernel": "kernel file read",
    "elf_check": "kernel file checked",
    "files_read_modules": "modules",
    "image_place": "place for the image",
    "image_load": "image loaded",
    "boot_info_open_heap": "early heap opened",
    "boot_info_write": "boot info left",
    "boot_info_reserve_map": "room for the memory map",
    "kernel_mapping_build": "kernel and window mapped",
    "jump_map": "the jump mapped",
    "boot_info_complete": "handoff filled in",
    "exit_boot_services": "memory map and ExitBootServices",
}
# The first that runs once boot services have ended.
EXITED = "paging_enable_protections"
# The boot steps as their list has them: function and name.
BOOT_STEPS = re.findall(r'\{"([^"]+)", (step_\w+),', (ROOT / "boot" / "kernel" / "steps" / "steps.c").read_text())
KERNEL_STEPS = {
    "kernel_entry": "entry",
    "kernel_start": "start, handoff checked",
    **{function: name for name, function in BOOT_STEPS},
    "wx_check": "address space checked",
    "tour_run": "tour",
    "kernel_seal": "seal",
}
# The first that runs once the heap is sealed: it unmaps what was free.
SEALED = "paging_unmap"
AFTER_STEPS = {
    SEALED: "hand-over to the page allocator",
    "early_heap_report": "account",
}
LAST = "boot_time_print"
PARTS = {
    "loader": "from the loader's entry to the end of ExitBootServices",
    "jump": "the jump",
    "kernel": "from the kernel's first instruction to the seal",
    "after": "after the seal",
}

# Whose code is counted apart, and how the heap itself is entered.
HEAP, CONSOLE = "heap", "console"
FILES = dict.fromkeys(("fba.c", "fba_handoff.c", "fba_allocator.c", "fba_shared.c", "allocator.c", "ledger.c"), HEAP)
FILES |= dict.fromkeys(("console.c", "screen.c", "uart.c", "ns16550.c", "device_io.c", "debugcon.c", "writer.c"), CONSOLE)
# Of their public functions.
PREFIXES = {HEAP: ("fba_", "allocator_", "ledger_"), CONSOLE: ("console_", "screen_", "uart_", "debugcon_", "writer_")}
# The tables of the interface, which have the fast paths in them; and what is called without a table.
CALLS = [
    f"{file}:{name}_{operation}"
    for file, name in (("fba_allocator.c", "lower"), ("fba_shared.c", "shared"))
    for operation in ("alloc", "resize", "free_block")
]
CALLS += "fba_alloc fba_alloc_zeroed fba_scratch_alloc fba_mark fba_scratch_mark fba_keep fba_rewind".split()
# The plugin's counters.
OURS, IN_HEAP, HEAP_CALLS, CLEARED, COPIED, IN_CONSOLE = range(6)
COUNTERS = 6
COUNTER_OF = {HEAP: IN_HEAP, CONSOLE: IN_CONSOLE}

PUBLISHED = "tests/bench/boot.md"
FIRMWARE = "boot/loader/firmware.c"  # where all of the loader's calls of the firmware stand
SERVICE = re.compile(r"->([A-Z]\w+)\(")


@dataclasses.dataclass
class Step:
    part: str  # a key of PARTS
    name: str
    instructions: int
    ours: int  # of them, of loader or kernel; the rest is the firmware's
    heap: int
    heap_calls: int
    cleared: int  # bytes, by string instructions
    copied: int
    console: int  # instructions of text being formatted, sent and drawn
    firmware_calls: collections.Counter[str]  # by the service's name

    @property
    def firmware(self) -> int:
        return self.instructions - self.ours


# --- What the programs are made of ----------------------------------------------------------------


def said_by(*command: object) -> str:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


@functools.lru_cache(maxsize=None)
def functions_of(file: pathlib.Path) -> list[tuple[str, int, int, str | None]]:
    """[(name, address, bytes, HEAP, CONSOLE or None)] of the functions of a program; a local one of these two is
    FILE:NAME."""
    source, found = "", {}
    for row in map(str.split, said_by("readelf", "-sW", file).splitlines()):
        if len(row) < 8 or not row[0].rstrip(":").isdigit():
            continue
        kind, binding, name = row[3], row[4], row[7]
        if kind == "FILE":  # what is local and follows comes from there
            source = name
        elif kind == "FUNC":
            if binding == "LOCAL":
                part = FILES.get(source)
            else:
                part = next((part for part, prefixes in PREFIXES.items() if name.startswith(prefixes)), None)
            name = f"{source}:{name}" if part and binding == "LOCAL" else name
            found[name, int(row[1], 16)] = (int(row[2], 0), part)
    return [(name, address, size, part) for (name, address), (size, part) in found.items()]


@functools.lru_cache(maxsize=None)
def text_of(file: pathlib.Path) -> tuple[int, int]:
    """(start, end) of a program's code."""
    for row in said_by("readelf", "-SW", file).splitlines():
        words = row.partition("]")[2].split()
        if words[:1] == [".text"]:
            return int(words[2], 16), int(words[2], 16) + int(words[4], 16)
    raise RuntimeError(f"{file} has no .text")


def entry_of(loader: pathlib.Path) -> tuple[int, bytes]:
    """(offset in the image, its first bytes) of the loader's first instruction."""
    data = loader.read_bytes()
    application = pe_file.read(data)
    return application.entry, data[application.entry_in_file() :][:64]


WIDTHS = {"stos": {"%al": 1, "%ax": 2, "%eax": 4, "%rax": 8}, "movs": {"b": 1, "w": 2, "l": 4, "q": 8}}


@functools.lru_cache(maxsize=None)
def string_instructions(file: pathlib.Path) -> list[tuple[int, int, int, int]]:
    """[(counter, width in bytes, address, address of the next instruction)] of what clears and copies."""
    found, pending = [], None
    for row in said_by("objdump", "-d", "--no-show-raw-insn", file).splitlines():
        address, _, text = row.partition(":\t")
        if not text:
            continue
        address = int(address, 16)
        if pending:
            found.append((*pending, address))
        words, pending = text.replace(",", " ").split(), None
        if words[:2] == ["rep", "stos"]:
            pending = (CLEARED, WIDTHS["stos"][words[2]], address)
        elif words[0] == "rep" and words[1].startswith("movs"):
            pending = (COPIED, WIDTHS["movs"][words[1][4:]], address)
    return found


@functools.lru_cache(maxsize=None)
def services_of(symbols: pathlib.Path) -> dict[int, str]:
    """{address: name of the firmware's service that is called there}, of the loader's indirect calls."""
    sites = re.findall(r"^ *([0-9a-f]+):\s+(?:call|jmp) +\*", said_by("objdump", "-d", "--no-show-raw-insn", symbols), re.M)
    places = said_by("addr2line", "-e", symbols, *sites).splitlines()
    source = (ROOT / FIRMWARE).read_text(encoding="utf-8").split("\n")
    found = {}
    for site, place in zip(sites, places):
        file, _, line = place.split(" (")[0].rpartition(":")
        if file.endswith(FIRMWARE):
            statement = "\n".join(source[int(line) - 1 :]).partition(";")[0]
            found[int(site, 16)] = SERVICE.search(statement)[1]
    return found


# --- The machine ----------------------------------------------------------------------------------


def make_machine(
    folder: pathlib.Path, memory: str, processors: int, kernel: pathlib.Path, entries: str | None, cpu: str,
    words: str
) -> list[str]:
    """QEMU's command line, with a volume and a variable store of its own in `folder`."""
    code, variables = qemu_command.firmware_files(machine.Machine())
    boot = folder / "volume" / "EFI" / "BOOT"
    boot.mkdir(parents=True)
    shutil.copyfile(variables, folder / "variables.fd")
    # It makes the memory map longer or shorter, and starts the loader.
    shutil.copyfile(FAKE_MEMORY_MAP if entries else LOADER, boot / "BOOTX64.EFI")
    if entries:
        shutil.copyfile(LOADER, folder / "volume" / "loader.efi")
        (folder / "volume" / "entries.txt").write_text(f"{entries}\n", encoding="ascii")
    shutil.copyfile(kernel, folder / "volume" / "kernel.elf")
    (folder / "volume" / "cmdline.txt").write_text(
        f"run=bench exit-port={machine.EXIT_PORT:#x} {words}\n", encoding="ascii"
    )
    kind = "q35"
    promised = []
    if options.bytes_of(memory) > 2 << 30:  # memory that the host need not have, as little of it is touched
        promised = ["-object", f"memory-backend-ram,id=promised,size={memory},reserve=off"]
        kind += ",memory-backend=promised"
    return [
        *(qemu.QEMU, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-vga", "std"),
        *promised,
        *("-machine", kind, "-cpu", cpu, "-m", memory, "-smp", str(processors), "-serial", "stdio"),
        *("-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"),
        *("-drive", "if=pflash,unit=1,format=raw,file=variables.fd"),
        *("-drive", "format=raw,media=disk,snapshot=on,file=fat:volume"),
        *("-device", f"isa-debug-exit,iobase={machine.EXIT_PORT:#x},iosize=0x04"),
        *("-icount", f"shift={SHIFT},sleep=off", "-rtc", "base=2024-01-01,clock=vm"),
    ]


@contextlib.contextmanager
def scratch_folder() -> Iterator[pathlib.Path]:
    BENCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="boot-", dir=BENCH) as folder:
        yield pathlib.Path(folder)


@functools.lru_cache(maxsize=None)
def plugin() -> pathlib.Path:
    """The counter, compiled."""
    library = BENCH / "counter.so"
    source = pathlib.Path(__file__).resolve().parent / "counter.c"
    version = f"-DPLUGIN_VERSION={3 if qemu.version() >= (9, 1) else 1}"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", version, "-fPIC", "-shared"]
    # Another run or thread may be making or loading it too.
    with scratch_folder() as folder:
        fresh = folder / library.name
        subprocess.run(["gcc", *flags, source, "-o", fresh], check=True)
        return fresh.replace(library)


def places_in(program: pathlib.Path, steps: typing.Collection[str]) -> Iterator[str]:
    """The lines that tell the plugin about a program."""
    start, end = text_of(program)
    yield f"count {OURS} 1 {start:x} {end:x}"
    for name, address, size, part in functions_of(program):
        if name in steps:
            yield f"step {address:x}"
        if part:
            yield f"count {COUNTER_OF[part]} 1 {address:x} {address + size:x}"
        if name in CALLS:
            yield f"count {HEAP_CALLS} 1 {address:x} {address + 1:x}"
    # Repeated n times, such an instruction is executed n + 1 times under -icount.
    for counter, width, address, after in string_instructions(program):
        yield f"count {counter} {width} {address:x} {address + 1:x}"
        yield f"count {counter} {-width} {after:x} {after + 1:x}"


def run(*, kernel: pathlib.Path, **of_machine: typing.Any) -> tuple[list[list[str]], str]:
    """What the plugin wrote during a boot, as lists of words; and what the boot said."""
    entry, code = entry_of(LOADER)
    start, end = text_of(LOADER_SYMBOLS)
    lines = [f"loader {entry:x} {code.hex()}", *places_in(LOADER_SYMBOLS, {*LOADER_STEPS, EXITED})]
    lines += [f"sites {start:x} {end:x}", "kernel"]
    lines += places_in(kernel, {*KERNEL_STEPS, *AFTER_STEPS, LAST})
    with scratch_folder() as folder:
        (folder / "places").write_text("\n".join(lines) + "\n", encoding="ascii")
        arguments = f"{plugin()},places={folder / 'places'},counts={folder / 'counts'}"
        command = [*make_machine(folder, kernel=kernel, **of_machine), "-plugin", arguments]
        with open(folder / "output", "wb") as output:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
            try:
                process.wait(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                raise RuntimeError(f"the boot did not end in {SECONDS} s") from None
            finally:
                process.kill()
                process.wait()
        said = (folder / "output").read_text("utf-8", "replace")
        noted = (folder / "counts").read_text(encoding="ascii") if (folder / "counts").exists() else ""
    return list(map(str.split, noted.splitlines())), said


# --- A boot ---------------------------------------------------------------------------------------


def beginnings(kernel: pathlib.Path) -> dict[tuple[bool, int], tuple[str, str]]:
    """{(whether it is in the loader, address): (part, name of the step)}."""
    loader = {name: address for name, address, *_ in functions_of(LOADER_SYMBOLS)}
    found = {(True, loader[name]): ("loader", title) for name, title in LOADER_STEPS.items()}
    found[True, loader[EXITED]] = ("jump", "the jump")
    kernel = {name: address for name, address, *_ in functions_of(kernel)}
    for part, steps in (("kernel", KERNEL_STEPS), ("after", AFTER_STEPS)):
        found.update({(False, kernel[name]): (part, title) for name, title in steps.items() if name in kernel})
    return found | {(False, kernel[LAST]): ("end", "")}


def steps_of(noted: list[list[str]], kernel: pathlib.Path) -> list[Step] | None:
    """The Steps, from what the plugin wrote."""
    titles, services = beginnings(kernel), services_of(LOADER_SYMBOLS)
    kernel_start = text_of(kernel)[0]
    seen, steps, calls, before = set(), [], collections.Counter(), None
    for what, address, *numbers in noted:
        address, numbers = int(address, 16), list(map(int, numbers))
        if what == "site" and address in services:
            calls[services[address]] += 1
        place = (address < kernel_start, address)
        if what != "step" or place in seen:
            continue
        part, name = titles[place]
        # What unmaps the free part has unmapped guards before.
        if part == "after" and ("kernel", KERNEL_STEPS["kernel_seal"]) not in {titles[key] for key in seen}:
            continue
        seen.add(place)
        if before:
            took = [after - then for then, after in zip(before[2], numbers)]
            steps.append(Step(*before[:2], took[0], *took[1 : 1 + COUNTERS], calls))
        before, calls = (part, name, numbers), collections.Counter()
    return steps if before and before[0] == "end" else None


def count_boot(
    memory: str = "256M",
    processors: int = 1,
    kernel: pathlib.Path = KERNEL,
    entries: str | None = None,
    cpu: str = "qemu64",
    words: str = "",
) -> tuple[list[Step], str]:
    """([Step], what the boot said)."""
    noted, said = run(memory=memory, processors=processors, kernel=kernel, entries=entries, cpu=cpu, words=words)
    steps = steps_of(noted, kernel)
    if steps is None:
        raise RuntimeError(f"the boot ended before its account; the last it said:\n{said[-800:]}")
    return steps, said


def total(steps: list[Step], part: str, what: str) -> int:
    return sum(getattr(step, what) for step in steps if step.part == part)


def line_cost(steps: list[Step], said: str) -> float:
    """The instructions of the kernel's console for a line, as a mean of all: formatted, sent and drawn."""
    lines = said.count("\n", said.index("kernel: console:"))
    return sum(step.console for step in steps if step.part in ("kernel", "after")) / lines


def firmware_calls(steps: list[Step]) -> collections.Counter[str]:
    return sum((step.firmware_calls for step in steps if step.part == "loader"), collections.Counter())


def milliseconds(steps: list[Step], parts: typing.Collection[str]) -> tuple[float, ...]:
    """Guest time, as the head of this file defines it: (all, of it the firmware's)."""
    chosen = [step for step in steps if step.part in parts]
    return tuple(
        sum(getattr(step, what) for step in chosen) / INSTRUCTIONS_PER_MS for what in ("instructions", "firmware")
    )


def table(steps: list[Step]) -> list[str]:
    lines = [
        "| step | instructions | of them the firmware's | of the console | of the early heap | heap calls | firmware calls "
        "| bytes cleared |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for part, title in PARTS.items():
        chosen = [step for step in steps if step.part == part]
        for step in chosen if part != "jump" else []:
            side = "loader" if part == "loader" else "kernel"
            lines.append(
                f"| {side}: {step.name} | {step.instructions:,} | {step.firmware:,} | {step.console:,} | {step.heap:,} "
                f"| {step.heap_calls} "
                f"| {sum(step.firmware_calls.values()) or ''} | {step.cleared or ''} |"
            )
        instructions, heap = total(steps, part, "instructions"), total(steps, part, "heap")
        lines.append(
            f"| **{title}** | **{instructions:,}** | **{total(steps, part, 'firmware'):,}** "
            f"| **{total(steps, part, 'console'):,}** "
            f"| **{heap:,}** ({heap / instructions:.2%}) | **{total(steps, part, 'heap_calls')}** "
            f"| **{sum(sum(step.firmware_calls.values()) for step in chosen) or ''}** "
            f"| **{total(steps, part, 'cleared'):,}** |".replace("****", "")
        )
    return lines


def sentences(steps: list[Step]) -> list[str]:
    to_seal, firmware = milliseconds(steps, ("loader", "jump", "kernel"))
    to_end, _ = milliseconds(steps, PARTS)
    calls = ", ".join(f"{count} {name}" for name, count in firmware_calls(steps).most_common())
    return [
        f"- Guest time that this adds to the firmware's own, at an instruction each nanosecond: {to_seal:.1f} ms from the "
        f"loader's entry to the seal, {firmware:.1f} ms of it in the firmware's functions that the loader calls; "
        f"{to_end:.1f} ms to the account.",
        f"- The loader's calls of the firmware: {calls}.",
        f"- Copied: {total(steps, 'loader', 'copied'):,} bytes by the loader, {total(steps, 'kernel', 'copied'):,} by "
        "the kernel. A repetition of a string instruction counts as an instruction.",
    ]


def report(steps: list[Step], memory: str, processors: int) -> str:
    return "\n".join([f"At {memory}, {processors} processor{'s' if processors > 1 else ''}:", "", *table(steps), "",
                      *sentences(steps)]) + "\n"


def beside(steps: list[Step], published: str) -> list[str]:
    """What was published and what it is now, a line for each part of a boot that both have."""
    lines = []
    for part, title in PARTS.items():
        if then := re.search(rf"^\| \*\*{re.escape(title)}\*\* \| \*\*([\d,]+)\*\*", published, re.MULTILINE):
            lines.append(f"{title}: {then[1]} instructions as published, {total(steps, part, 'instructions'):,} now")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--memory", default="256M", help="whole MiB or GiB, such as 256M (default)")
    parser.add_argument("--processors", default=1, type=int)
    parser.add_argument("--entries", metavar="'real N'",
                        help="so many entries in the memory map, or 'shaped N': efi/fake_memory_map.c")
    parser.add_argument("--kernel", default=KERNEL, type=pathlib.Path)
    parser.add_argument("--table", default=BENCH / "boot.md", type=pathlib.Path)
    options = parser.parse_args()
    steps, _ = count_boot(options.memory, options.processors, options.kernel.resolve(), options.entries)
    text = report(steps, options.memory, options.processors)
    options.table.parent.mkdir(parents=True, exist_ok=True)
    options.table.write_text(text, encoding="utf-8")
    print(text, end="")
    if (ROOT / PUBLISHED).exists():
        print(*beside(steps, (ROOT / PUBLISHED).read_text(encoding="utf-8")), sep="\n")


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, OSError, machine.Unusable) as error:
        sys.exit(f"boot_cost.py: {error}")
