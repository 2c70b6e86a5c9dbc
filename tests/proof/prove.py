#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Proves kmem/fba.c and kmem/fba_handoff.c, as they ship, against contracts.h with Frama-C.

    prove.py [--machine gcc_x86_64] [--machine gcc_x86_32] [--faults] [--smoke] [--only FUNCTION]
           [--jobs 2] [--cache]

Without --machine both. Function by function, one line each. A function gets the ATTEMPTS in turn
until all its goals are proved; a goal counts as proved when one attempt proves it, or all the parts
that it was split into. Functions outside WRAPS are proved with the checks on unsigned wrap-around.

--smoke looks for contradictory assumptions and for code that they make unreachable. --faults seeds
each fault of faults.py: the faulty function or a direct caller of it must have goals that stay open
with the attempts, options and solvers that proved all of them without the fault, and with several
times the time.

Ends with one line; exit 1 if a goal is open, a smoke test finds a contradiction or a fault goes
unnoticed. Solvers are limited in processor time, so that a busy machine changes no answer.
--cache keeps answers under build/proof for the next run with it; logs are there as well.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

from faults import PROOF_FAULTS, seed

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
BUILD = ROOT / "build" / "proof"
# The sources, each with the headers whose functions are proved with it.
SOURCES = {"kmem/fba.c": ("kmem/fba.h", "kmem/fba_inline.h", "kmem/fba_account.h"),
           "kmem/fba_handoff.c": ()}
MACHINES = ("gcc_x86_64", "gcc_x86_32")

# Where unsigned wrap-around is intended and proved modulo 2^n, and why.
WRAPS = {
    "fba_byte_before_": "alignment 0 less one",
    "fba_has_several_bits_": "alignment 0 less one",
    "fba_alloc_inline": "alignment 0 less one",
    "round_down": "alignment 0 less one",
    "take_scratch": "a difference tested afterwards",
    "fba_init_zeroed": "the byte before the buffer, as a sum",
    "fail": "the count of failures",
    "fail_scratch": "alignment 0 less one, plus one",
    "fba_scratch_alloc": "alignment 0 less one",
    "fba_scratch_alloc_by": "alignment 0 less one",
    "find": "NULL less one, plus one",
    "fba_free": "NULL less one",
    "resize_slowly": "NULL less one",
    "fba_resize": "NULL less one",
    "fba_scratch_free": "NULL less one",
    "fba_is_last_": "a sealed allocator has its edge below its bound",
    "fba_free_inline": "NULL less one",
    "fba_resize_inline": "NULL less one; a difference tested afterwards",
    "fba_explain": "the distance to nothing, before the record is read",
    "move_end": "a distance in either direction",
    "fba_rebase": "a distance in either direction",
}

# Whose goals are many small ones at the end of many paths: split at once.
SPLIT = {"fba_alloc_zeroed", "fba_free", "take_scratch", "fba_scratch_free", "open_mark", "fba_keep",
         "rewind_slowly", "fba_rewind", "fba_rewind_inline", "fba_reset", "fba_init_zeroed", "fba_explain",
         "fba_split_tail", "fba_rebase", "fba_export", "fba_adopt", "fba_seal"}
# Which needs every hypothesis about a structure that it copies.
UNFILTERED = {"fba_init_zeroed"}

# Statements that no state of the proof reaches, which a smoke test must find: what the compiler is
# told to be unreachable, and on 64 bits no number exceeds SIZE_MAX.
DEAD = {("gcc_x86_64", "fba_adopt"): 1,
        ("gcc_x86_64", "fba_block_"): 2, ("gcc_x86_32", "fba_block_"): 2}

