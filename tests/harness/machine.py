# SPDX-License-Identifier: MIT
"""Puts a machine together and runs it: the boot volume, OVMF, QEMU's command line, the serial line.

Used by boot.py, which is the command, and by the scenarios. One call of run() is one machine from
power-on to its end; nothing of it outlives the call but the log.
"""

import contextlib
import dataclasses
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import threading
import time

import judge

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
QEMU = "qemu-system-x86_64"
EXIT_PORT = 0xF4
DEBUG_PORT = 0xE9  # the Bochs convention for isa-debugcon

# How long a machine may go on after it said its last word, in seconds.
GRACE = {"final": 10.0, "stopped": 0.0, "exception": 1.0, "moved on": 0.0}

_running = set()
_running_lock = threading.Lock()


class Unusable(Exception):
    """Something that is needed is not there; the text names it and what to do."""


@dataclasses.dataclass
class Machine:
    """What to boot, and on what. The defaults are those of `make run`."""

    loader: pathlib.Path = BUILD / "loader.efi"
    kernel: pathlib.Path = BUILD / "kernel.elf"  # None: the volume carries no kernel
    files: tuple = ()  # of (name, bytes): further files beside the kernel
    # Where loader, kernel and words come from: "volume", a disk that is made for this boot;
    # "fw_cfg", QEMU itself, without a disk; "options", the same, but the words as load options.
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
    timeout: float = 60.0
    expected: tuple = ()
    name: str = "run"  # of the log: build/logs/NAME.log
    extra: tuple = ()  # further arguments for QEMU


@dataclasses.dataclass
class Boot:
    """A boot that is over."""

    judgement: judge.Judgement
    text: str  # what the judge read: the serial line, or the debug console without one
    seconds: float  # wall time of QEMU
    log: pathlib.Path
    debugcon_log: pathlib.Path = None

    @property
    def verdict(self):
        return self.judgement.verdict

    def summary(self):
        """One line: the verdict, the time, and the share of it that was ours."""
        line = f"{self.judgement}; {self.seconds:.2f} s"
        if (own := judge.microseconds(self.text)) is not None:
            share = own / 1e6 / self.seconds
            line += f", of which {own / 1000:.1f} ms ({share:.1%}) from loader entry to final account"
        return line


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


def run(machine, show=lambda line: None):
    """Boots the machine and returns its Boot. `show` gets each clean line as it comes.

    Raises Unusable when a file or program is missing. Ends QEMU whatever happens.
    """
    if not shutil.which(QEMU):
        raise Unusable(f"no {QEMU}: install the package qemu-system-x86 (apt-get install qemu-system-x86)")
    run_id = machine.run_id or f"{machine.name[:20]}-{os.urandom(3).hex()}"
    logs = BUILD / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    (BUILD / "runs").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=machine.name + "-", dir=BUILD / "runs") as folder:
        folder = pathlib.Path(folder)
        _make_volume(machine, folder / "volume", run_id)
        command = _command(machine, folder)
        log = logs / f"{machine.name}.log"
        start = time.monotonic()
        text, ending, status = _watch(command, folder, log, machine.timeout, show)
        seconds = time.monotonic() - start
        debugcon_log = None
        if (folder / "debugcon").exists():
            debugcon_log = logs / f"{machine.name}.debugcon.log"
            shutil.copyfile(folder / "debugcon", debugcon_log)
        evidence = judge.Evidence(
            text=text,
            ending=ending,
            status=status,
            run_id=run_id,
            exit_port=machine.exit_port,
            triple_fault="Triple fault" in _read(folder / "resets"),
            qemu_errors=_read(folder / "errors"),
            expected=tuple(machine.expected),
        )
        return Boot(judge.judge(evidence), text, seconds, log, debugcon_log)


def end_all():
    """Ends every QEMU that this process started."""
    with _running_lock:
        for process in _running:
            process.kill()


def _make_volume(machine, volume, run_id):
    boot = volume / "EFI" / "BOOT"
    boot.mkdir(parents=True)
    if machine.firmware_code is None:
        shutil.copyfile(_existing(machine.loader, "loader"), boot / "BOOTX64.EFI")
        if machine.kernel is not None:
            shutil.copyfile(_existing(machine.kernel, "kernel"), volume / "kernel.elf")
    for name, content in machine.files:
        (volume / name).parent.mkdir(exist_ok=True)
        (volume / name).write_bytes(content)
    words = [f"run={run_id}", *machine.words]
    if machine.exit_port:
        words.append(f"exit-port={EXIT_PORT:#x}")
    (volume / "cmdline.txt").write_text(" ".join(words) + "\n", encoding="utf-8")


