#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Proves in bit vectors what tests/proof/contracts.h and parsers/environment.h admit: their axioms of
masks and of conversions modulo 2^n.

For words of 32 and of 64 bits: first that x & (x - 1) == 0 and x != 0 hold of the powers of two
alone, then each fact for each power, and what needs no power for any words. Conversions are of
numbers three bits wider than a word. z3 is asked for a counterexample each time and must answer
`unsat`; false facts are asked along and must be `sat`, so that a solver which always says `unsat`
is noticed. An axiom without a fact of its name here is an error, and so is the reverse. Prints one
line; exit 1 if an answer differs.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
CONTRACTS = (HERE / "contracts.h", HERE / "parsers" / "environment.h")

# Names behind a comma are parts of the same axiom. `mask` is a - 1, of any number or of a power of
# two; `wide` a number of three more bits, with a sign, and `low` the word that it is converted to.
ANY = {
    "or_bounds, lower": "(bvule x (bvor x (mask a)))",
    "or_bounds, mask": "(bvule (mask a) (bvor x (mask a)))",
    "and_bounds": "(bvule (bvand x (bvnot (mask a))) x)",
    "modulo_above": "(=> (and (bvsle modulus wide) (bvslt wide (bvadd modulus modulus)))"
                    " (= (low wide) (bvsub wide modulus)))",
    "modulo_below": "(=> (and (bvsle (bvneg modulus) wide) (bvslt wide (_ bv0 WIDE)))"
                    " (= (low wide) (bvadd wide modulus)))",
    "highest_bits": "(= (bvlshr x (_ bv6 BITS)) (bvudiv x (_ bv64 BITS)))",
    "page_mask": "(= (bvand x (mask page)) (bvurem x page))",
    "page_mask_off": "(= (bvand x (bvnot (mask page))) (bvsub x (bvurem x page)))",
    "or_above": "(bvule x (bvor x a))",
    "page_mask_or": "(= (= (bvand (bvor x a) (mask page)) zero)"
                    " (and (= (bvurem x page) zero) (= (bvurem a page) zero)))",
}
POWER = {
    "or_aligned": "(= (bvurem (bvadd (bvor x (mask a)) one) a) zero)",
    "or_least": "(=> (and (bvult x p) (= (bvurem p a) zero)) (bvult (bvor x (mask a)) p))",
    "or_in_page": "(=> (and (bvult x highest_end) (bvule a page))"
                  " (bvult (bvor x (mask a)) highest_end))",
    "and_aligned": "(= (bvurem (bvand x (bvnot (mask a))) a) zero)",
    "and_greatest": "(=> (and (bvule p x) (= (bvurem p a) zero))"
                    " (bvule p (bvand x (bvnot (mask a)))))",
    "remainder": "(= (= (bvand x (mask a)) zero) (= (bvurem x a) zero))",
}
FALSE_FACTS = [
    "(bvult (bvor x (mask a)) p)",  # or_least without p being aligned or behind x
    "(=> (and (bvsle modulus wide) (bvslt wide (bvadd modulus modulus))) (= (low wide) wide))",
]

WORDS = """
(define-fun zero () (_ BitVec BITS) (_ bv0 BITS))
(define-fun one () (_ BitVec BITS) (_ bv1 BITS))
(define-fun page () (_ BitVec BITS) (_ bv4096 BITS))
(define-fun highest_end () (_ BitVec BITS) (bvneg page))
(define-fun mask ((a (_ BitVec BITS))) (_ BitVec BITS) (bvsub a one))
(define-fun modulus () (_ BitVec WIDE) (concat #b001 zero))
(define-fun low ((w (_ BitVec WIDE))) (_ BitVec WIDE) (concat #b000 ((_ extract HIGHEST 0) w)))
(declare-const x (_ BitVec BITS))
(declare-const a (_ BitVec BITS))
(declare-const p (_ BitVec BITS))
(declare-const wide (_ BitVec WIDE))
"""


def script(bits):
    """The queries for one word size, and the answers that they must get."""
    lines, expected = [WORDS], []

    def ask(name, claim, answer="unsat", given="true"):
        lines.append(f"(push) (assert {given}) (assert (not {claim})) (check-sat) (pop)")
        expected.append((f"{bits} bits: {name}", answer))

    powers = [f"(_ bv{1 << k} {bits})" for k in range(bits)]
    ask("powers of two", "(or " + " ".join(f"(= a {power})" for power in powers) + ")",
        given="(and (distinct a zero) (= (bvand a (mask a)) zero))")
    for power in powers:
        ask("a power passes the test", f"(let ((a {power})) (= (bvand a (mask a)) zero))")
    for name, claim in ANY.items():
        ask(name, claim)
    for name, claim in POWER.items():
        for power in powers:
            ask(f"{name}, {power}", f"(let ((a {power})) {claim})")
    for claim in FALSE_FACTS:
        ask("a false fact", claim, "sat")
    text = "\n".join(lines).replace("HIGHEST", str(bits - 1)).replace("WIDE", str(bits + 3))
    return text.replace("BITS", str(bits)), expected


def main():
    axioms = {name for file in CONTRACTS for name in re.findall(r"\baxiom (\w+)", file.read_text(encoding="utf-8"))}
    facts = {name.split(",")[0] for name in [*ANY, *POWER]}
    if axioms != facts:
        sys.exit(f"bitvector lemmas: admitted and not proved: {sorted(axioms - facts)}, "
                 f"proved and not admitted: {sorted(facts - axioms)}")
    asked = 0
    for bits in (32, 64):
        text, expected = script(bits)
        run = subprocess.run(["z3", "-smt2", "-in"], input=text, capture_output=True, text=True,
                             check=False)
        answers = run.stdout.split()
        if len(answers) != len(expected):
            sys.exit(f"bitvector lemmas: z3 gave {len(answers)} answers to {len(expected)} questions:\n"
                     + run.stdout[-500:] + run.stderr[-500:])
        for (name, wanted), answer in zip(expected, answers):
            if answer != wanted:
                sys.exit(f"bitvector lemmas: {name}: z3 says {answer}, must say {wanted}")
        asked += len(answers)
    print(f"bitvector lemmas: {len(facts)} admitted facts proved in bit vectors of 32 and 64 bits, "
          f"{asked} answers as demanded")


if __name__ == "__main__":
    main()
