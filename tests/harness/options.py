# SPDX-License-Identifier: MIT
"""Options of a command that are fields of a dataclass, each declared once, at its field.

    memory: str = option("256M", Option("--mem", ON, "bytes, or with K, M, G or T", metavar="SIZE", parse=memory_size))

From that come the parser (`add_to`), the values of the fields (`values`) and the words that repeat them on a
command line (`words`). machine.py declares its Machine so; boot.py and sweep.py take the options from there.
"""

import argparse
import dataclasses
import pathlib
import re
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import conversation

MEMORY_MIN, MEMORY_MAX = 1 << 20, 1 << 40  # bytes
OUTPUT_MIN, OUTPUT_MAX = 1 << 10, 1 << 30  # bytes
PROCESSORS_MAX = 255
SECONDS_MAX = 86400  # a day
STATUS_MAX = 255
# What the volume has of its own, in small letters: it is FAT.
RESERVED = {"efi", "kernel.elf", "cmdline.txt"}
_KEY = "options"


@dataclasses.dataclass(frozen=True)
class Option:
    """How a field is set from the command line."""

    flag: str
    group: str
    help: str
    metavar: str | None = None
    parse: Callable[[str], Any] = str
    choices: tuple[str, ...] | None = None
    sets: tuple[Any, ...] = ()  # a flag without a value: what it sets the field to
    many: str = ""  # "append": repeatable; "extend": also with several values; "pair": with the value of `first`
    first: "Option | None" = None  # holds for each behind it, until it is given again
    without_value: str | None = None  # what the flag means alone
    load: Callable[[Any], Any] | None = None  # makes the field's value of what was parsed, when it is needed
    write: Callable[[Any], list[str]] = lambda value: [str(value)]  # the words for a value


def option(default: Any, *declared: Option, **metadata: Any) -> Any:
    """A field of a dataclass with its options."""
    return dataclasses.field(default=default, metadata={_KEY: declared, **metadata})


def _declared(cls: type) -> list[tuple["dataclasses.Field[Any]", Option]]:
    return [(field, one) for field in dataclasses.fields(cls) for one in field.metadata.get(_KEY, ())]


def flags(cls: type) -> dict[str, str]:
    """{field: its first flag}."""
    return {field.name: one.flag for field, one in reversed(_declared(cls))}


def _name_of(flag: str) -> str:
    return flag.lstrip("-").replace("-", "_")


class _First(argparse.Action):
    """Keeps a value for the pairs that follow."""

    def __call__(self, parser: Any, namespace: Any, value: Any, flag: str | None = None) -> None:
        setattr(namespace, self.dest, value)


class _Pair(argparse.Action):
    """Adds the value of the option in front and its own."""

    def __call__(self, parser: Any, namespace: Any, value: Any, flag: str | None = None) -> None:
        first = getattr(namespace, _name_of(str(self.const)))
        if first is None:
            parser.error(f"{flag} without {self.const}: give {self.const} in front of it")
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), (first, value)])


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def add_to(parser: argparse.ArgumentParser, cls: type, groups: dict[str, Any]) -> None:
    """Adds the options of `cls`, each to its group of those in `groups`, which are made here."""
    for field, one in _declared(cls):
        if one.group not in groups:
            groups[one.group] = parser.add_argument_group(one.group)
        more: dict[str, Any] = {"dest": field.name, "help": one.help, "default": field.default}
        if one.sets:
            more |= {"action": "store_const", "const": one.sets[0]}
        else:
            more |= {"metavar": one.metavar, "type": one.parse, "choices": one.choices}
            if one.many == "pair" and one.first:
                first = one.first
                groups[one.group].add_argument(
                    first.flag, dest=_name_of(first.flag), help=first.help, metavar=first.metavar, type=first.parse, action=_First
                )
                more |= {"action": _Pair, "default": [], "const": first.flag}
            elif one.many:
                more |= {"action": one.many, "default": []}
                more |= {"nargs": "+"} if one.many == "extend" else {}
            elif one.without_value:
                more |= {"nargs": "?", "const": one.without_value}
        groups[one.group].add_argument(one.flag, **more)


def values(cls: type, parsed: argparse.Namespace) -> dict[str, Any]:
    """The values of the fields that have options."""
    found = {}
    for field, one in _declared(cls):
        value = getattr(parsed, field.name)
        if not one.sets:
            value = tuple(value) if one.many else value
            found[field.name] = one.load(value) if one.load and value is not None else value
    for field, one in _declared(cls):
        found.setdefault(field.name, getattr(parsed, field.name))
    return found


