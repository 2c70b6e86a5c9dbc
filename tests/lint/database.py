# SPDX-License-Identifier: MIT
"""Writes compile_commands.json: which file is compiled with which flags. The Makefile calls it.

    database.py OUTPUT FLAGS FILE… [-- FLAGS FILE…]…

The lint checks take their flags from it, and so do clangd and the editors that use it. A file that
is compiled several ways (for the kernel, the loader, the host) stands in it several times.
"""

import json
import os
import sys


def groups(arguments):
    group = []
    for argument in [*arguments, "--"]:
        if argument == "--":
            yield group[0], group[1:]
            group = []
        else:
            group.append(argument)


def main(output, arguments):
    units = [
        {"directory": os.getcwd(), "file": file, "command": f"cc {flags} -c {file}"}
        for flags, files in groups(arguments)
        for file in files
    ]
    with open(output, "w", encoding="utf-8") as database:
        json.dump(units, database, indent=1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