Z3 = "z3 -smt2 sat.random_seed=42 nlsat.randomize=false smt.random_seed=42 -st"
# Quantifiers by their triggers only; the arithmetic and the case split that suit it.
TRIGGERS = " auto_config=false smt.mbqi=false smt.case_split=3 smt.arith.solver=2"
CVC4 = "cvc4 --stats --lang=smt2"
SOLVERS = {"z3": ("Z3", "", Z3), "cvc4": ("CVC4", "", CVC4)}
for premises in ("memory", "masks", "structs"):
    fewer = f"/usr/bin/python3 -ISB {HERE}/filter_axioms.py {premises} "
    SOLVERS[f"z3-{premises}"] = ("Z3", premises, fewer + Z3 + TRIGGERS)
    SOLVERS[f"z3-{premises}-models"] = ("Z3", f"{premises}-models", fewer + Z3)
    SOLVERS[f"cvc4-{premises}"] = ("CVC4", premises, fewer + CVC4)
# Without our own facts about masks, in which it loses itself over a remainder.
SOLVERS["z3-division"] = ("Z3", "division",
                          f"/usr/bin/python3 -ISB {HERE}/filter_axioms.py division {Z3}{TRIGGERS}")

# Solvers, seconds for each of them and each goal, options.
ATTEMPTS = (
    (("z3-memory", "z3-masks", "z3", "cvc4-memory"), 6, ()),
    (("z3-memory", "cvc4-memory", "z3-memory-models", "z3-masks", "z3-masks-models", "z3-structs"), 10,
     ("-wp-split",)),
    (tuple(SOLVERS), 30, ("-wp-split",)),
)
LEMMAS = (("z3", "z3-division", "cvc4", "z3-masks", "cvc4-masks"), 20, ())

GOAL = re.compile(r"^\[wp\] \[([^]]+)\] Goal (\S+)(?: : (Valid)(.*))?", re.M)
TIME = re.compile(r"\(([\d.]+)(m?)s\)")


def configure():
    """Tells why3 of the solvers, in a configuration of our own."""
    path = BUILD / "why3.conf"
    path.unlink(missing_ok=True)
    os.environ["WHY3CONFIG"] = str(path)
    subprocess.run(["why3", "config", "detect"], check=True, capture_output=True)
    found = path.read_text()
    versions = dict(re.findall(r'name = "(\w+)"\n(?:.*\n)*?version = "([\d.]+)"', found))
    text = found.split("[partial_prover]", maxsplit=1)[0]
    for shortcut, (name, alternative, command) in SOLVERS.items():
        driver = "z3_471" if name == "Z3" else "cvc4_17"
        text += (f'[prover]\nname = "{name}"\nalternative = "{alternative}"\n'
                 f'version = "{versions[name]}"\nshortcut = "{shortcut}"\ndriver = "{driver}"\n'
                 f'command = "{command} %f"\ncommand_steps = "{command} %f"\neditor = ""\n'
                 "in_place = false\ninteractive = false\n\n")
    path.write_text(text)


def bodies(source, root):
    """The functions that a source and its headers define, each with its body."""
    heads = r"^(?!typedef|#|//)\w[\w \*\n]*?\b(\w+)\((?:[^(){};]*)\)\n\{(.*?)^\}"
    text = "\n".join((root / name).read_text() for name in (*SOURCES[source], source))
    return dict(re.findall(heads, text, re.M | re.S))


