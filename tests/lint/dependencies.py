# SPDX-License-Identifier: MIT
"""Checks which files use which: no upward call in tests -> boot -> arch -> kmem, and no cycle of files.

A file uses another when its object leaves a symbol undefined that the other's object defines in the same
program, so each program may have its own function of a name; or when it includes the other's header.
Used by test_lint.py.
"""

import collections
import pathlib
import re
import subprocess
from typing import NamedTuple

# A folder may use itself and the folders after it.
ORDER = ("tests", "boot", "arch", "kmem")

# What a file may leave to the program that it is linked into, whichever folder the definition stands in.
LEFT_TO_THE_PROGRAM = {
    # gcc and clang emit calls of these four in freestanding code too (GCC manual, "Language Standards").
    *("memcpy", "memmove", "memset", "memcmp"),
    # The start code calls it, as a C library's calls main().
    "kernel_main",
}

_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


class Symbols(NamedTuple):
    """The global symbols of one source file in one program."""

    defined: set[str]
    undefined: set[str]


class Use(NamedTuple):
    user: str  # a file
    used: str  # the file that it calls or includes
    names: tuple[str, ...]  # the symbols, or nothing when it is an include

    def __str__(self) -> str:
        if not self.names:
            return f"{self.user} includes {self.used}"
        return f"{self.user} uses {', '.join(self.names)} of {self.used}"


def parse_nm(text: str, source_of: dict[str, str]) -> dict[str, Symbols]:
    """{source: Symbols} from what `nm -A -P OBJECT…` prints: `OBJECT: NAME TYPE …`."""
    found = {source: Symbols(set(), set()) for source in source_of.values()}
    for line in text.splitlines():
        place, name, kind, *_ = line.split()
        defined, undefined = found[source_of[place.removesuffix(":")]]
        if kind in "Uwv":
            undefined.add(name)
        elif kind.isupper():
            defined.add(name)
    return found


def symbols(source_of: dict[str, str], folder: pathlib.Path) -> dict[str, Symbols]:
    """{source: Symbols} of the objects of a program; `source_of` has the source of each object."""
    command = ["nm", "-A", "-P", *source_of]
    return parse_nm(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout, source_of)


def calls(program: dict[str, Symbols]) -> list[Use]:
    """Which files of one program use which symbols of which others."""
    definer = {name: source for source, named in program.items() for name in named.defined}
    uses = []
    for source, named in sorted(program.items()):
        names_of = collections.defaultdict(list)
        for name in sorted(named.undefined - LEFT_TO_THE_PROGRAM):
            if name in definer:
                names_of[definer[name]].append(name)
        uses += [Use(source, used, tuple(names)) for used, names in sorted(names_of.items())]
    return uses


def includes(path: str, text: str) -> list[Use]:
    """Which headers a file includes; a bare name is in the file's own folder."""
    folder = path.rsplit("/", 1)[0]
    names = _INCLUDE.findall(text)
    return [Use(path, name if "/" in name else f"{folder}/{name}", ()) for name in names]


def upward(uses: list[Use]) -> list[str]:
    """The sentences about calls from a lower folder to a higher one."""

    def height(path: str) -> int:
        return -ORDER.index(path.split("/")[0])

    return [f"upward: {use}" for use in uses if height(use.used) > height(use.user)]


def cycles(uses: list[Use], sources: list[str]) -> list[str]:
    """A sentence for each group of modules that use each other in a circle: its shortest circle, use by use.

    A module is NAME.c with its header, NAME.h, and its assembler, NAME_….S.
    """
    modules = {path.rsplit(".", 1)[0] for path in sources if not path.endswith(".S")}

    def module_of(path: str) -> str:
        stem, ending = path.rsplit(".", 1)
        part_of = [module for module in modules if ending == "S" and stem.startswith(module + "_")]
        return max(part_of, key=len, default=stem)

    graph: dict[str, dict[str, Use]] = collections.defaultdict(dict)
    for use in sorted(uses, key=lambda use: not use.names):  # calls before includes: they say more
        user, used = module_of(use.user), module_of(use.used)
        if user != used:
            graph[user].setdefault(used, use)

    found, told = [], set()
    for circle in sorted(filter(None, (_shortest_circle(graph, module) for module in sorted(graph))), key=len):
        if told.isdisjoint(circle):
            told.update(circle)
            steps = [graph[user][used] for user, used in zip(circle, circle[1:])]
            found.append("\n    ".join(["cycle: " + " -> ".join(circle), *map(str, steps)]))
    return found


def _shortest_circle(graph: dict[str, dict[str, Use]], start: str) -> list[str]:
    """[start, …, start] along the fewest uses, or nothing when there is no way back."""
    came_from, queue = {}, collections.deque([start])
    while queue:
        module = queue.popleft()
        for used in graph.get(module, ()):
            if used == start:
                circle = [start, module]
                while circle[-1] != start:
                    circle.append(came_from[circle[-1]])
                return circle[::-1]
            if used not in came_from:
                came_from[used] = module
                queue.append(used)
    return []
