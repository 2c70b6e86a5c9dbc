# SPDX-License-Identifier: MIT
"""The whole thing, booted: healthy machines of many kinds, and a matrix of faults."""

import dataclasses
import re
import subprocess

import pytest

import judge
import machine
import runner
import terminal
from judge import Verdict
from scenario import background, boot, boot_with_heap, making

PAGE_KIB = 4
KERNEL = machine.BUILD / "kernel.elf"


# --- Healthy boots --------------------------------------------------------------------------------


# Which machines are alike is chosen so that few have to be saved.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=background(boot, f"boot-{name}", **settings), id=name)
        for name, settings in {
            "pc": {"machine": "pc", "memory": "1G"},
            "power-off": {"exit_port": False},
            "power-off-pc": {"machine": "pc", "memory": "1G", "exit_port": False},
        }.items()
    ],
)
def test_healthy(name, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert judge.microseconds(outcome.text) is not None


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(count, marks=background(boot, f"boot-smp-{count}", processors=count), id=str(count))
        for count in (1, 4)
    ],
)
def test_processors_are_counted(count, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert re.search(f"kernel: acpi: {count} processors?$", outcome.text, re.MULTILINE)


@background(boot, "boot-no-serial", serial=False)
def test_no_serial_port(outcome):
    """The judge reads the debug console, the only one that is left."""
    assert outcome.verdict is Verdict.PASSED, outcome.summary()


@background(boot, "boot-debugcon", debugcon=True, gpu="none")
def test_without_a_display_the_debug_console_says_what_the_serial_line_says(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    kernel = [line for line in outcome.text.splitlines() if line.startswith(("kernel: ", "### "))]
    heard = terminal.clean(outcome.debugcon_log.read_bytes()).splitlines()
    assert [line for line in heard if line.startswith(("kernel: ", "### "))] == kernel


def said_at(level):
    return boot(f"loglevel-{level}", words=(f"loglevel={level}",))


@pytest.mark.parametrize(
    "level, steps, ranges",
    [pytest.param(level, *shown, marks=background(said_at, level)) for level, shown in
     {0: (False, False), 6: (False, False), 7: (True, False), 8: (True, True)}.items()],
)
def test_a_log_has_the_messages_below_its_level(level, steps, ranges, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert ("kernel: step acpi took " in outcome.text, "tour 1: " in outcome.text) == (steps, steps)
    assert (re.search(r"kernel:   0x[0-9a-f]+-0x[0-9a-f]+ usable", outcome.text) is not None) == ranges
    assert "kernel: address space: " in outcome.text


def make_run(*settings):
    with making():
        return subprocess.run(["make", "run", *settings], cwd=machine.ROOT, capture_output=True, text=True, timeout=180)


@background(make_run, "MEM=96M", "SMP=2")
def test_make_run(outcome):
    """The Makefile gives memory in bytes, which to QEMU would be MiB."""
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "kernel: acpi: 2 processors" in outcome.stdout
    usable = int(re.search(r"descriptors are \d+ ranges, (\d+) KiB usable", outcome.stdout)[1])
    assert 64 << 10 < usable < 96 << 10


# --- An early heap that is too small --------------------------------------------------------------


@dataclasses.dataclass
class Search:
    """A boot that ran out, and what came of the value that it named."""

    short: runner.Boot
    need: int = None  # KiB
    enough: runner.Boot = None
    one_page_less: runner.Boot = None


def search(name, kib, **settings):
    found = Search(boot_with_heap(name, kib, **settings))
    found.need = judge.needed_heap(found.short.text)
    if found.need:
        found.enough = boot_with_heap(name, found.need, **settings)
        found.one_page_less = boot_with_heap(name, found.need - PAGE_KIB, **settings)
    return found


def check_search(found):
    assert found.short.verdict is Verdict.OUT_OF_MEMORY, found.short.summary()
    assert found.need, "no line `this boot needs EARLY_HEAP=…K`"
    assert found.enough.verdict is Verdict.PASSED, found.enough.summary()
    assert found.one_page_less.verdict is Verdict.OUT_OF_MEMORY, found.one_page_less.summary()
    assert judge.needed_heap(found.one_page_less.text) == found.need


LOADER_RAN_OUT = "\nloader: out of memory: "
KERNEL_RAN_OUT = "\nkernel: out of memory: "


@background(search, "boot-heap-loader", 8)
def test_heap_too_small_for_the_loader(outcome):
    check_search(outcome)
    assert LOADER_RAN_OUT in outcome.short.text


@background(search, "boot-heap-loader-pc", PAGE_KIB, machine="pc", memory="1G")
def test_heap_of_one_page_on_another_machine(outcome):
    check_search(outcome)
    assert LOADER_RAN_OUT in outcome.short.text


@background(search, "boot-heap-kernel", 64)
def test_heap_too_small_for_the_kernel(outcome):
    """The loader leaves some 52 KiB; the kernel's interrupt stacks no longer fit."""
    check_search(outcome)
    assert LOADER_RAN_OUT not in outcome.short.text and KERNEL_RAN_OUT in outcome.short.text


# --- Damage ---------------------------------------------------------------------------------------


def boot_truncated(size):
    """Boots a kernel file cut off after `size` bytes, or after a share of it when below 1."""
    whole = KERNEL.read_bytes()
    length = size if size >= 1 else int(len(whole) * size)
    file = machine.BUILD / "truncated" / f"{size}.elf"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(whole[:length])
    return boot(f"boot-truncated-{size}", kernel=file)


@pytest.mark.parametrize(
    "size",
    [pytest.param(size, marks=background(boot_truncated, size), id=str(size)) for size in (0, 40, 0.5)],
)
def test_truncated_kernel(size, outcome):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert "file" in outcome.judgement.reason


@background(boot, "boot-missing-kernel", kernel=None)
def test_missing_kernel(outcome):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert "kernel.elf" in outcome.judgement.reason


@background(boot, "boot-unknown-word", words=("no-such-word",))
def test_an_unknown_word_is_named_and_ignored(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "no-such-word" in outcome.text
