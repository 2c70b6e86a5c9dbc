# SPDX-License-Identifier: MIT
"""What a person sees when the kernel does what it must not: the test kernel is told to do it.

`only=crash.NAME` is a crash of tests/metal/crash.c. The traps that can be recovered from are
tried in the suites protection and traps, on the metal; here it is the account that counts.
"""

import pytest

import machine
from judge import Verdict
from scenario import background, boot

KERNEL = machine.BUILD / "kernel-tests.elf"


def crash(name):
    return boot(
        f"crash-{name}",
        kernel=KERNEL,
        processors=2 if name.startswith("other_") else 1,
        words=(f"only=crash.{name}",),
        silence=4 if name == "hang" else 20,
    )


def crashes(table):
    return [
        pytest.param(
            *arguments if isinstance(arguments, tuple) else (arguments,),
            marks=background(crash, name),
            id=name,
        )
        for name, arguments in table.items()
    ]


@pytest.mark.parametrize(
    "sentences",
    crashes(
        {
            "null": [
                "trap: page fault (vector 14, error code 0x2)",
                "the kernel wrote to 0x0000000000000000, which is not mapped",
            ],
            "call_null": ["the kernel executed 0x0000000000000000, which is not mapped"],
            "write_text": ["error code 0x3)", "which is not writable"],
            "execute_data": ["error code 0x11)", "which is not executable"],
            "stack_overflow": ["which is not mapped", "that is in the guard page under the boot stack"],
            "region_overrun": ["which is not mapped", "that is in the guard page behind the early heap's region"],
            "region_underrun": ["which is not mapped", "that is in the guard page before the early heap's region"],
            "invalid_opcode": ["trap: invalid opcode (vector 6, error code 0x0)"],
            "double_fault": ["trap: double fault (vector 8, error code 0x0) on processor 0"],
            "other_null": ["error code 0x2) on processor 1", "the kernel wrote to 0x0000000000000000"],
            "other_stack_overflow": ["that is in the guard page under the first stack of processor 1"],
            "other_double_fault": ["trap: double fault (vector 8, error code 0x0) on processor 1"],
            "other_nmi": ["trap: non-maskable interrupt (vector 2, error code 0x0) on processor 1"],
        }
    ),
)
def test_a_trap_gives_an_account(sentences, outcome):
    assert outcome.verdict is Verdict.PANIC, outcome.summary()
    assert outcome.judgement.reason.startswith("trap: "), outcome.summary()
    for sentence in [*sentences, "trap: backtrace", "trap:   rip "]:
        assert sentence in outcome.text, outcome.text[-3000:]


@pytest.mark.parametrize(
    "verdict, words",
    crashes(
        {
            "triple_fault": (Verdict.TRIPLE_FAULT, ""),
            "panic": (Verdict.PANIC, "panic: on purpose"),
            "reset": (Verdict.RESET, "resets on purpose"),
            "leave": (Verdict.TRUNCATED, "powers off in the middle, on purpose"),
        }
    ),
)
def test_an_ending_is_told_apart(verdict, words, outcome):
    assert outcome.verdict is verdict, outcome.summary()
    assert words in outcome.judgement.reason


@pytest.mark.parametrize("words", crashes({"hang": ("kernel: hangs on purpose",)}))
def test_a_hang_is_told_apart(words, outcome):
    assert outcome.verdict is Verdict.HANG, outcome.summary()
    assert words in outcome.judgement.reason


@pytest.mark.parametrize("sentence", crashes({"nonsense": ("kernel: no crash is named nonsense; known are null",)}))
def test_an_unknown_crash_is_rejected(sentence, outcome):
    assert outcome.verdict is Verdict.FAILED, outcome.summary()
    assert sentence in outcome.text
