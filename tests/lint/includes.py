# SPDX-License-Identifier: MIT
"""Checks the direction of includes: tests -> boot -> arch -> kmem, and kmem stands alone. Files of kmem
include each other by their bare names, so that they can be copied into any folder; all other includes are
written from the top of the tree.

Pure but for reading the files: used by test_lint.py.
"""

import re

FREESTANDING = {
    f"{name}.h"
    for name in "float iso646 limits stdalign stdarg stdatomic stdbool stddef stdint stdnoreturn".split()
}
FIRMWARE = {"efi.h", "efilib.h"}
SIGNATURES = {"bearssl.h"}

# The folder of a file, the most specific first: what it may include, as project folders and as <headers>.
RULES = [
    ("kmem/", ("kmem/",), FREESTANDING),
    ("arch/", ("arch/", "kmem/"), FREESTANDING),
    ("boot/loader/signed/", ("boot/", "arch/", "kmem/"), FREESTANDING | FIRMWARE | SIGNATURES),
    ("boot/loader/", ("boot/", "arch/", "kmem/"), FREESTANDING | FIRMWARE),
    ("boot/", ("boot/", "arch/", "kmem/"), FREESTANDING),
    ("tests/", ("tests/", "boot/", "arch/", "kmem/"), None),  # None: any header of the system
]

_INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>|(.*))')


def rule_of(path):
    return next((rule for rule in RULES if path.startswith(rule[0])), None)


def violations(path, text):
    """The sentences about what this file includes and must not. `path` is relative to the root."""
    rule = rule_of(path)
    if rule is None:
        return [f"{path}: C code lies in {', '.join(sorted({entry[0] for entry in RULES}))} only"]
    _, folders, headers = rule
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not (match := _INCLUDE.match(line)):
            continue
        own, system, other = match.groups()
        where = f"{path}:{number}"
        if other is not None:
            found.append(f"{where}: an include that is neither \"…\" nor <…>: {other}")
        elif own is not None and "/" not in own and path.startswith("kmem/"):
            continue
        elif own is not None and ("/" not in own or ".." in own):
            found.append(f'{where}: "{own}" is not written from the top of the tree')
        elif own is not None and not own.startswith(folders):
            found.append(f'{where}: "{own}": {rule[0]} may include {", ".join(folders)} only')
        elif system is not None and headers is not None and system not in headers:
            found.append(f"{where}: <{system}>: {rule[0]} may include {', '.join(sorted(headers))} only")
    return found
