# SPDX-License-Identifier: MIT
"""Writes kmem/ as one header and one source: `make amalgamation`.

    amalgamate.py FOLDER [PIECE]...

FOLDER gets kmem.h, the headers of the pieces (all unless some are named) and of what they include, and kmem.c,
which is all that stands behind them. The same files make the same bytes.
"""

import pathlib
import re
import sys
from collections.abc import Iterable

KMEM = pathlib.Path(__file__).resolve().parent

# Included by a source only, and nothing that a user calls.
PRIVATE = {path.stem for path in KMEM.glob("*.h") if "\n// Private:" in path.read_text(encoding="utf-8")}

_OWN_INCLUDE = re.compile(r'^#include "(\w+)\.h"[^\n]*\n', re.MULTILINE)
_LICENCE = "// SPDX-License-Identifier: MIT\n"


def pieces() -> list[str]:
    return sorted(path.stem for path in KMEM.glob("*.h") if path.stem not in PRIVATE)


def _text(name: str) -> str:
    path = KMEM / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _included(name: str) -> list[str]:
    return _OWN_INCLUDE.findall(_text(name))


def _headers(wanted: Iterable[str]) -> list[str]:
    """The headers that are wanted and all that they include, each behind what it includes itself."""
    found: list[str] = []

    def add(name: str) -> None:
        if name not in found:
            for included in _included(f"{name}.h"):
                add(included)
            found.append(name)

    for name in wanted:
        add(name)
    return found


def _parts(names: Iterable[str], suffix: str) -> str:
    texts = [(f"{name}{suffix}", _text(f"{name}{suffix}")) for name in names]
    return "".join(
        f"\n// ════ {name} ════\n\n{_OWN_INCLUDE.sub('', text.removeprefix(_LICENCE))}" for name, text in texts if text
    )


def amalgamation(wanted: Iterable[str]) -> tuple[str, str]:
    """The texts of kmem.h and kmem.c."""
    needed = set(_headers(["version", *wanted]))
    while True:  # a source's headers have sources of their own
        more = set(_headers(used for name in needed for used in _included(f"{name}.c")))
        if more <= needed:
            break
        needed |= more
    version = ".".join(re.findall(r"^#define KMEM_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", _text("version.h"), re.MULTILINE))
    opening = f"{_LICENCE}// kmem {version} in one header and one source: {', '.join(sorted(needed - PRIVATE))}.\n"
    public = [name for name in _headers(sorted(needed)) if name not in PRIVATE]
    header = f"{opening}#ifndef KMEM_H\n#define KMEM_H\n{_parts(public, '.h')}\n#endif\n"
    source = f'{opening}#include "kmem.h"\n{_parts(sorted(PRIVATE & needed), ".h")}{_parts(sorted(needed), ".c")}'
    return header, source


def main() -> None:
    folder, wanted = pathlib.Path(sys.argv[1]), sys.argv[2:] or pieces()
    unknown = sorted(set(wanted) - set(pieces()))
    if unknown:
        sys.exit(f"amalgamation: there is no piece {', '.join(unknown)}; there are: {', '.join(pieces())}")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip(("kmem.h", "kmem.c"), amalgamation(wanted)):
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
