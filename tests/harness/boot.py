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
import re
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
import snapshot

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
  boot.py -- -device virtio-rng-pci                  further arguments for QEMU; paths in them have to be
                                                     absolute, because QEMU runs in a folder of its own

what a kernel has to do to pass:
  It prints `### complete (run ID)` as a line on COM1, with the ID that stands behind run= in its command
  line, and then writes 0x10 to port 0xf4, or with --power-off switches the machine off by ACPI. Other
  lines count as its words when they begin with "kernel: " or "loader: ".
"""

BAUD = termios.B115200
AFTER_LAST_WORD = 1.0  # seconds in which a trap on the way to the power-off would be heard
COUNT_UNTIL = "kernel_end"
MEMORY_MIN, MEMORY_MAX = 1 << 20, 1 << 40  # bytes
PROCESSORS_MAX = 255
SECONDS_MAX = 86400  # a day
TAKEN = {"efi", "kernel.elf", "cmdline.txt"}  # what the volume has of its own, in small letters: it is FAT


def verdict_table():
    rows = ["verdicts and exit statuses (2: wrong usage, or something needed is missing; 130: Ctrl-C):"]
    for verdict in judge.Verdict:
        rows.append(f"  {verdict.status:3}  {verdict.title:19} {verdict.meaning}")
    return "\n".join(rows)


# --- Arguments ------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def refused(text, advice):
    return argparse.ArgumentTypeError(f"{text!r} is not accepted: {advice}")


def memory_size(text):
    if not re.fullmatch("[0-9]{1,16}[KMGT]?", text.upper()) or not MEMORY_MIN <= snapshot.size_of(text) <= MEMORY_MAX:
        raise refused(text, "give whole bytes, KiB, MiB or GiB such as 256M or 1G, at least 1M and at most 1024G")
    return text


def processors(text):
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= PROCESSORS_MAX:
        raise refused(text, f"give a whole number from 1 to {PROCESSORS_MAX}")
    return int(text)


def seconds_or_never(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= SECONDS_MAX:  # not a number is neither
        raise refused(text, f"give seconds, at most {SECONDS_MAX}")
    return seconds


def seconds(text):
    if not seconds_or_never(text):
        raise refused(text, f"give more than 0 seconds, and at most {SECONDS_MAX}")
    return float(text)


def expected_text(text):
    if not text.strip():
        raise refused(text, "give a text that is not blank")
    return text


def case_name(text):
    if not re.fullmatch(r"\S+", text):
        raise refused(text, "give a suite or a case such as fba.resize, without blanks")
    return text


def run_id(text):
    if not re.fullmatch("[A-Za-z0-9._-]{1,32}", text):
        raise refused(text, "give 1 to 32 of A-Z a-z 0-9 _ . -")
    return text


def log_name(text):
    if not re.fullmatch("(?![.])[A-Za-z0-9._-]{1,64}", text):
        raise refused(text, "give 1 to 64 of A-Z a-z 0-9 _ . -, the first of them no dot")
    return text


def volume_file(text):
    name, _, file = text.partition("=")
    parts = pathlib.PurePosixPath(name).parts
    if not file or not parts or parts[0] == "/" or ".." in parts:
        raise refused(text, "give NAME=FILE, with a NAME inside the volume such as data/a.bin")
    if parts[0].lower() in TAKEN:
        raise refused(text, "the volume has this of its own: use --loader, --kernel or --cmdline, or another name")
    return text


def parser_of_arguments():
    defaults = machine.Machine()
    parser = Parser(
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
    what.add_argument("--file", metavar="NAME=FILE", type=volume_file, action="append", default=[],
                      help="a further file of the volume; repeatable")
    what.add_argument("--source", choices=["volume", "fw_cfg", "options", "qemu"], default=defaults.source,
                      help="a disk made for this boot (default); QEMU's fw_cfg, without a disk; or that, with "
                      "the words as load options; or QEMU loads the kernel, without firmware and loader")
    what.add_argument("--image", metavar="FILE", type=pathlib.Path, help="a disk image with loader and kernel")
    what.add_argument("--image-device", metavar="ARGUMENTS", default=" ".join(defaults.image_device),
                      help="how the machine has it (default: %(default)s)")
    what.add_argument("--cmdline", metavar="WORD", nargs="+", action="extend", default=[],
                      help="further words of cmdline.txt; --cmdline=-WORD for one with a dash in front")
    what.add_argument("--only", metavar="NAME", type=case_name,
                      help="the test kernel: this suite, or this case (the word only=NAME)")
    what.add_argument("--run-id", metavar="ID", type=run_id, help="1 to 32 of A-Z a-z 0-9 _ . - (default: made up)")
    on = parser.add_argument_group("on which machine")
    on.add_argument("--mem", metavar="SIZE", type=memory_size, default=defaults.memory,
                    help="bytes, or with K, M, G or T: 1M to 1024G, default %(default)s")
    on.add_argument("--smp", metavar="N", type=processors, default=defaults.processors,
                    help="1 to 255 processors, default 1")
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
    end.add_argument("--timeout", metavar="SECONDS", type=seconds, default=defaults.timeout,
                     help="default %(default)g")
    end.add_argument("--silence", metavar="SECONDS", type=seconds_or_never, default=defaults.silence,
                     help="no word for so long, once it spoke, is a hang; 0: never (default %(default)g)")
    end.add_argument("--expect", metavar="TEXT", type=expected_text, action="append", default=[],
                     help="has to appear; repeatable")
    look = parser.add_argument_group("how to look at it")
    look.add_argument("--name", type=log_name, default=defaults.name, help="of the log, build/logs/NAME.log")
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
    parser = parser_of_arguments()
    for word in argv:
        try:
            word.encode()
        except UnicodeEncodeError:
            parser.error(f"the argument {word!r} is no UTF-8: write it so")
    options = parser.parse_args(own)
    options.extra = argv[len(own) + 1 :]
    if options.source == "qemu" and options.missing_kernel:
        parser.error("--source qemu with --missing-kernel: QEMU has to have a kernel to load; leave out one of them")
    if options.gdb and options.count:
        parser.error("--gdb with --count: both stop the machine where they want to; count it without --gdb")
    # The kernel and the loader may be named beside an image: addresses are shown with their places.
    for name in ("source", "file", "count", "record", "replay"):
        if options.image and getattr(options, name) != parser.get_default(name):
            why = (
                "the image brings all of its files"
                if name in ("source", "file")
                else "its disk answers when the host pleases, so no two boots are the same"
            )
            parser.error(f"--image with --{name}: {why}; leave out one of them")
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
            words.extend(with_value(option, text(value)))

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
        words += with_value("--file", [f"{name}={file(files / name)[0]}"])
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
        words += with_value("--expect", [text])
    add("--name", described.name, defaults.name)
    if described.extra:
        words += ["--", *described.extra]
    return words


def with_value(option, values):
    """The words for an option and its values. One with a dash in front would be taken for an option."""
    if any(value.startswith("-") for value in values):
        return [f"{option}={value}" for value in values]
    return [option, *values]


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
            with machine.own_log(options.name) as file, open(file, "wb") as log:
                text, ending = listen(options, names, log)
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
    return report(options, with_cases(options, judge.judge(evidence), text), text, "")


def listen(options, names, log):
    """What comes over a serial device until the last word and what follows it, the silence or the time-out:
    (text, Ending). All of it is saved in the file `log`."""
    raw, lines, start = bytearray(), machine.Lines(), time.monotonic()
    deadline, heard, spoke, over = start + options.timeout, start, False, False
    descriptor = os.open(options.log, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        try:
            settings = termios.tcgetattr(descriptor)
        except termios.error:
            raise machine.Unusable(f"--log {options.log} is no serial device: name one such as /dev/ttyUSB0") from None
        tty.setraw(descriptor, termios.TCSANOW)
        raw_settings = termios.tcgetattr(descriptor)
        raw_settings[4] = raw_settings[5] = BAUD
        termios.tcsetattr(descriptor, termios.TCSANOW, raw_settings)
        while (now := time.monotonic()) < deadline:
            if over and now > heard + AFTER_LAST_WORD:
                return judge.clean(bytes(raw)), judge.Ending.UNKNOWN
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
            log.write(chunk)
            heard = time.monotonic()
            for line in lines.feed(chunk):
                shower(options)(names.annotate(line), heard - start)
                spoke = spoke or judge.is_ours(line)
                over = over or judge.last_word(line) is not None
        return judge.clean(bytes(raw)), judge.Ending.TIME
    finally:
        try:
            termios.tcsetattr(descriptor, termios.TCSANOW, settings)
        except (UnboundLocalError, termios.error):  # it is no terminal, or gone
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


def with_cases(options, judgement, text):
    """The judgement; whoever asked for certain cases, and got none, has not got what was asked for."""
    if options.only and judgement.verdict is judge.Verdict.PASSED and not ktap.present(text):
        reason = f"--only {options.only}, but the kernel reported no case"
        return judge.Judgement(judge.Verdict.FAILED, reason)
    return judgement


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
    boot_.judgement = with_cases(options, boot_.judgement, boot_.text)
    details = boot_.summary().removeprefix(str(boot_.judgement))
    if boot_.verdict is not judge.Verdict.PASSED:
        details += f"\nthe whole log: {boot_.log}"
    if boot_.instructions is not None:
        details += f"\ninstructions until {described.counted}: {boot_.instructions}"
    return report(options, boot_.judgement, boot_.text, details)


def guarded(program, work):
    """The exit status of work(), however it ends. Wrong usage and what is missing are told in one line."""
    # Asked to end, or left without a terminal: unwind, so that QEMU is ended too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        status = work()
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read it has gone. Python would complain once more at its own end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except machine.Unusable as error:
        reason = error
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else error
    except KeyboardInterrupt:
        print("\ninterrupted; QEMU is ended", file=sys.stderr)
        return 130
    print(f"{program}: {reason}", file=sys.stderr)
    return 2


def main(argv):
    options = arguments(argv)
    if options.gdb:
        signal.signal(signal.SIGINT, lambda number, _: None)  # Ctrl-C is gdb's
    return guarded("boot.py", lambda: judge_log(options) if options.log else boot(options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
