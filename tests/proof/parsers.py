#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Proves with Frama-C that what reads bytes of firmware, files and command lines has no run-time
error and ends, for every input of every size.

    parsers.py [--faults] [--smoke] [--only SOURCE] [--function FUNCTION] [--cache] [--check]

The sources are proved as they ship. Contracts and loop annotations stand in parsers/NAME.acsl, by
function and by the line of the loop; they are put into a copy as comments, and the copy without them
must be the source again, byte by byte. Every function must have a contract, which promises that it
ends, and every loop a variant. --check does no more than that, and sees that the seeded faults fit.

--faults seeds each fault of parser_faults.py: the faulty function must have a goal that stays open.
--smoke looks for contradictions in what is assumed, and for code that they make unreachable.
Ends with one line; exit 1 if a goal is open or a fault goes unnoticed. Logs are under build/proof.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import time

import prove
from parser_faults import PARSER_FAULTS

ROOT = prove.ROOT
HERE = prove.HERE / "parsers"
BUILD = prove.BUILD / "parsers"

# Each source, with the headers whose functions are proved with it and the sources that it calls,
# whose contracts are used.
SOURCES = {
    "boot/cmdline.c": ((), ()),
    "boot/loader/loader_options.c": ((), ("boot/cmdline.c",)),
    "boot/kernel/kernel_options.c": ((), ("boot/cmdline.c",)),
    "boot/loader/elf.c": (("boot/range.h", "arch/x86_64/page.h"), ("boot/loader/elf_note.c",)),
    "boot/loader/elf_note.c": ((), ("boot/range.h", "arch/x86_64/page.h")),
    "boot/loader/fw_cfg.c": ((), ()),
    "boot/memory_map.c": ((), ("boot/range.h", "arch/x86_64/page.h")),
    "boot/handoff.c": ((), ()),
    "boot/kernel/handoff_check.c": ((), ("boot/handoff.c", "boot/range.h", "arch/x86_64/page.h")),
    "boot/direct_map.c": ((), ("boot/range.h", "arch/x86_64/page.h")),
    "boot/kernel/acpi_memory.c": (("arch/x86_64/address.h",), ("boot/direct_map.c",)),
    "boot/acpi/table.c": ((), ("boot/range.h", "arch/x86_64/page.h")),
    "boot/acpi/spcr.c": ((), ("boot/acpi/table.c", "boot/range.h", "arch/x86_64/page.h")),
    "boot/acpi/aml.c": ((), ()),
    "boot/acpi/madt.c": ((), ("boot/acpi/table.c", "boot/range.h", "arch/x86_64/page.h")),
    "boot/acpi/fadt.c": ((), ("boot/acpi/tables.c", "boot/acpi/table.c", "boot/range.h",
                                     "arch/x86_64/page.h")),
    "boot/acpi/tables.c": ((), ("boot/acpi/table.c", "boot/range.h", "arch/x86_64/page.h")),
}
# What else Frama-C reads first.
ENVIRONMENTS = {
    "boot/cmdline.c": ("cmdline.h",),
    "boot/loader/loader_options.c": ("cmdline.h",),
    "boot/kernel/kernel_options.c": ("cmdline.h",),
    "boot/loader/elf.c": ("elf.h",),
    "boot/loader/elf_note.c": ("elf.h",),
    "boot/loader/fw_cfg.c": ("fw_cfg.h",),
    "boot/memory_map.c": ("memory_map.h",),
    "boot/handoff.c": ("handoff.h",),
    "boot/kernel/handoff_check.c": ("handoff.h", "memory_map.h", "handoff_check.h"),
    "boot/direct_map.c": ("direct_map.h",),
    "boot/kernel/acpi_memory.c": ("direct_map.h", "acpi_memory.h"),
    "boot/acpi/tables.c": ("tables.h",),
    "boot/acpi/fadt.c": ("tables.h",),
    "boot/acpi/madt.c": ("madt.h",),
}
# Where unsigned wrap-around is intended.
WRAPS = {
    "boot/loader/loader_options.c": {"character_at": "a byte is shifted to its place"},
    "boot/loader/elf.c": {
        "check_header": "the product of two numbers of 16 bits, which solvers cannot bound",
        "check_segment": "a difference of which a remainder is taken",
    },
    "boot/loader/elf_note.c": {
        "mix": "a product modulo 2^64",
        "word_at": "bytes are shifted to their places in a word",
        "elf_note_checksum": "bytes are shifted to their places in a word",
    },
    "boot/loader/fw_cfg.c": {"read_selected": "a key is shifted to its place"},
    "boot/kernel/handoff_check.c": {
        "check_region": "distances between addresses, modulo 2^64",
        "check_parts": "distances between addresses: one that wraps is larger than the region",
    },
    "boot/acpi/table.c": {
        "acpi_table_read": "bytes are shifted to their places in a word",
        "acpi_table_read_address": "a shift by at most 3",
    },
    "boot/acpi/madt.c": {
        "add": "counts of what the table lists",
        "acpi_madt_read": "a count of what the table lists",
    },
    "boot/acpi/tables.c": {
        "list_tables": "counts of what is listed in the root table",
        "count_good": "a count of what is listed in the root table",
    },
    "boot/acpi/aml.c": {"enter_package": "bytes are shifted to their places in a word"},
}

