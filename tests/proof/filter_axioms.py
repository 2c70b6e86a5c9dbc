#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Asks a solver for a proof from fewer premises.

    filter_axioms.py memory|masks|structs|division PROVER [ARGUMENT ...] FILE

Frama-C hands its solvers some 400 axioms with every goal: of bits, of reals, of division, of what
C's integer types do to each other. Hardly any goal needs them, and the solvers lose themselves in
them. This passes FILE on without those whose names say so: `memory` leaves out our own facts about
masks as well, `masks` keeps them, `structs` also leaves out where an address lies, for structures
that are copied as a whole; `division` leaves out our own facts alone. What is proved from fewer
premises is proved; a goal that did need what was left out stays open, for the solvers that get
everything. The goal itself stays.
prove.py names this in the configuration of why3.
"""
import os
import re
import sys

# Of integers and reals in general, of single bits, of pointers and initialisation.
NEVER = re.compile(r"""
    CompatOrderMult | Abs_.* | Rounds_.* | add_div | sub_div | neg_div | assoc_.* | c_euclidian
    | Div_.* | cdiv_.* | Mod_.* | cmod_.* | real_of_int.* | rl(t|eq) | zl(t|eq) | n?eqb
    | (match|index)_bool.* | bool_inversion | tuple0_inversion
    | lnot_.* | l(and|or|xor|sl|sr)_.* | lsl1_.* | bit_.* | proj_.* | two_power.*
    | to_[su]int\d+_.* | is_[su]int\d*_(l|lsl1_).* | (is_to|id)_sint\d+
    | separated_sym | valid_string | separated_1 | .*[Ii]nit.* | table_.* | .*eqmem.*
    | addr_l[et]_.*
    | Q_Load_.* | S\d+_\w+_inversion | (separated|included)_trans""", re.X)
ADDRESSES = re.compile(r"""
    Bridge[LR] | t2tb_sort | havoc_access | (valid|invalid|separated|included|framed).*
    | (shift|base|offset|null|global)'def | .*_bijection | addr_inversion | P_fits_inversion""", re.X)
MASKS = re.compile(r"Q_(and|or|remainder|fits|highest|lowest|none|next|sum|there|wraps)_?.*")


def commands(text):
    """The commands of an SMT-LIB file, each with the comment before it, which is its name."""
    name, lines, depth = "", [], 0
    for line in text.split("\n"):
        if depth == 0 and line.startswith(";;"):
            name = line[2:].strip()
        elif depth > 0 or line.startswith("("):
            lines.append(line)
            depth += line.count("(") - line.count(")")
            if depth == 0:
                yield name, "\n".join(lines)
                lines = []


def wanted(name, command, kind):
    """Whether this command stays."""
    if not command.startswith("(assert") or name.startswith("Goal"):
        return True
    if MASKS.fullmatch(name):
        return kind == "masks"
    if NEVER.fullmatch(name):
        return kind == "division"
    return not (kind == "structs" and ADDRESSES.fullmatch(name))


def main():
    kind, prover, path = sys.argv[1], sys.argv[2:-1], sys.argv[-1]
    with open(path, encoding="utf-8") as file:
        text = "\n".join(c for name, c in commands(file.read()) if wanted(name, c, kind))
    memory = os.memfd_create("filtered_axioms", 0)
    os.write(memory, text.encode() + b"\n")
    os.execvp(prover[0], [*prover, f"/proc/self/fd/{memory}"])


if __name__ == "__main__":
    main()
