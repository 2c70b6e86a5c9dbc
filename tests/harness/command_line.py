# SPDX-License-Identifier: MIT
"""What the commands of the harness have in common: the words of boot.py, a Machine of them, and back.

Used by boot.py and sweep.py, which are commands, and by failure_report.py and the tests.
"""

import argparse
import io
import os
import pathlib
import shlex
import signal
import sys
from collections.abc import Callable

import architectures
import judge
import machine
import options
import workspace

# How the commands are called, here and where they are installed.
WORDS = ["boot-harness", "boot"] if machine.IS_INSTALLED else ["python3", "tests/harness/boot.py"]


def name_of(program: str) -> str:
    """What a program of the harness is called: as a part of the one command that is installed, it has no ending."""
    return f"boot-harness {program}" if machine.IS_INSTALLED else f"{program}.py"


EXAMPLES = """\
examples of options:
  --source qemu --kernel my-multiboot.elf --pass "all tests passed" --fail "FAILED"
                                           a kernel of any origin: QEMU loads it
  --source qemu --kernel my-aarch64.elf    QEMU's virtual machine of the file's own processor
  --source qemu --kernel xv6.elf --prompt "$ " --send "usertests -q" --pass "ALL TESTS PASSED"
                                           typed when the prompt came
  --loader my.efi --expect "hello"         a UEFI application
  --image disk.img                         a disk image, which stays as it is
  --kernel build/kernel-tests.elf --only fba.resize
                                           a kernel that this repository's loader accepts, and one case of it
  --mem 1G --smp 4 --machine pc            another machine
  --cold --timestamps                      from power-on, each line with its time
  --record build/boot.rr                   and then --replay build/boot.rr --gdb
  --log saved.log                          judge a saved log
  --log /dev/ttyUSB0                       listen to a real machine (115200 8N1)
  -- -device virtio-rng-pci                further arguments for QEMU; paths in them have to be
                                           absolute, because QEMU runs in a folder of its own

what passes (and nothing else does):
  the line `### complete (run ID)` on COM1, with the ID that stands behind run= in the kernel's command line,
  when the kernel then writes 0x10 to port 0xf4, or with --power-off switches the machine off by ACPI;
  a line that matches a --pass; a KTAP or TAP report that is complete and in which nothing failed.
  A panic of a well-known kernel, a failed test or a line that matches a --fail outweighs each of them.
"""


def verdict_table() -> str:
    rows = ["verdicts and exit statuses (2: wrong usage, or something needed is missing; 130: Ctrl-C):"]
    for verdict in judge.Verdict:
        rows.append(f"  {verdict.status:3}  {verdict.title:19} {verdict.meaning}")
    return "\n".join(rows)


def parser_of_boot(kind: type[options.Parser] = options.Parser) -> options.Parser:
    parser = kind(
        prog=name_of("boot"),
        usage=f"{name_of('boot')} [option …] [-- QEMU-argument …]",
        description="Boots a UEFI application, a kernel or a disk image in QEMU, shows the serial line, judges the end.",
        epilog=EXAMPLES + "\n" + verdict_table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    groups: dict[str, argparse._ArgumentGroup] = {}
    options.add_to(parser, machine.Machine, groups)
    look = groups[machine.LOOK]
    look.add_argument("--quiet", action="store_true", help="do not show the serial line")
    look.add_argument("--timestamps", action="store_true", help="show when each line came, in seconds")
    look.add_argument("--ktap", action="store_true", help="show the test cases and the verdict as KTAP, nothing else")
    look.add_argument("--report", metavar="FILE", type=pathlib.Path,
                      help="write pictures of the early heap's life: FILE.html, and an SVG beside it (the word ledger)")
    look.add_argument("--log", metavar="FILE", type=pathlib.Path,
                      help="boot nothing: judge this saved log, or listen to this serial device")
    exact = groups[machine.EXACT]
    exact.add_argument("--gdb", action="store_true", help="open it in gdb; works with each kind of boot")
    exact.add_argument("--gdb-command", metavar="COMMAND", action="append", default=[],
                       help="what gdb does first; repeatable")
    return parser


def parse(argv: list[str], parser: options.Parser | None = None) -> argparse.Namespace:
    """The options of boot.py. What cannot be meant is told by the parser, which exits with status 2 after one line."""
    own = argv[: argv.index("--")] if "--" in argv else argv
    parser = parser or parser_of_boot()
    for word in argv:
        try:
            word.encode()
        except UnicodeEncodeError:
            parser.error(f"the argument {word!r} is no UTF-8: write it so")
    parsed = parser.parse_args(own)
    parsed.extra = argv[len(own) + 1 :]
    if parsed.source == "qemu" and parsed.kernel is None:
        parser.error("--source qemu with --missing-kernel: QEMU has to have a kernel to load; leave out one of them")
    if parsed.gdb and parsed.counted:
        parser.error("--gdb with --count: both stop the machine where they want to; count it without --gdb")
    # The kernel and the loader may be named beside an image: addresses are shown with their places.
    flags = options.flags(machine.Machine)
    for name in ("source", "files", "counted", "record", "replay"):
        if parsed.image and getattr(parsed, name) != parser.get_default(name):
            why = (
                "the image brings all of its files"
                if name in ("source", "files")
                else "its disk answers when the host pleases, so no two boots are the same"
            )
            parser.error(f"--image with {flags[name]}: {why}; leave out one of them")
    return parsed


def machine_of(parsed: argparse.Namespace) -> machine.Machine:
    """The Machine that the options describe. Raises machine.Unusable."""
    debugger = tuple(word for command in parsed.gdb_command for word in ("-ex", command)) if parsed.gdb else None
    fields = options.values(machine.Machine, parsed)
    kernel = fields["kernel"]
    if parsed.source == machine.Machine.source and kernel and parsed.image is None:
        # Neither firmware nor loader is for another processor.
        is_other = not architectures.ARCHITECTURES[architectures.of_file(kernel)].is_x86
        if is_other or architectures.is_intel_hex(kernel):
            fields["source"] = "qemu"
    return machine.Machine(**fields, debugger=debugger, extra=tuple(parsed.extra))


def command_of(described: machine.Machine, *more: str, files: pathlib.Path = pathlib.Path("build")) -> str:
    """The line for a shell that boots such a machine, with further options. Its further files have to lie in the
    folder `files`."""
    named = tuple((name, files / name) for name, _ in described.files)
    words = options.words(described, files=named)
    extra = ["--", *described.extra] if described.extra else []
    return shlex.join([*WORDS, *words, *more, *extra])


def drop_output() -> None:
    """What is still in the buffer of the standard output cannot be written: at its end Python would try once more, and
    complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _repair_streams() -> None:
    """Some start a program with one of them closed, or in a locale that has not all of a kernel's characters."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def guarded(program: str, work: Callable[[], int]) -> int:
    """The exit status of work(), however it ends. Wrong usage and what is missing are told in one line."""
    _repair_streams()
    # Asked to end, or left without a terminal: unwind, so that QEMU is ended too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    reason: object
    try:
        status = work()
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        drop_output()
        return 128 + signal.SIGPIPE
    except machine.Unusable as error:
        reason = error
    except OSError as error:
        reason = workspace.words_of(error)
        try:
            sys.stdout.flush()
        except OSError:
            drop_output()
    except KeyboardInterrupt:
        print("\ninterrupted; QEMU is ended", file=sys.stderr)
        return 130
    print(f"{program}: {reason}", file=sys.stderr)
    return 2
