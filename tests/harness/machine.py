# SPDX-License-Identifier: MIT
"""Puts a machine together and runs it: the boot volume, OVMF, QEMU's command line, the serial line.

Used by boot.py, which is the command, and by the scenarios. One call of run() is one machine from
power-on, or from where the firmware waited for a loader (snapshot.py), to its end; nothing of it outlives
the call but the log. Machine declares the options of the command too, each at its field.
"""

import contextlib
import dataclasses
import fcntl
import hashlib
import itertools
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, BinaryIO

import architectures
import build_cache
import gdb_stub
import judge
import ktap
import options
import qmp
import snapshot
import symbols
import terminal
from options import Option, option

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
QEMU = "qemu-system-x86_64"
EXIT_PORT = 0xF4
DEBUG_PORT = 0xE9  # the Bochs convention for isa-debugcon
RTC = "2026-01-01T00:00:00"  # of machines that must do the same each time

# What a warm boot was saved with; the Makefile builds it from boot_waiter.c.
BOOT_WAITER = BUILD / "boot_waiter.efi"
WARM = BUILD / "warm"

QEMU_LOG = "resets"
GDB_SECONDS = 10  # for QEMU to listen to it
WAKE_SECONDS = 0.2
PIECE = 65536  # bytes of the serial line that are read at a time

Show = Callable[[str, float], None]  # a clean line, and the seconds after which it came

_running: set["subprocess.Popen[bytes]"] = set()
_running_lock = threading.Lock()
_ended = threading.Event()  # nothing is to be started any more


class Unusable(Exception):
    """Something that is needed is not there; the text names it and what to do."""


def _path_words(file: pathlib.Path) -> list[str]:
    return [str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)]


def _read_files(files: Iterable[tuple[str, pathlib.Path]]) -> tuple[tuple[str, bytes], ...]:
    found = []
    for name, file in files:
        try:
            found.append((name, file.read_bytes()))
        except OSError as error:
            raise Unusable(f"--file {name}={file}: cannot read {file}: {error.strerror}") from error
    return tuple(found)


def _ignore(line: str, seconds: float) -> None:
    """Shows nothing."""


# The groups of --help.
WHAT, ON, END, LOOK = "what to boot", "on which machine", "how it ends, and what passes", "how to look at it"
EXACT = "to the instruction (without a disk)"
COUNT_UNTIL = "kernel_end"
# A field that a replay may have otherwise than its recording.
_ANY = {"replay_may_differ": True}


def _file(flag: str, group: str, words: str, **more: Any) -> Option:
    return Option(flag, group, words, metavar="FILE", parse=pathlib.Path, write=_path_words, **more)


