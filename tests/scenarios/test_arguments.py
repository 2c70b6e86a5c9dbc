# SPDX-License-Identifier: MIT
"""The words that boot.py and sweep.py are given: what cannot be meant is rejected in a line, before any boot."""

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

import command_line
import failure_report
import judge
import machine
import runner
import stub_firmware
import symbols

HARNESS = machine.ROOT / "tests" / "harness"
COMPLETE = b"kernel: at work\r\n### complete (run R)\r\n"
LEAVE = stub_firmware.leave_through_port(machine.EXIT_PORT, judge.ENDS[judge.COMPLETE].exit_code)


def started(program, *arguments):
    command = [sys.executable, "-B", str(HARNESS / program), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=machine.ROOT, stdout=pipe, stderr=pipe, text=True)


def run(program, *arguments):
    process = started(program, *arguments)
    out, errors = process.communicate(timeout=60)
    return process.returncode, out, errors


@pytest.mark.parametrize(
    "words, said",
    [
        *[(["--mem", size], "give whole bytes") for size in ("0", "1.5G", "", "256MB", "1K", "1025G", "2T")],
        (["--mem=-1"], "give whole bytes"),
        *[(["--smp", number], "from 1 to 255") for number in ("0", "256", "x", "1_0")],
        *[(["--timeout", number], "--timeout") for number in ("nan", "inf", "1e12", "0", "-1", "")],
        *[(["--silence", number], "--silence") for number in ("nan", "inf", "1e12", "-1")],
        (["--expect", ""], "not blank"),
        *[([flag, "("], "regular expression") for flag in ("--pass", "--fail")],
        *[([flag, "a*"], "does not match an empty line") for flag in ("--pass", "--fail")],
        *[(["--max-output", size], "at least 1K") for size in ("0", "1", "2G", "x")],
        *[(["--status", number], "from 0 to 255") for number in ("256", "-1", "x", "")],
        (["--send", "x"], "--send without --prompt"),
        (["--prompt", "$", "--send", "\\z"], "give escapes"),
        (["--only", ""], "without blanks"),
        (["--only", "a b"], "without blanks"),
        *[(["--run-id", name], "1 to 32 of") for name in ("", "a b", "a\n", "a" * 33)],
        *[(["--name", name], "1 to 64 of") for name in ("", ".a", "a/b", "a b", "a" * 65)],
        *[(["--file", f"{name}=README.md"], "NAME=FILE") for name in ("", "/a", "../a", "a/../../b", ".")],
        (["--file", "README.md"], "NAME=FILE"),
        *[(["--file", f"{name}=README.md"], "of its own") for name in ("cmdline.txt", "EFI", "efi/a", "Kernel.elf", "./EFI/a")],
        (["--pass", "[[:alpha:]]"], "--pass: '[[:alpha:]]' is not accepted"),
        (["--cmdline", "\udcff"], "no UTF-8"),
        (["--source", "qemu", "--missing-kernel"], "--source qemu with --missing-kernel"),
        (["--gdb", "--count"], "count it without --gdb"),
        *[
            (["--image", "a.img", *other], f"--image with {other[0]}")
            for other in (["--source", "fw_cfg"], ["--file", "a=b"], ["--count"], ["--record", "a.rr"], ["--replay", "a.rr"])
        ],
    ],
)
def test_arguments_that_are_rejected(words, said, capsys):
    with pytest.raises(SystemExit) as left:
        command_line.parse(words)
    errors = capsys.readouterr().err
    assert left.value.code == 2 and errors.startswith("boot.py: ") and said in errors and len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    "program, words, said",
    [
        ("boot.py", ["--mem", "1.5G"], "--mem: '1.5G' is not accepted"),
        ("boot.py", ["--cmdline", b"\xff"], "no UTF-8"),
        ("boot.py", ["--file", "a=README.md", "--file", "a/b=README.md", "--cold"], "volume/a"),
        ("sweep.py", ["memory", "0"], "give whole bytes"),
        ("sweep.py", ["processors", "0"], "from 1 to 255"),
        ("sweep.py", ["processors", "1M"], "from 1 to 255"),
        ("sweep.py", ["processors", "8..1"], "the lower end first"),
        ("sweep.py", ["processors", "1..100000000000"], "more than 10000 values"),
        *[("sweep.py", ["damage", count], "give how many") for count in ("0", "abc", "-1", "99999999")],
        ("sweep.py", ["damage", "2", "--", "--missing-kernel"], "leave out --missing-kernel"),
        ("sweep.py", ["damage", "2", "--", "--kernel", "/nowhere.elf"], "/nowhere.elf: No such file"),
        ("sweep.py", ["damage", "9999", "--", "--kernel", "tests/harness/number.sh"], "has only"),
    ],
)
def test_wrong_usage_is_told_in_a_line(program, words, said):
    status, _, errors = run(program, *words)
    assert status == 2 and said in errors and len(errors.splitlines()) == 1, errors


