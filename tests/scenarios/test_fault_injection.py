# SPDX-License-Identifier: MIT
"""The early boot with its first allocation failed on purpose, then with its second, and so on to its last: the
kernel's by the word fail=N, the loader's by loader-fail=N.

On a machine with two processors, and with a module, so that each customer of the early heap fails once for each
thing that it asks for."""

import re

import pytest

from judge import Verdict
from scenario import boot, each

MOST = 60  # far more than either asks for


def fail_one_after_the_other(word):
    boots = []
    while len(boots) < MOST and (not boots or boots[-1].verdict is Verdict.OUT_OF_MEMORY):
        boots.append(boot(f"{word}-injection", processors=2, words=("module=empty", f"{word}={len(boots) + 1}"),
                          files=(("empty", b""),)))
    return boots


@pytest.mark.parametrize("word, least", each(fail_one_after_the_other, {
    "kernel": (("fail", 10), ("fail",), {}),
    "loader": (("loader-fail", 8), ("loader-fail",), {}),
}))
def test_each_failed_allocation_ends_in_a_report(word, least, outcome):
    *failed, last = outcome
    assert last.verdict is Verdict.PASSED, f"{word}={len(outcome)}: {last.summary()}"
    for number, booted in enumerate(failed, 1):
        assert f"an allocation was failed on purpose ({word}={number})" in booted.text
    assert len(failed) > least, "a boot that asks for so little has lost its customers"
    needed = {re.search(r"kernel: this boot needs EARLY_HEAP=(\d+)K", booted.text).group(1) for booted in failed}
    assert len(needed) == 1, f"the same boot was measured as {sorted(needed)} KiB"
