# SPDX-License-Identifier: MIT
"""A program of a test's own over sources of kmem/, compiled for the host."""

import pathlib
import subprocess

from c_sources import ROOT, WARNINGS


def build(folder: pathlib.Path, text: str, *sources: str) -> pathlib.Path:
    """The program, in this folder. `sources`: relative to the root."""
    source, program = folder / "program.c", folder / "program"
    source.write_text(text, encoding="utf-8")
    command = ["gcc", "-std=c11", *WARNINGS, f"-I{ROOT}", source, *(ROOT / file for file in sources), "-o", program]
    subprocess.run(command, check=True)
    return program
