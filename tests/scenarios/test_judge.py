# SPDX-License-Identifier: MIT
"""The judge alone: each verdict provoked with a text, a status and an ending."""

import re

import pytest

import judge
import machine
from judge import Ended, Ending, Rules, Verdict

WORK = "loader: kernel.elf read\nkernel: at work\n"
COMPLETE = WORK + "### complete (run R)\n"
FOREIGN = "Booting Other OS 1.0\ninit: starting sh\n$ "
UNKNOWN = {"ending": Ending.UNKNOWN, "status": None}
RULES = {"run_id", "expected", "passing", "failing", "only", "strict", "statuses"}


def verdict_of(text, **more):
    settings = {"ending": Ending.ITSELF, "status": 33, "run_id": "R", "exit_port": True, **more}
    rules = {name: value for name, value in settings.items() if name in RULES}
    ended = {name: value for name, value in settings.items() if name not in RULES}
    return judge.judge(judge.hear(text, Rules(**rules)), Ended(**ended))


def ktap(*results, plan=None):
    return "KTAP version 1\n" + f"1..{len(results) if plan is None else plan}\n" + "".join(
        f"{result}\n" for result in results
    )


@pytest.mark.parametrize(
    "text, more, verdict",
    [
        (COMPLETE, {}, Verdict.PASSED),
        (COMPLETE, {"exit_port": False, "status": 0}, Verdict.PASSED),
        (COMPLETE, {"run_id": None, "ending": Ending.UNKNOWN, "status": None}, Verdict.PASSED),
        (COMPLETE, {"expected": ("at work",)}, Verdict.PASSED),
        (ktap("ok 1 a", "ok 2 b") + COMPLETE, {"strict": True}, Verdict.PASSED),
        # Success is never 0 where the kernel was told a status, and only 0 where it powers off.
        (COMPLETE, {"status": 0}, Verdict.FAILED),
        (COMPLETE, {"exit_port": False, "status": 33}, Verdict.FAILED),
        (COMPLETE, {"expected": ("at play",)}, Verdict.FAILED),
        (COMPLETE, {"only": "fba"}, Verdict.FAILED),
        (ktap("ok 1 a") + COMPLETE, {"only": "fba"}, Verdict.PASSED),
        (WORK + "### tests failed (run R)\n", {"status": 39}, Verdict.FAILED),
        (ktap("ok 1 a", "not ok 2 b") + COMPLETE, {}, Verdict.FAILED),
        (ktap("ok 1 a", plan=2) + COMPLETE, {}, Verdict.TRUNCATED),
        (ktap() + COMPLETE, {}, Verdict.FAILED),
        (WORK + "### out of memory (run R)\n", {"status": 35}, Verdict.OUT_OF_MEMORY),
        (WORK + "### panic (run R)\n", {"status": 37}, Verdict.PANIC),
        (COMPLETE + "### panic (run R)\n", {}, Verdict.PANIC),
        (WORK + "loader: stopped: no (Not Found)\n", {"ending": Ending.HARNESS}, Verdict.LOADER_STOPPED),
        (WORK + "UEFI Interactive Shell v2.2\n", {"ending": Ending.HARNESS}, Verdict.LOADER_STOPPED),
        (WORK + "EFI Firmware Setup\n", {"ending": Ending.HARNESS}, Verdict.LOADER_STOPPED),
        (WORK, {"status": 0, "triple_fault": True}, Verdict.TRIPLE_FAULT),
        ("", {"status": 0, "triple_fault": True}, Verdict.TRIPLE_FAULT),
        (COMPLETE, {"status": 0, "triple_fault": True}, Verdict.TRIPLE_FAULT),
        (WORK + "!!!! X64 Exception Type - 0E !!!!\n", {"ending": Ending.HARNESS}, Verdict.FIRMWARE_EXCEPTION),
        (WORK, {"status": 0, "reset": True}, Verdict.RESET),
        ("", {"status": 0, "reset": True}, Verdict.RESET),
        (COMPLETE, {"status": 0, "reset": True}, Verdict.RESET),
        (WORK, {"status": 0, "reset": True, "triple_fault": True}, Verdict.TRIPLE_FAULT),
        (WORK, {"ending": Ending.SILENCE}, Verdict.HANG),
        (COMPLETE, {"ending": Ending.SILENCE}, Verdict.TIMEOUT),
        (WORK, {"ending": Ending.TIME}, Verdict.TIMEOUT),
        (COMPLETE, {"ending": Ending.HARNESS}, Verdict.TIMEOUT),
        (WORK, {"ending": Ending.SIZE}, Verdict.TOO_MUCH_OUTPUT),
        (WORK, {"status": 0}, Verdict.TRUNCATED),
        (WORK, {"status": 33}, Verdict.TRUNCATED),
        (WORK, UNKNOWN, Verdict.TRUNCATED),
        # A final line that was cut short, or is part of another line, is none.
        (WORK + "### complete (run R", {"status": 0}, Verdict.TRUNCATED),
        (WORK + "kernel: ### complete (run R)\n", {"status": 0}, Verdict.TRUNCATED),
        (WORK + "### complete (run Q)\n", {}, Verdict.WRONG_RUN),
        (WORK + "### complete (run -)\n", {}, Verdict.WRONG_RUN),
        # Nothing of a run may come after its end.
        (COMPLETE + "loader: start\nkernel: hello\n", {}, Verdict.TRUNCATED),
        (COMPLETE + "loader: stopped: no kernel\n", {}, Verdict.LOADER_STOPPED),
        (COMPLETE + "panic: oh no\n", {}, Verdict.PANIC),
        (COMPLETE + "trap: page fault (vector 14)\n", {}, Verdict.PANIC),
        (COMPLETE + WORK + "### complete (run Q)\n", {"run_id": None, **UNKNOWN}, Verdict.WRONG_RUN),
        (WORK + "KTAP version 1 \n1..1\nnot ok 1 a\n### complete (run R)\n", {}, Verdict.FAILED),
        # No output is what it says; what others than the firmware say is some.
        ("", {"ending": Ending.TIME}, Verdict.NO_OUTPUT),
        (" \n\n", {"ending": Ending.TIME}, Verdict.NO_OUTPUT),
        ('BdsDxe: starting Boot0001 "UEFI QEMU HARDDISK"\n', {"ending": Ending.TIME}, Verdict.NO_OUTPUT),
        ("", {"status": 0}, Verdict.NO_OUTPUT),
        ("", {"status": 33}, Verdict.NO_OUTPUT),
        ("No bootable option or device was found.\n", {"ending": Ending.HARNESS}, Verdict.NO_OUTPUT),
        ('BdsDxe: starting Boot0000 "UiApp" from Fv\nStandard PC\n', {"ending": Ending.HARNESS}, Verdict.NO_OUTPUT),
        ("Hello\n", {"ending": Ending.SILENCE}, Verdict.HANG),
        ("Hello\n", {"ending": Ending.TIME}, Verdict.TIMEOUT),
        ("Hello\n", {"status": 1}, Verdict.TRUNCATED),
        ("Hello\n", UNKNOWN, Verdict.TRUNCATED),
        ("", {"status": 1, "qemu_errors": "no such device"}, Verdict.COULD_NOT_START),
        ("", {"status": -11}, Verdict.COULD_NOT_START),
    ],
)
def test_verdict(text, more, verdict):
    judgement = verdict_of(text, **more)
    assert judgement.verdict is verdict, str(judgement)
    assert judgement.reason


