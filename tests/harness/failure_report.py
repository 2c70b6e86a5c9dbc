# SPDX-License-Identifier: MIT
"""What is shown of a test that failed: what was expected beside what came, and the commands that repeat
the boot, open it in gdb, record it and replay it. Used by the scenarios' conftest.py.
"""

import dataclasses
import difflib

import command_line
import machine
import runner

CONTEXT = 3  # lines before and after
WIDTH = 58


def beside(expected: str, text: str) -> list[str]:
    """Lines that show an expected text beside the line of `text` that is most like it, in its context."""
    lines = [line for line in text.splitlines() if line.strip()]
    wanted = expected.strip("\n").splitlines() or [""]
    close = difflib.get_close_matches(wanted[0], lines, n=1, cutoff=0.3)
    at = lines.index(close[0]) if close else len(lines) - 1
    first, end = max(0, at - CONTEXT), min(len(lines), at + len(wanted) + CONTEXT)
    rows = [_row("expected", f"came (lines {first + 1} to {end} of {len(lines)})"), _row("-" * WIDTH, "-" * WIDTH)]
    for number in range(first, end):
        due = wanted[number - at] if 0 <= number - at < len(wanted) else ""
        rows.append(_row(due, lines[number], "|" if not due or due == lines[number] else "≠"))
    if not close:
        rows.append(_row(wanted[0], "(no line is like it)", "≠"))
    return rows


def _row(left: str, right: str, between: str = "|") -> str:
    return f"{left:{WIDTH}} {between} {right}"


def commands(ended: runner.Boot) -> list[str]:
    """The commands that repeat a boot and look into it; the files it needs are saved for them."""
    described = ended.machine
    files = machine.BUILD / "failed" / described.name
    for name, content in described.files:
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_bytes(content)
    recording = f"build/failed/{described.name}.rr"
    plain = dataclasses.replace(described, counted=None, record=None, replay=None)
    rows = [
        f"{ended.summary()}",
        f"log:     {ended.log.relative_to(machine.ROOT)}",
        f"repeat:  {command_line.command_of(described, files=files)}",
        f"gdb:     {command_line.command_of(plain, '--gdb', '--gdb-command', 'hbreak kernel_main', files=files)}",
    ]
    if described.image is None and described.firmware_code is None and not described.kvm:
        (machine.BUILD / "failed").mkdir(parents=True, exist_ok=True)
        rows += [
            f"record:  {command_line.command_of(plain, '--record', recording, files=files)}",
            f"replay:  {command_line.command_of(plain, '--replay', recording, files=files)}   (with --gdb: step through it)",
        ]
    return rows


def boots_in(thing: object) -> list[runner.Boot]:
    """The Boots in what a test's background function returned: one, a list, or an object with fields."""
    if isinstance(thing, runner.Boot):
        return [thing]
    if isinstance(thing, (list, tuple)):
        return [boot for member in thing for boot in boots_in(member)]
    return [boot for member in vars(thing).values() for boot in boots_in(member)] if hasattr(thing, "__dict__") else []
