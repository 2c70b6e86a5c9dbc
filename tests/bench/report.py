#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns what the bench measured into a table, a plot, and a part of the README.

    report.py RESULTS.tsv FOLDER FLAGS...      writes results.md, results.svg and readme.md there
    report.py publish FOLDER                   copies them, and what bench-boot wrote, to tests/bench,
                                               and puts readme.md into the README, between its marks

The first prints the table too. FLAGS are sentences about how the peers were built, for its foot.
"""

import collections
import html
import math
import pathlib
import platform
import shutil
import subprocess
import sys

import counts

US = "ours, gcc"
BASELINES = ("empty function", "bare loop, gcc")
NEAR = 1.05  # times as long: as fast as the other, on a machine with other work

Row = collections.namedtuple("Row", "workload peer form instructions low median high text")


def read(file):
    rows, sizes = [], {}
    for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines():
        workload, peer, form, instructions, low, median, high, library, offset = line.split("\t")
        if library not in sizes:
            sizes[library] = counts.text_sizes(library)
        text = sizes[library].get(int(offset), 0) if int(offset) else 0
        rows.append(Row(workload, peer, form, float(instructions), float(low), float(median), float(high), text))
    return rows


def number(value):
    """As few digits as tell it apart: 13, 24.01, 1.36, 5675."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def groups(rows):
    """{(workload, form): rows}, in the order of the bench."""
    found = collections.OrderedDict()
    for row in rows:
        found.setdefault((row.workload, row.form), []).append(row)
    return found


def ours(group):
    return next((row for row in group if row.peer == US), None)


