#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns what the bench measured into a table, a plot, and a part of the README.

    results.py RESULTS.tsv OTHERS.tsv FOLDER FLAGS...   writes results.md, results.svg and readme.md there

It prints the table too. RESULTS.tsv is what several processes wrote, one after another; OTHERS.tsv the
counts of ours, compiled in other ways; FLAGS are sentences about how the peers were built.
"""

import collections
import dataclasses
import pathlib
import platform
import statistics
import subprocess
import sys

import instruction_counts
import results_plot

OURS = ("ours, gcc", "ours, clang")
BASELINES = ("empty function", "bare loop, gcc")
NEAR = 1.05  # times as long: as fast as the other, on a machine with other work
SPREAD = 1.1  # from process to process; above that it is shown


@dataclasses.dataclass
class Row:
    """One form of one peer at one workload. Nanoseconds: the minimum over the rounds, for each process."""

    workload: str
    peer: str
    form: str
    instructions: set[float]  # more than one: they differ from process to process
    minima: list[float]  # none: not timed
    text: int  # bytes of the function that was called; 0: there is none

    @property
    def is_ours(self) -> bool:
        return self.peer in OURS

    @property
    def nanoseconds(self) -> float:
        return statistics.median(self.minima)

    @property
    def cost(self) -> float:
        """What it is judged by: nanoseconds where there are any, else instructions."""
        return self.nanoseconds if self.minima else max(self.instructions)

    @property
    def low(self) -> float:
        return min(self.minima or self.instructions)

    @property
    def high(self) -> float:
        return max(self.minima or self.instructions)


Groups = dict[tuple[str, str], list[Row]]  # {(workload, form): rows}


def read(file: str) -> tuple[dict[str, str], Groups]:
    """({workload: what one operation is}, the rows in the order of the bench)."""
    operations: dict[str, str] = {}
    sizes: dict[str, dict[int, int]] = {}
    rows: dict[tuple[str, ...], Row] = {}
    for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            _, workload, operation = line.split("\t")
            operations[workload] = operation
            continue
        workload, peer, form, instructions, low, _, _, library, offset = line.split("\t")
        if library not in sizes:
            sizes[library] = instruction_counts.text_sizes(library)
        text = sizes[library].get(int(offset), 0) if int(offset) else 0
        row = rows.setdefault((workload, peer, form, library), Row(workload, peer, form, set(), [], text))
        row.instructions |= {float(instructions)} if instructions else set()
        row.minima += [float(low)] if low else []
    found: Groups = {}
    for workload in operations:
        for row in rows.values():
            if row.workload == workload:
                found.setdefault((row.workload, row.form), []).append(row)
    return operations, found


def number(value: float) -> str:
    """As few digits as tell it apart: 13, 24.01, 1.36, 5675."""
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")


def span(values: list[float] | set[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low}–{high}"


# --- Where a peer is ahead ------------------------------------------------------------------------

# Why, for each workload and form where a peer has been seen to be ahead. [N] is the sequence of that number
# in README.md.
_PEAK = "a free that leaves the highest point so far writes down where that was, so that the peak is exact [4]"
_NAMED = "a free or resize of another block than the last is answered by name, for which the block is looked for [5]"
_LIST = f"a list asks whether it can grow in place before it moves; {_NAMED}"
_SAVEPOINT = "ours is checked when it is closed and protects what is older; Zig's is a word that its user saves [6]"
_NO_SAVEPOINT = "what begins anew needs no savepoint: the function is empty"
_RECORD = "the failure is recorded, with what was asked, by whom, and both edges; Zig returns null [7]"
_LOCKED = "the record is written by one processor at a time, which takes locked instructions; Zig returns null [7]"
_SHARED_PEAK = "a locked instruction of its own raises the watermark before the edge is lowered [4]"
_SHARED_NAMED = f"{_NAMED}; in the shared mode behind a lock prefix, as the edge may move meanwhile"
WHY: dict[tuple[str, str], str] = {
    ("grow", "inlined"): "ours also asks whether a savepoint protects the block [1]; Zig has none that could",
    ("free", "interface"): "ours asks whether the block is NULL, and hands on who called",
    ("free", "shared"): "ours also asks whether the block is protected and whether a peak is left; both do one locked exchange",
    ("free", "shared interface"): "ours asks whether the block is NULL, protected, or leaves a peak; both do one locked exchange",
    ("mark", "called"): f"{_SAVEPOINT}; {_NO_SAVEPOINT}",
    ("rewind", "called"): _SAVEPOINT,
    ("rewind, new peak", "called"): f"{_SAVEPOINT}; {_PEAK}",
    ("frame", "inlined"): _SAVEPOINT,
    ("nested frames", "called"): _SAVEPOINT,
    ("full", "called"): _RECORD,
    ("full", "interface"): _RECORD,
    ("lists", "interface"): _LIST,
    ("lists", "called"): _LIST,
    ("tree", "shared"): _SHARED_NAMED,
    ("tree", "shared interface"): _SHARED_NAMED,
    ("boot", "shared"): _SHARED_NAMED,
    ("boot", "shared interface"): _SHARED_NAMED,
}
for _workload in ("free, new peak", "shrink", "temporary", "three temporaries"):
    WHY |= {(_workload, form): _PEAK for form in ("inlined", "called", "interface", "scratch")}
    WHY |= {(_workload, form): _SHARED_PEAK for form in ("shared", "shared interface")}
for _form in ("shared", "shared interface"):
    WHY["full", _form] = _LOCKED
    WHY["two threads", _form] = "one cache line goes to and fro between two processors, and the host decides how often"
# The same, where the number of instructions is not the point.
WHY_ALL_THE_SAME = {
    ("tree", "interface"): f"{_NAMED}; the interface has no savepoints, so that ours frees node by node, and Zig's arena at once",
}
NOT_EXPLAINED = "**not explained**"
FEWER = "ours executes fewer instructions; the rest is calls, and where code and blocks lie [3]"
NO_DIFFERENCE = "each one's figure lies in the range of the other's processes: the next run may show the opposite"


def differ(mine: Row, theirs: Row) -> bool:
    """Whether a median lies outside of what the other's processes showed."""
    return mine.cost > theirs.high or theirs.cost < mine.low


