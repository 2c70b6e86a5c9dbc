# SPDX-License-Identifier: MIT
"""Puts a machine together and runs it: the boot volume, OVMF, QEMU's command line, the serial line.

Used by boot.py, which is the command, and by the scenarios. One call of run() is one machine from
power-on, or from where the firmware waited for a loader (snapshot.py), to its end; nothing of it outlives
the call but the log.
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

import build_cache
import judge
import qmp
import gdb_stub
import symbols
import snapshot

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

# How long a machine may go on after it said its last word, in seconds.
GRACE = {"final": 10.0, "stopped": 0.0, "exception": 1.0, "moved on": 0.0}

_LINE_END = re.compile(rb"\n|\x1b\[[0-9;]*[Hf]")

_running = set()
_running_lock = threading.Lock()
_ended = threading.Event()  # nothing is to be started any more


class Unusable(Exception):
    """Something that is needed is not there; the text names it and what to do."""


@dataclasses.dataclass
class Machine:
    """What to boot, and on what. The defaults are those of `make run`."""

    loader: pathlib.Path = BUILD / "loader.efi"
    kernel: pathlib.Path = BUILD / "kernel.elf"  # None: the volume carries no kernel
    files: tuple = ()  # of (name, bytes): further files beside the kernel
    # Where loader, kernel and words come from: "volume", a disk that is made for this boot;
    # "fw_cfg", QEMU itself, without a disk; "options", the same, but the words as load options; "qemu",
    # no loader and no OVMF: QEMU loads the kernel (Multiboot, PVH, Linux), and the words are its arguments.
    source: str = "volume"
    image: pathlib.Path = None  # a disk image with loader and kernel instead; it stays as it is
    image_device: tuple = ("-device", "ide-hd,drive=image")  # how the machine has it
    memory: str = "256M"
    processors: int = 1
    machine: str = "q35"
    firmware: str = "4m"  # "4m", "2m", or "secure": 4m with Secure Boot on and the package's test keys
    firmware_directory: str = "/usr/share/OVMF"
    firmware_code: pathlib.Path = None  # an image to use instead of OVMF, without a variable store
    words: tuple = ()  # further words of cmdline.txt
    run_id: str = None  # None: made up
    exit_port: bool = True  # False: the kernel powers off by ACPI
    serial: bool = True  # False: the machine has no COM1, and the debug console is read
    debugcon: bool = False  # also save the debug console, beside the serial line
    gpu: str = "std"
    kvm: bool = False
    # Instructions are the only clock (-icount), and are counted until this function of the kernel begins.
    # Like a recording this needs a machine without a disk, whose answers come when the host pleases.
    counted: str = None
    record: pathlib.Path = None  # records the boot in this file
    replay: pathlib.Path = None  # replays a boot of the same machine from this file
    debugger: tuple = None  # gdb's arguments: the machine waits for it, and ends with it
    cold: bool = False  # True: from power-on, even where a saved machine would do
    timeout: float = 60.0
    silence: float = 20.0  # seconds without a word, once loader or kernel spoke, that are a hang; 0: none are
    expected: tuple = ()
    name: str = "run"  # of the log: build/logs/NAME.log
    extra: tuple = ()  # further arguments for QEMU


@dataclasses.dataclass
class Boot:
    """A boot that is over."""

    machine: Machine
    judgement: judge.Judgement
    text: str  # what the judge read: the serial line, or the debug console without one
    seconds: float  # wall time of QEMU
    spoke: float  # seconds until the first line of loader or kernel; None: there was none
    worked: float  # seconds of processor time that QEMU had used by then
    why_cold: str  # None: it was a warm boot
    state: pathlib.Path  # from which it began; None: it was a cold boot
    started: float  # time.monotonic()
    by_main_thread: bool
    instructions: int  # None: they were not counted
    log: pathlib.Path
    debugcon_log: pathlib.Path = None

    @property
    def verdict(self):
        return self.judgement.verdict

    def summary(self):
        """One line: the verdict, the time, and the share of it that was ours."""
        start = f"cold ({self.why_cold})" if self.why_cold else "warm"
        line = f"{self.judgement}; {self.seconds:.2f} s, {start}"
        if (own := judge.microseconds(self.text)) is not None:
            share = own / 1e6 / self.seconds
            line += f", of which {own / 1000:.1f} ms ({share:.1%}) from loader entry to final account"
        return line


history = []  # every Boot of this process, in the order in which they ended


def firmware_files(machine):
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


def run(machine, show=lambda line, seconds: None):
    """Boots the machine and returns its Boot. `show` gets each clean line as it comes, and when it came.

    Raises Unusable when a file or program is missing. Ends QEMU whatever happens.
    """
    if not shutil.which(QEMU):
        raise Unusable(f"no {QEMU}: install the package qemu-system-x86 (apt-get install qemu-system-x86)")
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
        run_id = _id_of_recording(machine)
    why_cold = "asked for" if machine.cold else snapshot.reason_against(machine)
    with _folder(machine.name) as folder, contextlib.ExitStack() as stack:
        _make_volume(machine, folder / "volume", run_id)
        command = _command(machine, folder)
        inherited, state = (), None
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
        watched = _watch(command, inherited, folder, log, machine, show)
        seconds = time.monotonic() - start
        if "-d" in machine.extra:
            shutil.copyfile(folder / QEMU_LOG, log.with_suffix(".qemu.log"))
        debugcon_log = None
        if (folder / "debugcon").exists():
            debugcon_log = log.with_suffix(".debugcon.log")
            shutil.copyfile(folder / "debugcon", debugcon_log)
        evidence = judge.Evidence(
            text=watched.text,
            ending=watched.ending,
            status=watched.status,
            run_id=run_id,
            # Since version 9.1 a replay may be over before the port is written in it.
            exit_port=machine.exit_port and not (machine.replay and watched.status == 0),
            triple_fault="Triple fault" in _read(folder / QEMU_LOG),
            reset=watched.reason == "guest-reset",
            qemu_errors=_read(folder / "errors"),
            expected=tuple(machine.expected),
            kernel_alone=machine.source == "qemu",
        )
        judgement = judge.judge(evidence)
        if not why_cold and judgement.verdict in (judge.Verdict.COULD_NOT_START, judge.Verdict.NO_OUTPUT):
            if snapshot.is_damaged(state):
                judgement.reason += "; its saved machine was damaged and has been thrown away: boot again"
        boot = Boot(
            machine=machine,
            judgement=judgement,
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

# What a replay may have otherwise.
_NOT_REPLAYED = "run_id name counted record replay debugger cold timeout silence expected".split()


def _beside(recording):
    return recording.with_name(recording.name + ".json")


def _what_is_replayed(machine):
    """By name, a hash of each thing that a replay has to have in common with its recording."""

    def content(value):
        return value.read_bytes() if isinstance(value, pathlib.Path) and value.is_file() else repr(value).encode()

    fields = [field.name for field in dataclasses.fields(machine) if field.name not in _NOT_REPLAYED]
    return {name: hashlib.sha256(content(getattr(machine, name))).hexdigest() for name in fields}


def _id_of_recording(machine):
    """The id of the run that was recorded. Raises Unusable if this machine is another one."""
    recording = machine.replay
    if not recording.is_file() or not _beside(recording).is_file():
        raise Unusable(f"no {recording} with a {_beside(recording).name} beside it: make both with --record {recording}")
    recorded = json.loads(_beside(recording).read_text())
    other = [name for name, value in _what_is_replayed(machine).items() if recorded.get(name) != value]
    if other:
        raise Unusable(f"the recording was made with another {', '.join(other)}: give the same, or --record it anew")
    if machine.run_id not in (None, recorded["run_id"]):
        raise Unusable(f"the recording is of run {recorded['run_id']}, not of {machine.run_id}")
    return recorded["run_id"]


def qemu_version():
    """As (7, 2)."""
    found = re.search(r"version (\d+)\.(\d+)", build_cache.version(QEMU))
    return int(found[1]), int(found[2])


def is_exact(machine):
    """Whether what the machine does must not depend on when the host does it."""
    return bool(machine.counted or machine.record or machine.replay)


def end_all():
    """Ends every QEMU that this process started, and lets it start none any more."""
    with _running_lock:
        _ended.set()
        for process in _running:
            process.kill()


# --- Where everything comes from ------------------------------------------------------------------


@contextlib.contextmanager
def _folder(name):
    """A folder of its own for a boot, gone with it."""
    (BUILD / "runs").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=name + "-", dir=BUILD / "runs") as folder:
        yield pathlib.Path(folder)


@contextlib.contextmanager
def own_log(name):
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


def _make_volume(machine, volume, run_id):
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
    words = [f"run={run_id}", *machine.words]
    if machine.exit_port:
        words.append(f"exit-port={EXIT_PORT:#x}")
    (volume / "cmdline.txt").write_text(" ".join(words) + "\n", encoding="utf-8")


def _sources(machine, volume):
    """QEMU's arguments that offer the volume's files to a cold boot, in the way that the machine asks for."""
    if machine.source == "volume" and machine.image is None:
        return []
    if machine.source == "qemu":
        words = (volume / "cmdline.txt").read_text("utf-8").strip()
        return ["-kernel", str(_existing(machine.kernel, "kernel").resolve()), "-append", words]
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


def _warm_sources(machine, volume):
    """The same for a machine that waits: what makes it go on, and where it finds its loader."""
    arguments = ["-fw_cfg", f"name={snapshot.GO},string=go"]
    if machine.source == "fw_cfg":
        arguments += ["-fw_cfg", f"name={snapshot.LOADER},file=volume/EFI/BOOT/BOOTX64.EFI"]
        arguments += _fw_cfg_files(_offered(volume))
    return arguments


def _offered(volume):
    files = sorted(path.relative_to(volume) for path in volume.rglob("*") if path.is_file())
    return [str(file) for file in files if file.parts[0] != "EFI"]


def _fw_cfg_files(names):
    return [word for name in names for word in ("-fw_cfg", f"name=opt/early-boot/{name},file=volume/{name}")]


def _saved(machine, command):
    """The state of this machine, waiting for its loader; saved first, if it is not there yet."""
    firmware = firmware_files(machine)
    if not BOOT_WAITER.is_file():
        raise Unusable(f"no {BOOT_WAITER}: build it with `make`, or boot with --cold")
    # The store of variables is a copy, the same each time.
    files = [*firmware, BOOT_WAITER]

    def save(file):
        with _folder("save") as folder:
            boot = folder / "volume" / "EFI" / "BOOT"
            boot.mkdir(parents=True)
            shutil.copyfile(BOOT_WAITER, boot / "BOOTX64.EFI")
            shutil.copyfile(firmware[1], folder / "variables.fd")
            kernel = ["-kernel", str(BOOT_WAITER)] if machine.source == "fw_cfg" else []
            with _qemu([*command, *kernel], (), folder) as (process, monitor):
                monitor.listen()
                monitor.start()
                said = b""
                deadline = time.monotonic() + snapshot.SAVE_SECONDS
                while snapshot.WAITING not in said:
                    left = deadline - time.monotonic()
                    ready = left > 0 and select.select([process.stdout], [], [], left)[0]
                    chunk = os.read(process.stdout.fileno(), 65536) if ready else b""
                    if not chunk:
                        raise Unusable(
                            "the machine for warm boots did not come as far as its loader (boot it with "
                            f"--cold); QEMU's words: {_read(folder / 'errors').strip() or 'none'}"
                        )
                    said += chunk
                try:
                    snapshot.save_machine(monitor, file)
                except (qmp.Refused, EOFError) as error:
                    raise Unusable(f"the machine for warm boots could not be saved (use --cold): {error}") from error

    return snapshot.saved(WARM, command, files, save)


def _incoming(descriptor):
    """How QEMU reads the state from a file that was opened for it; since version 9.1 it does not like fd: any more."""
    return f"file:/proc/self/fd/{descriptor}" if qemu_version() >= (8, 2) else f"fd:{descriptor}"


def _existing(file, what):
    if not pathlib.Path(file).is_file():
        raise Unusable(f"no {what} at {file}: build it with `make`, or name another with --{what}")
    return pathlib.Path(file)


# --- The machine ----------------------------------------------------------------------------------


def _command(machine, folder):
    """QEMU's command line, without what differs from boot to boot. It runs inside `folder`, so that no
    path needs quoting, and the same machine has the same command line."""
    if machine.source == "qemu":
        pflash = []  # QEMU brings a firmware for this
    elif machine.firmware_code is not None:
        code = _existing(machine.firmware_code, "firmware-code")
        pflash = [_pflash(0, code, readonly=True)]
    else:
        code, variables = firmware_files(machine)
        # A store that was used before may boot into the firmware's shell and wait there.
        shutil.copyfile(variables, folder / "variables.fd")
        pflash = [_pflash(0, code, readonly=True), _pflash(1, "variables.fd", readonly=False)]
    command = [QEMU, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"]
    # To QEMU a plain number means MiB; here it means bytes, as in the Makefile.
    memory = machine.memory + ("B" if machine.memory.isdigit() else "")
    # Secure Boot's variables are safe only from within system management mode, and OVMF insists.
    secure = machine.firmware == "secure"
    kind = machine.machine + (",smm=on" if secure else "")
    command += ["-machine", kind, "-m", memory, "-smp", str(machine.processors)]
    if secure:
        command += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
    command += ["-accel", "kvm", "-cpu", "host"] if machine.kvm else ["-accel", "tcg"]
    for drive in pflash:
        command += ["-drive", drive]
    if machine.source == "volume" and machine.image is None:
        command += ["-drive", "format=raw,media=disk,snapshot=on,file=fat:volume"]
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
    command += ["-device", f"isa-debug-exit,iobase={EXIT_PORT:#x},iosize=0x04"]
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


def _path(file):
    """A path within one of QEMU's option lists. QEMU runs in a folder of its own."""
    return str(pathlib.Path(file).resolve()).replace(",", ",,")


