# SPDX-License-Identifier: MIT
"""Each file of kmem/ needs what kmem/README.md says and nothing else, on each processor; what a processor cannot
serve is an error that says so."""

import itertools
import re
import subprocess

import pytest

import needs
from c_sources import ROOT

# All five are what needs.py looks at.
LEVELS = ("-O0", "-O2", "-Os")
COMPILERS = [(compiler, processor) for compiler in needs.COMPILERS for processor in needs.COMPILERS[compiler]]


# What the README says of each processor: flags of any compiler, of gcc, and two sizes.
PROCESSORS = {
    name: (set(re.findall(r"`(-[^`]+)`", flags)), [int(one) for one in figures])
    for name, flags, *figures in re.findall(
        r"^\| ([^|`]+) \| ([^|]+) \| (\d+) \| (\d+) \|", needs.README.read_text(encoding="utf-8"), re.MULTILINE
    )
}


def needs_everywhere():
    ways = [(*compiler, level) for compiler, level in itertools.product(COMPILERS, LEVELS)]
    return {way: needs.needs(*way) for way in ways}


@pytest.mark.background.with_args(needs_everywhere)
def test_the_readme_says_what_each_file_needs(outcome):
    found = needs.table(needs.joined(outcome.values()))
    assert found in needs.README.read_text(encoding="utf-8"), found


@pytest.mark.background.with_args(needs_everywhere)
def test_from_outside_come_three_functions(outcome):
    others = {
        (*way, file, name)
        for way, found in outcome.items()
        for file, names in found.items()
        for name in names
        if not name.endswith(".c") and name not in ("memcpy", "memmove", "memset")
    }
    assert not others


@pytest.mark.parametrize("processor", sorted(set(needs.GCC) - {"rv64imc", "rv32imc"}))
def test_the_readme_says_how_large_it_is_and_how_it_is_compiled(processor):
    """Within a tenth: each release of the compiler has other sizes."""
    name, found = needs.sizes(processor)
    flags, stated = PROCESSORS[name]
    assert all(abs(one - other) <= other / 10 for one, other in zip(found, stated)), f"{name}: {found}"
    used = set(needs.GCC[processor][1:]) | {"-m32"}
    assert {flag for words in flags for flag in words.split()} <= used | {"-mcpu=cortex-m3", "-mcpu=cortex-m0"}


@pytest.mark.parametrize("processor", sorted(needs.WITHOUT_ATOMICS))
@pytest.mark.parametrize("compiler", needs.COMPILERS)
def test_without_atomics_the_shared_mode_says_so(compiler, processor):
    command = [*needs.COMPILERS[compiler][processor], *needs.FLAGS, "-fsyntax-only", ROOT / "kmem/fba_shared.c"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "fba_shared needs atomic instructions" in done.stderr
