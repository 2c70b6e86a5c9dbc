# SPDX-License-Identifier: MIT
"""Writes the manual page boot-harness(1): boot-harness.1.in, with the options and the verdicts as the harness has them.

    manual.py OUTPUT

The Makefile calls it.
"""

import sys

sys.dont_write_bytecode = True  # nothing is written outside build/

import argparse
import pathlib
import re

import command_line
import judge

TEMPLATE = pathlib.Path(__file__).with_name("boot-harness.1.in")


def plain(text: str) -> str:
    """Text that means nothing to roff: mdoc(7), "Macro syntax"."""
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", r"\e").replace("-", r"\-"), flags=re.MULTILINE)


def value_of(action: argparse.Action) -> str:
    name = " | ".join(map(str, action.choices)) if action.choices else str(action.metavar or action.dest.upper())
    return {"?": f"Op Ar {name}", "+": f"Ar {name} ..."}.get(str(action.nargs), f"Ar {name}")


def item_of(action: argparse.Action) -> list[str]:
    head = " , ".join(f"Fl {plain(flag[1:])}" for flag in action.option_strings)
    words = (action.help or "").replace("%(default)s", str(action.default)).replace("%(default)g", f"{action.default}")
    words = words.replace("%(const)s", str(action.const))
    return [f".It {head}" + ("" if action.nargs == 0 else f" {value_of(action)}"), plain(words)]


def options_of(parser: argparse.ArgumentParser) -> list[str]:
    """A section for each group of --help."""
    lines = []
    for group in parser._action_groups:
        if group._group_actions:
            lines += [f".Ss {plain(str(group.title)[:1].upper() + str(group.title)[1:])}", ".Bl -tag -width Ds"]
            lines += [line for action in group._group_actions for line in item_of(action)]
            lines.append(".El")
    return lines


def verdicts() -> list[str]:
    rows = [(verdict.status, f"{verdict.title}: {verdict.meaning}") for verdict in judge.Verdict]
    rows += [(2, "wrong usage, or something that is needed is missing"), (130, "interrupted")]
    items = [line for status, words in sorted(rows) for line in (f".It {status}", plain(words))]
    return [".Bl -tag -width Ds", *items, ".El"]


def page() -> str:
    parts = {"OPTIONS": options_of(command_line.parser_of_boot()), "VERDICTS": verdicts()}
    lines = []
    for line in TEMPLATE.read_text(encoding="utf-8").splitlines():
        place = re.fullmatch(r'\.\\" ([A-Z]+)', line)
        lines += parts[place[1]] if place else [line]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text(page(), encoding="utf-8")
