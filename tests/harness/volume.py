# SPDX-License-Identifier: MIT
"""The files that a boot brings along, and the arguments with which QEMU offers them. Used by runner.py and snapshot.py."""

import pathlib
import shutil
from collections.abc import Iterable

import architectures
import qemu_command
from machine import EXIT_PORT, Machine, existing

# Names of files in fw_cfg, the same as in boot_waiter.c: the first ends the wait.
GO = "opt/harness/go"
LOADER = "opt/harness/loader.efi"


def make(machine: Machine, volume: pathlib.Path, run_id: str) -> None:
    boot = volume / "EFI" / "BOOT"
    boot.mkdir(parents=True)
    if machine.firmware_code is None and machine.image is None and machine.source != "qemu":
        shutil.copyfile(existing(machine.loader, "loader"), boot / "BOOTX64.EFI")
        if machine.kernel is not None:
            shutil.copyfile(existing(machine.kernel, "kernel"), volume / "kernel.elf")
    for name, content in machine.files:
        (volume / name).parent.mkdir(parents=True, exist_ok=True)
        (volume / name).write_bytes(content)
    words = [f"run={run_id}", *machine.words, *([f"only={machine.only}"] if machine.only else [])]
    if machine.has_exit_port:
        words.append(f"exit-port={EXIT_PORT:#x}")
    (volume / "cmdline.txt").write_text(" ".join(words) + "\n", encoding="utf-8")


def cold_sources(machine: Machine, volume: pathlib.Path) -> list[str]:
    """QEMU's arguments that offer the volume's files to a cold boot, in the way that the machine asks for."""
    if machine.source == "volume" and machine.image is None:
        return []
    if machine.source == "qemu":
        kernel = existing(machine.kernel or pathlib.Path("kernel.elf"), "kernel")
        if architectures.is_intel_hex(kernel):
            return ["-device", f"loader,file={qemu_command.path(kernel)}"]
        return ["-kernel", str(kernel.resolve()), "-append", (volume / "cmdline.txt").read_text("utf-8").strip()]
    offered = _offered(volume)
    if machine.image is not None:
        # The run's id comes with the run, all else with the image, which no boot may change.
        file = qemu_command.path(existing(machine.image, "image"))
        drive = f"if=none,id=image,format=raw,snapshot=on,file={file}"
        arguments = ["-drive", drive, *machine.image_device]
        offered = ["cmdline.txt"]
    else:
        arguments = ["-kernel", str(existing(machine.loader, "loader").resolve())]
    if machine.source == "options":
        arguments += ["-append", (volume / "cmdline.txt").read_text("utf-8").strip()]
        offered.remove("cmdline.txt")
    return arguments + _fw_cfg_files(offered)


def warm_sources(machine: Machine, volume: pathlib.Path) -> list[str]:
    """The same for a machine that waits: what makes it go on, and where it finds its loader."""
    arguments = ["-fw_cfg", f"name={GO},string=go"]
    if machine.source == "fw_cfg":
        arguments += ["-fw_cfg", f"name={LOADER},file=volume/EFI/BOOT/BOOTX64.EFI"]
        arguments += _fw_cfg_files(_offered(volume))
    return arguments


def _offered(volume: pathlib.Path) -> list[str]:
    files = sorted(path.relative_to(volume) for path in volume.rglob("*") if path.is_file())
    return [str(file) for file in files if file.parts[0] != "EFI"]


def _fw_cfg_files(names: Iterable[str]) -> list[str]:
    return [word for name in names for word in ("-fw_cfg", f"name=opt/early-boot/{name},file=volume/{name}")]
