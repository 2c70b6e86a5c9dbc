#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions of a boot, step by step, and the early heap's share of each.

    boot.py [--memory 256M] [--processors 1] [--table FILE.md]

A plugin of QEMU's (counter.c) counts every instruction that the machine executes, and notes how many
there were when a step begins. Loader and kernel are those that ship: nothing in them knows that it
is counted. Under -icount the machine's time depends on its instructions alone, so that the kernel's
counts are the same each time; the firmware's, inside the loader's, vary a little with its disk.

Instructions of memset(), when the heap clears a block, count as the step's own.

The loader's address is the firmware's choice: a first boot, up to the kernel's entry, finds it.
"""

import argparse
import collections
import contextlib
import json
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "harness"))

import machine

SHIFT = 4  # 2^4 ns of virtual time for each instruction: waiting for devices takes fewer of them

LOADER = ROOT / "build" / "loader.efi"
LOADER_SYMBOLS = ROOT / "build" / "loader.so"  # the same addresses, with names
KERNEL = ROOT / "build" / "kernel.elf"

# Functions where a step begins, in the order of a boot, and what the step is called.
LOADER_STEPS = {
    "efi_main": "loader: entry, what the machine has",
    "loader_read_command_line": "loader: command line",
    "loader_read_kernel": "loader: kernel file read",
    "elf_check": "loader: kernel file checked",
    "loader_place_image": "loader: place for the image",
    "loader_load_image": "loader: image loaded",
    "loader_open_heap": "loader: early heap opened",
    "loader_read_modules": "loader: modules",
    "loader_map_kernel": "loader: kernel and window mapped",
    "loader_map_jump": "loader: the jump mapped",
    "loader_leave_boot_info": "loader: boot info left",
    "loader_exit_firmware": "loader: memory map and ExitBootServices",
}
KERNEL_STEPS = {
    "kernel_entry": "kernel: entry",
    "kernel_wake": "kernel: wakes, checks what it was handed",
    "kernel_open_screen": "kernel: screen",
    "kernel_set_up_interrupts": "kernel: interrupts",
    "kernel_read_memory_map": "kernel: memory map",
    "kernel_read_acpi": "kernel: acpi",
    "kernel_start_processors": "kernel: processors",
    "kernel_check_address_space": "kernel: address space checked",
    "tour_run": "kernel: tour",
    "kernel_hand_over": "kernel: hand-over",
    "fba_seal": "kernel: seal and what follows",
    "early_heap_account": "kernel: account",
}
LAST = "kernel_print_time"
# The early heap's code: all functions of these files, and how the heap itself is entered.
HEAP = {"fba.c", "fba_handoff.c", "fba_allocator.c", "allocator.c", "ledger.c"}
HEAP_PREFIXES = ("fba_", "allocator_", "ledger_")  # of its public functions
CALLS = (
    "fba_alloc fba_alloc_by fba_alloc_zeroed fba_resize fba_free fba_scratch_alloc fba_scratch_alloc_by fba_scratch_free "
    "fba_mark fba_keep fba_rewind"
).split()


def functions_of(file):
    """[(name, address, bytes, whether it is the early heap's)] of the functions of a program."""
    said = subprocess.run(["readelf", "-sW", str(file)], capture_output=True, text=True, check=True).stdout
    source, found = "", {}
    for row in map(str.split, said.splitlines()):
        if len(row) < 8 or not row[0].rstrip(":").isdigit():
            continue
        kind, binding, name = row[3], row[4], row[7]
        if kind == "FILE":  # what is local and follows comes from there
            source = name
        elif kind == "FUNC":
            heap = source in HEAP if binding == "LOCAL" else name.startswith(HEAP_PREFIXES)
            found[name, int(row[1], 16)] = (int(row[2], 0), heap)
    return [(name, address, size, heap) for (name, address), (size, heap) in found.items()]


def loader_text():
    """(address in the image, bytes) of the loader's code, which is not relocated."""
    data = LOADER.read_bytes()
    header = struct.unpack_from("<I", data, 0x3C)[0]
    sections, optional = struct.unpack_from("<H", data, header + 6)[0], struct.unpack_from("<H", data, header + 20)[0]
    for index in range(sections):
        entry = header + 24 + optional + 40 * index
        if data[entry : entry + 8].rstrip(b"\0") == b".text":
            size, address, raw_size, offset = struct.unpack_from("<4I", data, entry + 8)
            return address, data[offset : offset + min(size, raw_size)]
    raise RuntimeError(f"{LOADER} has no .text")


def make_machine(folder, memory, processors):
    """QEMU's command line, with a volume and a variable store of its own in `folder`."""
    code, variables = machine.firmware_files(machine.Machine())
    boot = folder / "volume" / "EFI" / "BOOT"
    boot.mkdir(parents=True)
    shutil.copyfile(variables, folder / "variables.fd")
    shutil.copyfile(LOADER, boot / "BOOTX64.EFI")
    shutil.copyfile(KERNEL, folder / "volume" / "kernel.elf")
    (folder / "volume" / "cmdline.txt").write_text(f"run=bench exit-port={machine.EXIT_PORT:#x}\n", encoding="ascii")
    return [
        *(machine.QEMU, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-vga", "std"),
        *("-machine", "q35", "-m", memory, "-smp", str(processors), "-serial", "stdio"),
        *("-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"),
        *("-drive", "if=pflash,unit=1,format=raw,file=variables.fd"),
        *("-drive", "format=raw,media=disk,snapshot=on,file=fat:volume"),
        *("-device", f"isa-debug-exit,iobase={machine.EXIT_PORT:#x},iosize=0x04"),
        *("-icount", f"shift={SHIFT},sleep=off", "-rtc", "base=2024-01-01,clock=vm"),
    ]


@contextlib.contextmanager
def running_machine(memory, processors, *extra):
    """A machine under -icount, as (Popen, its folder)."""
    (ROOT / "build" / "bench").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="boot-", dir=ROOT / "build" / "bench") as folder:
        folder = pathlib.Path(folder)
        command = [*make_machine(folder, memory, processors), *extra]
        with open(folder / "output", "wb") as output:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            yield process, folder
        finally:
            process.kill()
            process.wait()


def packet(connection, text):
    """Sends a packet of gdb's remote protocol and returns the answer."""
    data = text.encode("ascii")
    connection.sendall(b"$%s#%02x" % (data, sum(data) % 256))
    answer = b""
    while b"#" not in answer[:-2]:
        chunk = connection.recv(4096)
        if not chunk:
            raise RuntimeError("QEMU ended")
        answer += chunk
    connection.sendall(b"+")
    return answer.partition(b"$")[2].partition(b"#")[0].decode("latin-1")


def find_loader(memory, processors, entry):
    """The address of the loader's image, in a machine stopped at the kernel's entry."""
    address, text = loader_text()
    stubs = ["-S", "-gdb", "unix:gdb,server=on,wait=off", "-qmp", "unix:qmp,server=on,wait=off"]
    with running_machine(memory, processors, *stubs) as (process, folder):
        gdb = connect(process, folder, "gdb")
        qmp = connect(process, folder, "qmp").makefile("rw")
        if packet(gdb, f"Z0,{entry:x},1") != "OK" or not packet(gdb, "c").startswith("T"):
            raise RuntimeError("the boot ended before the kernel began")
        size = min(1 << 32, int(memory[:-1]) << {"M": 20, "G": 30}[memory[-1]])
        for command, arguments in (
            ("qmp_capabilities", {}),
            ("pmemsave", {"val": 0, "size": size, "filename": str(folder / "memory")}),
        ):
            qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            qmp.flush()
            while not {"return", "error"} & (answer := json.loads(qmp.readline())).keys():
                pass
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
        data = (folder / "memory").read_bytes()
    at = data.find(text)
    while at >= 0 and (at - address) % 4096 != 0:  # a copy of the file, not the image
        at = data.find(text, at + 1)
    if at < 0:
        raise RuntimeError("the loader's image is not in memory any more")
    return at - address


def connect(process, folder, name):
    deadline = time.monotonic() + 20
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(120)
    while True:
        try:
            connection.connect(str(folder / name))
            return connection
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("QEMU did not start: " + (folder / "output").read_text("utf-8", "replace")) from None
            time.sleep(0.05)


Count = collections.namedtuple("Count", "name instructions heap calls")


def plugin():
    """The counter, compiled."""
    library = ROOT / "build" / "bench" / "counter.so"
    library.parent.mkdir(parents=True, exist_ok=True)
    source = pathlib.Path(__file__).resolve().parent / "counter.c"
    subprocess.run(["gcc", "-std=c11", "-O2", "-Wall", "-Wextra", "-fPIC", "-shared", source, "-o", library], check=True)
    return library


def count_boot(memory, processors):
    kernel = functions_of(KERNEL)
    entry = next(address for name, address, _, _ in kernel if name == "kernel_entry")
    base = find_loader(memory, processors, entry)
    loader = [(name, base + address, *rest) for name, address, *rest in functions_of(LOADER_SYMBOLS)]

    titles, places = {}, []
    for functions, steps in ((loader, LOADER_STEPS), (kernel, {**KERNEL_STEPS, LAST: None})):
        for name, address, size, heap in functions:
            if name in steps:
                titles[address] = steps[name]
                places.append(f"step {address:x}")
            if heap:
                places.append(f"heap {address:x} {address + size:x}")
            if name in CALLS:
                places.append(f"call {address:x}")
    with tempfile.TemporaryDirectory(prefix="places-", dir=ROOT / "build" / "bench") as folder:
        folder = pathlib.Path(folder)
        (folder / "places").write_text("\n".join(places) + "\n", encoding="ascii")
        arguments = f"{plugin()},places={folder / 'places'},counts={folder / 'counts'}"
        with running_machine(memory, processors, "-plugin", arguments) as (process, machine_folder):
            try:
                process.wait(timeout=300)
            except subprocess.TimeoutExpired:
                raise RuntimeError("the boot did not end in 300 s") from None
            output = (machine_folder / "output").read_text("utf-8", "replace")
        found = (folder / "counts").read_text(encoding="ascii") if (folder / "counts").exists() else ""
    rows = {}
    for row in map(str.split, found.splitlines()):
        rows.setdefault(int(row[0], 16), tuple(map(int, row[1:])))  # the first time that a step begins
    order = sorted(rows, key=lambda address: rows[address][0])
    if not order or titles[order[-1]] is not None:
        raise RuntimeError(f"the boot ended before its account; the last it said:\n{output[-500:]}")
    return [
        Count(titles[this], *(after - before for before, after in zip(rows[this], rows[following])))
        for this, following in zip(order, order[1:])
    ]


def table(counts):
    lines = ["| step | instructions | of them early heap | calls |", "|---|--:|--:|--:|"]
    lines += [f"| {count.name} | {count.instructions:,} | {count.heap:,} | {count.calls} |" for count in counts]
    for side in ("loader", "kernel"):
        part = [count for count in counts if count.name.startswith(side)]
        total, heap = sum(count.instructions for count in part), sum(count.heap for count in part)
        share = f" ({heap / total:.2%})" if total else ""
        lines.append(f"| **{side}** | {total:,} | {heap:,}{share} | {sum(count.calls for count in part)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--memory", default="256M", help="whole MiB or GiB, such as 256M (default)")
    parser.add_argument("--processors", default=1, type=int)
    parser.add_argument("--table", default=ROOT / "build" / "bench" / "boot.md", type=pathlib.Path)
    options = parser.parse_args()
    text = table(count_boot(options.memory, options.processors))
    options.table.parent.mkdir(parents=True, exist_ok=True)
    options.table.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, OSError, machine.Unusable) as error:
        sys.exit(f"boot.py: {error}")
