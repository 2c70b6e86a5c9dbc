# SPDX-License-Identifier: MIT
"""What a boot costs at 256 MiB: instructions and guest time, which are exact under -icount and depend on
no host, calls of the firmware, bytes cleared. One boot under boot_cost.py's counter serves all of it; how
boots grow is `make bench-boot`.
"""

import concurrent.futures
import re
from collections.abc import Callable

import pytest

import boot_cost
import boot_growth
import damage
import pe_file

Outcome = tuple[list[boot_cost.Step], str]

MOST_MS = 100
# The counts are those of a compiler: these have room for another.
MOST_OF_LOADER = 300_000  # without the firmware's
MOST_OF_KERNEL = 3_000_000  # to the seal, a screen of 1280x800 cleared
MOST_OF_LINE = 20_000  # sent and drawn, and the screen scrolled
MOST_OF_BYTE = 4  # of the kernel's file, checked
PAGE = 4096
LARGE_PAGE = 2 << 20


counted = pytest.mark.background.with_args(boot_cost.count_boot)


@counted
def test_a_boot_adds_less_than_100_ms_to_the_firmware(outcome: Outcome) -> None:
    steps, _ = outcome
    own, firmware = boot_cost.milliseconds(steps, boot_cost.PARTS)
    print(f"{own:.1f} ms from the loader's entry to the account, {firmware:.1f} ms of it in the firmware")
    assert 0 < firmware < own < MOST_MS


@counted
def test_a_boot_takes_few_instructions(outcome: Outcome) -> None:
    steps, said = outcome
    loader, kernel = boot_cost.total(steps, "loader", "ours"), boot_cost.total(steps, "kernel", "instructions")
    print(f"loader {loader}, kernel {kernel}, a line of text {boot_cost.line_cost(steps, said):.0f}")
    assert 0 < loader <= MOST_OF_LOADER
    assert 0 < kernel <= MOST_OF_KERNEL
    assert 0 < boot_cost.line_cost(steps, said) <= MOST_OF_LINE


@pytest.mark.background.with_args(boot_cost.count_boot, words="loglevel=8")
def test_a_line_takes_few_instructions_where_the_screen_scrolls(outcome: Outcome) -> None:
    steps, said = outcome
    rows = int(re.search(r"screen: 160 columns, (\d+) rows", said)[1])
    lines = said.count("\n", said.index("kernel: screen:"))
    print(f"{lines} lines on {rows} rows, {boot_cost.line_cost(steps, said):.0f} instructions each")
    assert lines > rows
    assert boot_cost.line_cost(steps, said) <= MOST_OF_LINE


@counted
def test_the_machines_clock_says_the_same(outcome: Outcome) -> None:
    """Nothing is waited for: guest time is instructions, and the kernel reads it off its clock."""
    steps, said = outcome
    microseconds = int(re.search(r"time from loader entry to final account: (\d+) us", said)[1])
    own, _ = boot_cost.milliseconds(steps, boot_cost.PARTS)
    assert microseconds / 1000 / 2**boot_cost.SHIFT == pytest.approx(own, rel=0.01)


@counted
def test_the_kernel_is_read_in_as_few_calls_as_can_be(outcome: Outcome) -> None:
    steps, _ = outcome
    reading = next(step for step in steps if step.name == boot_cost.LOADER_STEPS["files_read_kernel"])
    assert reading.firmware_calls == {"Open": 1, "GetInfo": 1, "AllocatePages": 1, "Read": 1, "Close": 1}
    calls = boot_cost.firmware_calls(steps)
    print(dict(calls))
    assert calls["OpenVolume"] == calls["ExitBootServices"] == 1
    # To give pages back costs the firmware more than all else that it is asked.
    assert calls["FreePages"] == 0
    assert sum(calls.values()) <= 24


