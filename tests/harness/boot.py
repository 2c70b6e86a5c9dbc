# SPDX-License-Identifier: MIT
"""Boots a UEFI application, a kernel or a disk image in QEMU, shows the serial line, judges the end.

The command line of the harness: `make run` calls it, and so may you, with a kernel of your own. It can
also judge a saved log, or listen to a real machine on a serial device.
"""

import sys

sys.dont_write_bytecode = True  # nothing is written outside build/

import argparse
import os
import pathlib
import select
import shlex
import signal
import stat
import termios
import time
import tty

import judge
import ktap
import machine
import symbols

EXAMPLES = """\
examples:
  boot.py                                            our kernel, at 256M, from a saved machine
  boot.py --cold --timestamps                        from power-on, each line with its time
  boot.py --mem 1G --smp 4 --machine pc              another machine
  boot.py --kernel build/kernel-tests.elf --only fba.resize
  boot.py --loader my.efi --expect "hello" --timeout 20
  boot.py --image disk.img                           a disk image, which stays as it is
  boot.py --source qemu --kernel my-multiboot.elf    no firmware, no loader: QEMU loads it
  boot.py --record build/boot.rr, then --replay build/boot.rr --gdb
  boot.py --log build/logs/run.log                   judge a saved log again
  boot.py --log /dev/ttyUSB0                         listen to a real machine (115200 8N1)
  boot.py -- -device virtio-rng-pci                  further arguments for QEMU
"""

BAUD = termios.B115200
COUNT_UNTIL = "kernel_end"


def verdict_table():
    rows = ["verdicts and exit statuses (2: wrong usage, or something needed is missing; 130: Ctrl-C):"]
    for verdict in judge.Verdict:
        rows.append(f"  {verdict.status:3}  {verdict.title:19} {verdict.meaning}")
    return "\n".join(rows)


