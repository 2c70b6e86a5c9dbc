# SPDX-License-Identifier: MIT
"""The harness outside of this repository: installed, it boots a kernel of another origin in an empty folder."""

import os
import re
import shutil
import subprocess

import pytest

import machine
from judge import Verdict


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix with a blank")
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(
        ["make", "install-harness", f"DESTDIR={folder}", "PREFIX=/usr"], cwd=machine.ROOT, env=environment, capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / "usr"


@pytest.fixture
def command(prefix, tmp_path):
    """Runs the command in an empty folder, with nothing of this repository in its environment."""

    def run(*words):
        environment = {"PATH": f"{prefix / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        return subprocess.run(
            ["boot-harness", *map(str, words)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )

    return run


def test_it_boots_a_kernel_of_another_origin(command, tmp_path):
    shutil.copy(machine.BUILD / "shell.elf", tmp_path / "their.elf")
    words = ["--source", "qemu", "--kernel", "their.elf", "--pass", "^hello$", "--prompt", "$ "]
    done = command(*words, "--send", "say hello", "--send", "off")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("verdict: passed: hello (line 3); ")
    assert b"say hello" in (tmp_path / "build" / "harness" / "logs" / "run.log").read_bytes()


def test_it_does_what_a_projects_file_says(command, prefix, tmp_path):
    shutil.copy(machine.BUILD / "example.elf", tmp_path / "their.elf")
    (tmp_path / "harness.toml").write_text('[[boot]]\nname = "memory"\nsource = "qemu"\nkernel = "their.elf"\n')
    done = command()
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "1 boot, 1 as they should be", done.stdout + done.stderr
    assert (tmp_path / "build" / "harness" / "logs" / "memory.log").exists()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(prefix / "share" / "boot-harness" / "plugin")}
    words = ["/usr/bin/python3", "-B", "-m", "pytest", "-p", "pytest_boots", "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr


def test_it_boots_a_uefi_application_warm(command, tmp_path):
    """Ours, with a kernel that it accepts: the application that waits in a saved machine is installed too."""
    shutil.copy(machine.BUILD / "kernel.elf", tmp_path / "their.elf")
    done = command("boot", "--kernel", "their.elf", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " s, warm" in done.stdout and list((tmp_path / "build" / "harness" / "warm").glob("*.state"))


def test_it_sweeps(command, tmp_path):
    shutil.copy(machine.BUILD / "example.elf", tmp_path / "their.elf")
    done = command("sweep", "processors", "1,2", "--", "--source", "qemu", "--kernel", "their.elf")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "plot: build/harness/reports/sweep-processors.svg" in done.stdout


@pytest.mark.parametrize(
    "words, status, said",
    [
        ((), 2, "usage: boot-harness"),
        (("nothing",), 2, "usage: boot-harness"),
        (("--kernel", "/nowhere", "--source", "qemu"), 2, "boot-harness boot: no kernel at /nowhere"),
        (("--log", "/nowhere"), 2, "boot-harness boot: cannot read the log"),
        (("sweep", "memory", "0"), 2, "boot-harness sweep: memory '0'"),
        (("--help",), 0, "usage: boot-harness"),
        (("boot", "--help"), 0, "usage: boot-harness boot [option"),
        (("test",), 2, "boot-harness test: cannot read"),
        (("test", "--help"), 0, "usage: boot-harness test ["),
        (("sweep", "--help"), 0, "usage: boot-harness sweep {"),
    ],
    ids=str,
)
def test_what_it_says_of_itself(command, words, status, said):
    done = command(*words)
    assert done.returncode == status and (done.stdout + done.stderr).startswith(said), done.stdout + done.stderr


def test_the_manual_is_well_formed_and_has_each_option(prefix, command):
    page = prefix / "share" / "man" / "man1" / "boot-harness.1"
    done = subprocess.run(["groff", "-Kutf8", "-mdoc", "-ww", "-Tutf8", "-P-cbou", page], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    options = set(re.findall(r"^  (--[a-z-]+)", command("boot", "--help").stdout, re.MULTILINE))
    assert len(options) > 30
    shown = re.sub(" +", " ", done.stdout)  # groff makes its lines equally long
    assert [flag for flag in sorted(options) if not re.search(rf"^ (-h, )?{flag}\b", shown, re.MULTILINE)] == []
    for verdict in Verdict:
        assert re.search(rf"^ {verdict.status} {verdict.title}: ", shown, re.MULTILINE)


def test_what_is_installed_is_what_is_needed(prefix):
    folder = prefix / "share" / "boot-harness"
    installed = {file.stem: file.read_text("utf-8") for file in folder.glob("*.py")}
    needed, to_read = set(), ["boot", "project", "sweep"]
    while to_read:
        name = to_read.pop()
        needed.add(name)
        imported = re.findall(r"^\s*(?:import|from) (\w+)", installed[name], re.MULTILINE)
        to_read += [one for one in imported if (machine.ROOT / "tests" / "harness" / f"{one}.py").exists() and one not in needed]
    assert needed == set(installed)


def test_it_goes_without_a_trace(prefix, tmp_path):
    shutil.copytree(prefix.parent, tmp_path / "copy")
    subprocess.run(
        ["make", "uninstall-harness", f"DESTDIR={tmp_path / 'copy'}", "PREFIX=/usr"], cwd=machine.ROOT, check=True,
        capture_output=True,
    )
    assert [path for path in (tmp_path / "copy").rglob("*") if not path.is_dir()] == []