REPORT = ktap("ok 1 a", "ok 2 b")
NO_FILE = "error: file `/boot/grub/fonts/unicode.pf2' not found.\n"
NO_ROOT = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"


@pytest.mark.parametrize(
    "text, more, verdict",
    [
        # A line that is named passes, however the machine then ends, but for a failure of it.
        *[(FOREIGN, {"passing": ("starting sh",), **end}, Verdict.PASSED)
          for end in (UNKNOWN, {"status": 0}, {"ending": Ending.HARNESS}, {"ending": Ending.TIME}, {"reset": True, "status": 0})],
        (FOREIGN, {"passing": ("login:", r"^init: \w+ sh$")}, Verdict.PASSED),
        (FOREIGN, {"passing": ("starting sh",), "status": 35}, Verdict.FAILED),
        (FOREIGN, {"passing": ("starting sh",), "status": 99, "statuses": (7, 99)}, Verdict.PASSED),
        (FOREIGN, {"passing": ("starting sh",), "status": 33, "statuses": (99,)}, Verdict.FAILED),
        (FOREIGN, {"status": 99, "statuses": (99,)}, Verdict.TRUNCATED),
        (FOREIGN, {"passing": ("starting sh",), "triple_fault": True}, Verdict.TRIPLE_FAULT),
        (FOREIGN, {"passing": ("starting sh",), "expected": ("login:",)}, Verdict.FAILED),
        (FOREIGN + "panic: freeing free block\n", {"passing": ("starting sh",)}, Verdict.PANIC),
        (REPORT + "not ok 3 c\n" + FOREIGN, {"passing": ("starting sh",), **UNKNOWN}, Verdict.FAILED),
        # When lines are named, nothing else will do.
        (FOREIGN, {"passing": ("login:",), **UNKNOWN}, Verdict.TRUNCATED),
        (FOREIGN, {"passing": ("login:",), "ending": Ending.SILENCE}, Verdict.HANG),
        (COMPLETE, {"passing": ("login:",)}, Verdict.TRUNCATED),
        (REPORT, {"passing": ("login:",), **UNKNOWN}, Verdict.TRUNCATED),
        # A line that may not come fails, whatever passed.
        (COMPLETE, {"failing": ("at wo",)}, Verdict.FAILED),
        (FOREIGN, {"passing": ("starting sh",), "failing": ("usertests: FAILED", "Booting")}, Verdict.FAILED),
        (COMPLETE, {"failing": ("at play",), "status": 0}, Verdict.PASSED),
        # A report passes by itself, if it is complete and nothing is strict.
        *[(REPORT, end, Verdict.PASSED)
          for end in (UNKNOWN, {"status": 0}, {"ending": Ending.HARNESS}, {"reset": True, "status": 0})],
        (REPORT, {"status": 0, "strict": True}, Verdict.TRUNCATED),
        (REPORT, {"status": 35}, Verdict.FAILED),
        (REPORT, {"status": 0, "triple_fault": True}, Verdict.TRIPLE_FAULT),
        (ktap("ok 1 a", plan=2), UNKNOWN, Verdict.TRUNCATED),
        (ktap("ok 1 a", plan=2), {"ending": Ending.SILENCE}, Verdict.HANG),
        (ktap("not ok 1 a"), UNKNOWN, Verdict.FAILED),
        (ktap("ok 1 a") + "Bail out! no disk\n", UNKNOWN, Verdict.FAILED),
        (ktap(), UNKNOWN, Verdict.TRUNCATED),
        (ktap("ok 1 a # SKIP no disk", "ok 2 b"), UNKNOWN, Verdict.PASSED),
        (ktap("ok 1 a # SKIP no disk", "ok 2 b") + COMPLETE, {"strict": True}, Verdict.FAILED),
        # Without a plan more may have been to come, unless it ended by itself.
        ("KTAP version 1\nok 1 a\n", UNKNOWN, Verdict.PASSED),
        ("KTAP version 1\nok 1 a\n", {"ending": Ending.SILENCE}, Verdict.HANG),
        ("KTAP version 1\nok 1 a\n", {"ending": Ending.TIME}, Verdict.TIMEOUT),
        ("KTAP version 1\n1..1\n  KTAP version 1\n  ok 1 value 0\nok 1 a\n", {"ending": Ending.TIME}, Verdict.PASSED),
        # Linux without a root file system ends so when its tests are done; in the middle of them it has crashed.
        (REPORT + f"[  0.06] {NO_ROOT}\n", UNKNOWN, Verdict.PASSED),
        (REPORT + "[  0.06] Kernel panic - not syncing: no init\n", UNKNOWN, Verdict.PANIC),
        (ktap("ok 1 a", plan=2) + f"{NO_ROOT}\n", UNKNOWN, Verdict.PANIC),
        (f"[  0.06] {NO_ROOT}\n", UNKNOWN, Verdict.PANIC),
        # A comment in a report begins with the name of its case, which may be any.
        ("KTAP version 1\n1..1\n# panic: initializing\n# Panic: initializing\nok 1 panic\n", UNKNOWN, Verdict.PASSED),
        ("KTAP version 1\n1..1\n# a: initializing[  0.06] Kernel panic - not syncing: no\nok 1 a\n", UNKNOWN, Verdict.PANIC),
        (REPORT + "# panic: no memory\n", UNKNOWN, Verdict.PANIC),
        # A test framework's summary fails as a test does, and passes only if it is named.
        (FOREIGN + "3 Tests 1 Failures 0 Ignored\n", UNKNOWN, Verdict.FAILED),
        (FOREIGN + "3 Tests 1 Failures 0 Ignored\n", {"passing": ("starting sh",)}, Verdict.FAILED),
        (FOREIGN + "3 Tests 1 Failures 0 Ignored\n", {"passing": ("3 Tests",)}, Verdict.FAILED),
        (REPORT + "PROJECT EXECUTION FAILED\n", UNKNOWN, Verdict.FAILED),
        (COMPLETE + "PROJECT EXECUTION FAILED\n", {}, Verdict.FAILED),
        (ktap("# [  FAILED  ] 1 test, listed below:", "ok 1 a", plan=1), UNKNOWN, Verdict.PASSED),
        (FOREIGN + "3 Tests 0 Failures 0 Ignored\n", {"status": 0}, Verdict.TRUNCATED),
        (FOREIGN + "3 Tests 0 Failures 0 Ignored\n", {"status": 0, "passing": (" 0 Failures",)}, Verdict.PASSED),
        # GRUB's errors may be harmless, and may be its end.
        (NO_FILE + REPORT, UNKNOWN, Verdict.PASSED),
        (NO_FILE + FOREIGN, {"passing": ("starting sh",), **UNKNOWN}, Verdict.PASSED),
        (NO_FILE + COMPLETE, {"status": 0}, Verdict.PASSED),
        (NO_FILE + "\nPress any key to continue...\n", {"ending": Ending.SILENCE}, Verdict.PANIC),
        (NO_FILE + FOREIGN * 20, {"ending": Ending.SILENCE}, Verdict.HANG),
        (NO_FILE + ktap("not ok 1 a"), UNKNOWN, Verdict.FAILED),
        (NO_FILE + "error: you need to load the kernel first.\n" + REPORT, UNKNOWN, Verdict.PANIC),
        # EDK II for aarch64, with an application for another processor.
        ("UEFI firmware (version 1)\nBdsDxe: failed to load Boot0001\nUEFI Interactive Shell v2\n",
         {"ending": Ending.HARNESS}, Verdict.NO_OUTPUT),
        # OpenSBI, with a kernel that says nothing.
        ("\nOpenSBI v1.1\n   ____\n  / __ \\    / ____|\n\nPlatform Name    : riscv-virtio,qemu\nRuntime SBI Version  : 1.0\n"
         "Domain0 Next Mode  : S-mode\nBoot HART ID      : 0\n", {"ending": Ending.TIME}, Verdict.NO_OUTPUT),
        # SeaBIOS, without a disk that it could boot.
        ("SeaBIOS (1.16)\nBooting from Hard Disk...\nBoot failed: not a bootable disk\n\nNo bootable device.\n",
         {"ending": Ending.HARNESS}, Verdict.NO_OUTPUT),
    ],
)
def test_kernels_of_another_origin(text, more, verdict):
    judgement = verdict_of(text, **{"run_id": None, "exit_port": False, **more})
    assert judgement.verdict is verdict, str(judgement)


