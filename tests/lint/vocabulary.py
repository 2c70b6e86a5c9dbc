# SPDX-License-Identifier: MIT
"""Words and idioms that the tree does not use, each with what stands for it. Used by test_lint.py.

A rule is about text (comments and documents included), or about C code (without comments and literals).
"""

import re
from typing import NamedTuple


class Rule(NamedTuple):
    pattern: str  # a regular expression
    folders: tuple[str, ...]  # where the rule holds: beginnings of paths
    instead: str


ALL = ("",)
# All but the reader of the tests' reports and what is said of it: TODO is a directive there.
NO_REPORTS = ("kmem/", "arch/", "boot/", "Makefile", "README.md", "linker.ld", "tests/bench/", "tests/boot/", "tests/coverage/",
              "tests/embed/", "tests/fuzz/", "tests/host/", "tests/lint/", "tests/loader/", "tests/metal/", "tests/model/",
              "tests/proof/", "tests/suites/")
OURS = ("boot/", "arch/")
# Where numbers are read that firmware or a file has given.
READERS = ("boot/memory_map.c", "boot/handoff.c", "boot/direct_map.c", "boot/acpi/", "boot/console/spcr_port.c", "boot/loader/",
           "boot/kernel/acpi_memory.c", "boot/kernel/device_map.c", "boot/kernel/handoff_check.c", "boot/kernel/seal.c",
           "boot/kernel/steps/")
_BASE = r"(?:start|base|offset|address|physical|virtual|vaddr|paddr|at)"
_LENGTH = r"(?:size|length|filesz|memsz|bytes|pages)"

TEXT = [
    Rule(r"(?i)(?<!&)\b(whoever|nobody|somebody)\b", ALL,
         "the subject of a sentence is the program, or the user of an interface"),
    Rule(r"(?i)\brefus(e|es|ed|al|als|ing)\b", ("kmem/", "boot/kernel/", "arch/"),
         "an allocation fails; input is rejected"),
    Rule(r"(?i)\bstand[-_]ins?\b", ALL, "what takes a part's place in a test is a stub"),
    Rule(r"(?i)\bunwind(s|ing)?\b", ("kmem/",), "blocks are reclaimed; unwinding is what a debugger does to a stack"),
    Rule(r"(?i)\bwindow\b", OURS, "the mapping of all physical memory is the direct map"),
    Rule(r"\bFIXME\b|\bXXX\b", ALL, "what is left to do stands in an issue"),
    Rule(r"\bTODO\b", NO_REPORTS, "what is left to do stands in an issue"),
]

CODE = [
    Rule(r"\b0(X[0-9a-fA-F]+|x[0-9a-f]*[A-F][0-9a-fA-F]*)", ALL, "hexadecimal digits are lower case: 0xff"),
    Rule(r"(?m)^(?!#define mem(?:cpy|set)\().*\b__builtin_mem(cpy|move|set|cmp)\b", ("boot/", "arch/", "tests/"),
         "call memcpy and its like, of arch/x86_64/string.h or <string.h>"),
    Rule(r"(?m)^(void \*|int )mem(cpy|move|set|cmp)\([^{]*\);", ("boot/",),
         "include arch/x86_64/string.h or <string.h>"),
    Rule(r"\b(4096|0x1000)[uUlL]*\b", OURS, "PAGE_SIZE of arch/x86_64/page.h"),
    Rule(rf"(?:\b(?:\w+_)?{_BASE}|\.value) \+ \(?[\w.>-]*?{_LENGTH}\b", READERS,
         "range_of(), range_of_pages() or range_has() of boot/range.h: a base and a length may wrap"),
    Rule(r"- 1\) & ~|MASK\) & ~", OURS, "page_round_up() or page_round_down() of arch/x86_64/page.h"),
]

_NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def code_of(text: str) -> str:
    """C with its comments and strings blanked out, on the same lines."""
    return _NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def _found(rules: list[Rule], path: str, text: str) -> list[str]:
    sentences = []
    for rule in rules:
        if path.startswith(rule.folders):
            for found in re.finditer(rule.pattern, text):
                line = text.count("\n", 0, found.start()) + 1
                sentences.append(f"{path}:{line}: `{found[0].strip()}`: {rule.instead}")
    return sentences


def violations(path: str, text: str) -> list[str]:
    """The sentences about a file's words, and about its idioms if it is C."""
    found = _found(TEXT, path, text)
    if path.endswith((".c", ".h", ".S", ".ld")):
        found += _found(CODE, path, code_of(text))
    return found


# What comes before the words in the first lines of a file.
_SPDX = "SPDX-License-Identifier: MIT"
_OPENER = re.compile(r'\s*(//|#|/?\*|""")?\s*(?P<words>.*)')


def opener(path: str, text: str) -> str | None:
    """The sentence about how a file begins, or nothing: the licence, then what it is for; a header of the
    sources begins with its name, so that a list of first lines is a list of what there is."""
    lines = text.splitlines()
    lines = lines[1:] if lines and lines[0].startswith("#!") else lines
    if not lines or _SPDX not in lines[0]:
        return f"{path}: the first line has to be `{_SPDX}` in a comment"
    words = next(filter(None, (_OPENER.match(line)["words"] for line in lines[1:4])), "")
    if not words or lines[1].startswith(("#include", "#define", "#ifndef", "import ", "from ")):
        return f"{path}: the licence is followed by what the file is for, in a comment"
    name = path.rsplit("/", 1)[-1].removesuffix(".h")
    if path.endswith(".h") and path.startswith(("kmem/", "arch/", "boot/")) and not words.startswith(f"{name}: "):
        return f"{path}: a header's first words are its name and a colon, `{name}: …`"
    return None
