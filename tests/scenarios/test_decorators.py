# SPDX-License-Identifier: MIT
"""Boots whose early heap has further decorators, as boot/README.md puts them in (tests/metal/decorators.c)."""

import re

import pytest

import machine
from judge import Verdict
from scenario import boot, each

SOURCE = machine.ROOT / "tests" / "metal" / "decorators.c"
MANUAL = machine.ROOT / "boot" / "README.md"


def decorated(name, *words):
    return boot(f"decorators-{name}", kernel=machine.BUILD / "kernel-tests.elf", processors=2,
                words=(f"only=decorators.{name}", *words))


@pytest.mark.parametrize("found", each(decorated, {
    "free_lists": ([7], ["free_lists"], {}),
    "free_lists-and-journal": ([7], ["free_lists", "ledger"], {}),
    "poison": ([6], ["poison"], {}),
}))
def test_decorators_stay_in_place_after_the_seal(found, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    said = [line for line in outcome.text.splitlines() if line.startswith("decorators: ")]
    assert [line.endswith(": yes") for line in said] == [True] * found


def test_what_the_manual_shows_is_what_was_booted():
    blocks = re.findall(r"```c\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    (code,) = [block for block in blocks if "redzone_init" in block]
    source = SOURCE.read_text(encoding="utf-8")
    assert [line for line in code.splitlines() if line.split("/*")[0].strip() not in source] == []