def _pflash(unit, file, readonly):
    name = file if unit else _path(file)
    return f"if=pflash,unit={unit},format=raw,readonly={'on' if readonly else 'off'},file={name}"


@dataclasses.dataclass
class _Watched:
    """What a machine said and how it ended."""

    text: str
    ending: judge.Ending
    status: int
    reason: str  # QEMU's word for why it left, such as "guest-reset"; None: it gave none
    spoke: float
    worked: float
    instructions: int


def _watch(command, inherited, folder, log, machine, show):
    """Runs QEMU until it leaves, said its last word, or the time is up."""
    raw, lines, names = bytearray(), Lines(), symbols.Symbols(machine.kernel, machine.loader)
    start = time.monotonic()
    deadline = start + (machine.timeout if machine.debugger is None else 1e9)
    heard, spoke, worked, word, status, reason, instructions = start, None, None, None, None, None, None

    def shown(line):
        show(names.annotate(line), time.monotonic() - start)

    with contextlib.ExitStack() as stack:
        stack.callback(names.close)
        log_file = stack.enter_context(open(log, "wb"))
        counter = None
        if machine.counted:
            counter = stack.enter_context(contextlib.closing(gdb_stub.Breakpoint(_counted_until(machine))))
            command, inherited = [*command, *counter.arguments], (*inherited, *counter.inherited)
        process, monitor = stack.enter_context(_qemu(command, inherited, folder))
        monitor.listen()
        if counter:
            # A QEMU that is gone by then tells below why.
            with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
                counter.started()
        elif machine.debugger is None:
            monitor.start()
        else:
            monitor.be_ready()
        debugger = None if machine.debugger is None else stack.enter_context(_gdb(machine, folder))
        while True:
            now = time.monotonic()
            silent = machine.silence and spoke is not None and not word and debugger is None
            until = min(deadline, heard + machine.silence) if silent else deadline
            if debugger and debugger.poll() is not None:
                ending = judge.Ending.HARNESS
                break
            if now >= until:
                ending = judge.Ending.HARNESS if word else judge.Ending.TIME if now >= deadline else judge.Ending.SILENCE
                break
            sources = [process.stdout] + ([counter] if counter else [])
            # QEMU 10.2 may sleep over the end of what it records; whoever talks to it wakes it.
            ending_record = word and machine.record
            pause = 0.2 if debugger or ending_record else until - now
            ready = select.select(sources, [], [], min(until - now, pause))[0]
            if ending_record and not ready:
                with contextlib.suppress(EOFError, ConnectionResetError):
                    monitor.ask("query-status")
            if counter in ready:
                if counter.reached():
                    instructions = monitor.ask("query-replay")["icount"]
                    counter.go_on()
                counter = None
            if process.stdout not in ready:
                continue
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                status = process.wait(timeout=10)
                reason = monitor.why_it_ended()
                ending = judge.Ending.ITSELF
                break
            heard = time.monotonic()
            raw += chunk
            log_file.write(chunk)
            log_file.flush()
            for line in lines.feed(chunk):
                shown(line)
                if spoke is None and judge.is_ours(line, machine.source == "qemu"):
                    spoke, worked = heard - start, _processor_seconds(process.pid)
                if not word and (word := judge.last_word(line)):
                    deadline = min(deadline, heard + GRACE[word])
        for line in lines.rest():
            shown(line)
    return _Watched(judge.clean(bytes(raw)), ending, status, reason, spoke, worked, instructions)


