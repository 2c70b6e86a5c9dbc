# SPDX-License-Identifier: MIT
"""The harness on a real QEMU whose firmware is a stub: each ending must get its own verdict."""

import dataclasses
import io
import os
import pathlib
import pty
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import termios
import time

import pytest

import command_line
import failure_report
import judge
import ktap
import listener
import machine
import qemu
import stub_firmware
from judge import Verdict
from scenario import boot

BOOT = machine.ROOT / "tests" / "harness" / "boot.py"
SAY = b"kernel: at work\r\n"
COMPLETE = SAY + b"kernel: time from loader entry to final account: 12000 us\r\n### complete (run R)\r\n"


def leave(what):
    return stub_firmware.leave_through_port(machine.EXIT_PORT, judge.ENDS[what].exit_code)


@pytest.fixture
def image(tmp_path):
    """Writes a firmware that says a text and ends in a way, and returns its file."""

    def write(text, ending):
        file = tmp_path / "firmware"
        file.write_bytes(stub_firmware.firmware(text, ending))
        return file

    return write


def boot_stub(image, request, **more):
    settings = {"run_id": "R", "timeout": 20, **more}
    return boot(f"harness-{request.node.callspec.id}", firmware_code=image, **settings)


@pytest.mark.parametrize(
    "verdict, text, ending",
    [
        pytest.param(verdict, text, ending, id=name)
        for name, verdict, text, ending in [
            ("complete", Verdict.PASSED, COMPLETE, leave("complete")),
            ("complete-wrong-status", Verdict.FAILED, COMPLETE, leave("panic")),
            ("tests-failed", Verdict.FAILED, b"### tests failed (run R)\r\n", leave("tests failed")),
            ("another-run", Verdict.WRONG_RUN, b"### complete (run Q)\r\n", leave("complete")),
            ("out-of-memory", Verdict.OUT_OF_MEMORY, b"### out of memory (run R)\r\n", leave("out of memory")),
            ("panic", Verdict.PANIC, b"### panic (run R)\r\n", leave("panic")),
            ("triple-fault", Verdict.TRIPLE_FAULT, SAY, stub_firmware.TRIPLE_FAULT),
            ("triple-fault-at-the-end", Verdict.TRIPLE_FAULT, COMPLETE, stub_firmware.TRIPLE_FAULT),
            ("silent-triple-fault", Verdict.TRIPLE_FAULT, b"", stub_firmware.TRIPLE_FAULT),
            ("reset", Verdict.RESET, SAY, stub_firmware.RESET),
            ("silent-reset", Verdict.RESET, b"", stub_firmware.RESET),
            ("plan-incomplete", Verdict.TRUNCATED, b"KTAP version 1\r\n1..2\r\nok 1 a\r\n" + COMPLETE, leave("complete")),
            ("truncated", Verdict.TRUNCATED, SAY, leave("complete")),
            ("loader-stopped", Verdict.LOADER_STOPPED, b"loader: stopped: no (14)\r\n", stub_firmware.HANG),
            ("exception", Verdict.FIRMWARE_EXCEPTION, b"!!!! X64 Exception Type - 0E\r\n", stub_firmware.HANG),
            ("returned", Verdict.LOADER_STOPPED, SAY + b"UEFI Interactive Shell v2.2\r\n", stub_firmware.HANG),
            ("nothing-to-boot", Verdict.NO_OUTPUT, b"No bootable option or device was found.\r\n", stub_firmware.HANG),
        ]
    ],
)
def test_verdict(verdict, text, ending, image, request):
    result = boot_stub(image(text, ending), request)
    assert result.verdict is verdict, result.summary()


@pytest.mark.parametrize(
    "verdict, text",
    [
        pytest.param(Verdict.TIMEOUT, SAY, id="hang"),
        pytest.param(Verdict.NO_OUTPUT, b"", id="silent-hang"),
        pytest.param(Verdict.TIMEOUT, COMPLETE, id="no-power-off"),
    ],
)
def test_hang(verdict, text, image, request):
    result = boot_stub(image(text, stub_firmware.HANG), request, timeout=1)
    assert result.verdict is verdict, result.summary()
    assert result.seconds < 5