# Statements that no state reaches, which a smoke test must find: what follows on `|| fail(…)` being true; of
# the two ways to copy, the one that is not of these types.
DEAD = {"boot/loader/elf.c": 3, "boot/memory_map.c": 14}

ATTEMPTS = (
    (("z3-memory", "z3-masks", "cvc4-memory", "z3", "cvc4"), 3, ()),
    (tuple(prove.SOLVERS), 10, ("-wp-split",)),
)

HEAD = re.compile(r"^(?!typedef|#|//|else)\w[\w \*\n]*?\b(\w+)\((?:[^(){};]*)\)\n\{(.*?)^\}", re.M | re.S)
SECTION = re.compile(r"\[(\w+)(?:: (.*?)(?: #(\d))?)?\]")
LOOP = re.compile(r"^ *((?:for|while|do)\b.*|\w+_each\(.*)$", re.M)
COMMENT = re.compile(r"/\*@ .*? \*/ ", re.S)


def functions(text):
    """The functions that a source defines, each with its place."""
    return {match[1]: match for match in HEAD.finditer(text)}


def sections(text):
    """The annotations of a side file: function, line of the function, which of them, annotation."""
    found = []
    for line in text.splitlines():
        if match := SECTION.fullmatch(line):
            found.append((*match.groups(), []))
        elif line and not line.startswith("//"):
            found[-1][3].append(line.strip())
    return found


def annotate(source, text):
    """The text of a source with its annotations."""
    places = functions(text)
    loops = {place.start(2) + loop.start(1)
             for place in places.values() for loop in LOOP.finditer(place[2])}
    contracts, inserted = set(), []
    for name, line, number, annotation in sections((HERE / (pathlib.Path(source).stem + ".acsl")).read_text()):
        if name == "logic":
            inserted.append((min(place.start() for place in places.values()), " ".join(annotation)))
            continue
        if name not in places:
            sys.exit(f"parsers: {source} has no function {name}")
        place = places[name]
        if line is None:
            contract, ends = re.subn(r"(?=\bassigns\b)", r"terminates \\true; ", " ".join(annotation), count=1)
            if not ends:
                sys.exit(f"parsers: {source}: the contract of {name} does not say what it assigns")
            contracts.add(name)
            inserted.append((place.start(), contract))
            continue
        lines = [place.start(2) + found.start(1) for found in re.finditer(r"^ *(\S.*)$", place[2], re.M)
                 if found[1] == line]
        if len(lines) < int(number or 1) or (len(lines) > 1 and number is None):
            sys.exit(f'parsers: {source}, {name}: "{line}" is there {len(lines)} times')
        at = lines[int(number or 1) - 1]
        if any("loop variant" in text for text in annotation):
            loops.discard(at)
        inserted.append((at, " ".join(annotation)))
    for name in places.keys() - contracts:
        sys.exit(f"parsers: {source}: {name} has no contract")
    for at in loops:
        sys.exit(f'parsers: {source}: no variant of the loop "{text[at:].splitlines()[0]}"')
    result = text
    for at, annotation in reversed(sorted(inserted, key=lambda pair: pair[0])):
        result = f"{result[:at]}/*@ {annotation} */ {result[at:]}"
    if COMMENT.sub("", result) != text:
        sys.exit(f"parsers: {source} is another one without its annotations")
    return result


