# SPDX-License-Identifier: MIT
"""Real libraries within one fixed buffer: what they need, and what they make of every failure (tests/embed/libraries).

kmem/README.md has the figures, which are those of Debian 12's versions of the libraries.
"""

import subprocess
from typing import NamedTuple

import pytest

import build_cache
from c_sources import ROOT, WARNINGS, headers, kmem
from known_versions import is_installed

BUILD = ROOT / "build" / "libraries"
SOURCES = ROOT / "tests/embed/libraries"
MANUAL = (ROOT / "kmem/README.md").read_text(encoding="utf-8")


class Library(NamedTuple):
    name: str
    package: str  # of pkg-config
    known: str  # version, whose figures stand in the manual
    debian: str  # the package that has it, and its version: corrections of a distribution change figures, too
    work: str
    faults: tuple[str, ...] = ()  # of the library itself, known


LIBRARIES = {
    "zlib": Library("zlib", "zlib", "1.2.13", "zlib1g-dev=1:1.2.13.dfsg-1", "compresses 32 KiB and decompresses them"),
    "expat": Library("expat", "expat", "2.5.0", "libexpat1-dev=2.5.0-1+deb12u5", "parses XML: 81 elements of 42 names"),
    # Where it writes a key it does not look whether it could: https://github.com/akheron/jansson/issues/655
    "jansson": Library("jansson", "jansson", "2.14", "libjansson-dev=2.14-2", "reads, changes and writes JSON",
                       ("allocation 356|wrong result",)),
    "cjson": Library("cJSON", "libcjson", "1.7.15", "libcjson-dev=1.7.15-1+deb12u4", "reads, changes and writes JSON"),
    "lua": Library("Lua", "lua5.4", "5.4.4", "liblua5.4-dev=5.4.4-3+deb12u1", "sorts, matches, concatenates; a coroutine"),
    "sqlite": Library("SQLite", "sqlite3", "3.40.1", "libsqlite3-dev=3.40.1-2+deb12u2", "tables, an index, a join"),
}


def pkg_config(*arguments):
    return subprocess.run(["pkg-config", *arguments], capture_output=True, text=True, check=True).stdout.split()


def is_known(library):
    """Whether it is the version of the manual. Another one needs other buffers, and may have other faults."""
    return is_installed(*library.debian.split("="))


def measured(file):
    """(figures, faults) of the work of a library."""
    BUILD.mkdir(parents=True, exist_ok=True)
    library = LIBRARIES[file]
    sources = [SOURCES / "runner.c", SOURCES / f"{file}.c", *kmem()]
    system = [flag.replace("-I", "-isystem") for flag in pkg_config("--cflags", library.package)]
    command = ["gcc", "-std=c11", "-D_DEFAULT_SOURCE", *WARNINGS, "-O2", f"-I{ROOT}", *system, *sources,
               *pkg_config("--libs", library.package), "-o", BUILD / file]
    build_cache.build(BUILD / file, command, [*sources, *headers()])
    done = subprocess.run([BUILD / file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *faults, figures = done.stdout.splitlines()
    return [int(figure) for figure in figures.split("|")[1:]], [fault.removeprefix("fault|") for fault in faults]


def all_measured():
    return {file: measured(file) for file in LIBRARIES}


def row(library, figures, faults):
    allocations, live, lists, plain, runs, said, right = figures
    numbers = "|".join(f" {number} " for number in (allocations, live, lists, plain, runs, said, right, len(faults)))
    return f"| {library.name} {library.known}: {library.work} |{numbers}|"


@pytest.mark.background.with_args(all_measured)
@pytest.mark.parametrize("file", LIBRARIES)
def test_every_failure_is_survived(file, outcome):
    _, faults = outcome[file]
    if is_known(LIBRARIES[file]):
        assert tuple(faults) == LIBRARIES[file].faults
    else:
        assert [fault for fault in faults if "wrong result" not in fault or not LIBRARIES[file].faults] == []


@pytest.mark.background.with_args(all_measured)
@pytest.mark.parametrize("file", LIBRARIES)
def test_each_run_ended_in_one_of_three_ways(file, outcome):
    (*_, runs, said, right), faults = outcome[file]
    assert runs > 64 and said > 0
    assert said + right + len(faults) == runs


@pytest.mark.background.with_args(all_measured)
@pytest.mark.parametrize("file", LIBRARIES)
def test_the_manual_has_the_figures(file, outcome):
    library = LIBRARIES[file]
    if is_known(library):
        found = row(library, *outcome[file])
        assert found in MANUAL, found


@pytest.mark.background.with_args(all_measured)
def test_what_the_manual_says_of_the_buffers(outcome):
    figures = {file: figures for file, (figures, _) in outcome.items() if is_known(LIBRARIES[file])}
    for file in figures.keys() & {"zlib", "expat"}:
        _, live, lists, plain, *_ = figures[file]
        assert plain < 1.2 * live and plain < lists
    for file in figures.keys() & {"lua", "sqlite"}:
        _, live, lists, plain, *_ = figures[file]
        assert 1.2 * live < lists < 1.7 * live and 2.7 * live <= plain < 4.7 * live
