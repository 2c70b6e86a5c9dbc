# SPDX-License-Identifier: MIT
"""The plot of results.py: a line for each workload and form, a dot for each peer, nanoseconds on a log scale."""

from __future__ import annotations

import math
import typing

import svg

if typing.TYPE_CHECKING:
    from results import Groups

COLOURS = {
    "ours, gcc": "#d62728",
    "ours, clang": "#ff9896",
    "Zig arena": "#bcbd22",
    "Zig": "#f7a41d",
    "bumpalo": "#8c564b",
    "libstdc++ pmr": "#1f77b4",
    "glibc obstack": "#9467bd",
    "apr pool": "#2ca02c",
    "apr subpools": "#98df8a",
    "talloc": "#e377c2",
    "glibc malloc": "#7f7f7f",
    "mimalloc": "#17becf",
    "empty function": "#000000",
    "bare loop": "#000000",
}
LINES = ("empty function", "bare loop")  # drawn as a line: what nothing can be faster than
LEFT, RIGHT, STEP, WIDTH = 190, 30, 22, 960
ACROSS, LEGEND_STEP = 4, 20
NOT_SHOWN = {"shared interface"}  # as much slower than "shared" as "interface" is than "called"


def mark(drawing: svg.Drawing, peer: str, x: float, y: float) -> None:
    shade = next(colour for name, colour in COLOURS.items() if peer.startswith(name))
    if peer.startswith(LINES):
        drawing.line([(x, y - 7), (x, y + 7)], peer, stroke=shade, stroke_width=1.5)
    elif peer.startswith("ours"):
        drawing.circle(x, y, 6, peer, fill=shade)
    else:
        fill = "#ffffff" if "ReleaseSafe" in peer else shade
        drawing.rect(x - 4.5, y - 4.5, 9, 9, peer, fill=fill, stroke=shade, stroke_width=1.5)


def plot(groups: Groups) -> str:
    timed = {key: [row for row in group if row.minima] for key, group in groups.items()}
    shown = {
        key: group
        for key, group in timed.items()
        if key[1] not in NOT_SHOWN and any(row.is_ours for row in group) and len({row.peer for row in group}) > 2
    }
    costs = [row.nanoseconds for group in shown.values() for row in group]
    peers = list(dict.fromkeys(row.peer for group in shown.values() for row in group))
    top = 36 + LEGEND_STEP * -(-len(peers) // ACROSS)
    height = top + STEP * len(shown) + 40
    axis = svg.LogAxis(math.log10(min(costs)) - 0.05, math.log10(max(costs)) + 0.05, LEFT, WIDTH - RIGHT)
    drawing = svg.Drawing(WIDTH, height)
    for value in axis.ticks((1, 2, 5)):
        x = axis.place(value)
        drawing.line([(x, top - 12), (x, height - 30)], stroke="#dddddd")
        drawing.text(x, height - 14, f"{value:g} ns", text_anchor="middle")
    for index, ((workload, form), group) in enumerate(shown.items()):
        y = top + STEP * index
        drawing.text(LEFT - 12, y + 4, f"{workload}, {form}", text_anchor="end")
        drawing.line([(LEFT, y), (WIDTH - RIGHT, y)], stroke="#eeeeee")
        for row in sorted(group, key=lambda row: row.is_ours):
            mark(drawing, row.peer, axis.place(row.nanoseconds), y)
    for index, peer in enumerate(peers):
        x, y = 24 + index % ACROSS * 232, 18 + index // ACROSS * LEGEND_STEP
        mark(drawing, peer, x, y)
        drawing.text(x + 12, y + 4, peer)
    return drawing.render()
