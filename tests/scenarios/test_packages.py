# SPDX-License-Identifier: MIT
"""The installation of packages, with programs that only write down how they were called."""

import concurrent.futures
import subprocess

import pytest

import machine

SCRIPT = machine.ROOT / "tests" / "harness" / "packages.sh"


class Computer:
    """A computer whose apt-get, apt-cache, sudo and id are stubs; its apt knows every package."""

    def __init__(self, folder):
        self.folder = folder
        self.calls = folder / "calls"
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.system("ID=debian")
        self.program("id", "echo 0")
        self.program("apt-cache", "exit 0")
        self.program("apt-get", f'echo "apt-get $*" >>{self.calls}; [ $1 = update ] || touch {folder}/installed')

    def program(self, name, script):
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def knows(self, names):
        self.program("apt-cache", f'case " {names} " in *" $2 "*) ;; *) exit 100 ;; esac')

    def system(self, text):
        (self.folder / "os-release").write_text(text + "\n")

    def install(self, *packages, path=None, stdout=subprocess.PIPE, **environment):
        return subprocess.run(
            ["/bin/sh", str(SCRIPT), *packages],
            cwd=self.folder,
            env={"PATH": path or f"{self.programs}:/bin", "OS_RELEASE": str(self.folder / "os-release"), **environment},
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def called(self):
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def computer(tmp_path):
    return Computer(tmp_path)


@pytest.fixture
def missing(tmp_path):
    return f"thing={tmp_path}/installed"


def test_apt_is_not_touched_when_nothing_is_missing(computer):
    done = computer.install("shell=sh", "system=/etc/os-release", "json=python:json")
    assert (done.returncode, done.stdout, done.stderr, computer.called()) == (0, "", "", [])


def test_what_is_missing_is_installed(computer, missing):
    done = computer.install("shell=sh", missing)
    assert done.returncode == 0, done.stderr
    assert computer.called() == [
        "apt-get update -qq",
        "apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 thing",
    ]


@pytest.mark.parametrize("known, chosen", [("new old", "new"), ("old", "old"), ("older", "older")])
def test_of_several_names_that_of_this_release_is_installed(known, chosen, computer, tmp_path):
    computer.knows(known)
    assert computer.install(f"new,old,older={tmp_path}/installed").returncode == 0
    assert computer.called()[-1].endswith(f" {chosen}")


def test_an_installation_is_announced(computer, missing):
    computer.program("apt-get", f"cat {computer.folder}/said >>{computer.calls}; touch {computer.folder}/installed")
    with open(computer.folder / "said", "w", encoding="utf-8") as said:
        assert computer.install(missing, stdout=said).returncode == 0
    # What apt-get found already said, when it ran.
    assert computer.called()[0] == "  APT     installing thing (log: build/logs/packages.log)"


def test_an_installation_can_be_forbidden(computer, missing):
    done = computer.install(missing, INSTALL_PACKAGES="no")
    assert done.returncode == 1 and computer.called() == []
    assert done.stderr.splitlines()[0] == "packages: missing: thing"
    assert computer.install("shell=sh", INSTALL_PACKAGES="no").returncode == 0


def test_a_package_that_the_release_has_not_is_named(computer, missing):
    computer.system('ID=debian\nPRETTY_NAME="Debian 99"')
    computer.knows("thing")
    done = computer.install(missing, "older,other=no-such-command")
    assert done.returncode == 1 and computer.called() == ["apt-get update -qq"]
    assert "packages: Debian 99 has no other; Debian 12 has" in done.stderr
    computer.system('ID=ubuntu\nPRETTY_NAME="Ubuntu 99"')
    assert "Ubuntu 99 has no other, if universe is enabled; " in computer.install("other=no-such-command").stderr


def test_what_apt_says_is_in_the_log(computer, missing):
    computer.program("apt-get", f"echo much; echo noise >&2; touch {computer.folder}/installed")
    done = computer.install(missing)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 1)
    assert (computer.folder / "build/logs/packages.log").read_text() == "much\nnoise\n" * 2


def test_two_installations_take_turns(computer, missing):
    computer.program(
        "apt-get",
        f'echo "begin $1" >>{computer.calls}; sleep 0.2; echo "end $1" >>{computer.calls}'
        f"; [ $1 = update ] || touch {computer.folder}/installed",
    )
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        both = list(pool.map(computer.install, [missing, missing]))
    assert [done.returncode for done in both] == [0, 0]
    assert computer.called() == ["begin update", "end update", "begin install", "end install"]


def test_sudo_is_used_by_others_than_root(computer, missing):
    computer.program("id", "echo 1000")
    computer.program("sudo", f'echo "sudo $*" >>{computer.calls}; exec "$@"')
    assert computer.install(missing).returncode == 0
    assert any(call.startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get") for call in computer.called())


def test_no_sudo(computer, missing):
    computer.program("id", "echo 1000")
    computer.knows("old")
    done = computer.install(missing, "new,old=no-such-command", path=str(computer.programs))
    assert done.returncode == 1 and computer.called() == []
    assert done.stderr.endswith(
        "no sudo here; as root, run: apt-get update && apt-get install --no-install-recommends thing old\n"
    )


def test_another_distribution_lists_the_names(computer, missing):
    computer.system("ID=fedora")
    done = computer.install(missing, "other=no-such-command")
    assert done.returncode == 1 and computer.called() == []
    assert "thing other" in done.stderr


def test_a_relative_of_ubuntu_counts(computer, missing):
    computer.system('ID=mint\nID_LIKE="ubuntu debian"')
    assert computer.install(missing).returncode == 0


def test_apt_that_fails_is_named(computer, missing):
    computer.program("apt-get", "echo no network >&2; exit 100")
    done = computer.install(missing)
    assert done.returncode == 1
    assert "no network" in done.stderr and done.stderr.endswith(
        "apt-get update failed; the words of apt-get: build/logs/packages.log\n"
        "packages: still missing: thing\n"
    )


def test_a_package_without_its_promise_is_named(computer):
    done = computer.install("thing=no-such-command")
    assert done.returncode == 1
    assert "still not found: thing" in done.stderr
