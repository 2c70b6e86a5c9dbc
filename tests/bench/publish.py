#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Publishes what `make bench` and `make bench-boot` wrote.

    publish.py FOLDER     copies it from there to tests/bench, and puts readme.md into the README,
                          between its marks
"""

import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
README = HERE.parents[1] / "README.md"
MARKS = ("<!-- bench: `make bench-publish` writes what follows -->\n", "<!-- end of bench -->\n")
PUBLISHED = ("results.md", "results.svg", "boot.md", "growth.md", "growth.svg")


def main(folder: pathlib.Path) -> None:
    for name in PUBLISHED:
        if (folder / name).exists():
            shutil.copyfile(folder / name, HERE / name)
    if not (folder / "readme.md").exists():
        return
    before, first, rest = README.read_text(encoding="utf-8").partition(MARKS[0])
    _, last, after = rest.partition(MARKS[1])
    if not first or not last:
        sys.exit(f"publish.py: {README.name} has no part between {MARKS[0].strip()} and {MARKS[1].strip()}")
    part = (folder / "readme.md").read_text(encoding="utf-8")
    README.write_text(f"{before}{first}\n{part}\n{last}{after}", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
