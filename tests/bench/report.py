#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns what the bench measured into a table and a plot.

    report.py RESULTS.tsv TABLE.md PLOT.svg FLAGS...

prints the table too. FLAGS are sentences about how the peers were built, for the foot of the table.
"""

import collections
import html
import math
import pathlib
import platform
import subprocess
import sys

import counts

US = "ours, gcc"
YARDSTICKS = ("empty function", "bare loop, gcc")
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


def slower(rows):
    """Where a peer is faster than our form of the same name: a sentence each."""
    found = []
    for (workload, form), group in groups(rows).items():
        mine = ours(group)
        for row in group if mine else []:
            if row.peer not in YARDSTICKS and not row.peer.startswith("ours") and mine.low > NEAR * row.low:
                found.append(f"{workload}, {form}: {row.peer} takes {cost(row)}, we take {cost(mine)}.")
    return found


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
    lines += ["", "Where we are not the fastest:", ""]
    lines += [f"- {sentence}" for sentence in slower(rows)] or ["- nowhere."]
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
    if peer in YARDSTICKS:
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


def main(results, table, plot, *flags):
    rows = read(results)
    text = markdown(rows, flags)
    pathlib.Path(table).write_text(text, encoding="utf-8")
    pathlib.Path(plot).write_text(svg(rows), encoding="utf-8")
    print(text)
    print(f"{table} and {plot} are written; `make bench-publish` copies them to tests/bench/")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