def _processor_seconds(pid):
    """What a process has used so far, or None when it is gone. proc(5): utime and stime, behind a name that may
    hold anything."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _counted_until(machine):
    if not shutil.which("nm"):
        raise Unusable("no nm: install the package binutils (apt-get install binutils)")
    address = gdb_stub.address_of(machine.counted, _existing(machine.kernel or "kernel.elf", "kernel"))
    if address is None:
        raise Unusable(f"{machine.kernel} has no function {machine.counted}: name one with --count FUNCTION")
    return address


@contextlib.contextmanager
def _gdb(machine, folder):
    """gdb on the terminal, connected to the machine that waits for it, with symbols where the code runs."""
    if not shutil.which("gdb"):
        raise Unusable("no gdb: install the package gdb (apt-get install gdb)")
    deadline = time.monotonic() + GDB_SECONDS
    while not (folder / "gdb").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    command = ["gdb", "-q", "-ex", "set confirm off", "-ex", "set pagination off"]
    if machine.kernel and pathlib.Path(machine.kernel).is_file():
        command += ["-ex", f"file {pathlib.Path(machine.kernel).resolve()}"]
    symbols_of_loader = pathlib.Path(machine.loader).with_suffix(".so").resolve()
    image = symbols.image_of(BUILD / "logs" / f"{machine.name}.previous.log")
    if image is not None and symbols_of_loader.is_file():
        command += ["-ex", f"add-symbol-file {symbols_of_loader} -o {image:#x}"]
    # Also where the kernel's file is one of 32 bits.
    command += ["-ex", "set architecture i386:x86-64", "-ex", "target remote gdb"]
    with subprocess.Popen([*command, *machine.debugger], cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def _qemu(command, inherited, folder):
    """A QEMU whose machine has not been started yet, and its Monitor."""
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
                # It waits (-S) until somebody listens to why it ends.
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
        try:
            yield process, monitor
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            with _running_lock:
                _running.discard(process)


def _read(file):
    return file.read_text("utf-8", "replace") if file.exists() else ""


class Lines:
    """Turns what comes in pieces into clean lines, as soon as each is whole. Blank ones come singly."""

    def __init__(self):
        self._pending = b""
        self._blank = True

    def feed(self, chunk):
        data = self._pending + chunk
        # The firmware's menus move the cursor and end no line.
        ends = [match.end() for match in _LINE_END.finditer(data)]
        end = ends[-1] if ends else 0
        self._pending = data[end:]
        return self._lines(judge.clean(data[:end]).removesuffix("\n")) if end else []

    def rest(self):
        return self._lines(judge.clean(self._pending)) if self._pending else []

    def _lines(self, text):
        lines = []
        for line in text.split("\n"):
            if line.strip() or not self._blank:
                lines.append(line)
            self._blank = not line.strip()
        return lines
