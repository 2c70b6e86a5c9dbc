# SPDX-License-Identifier: MIT
"""The ledger of a boot, read from its log and replayed with the code of kmem/.

Its lines are those of kmem/journal.h, from the loader and the kernel. What was lost or damaged on the way is
noticed: each line has its number and a checksum, the last one the count. Used by replay.py and heap_page.py.
"""

import binascii
import dataclasses
import pathlib
import re
import subprocess

import machine
import symbols

PROGRAM = machine.ROOT / "build" / "replay"
PAGE = 4096
LARGEST = 1 << 30  # bytes: of any region
MAPPED_BY_TABLE = (1 << 21, 1 << 30, 1 << 39)  # bytes, by one table of each level
PAGE_TABLES = "page tables"  # the loader's tag of them
LEDGER = re.compile(r"(loader|kernel): ledger (([0-9a-f]+) ([otarfsmwke]) ?(.*)) \*([0-9a-f]{4})$")
MARKS = "mwk"
BLOCKS_MAX = 1_000_000  # of a journal: the next one's blocks are counted from there


class Damaged(Exception):
    """A line of the ledger is missing or was changed on its way."""


@dataclasses.dataclass
class Call:
    """One call of the allocator."""

    kind: str  # a, r, f, s, and m, w or k: a mark is taken, rewound or kept
    by: str  # loader or kernel
    tag: str
    block: int = 0  # number of the block; blocks are counted from 1
    size: int = 0  # new size of a resize; the bytes that were asked for of s
    align: int = 1
    caller: int = 0
    offset: int | None = None  # None: it failed
    used: int = 0  # with s, m, w and k: what is in use since


@dataclasses.dataclass
class Journal:
    by: str
    size: int
    base: int
    used: int  # at its beginning
    calls: list[Call]
    end: tuple[int, int] | None = None  # used and peak; None: it does not say


@dataclasses.dataclass
class Trace:
    """The calls of one boot; of a boot that ran out, those of its measuring run."""

    calls: list[Call]
    region: Journal  # the first journal of the kernel: where the region is linked, and how much of it was mapped
    linked: int  # bytes of the region
    failed: Call | None  # the first allocation that the region was too small for

    def with_region(self, size: int) -> list[Call]:
        """The calls of a boot with a region of `size` bytes, for which the loader builds fewer page tables, or more."""
        fewer = tables(self.region.base, self.region.size) - tables(self.region.base, size)
        found = [number for number, call in enumerate(self.calls)
                 if call.by == "loader" and call.tag == PAGE_TABLES and (call.size, call.align) == (PAGE, PAGE)]
        left_out = set(found[len(found) - fewer :]) if fewer > 0 else set()
        calls = [call for number, call in enumerate(self.calls) if number not in left_out]
        if fewer < 0 and found:
            table, last = self.calls[found[-1]], max(call.block for call in self.calls)
            more = [dataclasses.replace(table, block=last + number) for number in range(1, 1 - fewer)]
            calls[found[-1] + 1 : found[-1] + 1] = more
        return _anywhere(calls)


def _anywhere(calls: list[Call]) -> list[Call]:
    """The calls, with those past the ledger as allocations of so many bytes, wherever they begin."""
    return [dataclasses.replace(call, kind="a") if call.kind == "s" else call for call in calls]