def reason(key: tuple[str, str], mine: Row, theirs: list[Row]) -> str:
    if not any(differ(mine, row) for row in theirs):
        return NO_DIFFERENCE
    if key in WHY_ALL_THE_SAME:
        return WHY_ALL_THE_SAME[key]
    if mine.minima and mine.instructions and all(max(mine.instructions) < min(row.instructions, default=0) for row in theirs):
        return FEWER
    return WHY.get(key, NOT_EXPLAINED)


def ahead(groups: Groups) -> list[tuple[Row, list[Row], str]]:
    """[(one of ours, the peers that are ahead of it in the same form, why)]."""
    found = []
    for key, group in groups.items():
        peers = [row for row in group if not row.is_ours and row.peer not in BASELINES]
        for mine in (row for row in group if row.is_ours):
            if theirs := [row for row in peers if mine.cost > NEAR * row.cost]:
                found.append((mine, theirs, reason(key, mine, theirs)))
    return found


def cost_in_words(row: Row) -> str:
    time = [f"{number(row.nanoseconds)} ns"] if row.minima else []
    counted = [f"{span(row.instructions)} instructions"] if row.instructions else []
    return ", ".join(time + counted)


def ahead_in_words(groups: Groups) -> list[str]:
    """A sentence for each workload and form."""
    found: dict[tuple[str, str], list[tuple[Row, list[Row], str]]] = {}
    for mine, theirs, why in ahead(groups):
        found.setdefault((mine.workload, mine.form), []).append((mine, theirs, why))
    sentences = []
    for (workload, form), entries in found.items():
        peers = {row.peer: row for _, theirs, _ in entries for row in theirs}
        others = "; ".join(f"{row.peer} {cost_in_words(row)}" for row in peers.values())
        mine = "; ".join(f"{row.peer} {cost_in_words(row)}" for row, _, _ in entries)
        reasons = "; ".join(dict.fromkeys(why for _, _, why in entries))
        sentences.append(f"{workload}, {form}: {others}. {mine}: {reasons}.")
    return sentences or ["nowhere."]


# --- The table ------------------------------------------------------------------------------------


