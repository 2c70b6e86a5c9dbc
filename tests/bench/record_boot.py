#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records what a boot allocates: the kernel's calls of its ledger, from its first to the seal.

    record_boot.py FILE.inc      a machine of 256 MiB and 4 processors

The kernel is the one that ships: a debugger stops it at the ledger's functions (gdb_recorder.py). What
is written are lines of C for patterns.c, a block being named by its number, from 0.
"""

import pathlib
import subprocess
import sys

import boot_cost

MEMORY = "256M"
PROCESSORS = 4
HEADER = f"// Written by record_boot.py: a boot on {PROCESSORS} processors, from the kernel's first allocation to the seal."
SOCKET = "gdb"
SECONDS = 900


def calls_of_a_boot() -> list[list[str]]:
    """The lines that gdb_recorder.py wrote, as words."""
    recorder = pathlib.Path(__file__).resolve().parent / "gdb_recorder.py"
    with boot_cost.scratch_folder() as folder:
        command = boot_cost.make_machine(folder, MEMORY, PROCESSORS, boot_cost.KERNEL, None, "qemu64")
        command += ["-S", "-chardev", f"socket,id=gdb,path={SOCKET},server=on,wait=off", "-gdb", "chardev:gdb"]
        with open(folder / "output", "wb") as output:
            qemu = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            gdb = ["gdb", "-nx", "-batch", "-iex", "set confirm off", boot_cost.KERNEL]
            gdb += ["-ex", f"target remote {SOCKET}", "-x", recorder]
            done = subprocess.run(gdb, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
        finally:
            qemu.kill()
            qemu.wait()
        if done.returncode != 0 or not (folder / "calls").exists():
            raise RuntimeError(f"gdb: {done.stderr.strip()[-800:]}")
        return [line.split() for line in (folder / "calls").read_text(encoding="ascii").splitlines()]


def events_of(calls: list[list[str]]) -> list[str]:
    """The initialisers of patterns.c's array."""
    numbers: dict[str, int] = {}
    blocks, events = 0, []
    for what, address, *amounts in calls:
        if what == "alloc":
            if int(address, 16) == 0:
                continue
            numbers[address] = blocks
            blocks += 1
            events.append("{{BOOT_ALLOC, {}, {}}},".format(*amounts))
        elif what == "resize":
            events.append(f"{{BOOT_RESIZE, {numbers[address]}, {amounts[0]}}},")
        elif int(address, 16) != 0:
            events.append(f"{{BOOT_FREE, {numbers.pop(address)}, 0}},")
    return events


def main(file: str) -> None:
    events = events_of(calls_of_a_boot())
    pathlib.Path(file).write_text("\n".join([HEADER, *events]) + "\n", encoding="ascii")
    print(f"{file}: {len(events)} events")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except (RuntimeError, OSError, boot_cost.machine.Unusable) as error:
        sys.exit(f"record_boot.py: {error}")
