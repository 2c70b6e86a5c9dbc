# SPDX-License-Identifier: MIT
"""The judge alone: each verdict provoked with a text, a status and an ending."""

import pytest

import judge
from judge import Ending, Evidence, Verdict

WORK = "loader: kernel.elf read\nkernel: at work\n"
COMPLETE = WORK + "### complete (run R)\n"


def verdict_of(text, **more):
    settings = {"ending": Ending.ITSELF, "status": 33, "run_id": "R", "exit_port": True, **more}
    return judge.judge(Evidence(text=text, **settings))


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
        (ktap("ok 1 a", "ok 2 b") + COMPLETE, {}, Verdict.PASSED),
        # Success is never 0 where the kernel was told a status, and only 0 where it powers off.
        (COMPLETE, {"status": 0}, Verdict.FAILED),
        (COMPLETE, {"exit_port": False, "status": 33}, Verdict.FAILED),
        (COMPLETE, {"expected": ("at play",)}, Verdict.FAILED),
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
        (WORK, {"status": 0}, Verdict.TRUNCATED),
        (WORK, {"status": 33}, Verdict.TRUNCATED),
        (WORK, {"ending": Ending.UNKNOWN, "status": None}, Verdict.TRUNCATED),
        # A final line that was cut short, or is part of another line, is none.
        (WORK + "### complete (run R", {"status": 0}, Verdict.TRUNCATED),
        (WORK + "kernel: ### complete (run R)\n", {"status": 0}, Verdict.TRUNCATED),
        ("", {"ending": Ending.TIME}, Verdict.NO_OUTPUT),
        ("BdsDxe: starting Boot0001\n", {"ending": Ending.TIME}, Verdict.NO_OUTPUT),
        ("", {"status": 0}, Verdict.NO_OUTPUT),
        ("", {"status": 33}, Verdict.NO_OUTPUT),
        ("No bootable option or device was found.\n", {"ending": Ending.HARNESS}, Verdict.NO_OUTPUT),
        (WORK + "### complete (run Q)\n", {}, Verdict.WRONG_RUN),
        (WORK + "### complete (run -)\n", {}, Verdict.WRONG_RUN),
        # Nothing of a run may come after its end.
        (COMPLETE + "loader: start\nkernel: hello\n", {}, Verdict.TRUNCATED),
        (COMPLETE + "loader: stopped: no kernel\n", {}, Verdict.LOADER_STOPPED),
        (COMPLETE + "panic: oh no\n", {}, Verdict.PANIC),
        (COMPLETE + "trap: page fault (vector 14)\n", {}, Verdict.PANIC),
        (COMPLETE + WORK + "### complete (run Q)\n", {"run_id": None, "status": None, "ending": Ending.UNKNOWN}, Verdict.WRONG_RUN),
        (WORK + "KTAP version 1 \n1..1\nnot ok 1 a\n### complete (run R)\n", {}, Verdict.FAILED),
        # Where only a kernel speaks, no word of it is the firmware's.
        ("Hello\n", {"kernel_alone": True, "ending": Ending.SILENCE}, Verdict.HANG),
        ("Hello\n", {"kernel_alone": True, "status": 1}, Verdict.TRUNCATED),
        ("Hello\n", {"status": 1}, Verdict.NO_OUTPUT),
        ("", {"status": 1, "qemu_errors": "no such device"}, Verdict.COULD_NOT_START),
        ("", {"status": -11}, Verdict.COULD_NOT_START),
    ],
)
def test_verdict(text, more, verdict):
    judgement = verdict_of(text, **more)
    assert judgement.verdict is verdict, str(judgement)
    assert judgement.reason


def test_only_passed_leaves_with_0_and_statuses_differ():
    statuses = [verdict.status for verdict in Verdict]
    assert len(set(statuses)) == len(statuses)
    assert [verdict for verdict in Verdict if verdict.status == 0] == [Verdict.PASSED]
    assert not {1, 2, 130} & set(statuses)


def test_out_of_memory_names_the_value():
    text = "kernel: this boot needs EARLY_HEAP=72K\n### out of memory (run R)\n"
    assert judge.needed_heap(text) == 72
    assert verdict_of(text, status=35).reason == "this boot needs EARLY_HEAP=72K"


def test_the_time_of_the_kernel_is_read():
    assert judge.microseconds("kernel: time from loader entry to final account: 31250 us\n") == 31250
    assert judge.microseconds(WORK) is None


@pytest.mark.parametrize(
    "raw, text",
    [
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"\x1b[2J\x1b[1;1Ha\x1b[0;37;40mb", "\nab"),
        (b"one\x1b[05;01Htwo", "one\ntwo"),
        (b"\x1b[=3hmode\x07", "mode"),
        (b"\xff\x00x", "\ufffdx"),
        (b"\x1b]0;title\x07a", "a"),
        (b"\x1b]not ended\nnot ok 1 a\n\x07", "]not ended\nnot ok 1 a\n"),
    ],
)
def test_clean(raw, text):
    assert judge.clean(raw) == text
