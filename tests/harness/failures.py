# SPDX-License-Identifier: MIT
"""Fails each allocation of a kernel, or of our loader, in turn, one boot each, and says for each place in the source how
that ended.

It finds error paths that nothing else runs: a NULL that is used, a lock that stays taken, a hang. The kernel has to
know two words of the command line: fail=N, which fails its Nth allocation (kmem/failing.h), and ledger, which tells
every call (kmem/journal.h). Our loader knows loader-fail=N. Ends with the first boot in which no allocation fails any more.

Goes on when a boot cannot be run, and says so at the end. Each outcome is written down in build/failures/NAME.tsv; the
same command begins where it was stopped, unless kernel, loader or options have changed. Leaves with 0 only when every
boot passed or ended in an out-of-memory report.
"""

import sys

sys.dont_write_bytecode = True  # nothing is written outside build/

import argparse
import collections
import contextlib
import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Iterator

import command_line
import heap_trace
import machine
import options
import parallel
import runner
from judge import Verdict

EXAMPLES = """\
examples:
  failures.py                                   each allocation of our kernel
  failures.py --loader                          each allocation of our loader from the early heap
  failures.py -- --smp 4                        options of boot.py
  failures.py -- --kernel my-kernel.elf
"""
ACCEPTED = {Verdict.PASSED.title, Verdict.OUT_OF_MEMORY.title}
NUMBERS_MAX = 100_000
NO_PLACE = "(not told)"
KERNEL_WORD, LOADER_WORD = "fail", "loader-fail"


@dataclasses.dataclass
class Outcome:
    number: int
    place: str  # "": no allocation failed
    verdict: str
    reason: str

    @property
    def row(self) -> str:
        return "\t".join([str(self.number), self.place, self.verdict, self.reason])


def place_of(boot: runner.Boot) -> str:
    """Who asked for the allocation that failed."""
    lines = boot.text.splitlines()
    try:
        failed = [call for journal in heap_trace.journals(lines) for call in journal.calls if call.offset is None]
    except heap_trace.Damaged:
        return NO_PLACE
    if not failed:
        return ""
    places = heap_trace.Places(lines, boot.machine.kernel, boot.machine.loader)
    try:
        return places.of(failed[0].caller)
    finally:
        places.close()


def outcome_of(base: machine.Machine, word: str, number: int) -> Outcome:
    words = (*base.words, f"{word}={number}", "ledger")
    boot = runner.run(dataclasses.replace(base, name=f"{base.name[:40]}-{number}", words=words))
    was_ended = boot.status is not None and boot.status < 0  # by another program, or QEMU failed
    if boot.verdict is Verdict.COULD_NOT_START or (was_ended and boot.verdict.title not in ACCEPTED):
        raise machine.Unusable(boot.judgement.reason)
    return Outcome(number, place_of(boot), boot.verdict.title, boot.judgement.reason.replace("\t", " "))


# --- What was found before ------------------------------------------------------------------------


def key_of(base: machine.Machine) -> str:
    """Changes when the outcomes may."""
    digest = hashlib.sha256()
    for file in (base.kernel, base.loader):
        digest.update(file.read_bytes() if file and file.is_file() else b"-")
    digest.update(command_line.command_of(base).encode())
    return digest.hexdigest()


def read(file: pathlib.Path, key: str) -> dict[int, Outcome]:
    if not file.is_file():
        return {}
    first, *rows = file.read_text(encoding="utf-8").splitlines() or [""]
    if first != key:
        return {}
    found = [row.split("\t") for row in rows]
    return {int(row[0]): Outcome(int(row[0]), *row[1:]) for row in found if len(row) == 4}


