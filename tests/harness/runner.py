# SPDX-License-Identifier: MIT
"""Boots a machine in QEMU, from power-on or from where the firmware waited for a loader (snapshot.py), to its end.

Used by the commands and by the scenarios. Nothing of a boot outlives the call of run() but its log.
"""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import threading
import time

import architectures
import judge
import ktap
import qemu
import qemu_command
import recording
import snapshot
import volume
import watch
import workspace
from listener import Show
from machine import Machine, Unusable


@dataclasses.dataclass
class Boot:
    """A boot that is over."""

    machine: Machine
    judgement: judge.Judgement
    report: ktap.Report | None  # of its tests
    text: str  # what the judge read: the serial line, or the debug console without one; the middle of 16 MiB is left out
    seconds: float  # wall time of QEMU
    spoke: float | None  # seconds until the first line that is not the firmware's; None: there was none
    worked: float | None  # seconds of processor time that QEMU had used by then
    why_cold: str | None  # None: it was a warm boot
    state: pathlib.Path | None  # from which it began; None: it was a cold boot
    started: float  # time.monotonic()
    by_main_thread: bool
    instructions: int | None  # None: they were not counted
    log: pathlib.Path
    debugcon_log: pathlib.Path | None = None
    microseconds: int | None = None  # from the loader's entry to the final account, as the kernel says
    lost: str | None = None  # why the log is incomplete
    status: int | None = None  # QEMU's exit status, negative if a signal ended it; None: the harness ended it
    missing: tuple[str, ...] = ()  # texts that were expected, and never came

    @property
    def verdict(self) -> judge.Verdict:
        return self.judgement.verdict

    def summary(self) -> str:
        """One line: the verdict, the time, and the share of it that was ours."""
        start = f"cold ({self.why_cold})" if self.why_cold else "warm"
        line = f"{self.judgement}; {self.seconds:.2f} s, {start}"
        if (own := self.microseconds) is not None:
            share = own / 1e6 / self.seconds
            line += f", of which {own / 1000:.1f} ms ({share:.1%}) from loader entry to final account"
        if self.lost:
            line += f"; its log is incomplete: {self.lost}"
        return line


history: list[Boot] = []  # every Boot of this process, in the order in which they ended


def _ignore(line: str, seconds: float) -> None:
    """Shows nothing."""


def _check(machine: Machine) -> None:
    """Raises Unusable for what no machine can be."""
    architecture = machine.architecture
    for is_wrong, sentence in (
        (
            not shutil.which(architecture.qemu),
            f"no {architecture.qemu}: install the package {architecture.package} (apt-get install …)",
        ),
        (
            not architecture.is_x86 and (machine.source != "qemu" or not machine.serial or machine.debugcon),
            "a machine that is not x86 has no OVMF and no debug console here: boot it with --source qemu",
        ),
        (
            machine.arch and machine.source == "qemu" and machine.kernel and not architectures.fits(machine.arch, machine.kernel),
            f"{machine.kernel} is not for {machine.arch}: leave out --arch, and its own processor is found",
        ),
        (
            machine.firmware == "bios" and machine.image is None and machine.source != "qemu",
            "--firmware bios knows no loader of files: name the disk to boot with --image",
        ),
        (machine.replies and not machine.serial, "--send types on the serial line: leave out --no-serial"),
        (machine.replies and machine.is_exact, "a boot that is typed to is never the same twice: leave out --send"),
        (
            # QEMU would note the stop where counting ends, and no replay could come to it by itself.
            machine.record and (machine.counted or machine.replay),
            "--record makes a recording and nothing else: then --replay it, with --count if you like",
        ),
        (
            machine.image is not None and machine.is_exact,
            "a boot from an image is never the same twice, as its disk answers when the host pleases",
        ),
        (
            "-D" in machine.extra,
            "QEMU's own log (-D) is needed here: leave it to the harness, which keeps it when -d is given",
        ),
    ):
        if is_wrong:
            raise Unusable(sentence)


def run(machine: Machine, show: Show = _ignore) -> Boot:
    """Boots the machine and returns its Boot. `show` gets each clean line as it comes, and when it came.

    Raises Unusable when a file or program is missing. Ends QEMU whatever happens.
    """
    _check(machine)
    if machine.source == "volume" and machine.image is None and machine.is_exact:
        machine = dataclasses.replace(machine, source="fw_cfg")
    run_id = machine.run_id or f"{machine.name[:20]}-{os.urandom(3).hex()}"
    if machine.replay:
        run_id = recording.run_id_of(machine, machine.replay)
    why_cold = "asked for" if machine.cold else snapshot.reason_against(machine)
    with workspace.folder(machine.name) as folder, contextlib.ExitStack() as stack:
        volume.make(machine, folder / "volume", run_id)
        command = qemu_command.of(machine, folder)
        inherited: tuple[int, ...] = ()
        state = None
        if why_cold:
            command += volume.cold_sources(machine, folder / "volume")
        else:
            opened = stack.enter_context(snapshot.of(machine, command))
            inherited, state = (opened.fileno(),), pathlib.Path(opened.name)
            command += ["-incoming", snapshot.incoming(opened.fileno()), *volume.warm_sources(machine, folder / "volume")]
        if machine.debugger is not None:
            command += ["-chardev", "socket,id=gdb,path=gdb,server=on,wait=off", "-gdb", "chardev:gdb"]
        log = stack.enter_context(workspace.own_log(machine.name))
        start = time.monotonic()
        rules = dataclasses.replace(machine.rules, run_id=run_id)
        watched = watch.watch(command, inherited, folder, log, machine, rules, show)
        seconds = time.monotonic() - start
        if "-d" in machine.extra:
            shutil.copyfile(folder / qemu_command.LOG, log.with_suffix(".qemu.log"))
        debugcon_log = None
        if (folder / "debugcon").exists():
            debugcon_log = log.with_suffix(".debugcon.log")
            shutil.copyfile(folder / "debugcon", debugcon_log)
        ended = judge.Ended(
            ending=watched.ending,
            status=watched.status,
            # Since version 9.1 a replay may be over before the port is written in it.
            exit_port=machine.has_exit_port and not (machine.replay and watched.status == 0),
            triple_fault="Triple fault" in workspace.read(folder / qemu_command.LOG),
            reset=watched.reason == "guest-reset",
            qemu_errors=workspace.read(folder / qemu.ERRORS),
            prompt=watched.prompt,
        )
        judgement = judge.judge(watched.heard, ended)
        if not why_cold and judgement.verdict in (judge.Verdict.COULD_NOT_START, judge.Verdict.NO_OUTPUT):
            if state and snapshot.is_damaged(state):
                judgement.reason += "; its saved machine was damaged and has been thrown away: boot again"
        boot = Boot(
            machine=machine,
            judgement=judgement,
            report=watched.heard.report,
            text=watched.text,
            seconds=seconds,
            spoke=watched.spoke,
            worked=watched.worked,
            why_cold=why_cold,
            state=state,
            started=start,
            by_main_thread=threading.current_thread() is threading.main_thread(),
            instructions=watched.instructions,
            log=log,
            debugcon_log=debugcon_log,
            microseconds=watched.heard.microseconds,
            lost=watched.lost,
            missing=tuple(watched.heard.missing),
            status=watched.status,
        )
        history.append(boot)
        if machine.record:
            recording.note(machine, machine.record, run_id)
    return boot