@pytest.mark.parametrize(
    "most, text, ending",
    [pytest.param(4096, SAY * 400, stub_firmware.HANG, id="says-too-much"),
     pytest.param(1 << 20, SAY, stub_firmware.AGAIN, id="prints-for-ever")],
)
def test_a_machine_that_says_too_much_is_ended(most, text, ending, image, request):
    result = boot_stub(image(text, ending), request, max_output=most, timeout=120)
    assert result.verdict is Verdict.TOO_MUCH_OUTPUT, result.summary()
    assert most < result.log.stat().st_size <= most + qemu.PIECE


@pytest.mark.parametrize("pattern", [pytest.param("at [vw]ork", id="pattern")])
def test_a_line_that_is_named_passes_and_ends_a_machine_that_goes_on(pattern, image, request):
    result = boot_stub(image(SAY, stub_firmware.HANG), request, passing=(pattern,))
    assert result.verdict is Verdict.PASSED, result.summary()
    assert result.seconds < 10 and "`" not in result.judgement.reason and result.judgement.number == 1


@pytest.mark.parametrize("silence", [pytest.param(1.0, id="says-nothing-more")])
def test_silence_is_a_hang(silence, image, request):
    result = boot_stub(image(SAY, stub_firmware.HANG), request, silence=silence)
    assert result.verdict is Verdict.HANG, result.summary()
    assert result.seconds < 10 and "kernel: at work" in result.judgement.reason


@pytest.mark.parametrize("extra", [pytest.param(("-device", "no-such-device"), id="rejected")])
def test_could_not_start(extra, image, request):
    result = boot_stub(image(COMPLETE, leave("complete")), request, extra=extra)
    assert result.verdict is Verdict.COULD_NOT_START
    assert "no-such-device" in result.judgement.reason


@pytest.mark.parametrize("expected", [pytest.param(("kernel: at play",), id="expected-text")])
def test_a_missing_text_fails(expected, image, request):
    result = boot_stub(image(COMPLETE, leave("complete")), request, expected=expected)
    assert result.verdict is Verdict.FAILED
    assert "kernel: at play" in result.judgement.reason


def command(image, *options):
    return [sys.executable, str(BOOT), "--firmware-code", str(image), "--run-id", "R", *options]


