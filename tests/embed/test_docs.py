# SPDX-License-Identifier: MIT
"""The reference documentation of kmem/: without a warning, and with all that the headers say."""

import os
import re
import shutil
import subprocess
import warnings
import xml.etree.ElementTree as ElementTree

import pytest

from c_sources import ROOT, kmem, public_headers

XML = ROOT / "build/docs/xml"
KNOWN = "1.9.4"


def hold(faults):
    """There are none. Another version of doxygen makes other pages: of those they are shown."""
    version = subprocess.run(["doxygen", "--version"], capture_output=True, text=True, check=True).stdout.split()[0]
    if version == KNOWN:
        assert faults == []
    elif faults:
        warnings.warn(f"doxygen {version} was asked, but its pages count in version {KNOWN} only: {faults}")


def make_docs():
    environment = os.environ | {"MAKEFLAGS": "", "MAKELEVEL": ""}
    done = subprocess.run(["make", "docs"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def documented():
    """What is said of each declaration but the members of structures: by file, kind and name."""
    make_docs()
    found = {}
    for page in XML.glob("*.xml"):
        for compound in ElementTree.parse(page).iter("compounddef"):
            file = compound.find("location").get("file").removeprefix("kmem/")
            found[file, compound.get("kind"), compound.findtext("compoundname")] = words_of(compound)
            for member in compound.iter("memberdef"):
                if member.get("kind") != "variable":
                    found[file, member.get("kind"), member.findtext("name")] = words_of(member)
    return found


def plain(text):
    """Letters and digits, which no layout changes."""
    return re.sub(r"\W|_", "", text)


def words_of(element):
    parts = [part for part in element if part.tag in ("briefdescription", "detaileddescription")]
    return plain("".join("".join(part.itertext()) for part in parts))


def test_nothing_is_without_words(documented):
    names = {header.name for header in public_headers()}
    hold(sorted(names - {file for file, kind, _ in documented if kind == "file"}))
    hold([key for key, text in documented.items() if key[0] in names and key[1] != "namespace" and not text])


def test_what_ends_in_an_underscore_is_left_out(documented):
    hold([name for _, _, name in documented if name.endswith("_")])


def test_every_function_that_can_be_linked_to_is_there(documented, tmp_path):
    subprocess.run(["gcc", "-std=c11", "-c", *kmem()], cwd=tmp_path, check=True)
    listing = subprocess.run(["nm", "-g", *tmp_path.glob("*.o")], capture_output=True, text=True, check=True).stdout
    functions = {name for name in re.findall(r" T (\w+)$", listing, re.MULTILINE) if not name.endswith("_")}
    assert len(functions) > 90
    hold(sorted(functions - {name for _, kind, name in documented if kind == "function"}))


def test_the_words_above_a_function_are_those_of_its_page(documented):
    above = {
        (header.name, "function", name): plain(comment)
        for header in public_headers()
        for comment, name in re.findall(
            r"^((?:// .*\n)+)(?!#|//|template)[\w *]*?\b(\w+)\(", header.read_text(encoding="utf-8"), re.MULTILINE
        )
        if not name.endswith("_") and header.suffix == ".h"
    }
    assert len(above) > 90
    hold([key for key, comment in above.items() if documented.get(key) != comment])


def test_the_first_words_of_a_header_are_its_page(documented):
    openings = {
        header.name: plain(re.match(r"(?://.*\n)+", header.read_text(encoding="utf-8").partition("\n")[2])[0])
        for header in public_headers()
    }
    hold([name for name, opening in openings.items() if not documented.get((name, "file", name), "").startswith(opening)])


def test_a_status_says_what_it_means(documented):
    values = ElementTree.parse(XML / "fba_8h.xml").iter("enumvalue")
    said = {value.findtext("name"): words_of(value) for value in values}
    hold([said] if said.get("FBA_EXHAUSTED") != plain("it would fit if the buffer were emptier") else [])


def test_a_warning_is_an_error(tmp_path):
    (tmp_path / "kmem").mkdir()
    (tmp_path / "kmem/bad.h").write_text("/** @file */\n/** @param no_such Is none. */\nvoid f(int a);\n", encoding="utf-8")
    shutil.copytree(ROOT / "kmem/docs", tmp_path / "kmem/docs")
    (tmp_path / "build").mkdir()
    done = subprocess.run(["doxygen", "kmem/docs/Doxyfile"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and "no_such" in done.stderr
