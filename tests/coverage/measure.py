#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How much of kmem/ the suites cover: lines, branches and MC/DC conditions.

    measure.py [--without SUITE]...

The sources are compiled as they ship, for 64 and for 32 bits, by clang 19. The suites run, then the
exhaustive run at a small depth and the kept corpus of the fuzz targets. Prints one table and names
every line, branch and condition that the suites alone leave out; exit 1 if there is one. The model
and the corpus are counted beside them, and cannot stand in for a suite. build/coverage/index.html
shows each decision below its line.

A condition is covered in the sense of MC/DC when two of the tests differ in the outcome of the
decision because of that condition alone. What clang reports of a function in a header is put
together from all files that include it; what it reports of decisions inside UNLIKELY(), which its
own reports fold into one, is counted one by one.
"""
import argparse
import collections
import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import c_sources

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path("build/coverage")
FLAGS = "-std=c11 -g -O1 -I. -Wall -Wextra -Werror -pthread".split()
MEASURED = "-fcoverage-mapping -fcoverage-mcdc -fprofile-update=atomic".split()
PROFILED = "-fprofile-instr-generate"
# Compares distances within its own functions, which counters would stretch.
UNMEASURED = "tests/suites/caller_suite.c"
MODEL_DEPTH = 2
# What is told to the compiler only, and proved: that it never runs.
UNREACHABLE = "__builtin_unreachable();"

# Kinds of region, and where they stand in what llvm-cov exports (version 2 of its format).
EXPANSION, MCDC_BRANCH = 1, 6
Condition = collections.namedtuple("Condition", "text true false independent")


def say_and_stop(words):
    print(f"coverage: {words}")
    sys.exit(1)


# --- Building and running -------------------------------------------------------------------------

def sources(*patterns):
    return [str(path) for pattern in patterns for path in sorted(pathlib.Path().glob(pattern))]


def compile_or_stop(*words):
    if subprocess.run(["clang-19", *FLAGS, *words], check=False).returncode != 0:
        say_and_stop(f"{words[-1]} cannot be built")


def build(name, files, *more):
    program = BUILD / name
    program.parent.mkdir(parents=True, exist_ok=True)
    plain = []
    if UNMEASURED in files:
        plain = [f"{program}.o"]
        compile_or_stop(*more, "-c", UNMEASURED, "-o", *plain)
    measured = [file for file in files if file != UNMEASURED]
    compile_or_stop(*more, PROFILED, *MEASURED, *measured, *plain, "-o", program)
    return program


def run(group, *command):
    """Runs it, its profile among those of `group`, and returns what it said."""
    environment = dict(os.environ, LLVM_PROFILE_FILE=str(BUILD / "profiles" / group / "%m-%p.profraw"))
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        words = done.stdout + done.stderr
        print("\n".join(re.findall(r"(?m)^ *#.*\n *not ok.*$", words)) or words[-4000:])
        say_and_stop(f'{" ".join(map(str, command))[:200]} failed')
    return done.stdout


def run_suites(without):
    """On 64 and on 32 bits; the programs."""
    files = sources("kmem/*.c", "tests/suites/*.c", "tests/host/*.c")
    wide = build("suites", files)
    narrow = build("suites-32", files, "--target=i686-linux-gnu", "-static")
    for command in [wide], ["qemu-i386", narrow]:
        group = "suites" if not without else "unused"
        names = re.findall(r"^    # Subtest: (\S+)$", run(group, *command), re.MULTILINE)
        for name in set(without) - set(names):
            say_and_stop(f'no suite is named {name}; there are {" ".join(names)}')
        for name in names if without else []:
            if name not in without:
                run("suites", *command, "--only", name)
    return [wide, narrow]


def run_model():
    """The exhaustive run and the kept corpus of each fuzz target; the programs."""
    model = ["tests/model/model.c", "tests/model/lockstep.c"]
    programs = [build("exhaustive", ["tests/model/exhaustive.c", *model, *sources("kmem/*.c")], "-D_DEFAULT_SOURCE")]
    run("model", programs[0], MODEL_DEPTH, 2)
    for file in sources("tests/fuzz/*_fuzz.c"):
        target = pathlib.Path(file).stem
        corpus = sources(f"tests/fuzz/corpus/{target}/*")
        linked = [os.path.relpath(path, ROOT) for path in c_sources.fuzzed()]
        programs.append(build(target, [file, *linked], "-fsanitize=fuzzer,address"))
        run("model", programs[-1], "-runs=1", *corpus)
    return programs


# --- Reading --------------------------------------------------------------------------------------

class Function:
    """What is known of one function of kmem/, from all files that it was compiled into."""

    def __init__(self):
        self.whole = False
        self.branches = []  # [line, text, true, false]
        self.decisions = []  # (line, text, [Condition])


class Source:
    """The text of a file, and what stands where."""

    def __init__(self, path):
        self.lines = pathlib.Path(path).read_text().splitlines()

    def between(self, start_line, start, end_line, end):
        lines = self.lines[start_line - 1:end_line]
        if len(lines) == 1:
            return lines[0][start - 1:end - 1]
        return " ".join([lines[0][start - 1:], *(line.strip() for line in lines[1:-1]),
                         lines[-1][:end - 1].strip()])

    def arguments(self, line, column):
        """The text between the parentheses of a macro that is used there."""
        text = " ".join([self.lines[line - 1][column - 1:], *(rest.strip() for rest in self.lines[line:line + 20])])
        start = text.index("(")
        depth = 0
        for end in range(start, len(text)):
            depth += (text[end] == "(") - (text[end] == ")")
            if depth == 0:
                return text[start + 1:end]
        return text


def leaves(text):
    """The conditions of a decision, in order."""
    text = text.strip()
    parts, depth, start = [], 0, 0
    for i, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and text[i:i + 2] in ("&&", "||"):
            parts.append(text[start:i])
            start = i + 2
    if parts:
        return [leaf for part in [*parts, text[start:]] for leaf in leaves(part)]
    inner = re.fullmatch(r"!?\((.*)\)", text)
    if inner and ("&&" in text or "||" in text):
        return leaves(inner.group(1))
    return [text]


def contains(outer, inner):
    return outer[:2] <= inner[:2] and inner[2:4] <= outer[2:4]


def read_function(record, read):
    """One compiled function out of what llvm-cov exports."""
    function = Function()
    source = read(record["filenames"][0])
    used_at = {region[6]: region for region in record["regions"] if region[7] == EXPANSION}

    def place(file_id, region):
        """The line in the function's own file, and the text there, of a macro's what it was given."""
        if file_id not in used_at:
            return region[0], source.between(*region[:4])
        while file_id in used_at:
            region = used_at[file_id]
            file_id = region[5]
        return region[0], source.arguments(*region[:2])

    function.whole = len(record["regions"]) > 1
    conditions = []
    for branch in record["branches"]:
        if branch[8] == MCDC_BRANCH:
            conditions.append(branch)
        else:
            line, text = place(branch[6], branch)
            if UNREACHABLE not in source.lines[line]:  # which stands in the next line
                function.branches.append([line, text, branch[4], branch[5]])
    for decision in record["mcdc_records"]:
        independent = decision[6]
        first = next(branch for branch in conditions if contains(decision, branch))
        mine = [branch for branch in conditions
                if branch[6] == first[6] and contains(decision, branch)][:len(independent)]
        conditions = [branch for branch in conditions if not any(branch is one for one in mine)]
        line, text = place(first[6], decision)
        texts = leaves(text)
        if len(mine) != len(independent) or len(texts) != len(independent):
            say_and_stop(f'{record["filenames"][0]}:{line}: {len(independent)} conditions reported in "{text}"')
        function.decisions.append((line, text, [
            Condition(one, branch[4], branch[5], covered)
            for one, branch, covered in zip(texts, mine, independent)]))
    if conditions:
        say_and_stop(f'{record["name"]}: conditions of no decision')
    return function


def combine(function, other):
    """The same function, compiled into another file or for another word size."""
    shape = [(line, text, len(conditions)) for line, text, conditions in function.decisions]
    if (shape != [(line, text, len(conditions)) for line, text, conditions in other.decisions] or
            len(function.branches) != len(other.branches)):
        say_and_stop(f"a function with {shape} differs between two files")
    for mine, theirs in zip(function.branches, other.branches):
        mine[2] += theirs[2]
        mine[3] += theirs[3]
    for mine, theirs in zip(function.decisions, other.decisions):
        mine[2][:] = [Condition(a.text, a.true + b.true, a.false + b.false, a.independent or b.independent)
                      for a, b in zip(mine[2], theirs[2])]


class Coverage:
    """What one group of runs covers: {file: {where a function begins: Function}} and lines."""

    def __init__(self, groups, programs, name):
        raw = [str(path) for group in groups for path in sorted((BUILD / "profiles" / group).glob("*.profraw"))]
        profile = BUILD / f"{name}.profdata"
        listed = BUILD / f"{name}.list"
        listed.write_text("\n".join(raw) + "\n")
        subprocess.run(["llvm-profdata-19", "merge", "-sparse", f"--input-files={listed}", "-o", profile],
                       check=True)
        self.tool = [str(programs[0]), *(word for program in programs[1:] for word in ("-object", str(program))),
                     f"-instr-profile={profile}"]
        exported = subprocess.run(["llvm-cov-19", "export", *self.tool, *sources("kmem/*.[ch]")],
                                  check=True, capture_output=True, text=True)
        self.files = collections.defaultdict(dict)
        self.read_functions(json.loads(exported.stdout)["data"][0])
        self.lines = {path: self.count_lines(path) for path in sorted(self.files)}

    def read_functions(self, data):
        texts = {}

        def read(path):
            if path not in texts:
                texts[path] = Source(path)
            return texts[path]

        for record in data["functions"]:
            path = os.path.relpath(record["filenames"][0], ROOT)
            if not path.startswith("kmem/"):
                continue
            function = read_function(record, read)
            where = tuple(record["regions"][0][:2])
            # Of a function of a header that a file does not use, clang tells no more than where it is.
            if not function.whole and where in self.files[path]:
                continue
            if where in self.files[path] and self.files[path][where].whole:
                combine(self.files[path][where], function)
            else:
                self.files[path][where] = function

    def count_lines(self, path):
        """{line: how often it ran} of the lines that have code; one count for all files it was compiled into."""
        shown = subprocess.run(["llvm-cov-19", "show", *self.tool, "-show-instantiations=false", path], check=True,
                               capture_output=True, text=True)
        counts = {}
        for line in shown.stdout.splitlines():
            found = re.match(r" *(\d+)\| *([\d.]+)([kMGTP]?)\|(.*)", line)
            # A brace behind a return has nothing to run.
            if found and found.group(4).strip() not in ("}", UNREACHABLE):
                counts[int(found.group(1))] = found.group(2) + found.group(3)
        return counts


# --- Telling --------------------------------------------------------------------------------------

def missing(path, functions, lines):
    """A sentence for each line, branch and condition that is left out, in the order of the lines."""
    found = [(number, f"{path}:{number}: this line never ran") for number, count in lines.items() if count == "0"]
    for function in functions.values():
        for line, text, true, false in function.branches:
            found += [(line, f"{path}:{line}: never {outcome}: {text}")
                      for outcome, count in (("true", true), ("false", false)) if count == 0]
        for line, text, conditions in function.decisions:
            for one in conditions:
                if one.true == 0 or one.false == 0:
                    found.append((line, f'{path}:{line}: never {"false" if one.true else "true"}: {one.text}'))
                if not one.independent:
                    found.append((line, f"{path}:{line}: never decides by itself: {one.text}   in: {text}"))
    return [sentence for _, sentence in sorted(found)]


def figures(functions, lines):
    """Covered and all: lines, branches, conditions."""
    outcomes = [count for function in functions.values()
                for branch in function.branches for count in branch[2:]]
    conditions = [one for function in functions.values() for decision in function.decisions for one in decision[2]]
    outcomes += [count for one in conditions for count in (one.true, one.false)]
    return [(sum(count != "0" for count in lines.values()), len(lines)),
            (sum(count != 0 for count in outcomes), len(outcomes)),
            (sum(one.independent for one in conditions), len(conditions))]


def share(covered, of):
    return f"{covered:6} of {of:4} {100 * covered / of if of else 100:6.1f}%"


def table(coverage):
    print(f'{"file":24}{"lines":>21}{"branches":>22}{"MC/DC conditions":>22}')
    sums = [(0, 0)] * 3
    for path, functions in sorted(coverage.files.items()):
        row = figures(functions, coverage.lines[path])
        sums = [(a + c, b + d) for (a, b), (c, d) in zip(sums, row)]
        print(f"{path:24}" + "  ".join(share(*one) for one in row))
    print(f'{"all of kmem/":24}' + "  ".join(share(*one) for one in sums))
    return sums


STYLE = """body{font:14px sans-serif;margin:2em} pre,td{font:13px monospace} table{border-spacing:0}
td{padding:0 1em 0 0;white-space:pre} .n{color:#888;text-align:right} .bad{background:#fbb}
.d td{color:#555;background:#f4f4f4} .d .bad{background:#fbb} h2{margin-top:2em}"""


def write_html(coverage, complaints):
    rows = ['<!doctype html><meta charset="utf-8"><title>Coverage of kmem/</title>',
            f"<style>{STYLE}</style><h1>Coverage of kmem/ by its suites</h1>",
            f'<pre>{html.escape(chr(10).join(complaints) or "Nothing is left out.")}</pre>']
    for path in sorted(coverage.files):
        rows.append(f'<a href="#{path}">{path}</a><br>')
    for path, functions in sorted(coverage.files.items()):
        below = collections.defaultdict(list)
        for function in functions.values():
            for line, text, true, false in function.branches:
                below[line].append((text, true, false, None))
            for line, _, conditions in function.decisions:
                below[line] += [tuple(one) for one in conditions]
        counts = coverage.lines[path]
        rows.append(f'<h2 id="{path}">{path}</h2><table>')
        for number, text in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
            count = counts.get(number, "")
            bad = ' class="bad"' if count == "0" else ""
            rows.append(f'<tr{bad}><td class="n">{number}<td class="n">{count}<td>{html.escape(text)}')
            for condition, true, false, independent in below[number]:
                bad = ' class="bad"' if true == 0 or false == 0 or independent is False else ""
                alone = {None: "", True: ", decides by itself", False: ", never decides by itself"}[independent]
                rows.append(f'<tr class="d"><td><td><td{bad}>        {html.escape(condition)}: '
                            f"true {true}, false {false}{alone}")
        rows.append("</table>")
    (BUILD / "index.html").write_text("\n".join(rows) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", action="append", default=[], metavar="SUITE",
                        help="leave a suite out, to see what only it covers")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    shutil.rmtree(BUILD, ignore_errors=True)
    suites = run_suites(arguments.without)
    model = run_model()
    alone = Coverage(["suites"], suites, "suites")
    beside = Coverage(["model"], model, "model")
    complaints = [sentence for path, functions in sorted(alone.files.items())
                  for sentence in missing(path, functions, alone.lines[path])]
    write_html(alone, complaints)
    sums = table(alone)
    core = [figures(beside.files[path], beside.lines[path]) for path in ("kmem/fba.c", "kmem/fba_handoff.c")]
    print("coverage: the model and the fuzz corpus by themselves, of fba.c and fba_handoff.c:"
          + ",".join(share(*map(sum, zip(*column))) for column in zip(*core)))
    for sentence in complaints:
        print(f"coverage: {sentence}")
    verdict = "FAILED" if complaints else "nothing left out"
    print(f"coverage: {share(*sums[1]).strip()} of branches, {share(*sums[2]).strip()} of MC/DC conditions, "
          f"{verdict}; build/coverage/index.html")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
