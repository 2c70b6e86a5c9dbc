# SPDX-License-Identifier: MIT
"""Faults of the parsers that parsers.py must notice: what a tired developer might write instead.
(name, file, the text as it ships, the text with the fault, the function whose goals must suffer)"""

PARSER_FAULTS = [
    ('a word that reads beyond the line', 'boot/cmdline.c',
     'while (rest->length > 0 && cmdline_is_blank(*rest->text))', 'while (cmdline_is_blank(*rest->text))',
     'cmdline_next'),
    ('blanks that are not taken off', 'boot/cmdline.c',
     'cmdline_is_blank(*rest->text))\n        drop(rest, 1);', 'cmdline_is_blank(*rest->text))\n        ;',
     'cmdline_next'),
    ('a prefix longer than the word', 'boot/cmdline.c',
     'length == word->length || word->text', 'word->text', 'cmdline_take'),
    ('a name without room for its NUL', 'boot/cmdline.c',
     'word.length > most)', 'word.length > most + 1)', 'cmdline_copy_name'),
    ('a number that wraps', 'boot/cmdline.c',
     'value > (UINT64_MAX - digit) / base)', 'value > UINT64_MAX / base)', 'cmdline_number'),
    ('a letter that is no digit', 'boot/cmdline.c',
     "c >= 'a' && c <= 'f'", "c <= 'f'", 'digit_value'),
]
