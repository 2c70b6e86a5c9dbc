#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Proves kmem/fba.c and kmem/fba_handoff.c, as they ship, against contracts.h with Frama-C.

    run.py [--machine gcc_x86_64] [--machine gcc_x86_32] [--faults] [--smoke] [--only FUNCTION]

Without --machine both. A goal counts as proved when one of the passes proves it: lemmas with
commutativity at hand, all functions, then what is left with more time. Functions outside WRAPS are
proved with the checks on unsigned wrap-around. --smoke looks for contradictory assumptions; --faults
seeds each fault of faults.py, which must cost goals. Ends with one line; exit 1 if a goal is open, a
smoke test finds a contradiction or a fault goes unnoticed. Logs are under build/proof.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

from faults import FAULTS, seed

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / 'build' / 'proof'
SOURCES = ('kmem/fba.c', 'kmem/fba_handoff.c')

# Where unsigned wrap-around is intended and proved modulo 2^n: an alignment of 0 less one, an
# address 0 less one, a difference that is tested afterwards, a distance in either direction.
WRAPS = {'take', 'take_scratch', 'refuse', 'refuse_scratch', 'fba_scratch_alloc',
         'fba_scratch_alloc_by', 'free_slowly', 'fba_free', 'fba_resize', 'resize_slowly',
         'fba_alloc_inline', 'fba_resize_inline', 'fba_rebase', 'find_last'}

CONTRACTS = (ROOT / 'tests/proof/contracts.h').read_text()
ADMITTED = len(re.findall(r'\baxiom (?!itself_is)', CONTRACTS))
GOAL = re.compile(r'^\[wp\] \[([^]]+)\] Goal (\S+)( : Valid)?', re.M)
SMOKE = re.compile(r'^\[wp\] \[Failed\] \(?Smoke\S* (\S+)|Smoke Tests:\s+(\d+) / (\d+)', re.M)


def functions(source, root):
    """The functions that a source defines, with those that fba.h defines in the case of fba.c."""
    text = (root / source).read_text()
    if source == 'kmem/fba.c':
        text += (root / 'kmem/fba.h').read_text()
    heads = re.findall(r'^(?!typedef|#|//)\w[\w \*\n]*?\b(\w+)\((?:[^(){};]*)\)\n\{', text, re.M)
    return [name for name in dict.fromkeys(heads) if name != 'fba_status_name']


def prove(root, machine, source, log, options, defines=''):
    """One run of Frama-C: the goals that it looked at, each with whether it was proved."""
    core = '-DPROOF_OF_CORE ' if source == 'kmem/fba.c' else '-DPROOF_OF_HANDOFF '
    command = ['frama-c', '-machdep', machine,
               f'-cpp-extra-args=-I{root} -I{ROOT} {core}{defines} '
               f'-include {ROOT}/tests/proof/contracts.h',
               str(root / source), '-wp', '-wp-rte', '-wp-prover', 'z3,cvc4', '-wp-par', '1',
               '-wp-cache', 'update', '-wp-cache-dir', str(BUILD / 'cache'), *options]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    (BUILD / f'{log}.log').write_text(run.stdout + run.stderr)
    if 'Proved goals:' not in run.stdout and 'No proof obligation' not in run.stdout + run.stderr:
        sys.exit(f'proof: Frama-C did not finish, see build/proof/{log}.log\n'
                 + (run.stdout + run.stderr)[-800:])
    return {f'{source}:{name}': bool(valid) for _, name, valid in GOAL.findall(run.stdout)}


def passes(root, machine, source, only, timeout):
    """All passes over one source; goals merged."""
    base = f'{pathlib.Path(source).stem}-{machine}'
    chosen = [f for f in functions(source, root) if not only or f in only]
    plain = [f for f in chosen if f not in WRAPS]
    wrapping = [f for f in chosen if f in WRAPS]
    goals = {}

    def add(name, names, *options):
        if not names:
            return
        found = prove(root, machine, source, f'{base}-{name}',
                      ['-wp-fct', ','.join(names), '-wp-prop=-@lemma', *options])
        for goal, proved in found.items():
            goals[goal] = goals.get(goal, False) or proved

    time_limit = ['-wp-timeout', str(timeout)]
    add('checked', plain, '-warn-unsigned-overflow', *time_limit)
    add('wrapping', wrapping, *time_limit)
    for round_, options in enumerate((['-wp-no-filter'], [])):
        left = {goal for goal, proved in goals.items() if not proved}
        again = [f for f in chosen if any(f'typed_{f}_' in goal for goal in left)]
        harder = ['-wp-timeout', str(4 * timeout), *options]
        add(f'again{round_}', [f for f in again if f not in WRAPS], '-warn-unsigned-overflow',
            *harder)
        add(f'again{round_}w', [f for f in again if f in WRAPS], *harder)
    return goals