def tables(start: int, size: int) -> int:
    """Page tables that map so many bytes in 4 KiB pages, but for the top one."""
    return sum((start + size - 1) // one - start // one + 1 for one in MAPPED_BY_TABLE)


# --- Reading --------------------------------------------------------------------------------------


def _calls_of(by: str, lines: list[tuple[str, list[str]]], first: int) -> tuple[list[Call], tuple[int, int] | None]:
    calls: list[Call] = []
    tag, end, live, count = "", None, {}, first
    for kind, fields in lines:
        if kind == "t":
            tag = " ".join(fields)
        elif kind == "a":
            offset = None if fields[0] == "-" else int(fields[0], 16)
            count += 1
            size, align, caller = (int(field, 16) for field in fields[1:])
            calls.append(Call("a", by, tag, count, size, align, caller, offset))
            if offset is not None:
                live[offset] = count
        elif kind == "r":
            offset = int(fields[0], 16)
            if fields[3] == "ok":
                calls.append(Call("r", by, tag, live.get(offset, 0), int(fields[2], 16), offset=offset))
        elif kind == "f":
            offset = int(fields[0], 16)
            calls.append(Call("f", by, tag, live.pop(offset, 0), int(fields[1], 16), offset=offset))
        elif kind == "s":
            count += 1
            calls.append(Call("s", by, tag, count, int(fields[0], 16), PAGE, offset=-1, used=int(fields[1], 16)))
        elif kind in MARKS:
            calls.append(Call(kind, by, tag, offset=-1, used=int(fields[0], 16)))
            live = {offset: block for offset, block in live.items() if kind != "w" or offset < calls[-1].used}
        elif kind == "e":
            end = int(fields[0], 16), int(fields[1], 16)
    return [call for call in calls if call.block or call.kind in MARKS], end


def journals(lines: list[str]) -> list[Journal]:
    """The journals of a log, in their order. Raises Damaged."""
    raw: list[tuple[str, list[tuple[str, list[str]]]]] = []
    for line in lines:
        if ": ledger " not in line:
            continue
        match = LEDGER.search(line)
        if not match or binascii.crc_hqx(match[2].encode(), 0xFFFF) != int(match[6], 16):
            raise Damaged(f"this line of the ledger was damaged: {line.strip()}")
        by, number, kind = match[1], int(match[3], 16), match[4]
        if kind == "o":
            raw.append((by, []))
        if not raw or raw[-1][0] != by or number != len(raw[-1][1]):
            raise Damaged(f"lines of the ledger are missing before this one: {line.strip()}")
        raw[-1][1].append((kind, match[5].split(" ")))
    found: list[Journal] = []
    for by, entries in raw:
        size, base, used = (int(field, 16) for field in entries[0][1])
        calls, end = _calls_of(by, entries[1:], BLOCKS_MAX * len(found))
        found.append(Journal(by, size, base, used, calls, end))
    return found


def read(lines: list[str], whole: bool = True) -> Trace | None:
    """The trace of the boot that the log is of; None if it has no ledger. Raises Damaged. `whole`: a boot that ended in
    the middle counts as damaged."""
    found = journals(lines)
    kernels = [journal for journal in found if journal.by == "kernel"]
    if not kernels:
        return None
    loaders = [journal for journal in found if journal.by == "loader"]
    *_, last = kernels
    if whole and last.end is None:
        raise Damaged("the ledger has no last line: the boot ended in its middle")
    before = loaders[-1].calls if loaders else [Call("s", "loader", "(no ledger)", 1, last.used, used=last.used, offset=-1)]
    if loaders and loaders[-1].end != (last.used, last.used) and loaders[-1].end is None:
        raise Damaged("the loader's ledger has no last line")
    failed = [call for journal in found for call in journal.calls if call.offset is None]
    calls = [call for call in (*before, *last.calls) if call.offset is not None]
    numbers = {call.block: number for number, call in enumerate((call for call in calls if call.kind in "as"), 1)}
    calls = [dataclasses.replace(call, block=numbers.get(call.block, 0)) for call in calls
             if call.block in numbers or call.kind in MARKS]
    return Trace(calls, kernels[0], found[0].size, failed[0] if failed else None)


# --- Replaying ------------------------------------------------------------------------------------


@dataclasses.dataclass
class Step:
    """What became of a call in a replay."""

    offset: int | None
    used: int


def written(calls: list[Call]) -> str:
    """The calls as build/replay reads them, and the test kernel: a line each."""
    def fields(call: Call) -> str:
        if call.kind == "a":
            return f" {call.block} {call.size:#x} {call.align:#x}"
        if call.kind == "r":
            return f" {call.block} {call.size:#x}"
        if call.kind == "s":
            return f" {call.used:#x}"
        return f" {call.block}" if call.kind == "f" else ""

    return "".join(f"{call.kind}{fields(call)}\n" for call in calls)


def replay(calls: list[Call], size: int, base: int, kind: str = "fba") -> list[Step]:
    """The outcome of each call, with the code of kmem/. Raises machine.Unusable."""
    command = [str(PROGRAM), kind, f"{size:x}", f"{base:x}"]
    try:
        done = subprocess.run(command, input=written(calls), capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise machine.Unusable("the replay is not built: make build/replay") from error
    except subprocess.CalledProcessError as error:
        raise machine.Unusable(error.stderr.strip() or f"{PROGRAM} ended with {error.returncode}") from error
    steps = []
    for line in done.stdout.splitlines():
        offset, used = line.split()
        steps.append(Step(None if offset == "-" else int(offset, 16), int(used, 16)))
    return steps


def suffices(trace: Trace, size: int) -> bool:
    return all(step.offset is not None for step in replay(trace.with_region(size), size, trace.region.base))


def smallest(trace: Trace) -> int:
    """Bytes of the smallest region, in whole pages, in which all allocations of the trace succeed."""
    low, high = 0, max(call.used for call in trace.calls) // PAGE + sum(
        call.size + call.align for call in trace.calls if call.kind in "ar") // PAGE + 1
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(trace, middle * PAGE) else (middle, high)
    return high * PAGE


def differences(trace: Trace) -> list[str]:
    """Where a replay gives another address than the boot had, in words."""
    steps = replay(trace.calls, LARGEST, trace.region.base)
    return [
        f"block {call.block} for {call.tag}: at {call.offset:#x} in the boot, {step.offset} in the replay"
        for call, step in zip(trace.calls, steps, strict=True)
        if call.kind == "a" and call.offset != step.offset
    ] + [
        f"a mark of {call.tag}: {call.used} bytes in use in the boot, {step.used} in the replay"
        for call, step in zip(trace.calls, steps, strict=True)
        if call.kind in MARKS and call.used != step.used
    ]


# --- What it tells --------------------------------------------------------------------------------


@dataclasses.dataclass
class Block:
    """The life of a block, in calls."""

    number: int
    by: str
    tag: str
    caller: int
    offset: int
    size: int
    align: int
    padding: int
    born: int
    died: int | None = None  # None: it stays
    lost: bool = False  # freed, and its bytes stayed taken
    gone: int | None = None  # the rewind that took its bytes and its padding; None: none did
    sizes: list[tuple[int, int]] = dataclasses.field(default_factory=list)  # to which resize it had which, before its last

    @property
    def largest(self) -> int:
        return max([self.size, *(size for _, size in self.sizes)])

    def phases(self, end: int) -> list[tuple[int, int, int]]:
        """From which call to which it had which size, if it is there to the call `end`."""
        since = self.born
        found = []
        for until, size in self.sizes:
            found.append((since, until, size))
            since = until
        return [*found, (since, end, self.size)]


@dataclasses.dataclass
class Mark:
    """The life of a mark, in calls."""

    used: int  # where it was taken
    opened: int
    closed: int | None = None  # None: it stays open
    rewound: bool = False  # or kept


def blocks(trace: Trace) -> tuple[list[Block], list[int]]:
    """All blocks of the boot, and what was in use after each call."""
    steps = replay(trace.calls, trace.region.size if not trace.failed else LARGEST, trace.region.base)
    found: dict[int, Block] = {}
    used, opened = 0, []  # blocks that were there when a mark was taken
    for number, (call, step) in enumerate(zip(trace.calls, steps, strict=True)):
        if call.kind in "as":
            offset = step.offset if call.kind == "a" and step.offset is not None else used
            size = call.size if call.kind == "a" else step.used - used
            found[call.block] = Block(call.block, call.by, call.tag, call.caller, offset, size, call.align,
                                      max(0, step.used - used - size), number)
        elif call.kind == "r":
            found[call.block].sizes.append((number, found[call.block].size))
            found[call.block].size = call.size
        elif call.kind == "m":
            opened.append(len(found))
        elif call.kind in MARKS:
            since = opened.pop()
            for block in list(found.values())[since:] if call.kind == "w" else []:
                if block.gone is None:
                    block.died, block.gone = number if block.died is None else block.died, number
        else:
            found[call.block].died = number
            found[call.block].lost = step.used >= used and found[call.block].size > 0
        used = step.used
    return list(found.values()), [step.used for step in steps]


def marks(trace: Trace) -> list[Mark]:
    """All marks of the boot, in the order of their opening."""
    found: list[Mark] = []
    opened: list[Mark] = []
    for number, call in enumerate(trace.calls):
        if call.kind == "m":
            opened.append(Mark(call.used, number))
            found.append(opened[-1])
        elif call.kind in MARKS:
            mark = opened.pop()
            mark.closed, mark.rewound = number, call.kind == "w"
    return found


def in_better_order(trace: Trace) -> int:
    """Bytes in use at the end if what stays were allocated in the order of falling alignment."""
    stay = [block for block in blocks(trace)[0] if block.died is None]
    calls = [Call("a", block.by, block.tag, number, block.size, block.align)
             for number, block in enumerate(sorted(stay, key=lambda block: -block.align), 1)]
    return replay(calls, LARGEST, trace.region.base)[-1].used


def with_marks(trace: Trace) -> int:
    """Bytes in use at the end if everything that was freed had been taken under a mark, and rewound."""
    freed = {call.block for call in trace.calls if call.kind == "f"}
    kept = [call for call in trace.calls if call.block not in freed]
    return replay(_anywhere(kept), LARGEST, trace.region.base)[-1].used


def with_decorator(trace: Trace, kind: str) -> int:
    """Bytes in use at the end if everything were allocated through reclaim or free_lists."""
    return replay(_anywhere(trace.calls), LARGEST, trace.region.base, kind)[-1].used


class Places:
    """The callers of a boot, as function, file and line."""

    def __init__(self, lines: list[str], kernel: pathlib.Path | None, loader: pathlib.Path | None) -> None:
        self._names = symbols.Symbols(kernel, loader)
        self._known: dict[int, str] = {}
        for line in lines:
            self._names.annotate(line)

    def of(self, address: int) -> str:
        if address not in self._known:
            said = self._names.annotate(f"by {address:#x}")
            self._known[address] = said.partition("[")[2].rstrip("]") or f"{address:#x}"
        return self._known[address]

    def close(self) -> None:
        self._names.close()
