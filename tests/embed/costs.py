# SPDX-License-Identifier: MIT
"""Measures what each piece of kmem/ costs and prints the table of kmem/README.md.

    PYTHONPATH=tests/harness python3 tests/embed/costs.py

Text is that of `gcc -Os -ffreestanding` on x86-64; instructions are counted one by one at -O2.
"""

import collections
import pathlib
import subprocess

from c_sources import ROOT, kmem

BUILD = ROOT / "build" / "costs"


def text_of(source: pathlib.Path) -> int:
    target = BUILD / f"{source.stem}.o"
    subprocess.run(["gcc", "-std=c11", "-Os", "-ffreestanding", "-I.", "-c", source, "-o", target], cwd=ROOT, check=True)
    sections = subprocess.run(["size", "-A", target], capture_output=True, text=True, check=True).stdout
    return sum(int(line.split()[1]) for line in sections.splitlines() if line.startswith(".text"))


def figures() -> dict[str, dict[str, list[str]]]:
    program = BUILD / "costs"
    sources = [ROOT / "tests/embed/costs.c", ROOT / "tests/bench/step.c", *kmem()]
    subprocess.run(["gcc", "-std=c11", "-O2", "-I.", *sources, "-o", program], cwd=ROOT, check=True)
    found: dict[str, dict[str, list[str]]] = collections.defaultdict(lambda: {"state": [], "instructions": []})
    for line in subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines():
        piece, kind, figure = line.split("|")
        found[piece][kind].append(figure)
    return found


def main() -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    found = figures()
    print("| piece | text | state | instructions |\n|---|---|---|---|")
    for source in kmem():
        piece = source.stem
        state = "; ".join(found[piece]["state"]) or "none"
        print(f"| `{piece}` | {text_of(source)} | {state} | {', '.join(found[piece]['instructions'])} |")


if __name__ == "__main__":
    main()