def lemmas(machine):
    """The lemmas of contracts.h."""
    return prove(ROOT, machine, 'kmem/fba.c', f'lemmas-{machine}',
                 ['-wp-prop', '@lemma', '-wp-timeout', '20'], '-DPROOF_OF_LEMMAS')


def prove_all(machine, only, timeout):
    """Every goal for one machine."""
    goals = {} if only else lemmas(machine)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda source: passes(ROOT, machine, source, only, timeout), SOURCES):
            goals.update(found)
    return goals


def smoke(machine):
    """The smoke tests that found a contradiction."""
    bad = []
    for source in SOURCES:
        log = f'smoke-{pathlib.Path(source).stem}-{machine}'
        prove(ROOT, machine, source, log,
              ['-wp-smoke-tests', '-wp-smoke-timeout', '2', '-wp-prop=@smoke',
               '-wp-fct', ','.join(functions(source, ROOT))])
        text = (BUILD / f'{log}.log').read_text()
        bad += re.findall(r'^\[wp\] \[Failed\] Smoke-test (\S+)', text, re.M)
        bad += re.findall(r'^\[wp:?\S*\] .*Failed smoke-test.*$', text, re.M)
    return bad


def fault_noticed(fault, proved, timeout):
    """Whether the goals of the faulty function lose a proof."""
    name, file, good, bad, function = fault
    root = seed(BUILD, name, file, good, bad)
    options = ['-wp-fct', function, '-wp-prop=-@lemma', '-wp-timeout', str(timeout)]
    if function not in WRAPS:
        options.append('-warn-unsigned-overflow')
    goals = prove(root, 'gcc_x86_64', f'kmem/{file}', f'fault-{root.name}', options)
    return any(not valid and proved.get(goal, True) for goal, valid in goals.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--machine', action='append', choices=['gcc_x86_64', 'gcc_x86_32'])
    parser.add_argument('--only', action='append', help='just this function')
    parser.add_argument('--timeout', type=int, default=10, help='seconds for a prover and a goal')
    parser.add_argument('--faults', action='store_true')
    parser.add_argument('--smoke', action='store_true')
    arguments = parser.parse_args()
    start = time.time()
    (BUILD / 'cache').mkdir(parents=True, exist_ok=True)
    os.environ.setdefault('WHY3CONFIG', str(BUILD / 'why3.conf'))
    subprocess.run(['why3', 'config', 'detect'], check=True, capture_output=True)
    total, proved, failed, first = 0, 0, False, {}
    for machine in arguments.machine or ['gcc_x86_64', 'gcc_x86_32']:
        goals = prove_all(machine, arguments.only, arguments.timeout)
        first = first or goals
        open_goals = sorted(goal for goal, valid in goals.items() if not valid)
        print(f'proof: {machine}: {len(goals) - len(open_goals)} of {len(goals)} goals proved',
              flush=True)
        for goal in open_goals:
            print(f'proof: {machine}: open: {goal}', flush=True)
        total += len(goals)
        proved += len(goals) - len(open_goals)
        if arguments.smoke:
            contradictions = smoke(machine)
            for name in contradictions:
                print(f'proof: {machine}: contradictory assumptions: {name}', flush=True)
            failed = failed or bool(contradictions)
    faults = FAULTS if arguments.faults else []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        noticed = list(pool.map(lambda fault: fault_noticed(fault, first, arguments.timeout),
                                faults))
    for fault, was in zip(faults, noticed):
        if not was:
            print(f'proof: unnoticed fault: {fault[0]}', flush=True)
    failed = failed or proved < total or not all(noticed)
    print(f'proof: {total} goals, {proved} proved, {ADMITTED} facts admitted, '
          f'{sum(noticed)} of {len(faults)} seeded faults caught, {time.time() - start:.0f} s')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
