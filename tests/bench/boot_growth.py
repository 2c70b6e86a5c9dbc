#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How a boot grows: with memory, with processors, with the entries of the memory map.

    boot_growth.py [--fast] [--table FILE.md] [--plot FILE.svg]

Boots each machine once under boot_cost.py's counter, writes a table and a plot of the instructions of the
loader and of the kernel, and fails if one grows faster than linearly, or than n log n where something
is sorted: that is, if no a + b n comes within a tenth of all points, and the power of n that comes
nearest is above 1. What the firmware does on the loader's behalf is shown, and not judged: it is
not ours. --fast boots only the ends and the middle of each series.

Instructions are those of all processors together.
"""

import argparse
import dataclasses
import math
import pathlib
import re
import sys
import typing
from collections.abc import Callable

import boot_cost
import options
import svg

# Large enough for 64 processors, and for the tables of 512 GiB in pages of 2 MiB.
KERNEL = boot_cost.ROOT / "build" / "heap-4096K" / "kernel.elf"

TOLERANCE = 0.1  # by how much of a point a line may miss it

ENTRIES = re.compile(r"memory map: (\d+) descriptors")
PROCESSORS = re.compile(r"processors: (\d+) of \d+ others? started")


def linear(n: float) -> float:
    return n


def sorting(n: float) -> float:
    return n * math.log2(n)


Machine = tuple[float, dict[str, typing.Any]]  # n, {argument of count_boot: value}


@dataclasses.dataclass
class Series:
    panel: str  # what grows, with its unit
    name: str
    machines: list[Machine]
    shape: Callable[[float], float] = linear  # what the instructions may be proportional to


def memories(*sizes: str) -> list[Machine]:
    return [(options.bytes_of(size) / 2**30, {"memory": size}) for size in sizes]


def with_all(machines: list[Machine], **more: typing.Any) -> list[Machine]:
    return [(n, {**arguments, **more}) for n, arguments in machines]


SERIES = [
    Series("memory, GiB", "pages of 2 MiB", memories("64M", "256M", "1G", "4G", "16G", "64G", "256G", "512G")),
    Series("memory, GiB", "pages of 1 GiB", with_all(memories("64M", "1G", "16G", "128G", "512G"), cpu="max")),
    Series("processors", "", [(n, {"processors": n}) for n in (1, 2, 4, 8, 16, 32, 64)]),
    Series("map entries", "shaped", [(n, {"entries": f"shaped {n}"}) for n in (10, 30, 100, 300, 600, 1000)], sorting),
    Series("map entries", "real", [(n, {"entries": f"real {n}"}) for n in (130, 250, 500, 1000)], sorting),
]
SIDES = {
    "loader": "the loader's own",
    "kernel": "the kernel's, to the seal",
    "firmware": "the firmware's, for the loader",
}


class Point(typing.NamedTuple):
    n: float
    loader: int
    kernel: int
    firmware: int


class Fit(typing.NamedTuple):
    """fixed + slope × shape(n)^power"""

    fixed: float
    slope: float
    power: float


Measured = list[tuple[Series, list[Point]]]


# --- Measuring ------------------------------------------------------------------------------------


def measure(n: float, arguments: dict[str, typing.Any]) -> Point:
    steps, said = boot_cost.count_boot(kernel=KERNEL, **arguments)
    if "entries" in arguments:  # what there was in the end
        n = int(ENTRIES.search(said)[1])
    if arguments.get("processors", 1) > 1 and int(PROCESSORS.search(said)[1]) != arguments["processors"] - 1:
        raise RuntimeError(f"not all of {arguments['processors']} processors started")
    return Point(
        n,
        boot_cost.total(steps, "loader", "ours"),
        boot_cost.total(steps, "kernel", "instructions"),
        boot_cost.total(steps, "loader", "firmware"),
    )


def chosen(machines: list[Machine], fast: bool) -> list[Machine]:
    return [machines[0], machines[len(machines) // 2], machines[-1]] if fast else machines


# --- Fitting --------------------------------------------------------------------------------------


def line_through(xs: list[float], ys: list[float]) -> tuple[float, float, float]:
    """(a, b, error) of a + b x, the relative errors' squares being least."""
    weights = [1 / y**2 for y in ys]
    total = sum(weights)
    mean_x = sum(w * x for w, x in zip(weights, xs)) / total
    mean_y = sum(w * y for w, y in zip(weights, ys)) / total
    spread = sum(w * (x - mean_x) ** 2 for w, x in zip(weights, xs))
    slope = sum(w * (x - mean_x) * (y - mean_y) for w, x, y in zip(weights, xs, ys)) / spread
    fixed = mean_y - slope * mean_x
    return fixed, slope, sum(w * (y - fixed - slope * x) ** 2 for w, x, y in zip(weights, xs, ys))


