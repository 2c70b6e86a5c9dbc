# SPDX-License-Identifier: MIT
"""Boots a loader and a kernel in QEMU with OVMF, shows the serial line, and judges the end.

The command line of the harness: `make run` calls it, and so may you, with a kernel of your own.
"""

import sys

sys.dont_write_bytecode = True  # nothing is written outside build/

import argparse
import pathlib
import signal

import judge
import machine

EXAMPLES = """\
examples:
  boot.py                                            what `make run` boots, at 256M
  boot.py --mem 1G --smp 4 --machine pc              another machine
  boot.py --kernel my.elf --expect "hello" --timeout 20
  boot.py --no-serial                                no COM1: the debug console is read
  boot.py --log build/logs/run.log                   judge a saved log again
  boot.py -- -s -S                                   QEMU waits for a debugger
"""


def verdict_table():
    rows = ["verdicts and exit statuses (2: wrong usage, or something needed is missing; 130: Ctrl-C):"]
    for verdict in judge.Verdict:
        rows.append(f"  {verdict.status:3}  {verdict.title:19} {verdict.meaning}")
    return "\n".join(rows)


def arguments(argv):
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
    what.add_argument("--source", choices=["volume", "fw_cfg", "options"], default=defaults.source,
                      help="a disk made for this boot (default); QEMU's fw_cfg, without a disk; or that, with "
                      "the words as load options")
    what.add_argument("--image", metavar="FILE", type=pathlib.Path, help="a disk image with loader and kernel")
    what.add_argument("--cmdline", metavar="WORD", nargs="+", default=[], help="further words of cmdline.txt")
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
    end = parser.add_argument_group("how it ends")
    how = end.add_mutually_exclusive_group()
    how.add_argument("--exit-port", dest="exit_port", action="store_true", default=True,
                     help="the kernel leaves through isa-debug-exit (default)")
    how.add_argument("--power-off", dest="exit_port", action="store_false", help="the kernel powers off by ACPI")
    end.add_argument("--timeout", metavar="SECONDS", type=float, default=defaults.timeout,
                     help="default %(default)g")
    end.add_argument("--expect", metavar="TEXT", action="append", default=[], help="has to appear; repeatable")
    end.add_argument("--name", default=defaults.name, help="of the log, build/logs/NAME.log")
    end.add_argument("--quiet", action="store_true", help="do not show the serial line")
    end.add_argument("--log", metavar="FILE", type=pathlib.Path, help="boot nothing: judge this saved log")
    own = argv[: argv.index("--")] if "--" in argv else argv
    options = parser.parse_args(own)
    options.extra = argv[len(own) + 1 :]
    return options


def judge_log(options):
    try:
        text = judge.clean(options.log.read_bytes())
    except OSError as error:
        raise machine.Unusable(f"cannot read the log {options.log}: {error.strerror}") from error
    evidence = judge.Evidence(text=text, run_id=options.run_id, expected=tuple(options.expect))
    judgement = judge.judge(evidence)
    print(f"verdict: {judgement}")
    return judgement.verdict.status


def boot(options):
    boot_ = machine.run(
        machine.Machine(
            loader=options.loader,
            kernel=None if options.missing_kernel else options.kernel,
            source=options.source,
            image=options.image,
            memory=options.mem,
            processors=options.smp,
            machine=options.machine,
            firmware=options.firmware,
            firmware_directory=options.firmware_directory,
            firmware_code=options.firmware_code,
            words=tuple(options.cmdline),
            run_id=options.run_id,
            exit_port=options.exit_port,
            serial=not options.no_serial,
            debugcon=options.debugcon,
            gpu=options.gpu,
            kvm=options.kvm,
            timeout=options.timeout,
            expected=tuple(options.expect),
            name=options.name,
            extra=tuple(options.extra),
        ),
        show=(lambda line: None) if options.quiet else (lambda line: print(line, flush=True)),
    )
    print(f"verdict: {boot_.summary()}")
    if boot_.verdict is not judge.Verdict.PASSED:
        print(f"the whole log: {boot_.log}")
    return boot_.verdict.status


def main(argv):
    options = arguments(argv)
    # Asked to end, or left without a terminal: unwind, so that QEMU is ended too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
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
