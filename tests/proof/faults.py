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
    root = build / 'fault' / re.sub(r'\W+', '-', name)
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(ROOT / 'kmem', root / 'kmem')
    path = root / 'kmem' / file
    text = path.read_text()
    if text.count(good) != 1:
        sys.exit(f'the fault "{name}" no longer fits kmem/{file}')
    path.write_text(text.replace(good, bad))
    return root


FAULTS = [
    # Failure if and only if nothing fits; inside the free space.
    ('a sum that wraps', 'fba.c',
     'return size > UINTPTR_MAX - before || before + size >= top;',
     'return before + size >= top;', 'exceeds'),
    ('one byte too many', 'fba.c',
     'return size > UINTPTR_MAX - before || before + size >= top;',
     'return size > UINTPTR_MAX - before || before + size > top;', 'exceeds'),
    ('alignment unchecked', 'fba.c',
     '    if (UNLIKELY(fba_has_several_bits_(align)))\n        return false;\n'
     '    if (UNLIKELY(exceeds',
     '    if (UNLIKELY(exceeds', 'take'),
    # Aligned.
    ('the offset aligned, not the address', 'fba.c',
     'uintptr_t before = fba_byte_before_(fba->last, align);\n\n    if (UNLIKELY(fba_has',
     'uintptr_t before = fba->base + fba_byte_before_(fba->last - fba->base, align);\n\n'
     '    if (UNLIKELY(fba_has', 'take'),
    # Disjoint.
    ('scratch meets the permanent end', 'fba.c',
     'if (UNLIKELY(*start <= fba->last))', 'if (UNLIKELY(*start < fba->last))', 'take_scratch'),
    ('scratch size unchecked', 'fba.c',
     '    if (UNLIKELY(highest > fba->top))\n        return false;\n', '', 'take_scratch'),
    # The invariant, kept by free, resize, mark, rewind and reset.
    ('a free below the floor', 'fba.c',
     'before < fba->floor ||\n                 block_last >= fba->settled',
     'block_last >= fba->settled', 'fba_free'),
    ('a watermark forgotten', 'fba.c',
     '    fba->high = max_address(fba->high, fba->last);\n', '', 'give_back'),
    ('a peak forgotten', 'fba.c', '    fba->peak = fba_peak(fba);\n', '', 'give_back'),
    ('growth into scratch', 'fba.c',
     'new_size >= fba->top - before))\n        return resize_slowly',
     'new_size > fba->top - before))\n        return resize_slowly', 'fba_resize'),
    ('any mark will do', 'fba.c',
     '    if (mark->serial != *innermost)\n        return FBA_MARK_NOT_INNERMOST;\n', '',
     'close_mark'),
    ('a reset that keeps its marks', 'fba.c',
     '    fba->overtaken = fba->serial;\n', '', 'fba_reset'),
    ('a buffer that wraps', 'fba.c',
     ' && size <= highest_end - base;', ' && base + size <= highest_end;', 'is_good_buffer'),
    # The reserve, the seal, the handing over.
    ('the reserve given away', 'fba_handoff.c',
     'granule_start(fba->reserve, granule)', 'granule_start(fba->end, granule)', 'free_granules'),
    ('a reserve over blocks', 'fba_handoff.c',
     'if (size >= fba->top - fba->last)', 'if (size > fba->top - fba->last)', 'fba_set_reserve'),
    ('numbers believed', 'fba_handoff.c',
     'numbers->used > numbers->peak || ', '', 'fba_adopt'),
]

PROOF_FAULTS = FAULTS + [
    # Padding is minimal, and what would fit is not refused.
    ('padding wasted', 'fba.c',
     'uintptr_t before = fba_byte_before_(fba->last, align);\n\n    if (UNLIKELY(fba_has',
     'uintptr_t before = fba_byte_before_(fba->last + 1, align);\n\n    if (UNLIKELY(fba_has',
     'take'),
    ('a byte kept back', 'fba.c',
     'return size > UINTPTR_MAX - before || before + size >= top;',
     'return size >= UINTPTR_MAX - before || before + size + 1 >= top;', 'exceeds'),
    ('scratch rounded up', 'fba.c',
     'return address & ~(align - 1);', 'return (address + align - 1) & ~(align - 1);',
     'round_down'),
    # A failed call changes nothing.
    ('a refusal that keeps its padding', 'fba.c',
     '    if (UNLIKELY(exceeds(size, before, fba->top)))\n        return false;\n'
     '    fba->last = before + size;',
     '    if (UNLIKELY(exceeds(size, before, fba->top))) {\n        fba->last = before;\n'
     '        return false;\n    }\n    fba->last = before + size;', 'take'),
    ('a mark that protects nothing', 'fba.c',
     '    *bound = scratch ? fba->top : fba->last;\n', '', 'open_mark'),
    ('zeroed up to the watermark alone', 'fba.c',
     'start = max_address(start, fba->low);', 'start = end;', 'clear'),
    # The ranges of the seal partition the buffer, in whole granules, and nothing in use goes.
    ('a gap in the ranges', 'fba_handoff.c',
     '    ranges->permanent.end = ranges->free.start = free.start;\n',
     '    ranges->permanent.end = fba->last + 1;\n    ranges->free.start = free.start;\n',
     'divide'),
    ('the last granule in use given away', 'fba_handoff.c',
     'fba_byte_before_(fba->last, granule)', 'granule_start(fba->last, granule)', 'free_granules'),
    ('half a granule given away', 'fba_handoff.c',
     'return address & ~(granule - 1);', 'return address & ~(granule >> 1);', 'granule_start'),
    ('sealed with its scratch', 'fba_handoff.c', '    fba->top = fba->last;\n', '', 'fba_seal'),
    ('a reserve that begins anew', 'fba_handoff.c',
     '    reserve.last = fba->reserve_last;\n', '', 'fba_reserve_alloc'),
    ('a bound left behind', 'fba_handoff.c',
     '    fba->reserve_last = moved(fba->reserve_last, from, to);\n', '', 'fba_rebase'),
    ('a watermark one short', 'fba_handoff.c',
     '(high < fba->end ? high + 1 : fba->end)', 'high', 'fba_export'),
]
