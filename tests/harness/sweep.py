# SPDX-License-Identifier: MIT
"""Runs one boot over a range of something, as many at a time as there are processors.

Shows a progress bar, then a table, and draws build/reports/NAME.svg. Leaves with 0 only when
every verdict was one of those accepted: `passed`, what --accept adds, for heaps `out of memory`, and
for damage all but `could not start` and `no output`, because damaged code may do anything.
"""

import sys

sys.dont_write_bytecode = True  # nothing is written outside build/

import argparse
import collections
import concurrent.futures
import dataclasses
import html
import os
import random
import re
import subprocess
import threading
import time

import boot
import judge
import machine
import snapshot
from judge import Verdict

EXAMPLES = """\
ranges: 1,2,4,8   4..64/4 (step 4)   64M..1G*2 (doubling)
examples:
  sweep.py processors 1..8
  sweep.py memory 64M..2G*2
  sweep.py heap 8K..128K/8K                 the early heap; needs `make` for each size
  sweep.py damage 200                       200 bytes of the kernel file, one inverted in each boot
  sweep.py word fail= 1..60 --accept "out of memory"
  sweep.py memory 64M..512M*2 -- --kernel build/kernel-tests.elf --only fba     options of boot.py

accepted verdicts, beside passed and those of --accept:
  processors, memory, word    none
  heap                        out of memory
  damage                      all but could not start and no output: damaged code may do anything, even hang
"""

VALUES_MAX = 10000
USED = re.compile(r"^kernel:   permanent: (\d+)$", re.MULTILINE)
ACCEPTED = {
    "heap": {Verdict.PASSED, Verdict.OUT_OF_MEMORY},
    # A byte that nobody looks at does no harm; one that matters has to be noticed by the loader,
    # or be of the code, and then nothing can be promised, not even that the machine ends by itself.
    "damage": set(Verdict) - {Verdict.COULD_NOT_START, Verdict.NO_OUTPUT},
}
DAMAGE_TIMEOUT = 10.0
HEADERS = 64 + 4 * 56  # bytes: the ELF header and some program headers
COLOURS = {Verdict.PASSED: "#2a7f3f", Verdict.OUT_OF_MEMORY: "#c98a00", Verdict.LOADER_STOPPED: "#2b62b8"}
OTHER_COLOUR = "#b3261e"


@dataclasses.dataclass
class Point:
    value: object
    boot: machine.Boot

    @property
    def milliseconds(self):
        own = judge.microseconds(self.boot.text)
        return None if own is None else own / 1000

    @property
    def used(self):
        """Bytes of the early heap that stay for good, as the kernel's account says."""
        found = USED.findall(self.boot.text)
        return int(found[-1]) if found else None


def parse_range(text):
    """The values of `1,2,4`, `4..64/4` or `64M..1G*2`, with the unit in which they were written."""
    match = re.fullmatch(r"(\d+)([KMG]?)\.\.(\d+)([KMG]?)(?:([/*])(\d+)([KMG]?))?", text)
    if not match:
        values = text.split(",")
        if not all(re.fullmatch(r"\d+[KMG]?", value) for value in values):
            raise ValueError(f"{text!r} is no range: give 1,2,4 or 4..64/4 or 64M..1G*2")
        if len(values) > VALUES_MAX:
            raise ValueError(f"a list of {len(values)} values is too long: give at most {VALUES_MAX}")
        return values
    low, end = (snapshot.size_of(match[i] + match[i + 1]) for i in (1, 3))
    step = snapshot.size_of(match[6] + match[7]) if match[5] else snapshot.size_of("1" + match[2])
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


def written(number):
    for unit, shift in (("G", 30), ("M", 20), ("K", 10)):
        if number >= 1 << shift and number % (1 << shift) == 0:
            return f"{number >> shift}{unit}"
    return str(number)


# --- What is swept: each turns a machine and a value into another machine -------------------------

_make = threading.Lock()


def with_processors(base, value):
    return dataclasses.replace(base, processors=int(value))


def with_memory(base, value):
    return dataclasses.replace(base, memory=value)


