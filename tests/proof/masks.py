#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Proves in bit vectors what tests/proof/contracts.h admits of masks and of | and &.

For words of 32 and of 64 bits: first that x & (x - 1) == 0 and x != 0 hold of the powers of two
alone, then each fact for each power, and what needs no power for any words. z3 is asked for a
counterexample each time and must answer `unsat`; a false fact is asked along and must be `sat`,
so that a solver which always says `unsat` is noticed. Prints one line; exit 1 if an answer differs.
"""
import subprocess
import sys

ANY = {
    'or_bounds, lower': '(bvule x (bvor x (bvsub a one)))',
    'or_bounds, mask': '(bvule (bvsub a one) (bvor x (bvsub a one)))',
    'or_commutes': '(= (bvor x a) (bvor a x))',
    'and_commutes': '(= (bvand x a) (bvand a x))',
}
POWER = {
    'or_aligned': '(= (bvurem (bvadd (bvor x (bvsub a one)) one) a) zero)',
    'or_least': '(=> (and (bvult x p) (= (bvurem p a) zero)) (bvult (bvor x (bvsub a one)) p))',
    'and_bounds': '(bvule (bvand x (bvnot (bvsub a one))) x)',
    'and_aligned': '(= (bvurem (bvand x (bvnot (bvsub a one))) a) zero)',
    'and_greatest': '(=> (and (bvule p x) (= (bvurem p a) zero))'
                    ' (bvule p (bvand x (bvnot (bvsub a one)))))',
    'remainder': '(= (= (bvand x (bvsub a one)) zero) (= (bvurem x a) zero))',
}
FALSE_FACT = '(bvult (bvor x (bvsub a one)) p)'  # or_least without p being aligned or behind x


def script(bits):
    """The queries for one word size, and the answers that they must get."""
    lines = [f'(define-sort word () (_ BitVec {bits}))',
             f'(define-fun zero () word (_ bv0 {bits}))', f'(define-fun one () word (_ bv1 {bits}))']
    lines += [f'(declare-const {name} word)' for name in ('x', 'a', 'p')]
    expected = []

    def ask(name, claim, answer='unsat', given=()):
        lines.append('(push)')
        lines.extend(f'(assert {fact})' for fact in given)
        lines.append(f'(assert (not {claim}))\n(check-sat)\n(pop)')
        expected.append((f'{bits} bits: {name}', answer))

    powers = [f'(_ bv{1 << k} {bits})' for k in range(bits)]
    ask('powers of two', '(or ' + ' '.join(f'(= a {power})' for power in powers) + ')',
        given=['(distinct a zero)', '(= (bvand a (bvsub a one)) zero)'])
    for power in powers:
        ask('a power passes the test', '(= (bvand a (bvsub a one)) zero)', given=[f'(= a {power})'])
    for name, claim in ANY.items():
        ask(name, claim)
    for name, claim in POWER.items():
        for power in powers:
            ask(f'{name}, {power}', claim.replace(' a)', f' {power})').replace(' a ', f' {power} '))
    ask('a false fact', FALSE_FACT, 'sat')
    return '\n'.join(lines) + '\n', expected


def main():
    asked = 0
    for bits in (32, 64):
        text, expected = script(bits)
        run = subprocess.run(['z3', '-smt2', '-in'], input=text, capture_output=True, text=True,
                             check=False)
        answers = run.stdout.split()
        if len(answers) != len(expected):
            sys.exit(f'masks: z3 gave {len(answers)} answers to {len(expected)} questions:\n'
                     + run.stdout[-500:] + run.stderr[-500:])
        for (name, wanted), answer in zip(expected, answers):
            if answer != wanted:
                sys.exit(f'masks: {name}: z3 says {answer}, must say {wanted}')
        asked += len(answers)
    print(f'masks: {len(ANY) + len(POWER)} facts proved in bit vectors of 32 and 64 bits, '
          f'{asked} answers as demanded')


if __name__ == '__main__':
    main()
