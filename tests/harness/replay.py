# SPDX-License-Identifier: MIT
"""Reads the ledger in a saved log, replays the boot's allocations with the code of kmem/, and answers.

The boot has to have had the word `ledger` on its command line, as every `make run` has. It checks that the replay
arrives at the addresses of the boot, and says: the smallest region that suffices; what padding costs, and which
order saves it; what each step and each caller took; what marks, reclaim or free_lists would have saved. With the log of
another boot beside it, it says what a machine with other processors or other memory would need.
"""

import sys

sys.dont_write_bytecode = True  # nothing is written outside build/

import argparse
import collections
import pathlib

import command_line
import heap_forecast
import heap_page
import heap_trace
import machine
import options
import terminal

EXAMPLES = """\
examples:
  replay.py build/logs/run.log
  replay.py build/logs/run.log --heap 64K         where a region of 64 KiB ends
  replay.py build/logs/run.log --page build/report.html
  replay.py two.log four.log --smp 16             what 16 processors need, from boots with 2 and with 4
"""


def lines_of(file: pathlib.Path) -> list[str]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise machine.Unusable(f"cannot read the log {file}: {error.strerror}") from error
    lines = terminal.Lines()
    return [line.text for line in (*lines.feed(data), *lines.rest())]


def heap_size(text: str) -> int:
    """Bytes of a region: whole pages."""
    try:
        size = options.bytes_of(text)
    except ValueError:
        size = 0
    if size < heap_trace.PAGE or size % heap_trace.PAGE:
        raise options.rejected(text, "give whole pages of 4 KiB such as 64K")
    return size


def memory_size(text: str) -> int:
    return options.bytes_of(options.memory_size(text))


def answer(trace: heap_trace.Trace, places: heap_trace.Places) -> list[str]:
    found, used = heap_trace.blocks(trace)
    needed = heap_trace.smallest(trace)
    padding = sum(block.padding for block in found)
    rows = [
        f"{len(trace.calls)} calls replayed, all at the addresses of the boot",
        f"smallest region that suffices: EARLY_HEAP={needed // 1024}K; at the end {used[-1]} bytes are in use",
        f"padding: {padding} bytes; in the order of falling alignment {used[-1] - heap_trace.in_better_order(trace)} "
        "bytes less would be in use",
        "marks around what was freed would save "
        f"{used[-1] - heap_trace.with_marks(trace)} bytes; reclaim {used[-1] - heap_trace.with_decorator(trace, 'reclaim')}; "
        f"free_lists {used[-1] - heap_trace.with_decorator(trace, 'free_lists')}",
        "by step:",
    ]
    steps: dict[tuple[str, str], list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    callers: collections.Counter[int] = collections.Counter()
    for block in found:
        of_step = steps[block.by, block.tag]
        of_step[0] += 1
        of_step[1] += 0 if block.died is not None else block.size
        of_step[2] += block.padding
        callers[block.caller] += 0 if block.died is not None else block.size
    for (by, tag), (count, held, padded) in sorted(steps.items(), key=lambda item: -item[1][1]):
        rows.append(f"  {held:9} bytes in {count:5} blocks, {padded:6} padding: {by}, {tag}")
    rows.append("by caller:")
    for caller, held in callers.most_common(12):
        rows.append(f"  {held:9} bytes: {places.of(caller) if caller else 'in shared mode'}")
    return rows


def where_it_ends(trace: heap_trace.Trace, size: int, places: heap_trace.Places) -> str:
    calls = trace.with_region(size)
    for call, step in zip(calls, heap_trace.replay(calls, size, trace.region.base)):
        if step.offset is None:
            return (f"a region of {size} bytes ends in {call.by}, {call.tag}: {call.size} bytes, alignment {call.align}, "
                    f"by {places.of(call.caller)}")
    return f"a region of {size} bytes suffices"


class Wrong(Exception):
    """A log that is not what a boot did."""


def read(file: pathlib.Path) -> tuple[heap_trace.Trace, list[str]]:
    """The trace that a log has, which is what a replay does, and its lines. Raises Wrong and machine.Unusable."""
    lines = lines_of(file)
    try:
        trace = heap_trace.read(lines)
    except heap_trace.Damaged as error:
        raise Wrong(str(error)) from error
    if trace is None:
        raise machine.Unusable(f"{file} has no ledger: boot with the word `ledger` on the command line")
    wrong = heap_trace.differences(trace)
    if wrong:
        raise Wrong("\n".join(["the replay is not what the boot did:", *wrong[:10]]))
    return trace, lines


def run(parsed: argparse.Namespace) -> int:
    if bool(parsed.beside) != bool(parsed.smp or parsed.mem) or (parsed.smp and parsed.mem):
        raise machine.Unusable("a second log goes with --smp N or with --mem SIZE, and these go with a second log")
    try:
        trace, lines = read(parsed.log)
        if parsed.beside:
            first, second = heap_forecast.boot_of(trace, lines), heap_forecast.boot_of(*read(parsed.beside))
            print("\n".join(heap_forecast.answer(first, second, parsed.smp, parsed.mem)))
            return 0
    except Wrong as error:
        print(f"replay.py: {error}", file=sys.stderr)
        return 10
    places = heap_trace.Places(lines, parsed.kernel, parsed.loader)
    try:
        print("\n".join(answer(trace, places)))
        if parsed.heap:
            print(where_it_ends(trace, parsed.heap, places))
        if parsed.page:
            heap_page.write(parsed.page, trace, places)
            print(f"page: {parsed.page}")
    finally:
        places.close()
    return 0


def main(argv: list[str]) -> int:
    parser = options.Parser(
        prog="replay.py", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log", type=pathlib.Path, help="what the serial line said")
    parser.add_argument("beside", type=pathlib.Path, nargs="?", metavar="LOG", help="of a boot on a machine that differs")
    parser.add_argument("--smp", metavar="N", type=options.processors,
                        help="with two logs: say what so many processors need")
    parser.add_argument("--mem", metavar="SIZE", type=memory_size, help="with two logs: say what so much memory needs")
    parser.add_argument("--heap", metavar="SIZE", type=heap_size, help="say where a region of this size ends")
    parser.add_argument("--page", metavar="FILE", type=pathlib.Path, help="write the picture of the region's life, HTML")
    parser.add_argument("--kernel", metavar="FILE", type=pathlib.Path, default=machine.ROOT / "build/kernel.elf",
                        help="where the kernel's callers are looked up")
    parser.add_argument("--loader", metavar="FILE", type=pathlib.Path, default=machine.ROOT / "build/loader.efi",
                        help="where the loader's are")
    parsed = parser.parse_args(argv)
    return command_line.guarded("replay.py", lambda: run(parsed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