@dataclasses.dataclass
class Machine:
    """What to boot, and on what. The defaults are those of `make run`."""

    loader: pathlib.Path = option(
        BUILD / "loader.efi", _file("--loader", WHAT, "a UEFI application (default: build/loader.efi)")
    )
    kernel: pathlib.Path | None = option(  # None: the volume carries no kernel
        BUILD / "kernel.elf",
        _file("--kernel", WHAT, "kernel.elf of the volume (default: build/kernel.elf)"),
        Option("--missing-kernel", WHAT, "a volume without kernel.elf", sets=(None,)),
    )
    files: tuple[tuple[str, bytes], ...] = option(
        (),
        Option("--file", WHAT, "a further file of the volume; repeatable", metavar="NAME=FILE", many="append",
               parse=options.volume_file, load=_read_files, write=lambda file: [f"{file[0]}={_path_words(file[1])[0]}"]),
    )
    source: str = option(
        "volume",
        Option("--source", WHAT, "a disk made for this boot (default); QEMU's fw_cfg, without a disk; or that, with the "
               "words as load options; or QEMU loads the kernel (Multiboot, PVH, Linux), without firmware and loader",
               choices=("volume", "fw_cfg", "options", "qemu")),
    )
    image: pathlib.Path | None = option(
        None, _file("--image", WHAT, "a disk image with loader and kernel; it stays as it is")
    )
    image_device: tuple[str, ...] = option(
        ("-device", "ide-hd,drive=image"),
        Option("--image-device", WHAT, "how the machine has it (default: -device ide-hd,drive=image)",
               metavar="ARGUMENTS", parse=lambda text: tuple(text.split()), write=lambda value: [" ".join(value)]),
    )
    words: tuple[str, ...] = option(
        (),
        Option("--cmdline", WHAT, "further words of cmdline.txt; --cmdline=-WORD for one with a dash in front",
               metavar="WORD", many="extend", write=list),
    )
    only: str | None = option(
        None,
        Option("--only", WHAT, "the test kernel: this suite, or this case (the word only=NAME)", metavar="NAME",
               parse=options.case_name),
    )
    run_id: str | None = option(
        None,
        Option("--run-id", WHAT, "1 to 32 of A-Z a-z 0-9 _ . - (default: made up)", metavar="ID", parse=options.run_id),
        **_ANY,
    )
    memory: str = option(
        "256M",
        Option("--mem", ON, "bytes, or with K, M, G or T: 1M to 1024G, default %(default)s", metavar="SIZE",
               parse=options.memory_size),
    )
    processors: int = option(
        1, Option("--smp", ON, "1 to 255 processors, default 1", metavar="N", parse=options.processors)
    )
    arch: str | None = option(
        None,
        Option("--arch", ON, "with --source qemu: the processor (default: that of the kernel's ELF file)",
               choices=tuple(architectures.ARCHITECTURES)),
    )
    # None: that of the architecture.
    machine: str | None = option(
        None, Option("--machine", ON, "q35 (default), pc, virt (default but for x86) or another of QEMU's", metavar="TYPE",
                     parse=options.word)
    )
    cpu: str | None = option(
        None, Option("--cpu", ON, "a model of QEMU's, with features if you like", metavar="MODEL", parse=options.word)
    )
    firmware: str = option(
        "4m",
        Option("--firmware", ON, "build of OVMF; secure: with Secure Boot and the test keys of Debian's package",
               choices=("4m", "2m", "secure")),
    )
    firmware_directory: str = option(
        "/usr/share/OVMF",
        Option("--firmware-directory", ON, "where OVMF_CODE_4M.fd and its like are", metavar="DIR"),
    )
    firmware_code: pathlib.Path | None = option(
        None, _file("--firmware-code", ON, "an image instead of OVMF, without a variable store")
    )
    gpu: str = option("std", Option("--gpu", ON, "std, none, virtio …, as QEMU's -vga", metavar="CARD"))
    serial: bool = option(
        True, Option("--no-serial", ON, "no COM1; the judge reads the debug console", sets=(False,))
    )
    debugcon: bool = option(
        False, Option("--debugcon", ON, "also save the debug console (port 0xe9)", sets=(True,))
    )
    kvm: bool = option(False, Option("--kvm", ON, "real processors instead of emulated ones", sets=(True,)))
    cold: bool = option(
        False,
        Option("--cold", ON, "from power-on, not from a saved machine that waits for its loader", sets=(True,)),
        **_ANY,
    )
    exit_port: bool = option(
        True,
        Option("--exit-port", END, "the kernel leaves through isa-debug-exit (default)", sets=(True,)),
        Option("--power-off", END, "the kernel powers off by ACPI", sets=(False,)),
    )
    passing: tuple[str, ...] = option(
        (),
        Option("--pass", END, "a line that matches passes, instead of the final line or a complete report; repeatable",
               metavar="REGEX", many="append", parse=options.expression),
        **_ANY,
    )
    failing: tuple[str, ...] = option(
        (),
        Option("--fail", END, "a line that matches fails; repeatable", metavar="REGEX", many="append",
               parse=options.expression),
        **_ANY,
    )
    expected: tuple[str, ...] = option(
        (),
        Option("--expect", END, "has to appear; repeatable", metavar="TEXT", many="append", parse=options.expected_text),
        **_ANY,
    )
    strict: bool = option(
        False,
        Option("--strict", END, "a report has to have a plan, may skip nothing and does not pass by itself", sets=(True,)),
        **_ANY,
    )
    timeout: float = option(
        60.0, Option("--timeout", END, "default %(default)g", metavar="SECONDS", parse=options.seconds), **_ANY
    )
    # Seconds without a word, once it spoke, that are a hang; 0: none are.
    silence: float = option(
        20.0,
        Option("--silence", END, "no word for so long, once it spoke, is a hang; 0: never (default %(default)g)",
               metavar="SECONDS", parse=options.seconds_or_never),
        **_ANY,
    )
    max_output: int = option(
        16 << 20,
        Option("--max-output", END, "a machine that says more is ended (default: 16M)", metavar="SIZE",
               parse=options.output_size),
        **_ANY,
    )
    name: str = option(
        "run", Option("--name", LOOK, "of the log, build/logs/NAME.log", parse=options.log_name), **_ANY
    )
    # Instructions are the only clock (-icount), and are counted until this function of the kernel begins.
    # Like a recording this needs a machine without a disk, whose answers come when the host pleases.
    counted: str | None = option(
        None,
        Option("--count", EXACT, "instructions are the clock, and are counted until this function of the kernel begins "
               "(default: %(const)s)", metavar="FUNCTION", without_value=COUNT_UNTIL),
        **_ANY,
    )
    record: pathlib.Path | None = option(
        None, _file("--record", EXACT, "record the boot", load=pathlib.Path.resolve), **_ANY
    )
    replay: pathlib.Path | None = option(
        None,
        _file("--replay", EXACT, "replay it, counted or not; all else has to be the same", load=pathlib.Path.resolve),
        **_ANY,
    )
    debugger: tuple[str, ...] | None = option(None, **_ANY)  # gdb's arguments: the machine waits for it, and ends with it
    extra: tuple[str, ...] = option(())  # further arguments for QEMU

    @property
    def architecture(self) -> architectures.Architecture:
        is_found = self.source == "qemu" and self.kernel is not None
        name = self.arch or (architectures.of_file(self.kernel) if is_found and self.kernel else architectures.DEFAULT)
        return architectures.ARCHITECTURES[name]

    @property
    def has_exit_port(self) -> bool:
        return self.exit_port and self.architecture.is_x86

    @property
    def rules(self) -> judge.Rules:
        """What its log is judged by, but for the id that is made up for each run."""
        return judge.Rules(self.run_id, self.expected, self.passing, self.failing, self.only, self.strict)


