# SPDX-License-Identifier: MIT
"""Adds up what the parts of a kernel declare to take from its early heap (boot/kernel/budget.h).

    budget.py KERNEL HEAP PROCESSORS MEMORY check|warn

The kernel's file, and bytes of the heap, processors, bytes of memory. Says so when the sum is larger than the heap, with
every number; with `check` that is an error.
"""

import pathlib
import struct
import subprocess
import sys

ENTRY = struct.Struct("<24s3Q")
GIB = 1 << 30


def symbols(kernel: pathlib.Path) -> dict[str, int]:
    done = subprocess.run(["nm", str(kernel)], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


def offset_of(data: bytes, address: int) -> int:
    """Where in an ELF-64 file the byte at an address is."""
    table, size, count = (struct.unpack_from(form, data, at)[0] for form, at in (("<Q", 32), ("<H", 54), ("<H", 56)))
    for at in range(table, table + size * count, size):
        offset, start, _, length = struct.unpack_from("<4Q", data, at + 8)
        if struct.unpack_from("<I", data, at)[0] == 1 and start <= address < start + length:
            return int(offset + address - start)
    raise ValueError(f"no segment holds {address:#x}")


def budgets(kernel: pathlib.Path) -> list[tuple[str, int, int, int]]:
    """Name, fixed bytes, bytes for each processor but the first and for each GiB."""
    found, data = symbols(kernel), kernel.read_bytes()
    start, end = found["__start_budgets"], found["__stop_budgets"]
    first = offset_of(data, start)
    entries = ENTRY.iter_unpack(data[first : first + end - start])
    return [(name.rstrip(b"\0").decode(), *numbers) for name, *numbers in entries]


def main(kernel: str, heap: int, processors: int, memory: int, is_check: bool) -> int:
    gib = -(-memory // GIB)
    rows = [(name, fixed + each * (processors - 1) + per_gib * gib)
            for name, fixed, each, per_gib in budgets(pathlib.Path(kernel))]
    total = sum(most for _, most in rows)
    if total <= heap:
        return 0
    words = ("an error by itself for make all and make image, not for make run; BUDGET=warn builds it all the same"
             if is_check else "a boot may do with less, and says what it needs")
    print(f"budget: the parts of the boot declare up to {total} bytes for {processors} processors and {gib} GiB, and the "
          f"early heap has {heap}: {', '.join(f'{name} {most}' for name, most in rows)}; "
          f"EARLY_HEAP={-(-total // 4096) * 4}K suffices for certain ({words})", file=sys.stderr)
    return 1 if is_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *(int(word) for word in sys.argv[2:5]), is_check=sys.argv[5:] == ["check"]))
