# SPDX-License-Identifier: MIT
"""The early boot with its first allocation failed on purpose, then with its second, and so on to its last.

The word fail=N does it, on a machine with two processors, so that each customer of the early heap
fails once for each thing that it asks for."""

import re

from judge import Verdict
from scenario import background, boot

MOST = 60  # far more than the kernel asks for


def fail_one_after_the_other():
    boots = []
    while len(boots) < MOST and (not boots or boots[-1].verdict is Verdict.OUT_OF_MEMORY):
        boots.append(boot("fault-injection", processors=2, words=(f"fail={len(boots) + 1}",)))
    return boots


@background(fail_one_after_the_other)
def test_each_failed_allocation_ends_in_a_report(outcome):
    *failed, last = outcome
    assert last.verdict is Verdict.PASSED, f"fail={len(outcome)}: {last.summary()}"
    for number, booted in enumerate(failed, 1):
        assert f"an allocation was failed on purpose (fail={number})" in booted.text
    assert len(failed) > 10, "a boot that asks for so little has lost its customers"
    needed = {re.search(r"kernel: this boot needs EARLY_HEAP=(\d+)K", booted.text).group(1) for booted in failed}
    assert len(needed) == 1, f"the same boot was measured as {sorted(needed)} KiB"