@dataclasses.dataclass
class Boot:
    """A boot that is over."""

    machine: Machine
    judgement: judge.Judgement
    report: ktap.Report | None  # of its tests
    text: str  # what the judge read: the serial line, or the debug console without one
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

    @property
    def verdict(self) -> judge.Verdict:
        return self.judgement.verdict

    def summary(self) -> str:
        """One line: the verdict, the time, and the share of it that was ours."""
        start = f"cold ({self.why_cold})" if self.why_cold else "warm"
        line = f"{self.judgement}; {self.seconds:.2f} s, {start}"
        if (own := judge.microseconds(self.text)) is not None:
            share = own / 1e6 / self.seconds
            line += f", of which {own / 1000:.1f} ms ({share:.1%}) from loader entry to final account"
        return line


history: list[Boot] = []  # every Boot of this process, in the order in which they ended


def firmware_files(machine: Machine) -> list[pathlib.Path]:
    """The paths of OVMF's code and of its empty variable store. Raises Unusable."""
    names = {
        "4m": ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
        "2m": ("OVMF_CODE.fd", "OVMF_VARS.fd"),
        "secure": ("OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.snakeoil.fd"),
    }[machine.firmware]
    files = [pathlib.Path(machine.firmware_directory) / name for name in names]
    for file in files:
        if not file.is_file():
            raise Unusable(
                f"no firmware at {file}: install the package ovmf (apt-get install ovmf), name another "
                "folder with OVMF_DIR=… (--firmware-directory), or try the other build with FIRMWARE=4m or 2m"
            )
    return files