def annotated(source, fault=None):
    """A source, its headers and what it calls, each with its annotations, and with the fault if it is in one."""
    texts = {file: annotate(file, (ROOT / file).read_text()) for file in (source, *SOURCES[source][0], *SOURCES[source][1])}
    if fault:
        name, file, good, bad, _ = fault
        if texts[file].count(good) != 1:
            sys.exit(f'parsers: the fault "{name}" no longer fits {file}')
        texts[file] = texts[file].replace(good, bad)
    return texts


def prepare(texts, folder):
    """Writes what Frama-C reads of a source into a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for file, text in texts.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for header in HERE.glob("*.h"):
        shutil.copy(header, folder)


def frama_c(source, folder, log, names, options):
    """Runs Frama-C over functions of a source; its output."""
    command = ["frama-c", "-machdep", "gcc_x86_64", "-c11",
               f"-cpp-extra-args=-I{ROOT} -D__builtin_memcpy=proof_memcpy " + " ".join(
                   f"-include {folder}/{header}" for header in ("environment.h", *ENVIRONMENTS.get(source, ()))),
               *(str(folder / file) for file in (source, *SOURCES[source][1]) if file.endswith(".c")),
               "-wp", "-wp-model", "Typed+cast", "-wp-literals", "-wp-par", "1", *options,
               *(("-wp-fct", ",".join(names)) if names else ()),
               *(("-wp-cache", "update", "-wp-cache-dir", str(prove.BUILD / "cache")) if CACHE
                 else ("-wp-cache", "none"))]
    # Frama-C looks for headers in its own folder first.
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    output = run.stdout + run.stderr
    (BUILD / f"{log}.log").write_text(" ".join(command) + "\n" + output)
    if not re.search("Proved goals:|No proof obligation|No goal generated", output):
        sys.exit(f"parsers: Frama-C did not finish, see build/proof/parsers/{log}.log\n" + output[-800:])
    return output


def owner(goal, names):
    """The function that a goal is of."""
    return max((name for name in names if re.match(f"typed_(cast_)?{name}_", goal)), key=len)


def goals_of(source, folder, log, names, efforts=None):
    """The goals of functions of a source; and the solvers that proved some, of each attempt that it
    took. With `efforts`, which are those, no others."""
    goals, left, needed = {}, list(names), []
    for number, (solvers, seconds, options) in enumerate(ATTEMPTS):
        if not left or (efforts and number == len(efforts)):
            break
        output = ""
        for overflow in (True, False):
            some = [name for name in left if (name in WRAPS.get(source, {})) != overflow]
            if some:
                used = efforts[number] or solvers if efforts else solvers
                output += frama_c(source, folder, f"{log}-{number}" + ("" if overflow else "-wraps"), some,
                                  [*options, "-wp-rte", "-rte-no-pointer-call", "-wp-prover", ",".join(used),
                                   "-wp-timeout", str(seconds),
                                   *(("-warn-unsigned-overflow",) if overflow else ())])
        again = prove.goals_of(output)
        goals = prove.merged(goals, again) if number else again
        needed.append(prove.solvers_of(output))
        left = sorted({owner(goal, names) for goal in open_goals(goals)})
    return goals, needed


def lemmas(ships):
    """The lemmas of each source and of the headers that Frama-C reads first."""
    goals = {}
    for source, texts in ships.items():
        prepare(texts, BUILD / "lemmas")
        goals |= prove.goals_of(frama_c(source, BUILD / "lemmas", "lemmas", (), (
            "-wp-prop", "@lemma", "-wp-prover", "z3,cvc4", "-wp-timeout", "10")))
    return goals


def smoke(source, folder, log, names):
    """The smoke tests of functions of a source: how many there are, and those that found something."""
    output = frama_c(source, folder, f"smoke-{log}", names, [
        "-wp-smoke-tests", "-wp-smoke-timeout", "1", "-wp-prover", "z3-memory",
        "-wp-prop=" + ",".join(f"-@{kind}" for kind in ("ensures", "assigns", "requires", "lemma", "exits", "assert",
                                                        "invariant", "variant", "terminates"))])
    found = re.findall(r"^\[wp\] \[(Passed|Failed)\] Smoke-test (\S+)", output, re.M)
    return len(found), [name for result, name in found if result == "Failed"]


def open_goals(goals):
    """Those without a proof."""
    return sorted(goal for goal, seconds in goals.items() if seconds is None)


def say(text):
    """A line of progress."""
    print(f"parsers: {text}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=SOURCES, help="just this source")
    parser.add_argument("--function", action="append", help="just this function")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--cache", action="store_true")
    parser.add_argument("--check", action="store_true", help="only whether annotations and faults fit")
    arguments = parser.parse_args()
    global CACHE
    CACHE = arguments.cache
    start = time.time()
    sources = arguments.only or list(SOURCES)
    faults = [fault for fault in PARSER_FAULTS if fault[1] in sources
              or any(fault[1] in SOURCES[source][0] for source in sources)]
    ships = {source: annotated(source) for source in sources}
    broken = [(fault, annotated(home_of(fault), fault)) for fault in faults]
    if arguments.check:
        return
    (prove.BUILD / "cache").mkdir(parents=True, exist_ok=True)
    prove.configure()
    caught, efforts, smoke_tests, contradictory = 0, {}, 0, []
    goals = lemmas(ships)
    total, proved = len(goals), len(goals) - len(open_goals(goals))
    for source in sources:
        begun = time.time()
        stem = pathlib.Path(source).stem
        prepare(ships[source], BUILD / "ships" / stem)
        names = [name for file in (source, *SOURCES[source][0])
                 for name in functions((ROOT / file).read_text())
                 if not arguments.function or name in arguments.function]
        goals, efforts[source] = goals_of(source, BUILD / "ships" / stem, stem, names)
        left = open_goals(goals)
        total += len(goals)
        proved += len(goals) - len(left)
        say(f"{source}: {len(goals) - len(left)} of {len(goals)} goals, {time.time() - begun:.0f} s")
        for goal in left:
            say(f"open: {goal}")
        if arguments.smoke:
            tests, failed = smoke(source, BUILD / "ships" / stem, stem, names)
            smoke_tests += tests
            if len(failed) == DEAD.get(source, 0):
                continue
            contradictory += failed or ["unreachable code is reached"]
            for name in failed:
                say(f"{source}: contradictory: {name}")
    for fault, texts in broken if arguments.faults else ():
        name = re.sub(r"\W+", "-", fault[0])
        prepare(texts, BUILD / "fault" / name)
        goals, _ = goals_of(home_of(fault), BUILD / "fault" / name, f"fault-{name}", [fault[4]],
                            efforts[home_of(fault)])
        lost = open_goals(goals)
        caught += bool(lost)
        say(f"fault: {fault[0]}: " + (", ".join(lost[:3]) if lost else "UNNOTICED"))
    say(f"{total} goals, {proved} proved"
        + (f", {smoke_tests} smoke tests" if arguments.smoke else "")
        + (f", {caught} of {len(faults)} seeded faults caught" if arguments.faults else "")
        + f", {time.time() - start:.0f} s")
    sys.exit(proved < total or bool(contradictory) or (arguments.faults and caught < len(faults)))


def home_of(fault):
    """The source with which the file of a fault is proved."""
    return next(source for source, (headers, _) in SOURCES.items() if fault[1] in (source, *headers))


CACHE = False

if __name__ == "__main__":
    main()
