# SPDX-License-Identifier: MIT
"""Boots a UEFI application, a kernel or a disk image in QEMU, shows the serial line, judges the end.

The command line of the harness: `make run` calls it, and so may you, with a kernel of your own. It can
also judge a saved log, or listen to a real machine on a serial device. A command and nothing else: what
others need of it is in command_line.py.
"""

import sys

sys.dont_write_bytecode = True  # nothing is written outside build/

import argparse
import dataclasses
import pathlib
import signal
import stat
from collections.abc import Iterator

import command_line
import heap_page
import heap_trace
import judge
import ktap
import machine
import qemu
import runner
import serial_device
import symbols
import terminal
import workspace
from listener import Show


def shower(parsed: argparse.Namespace) -> Show:
    """Shows a line, in the way that was asked for."""
    if parsed.quiet or parsed.ktap:
        return lambda line, seconds: None
    if parsed.timestamps:
        return lambda line, seconds: print(f"[{seconds:9.3f}] {line}", flush=True)
    return lambda line, seconds: print(line, flush=True)


def report(parsed: argparse.Namespace, judgement: judge.Judgement, cases: ktap.Report | None, details: str) -> int:
    """Prints the verdict, or all cases and the verdict as the last one, and returns its status."""
    if parsed.ktap:
        outcome = ktap.Outcome.PASSED if judgement.verdict is judge.Verdict.PASSED else ktap.Outcome.FAILED
        of_kernel = cases.cases if cases else []
        print(ktap.write([*of_kernel, ktap.Case("boot.verdict", outcome, str(judgement))]))
    else:
        print(f"verdict: {judgement}{details}")
    return judgement.verdict.status


def judge_log(parsed: argparse.Namespace) -> int:
    described = command_line.machine_of(parsed)
    names, show = symbols.Symbols(described.kernel, described.loader), shower(parsed)
    try:
        if stat.S_ISCHR(parsed.log.stat().st_mode):
            with workspace.own_log(described.name) as file, open(file, "wb", buffering=0) as log:
                listener, ended = serial_device.listen(
                    parsed.log, described, log, lambda line, seconds: show(names.annotate(line), seconds)
                )
            heard, lost = listener.heard, listener.lost
        else:
            if described.replies:
                raise machine.Unusable(f"--send with --log {parsed.log}: a saved log takes no words; leave out one of them")
            heard, ended, lost = judge.Heard(described.rules), judge.Ended(), None
            for line in lines_of(parsed.log):
                heard.hear(line)
                annotated = names.annotate(line.text)
                # The log is there to be read; what it cannot show are the places.
                if annotated != line.text and not parsed.quiet and not parsed.ktap:
                    print(annotated)
    except OSError as error:
        raise machine.Unusable(f"cannot read the log {parsed.log}: {error.strerror}") from error
    finally:
        names.close()
    # A machine that cannot be watched switches itself off unseen: its last line decides.
    details = f"; its log is incomplete: {lost}" if lost else ""
    return report(parsed, judge.judge(heard, ended), heard.report, details)


def lines_of(file: pathlib.Path) -> Iterator[terminal.Line]:
    """The lines of a log, which may be larger than the memory."""
    lines = terminal.Lines()
    with open(file, "rb") as log:
        while chunk := log.read(qemu.PIECE):
            yield from lines.feed(chunk)
    yield from lines.rest()


def without_ledger(show: Show) -> Show:
    """Leaves out the lines of the ledger, which the picture shows."""

    def show_others(line: str, seconds: float) -> None:
        if not heap_trace.LEDGER.search(line):
            show(line, seconds)

    return show_others


def picture(parsed: argparse.Namespace, ended: runner.Boot) -> list[str]:
    """Writes the pictures of the early heap's life, and returns what is to be said: a few lines, and the file."""
    lines = [line.text for line in lines_of(ended.log)]
    try:
        trace = heap_trace.read(lines, whole=False)
    except heap_trace.Damaged as error:
        return [f"no picture of the early heap: {error}"]
    if trace is None or not trace.calls:
        return ["no picture of the early heap: the boot allocated nothing from it"]
    places = heap_trace.Places(lines, ended.machine.kernel, ended.machine.loader)
    try:
        heap_page.write(parsed.report, trace, places)
        return [*heap_page.terminal_lines(trace), f"the early heap's life: {parsed.report}"]
    except machine.Unusable as error:
        return [f"no picture of the early heap: {error}"]
    finally:
        places.close()


def boot(parsed: argparse.Namespace) -> int:
    described, show = command_line.machine_of(parsed), shower(parsed)
    if parsed.report:
        described = dataclasses.replace(described, words=(*described.words, "ledger"))
        show = without_ledger(show)
    ended = runner.run(described, show=show)
    details = ended.summary().removeprefix(str(ended.judgement))
    if ended.verdict is not judge.Verdict.PASSED:
        details += f"\nthe whole log: {ended.log}"
    if ended.instructions is not None:
        details += f"\ninstructions until {described.counted}: {ended.instructions}"
    *rows, last = picture(parsed, ended) if parsed.report else [""]
    # The report of a boot that ran out stays on the screen.
    if rows and not parsed.ktap and ended.verdict is judge.Verdict.PASSED:
        print("\n".join(rows))
    status = report(parsed, ended.judgement, ended.report, details)
    if last and not parsed.ktap:
        print(last)
    return status


def main(argv: list[str]) -> int:
    parsed = command_line.parse(argv)
    if parsed.gdb:
        signal.signal(signal.SIGINT, lambda number, _: None)  # Ctrl-C is gdb's
    return command_line.guarded(command_line.name_of("boot"), lambda: judge_log(parsed) if parsed.log else boot(parsed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
