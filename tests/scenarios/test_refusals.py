# SPDX-License-Identifier: MIT
"""The early boot with its first allocation refused, then with its second, and so on to its last.

The word fail=N does it, on a machine with two processors, so that each customer of the early heap is
refused once for each thing that it asks for."""

import re

from judge import Verdict
from test_boot import boot

MOST = 60  # far more than the kernel asks for


def test_each_refused_allocation_ends_in_a_report():
    needed = set()
    for number in range(1, MOST):
        outcome = boot("refusal", processors=2, words=(f"fail={number}",))
        if outcome.verdict is Verdict.PASSED:
            break
        assert outcome.verdict is Verdict.OUT_OF_MEMORY, f"fail={number}: {outcome.summary()}"
        assert f"was refused its allocation on purpose (fail={number})" in outcome.text
        needed.add(re.search(r"kernel: this boot needs EARLY_HEAP=(\d+)K", outcome.text).group(1))
    else:
        raise AssertionError(f"the boot still asks for more after {MOST} refusals")
    assert number > 10, "a boot that asks for so little has lost its customers"
    assert len(needed) == 1, f"the same boot was measured as {sorted(needed)} KiB"
