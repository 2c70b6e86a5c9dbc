# SPDX-License-Identifier: MIT
"""No path of ours takes more instructions than when it was last recorded (`make bench-record`).

Counts are exact and depend on nothing but the compiler, so each version of a compiler has a record
of its own. One without a record is no failure: there is nothing to compare with, and that is said.
"""

import warnings

import pytest

import instruction_counts
from instruction_counts import Counts


def growth(recorded: Counts, measured: Counts) -> list[str]:
    """A sentence for each path that grew or that is not measured any more."""
    found = []
    for (form, workload), (instructions, text) in recorded.items():
        if (form, workload) not in measured:
            found.append(f"{form}, {workload}: recorded, and not measured any more")
            continue
        now, text_now = measured[form, workload]
        if now > instructions:
            found.append(f"{form}, {workload}: {now:g} instructions, recorded are {instructions:g}")
        if text_now > text > 0:
            found.append(f"{form}, {workload}: {text_now} bytes of text, recorded are {text}")
    return found


@pytest.mark.parametrize(
    "compiler",
    [
        pytest.param(name, marks=pytest.mark.background.with_args(instruction_counts.measure, name), id=name)
        for name in instruction_counts.COMPILERS
    ],
)
def test_no_path_takes_more_instructions_than_recorded(compiler: str, outcome: Counts) -> None:
    assert outcome
    record = instruction_counts.record_of(compiler)
    if not record.exists():
        warnings.warn(f"{compiler} {instruction_counts.version(compiler)} has no record: nothing compared; `make bench-record`")
        return
    if found := growth(instruction_counts.read(record), outcome):
        pytest.fail("\n".join(found), pytrace=False)


def test_the_comparison() -> None:
    recorded: Counts = {("called", "16 bytes"): (13.0, 64), ("called", "free"): (12.0, 0)}
    assert growth(recorded, recorded) == []
    assert growth(recorded, {("called", "16 bytes"): (12.0, 60), ("called", "free"): (12.0, 0)}) == []
    grown = growth(recorded, {("called", "16 bytes"): (13.5, 65), ("called", "free"): (12.0, 0)})
    assert grown == [
        "called, 16 bytes: 13.5 instructions, recorded are 13", "called, 16 bytes: 65 bytes of text, recorded are 64",
    ]
    assert growth(recorded, {("called", "16 bytes"): (13.0, 64)}) == ["called, free: recorded, and not measured any more"]