def line_within(xs: list[float], ys: list[float]) -> tuple[float, float] | None:
    """(a, b) of the best line that misses no point by more than the tolerance; None if there is none."""
    edges = [(x, y * (1 + side)) for x, y in zip(xs, ys) for side in (-TOLERANCE, TOLERANCE)]
    # If there is any, there is one that touches two edges.
    slopes = [(x, y, (v - y) / (u - x)) for x, y in edges for u, v in edges if u > x]
    lines = [line_through(xs, ys)[:2], *((y - slope * x, slope) for x, y, slope in slopes)]
    within = [
        (sum(((a + b * x - y) / y) ** 2 for x, y in zip(xs, ys)), (a, b))
        for a, b in lines
        if all(abs(a + b * x - y) <= 1.0001 * TOLERANCE * y for x, y in zip(xs, ys))
    ]
    return min(within)[1] if within else None


def fit(ns: list[float], ys: list[float], shape: Callable[[float], float] = linear) -> Fit:
    """The Fit: of power 1 if such a line comes near all points, else of the power that comes nearest."""
    if line := line_within([shape(n) for n in ns], ys):
        return Fit(*line, 1.0)
    best = None
    for power in (step / 100 for step in range(5, 301)):
        fixed, slope, error = line_through([shape(n) ** power for n in ns], ys)
        if best is None or error < best[0]:
            best = error, Fit(fixed, slope, power)
    return best[1]


def is_worse(found: Fit) -> bool:
    return found.slope > 0 and found.power > 1


def in_words(found: Fit, shape: Callable[[float], float]) -> str:
    base = "n" if shape is linear else "n log₂ n" if found.power == 1 else "(n log₂ n)"
    power = "" if found.power == 1 else f"^{found.power:.2f}"
    worse = f": worse than {'linear' if shape is linear else 'n log n'}" if is_worse(found) else ""
    return f"{found.fixed / 1e6:.2f} M + {found.slope:,.0f} × {base}{power}{worse}"


# --- What is written ------------------------------------------------------------------------------


def number(n: float) -> str:
    return f"{n:g}" if n < 1000 else f"{n:.0f}"


def title(series: Series) -> str:
    return f"{series.panel}: {series.name}" if series.name else series.panel


def table(measured: Measured) -> list[str]:
    lines = []
    for series, points in measured:
        unit = series.panel.rpartition(" ")[2] if "," in series.panel else series.panel
        lines += ["", f"**{title(series)}**", "", f"| {unit} | " + " | ".join(SIDES.values()) + " |", "|--:|--:|--:|--:|"]
        lines += [f"| {number(p.n)} | {p.loader:,} | {p.kernel:,} | {p.firmware:,} |" for p in points]
        growths = [in_words(fit([p.n for p in points], [getattr(p, side) for p in points], series.shape), series.shape)
                   for side in ("loader", "kernel")]
        lines.append(f"| growth | {growths[0]} | {growths[1]} | not ours |")
    return lines


COLOURS = {"loader": "#1f77b4", "kernel": "#d62728", "firmware": "#999999"}
WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 240, 56, 56, 66