def parser_of_arguments():
    defaults = machine.Machine()
    parser = argparse.ArgumentParser(
        prog="boot.py",
        usage="boot.py [option …] [-- QEMU-argument …]",
        description=__doc__.splitlines()[0],
        epilog=EXAMPLES + "\n" + verdict_table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    what = parser.add_argument_group("what to boot")
    what.add_argument("--loader", metavar="FILE", type=pathlib.Path, default=defaults.loader,
                      help="a UEFI application (default: build/loader.efi)")
    what.add_argument("--kernel", metavar="FILE", type=pathlib.Path, default=defaults.kernel,
                      help="kernel.elf of the volume (default: build/kernel.elf)")
    what.add_argument("--missing-kernel", action="store_true", help="a volume without kernel.elf")
    what.add_argument("--file", metavar="NAME=FILE", action="append", default=[],
                      help="a further file of the volume; repeatable")
    what.add_argument("--source", choices=["volume", "fw_cfg", "options", "qemu"], default=defaults.source,
                      help="a disk made for this boot (default); QEMU's fw_cfg, without a disk; or that, with "
                      "the words as load options; or QEMU loads the kernel, without firmware and loader")
    what.add_argument("--image", metavar="FILE", type=pathlib.Path, help="a disk image with loader and kernel")
    what.add_argument("--image-device", metavar="ARGUMENTS", default=" ".join(defaults.image_device),
                      help="how the machine has it (default: %(default)s)")
    what.add_argument("--cmdline", metavar="WORD", nargs="+", default=[], help="further words of cmdline.txt")
    what.add_argument("--only", metavar="NAME", help="the test kernel: this suite, or this case (the word only=NAME)")
    what.add_argument("--run-id", metavar="ID", help="1 to 32 of A-Z a-z 0-9 _ . - (default: made up)")
    on = parser.add_argument_group("on which machine")
    on.add_argument("--mem", metavar="SIZE", default=defaults.memory, help="default %(default)s")
    on.add_argument("--smp", metavar="N", type=int, default=defaults.processors, help="processors, default 1")
    on.add_argument("--machine", choices=["q35", "pc"], default=defaults.machine)
    on.add_argument("--firmware", choices=["4m", "2m", "secure"], default=defaults.firmware,
                    help="build of OVMF; secure: with Secure Boot and the test keys of Debian's package")
    on.add_argument("--firmware-directory", metavar="DIR", default=defaults.firmware_directory,
                    help="where OVMF_CODE_4M.fd and its like are")
    on.add_argument("--firmware-code", metavar="FILE", type=pathlib.Path, help="an image instead of OVMF")
    on.add_argument("--gpu", metavar="CARD", default=defaults.gpu, help="std, none, virtio …, as QEMU's -vga")
    on.add_argument("--no-serial", action="store_true", help="no COM1; the judge reads the debug console")
    on.add_argument("--debugcon", action="store_true", help="also save the debug console (port 0xe9)")
    on.add_argument("--kvm", action="store_true", help="real processors instead of emulated ones")
    on.add_argument("--cold", action="store_true", help="from power-on, not from a saved machine that waits "
                    "for its loader")
    end = parser.add_argument_group("how it ends")
    how = end.add_mutually_exclusive_group()
    how.add_argument("--exit-port", dest="exit_port", action="store_true", default=True,
                     help="the kernel leaves through isa-debug-exit (default)")
    how.add_argument("--power-off", dest="exit_port", action="store_false", help="the kernel powers off by ACPI")
    end.add_argument("--timeout", metavar="SECONDS", type=float, default=defaults.timeout,
                     help="default %(default)g")
    end.add_argument("--silence", metavar="SECONDS", type=float, default=defaults.silence,
                     help="no word for so long, once it spoke, is a hang; 0: never (default %(default)g)")
    end.add_argument("--expect", metavar="TEXT", action="append", default=[], help="has to appear; repeatable")
    look = parser.add_argument_group("how to look at it")
    look.add_argument("--name", default=defaults.name, help="of the log, build/logs/NAME.log")
    look.add_argument("--quiet", action="store_true", help="do not show the serial line")
    look.add_argument("--timestamps", action="store_true", help="show when each line came, in seconds")
    look.add_argument("--ktap", action="store_true", help="show the test cases and the verdict as KTAP, nothing else")
    look.add_argument("--log", metavar="FILE", type=pathlib.Path,
                      help="boot nothing: judge this saved log, or listen to this serial device")
    exact = parser.add_argument_group("to the instruction (without a disk)")
    exact.add_argument("--count", metavar="FUNCTION", nargs="?", const=COUNT_UNTIL,
                       help="instructions are the clock, and are counted until this function of the kernel "
                       "begins (default: %(const)s)")
    exact.add_argument("--record", metavar="FILE", type=pathlib.Path, help="record the boot")
    exact.add_argument("--replay", metavar="FILE", type=pathlib.Path,
                       help="replay it, counted or not; all else has to be the same")
    exact.add_argument("--gdb", action="store_true", help="open it in gdb; works with each kind of boot")
    exact.add_argument("--gdb-command", metavar="COMMAND", action="append", default=[],
                       help="what gdb does first; repeatable")
    return parser


def arguments(argv):
    own = argv[: argv.index("--")] if "--" in argv else argv
    options = parser_of_arguments().parse_args(own)
    options.extra = argv[len(own) + 1 :]
    return options


def machine_of(options):
    """The Machine that the options describe. Raises machine.Unusable."""
    files = []
    for pair in options.file:
        name, _, file = pair.partition("=")
        try:
            files.append((name, pathlib.Path(file).read_bytes()))
        except OSError as error:
            raise machine.Unusable(f"--file {pair}: cannot read {file or 'it'}: {error.strerror}") from error
    words = [*options.cmdline, *([f"only={options.only}"] if options.only else [])]
    return machine.Machine(
        loader=options.loader,
        kernel=None if options.missing_kernel else options.kernel,
        files=tuple(files),
        source=options.source,
        image=options.image,
        image_device=tuple(options.image_device.split()),
        memory=options.mem,
        processors=options.smp,
        machine=options.machine,
        firmware=options.firmware,
        firmware_directory=options.firmware_directory,
        firmware_code=options.firmware_code,
        words=tuple(words),
        run_id=options.run_id,
        exit_port=options.exit_port,
        serial=not options.no_serial,
        debugcon=options.debugcon,
        gpu=options.gpu,
        kvm=options.kvm,
        counted=options.count,
        record=options.record and options.record.resolve(),
        replay=options.replay and options.replay.resolve(),
        debugger=gdb_arguments(options) if options.gdb else None,
        cold=options.cold,
        timeout=options.timeout,
        silence=options.silence,
        expected=tuple(options.expect),
        name=options.name,
        extra=tuple(options.extra),
    )


def gdb_arguments(options):
    return tuple(word for command in options.gdb_command for word in ("-ex", command))


def options_of(described, files=pathlib.Path("build")):
    """The words that make boot.py boot such a machine. Its further files have to lie in the folder `files`."""
    defaults = machine.Machine()
    words = []

    def add(option, value, default, text=lambda value: [str(value)]):
        if value != default:
            words.extend([option, *text(value)])

    def file(value):
        value = pathlib.Path(value)
        return [str(value.relative_to(machine.ROOT) if value.is_relative_to(machine.ROOT) else value)]

    def flag(_):
        return []

    add("--loader", described.loader, defaults.loader, file)
    if described.kernel is None:
        words.append("--missing-kernel")
    else:
        add("--kernel", described.kernel, defaults.kernel, file)
    for name, _ in described.files:
        words += ["--file", f"{name}={file(files / name)[0]}"]
    add("--source", described.source, defaults.source)
    add("--image", described.image, defaults.image, file)
    add("--image-device", described.image_device, defaults.image_device, lambda value: [" ".join(value)])
    add("--cmdline", described.words, defaults.words, list)
    add("--run-id", described.run_id, defaults.run_id)
    add("--mem", described.memory, defaults.memory)
    add("--smp", described.processors, defaults.processors)
    add("--machine", described.machine, defaults.machine)
    add("--firmware", described.firmware, defaults.firmware)
    add("--firmware-directory", described.firmware_directory, defaults.firmware_directory)
    add("--firmware-code", described.firmware_code, defaults.firmware_code, file)
    add("--gpu", described.gpu, defaults.gpu)
    add("--no-serial", described.serial, defaults.serial, flag)
    add("--debugcon", described.debugcon, defaults.debugcon, flag)
    add("--kvm", described.kvm, defaults.kvm, flag)
    add("--count", described.counted, defaults.counted)
    add("--cold", described.cold, defaults.cold, flag)
    add("--power-off", described.exit_port, defaults.exit_port, flag)
    add("--timeout", described.timeout, defaults.timeout)
    add("--silence", described.silence, defaults.silence)
    for text in described.expected:
        words += ["--expect", text]
    add("--name", described.name, defaults.name)
    if described.extra:
        words += ["--", *described.extra]
    return words


def command_of(described, *more, files=pathlib.Path("build")):
    """The same as a line for a shell, with further options."""
    words = options_of(described, files)
    at = words.index("--") if "--" in words else len(words)
    return shlex.join(["python3", "tests/harness/boot.py", *words[:at], *more, *words[at:]])


# --- Saved logs and real machines -----------------------------------------------------------------


def judge_log(options):
    names = symbols.Symbols(None if options.missing_kernel else options.kernel, options.loader)
    try:
        if stat.S_ISCHR(options.log.stat().st_mode):
            text, ending = listen(options, names)
        else:
            text, ending = judge.clean(options.log.read_bytes()), judge.Ending.UNKNOWN
            for line in text.splitlines():
                annotated = names.annotate(line)
                # The log is there to be read; what it cannot show are the places.
                if annotated != line and not options.quiet and not options.ktap:
                    print(annotated)
    except OSError as error:
        raise machine.Unusable(f"cannot read the log {options.log}: {error.strerror}") from error
    finally:
        names.close()
    # A machine that cannot be watched switches itself off unseen: its last line decides.
    evidence = judge.Evidence(text=text, ending=ending, run_id=options.run_id, expected=tuple(options.expect))
    return report(options, judge.judge(evidence), text, "")


def listen(options, names):
    """What comes over a serial device until the last word, the silence or the time-out: (text, Ending)."""
    raw, lines, start = bytearray(), machine.Lines(), time.monotonic()
    deadline, heard, spoke = start + options.timeout, start, False
    descriptor = os.open(options.log, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        settings = termios.tcgetattr(descriptor)
        tty.setraw(descriptor, termios.TCSANOW)
        raw_settings = termios.tcgetattr(descriptor)
        raw_settings[4] = raw_settings[5] = BAUD
        termios.tcsetattr(descriptor, termios.TCSANOW, raw_settings)
        while (now := time.monotonic()) < deadline:
            if spoke and options.silence and now > heard + options.silence:
                return judge.clean(bytes(raw)), judge.Ending.SILENCE
            if not select.select([descriptor], [], [], min(0.2, deadline - now))[0]:
                continue
            try:
                chunk = os.read(descriptor, 4096)
            except OSError:  # the other end of a pseudo terminal was closed
                chunk = b""
            if not chunk:
                return judge.clean(bytes(raw)), judge.Ending.UNKNOWN
            raw += chunk
            heard = time.monotonic()
            for line in lines.feed(chunk):
                shower(options)(names.annotate(line), heard - start)
                spoke = spoke or judge.is_ours(line)
                if judge.last_word(line):
                    return judge.clean(bytes(raw)), judge.Ending.UNKNOWN
        return judge.clean(bytes(raw)), judge.Ending.TIME
    finally:
        try:
            termios.tcsetattr(descriptor, termios.TCSANOW, settings)
        except (NameError, termios.error):  # it is no terminal, or gone
            pass
        os.close(descriptor)


# --- Machines in QEMU -----------------------------------------------------------------------------


def shower(options):
    """Shows a line, in the way that was asked for."""
    if options.quiet or options.ktap:
        return lambda line, seconds: None
    if options.timestamps:
        return lambda line, seconds: print(f"[{seconds:9.3f}] {line}", flush=True)
    return lambda line, seconds: print(line, flush=True)


def report(options, judgement, text, details):
    if options.ktap:
        print(ktap.write(cases_of(text, judgement)))
    else:
        print(f"verdict: {judgement}{details}")
    return judgement.verdict.status


def cases_of(text, judgement):
    """The cases of the kernel's own report, and the verdict on the boot as the last one."""
    cases = ktap.parse(text).cases if ktap.present(text) else []
    return [*cases, ktap.Case("boot.verdict", judgement.verdict is judge.Verdict.PASSED, str(judgement))]


def boot(options):
    described = machine_of(options)
    boot_ = machine.run(described, show=shower(options))
    details = boot_.summary().removeprefix(str(boot_.judgement))
    if boot_.verdict is not judge.Verdict.PASSED:
        details += f"\nthe whole log: {boot_.log}"
    if boot_.instructions is not None:
        details += f"\ninstructions until {described.counted}: {boot_.instructions}"
    return report(options, boot_.judgement, boot_.text, details)


def main(argv):
    options = arguments(argv)
    # Asked to end, or left without a terminal: unwind, so that QEMU is ended too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    if options.gdb:
        signal.signal(signal.SIGINT, lambda number, _: None)  # Ctrl-C is gdb's
    try:
        return judge_log(options) if options.log else boot(options)
    except machine.Unusable as error:
        print(f"boot.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; QEMU is ended", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