def run(machine: Machine, show: Show = _ignore) -> Boot:
    """Boots the machine and returns its Boot. `show` gets each clean line as it comes, and when it came.

    Raises Unusable when a file or program is missing. Ends QEMU whatever happens.
    """
    architecture = machine.architecture
    if not shutil.which(architecture.qemu):
        raise Unusable(f"no {architecture.qemu}: install the package {architecture.package} (apt-get install …)")
    if not architecture.is_x86 and (machine.source != "qemu" or not machine.serial or machine.debugcon):
        raise Unusable("a machine that is not x86 has no OVMF and no debug console here: boot it with --source qemu")
    if machine.record and (machine.counted or machine.replay):
        # QEMU would note the stop where counting ends, and no replay could come to it by itself.
        raise Unusable("--record makes a recording and nothing else: then --replay it, with --count if you like")
    if machine.image is not None and is_exact(machine):
        raise Unusable("a boot from an image is never the same twice, as its disk answers when the host pleases")
    if "-D" in machine.extra:
        raise Unusable("QEMU's own log (-D) is needed here: leave it to the harness, which keeps it when -d is given")
    if machine.source == "volume" and machine.image is None and is_exact(machine):
        machine = dataclasses.replace(machine, source="fw_cfg")
    run_id = machine.run_id or f"{machine.name[:20]}-{os.urandom(3).hex()}"
    if machine.replay:
        run_id = _id_of_recording(machine, machine.replay)
    why_cold = "asked for" if machine.cold else snapshot.reason_against(machine)
    with _folder(machine.name) as folder, contextlib.ExitStack() as stack:
        _make_volume(machine, folder / "volume", run_id)
        command = _command(machine, folder)
        inherited: tuple[int, ...] = ()
        state = None
        if why_cold:
            command += _sources(machine, folder / "volume")
        else:
            opened = stack.enter_context(_saved(machine, command))
            inherited, state = (opened.fileno(),), pathlib.Path(opened.name)
            command += ["-incoming", _incoming(opened.fileno()), *_warm_sources(machine, folder / "volume")]
        if machine.debugger is not None:
            command += ["-chardev", "socket,id=gdb,path=gdb,server=on,wait=off", "-gdb", "chardev:gdb"]
        log = stack.enter_context(own_log(machine.name))
        start = time.monotonic()
        rules = dataclasses.replace(machine.rules, run_id=run_id)
        watched = _watch(command, inherited, folder, log, machine, rules, show)
        seconds = time.monotonic() - start
        if "-d" in machine.extra:
            shutil.copyfile(folder / QEMU_LOG, log.with_suffix(".qemu.log"))
        debugcon_log = None
        if (folder / "debugcon").exists():
            debugcon_log = log.with_suffix(".debugcon.log")
            shutil.copyfile(folder / "debugcon", debugcon_log)
        ended = judge.Ended(
            ending=watched.ending,
            status=watched.status,
            # Since version 9.1 a replay may be over before the port is written in it.
            exit_port=machine.has_exit_port and not (machine.replay and watched.status == 0),
            triple_fault="Triple fault" in _read(folder / QEMU_LOG),
            reset=watched.reason == "guest-reset",
            qemu_errors=_read(folder / "errors"),
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
        )
        history.append(boot)
        if machine.record:
            _beside(machine.record).write_text(json.dumps({"run_id": run_id, **_what_is_replayed(machine)}))
    return boot


# --- Recordings -----------------------------------------------------------------------------------


def _beside(recording: pathlib.Path) -> pathlib.Path:
    return recording.with_name(recording.name + ".json")


def _what_is_replayed(machine: Machine) -> dict[str, str]:
    """By name, a hash of each thing that a replay has to have in common with its recording."""

    def content(value: object) -> bytes:
        return value.read_bytes() if isinstance(value, pathlib.Path) and value.is_file() else repr(value).encode()

    fields = [field.name for field in dataclasses.fields(machine) if not field.metadata.get("replay_may_differ")]
    return {name: hashlib.sha256(content(getattr(machine, name))).hexdigest() for name in fields}


def _id_of_recording(machine: Machine, recording: pathlib.Path) -> str:
    """The id of the run that was recorded. Raises Unusable if this machine is another one."""
    if not recording.is_file() or not _beside(recording).is_file():
        raise Unusable(f"no {recording} with a {_beside(recording).name} beside it: make both with --record {recording}")
    recorded = json.loads(_beside(recording).read_text())
    other = [name for name, value in _what_is_replayed(machine).items() if recorded.get(name) != value]
    if other:
        raise Unusable(f"the recording was made with another {', '.join(other)}: give the same, or --record it anew")
    if machine.run_id not in (None, recorded["run_id"]):
        raise Unusable(f"the recording is of run {recorded['run_id']}, not of {machine.run_id}")
    return str(recorded["run_id"])


