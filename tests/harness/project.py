# SPDX-License-Identifier: MIT
"""Builds, boots and judges what harness.toml names, several boots at a time.

Leaves with 0 when each boot ended as it should, else with 10. project_file.py says what the file may hold.
"""

import sys

sys.dont_write_bytecode = True  # nothing is written outside build/

import argparse
import datetime
import fnmatch
import os
import pathlib
import secrets
import shlex
import subprocess
import threading
from collections.abc import Sequence

import command_line
import machine
import options
import parallel
import project_file
import boot_results
import runner
import workspace
from judge import Verdict
from project_file import Entry
from boot_results import Result

TAIL = 15  # lines of the log of a boot that was not as it should be
EPILOG = """\
a project's file, from which all paths in it go out:

  build = "make"                                     run once, before the boots; a [[boot]] may have one too
  [defaults]                                         of each boot
  source = "qemu"
  [[boot]]
  name = "tests"                                     of its log; without one, that of the file
  kernel = "build/tests.elf"                         each key is an option of a boot, without its dashes
  pass = ["all tests passed"]
  prompt = "$ "
  send = ["usertests"]                               or [["login: ", "root"], ["$ ", "usertests"]]
  matrix = { mem = ["128M", "1G"], smp = [1, 4] }    a boot for each combination, tests-128M-1 and so on
  exclude = [{ mem = "1G", smp = 4 }]                but for these
  qemu = ["-device", "virtio-rng-pci"]               further arguments for QEMU, which runs elsewhere:
                                                     {folder} in them is the folder of this file
  verdict = "panic"                                  what it is to end with, if not with `passed`; what it has to say,
                                                     `expect`, decides then too
"""


class Project:
    """The folder of the file, and its commands, each of which is run once."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._failed: dict[str, str] = {}  # what it said, nothing when all went well

    def run(self, command: str) -> None:
        """Raises machine.Unusable when it fails, each time with the same words."""
        with self._lock:
            if command not in self._failed:
                with workspace.locked("build", f"{name()}: another run builds in {machine.OUTPUT}; this one waits for it"):
                    done = subprocess.run(
                        command, shell=True, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
                    )
                lines = done.stdout.splitlines()[-TAIL:]
                status = f"`{command}` exited with {done.returncode}"
                self._failed[command] = "" if done.returncode == 0 else "\n  ".join([status, *lines])
        if words := self._failed[command]:
            raise machine.Unusable(words)

    def command_of(self, entry: Entry) -> str:
        """The line for a shell that repeats a boot."""
        if self._folder == machine.ROOT:
            return shlex.join([*command_line.WORDS, *entry.words])
        program = [str(machine.ROOT / word) if word.endswith(".py") else word for word in command_line.WORDS]
        return f"cd {shlex.quote(str(self._folder))} && {shlex.join([*program, *entry.words])}"


def now() -> str:
    return datetime.datetime.now().isoformat(timespec="seconds")


def boot(entry: Entry, project: Project) -> Result:
    for command in entry.builds:
        project.run(command)
    started = now()
    ended = runner.run(command_line.machine_of(entry.parsed))
    # Its words decide too where a boot is to fail: it may have failed for another reason.
    is_good = ended.verdict is entry.verdict and not ended.missing
    sentence = str(ended.judgement)
    if not is_good and entry.verdict is not Verdict.PASSED:
        sentence += f"; it was to end with `{entry.verdict.title}`"
        sentence += "".join(f" and to say {text!r}" for text in ended.missing)
    details = [*(line for line in ended.text.splitlines() if line.strip())][-TAIL:]
    details += [f"the whole log: {ended.log}", f"repeat: {project.command_of(entry)}"]
    cases = ended.report.cases if ended.report else []
    return Result(entry.name, is_good, sentence, True, cases, started, ended.seconds, "\n".join(details), entry.line)


def result_of(entry: Entry, outcome: Result | machine.Unusable) -> Result:
    if isinstance(outcome, Result):
        return outcome
    return Result(entry.name, False, f"could not be run: {outcome}", could_run=False, started=now(), line=entry.line)


def chosen(entries: Sequence[Entry], patterns: Sequence[str]) -> list[Entry]:
    """Those whose names match. Raises machine.Unusable when a pattern matches none."""
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(entry.name, pattern) for entry in entries):
            raise machine.Unusable(f"no boot is named {pattern!r}: {', '.join(entry.name for entry in entries)} are")
    return [entry for entry in entries if not patterns or any(fnmatch.fnmatchcase(entry.name, one) for one in patterns)]


def shown(result: Result, parsed: argparse.Namespace) -> None:
    """A line, and what helps for one that is not as it should be."""
    word = "ok    " if result.is_good else "NOT OK"
    print(f"{word} {result.name:24} {result.seconds:6.2f} s  {result.sentence}", flush=True)
    if not result.is_good and result.details:
        text = "\n".join(f"  {line}" for line in result.details.splitlines())
        print(boot_results.quoted_for_github(text, secrets.token_hex(16)) if parsed.github else text, flush=True)


def name() -> str:
    return command_line.name_of("test" if machine.IS_INSTALLED else "project")


def parse(argv: list[str]) -> argparse.Namespace:
    parser = options.Parser(
        prog=name(), description=__doc__.splitlines()[0],
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only boots of such names; * stands for anything")
    parser.add_argument("--file", type=pathlib.Path, default=pathlib.Path(project_file.NAME), metavar="FILE",
                        help="the project's file (default: %(default)s)")
    parser.add_argument("--jobs", type=options.processors, default=os.cpu_count() or 1, metavar="N",
                        help="boots at a time (default: the processors of this computer)")
    parser.add_argument("--list", action="store_true", help="name the boots, and run none")
    parser.add_argument("--junit", type=pathlib.Path, metavar="FILE", help="also write the results as JUnit XML")
    parser.add_argument("--ktap", type=pathlib.Path, metavar="FILE", help="also write the results as KTAP")
    parser.add_argument("--github", action="store_true", default=os.environ.get("GITHUB_ACTIONS") == "true",
                        help="mark what failed with annotations of GitHub's (default: in its workflows)")
    return parser.parse_args(argv)


def run(parsed: argparse.Namespace) -> int:
    start = os.environ.get("GITHUB_WORKSPACE") or os.getcwd()
    file, reports = parsed.file.resolve(), [parsed.junit, parsed.ktap]
    parsed.junit, parsed.ktap = (report and report.resolve() for report in reports)
    entries = chosen(project_file.read(file), parsed.names)
    os.chdir(file.parent)
    if parsed.list:
        print("\n".join(entry.name for entry in entries))
        return 0
    project = Project(file.parent)
    outcomes: list[Result | machine.Unusable] = parallel.run(
        entries, lambda entry: boot(entry, project), parsed.jobs,
        lambda entry, outcome: shown(result_of(entry, outcome), parsed),
    )
    ended = [result_of(entry, outcome) for entry, outcome in zip(entries, outcomes)]
    for report, text in ((parsed.junit, boot_results.junit), (parsed.ktap, boot_results.as_ktap)):
        if report:
            workspace.write(report, text(ended))
    if parsed.github:
        print(boot_results.annotations(ended, os.path.relpath(file, start)), end="")
    bad = [result.name for result in ended if not result.is_good]
    count = f"{len(ended)} boot{'s' * (len(ended) != 1)}, {len(ended) - len(bad)} as they should be"
    print(count + (f"; not: {', '.join(bad)}" if bad else ""))
    return 10 if bad else 0


def main(argv: list[str]) -> int:
    parsed = parse(argv)
    return command_line.guarded(name(), lambda: run(parsed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
