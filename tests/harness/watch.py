# SPDX-License-Identifier: MIT
"""Watches a machine in QEMU from its start to its end, and ends it when nothing more is to come. Used by runner.py."""

import contextlib
import dataclasses
import os
import pathlib
import select
import shutil
import subprocess
import time
from typing import IO

import debugger
import gdb_stub
import judge
import qemu
import qmp
import symbols
from judge import Ending
from listener import Listener, Show
from machine import COUNT_UNTIL, Machine, Unusable, existing

WAKE_SECONDS = 0.2
LEAVE_SECONDS = 60  # on a busy computer


@dataclasses.dataclass
class Watched:
    """What a machine said and how it ended."""

    heard: judge.Heard
    text: str
    lost: str | None  # why the log is incomplete
    ending: Ending
    status: int | None
    reason: str | None  # QEMU's word for why it left, such as "guest-reset"; None: it gave none
    prompt: str | None  # that never came
    spoke: float | None  # seconds until the first line that is not the firmware's
    worked: float | None  # seconds of processor time that QEMU had used by then
    instructions: int | None


def watch(
    command: list[str], inherited: tuple[int, ...], folder: pathlib.Path, log: pathlib.Path, machine: Machine,
    rules: judge.Rules, show: Show,
) -> Watched:
    """Runs QEMU until it leaves, gave a sign that nothing more is to come, or the time is up."""
    with contextlib.ExitStack() as stack:
        names = stack.enter_context(contextlib.closing(symbols.Symbols(machine.kernel, machine.loader)))
        log_file = stack.enter_context(open(log, "wb", buffering=0))
        counter = None
        if machine.counted:
            counter = stack.enter_context(contextlib.closing(gdb_stub.Breakpoint(_counted_until(machine))))
            command, inherited = [*command, *counter.arguments], (*inherited, *counter.inherited)
        listener = Listener(machine, rules, log_file, lambda line, seconds: show(names.annotate(line), seconds))
        process, output, monitor = stack.enter_context(qemu.started(command, inherited, folder, bool(machine.replies)))
        _let_run(machine, monitor, counter)
        gdb = None if machine.debugger is None else stack.enter_context(debugger.started(machine, machine.debugger, folder))
        watcher = _Watcher(machine, listener, process, output, monitor, counter, gdb)
        watcher.follow()
        listener.finish()
    spoke = None if listener.spoke is None else listener.spoke - listener.start
    return Watched(listener.heard, listener.text, listener.lost, watcher.ending, watcher.status, watcher.reason, listener.prompt,
                   spoke, watcher.worked, watcher.instructions)


def _let_run(machine: Machine, monitor: qmp.Monitor, counter: gdb_stub.Breakpoint | None) -> None:
    monitor.listen()
    if counter:
        # A QEMU that is gone by then tells later why.
        with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
            counter.started()
    elif machine.debugger is None:
        monitor.start()
    else:
        monitor.be_ready()


class _Watcher:
    """A machine that runs."""

    def __init__(
        self, machine: Machine, listener: Listener, process: "subprocess.Popen[bytes]", output: IO[bytes],
        monitor: qmp.Monitor, counter: gdb_stub.Breakpoint | None, gdb: "subprocess.Popen[bytes] | None",
    ) -> None:
        self._machine, self._listener = machine, listener
        self._process, self._output, self._monitor = process, output, monitor
        self._counter, self._gdb = counter, gdb
        self._limit = listener.start + (machine.timeout if gdb is None else float("inf"))
        self.ending = Ending.ITSELF
        self.status: int | None = None
        self.reason: str | None = None
        self.worked: float | None = None
        self.instructions: int | None = None

    @property
    def _deadline(self) -> float:
        sign = self._listener.sign
        return min(self._limit, self._listener.signed + sign.grace) if sign else self._limit

    @property
    def _until(self) -> float:
        """When the wait is over, should nothing come until then."""
        machine, listener = self._machine, self._listener
        may_hang = machine.longest_silence and listener.spoke is not None and not listener.sign and self._gdb is None
        return min(self._deadline, listener.last + machine.longest_silence) if may_hang else self._deadline

    def follow(self) -> None:
        """Until it leaves, or is to be ended."""
        while not (why := self._over()) and self._wait():
            pass
        self.ending = why or Ending.ITSELF

    def _over(self) -> Ending | None:
        """Why it is to be ended, if it is."""
        now = time.monotonic()
        if self._gdb and self._gdb.poll() is not None:
            return Ending.HARNESS
        if self._listener.size > self._machine.max_output:
            return Ending.SIZE
        if now < self._until:
            return None
        if self._listener.sign:
            return Ending.HARNESS
        return Ending.TIME if now >= self._deadline else Ending.SILENCE

    def _wait(self) -> bool:
        """Takes what comes next, if it comes in time; whether the machine is still there."""
        # QEMU 10.2 may sleep over the end of what it records; a question wakes it.
        ends_record = self._listener.sign is not None and self._machine.record is not None
        left = max(0.0, self._until - time.monotonic())
        sources = [self._output, *([self._counter] if self._counter else [])]
        ready = select.select(sources, [], [], min(left, WAKE_SECONDS) if self._gdb or ends_record else left)[0]
        if ends_record and not ready:
            with contextlib.suppress(EOFError, ConnectionResetError):
                self._monitor.ask("query-status")
        if self._counter and self._counter in ready:
            self._count(self._counter)
        return self._output not in ready or self._read()

    def _count(self, counter: gdb_stub.Breakpoint) -> None:
        if counter.reached():
            self.instructions = self._monitor.ask("query-replay")["icount"]
            counter.go_on()
        self._counter = None

    def _read(self) -> bool:
        chunk = os.read(self._output.fileno(), qemu.PIECE)
        if not chunk:
            try:
                self.status = self._process.wait(LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                raise Unusable("QEMU has closed its output, and does not leave") from None
            self.reason = self._monitor.why_it_ended()
            return False
        keys = self._listener.take(chunk)
        if self.worked is None and self._listener.spoke is not None:
            self.worked = _processor_seconds(self._process.pid)
        if keys and self._process.stdin:
            # A machine that is gone hears nothing any more.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(keys)
                self._process.stdin.flush()
        return True


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