def qemu_version() -> tuple[int, int]:
    """As (7, 2)."""
    found = re.search(r"version (\d+)\.(\d+)", build_cache.version(QEMU))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def is_exact(machine: Machine) -> bool:
    """Whether what the machine does must not depend on when the host does it."""
    return bool(machine.counted or machine.record or machine.replay)


def end_all() -> None:
    """Ends every QEMU that this process started, and lets it start none any more."""
    with _running_lock:
        _ended.set()
        for process in _running:
            process.kill()


# --- Where everything comes from ------------------------------------------------------------------


@contextlib.contextmanager
def _folder(name: str) -> Iterator[pathlib.Path]:
    """A folder of its own for a boot, gone with it."""
    (BUILD / "runs").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=name + "-", dir=BUILD / "runs") as folder:
        yield pathlib.Path(folder)


@contextlib.contextmanager
def own_log(name: str) -> Iterator[pathlib.Path]:
    """Where the serial line is saved: NAME.log, or NAME-2.log while another boot of this name goes on, and
    so on. What the previous one said stays, as NAME.previous.log."""
    (BUILD / "logs").mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        log = BUILD / "logs" / (f"{name}.log" if number == 1 else f"{name}-{number}.log")
        with open(log.with_suffix(".lock"), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if log.exists():
                log.replace(log.with_suffix(".previous.log"))
            yield log
            return


def _make_volume(machine: Machine, volume: pathlib.Path, run_id: str) -> None:
    boot = volume / "EFI" / "BOOT"
    boot.mkdir(parents=True)
    if machine.firmware_code is None and machine.image is None:
        if machine.source != "qemu":
            shutil.copyfile(_existing(machine.loader, "loader"), boot / "BOOTX64.EFI")
        if machine.kernel is not None:
            shutil.copyfile(_existing(machine.kernel, "kernel"), volume / "kernel.elf")
    for name, content in machine.files:
        (volume / name).parent.mkdir(parents=True, exist_ok=True)
        (volume / name).write_bytes(content)
    words = [f"run={run_id}", *machine.words, *([f"only={machine.only}"] if machine.only else [])]
    if machine.has_exit_port:
        words.append(f"exit-port={EXIT_PORT:#x}")
    (volume / "cmdline.txt").write_text(" ".join(words) + "\n", encoding="utf-8")


def _sources(machine: Machine, volume: pathlib.Path) -> list[str]:
    """QEMU's arguments that offer the volume's files to a cold boot, in the way that the machine asks for."""
    if machine.source == "volume" and machine.image is None:
        return []
    if machine.source == "qemu":
        words = (volume / "cmdline.txt").read_text("utf-8").strip()
        return ["-kernel", str(_existing(machine.kernel or pathlib.Path("kernel.elf"), "kernel").resolve()), "-append", words]
    offered = _offered(volume)
    if machine.image is not None:
        # The run's id comes with the run, all else with the image, which no boot may change.
        file = _path(_existing(machine.image, "image"))
        drive = f"if=none,id=image,format=raw,snapshot=on,file={file}"
        arguments = ["-drive", drive, *machine.image_device]
        offered = ["cmdline.txt"]
    else:
        arguments = ["-kernel", str(_existing(machine.loader, "loader").resolve())]
    if machine.source == "options":
        arguments += ["-append", (volume / "cmdline.txt").read_text("utf-8").strip()]
        offered.remove("cmdline.txt")
    return arguments + _fw_cfg_files(offered)


def _warm_sources(machine: Machine, volume: pathlib.Path) -> list[str]:
    """The same for a machine that waits: what makes it go on, and where it finds its loader."""
    arguments = ["-fw_cfg", f"name={snapshot.GO},string=go"]
    if machine.source == "fw_cfg":
        arguments += ["-fw_cfg", f"name={snapshot.LOADER},file=volume/EFI/BOOT/BOOTX64.EFI"]
        arguments += _fw_cfg_files(_offered(volume))
    return arguments


def _offered(volume: pathlib.Path) -> list[str]:
    files = sorted(path.relative_to(volume) for path in volume.rglob("*") if path.is_file())
    return [str(file) for file in files if file.parts[0] != "EFI"]


def _fw_cfg_files(names: Iterable[str]) -> list[str]:
    return [word for name in names for word in ("-fw_cfg", f"name=opt/early-boot/{name},file=volume/{name}")]


def _saved(machine: Machine, command: list[str]) -> contextlib.AbstractContextManager[BinaryIO]:
    """The state of this machine, waiting for its loader; saved first, if it is not there yet."""
    firmware = firmware_files(machine)
    if not BOOT_WAITER.is_file():
        raise Unusable(f"no {BOOT_WAITER}: build it with `make`, or boot with --cold")
    # The store of variables is a copy, the same each time.
    files = [*firmware, BOOT_WAITER]

    def save(file: pathlib.Path) -> None:
        with _folder("save") as folder:
            boot = folder / "volume" / "EFI" / "BOOT"
            boot.mkdir(parents=True)
            shutil.copyfile(BOOT_WAITER, boot / "BOOTX64.EFI")
            shutil.copyfile(firmware[1], folder / "variables.fd")
            kernel = ["-kernel", str(BOOT_WAITER)] if machine.source == "fw_cfg" else []
            with _qemu([*command, *kernel], (), folder) as (process, output, monitor):
                monitor.listen()
                monitor.start()
                said = b""
                deadline = time.monotonic() + snapshot.SAVE_SECONDS
                while snapshot.WAITING not in said:
                    left = deadline - time.monotonic()
                    ready = left > 0 and select.select([output], [], [], left)[0]
                    chunk = os.read(output.fileno(), PIECE) if ready else b""
                    if not chunk:
                        raise Unusable(
                            "the machine for warm boots did not come as far as its loader (boot it with "
                            f"--cold); QEMU's words: {_read(folder / 'errors').strip() or 'none'}"
                        )
                    said += chunk
                try:
                    snapshot.save_machine(monitor, file)
                except (qmp.Rejected, EOFError) as error:
                    raise Unusable(f"the machine for warm boots could not be saved (use --cold): {error}") from error

    return snapshot.saved(WARM, command, files, save)


def _incoming(descriptor: int) -> str:
    """How QEMU reads the state from a file that was opened for it; since version 9.1 it does not like fd: any more."""
    return f"file:/proc/self/fd/{descriptor}" if qemu_version() >= (8, 2) else f"fd:{descriptor}"


def _existing(file: pathlib.Path, what: str) -> pathlib.Path:
    if not file.is_file():
        raise Unusable(f"no {what} at {file}: build it with `make`, or name another with --{what}")
    return file


# --- The machine ----------------------------------------------------------------------------------


def _command(machine: Machine, folder: pathlib.Path) -> list[str]:
    """QEMU's command line, without what differs from boot to boot. It runs inside `folder`, so that no
    path needs quoting, and the same machine has the same command line."""
    if machine.source == "qemu":
        pflash = []  # QEMU brings a firmware for this
    elif machine.firmware_code is not None:
        code = _existing(machine.firmware_code, "firmware-code")
        pflash = [_pflash(0, _path(code), readonly=True)]
    else:
        code, variables = firmware_files(machine)
        # A store that was used before may boot into the firmware's shell and wait there.
        shutil.copyfile(variables, folder / "variables.fd")
        pflash = [_pflash(0, _path(code), readonly=True), _pflash(1, "variables.fd", readonly=False)]
    architecture = machine.architecture
    command = [architecture.qemu, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"]
    # To QEMU a plain number means MiB; here it means bytes, as in the Makefile.
    memory = machine.memory + ("B" if machine.memory.isdigit() else "")
    # Secure Boot's variables are safe only from within system management mode, and OVMF insists.
    secure = machine.firmware == "secure"
    kind = (machine.machine or architecture.machine) + (",smm=on" if secure else "")
    command += ["-machine", kind, "-m", memory, "-smp", str(machine.processors)]
    if secure:
        command += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
    command += ["-accel", "kvm" if machine.kvm else "tcg"]
    if cpu := machine.cpu or ("host" if machine.kvm else architecture.cpu):
        command += ["-cpu", cpu]
    for drive in pflash:
        command += ["-drive", drive]
    if machine.source == "volume" and machine.image is None:
        command += ["-drive", "format=raw,media=disk,snapshot=on,file=fat:volume"]
    if architecture.is_x86:
        command += ["-vga", machine.gpu]
    console = ["-chardev", "stdio,id=console,signal=off"]
    debugcon = f"isa-debugcon,iobase={DEBUG_PORT:#x},chardev="
    if machine.serial:
        command += [*console, "-serial", "chardev:console"]
        if machine.debugcon:
            command += ["-chardev", "file,id=debugcon,path=debugcon", "-device", debugcon + "debugcon"]
    else:
        command += [*console, "-serial", "none", "-device", debugcon + "console"]
    # There even when the kernel is not told of it, so that one saved machine serves both.
    if architecture.is_x86:
        command += ["-device", f"isa-debug-exit,iobase={EXIT_PORT:#x},iosize=0x04"]
    command += architecture.arguments
    if is_exact(machine):
        # 2^7 ns for an instruction: a good compromise between loops that wait and loops that work.
        clock = "shift=7,sleep=off"
        if machine.record:
            clock += f",rr=record,rrfile={_path(machine.record)}"
        if machine.replay:
            clock += f",rr=replay,rrfile={_path(machine.replay)}"
        command += ["-icount", clock, "-rtc", f"base={RTC},clock=vm"]
    # The only trace of a triple fault: under -no-reboot QEMU leaves with 0, as after a power-off.
    events, extra = ["cpu_reset"], list(machine.extra)
    while "-d" in extra[:-1]:
        at = extra.index("-d")
        events.append(extra[at + 1])
        del extra[at : at + 2]
    return [*command, "-d", ",".join(events), "-D", QEMU_LOG, *extra]


def _path(file: pathlib.Path) -> str:
    """A path within one of QEMU's option lists. QEMU runs in a folder of its own."""
    return str(file.resolve()).replace(",", ",,")


def _pflash(unit: int, file: str, readonly: bool) -> str:
    return f"if=pflash,unit={unit},format=raw,readonly={'on' if readonly else 'off'},file={file}"


@dataclasses.dataclass
class _Watched:
    """What a machine said and how it ended."""

    heard: judge.Heard
    text: str = ""
    ending: judge.Ending = judge.Ending.ITSELF
    status: int | None = None
    reason: str | None = None  # QEMU's word for why it left, such as "guest-reset"; None: it gave none
    spoke: float | None = None
    worked: float | None = None
    instructions: int | None = None


def _watch(
    command: list[str], inherited: tuple[int, ...], folder: pathlib.Path, log: pathlib.Path, machine: Machine,
    rules: judge.Rules, show: Show,
) -> _Watched:
    """Runs QEMU until it leaves, gave a sign that nothing more is to come, or the time is up."""
    watched = _Watched(judge.Heard(rules))
    lines, names, said, size = terminal.Lines(), symbols.Symbols(machine.kernel, machine.loader), [], 0
    shown = squeezed(lambda line: show(names.annotate(line), time.monotonic() - start))
    start = time.monotonic()
    limit = deadline = start + (machine.timeout if machine.debugger is None else 1e9)
    heard, sign = start, None
    with contextlib.ExitStack() as stack:
        stack.callback(names.close)
        log_file = stack.enter_context(open(log, "wb"))
        counter = None
        if machine.counted:
            counter = stack.enter_context(contextlib.closing(gdb_stub.Breakpoint(_counted_until(machine))))
            command, inherited = [*command, *counter.arguments], (*inherited, *counter.inherited)
        process, output, monitor = stack.enter_context(_qemu(command, inherited, folder))
        monitor.listen()
        if counter:
            # A QEMU that is gone by then tells below why.
            with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
                counter.started()
        elif machine.debugger is None:
            monitor.start()
        else:
            monitor.be_ready()
        debugger = None if machine.debugger is None else stack.enter_context(_gdb(machine, machine.debugger, folder))
        while True:
            now = time.monotonic()
            silent = machine.silence and watched.spoke is not None and not sign and debugger is None
            until = min(deadline, heard + machine.silence) if silent else deadline
            if debugger and debugger.poll() is not None:
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
            pause = WAKE_SECONDS if debugger or ending_record else until - now
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
            chunk = os.read(output.fileno(), PIECE)
            if not chunk:
                watched.status = process.wait(timeout=10)
                watched.reason = monitor.why_it_ended()
                break
            heard = time.monotonic()
            size += len(chunk)
            log_file.write(chunk)
            log_file.flush()
            for line in lines.feed(chunk):
                said.append(line.text)
                shown(line.text)
                new_sign = watched.heard.hear(line)
                if watched.spoke is None and watched.heard.spoke:
                    watched.spoke, watched.worked = heard - start, _processor_seconds(process.pid)
                if new_sign and new_sign is not sign and sign is not judge.Sign.FINAL:
                    sign = new_sign
                    deadline = min(limit, heard + sign.grace)
        for line in lines.rest():
            said.append(line.text)
            shown(line.text)
            watched.heard.hear(line)
    watched.text = "".join(line + "\n" for line in said)
    return watched


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
    kernel = _existing(machine.kernel or pathlib.Path("kernel.elf"), "kernel")
    address = gdb_stub.address_of(machine.counted or COUNT_UNTIL, kernel)
    if address is None:
        raise Unusable(f"{machine.kernel} has no function {machine.counted}: name one with --count FUNCTION")
    return address


@contextlib.contextmanager
def _gdb(
    machine: Machine, arguments: tuple[str, ...], folder: pathlib.Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """gdb on the terminal, connected to the machine that waits for it, with symbols where the code runs."""
    program = "gdb" if machine.architecture.is_x86 else "gdb-multiarch"
    if not shutil.which(program):
        raise Unusable(f"no {program}: install the package {program} (apt-get install {program})")
    deadline = time.monotonic() + GDB_SECONDS
    while not (folder / "gdb").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    command = [program, "-q", "-ex", "set confirm off", "-ex", "set pagination off"]
    if machine.kernel and machine.kernel.is_file():
        command += ["-ex", f"file {machine.kernel.resolve()}"]
    symbols_of_loader = machine.loader.with_suffix(".so").resolve()
    image = symbols.image_of(BUILD / "logs" / f"{machine.name}.previous.log")
    if image is not None and symbols_of_loader.is_file():
        command += ["-ex", f"add-symbol-file {symbols_of_loader} -o {image:#x}"]
    if machine.architecture.qemu == QEMU:  # also where the kernel's file is one of 32 bits
        command += ["-ex", "set architecture i386:x86-64"]
    command += ["-ex", "target remote gdb"]
    with subprocess.Popen([*command, *arguments], cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def _qemu(
    command: list[str], inherited: tuple[int, ...], folder: pathlib.Path
) -> Iterator[tuple["subprocess.Popen[bytes]", IO[bytes], qmp.Monitor]]:
    """A QEMU whose machine has not been started yet, what it says, and its Monitor."""
    # A session of its own, so that Ctrl-C reaches the harness, which then ends QEMU; and should the
    # harness itself be killed, the kernel ends QEMU (prctl(2), PR_SET_PDEATHSIG).
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "KILL", *command]
    monitor = qmp.Monitor()
    with contextlib.closing(monitor), open(folder / "errors", "wb") as errors:
        with _running_lock:
            if _ended.is_set():
                raise Unusable("the boots have been ended")
            process = subprocess.Popen(
                # It waits (-S) until its end can be listened to.
                [*command, "-S", *monitor.arguments],
                cwd=folder,
                # Where QEMU keeps what a boot writes to its disks.
                env={**os.environ, "TMPDIR": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=(*inherited, *monitor.inherited),
                start_new_session=True,
            )
            _running.add(process)
        monitor.started()
        output = process.stdout
        assert output
        try:
            yield process, output, monitor
        finally:
            process.kill()
            process.wait()
            output.close()
            with _running_lock:
                _running.discard(process)


def _read(file: pathlib.Path) -> str:
    return file.read_text("utf-8", "replace") if file.exists() else ""
