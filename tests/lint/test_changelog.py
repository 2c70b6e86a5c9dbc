# SPDX-License-Identifier: MIT
"""kmem/version.h and kmem/CHANGELOG.md name the same version."""

import pathlib
import re

KMEM = pathlib.Path(__file__).resolve().parents[2] / "kmem"


def version_of_macros():
    text = (KMEM / "version.h").read_text(encoding="utf-8")
    return tuple(
        int(re.search(rf"^#define KMEM_VERSION_{part} (\d+)$", text, re.MULTILINE)[1])
        for part in ("MAJOR", "MINOR", "PATCH")
    )


def versions_of_changelog():
    text = (KMEM / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\d.*)$", text, re.MULTILINE)
    return [tuple(int(part) for part in re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", heading).groups()) for heading in headings]


def test_the_newest_entry_is_the_version():
    assert versions_of_changelog()[0] == version_of_macros()


def test_the_entries_fall_in_order():
    versions = versions_of_changelog()
    assert versions == sorted(set(versions), reverse=True)


def test_minor_and_patch_fit_into_the_number():
    assert all(part < 1000 for part in version_of_macros()[1:])
