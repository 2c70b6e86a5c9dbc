# SPDX-License-Identifier: MIT
"""Static checks of all C in the tree, each tool one test. `make lint` runs only these.

The flags come from build/compile_commands.json, which the Makefile writes. What a tool was content with is
remembered under build/pytest, and asked of it again when the file, a header, the command or the tool is
another one.
"""

import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shlex
import subprocess
import warnings

import pytest

import build_cache
import dependencies
import includes
import vocabulary

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("kmem", "arch", "boot", "tests")
PROCESSORS = os.cpu_count() or 1


def files(*endings):
    return sorted(
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in endings
    )


@pytest.fixture(scope="module")
def units():
    """[(file, flags)] as the Makefile compiles them; without repetitions."""
    database = ROOT / "build" / "compile_commands.json"
    assert database.exists(), "no build/compile_commands.json: run `make lint`"
    entries = json.loads(database.read_text())
    return sorted({(entry["file"], tuple(shlex.split(entry["command"])[1:-2])) for entry in entries})


def tool(*command):
    """The output of a tool that found something, or "" when it is content."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0:
        return ""
    # clang-tidy counts what it keeps to itself.
    said = re.sub(r"^\d+ warnings? generated\.\n", "", done.stdout, flags=re.MULTILINE).strip()
    return said or f"{command[0]} exited with {done.returncode} and no word"


# The versions of Debian 12, with which the tree is clean. Others have other opinions, on layout and
# on what to warn of: those are shown, and fail nothing.
KNOWN = {"gcc": "12", "clang": "14", "clang-format": "14", "clang-tidy": "14", "cppcheck": "2.10"}


def is_known(program):
    numbers = re.findall(r"(?:^gcc.*\) |version |Cppcheck )(\d+)\.(\d+)", build_cache.version(program))
    found = ".".join(numbers[0][: KNOWN[program].count(".") + 1]) if numbers else "unknown"
    if found == KNOWN[program]:
        return True
    warnings.warn(f"{program} {found} was asked, but its opinion counts in version {KNOWN[program]} only")
    return False


@pytest.fixture
def complaints(cache, request):
    """A function: what the commands say, given as [(file, command)]. As many run at a time as there are
    processors, and none that was content when everything was the same."""
    place = f"lint/{request.node.name}"
    content_before = set(cache.get(place, []))
    # Any header may be in any file, and this is how the tools are set up.
    common = [*files(".h"), ".clang-format", ".clang-tidy"]

    def ask(commands):
        assert commands, "nothing to check: were no C files found?"
        names = {build_cache.of(command, [ROOT / path for path in (file, *common)]): command for file, command in commands}
        to_ask = {name: command for name, command in names.items() if name not in content_before}
        with concurrent.futures.ThreadPoolExecutor(PROCESSORS) as pool:
            said = dict(zip(to_ask, pool.map(lambda command: tool(*command), to_ask.values())))
        cache.set(place, [name for name in names if not said.get(name)])
        return "\n".join(dict.fromkeys(words for words in said.values() if words))

    return ask


def show(found, fatal=True):
    """Fails with what was found, or warns of it when the tool is of another version than the known one."""
    if found and fatal:
        pytest.fail(found, pytrace=False)
    if found:
        warnings.warn(found)


def compiled_with(compiler, flags):
    """The command's beginning. Another version's new warnings are no errors; what it cannot compile is one."""
    known = is_known(compiler)
    return (compiler, *(flag for flag in flags if known or flag != "-Werror"))


def test_top_level_names():
    layout = {"LICENSE", "Makefile", "README.md", "arch", "boot", "build", "kmem", "linker.ld", "tests"}
    others = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - layout
    assert not others, f"the layout has no {', '.join(sorted(others))} beside the README"


def test_direction_of_includes():
    found = [
        sentence
        for path in files(".c", ".h", ".S")
        for sentence in includes.violations(path, (ROOT / path).read_text(encoding="utf-8"))
    ]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize(
    "path, text, allowed",
    [
        ("kmem/fba.c", '#include "kmem/fba.h"', True),
        ("kmem/fba.c", "#include <stdint.h>", True),
        ("kmem/fba.c", "#include <string.h>", False),
        ("kmem/fba.c", '#include "fba.h"', True),
        ("arch/x86_64/serial.c", '#include "io.h"', False),
        ("kmem/fba.c", '#include "kmem/../boot/handoff.h"', False),
        ("kmem/fba.c", '  #  include "arch/x86_64/io.h"', False),
        ("arch/x86_64/serial.c", '#include "kmem/writer.h"', True),
        ("arch/x86_64/serial.c", '#include "boot/handoff.h"', False),
        ("boot/kernel/main.c", '#include "arch/x86_64/io.h"', True),
        ("boot/kernel/main.c", "#include <efi.h>", False),
        ("boot/loader/main.c", "#include <efi.h>", True),
        ("boot/loader/main.c", '#include "tests/suites/suite.h"', False),
        ("tests/host/main.c", "#include <stdio.h>", True),
        ("lib/x.c", "", False),
    ],
)
def test_the_check_of_includes(path, text, allowed):
    assert (includes.violations(path, text) == []) == allowed


# Folders whose files may not use each other in a circle.
WITHOUT_CYCLES = ("boot/", "arch/", "kmem/")


def source_of_object(path):
    """build/kernel/kmem/fba.o comes from kmem/fba.c, and another from an .S."""
    stem = path.split("/", 2)[2].removesuffix(".o")
    return stem + (".c" if (ROOT / f"{stem}.c").exists() else ".S")


def test_no_cycle_and_no_upward_call():
    """What the objects of each program call of each other, and what the files include."""
    listing = ROOT / "build" / "programs.txt"
    assert listing.exists(), "no build/programs.txt: run `make lint`"
    checked = files(".c", ".h", ".S")
    uses = [use for path in checked for use in dependencies.includes(path, (ROOT / path).read_text(encoding="utf-8"))]
    linked = set()
    for line in listing.read_text().splitlines():
        source_of = {path: source_of_object(path) for path in line.split()[1:]}
        linked.update(source_of.values())
        uses += dependencies.calls(dependencies.symbols(source_of, ROOT))
    inside = [use for use in uses if use.user.startswith(WITHOUT_CYCLES) and use.used.startswith(WITHOUT_CYCLES)]
    found = dependencies.upward(uses) + dependencies.cycles(inside, checked)
    found += [
        f"{path}: in no program, so that nothing is known of its calls"
        for path in checked
        if path.startswith(("boot/", "arch/", "kmem/")) and not path.endswith(".h") and path not in linked
    ]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


SOURCES = (".c", ".h", ".S", ".cc", ".py", ".sh", ".mk", ".ld", ".rs", ".zig")


def test_openers():
    """Each source begins with its licence, then says what it is for."""
    paths = [*files(*SOURCES), "Makefile", "linker.ld"]
    show("\n".join(filter(None, (vocabulary.opener(path, (ROOT / path).read_text(encoding="utf-8")) for path in paths))))


def test_vocabulary():
    """Words and idioms that the tree does not use; vocabulary.py itself has them all."""
    paths = [*files(*SOURCES, ".md"), "Makefile", "linker.ld", "README.md"]
    own = ("tests/lint/vocabulary.py", "tests/lint/test_vocabulary.py")
    found = [vocabulary.violations(path, (ROOT / path).read_text(encoding="utf-8")) for path in paths if path not in own]
    show("\n".join(itertools.chain.from_iterable(found)))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_compiles_clean(compiler, units, complaints):
    show(
        complaints([(file, (*compiled_with(compiler, flags), "-fsyntax-only", file)) for file, flags in units])
    )


def test_headers_stand_alone(units, complaints):
    """Each header compiles by itself, with the flags of a file of its folder."""
    flags_of = {os.path.dirname(file): flags for file, flags in units}
    commands = []
    for header in files(".h"):
        folder = os.path.dirname(header)
        flags = flags_of.get(folder) or flags_of.get("boot/kernel") or flags_of["kmem"]
        # A header of macros alone makes an empty unit, which only -Wpedantic minds.
        options = ("-Wno-pedantic", "-fsyntax-only", "-x", "c", "-include", header, os.devnull)
        commands.append((header, (*compiled_with("gcc", flags), *options)))
    show(complaints(commands))


def test_clang_format(complaints):
    if is_known("clang-format"):
        found = complaints([(file, ("clang-format", "--dry-run", "-Werror", file)) for file in files(".c", ".h")])
        unlike = dict.fromkeys(re.findall(r"^([^:\n]+):\d+:\d+: error:", found, re.MULTILINE))
        show(found and "\n".join(["`make format` lays these out:", *unlike]))


def test_clang_tidy(units, complaints):
    """Each file once, however many ways it is compiled. Beyond so many states of a function its analyser
    takes many times as long, and has found nothing here."""
    bound = ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=30000")
    found = complaints(
        [(file, ("clang-tidy", "--quiet", file, "--", *flags, *bound)) for file, flags in dict(units).items()]
    )
    show(found, is_known("clang-tidy"))


def test_cppcheck(units, complaints):
    options = (
        "--quiet",
        "--std=c11",
        "--enable=warning,performance,portability",
        "--inline-suppr",
        "--error-exitcode=1",
        "--suppress=missingIncludeSystem",
        "-I.",
    )
    show(complaints([(file, ("cppcheck", *options, file)) for file in dict(units)]), is_known("cppcheck"))
