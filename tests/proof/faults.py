# SPDX-License-Identifier: MIT
"""The seeded faults: what a tired developer might write instead. The proof and the exhaustive run
must each notice every one of theirs. (name, file, the text as it ships, the text with the fault,
the function whose goals must suffer)"""
import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def seed(build, name, file, good, bad):
    """Copies kmem/ to a folder of the fault's own under `build`, seeds it there, and returns the folder."""
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
    ('a sum that wraps', 'fba.c',
     'return size > UINTPTR_MAX - before || before + size >= top;',
     'return before + size >= top;', 'exceeds'),
    ('one byte too many', 'fba.c',
     'return size > UINTPTR_MAX - before || before + size >= top;',
     'return size > UINTPTR_MAX - before || before + size > top;', 'exceeds'),
    ('alignment unchecked', 'fba.c',
     '    if (UNLIKELY((align & (align - 1)) != 0))\n        return false;\n'
     '    if (UNLIKELY(exceeds',
     '    if (UNLIKELY(exceeds', 'take'),
    ('the offset aligned, not the address', 'fba.c',
     'uintptr_t before = fba->last | (align - 1);\n\n    if (UNLIKELY((align',
     'uintptr_t before = fba->base + ((fba->last - fba->base) | (align - 1));\n\n'
     '    if (UNLIKELY((align', 'take'),
    ('scratch meets the permanent end', 'fba.c',
     'if (UNLIKELY(*start <= fba->last))', 'if (UNLIKELY(*start < fba->last))', 'take_scratch'),
    ('scratch size unchecked', 'fba.c',
     '    if (UNLIKELY(highest > fba->top))\n        return false;\n', '', 'take_scratch'),
    ('a free below the floor', 'fba.c',
     'block_last != fba->last || before < fba->floor ||\n                 block_last >= fba->settled',
     'block_last != fba->last ||\n                 block_last >= fba->settled', 'fba_free'),
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
    ('the reserve given away', 'fba_handoff.c',
     'uintptr_t free_end = fba->reserve & ~(granule - 1);',
     'uintptr_t free_end = fba->end & ~(granule - 1);', 'fba_seal'),
    ('a reserve over blocks', 'fba_handoff.c',
     'if (size >= fba->top - fba->last)', 'if (size > fba->top - fba->last)', 'fba_set_reserve'),
    ('numbers believed', 'fba_handoff.c',
     'numbers->used > numbers->peak || ', '', 'fba_adopt'),
]