def segments() -> list[tuple[int, int]]:
    """Of the kernel's segments: bytes in the file, and in memory up to the end of the last page."""
    return [(part.file_size, -(-part.memory_size // PAGE) * PAGE)
            for part in damage.segments(boot_cost.KERNEL.read_bytes()) if part.kind == damage.PT_LOAD]


@counted
def test_checking_the_kernel_takes_at_most_four_instructions_a_byte(outcome: Outcome) -> None:
    """All of the check, of which the checksums are the most."""
    steps, _ = outcome
    check = next(step for step in steps if step.name == boot_cost.LOADER_STEPS["elf_check"])
    loaded = sum(in_file for in_file, _ in segments())
    print(f"{check.ours / loaded:.2f} instructions a byte")
    assert loaded / 8 < check.ours <= MOST_OF_BYTE * loaded


def large_pages_of_the_loader(said: str) -> range:
    """Those that its image has a part of, where the firmware has put it."""
    start = int(re.search(r"loader: image at 0x([0-9a-f]+)", said)[1], 16)
    last = max(part.address + part.memory_size for part in pe_file.read(boot_cost.LOADER.read_bytes()).sections) - 1
    return range(start // LARGE_PAGE, (start + last) // LARGE_PAGE + 1)


@counted
def test_nothing_is_cleared_twice(outcome: Outcome) -> None:
    steps, said = outcome
    cleared = {step.name: step.cleared for step in steps if step.part == "loader"}
    image = cleared.pop(boot_cost.LOADER_STEPS["image_load"])
    assert image == sum(in_memory - in_file for in_file, in_memory in segments())
    # A compiler may clear the first bytes of a table one by one.
    window = cleared.pop(boot_cost.LOADER_STEPS["kernel_mapping_build"])
    tables = next(step.heap_calls for step in steps if step.name == boot_cost.LOADER_STEPS["kernel_mapping_build"])
    assert tables * (PAGE - 64) <= window <= tables * PAGE
    jump = cleared.pop(boot_cost.LOADER_STEPS["jump_map"])
    # A top table and one of 1 GiB; the first lines of the screen take two more, and each 2 MiB of the loader's image one.
    tables = 4 + len(large_pages_of_the_loader(said))
    assert tables * (PAGE - 64) <= jump <= tables * PAGE
    assert sum(cleared.values()) < PAGE  # structures, of which each begins as zeros


@counted
def test_all_parts_of_a_boot_are_there(outcome: Outcome) -> None:
    steps, _ = outcome
    assert list(dict.fromkeys(step.part for step in steps)) == list(boot_cost.PARTS)
    names = [step.name for step in steps if step.part == "kernel"]
    assert names == list(boot_cost.KERNEL_STEPS.values())
    assert all(step.firmware == 0 for step in steps if step.part != "loader")
    text = boot_cost.report(steps, "256M", 1)
    assert "**from the kernel's first instruction to the seal**" in text
    kernel = boot_cost.total(steps, "kernel", "instructions")
    assert any(line.endswith(f": {kernel:,} instructions as published, {kernel:,} now")
               for line in boot_cost.beside(steps, text))


@pytest.mark.parametrize(
    "shape, cost, worse",
    [
        (boot_growth.linear, lambda n: 10**6 + 5000 * n, False),
        (boot_growth.linear, lambda n: 10**6, False),
        (boot_growth.linear, lambda n: 10**6 + 10**6 * n**0.5, False),
        (boot_growth.linear, lambda n: 10**6 + 5 * n * n, True),
        (boot_growth.linear, lambda n: 10**6 + 500 * n**1.5, True),
        (boot_growth.sorting, lambda n: 10**6 + 500 * boot_growth.sorting(n), False),
        (boot_growth.sorting, lambda n: 10**6 + 500 * n, False),
        (boot_growth.sorting, lambda n: 10**6 + 30 * n * n, True),
    ],
)
def test_what_counts_as_worse_than_linear(
    shape: Callable[[float], float], cost: Callable[[float], float], worse: bool
) -> None:
    ns = [10, 30, 100, 300, 1000]
    assert boot_growth.is_worse(boot_growth.fit(ns, [cost(n) for n in ns], shape)) is worse


def test_threads_may_make_the_counter_at_the_same_time():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = [pool.submit(boot_cost.plugin.__wrapped__) for _ in range(4)]
    assert {future.result().exists() for future in made} == {True}