def first_line(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return ""


def processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def about(flags: tuple[str, ...]) -> list[str]:
    compilers = [first_line(name, "--version") for name in ("gcc", "clang", "/usr/bin/rustc")]
    names = "libc6 libstdc++6 librust-bumpalo-dev libmimalloc-dev libapr1-dev libtalloc-dev".split()
    packages = [f"{name} {first_line('dpkg-query', '-W', '-f', '${Version}', name)}" for name in names]
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    return [
        f"{processor()}; {system}, Linux {platform.release()}.",
        "; ".join(word for word in compilers + packages if word) + ".",
        *flags,
    ]


OTHER_WAYS = {
    "hosted": "with the flags of the other peers of C, without the kernel's",
    "O3": "at -O3, which is what Zig and Rust have in place of -O2",
    "lto": "with link-time optimisation",
}
MOST_SHOWN = 8


def other_ways(groups: Groups, file: str) -> list[str]:
    """What the flags do: a sentence for each other way of compiling ours."""
    counted = {
        (row.peer, *key): max(row.instructions)
        for key, rows in groups.items() for row in rows if row.is_ours and row.instructions
    }
    ways: dict[tuple[str, str], list[tuple[float, str]]] = {}
    compared: collections.Counter[tuple[str, str]] = collections.Counter()
    for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        workload, peer, form, instructions, _, _, _, library, _ = line.split("\t")
        before = counted.get((peer, workload, form))
        if before is None or not instructions:
            continue
        way = (pathlib.Path(library).stem.rpartition("-")[2], peer)
        ways.setdefault(way, [])
        compared[way] += 1
        if (after := float(instructions)) != before:
            ways[way].append((after / before, f"{workload}, {form} {number(before)} → {number(after)}"))
    sentences = []
    for (way, peer), changes in ways.items():
        changes.sort(key=lambda change: -abs(change[0] - 1))
        more = f"; and {len(changes) - MOST_SHOWN} more" if len(changes) > MOST_SHOWN else ""
        shown = "; ".join(words for _, words in changes[:MOST_SHOWN])
        what = f"{len(changes)} of {compared[way, peer]} counts differ" + (f": {shown}{more}" if changes else "")
        sentences.append(f"{peer}, {OTHER_WAYS[way]}: {what}.")
    return sentences


def ratio(row: Row, group: list[Row]) -> str:
    """Against the better of ours."""
    mine = [other.cost for other in group if other.is_ours]
    return f"{row.cost / min(mine):.2f}" if mine and min(mine) > 0 and not row.is_ours else ""


def cells(row: Row, group: list[Row]) -> list[str]:
    varies = bool(row.minima) and row.high > SPREAD * row.low
    return [
        row.workload,
        row.form,
        f"**{row.peer}**" if row.is_ours else row.peer,
        span(row.instructions) if row.instructions else "",
        number(row.nanoseconds) if row.minima else "",
        span(row.minima) if varies else "",
        ratio(row, group),
        str(row.text or ""),
    ]


def markdown(operations: dict[str, str], groups: Groups, others: str, flags: tuple[str, ...]) -> str:
    lines = [
        "Instructions are exact (single-stepped): of a single call; of what a pattern spends in the allocator, for "
        "each operation; of the whole loop where a pattern is inlined. Nanoseconds are of one operation in a loop, "
        "patterns with all their own work: the minimum over the rounds of a process, and of several processes the "
        "median. *Processes* is the lowest and the highest of them, where they differ by more than a tenth. `×` is "
        "against the better of ours, above 1 being slower. *Text* is the bytes of the function that was called, without "
        "what it calls. The sums of what the patterns read were equal for all.",
        "",
        *[f"- *{workload}*: {operation}" for workload, operation in operations.items()],
        "",
        "| workload | form | allocator | instructions | ns | processes | × | text |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    for group in groups.values():
        for row in sorted(group, key=lambda row: (not row.is_ours, row.cost)):
            lines.append("| " + " | ".join(cells(row, group)) + " |")
    lines += ["", "Where a peer is ahead of one of ours:", ""] + [f"- {words}" for words in ahead_in_words(groups)]
    lines += ["", "What flags change:", ""] + [f"- {words}" for words in other_ways(groups, others)]
    lines += ["", "Measured on:", ""] + [f"- {words}" for words in about(flags)]
    return "\n".join(lines) + "\n"


# --- The README's part ----------------------------------------------------------------------------

SHOWN = {
    ("16 bytes", "inlined"): "alloc, inlined",
    ("64 deep", "inlined"): "alloc and free, inlined, 64 deep",
    ("frame", "inlined"): "savepoint, 4 blocks, rewind",
    ("temporary", "inlined"): "a block that stays, one behind it that is freed",
    ("full", "called"): "alloc that fails",
    ("16 bytes", "shared"): "alloc, lock-free",
}
COLUMNS = {
    "ours, gcc": "ours, gcc",
    "ours, clang": "ours, clang",
    "Zig 0.16.0 ReleaseFast": "Zig",
    "bumpalo": "bumpalo",
    "libstdc++ pmr": "pmr",
    "glibc obstack": "obstack",
}


def readme(groups: Groups) -> str:
    """At most six rows, and where the rest is."""
    lines = [
        "Instructions, nanoseconds:",
        "",
        "| | " + " | ".join(COLUMNS.values()) + " |",
        "|---|" + "--:|" * len(COLUMNS),
    ]
    for key, words in SHOWN.items():
        found = [next((row for row in groups.get(key, []) if row.peer.startswith(peer)), None) for peer in COLUMNS]
        shown = [f"{span(row.instructions)}, {number(row.nanoseconds)} ns" if row else "" for row in found]
        lines.append(f"| {words} | " + " | ".join(shown) + " |")
    lines += ["", "[All workloads and peers](tests/bench/results.md), and where one of them is ahead, and why."]
    return "\n".join(lines) + "\n"


def main(results: str, others: str, folder: str, *flags: str) -> None:
    operations, groups = read(results)
    text = markdown(operations, groups, others, flags)
    target = pathlib.Path(folder)
    (target / "results.md").write_text(text, encoding="utf-8")
    (target / "results.svg").write_text(results_plot.plot(groups), encoding="utf-8")
    (target / "readme.md").write_text(readme(groups), encoding="utf-8")
    print(text)
    print(f"{folder}/results.md and .svg are written; `make bench-publish` copies them to tests/bench/")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
