# SPDX-License-Identifier: MIT
"""How the early heap's use grows with memory and with processors, from the smallest machine to the
largest that is emulated here. Memory beyond the host's is only promised, and never touched."""

import re

from judge import Verdict
from scenario import background, boot, boot_with_heap

PROCESSORS_HEAP_KIB = 4096  # 64 of them do not fit the default
STEP = re.compile(r"kernel: step (.+) took (\d+) bytes")
LOADER = re.compile(r"kernel: early heap adopted: (\d+) of \d+ bytes used by the loader")


def promised(size, *extra):
    """A machine with more memory than the host has."""
    backend = f"memory-backend-ram,id=promised,size={size},reserve=off"
    return {
        "memory": size,
        "extra": ("-object", backend, "-machine", "memory-backend=promised", *extra),
    }


def use(outcome):
    """Bytes of the early heap by what took them."""
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    took = {name: int(size) for name, size in STEP.findall(outcome.text)}
    took["loader"] = int(LOADER.search(outcome.text).group(1))
    return took


def small_and_large():
    return boot("scale-64M", memory="64M"), boot("scale-512G", **promised("512G", "-cpu", "max"))


@background(small_and_large)
def test_nothing_but_the_map_and_the_page_tables_grows_with_memory(outcome):
    small, large = map(use, outcome)
    print(f"64M: {small}\n512G: {large}")
    for step in ("screen", "interrupts", "acpi", "processors"):
        assert large[step] == small[step]
    # With pages of 1 GiB, half a terabyte takes the tables of a few borders more.
    assert large["loader"] - small["loader"] <= 16 * 4096
    assert large["memory map"] - small["memory map"] <= 8 * 24


WORDS = ("no-such-word", "gr\u00fcn")


# So much memory can only be booted cold, as load options can. One boot serves both.
def boot_with_options():
    return boot("scale-64G", **promised("64G"), source="options", words=WORDS)


@background(boot_with_options)
def test_words_as_load_options(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "loader: command line from the load options" in outcome.text
    assert f'"{WORDS[0]}" is not understood' in outcome.text


@background(boot_with_options)
def test_without_huge_pages_each_gibibyte_takes_one_table(outcome):
    took = use(outcome)
    print(f"64G: {took}")
    assert 64 * 4096 <= took["loader"] <= (64 + 24) * 4096


def many_and_few():
    return [boot_with_heap(f"scale-smp-{count}", PROCESSORS_HEAP_KIB, processors=count) for count in (64, 2)]


@background(many_and_few)
def test_64_processors_take_64_times_what_one_takes(outcome):
    """Each takes whole pages, at the same time as the others, so that the sum is exact."""
    assert "kernel: processors: 63 of 63 others started" in outcome[0].text, outcome[0].summary()
    many, few = map(use, outcome)
    print(f"2 processors: {few}\n64 processors: {many}")
    # Of its own each has an area, a first stack of two pages, four interrupt stacks of one, and a
    # guard page under each stack. The two lists of processors grow by less than a page in ten.
    own = 62 * 12 * 4096
    assert own <= many["processors"] - few["processors"] <= own + 7 * 4096