def ratio(row, reference):
    return "" if reference is None or row is reference else f"{row.low / reference.low:.2f}"


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return ""


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def about(flags):
    system = dict(
        line.rstrip().split("=", 1)
        for line in pathlib.Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    compilers = [first_line(name, "--version") for name in ("gcc", "clang")] + [first_line("/usr/bin/rustc", "--version")]
    packages = [
        f"{name} {first_line('dpkg-query', '-W', '-f', '${Version}', name)}"
        for name in ("libc6", "libstdc++6", "librust-bumpalo-dev", "libmimalloc-dev")
    ]
    return [
        f"{processor()}; {system.get('PRETTY_NAME', '').strip(chr(34))}, Linux {platform.release()}.",
        "; ".join(word for word in compilers + packages if word) + ".",
        *flags,
    ]


def cost(row):
    counted = f" and {number(row.instructions)} instructions" if row.instructions >= 0 else ""
    return f"{number(row.low)} ns{counted}"


# Why, for each workload and form where a peer has been seen to be faster; README.md has the code.
WHY = {
    ("16 bytes", "inlined"): "both take as long as a store and the load that waits for it, two cycles or three",
    ("grow", "inlined"): "Zig does not ask whether the block is protected by a mark or came with the handoff, which "
    "is our second comparison",
    ("free", "interface"): "ours asks whether the block is NULL, and hands on the alignment and who asked",
    ("failing", "called"): "we write who asked, for what, why not, and how much is missing, and count it; Zig returns "
    "null",
}
for _workload in ("16 bytes", "mixed", "alloc, free", "64 deep"):
    WHY[_workload, "interface"] = (
        "ours goes on by two jumps, because the table's function takes any context and the allocator's takes an fba; "
        "Zig compiles its allocator into the function of the table"
    )
WHY["failing", "interface"] = WHY["failing", "called"]
WHY["failing", "shared"] = WHY["failing", "shared interface"] = (
    "the same record, written by one processor at a time: three locked instructions, of which each takes about as "
    "long as all of Zig's refusal"
)

WHY["two threads", "shared"] = WHY["two threads", "shared interface"] = (
    "one cache line goes to and fro between two processors, and the host decides how often"
)
BY_CALLS = "loops that call take as long as their calls, and their minima differ by a cycle or two between runs"


def faster(rows):
    """[(ours, [those peers' that are faster in the same form], why)]."""
    found = []
    for key, group in groups(rows).items():
        mine = ours(group)
        others = [row for row in group if row.peer not in BASELINES and not row.peer.startswith("ours")]
        if theirs := [row for row in others if mine and mine.low > NEAR * row.low]:
            found.append((mine, theirs, WHY.get(key, BY_CALLS)))
    return found


def slower(rows):
    """Where we are not the fastest: a sentence each, and why."""
    return [
        f"{mine.workload}, {mine.form}: {', '.join(f'{row.peer} {cost(row)}' for row in theirs)}; we take {cost(mine)}: {why}."
        for mine, theirs, why in faster(rows)
    ] or ["nowhere."]


def slower_by_reason(rows):
    """The same in short: a sentence for each reason, and of the peers only the fastest."""
    found = collections.OrderedDict()
    for mine, theirs, why in faster(rows):
        best = min(theirs, key=lambda row: row.low)
        found.setdefault(why, []).append(
            f"{mine.workload}, {mine.form} ({number(mine.low)} ns, {best.peer} {number(best.low)})"
        )
    return [f"{'; '.join(places)}: {why}." for why, places in found.items()] or ["nowhere."]


def markdown(rows, flags):
    lines = [
        "Instructions are exact (single-stepped); nanoseconds are of one operation in a loop, over all rounds. "
        f"`×` is the minimum against that of the same form of “{US}”: above 1 is slower than we are. "
        "Text is the bytes of the function that was called, without what it calls.",
        "",
        "| workload | form | allocator | instructions | ns min | median | max | × | text |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for (workload, form), group in groups(rows).items():
        mine = ours(group)
        for row in sorted(group, key=lambda row: (not row.peer.startswith("ours"), row.low)):
            cells = [
                workload,
                form,
                f"**{row.peer}**" if row.peer.startswith("ours") else row.peer,
                number(row.instructions) if row.instructions >= 0 else "",
                number(row.low),
                number(row.median),
                number(row.high),
                ratio(row, mine),
                str(row.text or ""),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "Where we are not the fastest:", ""] + [f"- {sentence}" for sentence in slower(rows)]
    lines += ["", "Measured on:", ""] + [f"- {sentence}" for sentence in about(flags)]
    return "\n".join(lines) + "\n"


# ── The plot: a line for each workload and form, a dot for each peer, nanoseconds on a log scale ──

COLOURS = {
    "ours, gcc": "#d62728",
    "ours, clang": "#ff9896",
    "Zig": "#f7a41d",
    "bumpalo": "#8c564b",
    "libstdc++ pmr": "#1f77b4",
    "glibc obstack": "#9467bd",
    "glibc malloc": "#7f7f7f",
    "mimalloc": "#17becf",
    "empty function": "#000000",
    "bare loop, gcc": "#000000",
}
LEFT, RIGHT, TOP, STEP, WIDTH = 200, 30, 76, 22, 960


def colour(peer):
    return next(shade for name, shade in COLOURS.items() if peer.startswith(name))


def shape(peer, x, y):
    shade, title = colour(peer), f"<title>{html.escape(peer)}</title>"
    if peer in BASELINES:
        return f'<path d="M{x:.1f} {y - 7:.1f}v14" stroke="{shade}" stroke-width="1.5">{title}</path>'
    if peer.startswith("ours"):
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{shade}">{title}</circle>'
    hollow = "ReleaseSafe" in peer
    fill = "#ffffff" if hollow else shade
    return (
        f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" fill="{fill}" stroke="{shade}" '
        f'stroke-width="1.5">{title}</rect>'
    )


def svg(rows):
    shown = [(key, group) for key, group in groups(rows).items() if ours(group) and len({r.peer for r in group}) > 2]
    lows = [row.low for _, group in shown for row in group]
    low, high = math.log10(min(lows)) - 0.05, math.log10(max(lows)) + 0.05
    height = TOP + STEP * len(shown) + 40

    def across(value):
        return LEFT + (math.log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for exponent in range(math.floor(low), math.ceil(high) + 1):
        for step in (1, 2, 5):
            value = step * 10.0**exponent
            if low <= math.log10(value) <= high:
                x = across(value)
                parts.append(f'<path d="M{x:.1f} {TOP - 12}V{height - 30}" stroke="#dddddd"/>')
                parts.append(f'<text x="{x:.1f}" y="{height - 14}" text-anchor="middle">{value:g} ns</text>')
    for index, ((workload, form), group) in enumerate(shown):
        y = TOP + STEP * index
        parts.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{html.escape(f"{workload}, {form}")}</text>')
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#eeeeee"/>')
        for row in sorted(group, key=lambda row: row.peer.startswith("ours")):
            parts.append(shape(row.peer, across(row.low), y))
    for index, peer in enumerate(dict.fromkeys(row.peer for _, group in shown for row in group)):
        x, y = 24 + index % 5 * 186, 18 + index // 5 * 20
        parts.append(shape(peer, x, y))
        parts.append(f'<text x="{x + 12}" y="{y + 4}">{html.escape(peer)}</text>')
    return "\n".join(parts) + "\n</svg>\n"


# ── The README's part ───────────────────────────────────────────────────────────────────────────

README = counts.ROOT / "README.md"
MARKS = ("<!-- bench: `make bench-publish` writes what follows -->\n", "<!-- end of bench -->\n")
PUBLISHED = ("results.md", "results.svg", "boot.md", "growth.md", "growth.svg")

SHOWN = [
    ("16 bytes", "inlined", "alloc of 16 bytes, inlined"),
    ("16 bytes", "called", "the same, called"),
    ("16 bytes", "interface", "the same, through the interface"),
    ("mixed", "called", "1 to 256 bytes, alignment 1 to 64, called"),
    ("16 bytes", "scratch", "scratch, called"),
    ("free", "called", "free of the last block, called"),
    ("alloc, free", "inlined", "alloc and free, inlined"),
    ("grow", "inlined", "growing the last block, inlined"),
    ("push", "interface", "appending to a list"),
    ("zeroed", "called", "zeroed alloc of 4 KiB, fresh"),
    ("failing", "called", "a refusal, with its record"),
    ("16 bytes", "shared", "shared alloc, called"),
    ("two threads", "shared", "the same, two threads at once"),
]
COLUMNS = [US, "ours, clang", "Zig ReleaseFast", "bumpalo", "libstdc++ pmr", "bare loop"]


def is_of(row, column):
    return row.peer.startswith(column) or all(word in row.peer for word in column.split())


def readme(rows):
    found = groups(rows)
    lines = [
        "Instructions and nanoseconds (minimum) of one operation; [all peers and forms](tests/bench/results.md), and "
        "what was measured on.",
        "",
        "| | " + " | ".join(COLUMNS) + " |",
        "|---|" + "--:|" * len(COLUMNS),
    ]
    for workload, form, words in SHOWN:
        cells = []
        for column in COLUMNS:
            row = next((row for row in found.get((workload, form), []) if is_of(row, column)), None)
            counted = f"{number(row.instructions)}, " if row and row.instructions >= 0 else ""
            cells.append(f"{counted}{number(row.low)} ns" if row else "")
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    lines += ["", "Where we are not the fastest:", ""] + [f"- {sentence}" for sentence in slower_by_reason(rows)]
    lines += ["", "![nanoseconds beside those of other allocators](tests/bench/results.svg)", ""]
    return "\n".join(lines)


def publish(folder):
    published = pathlib.Path(__file__).resolve().parent
    for name in PUBLISHED:
        if (folder / name).exists():
            shutil.copyfile(folder / name, published / name)
    text = README.read_text(encoding="utf-8")
    before, first, rest = text.partition(MARKS[0])
    _, last, after = rest.partition(MARKS[1])
    if not first or not last:
        raise SystemExit(f"report.py: {README.name} has no part between {MARKS[0].strip()} and {MARKS[1].strip()}")
    part = (folder / "readme.md").read_text(encoding="utf-8")
    boot = (published / "boot.md").read_text(encoding="utf-8")
    part += "\nA boot at 256 MiB, [step by step](tests/bench/boot.md), and [how it grows](tests/bench/growth.md):\n\n"
    part += "".join(line + "\n" for line in boot.splitlines() if line.startswith("- "))
    part += "\n![instructions of a boot over memory, processors and map entries](tests/bench/growth.svg)\n"
    README.write_text(f"{before}{first}\n{part}\n{last}{after}", encoding="utf-8")


def main(results, folder, *flags):
    rows, folder = read(results), pathlib.Path(folder)
    text = markdown(rows, flags)
    (folder / "results.md").write_text(text, encoding="utf-8")
    (folder / "results.svg").write_text(svg(rows), encoding="utf-8")
    (folder / "readme.md").write_text(readme(rows), encoding="utf-8")
    print(text)
    print(f"{folder}/results.md and .svg are written; `make bench-publish` copies them to tests/bench/")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if sys.argv[1] == "publish":
        publish(pathlib.Path(sys.argv[2]))
    else:
        main(*sys.argv[1:])
