# SPDX-License-Identifier: MIT
"""Runs one boot over a range of something, as many at a time as there are processors.

Shows a progress bar, then a table, and draws build/reports/NAME.svg. Leaves with 0 only when
every verdict was one of those accepted: `passed`, what --accept adds, for heaps `out of memory`, for a
damaged kernel with checksums `loader stopped`, and for one without all but `could not start` and
`no output`, because damaged code may do anything.
"""

import sys

sys.dont_write_bytecode = True  # nothing is written outside build/

import argparse
import collections
import dataclasses
import os
import pathlib
import re
import subprocess
import time
from collections.abc import Callable

import command_line
import damage
import machine
import options
import parallel
import runner
import svg
import workspace
from judge import Verdict

EXAMPLES = """\
ranges: 1,2,4,8   4..64/4 (step 4)   64M..1G*2 (doubling)
examples:
  processors 1..8
  memory 64M..2G*2
  heap 8K..128K/8K                 the early heap of this repository's kernel; needs `make` for each size
  damage 200                       200 damages of the kernel file: bytes, fields, headers, sectors, its length
  word fail= 1..60 --accept "out of memory"
  memory 64M..512M*2 -- --kernel build/kernel-tests.elf --only fba     options of a single boot

accepted verdicts, beside passed and those of --accept:
  processors, memory, word    none
  heap                        out of memory
  damage                      of a kernel with checksums (boot/file_note.h): loader stopped, and passed if what is
                              loaded is the same; of another: all but could not start and no output, because
                              damaged code may do anything, even hang
"""

VALUES_MAX = 10000
USED = re.compile(r"^kernel:   permanent: (\d+)$", re.MULTILINE)
ACCEPTED = {
    "heap": {Verdict.PASSED, Verdict.OUT_OF_MEMORY},
    # A byte that nothing reads does no harm; one that matters has to be noticed by the loader, or be of the
    # code, and then nothing can be promised, not even that the machine ends by itself...
    "damage": set(Verdict) - {Verdict.COULD_NOT_START, Verdict.NO_OUTPUT},
}
# ... but where the file has checksums: boot/file_note.h.
ACCEPTED_WITH_CHECKSUMS = {Verdict.PASSED, Verdict.LOADER_STOPPED}
DAMAGE_TIMEOUT = 10.0
PASSED_COLOUR = "#2a7f3f"
SATURATION, LIGHTNESS = 70, 40  # percent, of the other verdicts' colours
GOLDEN_ANGLE = 137.5  # degrees: neighbours in the list of verdicts get colours that differ much

Change = Callable[[machine.Machine, str], machine.Machine]


@dataclasses.dataclass
class Point:
    value: str
    boot: runner.Boot

    @property
    def milliseconds(self) -> float | None:
        own = self.boot.microseconds
        return None if own is None else own / 1000

    @property
    def used(self) -> int | None:
        """Bytes of the early heap that stay for good, as the kernel's account says."""
        found = USED.findall(self.boot.text)
        return int(found[-1]) if found else None


def parse_range(text: str) -> list[str]:
    """The values of `1,2,4`, `4..64/4` or `64M..1G*2`, with the unit in which they were written."""
    match = re.fullmatch(r"(\d+)([KMG]?)\.\.(\d+)([KMG]?)(?:([/*])(\d+)([KMG]?))?", text)
    if not match:
        values = text.split(",")
        if not all(re.fullmatch(r"\d+[KMG]?", value) for value in values):
            raise ValueError(f"{text!r} is no range: give 1,2,4 or 4..64/4 or 64M..1G*2")
        if len(values) > VALUES_MAX:
            raise ValueError(f"a list of {len(values)} values is too long: give at most {VALUES_MAX}")
        return values
    low, end = (options.bytes_of(match[i] + match[i + 1]) for i in (1, 3))
    step = options.bytes_of(match[6] + match[7]) if match[5] else options.bytes_of("1" + match[2])
    if match[5] == "*" and step < 2 or step < 1 or low < 1:
        raise ValueError(f"{text!r} never ends")
    values = []
    if low > end:
        raise ValueError(f"{text!r} is empty: give the lower end first")
    while low <= end:
        if len(values) == VALUES_MAX:
            raise ValueError(f"{text!r} is more than {VALUES_MAX} values: give a larger step")
        # A plain number may be no size at all.
        values.append(written(low) if re.search("[KMG]", text) else str(low))
        low = low * step if match[5] == "*" else low + step
    return values


