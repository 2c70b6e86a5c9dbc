# SPDX-License-Identifier: MIT
"""The documents name files that exist."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for folder in (".github", "boot", "kmem", "tests", ".")
    for path in (ROOT / folder).glob("*.md" if folder == "." else "**/*.md")
)
# Where a reader stands who sees `harness/judge.py`: at the top of the tree, or beside the document.
FOLDERS = "arch|boot|kmem|tests|harness|loader|kernel|scenarios|suites"

_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_PATH = re.compile(rf"`((?:{FOLDERS})/[\w./{{}},*-]+)`")


def braces(path):
    """The paths of `kmem/fba.{h,c}`."""
    head, found, rest = path.partition("{")
    if not found:
        return [path]
    names, _, tail = rest.partition("}")
    return [head + name + tail for name in names.split(",")]


def exists(document, path):
    return any(any(base.glob(path.rstrip("/"))) for base in (ROOT, document.parent))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths(document):
    text = document.read_text(encoding="utf-8")
    links = [link for link in _LINK.findall(text) if not (document.parent / link).exists()]
    named = [path for found in _PATH.findall(text) if "NAME" not in found for path in braces(found)]
    missing = [path for path in named if not exists(document, path)]
    assert links + missing == []


def test_a_path_that_is_named_with_braces():
    assert braces("kmem/fba.{h,c}") == ["kmem/fba.h", "kmem/fba.c"]
    assert braces("kmem/fba.h") == ["kmem/fba.h"]