def draw_panel(drawing: svg.Drawing, place: int, name: str, measured: Measured) -> None:
    """Instructions over what grows, both on log scales; lines of slope 1 behind."""
    points = [point for _, found in measured for point in found]
    amounts = [max(1, getattr(p, side)) for p in points for side in SIDES]
    x0, bottom = LEFT + place * (WIDTH + GAP), TOP + HEIGHT
    first, last = math.log10(min(p.n for p in points)), math.log10(max(p.n for p in points))
    low, high = math.floor(math.log10(min(amounts))), math.ceil(math.log10(max(amounts)))
    across, up = svg.LogAxis(first, last, x0, x0 + WIDTH), svg.LogAxis(low, high, bottom, TOP)

    def at(point: Point, side: str) -> tuple[float, float]:
        return across.place(point.n), up.place(max(1, getattr(point, side)))

    drawing.text(x0, TOP - 10, name, font_weight="bold")
    inside = drawing.clip(f"panel{place}", x0, TOP, WIDTH, HEIGHT)
    for amount in up.ticks():
        drawing.line([(x0, up.place(amount)), (x0 + WIDTH, up.place(amount))], stroke="#dddddd")
        drawing.power_of_ten(x0 - 6, up.place(amount) + 4, round(math.log10(amount)))
    # As a linear growth would run.
    for exponent in range(low - math.ceil(last - first), high + 1):
        ends = [(x0, up.place(10.0**exponent)), (x0 + WIDTH, up.place(10.0 ** (exponent + last - first)))]
        drawing.line(ends, stroke="#dddddd", stroke_dasharray="3 3", clip_path=inside)
    drawing.rect(x0, TOP, WIDTH, HEIGHT, fill="none", stroke="#000000")
    for n in labels_that_fit(sorted({p.n for p in points}), across):
        drawing.text(across.place(n), bottom + 16, number(n), text_anchor="middle")
    for index, (series, found) in enumerate(measured):
        dashes = {"stroke_dasharray": "6 3"} if index else {}
        for side, colour in COLOURS.items():
            drawing.line([at(p, side) for p in found], stroke=colour, stroke_width=1.5, **dashes)
            for p in found:
                tip = f"{title(series)}, {number(p.n)}: {getattr(p, side):,} {SIDES[side]}"
                drawing.circle(*at(p, side), 3, tip, fill="#ffffff" if index else colour, stroke=colour)
    if len(measured) > 1:
        drawing.text(x0, bottom + 34, f"solid: {measured[0][0].name}; dashed: {measured[1][0].name}")


def labels_that_fit(values: list[float], axis: svg.LogAxis) -> list[float]:
    labels = values[-1:]
    for n in reversed(values):
        if axis.place(labels[-1]) - axis.place(n) > 30:
            labels.append(n)
    return labels


def plot(measured: Measured) -> str:
    panels: dict[str, Measured] = {}
    for series, points in measured:
        panels.setdefault(series.panel, []).append((series, points))
    drawing = svg.Drawing(LEFT + len(panels) * (WIDTH + GAP), TOP + HEIGHT + 50)
    x = LEFT
    for side, words in SIDES.items():
        text = f"{words} instructions" if side == "loader" else words
        drawing.circle(x, 18, 4, fill=COLOURS[side])
        drawing.text(x + 10, 22, text)
        x += 30 + 7 * len(text)
    drawing.text(x, 22, "grey dashes: linear growth", fill="#777777")
    for place, (name, found) in enumerate(panels.items()):
        draw_panel(drawing, place, name, found)
    return drawing.render()


def complaints(measured: Measured) -> list[str]:
    """A sentence for each side that grows faster than it may."""
    found = []
    for series, points in measured:
        for side in ("loader", "kernel"):
            growth = fit([p.n for p in points], [getattr(p, side) for p in points], series.shape)
            if is_worse(growth):
                found.append(f"{title(series)}: {SIDES[side]}: {in_words(growth, series.shape)}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fast", action="store_true", help="three machines of each series")
    parser.add_argument("--table", default=boot_cost.BENCH / "growth.md", type=pathlib.Path)
    parser.add_argument("--plot", default=boot_cost.BENCH / "growth.svg", type=pathlib.Path)
    options = parser.parse_args()
    measured = []
    for series in SERIES:
        points = []
        for n, arguments in chosen(series.machines, options.fast):
            print(f"  BOOT    {title(series)}, {number(n)}", file=sys.stderr, flush=True)
            points.append(measure(n, arguments))
        measured.append((series, points))
    text = "\n".join(table(measured)).lstrip("\n") + "\n"
    options.table.write_text(text, encoding="utf-8")
    options.plot.write_text(plot(measured), encoding="utf-8")
    print(text)
    worse = complaints(measured)
    for sentence in worse:
        print(f"boot_growth.py: {sentence}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, OSError, boot_cost.machine.Unusable) as error:
        sys.exit(f"boot_growth.py: {error}")