def with_heap(base, value):
    file = f"build/heap-{value}/kernel.elf"
    with _make:
        done = subprocess.run(["make", file], cwd=machine.ROOT, capture_output=True, text=True)
    if done.returncode:
        raise machine.Unusable(f"make {file} failed: {done.stderr.strip() or done.stdout.strip()}")
    return dataclasses.replace(base, kernel=machine.ROOT / file)


def with_damage(base, value):
    data = bytearray(base.kernel.read_bytes())
    data[int(value)] ^= 0xFF
    folder = machine.BUILD / "damaged"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{base.name}-{value}.elf"
    file.write_bytes(data)
    return dataclasses.replace(base, kernel=file, timeout=min(base.timeout, DAMAGE_TIMEOUT))


def places_to_damage(kernel, count):
    """Half of them in the headers, where they matter to the loader, the others anywhere; always the same."""
    chance = random.Random(count)
    size = kernel.stat().st_size
    if count > size:
        raise machine.Unusable(f"damage {count}: {kernel} has only {size} bytes, give a smaller count")
    headers = min(HEADERS, size)
    some = chance.sample(range(headers), min(count // 2, headers))
    return [str(place) for place in sorted({*some, *chance.sample(range(size), count - len(some))})]


def sweep(base, values, change, show=lambda done, total: None):
    """The Points, in the order of the values. `change` makes the machine of a value."""
    done = 0

    def one(value):
        name = f"{base.name[:40]}-{re.sub('[^A-Za-z0-9]', '', str(value))}"
        return Point(value, machine.run(dataclasses.replace(change(base, value), name=name)))

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        futures = [pool.submit(one, value) for value in values]
        try:
            for _ in concurrent.futures.as_completed(futures):
                done += 1
                show(done, len(values))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            machine.end_all()
            raise
        return [future.result() for future in futures]


# --- What is shown --------------------------------------------------------------------------------


def progress(done, total):
    if sys.stderr.isatty() or done == total:
        filled = 40 * done // total
        end = "\n" if done == total else "\r"
        print(f"[{'#' * filled}{'.' * (40 - filled)}] {done}/{total}", end=end, file=sys.stderr, flush=True)


def table(what, points):
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


def plot(what, points):
    """An SVG: a point for each boot, coloured by verdict; across, the values in their order; up, the
    early heap's use where it is known for all that passed, else the seconds."""
    width, height, left, top, bottom = 760, 360, 80, 40, 60
    passed = [point for point in points if point.boot.verdict is Verdict.PASSED]
    of_heap = bool(passed) and all(point.used is not None for point in passed)
    amounts = [(point.used or 0) if of_heap else point.boot.seconds for point in points]
    highest = max(amounts) or 1
    label = "bytes of the early heap in use for good" if of_heap else "seconds"
    each = (width - left - 30) / len(points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="20" font-size="15">{html.escape(what)}: {label}</text>',
        f'<path d="M{left} {top} V{height - bottom} H{width - 20}" fill="none" stroke="black"/>',
    ]
    for share in (0, 0.5, 1):
        y = height - bottom - share * (height - bottom - top)
        amount = f"{highest * share:.0f}" if of_heap else f"{highest * share:.2f}"
        parts.append(f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{amount}</text>')
    every = max(1, len(points) // 16)
    for number, (point, amount) in enumerate(zip(points, amounts)):
        x = left + (number + 0.5) * each
        y = height - bottom - amount / highest * (height - bottom - top)
        colour = COLOURS.get(point.boot.verdict, OTHER_COLOUR)
        title = html.escape(f"{point.value}: {point.boot.judgement}")
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{title}</title></circle>')
        if number % every == 0:
            parts.append(f'<text x="{x:.1f}" y="{height - bottom + 18}" text-anchor="middle">{point.value}</text>')
    x = left
    for verdict in dict.fromkeys(point.boot.verdict for point in points):
        parts.append(f'<circle cx="{x + 4}" cy="{height - 16}" r="4" fill="{COLOURS.get(verdict, OTHER_COLOUR)}"/>')
        parts.append(f'<text x="{x + 12}" y="{height - 12}">{verdict.title}</text>')
        x += 20 + 7 * len(verdict.title)
    return "\n".join([*parts, "</svg>\n"])


# --- The command ----------------------------------------------------------------------------------


def arguments(argv):
    parser = boot.Parser(
        prog="sweep.py",
        usage="sweep.py {processors,memory,heap} RANGE | damage COUNT | word NAME= RANGE  [option …] [-- option-of-boot.py …]",
        description=__doc__.splitlines()[0],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["processors", "memory", "heap", "damage", "word"])
    parser.add_argument("range", nargs="+", help="see below")
    parser.add_argument("--accept", metavar="VERDICT", action="append", default=[],
                        help="a verdict that is no failure, beside passed; repeatable")
    own = argv[: argv.index("--")] if "--" in argv else argv
    options = parser.parse_args(own)
    known = {verdict.title: verdict for verdict in Verdict}
    for title in options.accept:
        if title not in known:
            parser.error(f"no verdict is named {title!r}; known are {', '.join(known)}")
    options.accepted = {Verdict.PASSED, *ACCEPTED.get(options.what, ()), *(known[title] for title in options.accept)}
    if len(options.range) != (2 if options.what == "word" else 1):
        parser.error("give one range" if options.what != "word" else "give the word, such as fail=, and a range")
    options.base = boot.arguments(argv[len(own) + 1 :])
    if options.what in ("heap", "damage") and (options.base.missing_kernel or options.base.image):
        parser.error(f"{options.what} changes the kernel of the volume: leave out --missing-kernel and --image")
    try:
        options.values = None if options.what == "damage" else checked_range(options.what, options.range[-1])
    except (ValueError, argparse.ArgumentTypeError) as error:
        parser.error(f"{options.what} {error}")
    if options.what == "damage":
        count = options.range[0]
        if not re.fullmatch("[0-9]{1,5}", count) or not 1 <= int(count) <= VALUES_MAX:
            parser.error(f"damage {count!r} is not accepted: give how many bytes, 1 to {VALUES_MAX}")
    return options


def checked_range(what, text):
    """The values of a range. Raises ValueError or ArgumentTypeError when one of them cannot be."""
    values = parse_range(text)
    check = {"processors": boot.processors, "memory": boot.memory_size}.get(what, str)
    for value in values:
        check(value)
    return values


def run(options):
    changes = {"processors": with_processors, "memory": with_memory, "heap": with_heap, "damage": with_damage}
    base = boot.machine_of(options.base)
    if base.name == machine.Machine.name:
        base = dataclasses.replace(base, name=f"sweep-{options.what}")
    values = options.values or places_to_damage(base.kernel, int(options.range[0]))
    if options.what == "word":
        word = options.range[0]
        change = lambda base, value: dataclasses.replace(base, words=(*base.words, word + value))
    else:
        change = changes[options.what]
    start = time.monotonic()
    points = sweep(base, values, change, progress)
    for point in points:
        point.boot.judgement = boot.with_cases(options.base, point.boot.judgement, point.boot.text)
    print(table(options.what, points))
    counts = collections.Counter(point.boot.verdict.title for point in points)
    drawing = machine.BUILD / "reports" / f"{base.name}.svg"
    drawing.parent.mkdir(parents=True, exist_ok=True)
    drawing.write_text(plot(options.what, points), encoding="utf-8")
    print(f"{len(points)} boots in {time.monotonic() - start:.1f} s: "
          + ", ".join(f"{count} {title}" for title, count in counts.items()))
    print(f"plot: {drawing.relative_to(machine.ROOT)}")
    ignored = [point for point in points if options.what == "word" and "is not understood" in point.boot.text]
    if ignored:
        print(f"sweep.py: the kernel does not know the word {options.range[0]}", file=sys.stderr)
        return 2
    refused = [point for point in points if point.boot.verdict not in options.accepted]
    for point in refused:
        print(f"not accepted: {point.value}: {point.boot.judgement}\n  repeat: {boot.command_of(point.boot.machine)}")
    return 10 if refused else 0


def main(argv):
    options = arguments(argv)
    return boot.guarded("sweep.py", lambda: run(options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
