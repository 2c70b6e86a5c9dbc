# SPDX-License-Identifier: MIT
"""The bytes of a serial line as clean lines: no control function leaves a letter behind or hides a line."""

import pytest

import judge
import terminal

ESC = b"\x1b"


@pytest.mark.parametrize(
    "raw, text",
    [
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"a\r\r\nb", "a\nb"),
        (b"\x1b[2J\x1b[1;1Ha\x1b[0;37;40mb", "\nab"),
        (b"one\x1b[05;01Htwo", "one\ntwo"),
        (b"\x1b[=3hmode\x07", "mode"),
        (b"\xff\x00x", "\ufffdx"),
        (b"gr\xc3\xbcn", "gr\u00fcn"),
        # A carriage return begins the line again, as does what moves the cursor elsewhere.
        (b"50 %\r100 %\r\n", "50 %\n100 %\n"),
        *[(b"a" + control + b"b", "a\nb") for control in (b"\x1bc", b"\x1b8", b"\x1bE", b"\x1bD", b"\x85", b"\x0b", b"\x0c")],
        *[(b"a\x1b[" + rest + b"b", "a\nb") for rest in (b"A", b"3G", b"2d", b"u", b"2J", b"2K", b"1;24r", b"L")],
        *[(b"a\x1b[" + rest + b"b", "ab") for rest in (b"1 A", b">1u", b"?2J", b"K", b"0K", b"J")],
        (b"a\x1b[3Cb", "a   b"),
        # Within a line the cursor moves, and what is written replaces what it meets.
        (b"abc\x1b[2Dd\x1b[Ce", "adce"),
        (b"$ ab\b \bc", "$ ac"),
        (b"abc\x1b[9D\x1b[Kd", "abc\nd"),
        (b"abc\b\b\b", "abc\n"),
        (b"not ok 1 a" + 10 * b"\b" + b"ok 1 a    \n", "not ok 1 a\nok 1 a    \n"),
        # Character sets, as `tput sgr0` sends them, and other escape sequences of ISO 2022.
        *[(b"a" + ESC + rest + b"b", "ab") for rest in (b"(B", b")0", b"*A", b"$)C", b"%G", b"#8", b" F", b"7", b"=", b"~")],
        # Control sequences with any parameters and intermediates, in 7 and in 8 bits, and in UTF-8.
        *[(b"a" + csi + rest + b"b", "ab") for csi in (b"\x1b[", b"\x9b", b"\xc2\x9b")
          for rest in (b"m", b"1;31m", b"38:2::1:2:3m", b"?25l", b">4;1m", b"!p", b" q", b"?2026$p", b"K")],
        # Control strings, ended by ST in 7 or 8 bits, and as xterm does it.
        *[(b"a" + ESC + kind + b"1;words\x1b\\b", "ab") for kind in (b"P", b"X", b"]", b"^", b"_")],
        *[(b"a" + kind + b"words\x9cb", "ab") for kind in (b"\x90", b"\x98", b"\x9d", b"\x9e", b"\x9f")],
        (b"\x1b]0;title\x07a", "a"),
        (b"\x1b]8;;http://x\x1b\\a\x1b]8;;\x1b\\", "a"),
        (b"\x1bPq#0\n~~\x1b\\a", "a"),
        (b"\x1b]P0123456a\x1b]R", "a"),
        # What is damaged or never ends hides nothing.
        *[(b"\x1b" + kind + b"not ended\nnot ok 1 a\n" + end, "not ended\nnot ok 1 a\n")
          for kind in (b"]", b"X", b"^", b"_") for end in (b"", b"\x07", b"\x1b\\", b"\x9c", b"\x1b]0;title\x07")],
        (b"\x1bPnot ended\nnot ok 1 a\n\x1b[m", "not ended\nnot ok 1 a\n"),
        (b"\x1b[31\nnot ok 1 a\n", "\nnot ok 1 a\n"),
        (b"\x1b(\nnot ok 1 a\n", "\nnot ok 1 a\n"),
        (b"a\x1b", "a"),
        (b"a\x1b[", "a"),
        (b"a\x18b\x1ac\x7f", "abc"),
    ],
)
def test_clean(raw, text):
    assert terminal.clean(raw) == text


def test_lines_are_the_same_in_whatever_pieces_they_come():
    text = (b"\x1b[2J\x1b[01;01H\x1b[1mfirm\x1b[0mware\x1b[02;01Hon\r\n\r\nkernel: at work\r\ngr\xc3\xbcn\x1b(B\x9b1m\r\r\n"
            b"\x1b]0;t\x1b\\10 %\r20 %\r\nno end")
    clean = [(1, ""), (1, "firmware"), (1, "on"), (2, ""), (3, "kernel: at work"), (4, "gr\u00fcn"), (5, "10 %"),
             (5, "20 %"), (6, "no end")]
    assert [tuple(line) for line in terminal.Lines().feed(text + b"\n")] == clean
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            lines = terminal.Lines()
            pieces = (text[:first], text[first:second], text[second:])
            assert [line for piece in pieces for line in lines.feed(piece)] + lines.rest() == clean, pieces


def test_lines_and_control_strings_without_an_end_are_not_kept_for_ever():
    lines = terminal.Lines()
    assert [len(line.text) for line in lines.feed(b"a" * 200_000)] == [200_000]
    told = lines.feed(b"\x1b]" + b"b" * 30_000)
    for _ in range(10):
        told += lines.feed(b"b" * 30_000)
    assert sum(len(line.text) for line in told) > 200_000


HEAD = b"KTAP version 1\r\n1..1\r\n"
COMPLETE = b"### complete (run x)\r\n"


@pytest.mark.parametrize(
    "log, verdict",
    [
        (b"kernel: \x1b[1mhi\x1b(B\x1b[m\r\n\x1b[32m### complete (run x)\x1b(B\x1b[m\r\n", judge.Verdict.PASSED),
        (b"kernel: hi\r\n\x1bc" + COMPLETE, judge.Verdict.PASSED),
        (b"\x1b7kernel: hi\x1b8\r\n" + COMPLETE, judge.Verdict.PASSED),
        (HEAD + b"ok 1 a\r\n\x1bcnot ok 2 b\r\n" + COMPLETE, judge.Verdict.FAILED),
        (HEAD + b"\x1b(B\x1b[mnot ok 1 a\r\nok 1 a # again\r\n" + COMPLETE, judge.Verdict.FAILED),
        (HEAD + b"running b...\rnot ok 1 b\r\nok 1 b\r\n" + COMPLETE, judge.Verdict.FAILED),
        (HEAD + b"ok 1 a\r\n\x1bPq\x1b\\not ok 2 b\r\n" + COMPLETE, judge.Verdict.FAILED),
        (HEAD + b"ok 1 a\r\n\x9b1mnot ok 2 b\r\n" + COMPLETE, judge.Verdict.FAILED),
    ],
)
def test_a_failure_behind_an_escape_sequence_is_one_and_a_final_line_too(log, verdict):
    heard = judge.hear(terminal.clean(log), judge.Rules(run_id="x"))
    judgement = judge.judge(heard, judge.Ended())
    assert judgement.verdict is verdict, str(judgement)