@pytest.mark.parametrize(
    "text, more, said",
    [
        (COMPLETE, {}, "passed: ### complete (run R) (line 3)"),
        (FOREIGN, {"passing": ("sh$",), "status": 0}, "passed: init: starting sh (line 2)"),
        (FOREIGN, {"failing": ("sh$",)}, "failed: a line that --fail names: init: starting sh (line 2)"),
        (ktap("ok 1 a", "not ok 2 b"), {}, "failed: not ok: b (line 4)"),
        (ktap("ok 1 a", "ok 2 b # SKIP no"), {"status": 0},
         "passed: the report is complete; tests: 1 passed, 1 skipped (b) (line 4)"),
        (REPORT, {"status": 0, "strict": True},
         "truncated: no final line; with --strict a report does not pass by itself; QEMU exited with 0; "
         "the last line (4) was: ok 2 b"),
        (ktap(), UNKNOWN,
         "truncated: no final line; the report has no case; the saved log ends there; the last line (2) was: 1..0"),
        (FOREIGN, {"status": 0},
         "truncated: no final line, no KTAP report; QEMU exited with 0; the last line (3) was: $; "
         "name a line that passes with --pass"),
        ("All is well in the universe\n", UNKNOWN,
         "truncated: no final line, no KTAP report; the saved log ends there; the last line (1) was: "
         "All is well in the universe; --pass 'All is well in the universe' takes line 1, by sel4test"),
        ("1..1\nok 1 a\n", UNKNOWN,
         "truncated: no final line; no line `KTAP version 1` or `TAP version 13` begins it: print one before the plan; "
         "the saved log ends there; the last line (2) was: ok 1 a"),
        ("Test suite failed.\n", UNKNOWN, "failed: tests failed, says sel4test: Test suite failed. (line 1)"),
        (WORK + "cpu0: panic: acquire\n", {}, "panic: cpu0: panic: acquire (line 3)"),
        (WORK + "loader: stopped: no kernel\n", {}, "loader stopped: no kernel (line 3)"),
        (WORK, {"ending": Ending.SILENCE},
         "hang: no final line, and no word for too long; the last line (2) was: kernel: at work"),
    ],
)
def test_what_decided_is_quoted_with_its_line(text, more, said):
    assert str(verdict_of(text, **more)) == said


