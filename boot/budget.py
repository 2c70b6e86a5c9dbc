# SPDX-License-Identifier: MIT
"""Says with every number what the linker found: that what the parts of a kernel declare to take from its early heap
(boot/kernel/budget.h) is more than the heap has.

    budget.py KERNEL HEAP PROCESSORS MEMORY check|warn <THE_LINKER'S_WORDS

The kernel's file, and bytes of the heap, processors, bytes of memory. With `check` that is an error.
"""

import pathlib
import struct
import subprocess
import sys

ENTRY = struct.Struct("<24s3Q")
GIB = 1 << 30
PAGE = 4096


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


def up(value: int, unit: int) -> int:
    return -(-value // unit)


def parts(declared: list[tuple[str, int, int, int]], heap: int, processors: int, memory: int) -> dict[str, int]:
    """What each part takes at most, as boot/kernel/budget.ld adds it up."""
    most = {name: fixed + each * (processors - 1) + per_gib * up(memory, GIB) for name, fixed, each, per_gib in declared}
    most["loader"] += PAGE * (up(heap, 2 << 20) + 1 + up(heap, GIB) + 1 + 1)
    return most


def main(kernel: str, heap: int, processors: int, memory: int, is_check: bool) -> int:
    said = sys.stdin.read()
    is_too_much = "will not fit in region" in said
    if is_check or not is_too_much:
        print(said, end="", file=sys.stderr)
    if not is_too_much:
        return 1
    declared = budgets(pathlib.Path(kernel))
    rows = parts(declared, heap, processors, memory)
    enough = heap
    while (total := sum(parts(declared, enough, processors, memory).values())) > enough:
        enough = up(total, PAGE) * PAGE  # a larger heap has more page tables
    lines = [f"the early heap has {heap} bytes, and the parts of the boot declare to take up to {sum(rows.values())}",
             f"with SMP={processors} and {up(memory, GIB)} GiB of memory:"]
    lines += [f"  {most:8} {name}" for name, most in sorted(rows.items(), key=lambda row: -row[1])]
    lines.append(f"EARLY_HEAP={enough // 1024}K suffices for certain; "
                 + ("BUDGET=warn builds it all the same" if is_check else "a boot may do with less, and says what it needs"))
    print("\n".join(f"budget: {line}" for line in lines), file=sys.stderr)
    return 1 if is_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *(int(word) for word in sys.argv[2:5]), is_check=sys.argv[5:] == ["check"]))
