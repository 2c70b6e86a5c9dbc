# SPDX-License-Identifier: MIT
"""QEMU's command line for a machine. Used by runner.py and, for what they have in common, by volume.py and snapshot.py."""

import pathlib
import shutil

import architectures
from machine import EXIT_PORT, Machine, Unusable, existing

DEBUG_PORT = 0xE9  # the Bochs convention for isa-debugcon
RTC = "2026-01-01T00:00:00"  # of machines that must do the same each time
CONSOLE = "chardev:console"  # what the harness listens to
LOG = "resets"  # QEMU's own, in the folder of the boot


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


def of(machine: Machine, folder: pathlib.Path) -> list[str]:
    """QEMU's command line, without what differs from boot to boot. It runs inside `folder`, so that no
    path needs quoting, and the same machine has the same command line."""
    if machine.source == "qemu" or machine.firmware == "bios":
        pflash = []  # QEMU brings a firmware for these, but for UEFI applications
    elif machine.firmware_code is not None:
        code = existing(machine.firmware_code, "firmware-code")
        pflash = [_pflash(0, path(code), readonly=True)]
    else:
        code, variables = firmware_files(machine)
        # A store that was used before may boot into the firmware's shell and wait there.
        shutil.copyfile(variables, folder / "variables.fd")
        pflash = [_pflash(0, path(code), readonly=True), _pflash(1, "variables.fd", readonly=False)]
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
    # Another board brings its own.
    usual = architecture.cpu if kind.partition(",")[0] == architecture.machine else None
    if cpu := machine.cpu or ("host" if machine.kvm else usual):
        command += ["-cpu", cpu]
    for drive in pflash:
        command += ["-drive", drive]
    if machine.source == "volume" and machine.image is None:
        command += ["-drive", "format=raw,media=disk,snapshot=on,file=fat:volume"]
    # microvm has no place for a card, and its serial line stays silent when one is asked for.
    if architecture.is_x86 and kind.partition(",")[0] != "microvm":
        command += ["-vga", machine.gpu]
    console = ["-chardev", "stdio,id=console,signal=off"]
    debugcon = f"isa-debugcon,iobase={DEBUG_PORT:#x},chardev="
    if machine.serial:
        command += console
        if CONSOLE not in machine.extra:  # where it is, another UART than the first is listened to
            command += ["-serial", CONSOLE]
        if machine.debugcon:
            command += ["-chardev", "file,id=debugcon,path=debugcon", "-device", debugcon + "debugcon"]
    else:
        command += [*console, "-serial", "none", "-device", debugcon + "console"]
    # There even when the kernel is not told of it, so that one saved machine serves both.
    if architecture.is_x86:
        command += ["-device", f"isa-debug-exit,iobase={EXIT_PORT:#x},iosize=0x04"]
    command += [*architecture.arguments, *_firmware_of_application(machine)]
    if machine.is_exact:
        # 2^7 ns for an instruction: a good compromise between loops that wait and loops that work.
        clock = "shift=7,sleep=off"
        if machine.record:
            clock += f",rr=record,rrfile={path(machine.record)}"
        if machine.replay:
            clock += f",rr=replay,rrfile={path(machine.replay)}"
        command += ["-icount", clock, "-rtc", f"base={RTC},clock=vm"]
    # The only trace of a triple fault: under -no-reboot QEMU exits with 0, as after a power-off.
    events, extra = ["cpu_reset"], list(machine.extra)
    while "-d" in extra[:-1]:
        at = extra.index("-d")
        events.append(extra[at + 1])
        del extra[at : at + 2]
    return [*command, "-d", ",".join(events), "-D", LOG, *extra]


def _firmware_of_application(machine: Machine) -> list[str]:
    """Raises Unusable where QEMU is to load a UEFI application and there is no firmware for it."""
    if machine.source != "qemu" or machine.kernel is None or not architectures.is_uefi_application(machine.kernel):
        return []
    if any(word == "-bios" or "if=pflash" in word for word in machine.extra):
        return []
    architecture = machine.architecture
    if architecture.is_x86:
        raise Unusable(f"{machine.kernel} is a UEFI application: name it with --loader, and leave out --source qemu")
    if not architecture.uefi:
        raise Unusable(f"{machine.kernel} is a UEFI application: name a firmware for it, -- -bios FILE")
    if not pathlib.Path(architecture.uefi).is_file():
        package = architecture.uefi_package
        raise Unusable(f"no firmware at {architecture.uefi}: install the package {package} (apt-get install {package})")
    return ["-bios", architecture.uefi]


def path(file: pathlib.Path) -> str:
    """A path within one of QEMU's option lists. QEMU runs in a folder of its own."""
    return str(file.resolve()).replace(",", ",,")


def _pflash(unit: int, file: str, readonly: bool) -> str:
    return f"if=pflash,unit={unit},format=raw,readonly={'on' if readonly else 'off'},file={file}"
