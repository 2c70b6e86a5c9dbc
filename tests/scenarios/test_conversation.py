# SPDX-License-Identifier: MIT
"""What is typed on the serial line: after which prompt, as which bytes, and what of its echo is judged."""

import os
import pty
import subprocess
import sys
import termios
import time

import pytest

import conversation
import judge
import machine
import terminal
from judge import Verdict
from scenario import background, boot, boot_or_error

SHELL = {"kernel": machine.BUILD / "shell.elf", "source": "qemu", "timeout": 60}
BOOT = [sys.executable, "-B", str(machine.ROOT / "tests" / "harness" / "boot.py")]


@pytest.mark.parametrize(
    "text, keys",
    [
        ("ls", b"ls\r"),
        ("", b"\r"),
        (r"a\tb\\", b"a\tb\\\r"),
        (r"\x03\c", b"\x03"),
        (r"a\\c", b"a\\c\r"),
        (r"\e[A\xff\c", b"\x1b[A\xff"),
        ("ä", "ä\r".encode()),
    ],
)
def test_the_keys_of_a_text(text, keys):
    assert conversation.typed(text) == keys


@pytest.mark.parametrize("text", ["\\", r"\z", r"\x1", r"a\cb", "a" * 5000])
def test_a_text_that_cannot_be_typed(text):
    with pytest.raises(ValueError):
        conversation.typed(text)


def talked(replies, *chunks):
    """What is typed after each of the chunks, and what the judge reads."""
    talk, lines, sent, judged = conversation.Conversation(replies), terminal.Lines(), [], []
    for chunk in chunks:
        whole = lines.feed(chunk)
        judged += [talk.without_echo(line).text for line in whole]
        sent.append(talk.answer(whole, lines.open_line))
    return sent, judged


def test_one_text_after_the_other():
    replies = [("$ ", "a"), ("$ ", "b"), ("login: ", "c")]
    sent, _ = talked(replies, b"welcome\n", b"\x1b[1m$\x1b[0m ", b"a\r\n", b"1\n$ ", b"b\r\n2\nlog", b"in: ", b"c\r\n$ login: ")
    assert sent == [b"", b"a\r", b"", b"b\r", b"", b"c\r", b""]


def test_prompts_that_come_at_once_are_answered_one_by_one():
    assert talked([("a?", "1"), ("b?", "2")], b"a? b?", b" ")[0] == [b"1\r", b"2\r"]


def test_a_prompt_over_the_end_of_a_line():
    assert talked([("ready\n> ", "x")], b"ready\n", b"> ")[0] == [b"", b"x\r"]


def test_what_is_echoed_is_not_judged():
    _, judged = talked([("$ ", "say yes"), ("$ ", "x")], b"$ ", b"say yes\r\n", b"yes\r\n", b"$ ", b"say yes\n")
    assert judged == ["$ ", "yes", "$ say yes"]


@pytest.mark.parametrize(
    "came, left",
    [
        (b"[ 1.0] usb: a word of another\r\nsay ok 1 yes\r\nyes\r\n", ["$ [ 1.0] usb: a word of another", "", "yes"]),
        # A line editor goes on in the next line when one is full.
        (b"say ok 1 \r\r\nyes\r\nyes\r\n", ["$ ", "", "yes"]),
        (b"say ok 1 \ryes\r\nyes\r\n", ["$ ", "", "yes"]),
        (b"no echo at all\r\nsay ok 1 yes, it says\r\n", ["$ no echo at all", "say ok 1 yes, it says"]),
    ],
)
def test_an_echo_that_is_not_one_line(came, left):
    assert talked([("$ ", "say ok 1 yes")], b"$ ", came)[1] == left


@background(boot, "shell-passes", **SHELL, replies=(("$ ", "say hello"), ("$ ", "test"), ("$ ", "off")), passing=("^hello$",))
def test_a_shell_is_talked_to(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "$ say hello\nhello\n$ test\n" in outcome.text and [case.name for case in outcome.report.cases] == ["shell"]
    assert outcome.judgement.number == 3


@background(boot, "shell-echo", **SHELL, replies=(("$ ", "echo all passed"), ("$ ", "off")), passing=("all passed",))
def test_an_echo_never_passes(outcome):
    """This shell has no such command, and says nothing to it."""
    assert outcome.verdict is Verdict.TRUNCATED, outcome.summary()
    assert "$ echo all passed\n" in outcome.text


@background(boot, "shell-report", **SHELL, replies=(("$ ", "test"), ("$ ", "say behind the report"), ("$ ", "off")))
def test_a_report_does_not_end_what_is_still_to_be_typed(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "\nbehind the report\n" in outcome.text


@background(boot, "shell-silent", **SHELL, replies=(("$ ", "say hello"), ("login: ", "root")), passing=("^hello$",), silence=5.0)
def test_a_prompt_that_never_comes(outcome):
    assert outcome.verdict is Verdict.FAILED, outcome.summary()
    assert "the prompt 'login: ' never came" in outcome.judgement.reason


@pytest.mark.parametrize(
    "settings, words", [({"serial": False}, "leave out --no-serial"), ({"counted": "f"}, "leave out --send")], ids=str
)
def test_what_cannot_be_typed_to(settings, words):
    outcome = boot_or_error("shell-cannot", **SHELL, replies=(("$ ", "off"),), **settings)
    assert isinstance(outcome, machine.Unusable) and words in str(outcome)


def test_the_words_of_the_command(tmp_path):
    words = ["--source", "qemu", "--kernel", str(SHELL["kernel"]), "--name", "shell-command", "--pass", "^1$", "--prompt", "$ "]
    done = subprocess.run([*BOOT, *words, "--send", "say 1", "--send", "off"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    log = tmp_path / "saved.log"
    log.write_bytes(b"$ ")
    done = subprocess.run([*BOOT, "--log", str(log), "--prompt", "$", "--send", "x"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "a saved log takes no words" in done.stderr


def test_a_real_machine_is_typed_to():
    ours, theirs = pty.openpty()
    try:
        words = ["--pass", "^hello$", "--prompt", "$ ", "--send", "say hello", "--name", "shell-device", "--timeout", "20"]
        harness = subprocess.Popen([*BOOT, "--log", os.ttyname(theirs), *words], stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while termios.tcgetattr(theirs)[3] & termios.ICANON and time.monotonic() < deadline:
            time.sleep(0.02)
        os.write(ours, b"$ ")
        assert os.read(ours, 100) == b"say hello\r"
        os.write(ours, b"say hello\r\nhello\r\n")
        said = harness.communicate(timeout=30)[0]
    finally:
        os.close(ours)
        os.close(theirs)
    assert harness.returncode == judge.Verdict.PASSED.status, said