@contextlib.contextmanager
def writing(file: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise machine.Unusable(f"{file} cannot be written: {error.strerror}; what it has stays, and the same command goes "
                               "on from there") from error


def write(file: pathlib.Path, key: str, known: dict[int, Outcome]) -> None:
    """Writes the file anew: all of it or, on a full disk, nothing."""
    new = file.with_suffix(".new")
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_text("\n".join([key, *(outcome.row for outcome in known.values())]) + "\n", encoding="utf-8")
        os.replace(new, file)


def add(file: pathlib.Path, outcome: Outcome) -> None:
    with writing(file), open(file, "a", encoding="utf-8") as written:
        print(outcome.row, file=written)


# --- The command ----------------------------------------------------------------------------------


def run_all(base: machine.Machine, word: str, file: pathlib.Path, jobs: int) -> tuple[list[Outcome], dict[int, str]]:
    """The outcomes, and why others could not be run."""
    key = key_of(base)
    known = read(file, key)
    errors: dict[int, str] = {}
    write(file, key, known)

    def show(number: int, outcome: "Outcome | machine.Unusable") -> None:
        if isinstance(outcome, Outcome):
            known[number] = outcome
            add(file, outcome)
            print(f"{word}={number}: {outcome.verdict}: {outcome.place or 'none failed'}", file=sys.stderr, flush=True)
        else:
            print(f"{word}={number}: could not be run", file=sys.stderr, flush=True)

    for first in range(1, NUMBERS_MAX, 2 * jobs):
        batch = range(first, first + 2 * jobs)
        numbers = [number for number in batch if number not in known]
        done = parallel.run(numbers, lambda number: outcome_of(base, word, number), jobs, show)
        failed = {number: str(one) for number, one in zip(numbers, done) if isinstance(one, machine.Unusable)}
        errors.update(failed)
        if numbers and len(failed) == len(numbers):
            raise machine.Unusable(f"none of {len(numbers)} boots could be run: {next(iter(failed.values()))}")
        if any(number in known and is_last(known[number]) for number in batch):
            break
    end = min((number for number, outcome in known.items() if is_last(outcome)), default=NUMBERS_MAX)
    return [known[number] for number in sorted(known) if number < end], errors


def is_last(outcome: Outcome) -> bool:
    return not outcome.place and outcome.verdict == Verdict.PASSED.title


def table(outcomes: list[Outcome], word: str) -> list[str]:
    """A row for each place and outcome, in the order in which the boot comes there."""
    rows: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
    for outcome in outcomes:
        rows[outcome.place or NO_PLACE, outcome.verdict].append(outcome.number)
    return [f"{len(numbers):4} x {verdict:14} {place}  ({word}={numbers[0]}{', ...' if numbers[1:] else ''})"
            for (place, verdict), numbers in rows.items()]


def run(parsed: argparse.Namespace) -> int:
    base = command_line.machine_of(parsed.base)
    word = LOADER_WORD if parsed.loader else KERNEL_WORD
    if base.name == machine.Machine.name:
        base = dataclasses.replace(base, name="failures")
    file = machine.OUTPUT / "failures" / f"{base.name}{'-loader' if parsed.loader else ''}.tsv"
    outcomes, errors = run_all(base, word, file, os.cpu_count() or 1)
    print("\n".join(table(outcomes, word)))
    others = [outcome for outcome in outcomes if outcome.verdict not in ACCEPTED]
    print(f"{len(outcomes)} allocations failed in turn, {len({outcome.place for outcome in outcomes})} places: "
          f"{len(others)} not handled, {len(errors)} could not be run")
    for outcome in others:
        repeat = dataclasses.replace(base, words=(*base.words, f"{word}={outcome.number}"))
        print(f"not handled: {outcome.place}: {outcome.verdict}: {outcome.reason}\n  repeat: {command_line.command_of(repeat)}")
    for number, words in errors.items():
        print(f"could not be run: {word}={number}: {words}")
    return 10 if others or errors else 0


def main(argv: list[str]) -> int:
    parser = options.Parser(
        prog="failures.py", usage="failures.py [--loader] [-- option-of-boot.py …]", description=__doc__, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--loader", action="store_true", help="fail the allocations of our loader, not the kernel's")
    own = argv[: argv.index("--")] if "--" in argv else argv
    parsed = parser.parse_args(own)
    parsed.base = command_line.parse(argv[len(own) + 1 :])
    return command_line.guarded("failures.py", lambda: run(parsed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
