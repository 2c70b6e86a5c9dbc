# SPDX-License-Identifier: MIT
"""What to boot, and on which machine: Machine, whose fields are the options of the command, each at its field.

runner.py boots one. Used by all of the harness and by the scenarios.
"""

import dataclasses
import pathlib
from collections.abc import Iterable
from typing import Any

import architectures
import judge
import options
from options import Option, option

_MODULES = pathlib.Path(__file__).resolve().parent
# Outside of this repository all is relative to the folder in which the command was started.
IS_INSTALLED = _MODULES.parts[-2:] != ("tests", "harness")
ROOT = pathlib.Path.cwd() if IS_INSTALLED else _MODULES.parents[1]
BUILD = ROOT / "build"
OUTPUT = BUILD / "harness" if IS_INSTALLED else BUILD  # logs, saved machines and what else boots leave
PROGRAMS = _MODULES if IS_INSTALLED else BUILD  # what the harness itself runs on the machine
EXIT_PORT = 0xF4


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


def existing(file: pathlib.Path, what: str) -> pathlib.Path:
    if not file.is_file():
        raise Unusable(f"no {what} at {file}: build it with `make`, or name another with --{what}")
    return file


# The groups of --help.
WHAT, ON, END, LOOK = "what to boot", "on which machine", "how it ends, and what passes", "how to look at it"
TALK = "what to type on the serial line"
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
        PROGRAMS / "loader.efi", _file("--loader", WHAT, "a UEFI application (default: this repository's loader)")
    )
    kernel: pathlib.Path | None = option(  # None: the volume carries no kernel
        BUILD / "kernel.elf",
        _file("--kernel", WHAT, "the kernel, which is kernel.elf on the volume (default: build/kernel.elf)"),
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
               "words as load options; or QEMU loads the kernel (Multiboot, PVH, Linux), without firmware and loader, as it "
               "does by default with one that is not for x86",
               choices=("volume", "fw_cfg", "options", "qemu")),
    )
    image: pathlib.Path | None = option(
        None, _file("--image", WHAT, "a disk image with loader and kernel; it stays as it is")
    )
    image_device: tuple[str, ...] = option(
        ("-device", "ide-hd,drive=image,bus=ide.0"),
        Option("--image-device", WHAT, "how the machine has it (default: -device ide-hd,drive=image,bus=ide.0)",
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
        Option("--arch", ON, "with --source qemu: the processor (default: that of the kernel's ELF or PE file)",
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
        Option("--firmware", ON, "build of OVMF; secure: with Secure Boot and the test keys of Debian's package; "
               "bios: none of OVMF but QEMU's own SeaBIOS, for an --image that it can boot",
               choices=("4m", "2m", "secure", "bios")),
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
    statuses: tuple[int, ...] = option(
        (),
        Option("--status", END, "QEMU may exit with this status when all is well, instead of 0 and 33; repeatable",
               metavar="N", many="append", parse=options.status),
        **_ANY,
    )
    expected: tuple[str, ...] = option(
        (),
        Option("--expect", END, "has to appear; repeatable", metavar="TEXT", many="append", parse=options.expected_text),
        **_ANY,
    )
    replies: tuple[tuple[str, str], ...] = option(
        (),
        Option("--send", TALK, r"type this and Enter when the prompt came; repeatable, one after the other. Escapes as "
               r"printf's: \t, \e, \x03, and \c at the end for no Enter", metavar="TEXT", many="pair",
               parse=options.typed_text,
               first=Option("--prompt", TALK, "what the machine says when it waits for the texts of the --send that follow",
                            metavar="TEXT", parse=options.expected_text)),
    )
    strict: bool = option(
        False,
        Option("--strict", END, "a report has to have a plan, may skip nothing and does not pass by itself", sets=(True,)),
        **_ANY,
    )
    timeout: float = option(
        60.0, Option("--timeout", END, "default %(default)g", metavar="SECONDS", parse=options.seconds), **_ANY
    )
    # 0: none is a hang; None: see longest_silence.
    silence: float | None = option(
        None,
        Option("--silence", END, "no word for so long, once it spoke, is a hang; 0: never (default: 20, or a third of a longer "
               "--timeout)", metavar="SECONDS", parse=options.seconds_or_never),
        **_ANY,
    )
    max_output: int = option(
        16 << 20,
        Option("--max-output", END, "a machine that says more is ended (default: 16M)", metavar="SIZE",
               parse=options.output_size),
        **_ANY,
    )
    name: str = option(
        "run", Option("--name", LOOK, f"of the log, {OUTPUT.relative_to(ROOT)}/logs/NAME.log", parse=options.log_name), **_ANY
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
    def longest_silence(self) -> float:
        """Seconds without a word, once it spoke, after which it hangs; 0: never."""
        return max(20.0, self.timeout / 3) if self.silence is None else self.silence

    @property
    def has_exit_port(self) -> bool:
        return self.exit_port and self.architecture.is_x86

    @property
    def rules(self) -> judge.Rules:
        """What its log is judged by, but for the id that is made up for each run."""
        return judge.Rules(self.run_id, self.expected, self.passing, self.failing, self.only, self.strict, self.statuses)

    @property
    def is_exact(self) -> bool:
        """Whether what the machine does must not depend on when the host does it."""
        return bool(self.counted or self.record or self.replay)
