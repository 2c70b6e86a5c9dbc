# SPDX-License-Identifier: MIT
"""The table of the bench: what counts as a peer that is ahead, and what is said of it."""

import pathlib

import results
import results_plot
from results import Row

LIBRARY = "build/bench/peers/{}.so"


def row(peer: str, minima: list[float], instructions: float = 10, form: str = "called") -> Row:
    return Row("free", peer, form, {instructions}, minima, 0)


def test_a_peer_is_ahead_of_each_of_ours_that_takes_longer() -> None:
    rows = [row("ours, gcc", [1.0]), row("ours, clang", [2.0]), row("Zig", [1.5]), row("empty function", [0.1])]
    [(mine, theirs, why)] = results.ahead({("free", "called"): rows})
    assert (mine.peer, [other.peer for other in theirs], why) == ("ours, clang", ["Zig"], results.NOT_EXPLAINED)


def test_what_processes_do_not_tell_apart_is_no_difference() -> None:
    rows = [row("ours, gcc", [1.0, 1.2, 1.6]), row("Zig", [0.9, 1.1, 1.3])]
    assert results.ahead({("free", "called"): rows})[0][2] == results.NO_DIFFERENCE
    rows = [row("ours, gcc", [1.2, 1.3, 1.6]), row("Zig", [0.9, 1.1, 1.2])]
    assert results.ahead({("free", "called"): rows})[0][2] == results.NOT_EXPLAINED


def test_what_is_not_timed_is_judged_by_instructions() -> None:
    rows = [row("ours, gcc", [], 24), row("Zig", [], 9), row("bumpalo", [], 30)]
    [(_, theirs, _)] = results.ahead({("free", "called"): rows})
    assert [other.peer for other in theirs] == ["Zig"]
    assert "Zig 9 instructions. ours, gcc 24 instructions" in results.ahead_in_words({("free", "called"): rows})[0]


def test_processes_become_one_row(tmp_path: pathlib.Path, monkeypatch) -> None:
    monkeypatch.setattr(results.instruction_counts, "text_sizes", lambda _: {16: 99})
    ours, zig = LIBRARY.format("ours-gcc"), LIBRARY.format("zig")
    file = tmp_path / "results.tsv"
    file.write_text(
        "#\tfree\tfree of a block\n"
        f"free\tours, gcc\tcalled\t12\t1.5\t2\t3\t{ours}\t16\n"
        f"free\tZig\tcalled\t9\t1.25\t2\t3\t{zig}\t0\n"
        f"free\tours, gcc\tcalled\t\t1.75\t2\t3\t{ours}\t16\n"
        f"free\tZig\tcalled\t\t1\t2\t3\t{zig}\t0\n"
    )
    operations, groups = results.read(str(file))
    assert operations == {"free": "free of a block"}
    expected = [Row("free", "ours, gcc", "called", {12}, [1.5, 1.75], 99), Row("free", "Zig", "called", {9}, [1.25, 1], 0)]
    assert groups == {("free", "called"): expected}
    others = tmp_path / "others.tsv"
    others.write_text(f"#\tfree\tfree of a block\nfree\tours, gcc\tcalled\t11\t\t\t\t{LIBRARY.format('gcc-O3')}\t16\n")
    text = results.markdown(operations, groups, str(others), ("flags",))
    assert "| free | called | **ours, gcc** | 12 | 1.62 | 1.5–1.75 |  | 99 |" in text
    assert "1 of 1 counts differ: free, called 12 → 11" in text
    assert results.readme(groups).count("\n|") == 2 + len(results.SHOWN)


def test_the_plot_shows_each_peer() -> None:
    rows = [row("ours, gcc", [1.0]), row("Zig", [1.5]), row("bumpalo", [2.5])]
    text = results_plot.plot({("free", "called"): rows})
    assert all(f"<title>{peer}</title>" in text for peer in ("ours, gcc", "Zig", "bumpalo"))