@pytest.mark.parametrize(
    "error, advice",
    [
        ("Error loading uncompressed kernel without PVH ELF Note", "Multiboot 2"),
        ("invalid kernel header", "--arch"),
        ("Cannot load x86-64 image, give a 32bit one", "objcopy -O elf32-i386"),
    ],
)
def test_a_kernel_that_qemu_does_not_load(error, advice):
    judgement = verdict_of("", status=1, qemu_errors=f"qemu-system-x86_64: {error}.\n")
    assert judgement.verdict is Verdict.COULD_NOT_START
    assert error in judgement.reason and advice in judgement.reason and "--image" in judgement.reason


def test_only_passed_leaves_with_0_and_statuses_differ():
    statuses = [verdict.status for verdict in Verdict]
    assert len(set(statuses)) == len(statuses)
    assert [verdict for verdict in Verdict if verdict.status == 0] == [Verdict.PASSED]
    assert not {1, 2, 130} & set(statuses)


def test_the_readme_has_the_verdicts():
    page = (machine.ROOT / "tests" / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| (\d+) \| (.*) \|$", page, re.MULTILINE)
    assert rows == [(verdict.title, str(verdict.status), verdict.meaning) for verdict in Verdict]


def test_the_kernels_ends_are_those_of_the_judge():
    """Their names and exit codes stand in the kernel's source too."""
    source = "\n".join(file.read_text("utf-8") for file in (machine.ROOT / "boot" / "kernel").glob("kernel.[ch]"))
    for name, end in judge.ENDS.items():
        assert f'"{name}"' in source, name
        assert re.search(rf"= {end.exit_code:#x}\b", source), name


def test_out_of_memory_names_the_value():
    text = "kernel: this boot needs EARLY_HEAP=72K\n### out of memory (run R)\n"
    assert judge.needed_heap(text) == 72
    assert verdict_of(text, status=35).reason == "this boot needs EARLY_HEAP=72K"


def test_the_time_of_the_kernel_is_read():
    assert judge.microseconds("kernel: time from loader entry to final account: 31250 us\n") == 31250
    assert judge.microseconds(WORK) is None


def test_a_log_without_end_is_judged_with_what_decides_alone():
    heard = judge.Heard(Rules(run_id="R"))
    for number in range(20_000):
        heard.hear(judge.Line(number, f"kernel: line {number}"))
        heard.hear(judge.Line(number, "### complete (run R)"))
    assert len(heard.finals) <= 101
