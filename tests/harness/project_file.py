# SPDX-License-Identifier: MIT
"""Reads harness.toml, in which a project says how its kernels are built, booted and judged.

    build = "make"                                  # a command for the shell, run once
    [defaults]                                      # of each boot
    source = "qemu"
    [[boot]]
    name = "tests"
    kernel = "tests.elf"
    pass = ["all tests passed"]
    matrix = { mem = ["128M", "1G"], smp = [1, 4] } # one boot for each combination

Each key is an option of boot.py without its dashes, so that what an option rejects is rejected here in the same
words. The others: `build`, `matrix` with `exclude`, `verdict` (the one that is to come, if not `passed`) and `qemu`
(further arguments, in which {folder} stands for that of the file). Used by project.py.
"""

import argparse
import dataclasses
import difflib
import itertools
import pathlib
import re
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import command_line
import options
from judge import Verdict
from machine import Unusable

NAME = "harness.toml"
FOLDER = "{folder}"
# Options of the command that are about looking at one boot, or that the file has in another form.
_NOT_HERE = {"help", "log", "gdb", "gdb-command", "quiet", "timestamps", "ktap"}
_OWN = ("name", "build", "matrix", "exclude", "verdict", "qemu")
_TOP = ("build", "defaults", "boot")


@dataclasses.dataclass
class Entry:
    """One boot: a point of the matrix of a [[boot]]."""

    name: str  # of the log, too
    words: list[str]  # the options of boot.py
    parsed: argparse.Namespace  # the same; files are read when it is booted, and not before
    builds: tuple[str, ...]  # commands for the shell, in this order
    verdict: Verdict  # that it is to end with
    line: int  # of its [[boot]] in the file


class _Parser(options.Parser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def read(file: pathlib.Path) -> list[Entry]:
    """The boots of a file. Raises Unusable, with a sentence that names the place."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from error
    try:
        return parse(text, file.resolve().parent, "boot" if file.name == NAME else re.sub(r"[^\w.-]", "_", file.stem))
    except ValueError as error:  # TOML's own are of this kind too
        raise Unusable(f"{file}: {error}") from error


def parse(text: str, folder: pathlib.Path, usual_name: str = "boot") -> list[Entry]:
    """The boots of a file's text, which is in `folder`. `usual_name` is that of a boot without one. Raises ValueError."""
    table = _loads(text)
    _check(table, _TOP)
    boots, defaults = table.get("boot", []), table.get("defaults", {})
    if not isinstance(boots, list) or not boots or not all(isinstance(boot, dict) for boot in boots):
        raise ValueError("no boot: give each a table, [[boot]]")
    if not isinstance(defaults, dict):
        raise ValueError("defaults is a table, [defaults]")
    try:
        _check(defaults, _keys(command_line.parser_of_boot(_Parser)))
    except ValueError as error:
        raise ValueError(f"defaults: {error}") from None
    lines = [number for number, line in enumerate(text.split("\n"), 1) if re.match(r"\s*\[\[\s*boot\s*\]\]", line)]
    entries: list[Entry] = []
    for number, boot in enumerate(boots):
        where = f"boot {boot.get('name', number + 1)!r}"
        try:
            line = lines[number] if number < len(lines) else 0
            entries += _entries({"name": usual_name, **defaults, **boot}, table.get("build"), line, folder)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    names = [entry.name for entry in entries]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two boots are named {twice!r}: give each a name of its own")
    return entries


def _loads(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib

        return tomllib.loads(text)
    try:
        import tomli
    except ImportError:
        raise Unusable("no tomli: install the package python3-tomli (apt-get install python3-tomli)") from None
    table: dict[str, Any] = tomli.loads(text)
    return table


def _keys(parser: options.Parser) -> list[str]:
    """Those of a boot."""
    flags = {flag[2:] for action in parser._actions for flag in action.option_strings if flag.startswith("--")}
    return [*sorted(flags - _NOT_HERE), *_OWN]


def _check(table: dict[str, Any], known: Iterable[str]) -> None:
    for key in table:
        if key not in known:
            like = difflib.get_close_matches(key, list(known), n=1)
            raise ValueError(f"{key!r} is not known" + (f"; is it {like[0]!r}?" if like else ""))


def _entries(boot: dict[str, Any], build: object, line: int, folder: pathlib.Path) -> Iterable[Entry]:
    parser = command_line.parser_of_boot(_Parser)
    keys = _keys(parser)
    _check(boot, keys)
    builds = tuple(_text("build", one) for one in (build, boot.get("build")) if one is not None)
    verdicts = {verdict.title: verdict for verdict in Verdict}
    verdict = boot.get("verdict", Verdict.PASSED.title)
    if verdict not in verdicts:
        raise ValueError(f"verdict = {verdict!r} is not one of {', '.join(verdicts)}")
    matrix, excluded = boot.get("matrix", {}), boot.get("exclude", [])
    if not isinstance(matrix, dict) or not all(isinstance(values, list) and values for values in matrix.values()):
        raise ValueError("matrix = { OPTION = [VALUE, …], … } is its form")
    _check(matrix, [key for key in keys if key not in _OWN])
    if not isinstance(excluded, list) or not all(isinstance(point, dict) for point in excluded):
        raise ValueError("exclude = [{ OPTION = VALUE, … }, …] is its form")
    for point in excluded:
        _check(point, list(matrix))
    settings = {key: value for key, value in boot.items() if key not in _OWN}
    points = [dict(zip(matrix, values)) for values in itertools.product(*matrix.values())]
    if idle := [other for other in excluded if not any(other.items() <= point.items() for point in points)]:
        raise ValueError(f"exclude = [{idle[0]}] is no point of the matrix")
    for point in points:
        if any(other.items() <= point.items() for other in excluded):
            continue
        name = "-".join([_text("name", boot["name"]), *(re.sub(r"[^\w.]+", "_", str(value)) for value in point.values())])
        words = [f"--name={name}"]
        # In a table the order of the keys means nothing, to the command that of --prompt and --send does.
        for key, value in sorted({**settings, **point}.items(), key=lambda item: item[0] != "prompt"):
            words += _words(parser, key, value)
        extra = boot.get("qemu", [])
        if not isinstance(extra, list) or not all(isinstance(word, str) for word in extra):
            raise ValueError('qemu = ["ARGUMENT", …] is its form')
        words += ["--", *(word.replace(FOLDER, str(folder)) for word in extra)] if extra else []
        yield Entry(name, words, command_line.parse(words, parser), builds, verdicts[verdict], line)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} = {value!r} is no text")
    return value


def _words(parser: options.Parser, key: str, value: object) -> list[str]:
    """The words of the command line that say the same."""
    action = parser._option_string_actions[f"--{key}"]
    if action.nargs == 0:
        if value is not True:
            raise ValueError(f"{key} = {value!r}: give true, or leave it out")
        return [f"--{key}"]
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) and not isinstance(action.default, list):
        raise ValueError(f"{key} = {value!r}: give one value; several make a matrix")
    if key == "send" and all(isinstance(one, list) and len(one) == 2 for one in values):
        return [word for prompt, text in values for word in (*_words(parser, "prompt", prompt), *_words(parser, key, text))]
    for one in values:
        if isinstance(one, bool) or not isinstance(one, (str, int, float)):
            raise ValueError(f"{key} = {value!r}: give texts or numbers")
    return [f"--{key}={one}" for one in values]
