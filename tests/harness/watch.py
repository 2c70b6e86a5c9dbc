# SPDX-License-Identifier: MIT
"""Watches a machine from its start to its end: reads what it says, saves it, shows it, and ends it when nothing
more is to come. Used by runner.py.
"""

import collections
import contextlib
import dataclasses
import io
import os
import pathlib
import select
import shutil
import subprocess
import time
from collections.abc import Callable

import conversation
import debugger
import gdb_stub
import judge
import qemu
import symbols
import terminal
from machine import COUNT_UNTIL, Machine, Unusable, existing

WAKE_SECONDS = 0.2
TEXT_MAX = 16 << 20  # characters of which all lines are kept
LAST_LINES = 1000  # that are kept of more

Show = Callable[[str, float], None]  # a clean line, and the seconds after which it came


@dataclasses.dataclass
class Watched:
    """What a machine said and how it ended."""

    heard: judge.Heard
    text: str = ""
    lost: str | None = None  # why the log is incomplete
    ending: judge.Ending = judge.Ending.ITSELF
    status: int | None = None
    reason: str | None = None  # QEMU's word for why it left, such as "guest-reset"; None: it gave none
    prompt: str | None = None  # that never came
    spoke: float | None = None
    worked: float | None = None
    instructions: int | None = None


class Said:
    """The lines of a machine; of one that says much, the first and the last."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._last: collections.deque[str] = collections.deque(maxlen=LAST_LINES)
        self._room = TEXT_MAX

    def add(self, line: str) -> None:
        self._room -= len(line) + 1
        (self._first if self._room > 0 else self._last).append(line)

    @property
    def text(self) -> str:
        return "".join(line + "\n" for line in (*self._first, *self._last))


def watch(
    command: list[str], inherited: tuple[int, ...], folder: pathlib.Path, log: pathlib.Path, machine: Machine,
    rules: judge.Rules, show: Show,
) -> Watched:
    """Runs QEMU until it leaves, gave a sign that nothing more is to come, or the time is up."""
    watched = Watched(judge.Heard(rules))
    lines, names, size = terminal.Lines(), symbols.Symbols(machine.kernel, machine.loader), 0
    said = Said()
    shown = squeezed(lambda line: show(names.annotate(line), time.monotonic() - start))
    start = time.monotonic()
    limit = deadline = start + (machine.timeout if machine.debugger is None else 1e9)
    heard, sign = start, None
    talk = conversation.Conversation(machine.replies)
    with contextlib.ExitStack() as stack:
        stack.callback(names.close)
        log_file = stack.enter_context(open(log, "wb", buffering=0))
        counter = None
        if machine.counted:
            counter = stack.enter_context(contextlib.closing(gdb_stub.Breakpoint(_counted_until(machine))))
            command, inherited = [*command, *counter.arguments], (*inherited, *counter.inherited)
        process, output, monitor = stack.enter_context(qemu.started(command, inherited, folder, bool(machine.replies)))
        monitor.listen()
        if counter:
            # A QEMU that is gone by then tells below why.
            with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
                counter.started()
        elif machine.debugger is None:
            monitor.start()
        else:
            monitor.be_ready()
        gdb = None if machine.debugger is None else stack.enter_context(debugger.started(machine, machine.debugger, folder))
        while True:
            now = time.monotonic()
            silent = machine.silence and watched.spoke is not None and not sign and gdb is None
            until = min(deadline, heard + machine.silence) if silent else deadline
            if gdb and gdb.poll() is not None:
                watched.ending = judge.Ending.HARNESS
                break
            if size > machine.max_output:
                watched.ending = judge.Ending.SIZE
                break
            if now >= until:
                late = judge.Ending.TIME if now >= deadline else judge.Ending.SILENCE
                watched.ending = judge.Ending.HARNESS if sign else late
                break
            # QEMU 10.2 may sleep over the end of what it records; a question wakes it.
            ending_record = sign is not None and machine.record is not None
            pause = WAKE_SECONDS if gdb or ending_record else until - now
            sources = [output, *([counter] if counter else [])]
            ready = select.select(sources, [], [], min(until - now, pause))[0]
            if ending_record and not ready:
                with contextlib.suppress(EOFError, ConnectionResetError):
                    monitor.ask("query-status")
            if counter and counter in ready:
                if counter.reached():
                    watched.instructions = monitor.ask("query-replay")["icount"]
                    counter.go_on()
                counter = None
            if output not in ready:
                continue
            chunk = os.read(output.fileno(), qemu.PIECE)
            if not chunk:
                watched.status = process.wait(timeout=10)
                watched.reason = monitor.why_it_ended()
                break
            heard = time.monotonic()
            size += len(chunk)
            watched.lost = watched.lost or _save(log_file, chunk)
            whole = lines.feed(chunk)
            for line in whole:
                said.add(line.text)
                shown(line.text)
                new_sign = watched.heard.hear(talk.without_echo(line))
                if watched.spoke is None and watched.heard.spoke:
                    watched.spoke, watched.worked = heard - start, _processor_seconds(process.pid)
                is_too_early = new_sign and new_sign.is_good and talk.prompt is not None
                if new_sign and not is_too_early and new_sign is not sign and sign is not judge.Sign.FINAL:
                    sign = new_sign
                    deadline = min(limit, heard + sign.grace)
            if keys := talk.answer(whole, lines.open_line):
                _type(process, keys)
        for line in lines.rest():
            said.add(line.text)
            shown(line.text)
            watched.heard.hear(talk.without_echo(line))
    watched.prompt = talk.prompt
    watched.text = said.text
    return watched


def _save(log: io.RawIOBase, chunk: bytes) -> str | None:
    """Why it could not be saved. A full disk does not end the boot: what it says is judged all the same."""
    try:
        while chunk:
            chunk = chunk[log.write(chunk) or 0 :]
    except OSError as error:
        return error.strerror or str(error)
    return None


def _type(process: "subprocess.Popen[bytes]", keys: bytes) -> None:
    """A machine that is gone hears nothing any more; how it ended is told elsewhere."""
    assert process.stdin
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(keys)
        process.stdin.flush()


def squeezed(show: Callable[[str], None]) -> Callable[[str], None]:
    """The same, but of blank lines in a row only the first is shown, and none at the beginning."""
    was_blank = True

    def shown(line: str) -> None:
        nonlocal was_blank
        is_blank = not line.strip()
        if not (is_blank and was_blank):
            show(line)
        was_blank = is_blank

    return shown


def _processor_seconds(pid: int) -> float | None:
    """What a process has used so far, or None when it is gone. proc(5): utime and stime, behind a name that may
    hold anything."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _counted_until(machine: Machine) -> int:
    if not shutil.which("nm"):
        raise Unusable("no nm: install the package binutils (apt-get install binutils)")
    kernel = existing(machine.kernel or pathlib.Path("kernel.elf"), "kernel")
    address = gdb_stub.address_of(machine.counted or COUNT_UNTIL, kernel)
    if address is None:
        raise Unusable(f"{machine.kernel} has no function {machine.counted}: name one with --count FUNCTION")
    return address