def test_the_command_shows_clean_lines_and_the_share(image):
    text = b"\x1b[2J\x1b[01;01H\x1b[1mfirm\x1b[0mware\x1b[02;01H" + COMPLETE
    done = subprocess.run(
        command(image(text, leave("complete")), "--name", "harness-command"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["firmware", "kernel: at work"]
    assert lines[-1].startswith("verdict: passed: ### complete (run R) (line 3); ")
    assert "12.0 ms" in lines[-1] and "%" in lines[-1]
    assert (machine.BUILD / "logs" / "harness-command.log").read_bytes() == text


def test_timestamps(image):
    done = subprocess.run(
        command(image(SAY, leave("complete")), "--name", "harness-timestamps", "--timestamps"),
        capture_output=True, text=True, timeout=60,
    )
    assert re.match(r"\[ +\d+\.\d{3}\] kernel: at work\n", done.stdout), done.stdout


def test_ktap_out(image):
    cases = b"KTAP version 1\r\n1..1\r\n    KTAP version 1\r\n    1..2\r\n    ok 1 a\r\n    not ok 2 b\r\nnot ok 1 s\r\n"
    done = subprocess.run(
        command(image(cases + COMPLETE, leave("complete")), "--name", "harness-ktap", "--ktap"),
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == Verdict.FAILED.status
    report = ktap.parse(done.stdout)
    assert report.problems == []
    assert [(case.name, case.passed) for case in report.cases] == [
        ("s.a", True), ("s.b", False), ("boot.verdict", False)
    ]


def test_the_log_of_the_boot_before_is_kept(image):
    for text in (COMPLETE, SAY):
        subprocess.run(command(image(text, leave("complete")), "--name", "harness-kept"), capture_output=True, timeout=60)
    logs = machine.BUILD / "logs"
    assert (logs / "harness-kept.log").read_bytes() == SAY
    assert (logs / "harness-kept.previous.log").read_bytes() == COMPLETE


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "text, later, verdict",
    [
        pytest.param(COMPLETE, b"", Verdict.PASSED, id="passed"),
        pytest.param(COMPLETE, b"trap: page fault\r\n### panic (run R)\r\n", Verdict.PANIC, id="late-panic"),
        pytest.param(SAY, b"", Verdict.HANG, id="hang"),
    ],
)
def test_a_real_machine_on_a_serial_device(text, later, verdict, request):
    """The other end of a pseudo terminal is the machine."""
    name = f"harness-{request.node.callspec.id}"
    ours, theirs = pty.openpty()
    try:
        harness = subprocess.Popen(
            [sys.executable, str(BOOT), "--log", os.ttyname(theirs), "--run-id", "R", "--silence", "1", "--timeout", "20",
             "--name", name],
            stdout=subprocess.PIPE, text=True,
        )
        wait_for(lambda: not termios.tcgetattr(theirs)[3] & termios.ICANON)  # it listens
        os.write(ours, text)
        time.sleep(0.3)
        os.write(ours, later)
        said = harness.communicate(timeout=30)[0]
    finally:
        os.close(ours)
        os.close(theirs)
    assert harness.returncode == verdict.status, said
    assert "kernel: at work\n" in said and f"verdict: {verdict.title}: " in said
    assert (machine.BUILD / "logs" / f"{name}.log").read_bytes() == text + later


EVERYTHING = machine.Machine(
    kernel=machine.ROOT / "build" / "other.elf",
    files=(("a.bin", b"1"),),
    source="fw_cfg",
    memory="1G",
    processors=3,
    machine="pc",
    words=("only=a", "b c"),
    run_id="R",
    exit_port=False,
    serial=False,
    gpu="none",
    cold=True,
    timeout=7.0,
    silence=0.0,
    expected=("x y",),
    replies=(("$ ", "a"), ("-> ", "-b"), ("-> ", r"\x03\c")),
    name="n",
    extra=("-cpu", "max"),
)


@pytest.mark.parametrize("described", [machine.Machine(), EVERYTHING, machine.Machine(kernel=None, counted="f", exit_port=False)],
                         ids=["default", "everything", "counted"])
def test_the_command_that_repeats_a_boot(described, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"1")
    words = shlex.split(command_line.command_of(described, files=tmp_path))
    assert words[:2] == ["python3", "tests/harness/boot.py"]
    again = command_line.machine_of(command_line.parse(words[2:]))
    absolute = {"kernel": again.kernel and machine.ROOT / again.kernel}
    assert dataclasses.replace(again, **absolute) == described


def test_expected_and_came_stand_side_by_side():
    text = "".join(f"kernel: step {number}\n" for number in range(20)) + "kernel: acpi: 1 processor\nkernel: end\n"
    rows = failure_report.beside("kernel: acpi: 4 processors", text)
    row = next(row for row in rows if "≠" in row)
    assert "kernel: acpi: 4 processors" in row and "kernel: acpi: 1 processor" in row
    assert any("kernel: step 19" in row for row in rows) and not any("kernel: step 9" in row for row in rows)


@pytest.mark.parametrize("source", [pytest.param("qemu", id="another-kernel")])
def test_a_kernel_of_another_origin(source, request):
    """Multiboot, 32 bits, and nothing of ours in it: what tests/README.md tells to do."""
    result = boot("harness-example", kernel=machine.BUILD / "example.elf", source=source, expected=("another origin",))
    assert result.verdict is Verdict.PASSED, result.summary()
    assert [case.name for case in ktap.parse(result.text).cases] == ["memory"]


PRIMARY_ATA = (
    b"\xba\xf6\x01\xb0\xa0\xee"  # out 0x1f6, 0xa0: the first drive
    b"\x42\xec\xa8\x40\x74\xfe"  # hangs unless in 0x1f7 has 0x40: it is there and ready
)


def boot_sector(port, code=b""):
    """Says on a port that it is here, and leaves as a kernel that is content."""
    code += (
        b"\x31\xc0\x8e\xd8\xbe\x40\x7c\xfc"  # ds = 0; si = 0x7c40; cld
        b"\xac\x84\xc0\x74\x06\xba" + port.to_bytes(2, "little") + b"\xee\xeb\xf5"  # until a zero byte: lodsb; out port, al
        b"\xb0\x10\xba\xf4\x00\xee\xf4\xeb\xfd"  # out 0xf4, 0x10; hlt
    )
    return (code.ljust(0x40, b"\0") + b"hello from sector 0\r\n").ljust(510, b"\0") + b"\x55\xaa"


@pytest.mark.parametrize(
    "sector, more",
    [
        pytest.param(boot_sector(0x3F8), [], id="disk-for-a-bios"),
        pytest.param(boot_sector(0x3F8, PRIMARY_ATA), ["--machine", "pc"], id="primary-ata"),
        pytest.param(boot_sector(0x2F8), ["--", "-serial", "null", "-serial", "chardev:console"], id="second-uart"),
    ],
)
def test_a_disk_for_a_bios(sector, more, tmp_path):
    disk = tmp_path / "disk.img"
    disk.write_bytes(sector.ljust(1 << 20, b"\0"))
    words = ["--image", str(disk), "--firmware", "bios", "--pass", "^hello from sector 0$", "--name", "harness-bios", *more]
    done = subprocess.run([sys.executable, "-B", str(BOOT), *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_bios_has_to_have_a_disk():
    with pytest.raises(machine.Unusable, match="name the disk to boot with --image"):
        boot("harness-bios-alone", firmware="bios")


def test_a_saved_log_is_judged_again(tmp_path):
    log = tmp_path / "saved.log"
    for text, verdict in [(COMPLETE, Verdict.PASSED), (SAY, Verdict.TRUNCATED), (b"", Verdict.NO_OUTPUT)]:
        log.write_bytes(text)
        done = subprocess.run([sys.executable, str(BOOT), "--log", str(log)], capture_output=True, text=True)
        assert done.returncode == verdict.status, done.stdout
        assert done.stdout.startswith(f"verdict: {verdict.title}: ")


def plain_log():
    line = b"[   12.345678] kernel: a line that says no more than others do, of which there are many\r\n"
    return [line * 3000] * 100 + [COMPLETE], "(line 300003)"


def report():
    lines = (b"ok %d - one of many, each of them kept with its name and number\n" % number for number in range(1, 400001))
    return [b"TAP version 13\n", *lines, b"1..400000\n", COMPLETE], "; tests: 400000 passed (line 400005)"


@pytest.mark.parametrize("content, most", [(plain_log, 24 << 20), (report, 64 << 20)], ids=["plain", "report"])
def test_a_log_may_be_larger_than_the_memory(content, most, tmp_path):
    log, (pieces, words) = tmp_path / "large.log", content()
    log.write_bytes(b"".join(pieces))
    assert log.stat().st_size > 24 << 20
    done = subprocess.run(
        [sys.executable, "-B", str(BOOT), "--log", str(log), "--quiet"], capture_output=True, text=True, timeout=300,
        # Python itself takes 8 MiB of it.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (most, most)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert words in done.stdout


def test_a_longer_time_out_allows_a_longer_silence():
    settings = ({}, {"timeout": 900}, {"timeout": 900, "silence": 0})
    assert [machine.Machine(**one).longest_silence for one in settings] == [20, 300, 0]


def test_what_is_kept_of_a_machine_that_says_much(monkeypatch):
    monkeypatch.setattr(listener, "TEXT_MAX", 10)
    monkeypatch.setattr(listener, "LAST_LINES", 2)
    said = listener.Said()
    for number in range(100):
        said.add(f"{number:02}")
    assert said.text == "00\n01\n02\n98\n99\n"


def test_a_second_report_goes_on_after_the_first():
    """Which alone would be the end of it."""
    heard = listener.Listener(machine.Machine(), judge.Rules(), io.BytesIO(), lambda line, seconds: None)
    heard.take(b"TAP version 13\n1..1\nok 1 a\nbetween them\n\n")
    assert heard.sign is judge.Sign.REPORTED
    heard.take(b"TAP version 13\n1..1\n")
    assert heard.sign is None
    heard.take(b"ok 1 b\n")
    assert heard.sign is judge.Sign.REPORTED


def test_a_full_disk_does_not_end_a_boot(image, tmp_path):
    """It is judged all the same, and the log is said to be incomplete."""
    text = SAY * 1000 + COMPLETE
    qemu = "qemu-system-x86_64"  # which may write files of its own, and is killed where it cannot
    (tmp_path / qemu).write_text(f'#!/bin/sh\nulimit -S -f unlimited\nexec {shutil.which(qemu)} "$@"\n')
    (tmp_path / qemu).chmod(0o755)
    words = ["--name", "harness-full", "--quiet", "--source", "fw_cfg"]
    done = subprocess.run(
        command(image(text, leave("complete")), *words), capture_output=True, text=True, timeout=60,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "its log is incomplete: File too large" in done.stdout
    assert (machine.BUILD / "logs" / "harness-full.log").read_bytes() == text[:8192]


def test_a_full_disk_for_what_a_boot_needs_is_told_in_a_line():
    done = subprocess.run(
        [sys.executable, "-B", str(BOOT), "--name", "harness-full-volume"], capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)),
    )
    assert done.returncode == 2 and re.match(r"boot\.py: .*: File too large\n$", done.stderr), done.stderr


def test_an_output_that_is_full(image):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command(image(COMPLETE, leave("complete")), "--name", "harness-dev-full"), stdout=full, stderr=subprocess.PIPE,
            text=True, timeout=60,
        )
    assert done.returncode == 2 and done.stderr == "boot.py: No space left on device\n"


def test_two_boots_of_one_name_at_a_time(image):
    """Each has a log of its own, and its own id in its own verdict."""
    file = image(COMPLETE, leave("complete"))
    boots = [
        subprocess.Popen(command(file, "--name", "harness-two", "--quiet"), stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in boots:
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 0 and "verdict: passed" in said, said


@pytest.mark.parametrize(
    "options, words",
    [
        (["--firmware-directory", "/nowhere"], "install the package ovmf"),
        (["--loader", "/nowhere.efi"], "build it with `make`"),
        (["--log", "/nowhere.log"], "cannot read the log"),
    ],
)
def test_what_is_missing_is_named(options, words, tmp_path):
    there = tmp_path / "there"
    there.write_bytes(b"MZ")
    defaults = ["--loader", str(there), "--kernel", str(there), "--name", "harness-missing"]
    done = subprocess.run([sys.executable, str(BOOT), *defaults, *options], capture_output=True, text=True)
    assert done.returncode == 2
    assert words in done.stderr and len(done.stderr.splitlines()) == 1


def children_of(pid):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "number, status",
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else None,
)
def test_no_qemu_is_left_behind(number, status, image):
    harness = subprocess.Popen(
        command(image(SAY, stub_firmware.HANG), "--name", f"harness-{number.name}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # A program that is started in the background, or by nohup, goes on ignoring what these ignore.
        preexec_fn=lambda: [signal.signal(one, signal.SIG_DFL) for one in (signal.SIGINT, signal.SIGHUP)],
    )
    assert harness.stdout.readline() == b"kernel: at work\n"
    machines = children_of(harness.pid)
    assert len(machines) == 1
    os.kill(harness.pid, number)
    harness.stdout.read()
    assert harness.wait(timeout=10) == status
    wait_for(lambda: not alive(machines[0]))