def words(described: Any, **instead: Any) -> list[str]:
    """The words that set the fields as they are here, where they are not the defaults. A field that is named in `instead`
    has the value that is there."""
    found: list[str] = []
    for field in dataclasses.fields(described):
        value = instead.get(field.name, getattr(described, field.name))
        if value == field.default:
            continue
        declared: tuple[Option, ...] = field.metadata.get(_KEY, ())
        for one in declared:
            if one.sets and value == one.sets[0]:
                found.append(one.flag)
                break
            if not one.sets and value is not None:
                for part in value if one.many in ("append", "pair") else [value]:
                    if one.first:
                        found += with_value(one.first.flag, one.first.write(part[0]))
                        part = part[1]
                    found += with_value(one.flag, one.write(part))
                break
    return found


def with_value(flag: str, parts: list[str]) -> list[str]:
    """The words for an option and its values. One with a dash in front would be taken for an option."""
    if any(part.startswith("-") for part in parts):
        return [f"{flag}={part}" for part in parts]
    return [flag, *parts]


# --- Values ---------------------------------------------------------------------------------------


def rejected(text: str, advice: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{text!r} is not accepted: {advice}")


def bytes_of(text: str) -> int:
    """The bytes in a size such as 256M, or in plain bytes."""
    match = re.fullmatch(r"(\d+)([KMGT]?)B?", text.upper())
    if not match:
        raise ValueError(f"{text!r} is no size")
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[match[2]]


def memory_size(text: str) -> str:
    if not re.fullmatch("[0-9]{1,16}[KMGT]?", text.upper()) or not MEMORY_MIN <= bytes_of(text) <= MEMORY_MAX:
        raise rejected(text, "give whole bytes, KiB, MiB or GiB such as 256M or 1G, at least 1M and at most 1024G")
    return text


def output_size(text: str) -> int:
    if not re.fullmatch("[0-9]{1,16}[KMG]?", text.upper()) or not OUTPUT_MIN <= bytes_of(text) <= OUTPUT_MAX:
        raise rejected(text, "give bytes, KiB or MiB such as 16M, at least 1K and at most 1G")
    return bytes_of(text)


def processors(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= PROCESSORS_MAX:
        raise rejected(text, f"give a whole number from 1 to {PROCESSORS_MAX}")
    return int(text)


def seconds_or_never(text: str) -> float:
    try:
        seconds_ = float(text)
    except ValueError:
        seconds_ = -1.0
    if not 0 <= seconds_ <= SECONDS_MAX:  # not a number is neither
        raise rejected(text, f"give seconds, at most {SECONDS_MAX}")
    return seconds_


def seconds(text: str) -> float:
    if not seconds_or_never(text):
        raise rejected(text, f"give more than 0 seconds, and at most {SECONDS_MAX}")
    return float(text)


def status(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or int(text) > STATUS_MAX:
        raise rejected(text, f"give a status from 0 to {STATUS_MAX}; what is written to isa-debug-exit comes as (value << 1) | 1")
    return int(text)


def expected_text(text: str) -> str:
    if not text.strip():
        raise rejected(text, "give a text that is not blank")
    return text


def typed_text(text: str) -> str:
    try:
        conversation.typed(text)
    except ValueError as error:
        raise rejected(text, str(error)) from None
    return text


def expression(text: str) -> str:
    """A regular expression that does not match every line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as of [[:alpha:]], which means something else here
            matches_all = re.search(text, "") is not None
    except (re.error, Warning) as error:
        raise rejected(text, f"give a regular expression of Python's ({error})") from None
    if matches_all:
        raise rejected(text, "give a regular expression that does not match an empty line")
    return text


def case_name(text: str) -> str:
    if not re.fullmatch(r"\S+", text):
        raise rejected(text, "give a suite or a case such as fba.resize, without blanks")
    return text


def run_id(text: str) -> str:
    if not re.fullmatch("[A-Za-z0-9._-]{1,32}", text):
        raise rejected(text, "give 1 to 32 of A-Z a-z 0-9 _ . -")
    return text


def word(text: str) -> str:
    if not re.fullmatch(r"[^\s-]\S*", text):
        raise rejected(text, "give a word without blanks")
    return text


def log_name(text: str) -> str:
    if not re.fullmatch("(?![.])[A-Za-z0-9._-]{1,64}", text):
        raise rejected(text, "give 1 to 64 of A-Z a-z 0-9 _ . -, the first of them no dot")
    return text


def volume_file(text: str) -> tuple[str, pathlib.Path]:
    name, _, file = text.partition("=")
    parts = pathlib.PurePosixPath(name).parts
    if not file or not parts or parts[0] == "/" or ".." in parts:
        raise rejected(text, "give NAME=FILE, with a NAME inside the volume such as data/a.bin")
    if parts[0].lower() in RESERVED:
        raise rejected(text, "the volume has this of its own: use --loader, --kernel or --cmdline, or another name")
    return name, pathlib.Path(file)