def written(number: int) -> str:
    for unit, shift in (("G", 30), ("M", 20), ("K", 10)):
        if number >= 1 << shift and number % (1 << shift) == 0:
            return f"{number >> shift}{unit}"
    return str(number)


# --- What is swept: each turns a machine and a value into another machine -------------------------


def with_processors(base: machine.Machine, value: str) -> machine.Machine:
    return dataclasses.replace(base, processors=int(value))


def with_memory(base: machine.Machine, value: str) -> machine.Machine:
    return dataclasses.replace(base, memory=value)


def with_heap(base: machine.Machine, value: str) -> machine.Machine:
    file = f"build/heap-{value}/kernel.elf"
    with workspace.locked("make"):
        done = subprocess.run(["make", file], cwd=machine.ROOT, capture_output=True, text=True)
    if done.returncode:
        raise machine.Unusable(f"make {file} failed: {done.stderr.strip() or done.stdout.strip()}")
    return dataclasses.replace(base, kernel=machine.ROOT / file)


def with_damage(damages: dict[str, damage.Change], base: machine.Machine, value: str) -> machine.Machine:
    folder = machine.OUTPUT / "damaged"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{base.name}-{re.sub('[^A-Za-z0-9]+', '-', value)}.elf"
    file.write_bytes(damage.apply(kernel_of(base).read_bytes(), damages[value]))
    return dataclasses.replace(base, kernel=file, timeout=min(base.timeout, DAMAGE_TIMEOUT))


def change_with(damages: dict[str, damage.Change]) -> Change:
    return lambda base, value: with_damage(damages, base, value)


def kernel_of(base: machine.Machine) -> pathlib.Path:
    if base.kernel is None:
        raise machine.Unusable("there is no kernel to damage")
    return base.kernel


def chosen_damages(kernel: pathlib.Path, count: int) -> dict[str, damage.Change]:
    damages = damage.choose(kernel.read_bytes(), count)
    if len(damages) < count:
        raise machine.Unusable(f"damage {count}: {kernel} has only {len(damages)} places, give a smaller count")
    return damages


def is_unnoticed(point: Point, original: object) -> bool:
    """Whether a damaged kernel passed although a loader makes something else of it."""
    kernel = point.boot.machine.kernel
    return point.boot.verdict is Verdict.PASSED and kernel is not None and damage.loaded(kernel.read_bytes()) != original


def _show_nothing(done: int, total: int) -> None:
    pass


def sweep(
    base: machine.Machine, values: list[str], change: Change, show: Callable[[int, int], None] = _show_nothing
) -> tuple[list[Point], dict[str, machine.Unusable]]:
    """The Points, in the order of the values, and why others could not be run. `change` makes the machine of a
    value. Raises machine.Unusable when none could be run."""
    done = 0

    def one(value: str) -> Point:
        name = f"{base.name[:40]}-{re.sub('[^A-Za-z0-9]', '', str(value))}"
        return Point(value, runner.run(dataclasses.replace(change(base, value), name=name)))

    def show_one(value: str, outcome: object) -> None:
        nonlocal done
        done += 1
        show(done, len(values))

    outcomes = dict(zip(values, parallel.run(values, one, os.cpu_count() or 1, show_one)))
    points = [outcome for outcome in outcomes.values() if isinstance(outcome, Point)]
    errors = {value: outcome for value, outcome in outcomes.items() if isinstance(outcome, machine.Unusable)}
    if not points:
        raise next(iter(errors.values()))
    return points, errors


# --- What is shown --------------------------------------------------------------------------------


