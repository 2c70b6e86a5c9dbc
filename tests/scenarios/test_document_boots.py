# SPDX-License-Identifier: MIT
"""What README.md and boot/README.md show of a boot is what a boot says."""

import platform
import re

import pytest

import machine
from judge import Verdict
from scenario import background, boot_with_heap

# Numbers differ from machine to machine, and from one build to the next. The size that a boot needs is the one with
# Debian 12's compiler and firmware; it differs with theirs only.
_KNOWN = platform.freedesktop_os_release().get("VERSION_CODENAME") == "bookworm"
_NUMBER = re.compile(r"0x[0-9a-f]+|\b[0-9]+(\.[0-9]+)?" + (r"\b" if _KNOWN else r"K?\b"))
_RUN = re.compile(r"run [\w-]+\b")
# Of a machine, and of the harness beside the serial line.
_ELSEWHERE = re.compile(r"^(verdict: |\.\.\.$)|\[[#.]+\]")


def shape(line):
    return _NUMBER.sub("N", _RUN.sub("run ID", re.sub(r" +\[\w+ at .*", "", line.strip())))


def shown(document, word):
    """The lines of the block of this document in which the word stands."""
    blocks = re.findall(r"\n\n((?:    .*\n)+)", (machine.ROOT / document).read_text(encoding="utf-8"))
    (block,) = [block for block in blocks if word in block]
    return [line for line in block.splitlines() if not _ELSEWHERE.search(line.strip())]


@pytest.mark.parametrize("document", ["README.md", "boot/README.md"])
@background(boot_with_heap, "documents", 2048)
def test_a_boot(document, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    said = [shape(line) for line in outcome.text.splitlines()]
    assert [line for line in shown(document, "### complete") if shape(line) not in said] == []


@pytest.mark.parametrize("document", ["README.md", "boot/README.md"])
@background(boot_with_heap, "documents", 64)
def test_a_boot_with_too_little_memory(document, outcome):
    assert outcome.verdict is Verdict.OUT_OF_MEMORY, outcome.summary()
    said = [shape(line) for line in outcome.text.splitlines()]
    assert [line for line in shown(document, "### out of memory") if shape(line) not in said] == []
