# SPDX-License-Identifier: MIT
"""The table of panics: each row is recognised by its example, and ordinary words are none."""

import time

import pytest

import panics
import terminal


@pytest.mark.parametrize("panic", panics.PANICS, ids=lambda panic: f"{panic.kernel}-{panic.words[:20]}")
def test_a_panic_is_recognised(panic):
    assert panics.find(panic.example) is panic


@pytest.mark.parametrize(
    "prefix",
    ["", "[    1.234567] ", "<0>[    1.2][    T1] ", "cpu0: ", "E: ", "[00:00:00.010,000] <err> os: ", "kernel: ", "\t", "$ "],
)
def test_a_panic_behind_a_prefix(prefix):
    assert panics.find(prefix + "panic: no memory")
    assert panics.find(prefix + "Kernel panic - not syncing: no init")
    assert panics.find(prefix + "thread 'main' (42) panicked at src/main.rs:3:5:")


@pytest.mark.parametrize(
    "line",
    [
        "Kernel command line: panic=1 oops=panic",
        "ok 3 a panic: is told of",
        "trap: gate 14 is set",
        "registering the panic handler",
        "kernel: a test of what panicked at last",
        "    # kasan_panic: initializing",
        "Kernel panic handler installed",
        "kernel.panic: 10",
        "printk: console: panic=30 oops=panic nmi_watchdog=panic",
        "error: no",
        "mm: unable to reserve memory",
        "BUG: sleeping function called from invalid context at kernel/x.c:1",
        "assertion failed",
        "# a: ASSERTION FAILED at lib/test.c:12",
        "PANIC_TIMEOUT=0",
        "# a: assert failed: 1 == 2",
        "[    1.0] pci 0000:00:1f.0: [8086:2918] type 00",
        "TAP version 13: panic tests",
        "rescue: entering rescue mode",
        "Synchronous exceptions are handled",
        "[WARN] PANIC_ON_OOPS is off",
        "thread 'heap::tests::shrinks' panicked at src/heap.rs:12:9:",
        "[    1.5] thread 'heap::shrinks' (42) panicked at src/heap.rs:12:9:",
    ],
)
def test_ordinary_words_are_no_panic(line):
    assert panics.find(line) is None


@pytest.mark.parametrize("unit", ["=(", "=", "=***** ", "thread 'a", "a::", "= a", "[#1 ", "=thread ", "error: file `"])
def test_a_long_line_takes_no_long_time(unit):
    """One as long as it can be, for which a pattern begins at each place."""
    start = time.process_time()
    panics.find((unit * terminal.LINE_MAX)[: terminal.LINE_MAX] + " fail panic")
    assert time.process_time() - start < 1