def frama_c(root, machine, source, log, options):
    """One run of Frama-C; its output."""
    part = "CORE" if source == "kmem/fba.c" else "HANDOFF"
    contracts = "contracts.h" if source == "kmem/fba.c" else "handoff_contracts.h"
    command = ["frama-c", "-machdep", machine,
               f"-cpp-extra-args=-I{root} -I{ROOT} -DPROOF_OF_{part} -D__builtin_memcpy=memcpy "
               f"-include {HERE}/{contracts}",
               str(root / source), "-wp", "-wp-par", "1", *options]
    if CACHE:
        command += ["-wp-cache", "update", "-wp-cache-dir", str(BUILD / "cache")]
    else:
        command += ["-wp-cache", "none"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    output = run.stdout + run.stderr
    (BUILD / f"{log}.log").write_text(" ".join(command) + "\n" + output)
    if not re.search("Proved goals:|No proof obligation|No goal generated", output):
        sys.exit(f"proof: Frama-C did not finish, see build/proof/{log}.log\n" + output[-800:])
    return output


def goals_of(output):
    """The goals of a run: for each how many seconds its proof took, None if it has none."""
    found = {}
    for _, name, valid, rest in GOAL.findall(output):
        times = [float(number) / (1000 if milli else 1) for number, milli in TIME.findall(rest)]
        found[name] = max(times, default=0.0) if valid else None
    return found


def solvers_of(output):
    """The solvers that proved a goal of a run."""
    found = {re.sub(r" [\d.]+ ?\(?", "-", by.rstrip(")")).lower().strip("-")
             for by, _, valid, _ in GOAL.findall(output) if valid}
    return tuple(solver for solver in SOLVERS if solver in found)


def attempt(root, machine, source, function, number, seconds, only=(), solvers=()):
    """One of the ATTEMPTS at a function, or at its goals of some kinds only: its output."""
    options = ATTEMPTS[number][2]
    solvers = solvers or ATTEMPTS[number][0]
    if function in SPLIT:
        options = ("-wp-split",)
    log = "-".join(["ships" if root == ROOT else root.name, machine, pathlib.Path(source).stem,
                    function, str(number)])
    options = ["-wp-rte", "-wp-fct", function, "-wp-prop=" + (",".join(only) or "-@lemma"),
               "-wp-prover", ",".join(solvers), "-wp-timeout", str(seconds), *options]
    if function not in WRAPS:
        options.append("-warn-unsigned-overflow")
    if function in UNFILTERED:
        options.append("-wp-no-filter")
    return frama_c(root, machine, source, log, options)


def merged(goals, again):
    """The goals with what another attempt proved of them, whole or in parts."""
    result = dict(goals)
    for goal, took in goals.items():
        parts = [seconds for name, seconds in again.items()
                 if re.fullmatch(re.escape(goal) + r"(_part\d+)?", name)]
        if took is None and parts and None not in parts:
            result[goal] = max(parts)
    return result


def kinds(goals):
    """The kinds of goals that hold all the open ones, as Frama-C selects them."""
    named = {"_ensures": "@ensures", "_assigns": "@assigns", "_assert_rte": "@assert",
             "_requires": "@requires"}
    left = [goal for goal, took in goals.items() if took is None]
    found = {next((kind for part, kind in named.items() if part in goal), "") for goal in left}
    return () if "" in found else tuple(sorted(found))


class Function:
    """A function on a machine, as it ships, and what became of its goals."""

    def __init__(self, machine, source, name):
        self.machine, self.source, self.name = machine, source, name
        self.goals, self.solvers, self.seconds, self.failed_smoke = {}, [], 0.0, []

    def open(self):
        """The goals without a proof."""
        return sorted(goal for goal, took in self.goals.items() if took is None)

    def prove(self):
        """All attempts, until nothing is open."""
        start = time.time()
        for number, (_, seconds, _) in enumerate(ATTEMPTS):
            output = attempt(ROOT, self.machine, self.source, self.name, number, seconds,
                             kinds(self.goals))
            goals = goals_of(output)
            self.goals = merged(self.goals, goals) if number else goals
            self.solvers.append(solvers_of(output))
            if not self.open():
                break
        self.seconds = time.time() - start
        return self

    def smoke(self):
        """The smoke tests; how many there are, and those that found something."""
        others = "-@ensures,-@assigns,-@requires,-@lemma,-@exits,-@assert"
        output = frama_c(ROOT, self.machine, self.source, f"smoke-{self.machine}-{self.name}",
                         ["-wp-smoke-tests", "-wp-smoke-timeout", "1", "-wp-prover", "z3-masks",
                          "-wp-fct", self.name, f"-wp-prop={others}"])
        failed = re.findall(r"^\[wp\] \[Failed\] Smoke-test (\S+)", output, re.M)
        if len(failed) != DEAD.get((self.machine, self.name), 0):
            self.failed_smoke = failed or ["unreachable code is reached"]
        return len(re.findall(r"^\[wp\] \[(?:Passed|Failed)\] Smoke-test", output, re.M))

    def loses(self, root):
        """Goals of this function that a fault costs, given the attempts and the time that proved
        all of them without it, several times over."""
        if self.open():
            return []
        needed = max(self.goals.values(), default=0.0)
        seconds, goals = max(3, int(4 * needed) + 1), {}
        for number, solvers in enumerate(self.solvers):
            again = goals_of(attempt(root, self.machine, self.source, self.name, number, seconds,
                                     kinds(goals), solvers))
            goals = merged(goals, again) if number else again
            if None not in goals.values():
                break
        return [goal for goal, took in goals.items() if took is None]


def noticed(fault, functions):
    """The goals that a fault costs: those of the faulty function, else of one that calls it."""
    name, file, good, bad, function = fault
    root = seed(BUILD, name, file, good, bad)
    source = next(source for source, headers in SOURCES.items()
                  if f"kmem/{file}" in (source, *headers))
    callers = [caller for caller, body in bodies(source, ROOT).items()
               if caller != function and re.search(rf"\b{function}\(", body)]
    for suspect in [function, *callers]:
        key = source, suspect
        if key in functions and (lost := functions[key].loses(root)):
            return lost
    return []


def say(text):
    """A line of progress."""
    print(f"proof: {text}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machine", action="append", choices=MACHINES)
    parser.add_argument("--only", action="append", help="just this function")
    parser.add_argument("--jobs", type=int, default=2, help="Frama-C runs side by side")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--cache", action="store_true")
    arguments = parser.parse_args()
    global CACHE
    CACHE = arguments.cache
    start = time.time()
    (BUILD / "cache").mkdir(parents=True, exist_ok=True)
    configure()
    machines = arguments.machine or MACHINES
    work = [Function(machine, source, name) for machine in machines for source in SOURCES
            for name in bodies(source, ROOT)
            if not arguments.only or name in arguments.only]
    total, proved, smoke_tests, failed = 0, 0, 0, False
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for machine in machines if not arguments.only else ():
            for source, lemmas in zip(SOURCES, ("@lemma", "next_multiple")):
                solvers, seconds, _ = LEMMAS
                goals = goals_of(frama_c(
                    ROOT, machine, source, f"lemmas-{machine}-{pathlib.Path(source).stem}",
                    ["-wp-prop", lemmas, "-wp-prover", ",".join(solvers), "-wp-timeout",
                     str(seconds)]))
                total += len(goals)
                proved += sum(took is not None for took in goals.values())
                say(f"{machine}: {len(goals)} lemmas of {source}")
                for goal, took in goals.items():
                    if took is None:
                        say(f"{machine}: open: {goal}")
        for function in pool.map(Function.prove, work):
            left = function.open()
            total += len(function.goals)
            proved += len(function.goals) - len(left)
            say(f"{function.machine}: {function.name}: {len(function.goals) - len(left)} of "
                f"{len(function.goals)} goals, {function.seconds:.0f} s")
            for goal in left:
                say(f"{function.machine}: open: {goal}")
        if arguments.smoke:
            for function, tests in zip(work, pool.map(Function.smoke, work)):
                smoke_tests += tests
                for name in function.failed_smoke:
                    say(f"{function.machine}: {function.name}: contradictory: {name}")
                    failed = True
            say(f"{smoke_tests} smoke tests")
        first = {(function.source, function.name): function
                 for function in work if function.machine == machines[0]}
        faults = [fault for fault in PROOF_FAULTS if arguments.faults
                  and (not arguments.only or fault[-1] in arguments.only)]
        caught = 0
        for fault, lost in zip(faults, pool.map(lambda fault: noticed(fault, first), faults)):
            caught += bool(lost)
            say(f"fault: {fault[0]}: " + (", ".join(lost[:3]) if lost else "UNNOTICED"))
    admitted = len(re.findall(r"\baxiom ", (HERE / "contracts.h").read_text()))
    say(f"{total} goals, {proved} proved, {admitted} facts admitted, {caught} of {len(faults)} "
        f"seeded faults caught, {time.time() - start:.0f} s")
    sys.exit(1 if failed or proved < total or caught < len(faults) else 0)


CACHE = False

if __name__ == "__main__":
    main()
