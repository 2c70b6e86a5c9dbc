# SPDX-License-Identifier: MIT
"""The seeded faults: what a tired developer might write instead. The proof must notice every one of
them, the exhaustive run those of FAULTS. Each promise of the contracts has a fault of its own.
(name, file, the text as it ships, the text with the fault, the function whose goals must suffer)"""
import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def seed(build: pathlib.Path, name: str, file: str, good: str, bad: str) -> pathlib.Path:
    """Seeds a fault in a copy of kmem/ in a folder of its own under `build`; returns the folder."""
    root = build / "fault" / re.sub(r"\W+", "-", name)
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(ROOT / "kmem", root / "kmem")
    path = root / "kmem" / file
    text = path.read_text()
    if text.count(good) != 1:
        sys.exit(f'the fault "{name}" no longer fits kmem/{file}')
    path.write_text(text.replace(good, bad))
    return root


FAULTS = [
    # Failure if and only if nothing fits; inside the free space.
    ("a sum that wraps", "fba.h",
     "return size > UINTPTR_MAX - before || before + size >= upper;",
     "return before + size >= upper;", "fba_reaches_"),
    ("one byte too many", "fba.h",
     "return size > UINTPTR_MAX - before || before + size >= upper;",
     "return size > UINTPTR_MAX - before || before + size > upper;", "fba_reaches_"),
    ("alignment unchecked", "fba.h",
     "(fba_has_several_bits_(align) || fba_reaches_(", "(fba_reaches_(", "fba_take_"),
    # Aligned.
    ("the offset aligned, not the address", "fba.h",
     "uintptr_t before = fba_byte_before_(fba->lower.edge, align);",
     "uintptr_t before = fba->base + fba_byte_before_(fba->lower.edge - fba->base, align);", "fba_take_"),
    # Disjoint.
    ("scratch meets the permanent end", "fba.c",
     "start <= fba->lower.edge)", "start < fba->lower.edge)", "take_scratch"),
    ("scratch size unchecked", "fba.c",
     "    if (FBA_UNLIKELY(highest > fba->upper.edge))\n        return 0;\n\n", "\n", "take_scratch"),
    # The invariant, kept by free, resize, mark, rewind and reset.
    ("a free below the bound", "fba.c",
     "last < before || before < fba->lower.bound))\n        return find", "last < before))\n        return find",
     "fba_free"),
    ("a watermark forgotten", "fba.c",
     "    if (last > fba->lower.watermark)\n        fba->lower.watermark = last;\n", "", "free_at_peak"),
    ("a peak forgotten", "fba.c",
     "    fba_note_peak_(fba);\n    if (last > fba->lower.watermark)", "    if (last > fba->lower.watermark)",
     "free_at_peak"),
    ("growth into scratch", "fba.c",
     "new_size >= fba->upper.edge - before", "new_size > fba->upper.edge - before", "fba_resize"),
    ("any mark will do", "fba.h", " && mark->depth == end->depth", "", "fba_is_innermost_"),
    ("a reset that keeps its marks", "fba.c",
     "fba->reset_depth = fba->upper.depth = fba->lower.depth;", "fba->upper.depth = fba->lower.depth;",
     "fba_reset"),
    ("a buffer that wraps", "fba.c",
     "size > highest_end - base)", "base + size > highest_end)", "fba_init_zeroed"),
    # The tail, the handing over.
    ("a tail in two hands", "fba_handoff.c", "    fba->end -= size;\n", "", "shorten"),
    ("a tail over blocks", "fba_handoff.c",
     "return size < fba->end - fba->lower.edge ?", "return size <= fba->end - fba->lower.edge ?", "may_split"),
    ("numbers believed", "fba_handoff.c",
     "numbers->used <= numbers->peak && ", "", "are_consistent"),
]

PROOF_FAULTS = FAULTS + [
    # Padding is minimal, and what would fit does not fail.
    ("padding wasted", "fba.h",
     "uintptr_t before = fba_byte_before_(fba->lower.edge, align);",
     "uintptr_t before = fba_byte_before_(fba->lower.edge + 1, align);", "fba_take_"),
    ("a byte kept back", "fba.h",
     "return size > UINTPTR_MAX - before || before + size >= upper;",
     "return size >= UINTPTR_MAX - before || before + size + 1 >= upper;", "fba_reaches_"),
    ("scratch rounded up", "fba.c",
     "return address & ~(align - 1);", "return (address + align - 1) & ~(align - 1);", "round_down"),
    # A failed call changes nothing.
    ("a failure that keeps its padding", "fba.c",
     "        return fail(fba, size, align, FBA_CALLER, FBA_REQUEST_ZEROED);",
     "        return fba->lower.edge |= align - 1, fail(fba, size, align, FBA_CALLER, FBA_REQUEST_ZEROED);",
     "fba_alloc_zeroed"),
    ("a mark that protects nothing", "fba.c", "    end->bound = end->edge;\n", "", "open_mark"),
    ("zeroed up to the watermark alone", "fba.c", "start = fba->upper.watermark;", "start = end;", "clear"),
    # The ranges of the seal partition the buffer, in whole granules, and nothing in use goes.
    ("a gap in the ranges", "fba_handoff.c",
     ".start = fba->base, .end = free.start};", ".start = fba->base, .end = fba->lower.edge + 1};", "find_ranges"),
    ("the last granule in use given away", "fba_handoff.c",
     "fba_byte_before_(fba->lower.edge, granule)", "granule_start(fba->lower.edge, granule)", "free_granules"),
    ("half a granule given away", "fba_handoff.c",
     "return address & ~(granule - 1);", "return address & ~(granule >> 1);", "granule_start"),
    ("sealed with its scratch", "fba_handoff.c", "    fba->upper.edge = fba->lower.edge;\n", "", "seal_around"),
    ("a bound left behind", "fba_handoff.c", "    end->bound += distance;\n", "", "move_end"),
    ("a watermark one short", "fba_handoff.c",
     "(high < fba->end ? high + 1 : fba->end)", "high", "fba_export"),
]
