# SPDX-License-Identifier: MIT
"""What tests/README.md tells the author of another kernel to do, done: in an empty folder, with the installed harness."""

import os
import re
import subprocess

import pytest

import machine

TEXT = (machine.ROOT / "tests" / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\d+\.\d+ s\b")


def block(words):
    """The block that follows the paragraph with these words."""
    return re.sub(r"^    ", "", re.search(r"\n\n((?:    .*\n|\n(?=    ))+)", TEXT[TEXT.index(words) :])[1], flags=re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the install command of the document has put the command, and an empty folder with its two files."""
    home = tmp_path_factory.mktemp("home")
    command = block("Install the harness.")
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(
        command, shell=True, cwd=machine.ROOT, env={**environment, "HOME": str(home)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (home / "kernel").mkdir()
    (home / "kernel" / "kernel.c").write_text(block("this is a whole kernel"))
    return home / "kernel"


def run(command, folder):
    environment = {"PATH": f"{folder.parent}/.local/bin:{os.environ['PATH']}", "HOME": str(folder.parent)}
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    return NUMBER.sub("N s", done.stdout)


def test_the_first_boot(folder):
    run(block("Build it with"), folder)
    assert run(block("and boot it with"), folder) == NUMBER.sub("N s", block("The serial line is shown, and the last line"))


def test_the_projects_file_and_its_workflow(folder):
    (folder / "harness.toml").write_text(block("How it is built, booted and judged"))
    command, *shown = block("Then the command alone").splitlines()
    shown = [NUMBER.sub("N s", line) for line in shown]
    *boots, total = run(command.removeprefix("$ "), folder).splitlines()
    assert sorted(boots) == sorted(shown[:-1]) and total == shown[-1]
    step = next(line for line in block("In GitHub's workflows").splitlines() if "run: boot-harness" in line)
    assert run(step.split("run: ")[1], folder).splitlines()[-1] == shown[-1]
    assert (folder / "build" / "harness" / "junit.xml").exists()