@pytest.mark.parametrize(
    "words",
    [
        ["--mem", "50331648"], ["--mem", "64m"], ["--mem", "1024G"], ["--mem", "1T"], ["--smp", "255"], ["--silence", "0"],
        ["--name", "a.b"], ["--file", "data/a.bin=README.md"], ["--image", "a.img", "--kernel", "b.elf"],
        ["--cmdline", "a", "b", "--cmdline=-c"],
    ],
)
def test_arguments_that_are_accepted(words):
    command_line.machine_of(command_line.parse(words))


@pytest.fixture
def firmware(tmp_path):
    def write(text, ending):
        file = tmp_path / "firmware"
        file.write_bytes(stub_firmware.firmware(text, ending))
        return ["--firmware-code", str(file), "--run-id", "R"]

    return write


def test_cases_that_nobody_reported_have_not_passed(firmware):
    words = firmware(COMPLETE, LEAVE)
    assert run("boot.py", *words, "--name", "arguments-all")[0] == 0
    status, out, _ = run("boot.py", *words, "--name", "arguments-only", "--only", "fba")
    assert status == judge.Verdict.FAILED.status and "--only fba, but the kernel reported no case" in out


def test_a_reader_that_leaves(firmware):
    text = b"".join(b"kernel: %d\r\n" % number for number in range(3000)) + COMPLETE
    process = started("boot.py", *firmware(text, LEAVE), "--name", "arguments-pipe")
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == "" and process.wait(timeout=30) == 128 + signal.SIGPIPE


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed(closed, firmware):
    """Then the next file that is opened has its number."""
    words = [sys.executable, "-B", str(HARNESS / "boot.py"), *firmware(COMPLETE, LEAVE), "--name", "arguments-closed"]
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "verdict: passed" in done.stdout or ">&-" in closed


@pytest.mark.parametrize(
    "locale", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}], ids=str
)
def test_a_locale_that_has_not_the_kernels_characters(locale, firmware):
    words = [*firmware("kernel: gr\u00fcn \u2713\r\n".encode() + COMPLETE, LEAVE), "--name", "arguments-locale"]
    command = [sys.executable, "-B", str(HARNESS / "boot.py"), *words]
    done = subprocess.run(command, capture_output=True, env={**os.environ, **locale}, timeout=60)
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    assert rb"gr\xfcn \u2713" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_sweep_that_is_told_to_end(number, firmware):
    """Its machine would go on for a minute."""
    log = machine.BUILD / "logs" / f"arguments-{number.name}-1.log"
    log.unlink(missing_ok=True)
    words = ["processors", "1", "--", *firmware(b"kernel: at work\r\n", stub_firmware.HANG), "--name", f"arguments-{number.name}"]
    process = started("sweep.py", *words)
    deadline = time.monotonic() + 20
    while not (log.exists() and log.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, number)
    process.communicate(timeout=15)
    assert process.returncode == 128 + number


def test_words_with_a_dash_in_front_are_repeated():
    described = machine.Machine(words=("a", "-b"), expected=("-c", "d"), counted="f", name="dashes")
    words = shlex.split(command_line.command_of(described))[2:]
    assert command_line.machine_of(command_line.parse(words)) == described
    log = machine.BUILD / "logs" / "dashes.log"
    judgement = judge.Judgement(judge.Verdict.FAILED, "")
    ended = runner.Boot(described, judgement, None, "", 1.0, None, None, "", None, 0.0, True, None, log)
    gdb = next(row for row in failure_report.commands(ended) if row.startswith("gdb:"))
    assert "--gdb" in gdb and "--count" not in gdb


@pytest.mark.parametrize("setting, place", [({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, True),
                                            ({"PATH": "/nowhere"}, False)], ids=str)
def test_places_in_a_folder_of_any_name_and_without_addr2line(setting, place, tmp_path):
    folder = tmp_path / "gr\u00fcn"
    folder.mkdir()
    (folder / "kernel.c").write_text("void start(void) { for (;;) ; }\n")
    link = ["-nostdlib", "-static", "-fno-pic", "-Wl,-Ttext=0x100000,-estart"]
    subprocess.run(["gcc", "-g", "-ffreestanding", *link, "kernel.c", "-o", "k.elf"], cwd=folder, check=True)
    (folder / "saved.log").write_text("rip 0x100000\n### panic (run R)\n")
    command = [sys.executable, "-B", str(HARNESS / "boot.py"), "--log", "saved.log", "--kernel", "k.elf"]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **setting}, capture_output=True, timeout=60)
    assert done.returncode == judge.Verdict.PANIC.status and done.stderr == b"", done.stderr
    assert (b"[start at " in done.stdout) == place, done.stdout


def test_a_file_that_addr2line_rejects(tmp_path):
    """Its executable segment is told, and nothing else of it is right."""
    whole = (machine.BUILD / "kernel.elf").read_bytes()
    start, _ = symbols.executable_ranges(whole)[0]
    damaged = tmp_path / "damaged.elf"
    damaged.write_bytes(whole[:18] + b"\xff\xff" + whole[20:4096])
    log = tmp_path / "saved.log"
    log.write_text("".join(f"trap:   rip {start + place:#x}\n" for place in range(300)) + "### panic (run R)\n")
    status, out, errors = run("boot.py", "--log", str(log), "--kernel", str(damaged))
    assert status == judge.Verdict.PANIC.status and errors == "" and "verdict: panic" in out
