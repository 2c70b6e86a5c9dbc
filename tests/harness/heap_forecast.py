# SPDX-License-Identifier: MIT
"""What a boot on another machine would allocate, from the ledgers of two boots that differ in one number.

A block whose size differs grows along a straight line through the two, and so does the count of blocks that only the
larger boot has. The calls that come of it are replayed as those of a boot are. Used by replay.py.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterable

import heap_trace
import machine

PROCESSORS = re.compile(r"kernel: acpi: (\d+) processors?\b")
USABLE = re.compile(r"kernel: memory map: .*, (\d+) KiB usable$")
FIRMWARE_MAX = 64 << 20  # bytes: more than a firmware keeps for itself
GIB = 1 << 30
COMMAND_LINE = "command line"  # the loader's tag of what the machine has no part in


@dataclasses.dataclass
class Boot:
    """A boot that the forecast begins with."""

    trace: heap_trace.Trace
    processors: int | None
    memory: int | None  # bytes


def boot_of(trace: heap_trace.Trace, lines: list[str]) -> Boot:
    said = "\n".join(lines)
    processors = PROCESSORS.findall(said)
    usable = re.findall(USABLE.pattern, said, re.MULTILINE)
    memory = -(-int(usable[-1]) * 1024 // FIRMWARE_MAX) * FIRMWARE_MAX if usable else None
    return Boot(trace, int(processors[-1]) if processors else None, memory)


@dataclasses.dataclass
class Line:
    """A straight line through what two boots had, and how far along it the other machine is."""

    first: int
    second: int
    wanted: int

    def at(self, first: int, second: int) -> int:
        """The value there, rounded up."""
        return max(0, first - (first - second) * (self.wanted - self.first) // (self.second - self.first))


def _parts(calls: list[heap_trace.Call]) -> list[tuple[tuple[str, str], list[heap_trace.Call]]]:
    return [(of, list(part)) for of, part in itertools.groupby(calls, lambda call: (call.by, call.tag))]


def _alike(one: Iterable[heap_trace.Call], other: Iterable[heap_trace.Call]) -> int:
    """How many calls at their beginning are of the same kind."""
    pairs = itertools.takewhile(lambda two: (two[0].kind, two[0].align) == (two[1].kind, two[1].align), zip(one, other))
    return len(list(pairs))


class _Forecast:
    """Calls in the making. Blocks have numbers of their own."""

    def __init__(self, line: Line) -> None:
        self.calls: list[heap_trace.Call] = []
        self._line = line
        self._numbers: dict[int, int] = {}  # by those of the second boot: of the newest block in its place
        self._blocks = 0

    def add(self, first: heap_trace.Call, second: heap_trace.Call) -> None:
        kind = "a" if second.kind == "s" else second.kind  # where it stood is not known for another machine
        size = max(first.size, second.size) if second.tag == COMMAND_LINE else self._line.at(first.size, second.size)
        if kind == "a" and (size > 0 or second.size == 0):
            self._blocks += 1
            self._numbers[second.block] = self._blocks
        elif second.block not in self._numbers and kind not in heap_trace.MARKS:
            return  # of a block that the other machine does not ask for
        self.calls.append(dataclasses.replace(second, kind=kind, block=self._numbers.get(second.block, 0), size=size))

    def add_part(self, of: tuple[str, str], first: list[heap_trace.Call], second: list[heap_trace.Call]) -> None:
        more = len(second) - len(first)
        begin = _alike(first, second)
        end = min(_alike(first[::-1], second[::-1]), len(first) - begin)
        repeated = second[begin : begin + more] or second[:begin]
        if more < 0 or begin + end < len(first):
            raise machine.Unusable(f"what {of[0]} allocates for {of[1]} differs in more than its amount: no forecast")
        can_go = _alike(first[:begin][::-1], itertools.cycle(repeated[::-1])) if more else 0
        for number in range(max(self._line.at(begin, begin + more), begin - can_go)):
            if number < begin:
                self.add(first[number], second[number])
            else:
                call = repeated[(number - begin) % len(repeated)]
                self.add(call, call)
        for one, other in zip(first[len(first) - end :], second[len(second) - end :]):
            self.add(one, other)


def forecast(first: Boot, second: Boot, line: Line) -> heap_trace.Trace:
    """The calls of a boot of the same kernel on another machine. Raises machine.Unusable."""
    if first.trace.region.size != second.trace.region.size:
        raise machine.Unusable("the two boots had early heaps of different sizes: give logs of one kernel")
    parts, others = _parts(first.trace.calls), _parts(second.trace.calls)
    if [of for of, _ in parts] != [of for of, _ in others]:
        only = {of for of, _ in parts} ^ {of for of, _ in others}
        names = ", ".join(f"{by} {tag}" for by, tag in sorted(only))
        raise machine.Unusable(f"only one of the boots allocated for {names or 'some of its steps'}: "
                               "give logs of two boots that did the same, such as one with 2 and one with 4 processors")
    made = _Forecast(line)
    for (of, calls), (_, more) in zip(parts, others):
        made.add_part(of, calls, more)
    return dataclasses.replace(first.trace, calls=made.calls, failed=None)


def line_of(first: Boot, second: Boot, processors: int | None, memory: int | None) -> tuple[Line, str]:
    """The line to a machine with so many processors or so much memory, and that machine in words. What grows with memory
    grows with each GiB that it begins: page tables do."""
    differ = (first.processors != second.processors, first.memory != second.memory)
    ends = (first.processors, second.processors) if processors else (first.memory, second.memory)
    if None in ends:
        raise machine.Unusable("a log does not say what its machine had: boot with loglevel=7, the default")
    if differ != (bool(processors), bool(memory)):
        what = "processors" if processors else "memory"
        raise machine.Unusable(f"the two boots have to differ in {what}, and in nothing else; they had {first.processors} and "
                               f"{second.processors} processors, {_gib(first.memory)} and {_gib(second.memory)} GiB")
    if processors:
        words = "1 processor" if processors == 1 else f"{processors} processors"
        return Line(first.processors or 0, second.processors or 0, processors), words
    begun = [-(-(size or 0) // GIB) for size in (first.memory, second.memory, memory)]
    if begun[0] == begun[1]:
        raise machine.Unusable(f"what memory costs shows from GiB to GiB, and the two boots had {_gib(first.memory)} and "
                               f"{_gib(second.memory)}: give logs such as of 1G and of 2G")
    return Line(*begun), f"{_gib(memory)} GiB"


def _gib(memory: int | None) -> str:
    return f"{(memory or 0) / GIB:g}"


def ordered(first: Boot, second: Boot) -> tuple[Boot, Boot]:
    """The smaller machine first."""
    def size(boot: Boot) -> tuple[int, int]:
        return boot.processors or 0, boot.memory or 0

    return (first, second) if size(first) <= size(second) else (second, first)


def answer(first: Boot, second: Boot, processors: int | None, memory: int | None) -> list[str]:
    """What another machine needs, and for what it needs more. Raises machine.Unusable."""
    first, second = ordered(first, second)
    line, words = line_of(first, second, processors, memory)
    trace = forecast(first, second, line)
    needed = heap_trace.smallest(trace) // 1024
    rows = [f"with {words}: EARLY_HEAP={needed}K suffices, by a straight line through the two logs; what neither shows "
            f"is not in it: EARLY_HEAP={needed + heap_trace.PAGE // 1024}K has a page for a longer memory map"]
    held: dict[tuple[str, str], list[int]] = {}
    for column, calls in enumerate((first.trace.calls, trace.calls)):
        for call in calls:
            if call.kind in "as":
                held.setdefault((call.by, call.tag), [0, 0])[column] += call.size
    for (by, tag), (before, after) in held.items():
        if before != after:
            rows.append(f"  {after:9} bytes asked for by {by}, {tag}, instead of {before}")
    return rows
