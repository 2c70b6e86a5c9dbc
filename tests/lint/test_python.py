# SPDX-License-Identifier: MIT
"""Static checks of all Python in the tree. `make lint` runs them with those of the C code.

flake8 is set up in .flake8, mypy in tests/mypy.ini. Another version of mypy than Debian 12's has other
opinions: those are shown, and fail nothing.
"""

import pathlib
import re
import subprocess
import tokenize
import warnings

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KNOWN_MYPY = "1.0"
# A comment that begins a part of a file.
SECTION = re.compile(r"# --- [A-Z].* -+$")
LIKE_SECTION = re.compile(r"# ?([-=#*─]{2,})")
SECTION_WIDTH = 100
# Since Python 3.12 an f-string is several tokens, and what is between these two is not looked at: older Pythons
# need single quotes there.
F_STRING = {"FSTRING_START": 1, "FSTRING_END": -1}


def files():
    return sorted(path for folder in ("boot", "kmem", "tests") for path in (ROOT / folder).rglob("*.py"))


def said_by(*command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return "" if done.returncode == 0 else done.stdout.strip() or f"{command[0]} exited with {done.returncode}"


def test_flake8():
    if found := said_by("flake8", "boot", "kmem", "tests"):
        pytest.fail(found, pytrace=False)


def test_mypy():
    version = subprocess.run(["mypy", "--version"], capture_output=True, text=True, check=True).stdout
    found = said_by("mypy", "--config-file", "tests/mypy.ini", "--cache-dir", "build/mypy", "--no-error-summary")
    if found and version.startswith(f"mypy {KNOWN_MYPY}."):
        pytest.fail(found, pytrace=False)
    if found:
        warnings.warn(found)


def style(path):
    """What differs from the style of the tree: double quotes, one form of a section's comment."""
    found = []
    depth = 0  # of f-strings
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            body = token.string.lstrip("bfruBFRU")
            depth += F_STRING.get(tokenize.tok_name[token.type], 0)
            if token.type == tokenize.STRING and not depth and body.startswith("'") and '"' not in body:
                found.append((token.start[0], f"{token.string[:40]} has single quotes"))
            if token.type == tokenize.COMMENT and LIKE_SECTION.match(token.string):
                if not (SECTION.match(token.string) and len(token.string) + token.start[1] == SECTION_WIDTH):
                    found.append((token.start[0], f"a section begins with `# --- Name ---`, {SECTION_WIDTH} columns wide"))
    return found


def test_one_style():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {sentence}"
        for path in files()
        for line, sentence in style(path)
    ]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_no_module_finds_its_neighbours_by_hand():
    """PYTHONPATH, or the folder of a program, is where modules are found."""
    others = [path for path in files() if path != pathlib.Path(__file__)]
    found = [str(path.relative_to(ROOT)) for path in others if re.search(r"sys\.path\b", path.read_text("utf-8"))]
    assert found == []


def test_nothing_imports_a_command():
    """What others need of boot.py, project.py and sweep.py is in a library; their own tests may look into sweep.py."""
    pattern = re.compile(r"^\s*(?:import|from) (?:boot|project|sweep)\b", re.MULTILINE)
    found = [path.name for path in files() if pattern.search(path.read_text("utf-8"))]
    assert set(found) <= {"test_sweep.py"}