def progress(done: int, total: int) -> None:
    if sys.stderr.isatty() or done == total:
        filled = 40 * done // total
        end = "\n" if done == total else "\r"
        print(f"[{'#' * filled}{'.' * (40 - filled)}] {done}/{total}", end=end, file=sys.stderr, flush=True)


def table(what: str, points: list[Point]) -> str:
    rows = [(what, "verdict", "seconds", "ours (ms)", "heap used", "reason")]
    for point in points:
        own, used = point.milliseconds, point.used
        rows.append(
            (
                str(point.value),
                point.boot.verdict.title,
                f"{point.boot.seconds:.2f}",
                "-" if own is None else f"{own:.1f}",
                "-" if used is None else str(used),
                point.boot.judgement.reason[:70],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def colour(verdict: Verdict) -> str:
    if verdict is Verdict.PASSED:
        return PASSED_COLOUR
    hue = list(Verdict).index(verdict) * GOLDEN_ANGLE % 360
    return f"hsl({hue:.0f},{SATURATION}%,{LIGHTNESS}%)"


def plot(what: str, points: list[Point]) -> str:
    """An SVG: a point for each boot, coloured by verdict; across, the values in their order; up, the
    early heap's use where it is known for all that passed, else the seconds."""
    width, height, left, top, bottom = 760, 360, 80, 40, 60
    passed = [point for point in points if point.boot.verdict is Verdict.PASSED]
    of_heap = bool(passed) and all(point.used is not None for point in passed)
    amounts = [float(point.used or 0) if of_heap else point.boot.seconds for point in points]
    highest = max(amounts) or 1
    each = (width - left - 30) / len(points)
    drawing = svg.Drawing(width, height)
    label = "bytes of the early heap in use for good" if of_heap else "seconds"
    drawing.text(left, 20, f"{what}: {label}", font_size=15)
    drawing.line([(left, top), (left, height - bottom), (width - 20, height - bottom)], stroke="black")
    for share in (0, 0.5, 1):
        y = height - bottom - share * (height - bottom - top)
        amount = f"{highest * share:.0f}" if of_heap else f"{highest * share:.2f}"
        drawing.text(left - 6, y + 4, amount, text_anchor="end")
    every = max(1, len(points) // 16)
    for number, (point, height_of_point) in enumerate(zip(points, amounts)):
        x = left + (number + 0.5) * each
        y = height - bottom - height_of_point / highest * (height - bottom - top)
        title = f"{point.value}: {point.boot.judgement}"
        drawing.circle(x, y, 4, title, fill=colour(point.boot.verdict))
        if number % every == 0:
            drawing.text(x, height - bottom + 18, point.value, text_anchor="middle")
    at = left
    for verdict in dict.fromkeys(point.boot.verdict for point in points):
        drawing.circle(at + 4, height - 16, 4, fill=colour(verdict))
        drawing.text(at + 12, height - 12, verdict.title)
        at += 20 + 7 * len(verdict.title)
    return drawing.render()


# --- The command ----------------------------------------------------------------------------------


def parse(argv: list[str]) -> argparse.Namespace:
    parser = options.Parser(
        prog=command_line.name_of("sweep"),
        usage=f"{command_line.name_of('sweep')} {{processors,memory,heap}} RANGE | damage COUNT | word NAME= RANGE  "
        f"[option …] [-- option-of-a-boot …]",
        description=__doc__.splitlines()[0],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["processors", "memory", "heap", "damage", "word"])
    parser.add_argument("range", nargs="+", help="see below")
    parser.add_argument("--accept", metavar="VERDICT", action="append", default=[],
                        help="a verdict that is no failure, beside passed; repeatable")
    own = argv[: argv.index("--")] if "--" in argv else argv
    parsed = parser.parse_args(own)
    known = {verdict.title: verdict for verdict in Verdict}
    for title in parsed.accept:
        if title not in known:
            parser.error(f"no verdict is named {title!r}; known are {', '.join(known)}")
    parsed.accepted = {Verdict.PASSED, *ACCEPTED.get(parsed.what, ()), *(known[title] for title in parsed.accept)}
    if len(parsed.range) != (2 if parsed.what == "word" else 1):
        parser.error("give one range" if parsed.what != "word" else "give the word, such as fail=, and a range")
    parsed.base = command_line.parse(argv[len(own) + 1 :])
    if parsed.what in ("heap", "damage") and (parsed.base.kernel is None or parsed.base.image):
        parser.error(f"{parsed.what} changes the kernel of the volume: leave out --missing-kernel and --image")
    try:
        parsed.values = None if parsed.what == "damage" else checked_range(parsed.what, parsed.range[-1])
    except (ValueError, argparse.ArgumentTypeError) as error:
        parser.error(f"{parsed.what} {error}")
    if parsed.what == "damage":
        count = parsed.range[0]
        if not re.fullmatch("[0-9]{1,5}", count) or not 1 <= int(count) <= VALUES_MAX:
            parser.error(f"damage {count!r} is not accepted: give how many damages, 1 to {VALUES_MAX}")
    return parsed


def checked_range(what: str, text: str) -> list[str]:
    """The values of a range. Raises ValueError or ArgumentTypeError when one of them cannot be."""
    values = parse_range(text)
    checks: dict[str, Callable[[str], object]] = {"processors": options.processors, "memory": options.memory_size}
    check = checks.get(what, str)
    for value in values:
        check(value)
    return values


def change_of(parsed: argparse.Namespace) -> Change:
    if parsed.what == "word":
        word = parsed.range[0]
        return lambda base, value: dataclasses.replace(base, words=(*base.words, word + value))
    changes: dict[str, Change] = {
        "processors": with_processors, "memory": with_memory, "heap": with_heap,
    }
    return changes[parsed.what]


def run(parsed: argparse.Namespace) -> int:
    base = command_line.machine_of(parsed.base)
    if base.name == machine.Machine.name:
        base = dataclasses.replace(base, name=f"sweep-{parsed.what}")
    accepted, original, unnoticed = parsed.accepted, None, []
    if parsed.what == "damage":
        damages = chosen_damages(kernel_of(base), int(parsed.range[0]))
        values, change = list(damages), change_with(damages)
        whole = kernel_of(base).read_bytes()
        original = damage.loaded(whole)
        if damage.has_checksums(whole):
            accepted = ACCEPTED_WITH_CHECKSUMS | {known for known in accepted if known.title in parsed.accept}
    else:
        values, change = parsed.values, change_of(parsed)
    start = time.monotonic()
    points, errors = sweep(base, values, change, progress)
    print(table(parsed.what, points))
    counts = collections.Counter(point.boot.verdict.title for point in points)
    drawing = machine.OUTPUT / "reports" / f"{base.name}.svg"
    drawing.parent.mkdir(parents=True, exist_ok=True)
    drawing.write_text(plot(parsed.what, points), encoding="utf-8")
    print(f"{len(points)} boots in {time.monotonic() - start:.1f} s: "
          + ", ".join(f"{count} {title}" for title, count in counts.items()))
    print(f"plot: {drawing.relative_to(machine.ROOT)}")
    ignored = [point for point in points if parsed.what == "word" and "is not understood" in point.boot.text]
    if ignored:
        print(f"{command_line.name_of('sweep')}: the kernel does not know the word {parsed.range[0]}", file=sys.stderr)
        return 2
    if original is not None:
        unnoticed = [point for point in points if is_unnoticed(point, original)]
    for point in unnoticed:
        print(f"not accepted: {point.value}: passed, although what is loaded differs")
    others = [point for point in points if point.boot.verdict not in accepted]
    for point in others:
        repeat = command_line.command_of(point.boot.machine)
        print(f"not accepted: {point.value}: {point.boot.judgement}\n  repeat: {repeat}")
    for value, error in errors.items():
        print(f"could not be run: {value}: {error}")
    return 10 if others or errors or unnoticed else 0


def main(argv: list[str]) -> int:
    parsed = parse(argv)
    return command_line.guarded(command_line.name_of("sweep"), lambda: run(parsed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