def _sources(machine, volume):
    """QEMU's arguments that offer the volume's files, in the way that the machine asks for."""
    if machine.source == "volume" and machine.image is None:
        return ["-drive", "format=raw,media=disk,file=fat:rw:volume"]
    offered = sorted(path.relative_to(volume) for path in volume.rglob("*") if path.is_file())
    offered = [name for name in offered if name.parts[0] != "EFI"]
    if machine.image is not None:
        # The run's id comes with the run, all else with the image, which no boot may change.
        file = _path(_existing(machine.image, "image"))
        drive = f"if=none,id=image,format=raw,snapshot=on,file={file}"
        arguments = ["-drive", drive, *machine.image_device]
        offered = [pathlib.Path("cmdline.txt")]
    else:
        arguments = ["-kernel", str(_existing(machine.loader, "loader"))]
    if machine.source == "options":
        arguments += ["-append", (volume / "cmdline.txt").read_text("utf-8").strip()]
        offered.remove(pathlib.Path("cmdline.txt"))
    for name in offered:
        arguments += ["-fw_cfg", f"name=opt/early-boot/{name},file=volume/{name}"]
    return arguments


def _existing(file, what):
    if not pathlib.Path(file).is_file():
        raise Unusable(f"no {what} at {file}: build it with `make`, or name another with --{what}")
    return file


def _command(machine, folder):
    """QEMU's command line. It runs inside `folder`, so that no path needs quoting."""
    if machine.firmware_code is not None:
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
    command += _sources(machine, folder / "volume")
    command += ["-vga", machine.gpu]
    console = ["-chardev", "stdio,id=console,signal=off"]
    debugcon = f"isa-debugcon,iobase={DEBUG_PORT:#x},chardev="
    if machine.serial:
        command += [*console, "-serial", "chardev:console"]
        if machine.debugcon:
            command += ["-chardev", "file,id=debugcon,path=debugcon", "-device", debugcon + "debugcon"]
    else:
        command += [*console, "-serial", "none", "-device", debugcon + "console"]
    if machine.exit_port:
        command += ["-device", f"isa-debug-exit,iobase={EXIT_PORT:#x},iosize=0x04"]
    # The only trace of a triple fault: under -no-reboot QEMU leaves with 0, as after a power-off.
    command += ["-d", "cpu_reset", "-D", "resets"]
    return command + list(machine.extra)


def _path(file):
    """A path within one of QEMU's option lists."""
    return str(file).replace(",", ",,")


def _pflash(unit, file, readonly):
    return f"if=pflash,unit={unit},format=raw,readonly={'on' if readonly else 'off'},file={_path(file)}"


def _watch(command, folder, log, timeout, show):
    """Runs QEMU until it leaves, said its last word, or the time is up: (text, Ending, status)."""
    raw, lines = bytearray(), _Lines()
    deadline = time.monotonic() + timeout
    word, status = None, None
    with _qemu(command, folder) as process, open(log, "wb") as log_file:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                ending = judge.Ending.HARNESS if word else judge.Ending.TIME
                break
            if not select.select([process.stdout], [], [], left)[0]:
                continue
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                status = process.wait(timeout=10)
                ending = judge.Ending.ITSELF
                break
            raw += chunk
            log_file.write(chunk)
            log_file.flush()
            for line in lines.feed(chunk):
                show(line)
                if not word and (word := judge.last_word(line)):
                    deadline = min(deadline, time.monotonic() + GRACE[word])
    for line in lines.rest():
        show(line)
    return judge.clean(bytes(raw)), ending, status


@contextlib.contextmanager
def _qemu(command, folder):
    # A session of its own, so that Ctrl-C reaches the harness, which then ends QEMU; and should the
    # harness itself be killed, the kernel ends QEMU (prctl(2), PR_SET_PDEATHSIG).
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "KILL", *command]
    with open(folder / "errors", "wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    with _running_lock:
        _running.add(process)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        with _running_lock:
            _running.discard(process)


def _read(file):
    return file.read_text("utf-8", "replace") if file.exists() else ""


class _Lines:
    """Turns what comes in pieces into clean lines, as soon as each is whole. Blank ones come singly."""

    def __init__(self):
        self._pending = b""
        self._blank = True

    def feed(self, chunk):
        whole, end, self._pending = (self._pending + chunk).rpartition(b"\n")
        return self._lines(whole) if end else []

    def rest(self):
        return self._lines(self._pending) if self._pending else []

    def _lines(self, data):
        lines = []
        for line in judge.clean(data).split("\n"):
            if line.strip() or not self._blank:
                lines.append(line)
            self._blank = not line.strip()
        return lines
