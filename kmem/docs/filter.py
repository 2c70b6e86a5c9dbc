# SPDX-License-Identifier: MIT
"""What doxygen reads in the place of a file of kmem/: `make docs`.

    filter.py FILE

The headers are commented for a person who reads them, above a declaration or behind it. This writes the same as comments
of doxygen. A declaration without a comment of its own shares the one above it; that of a structure with the name of its
file is the file's first sentence; a comment that stands alone is about the whole file. Names that end in `_` are left
out. In the pages, README.md, RECIPES.md and CHANGELOG.md, links become such as doxygen knows.
"""

import itertools
import pathlib
import re
import sys
from collections.abc import Iterator

KMEM = pathlib.Path(__file__).resolve().parents[1]

# --- Text -----------------------------------------------------------------------------------------


def _prose(line: str) -> str:
    """What means more to doxygen than to a reader is escaped, but between backticks."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(part if part.startswith("`") else re.sub(r"([<>#@%\\])", r"\\\1", part) for part in parts)


def _comment(lines: list[str], opening: str = "/**") -> str:
    """Prose; and what is indented in it is code, or a picture."""
    written: list[str] = [opening]
    inside = ""
    for number, line in enumerate(lines):
        indented = line.startswith("    ")
        if indented and not inside:
            block = itertools.takewhile(lambda later: not later or later.startswith("    "), lines[number:])
            inside = "code" if any(later.endswith((";", ") ...")) for later in block) else "verbatim"
            written.append("@code{.c}" if inside == "code" else "@verbatim")
        elif inside and line and not indented:
            written.append(f"@end{inside}")
            inside = ""
        elif number and re.match("- |  ", lines[number - 1]) and re.match(r"[^\s-]", line):
            written.append("")  # or the line belongs to the list
        written.append(line[4:] if inside else _prose(line))
    return "\n".join([*written, *([f"@end{inside}"] if inside else []), "*/"])


# --- Headers --------------------------------------------------------------------------------------

_FORWARD = re.compile(r"struct \w+;$")
_NOTHING_DECLARED = re.compile(r"#(?!define)|#define \w+_H$|extern|namespace|\w+:$|[{}]|$")
_NAME = re.compile(r"(?:#define|typedef char|(?:struct|enum|class)(?= \w+(?: \{|$)))\s+(\w+)|\(\*(\w+)\)|(operator[^(]+|\w+)\(")
_OPENS = re.compile(r"\w \{$")
_ENDS = re.compile(r";$|\w \{$")
_TRAILING = re.compile(r"(?P<code>\s*\S.*?)\s*//(?: (?P<text>.*))?$")
_NAMES = re.compile(r"(\s*(?:const )?(?:struct |enum )?\w+ )(\w+(?:, \w+)+);$")


def _listed(text: str) -> dict[str, str]:
    """The X macros of a header: by name, the enumerators that they make, each with its meaning."""
    return {
        macro: "".join(f"{name}, /**< {meaning} */\n" for name, meaning in re.findall(r'X\((\w+), "[^"]*", "(.*?)"\)', rows))
        for macro, rows in re.findall(r"#define (\w+)\(X\)((?:.*\\\n)*.*)", text)
    }


class Header:
    """The lines of a header, taken one by one."""

    def __init__(self, path: pathlib.Path) -> None:
        text = re.sub(r"^__attribute__\(\(.*?\)\)\)? ", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        self.name = path.stem
        self.listed = _listed(text)
        self.lines = text.splitlines()[1:]  # without the licence
        first = re.split(r"(?<=\.)\s", " ".join(self.comment()).partition(": ")[2])[0]
        self.first = first[:1].upper() + first[1:]
        self.lines = text.splitlines()[1:]

    def comment(self) -> list[str]:
        """Takes a comment of whole lines, if one comes next."""
        taken = []
        while self.lines and self.lines[0].lstrip().startswith("//"):
            taken.append(re.sub(r"^\s*// ?", "", self.lines.pop(0)))
        return taken

    def declaration(self) -> list[str]:
        """Takes a macro, a prototype, a function, or the opening of a type."""
        taken = [self.lines.pop(0)]
        indent = " " * (len(taken[0]) - len(taken[0].lstrip()))
        if taken[0].startswith("#"):
            while taken[-1].endswith("\\"):
                taken.append(self.lines.pop(0))
        elif not taken[0].startswith("class "):
            while not _ENDS.search(taken[-1]) and taken[-1] != indent + "}":
                taken.append(self.lines.pop(0))
                while taken[-1].startswith(indent + "{") and not self.lines[0].startswith(indent + "}"):
                    self.lines.pop(0)  # what a function does
        return taken

    def member(self, about: list[str]) -> str:
        """Takes a member of a type, with the comment behind it, or else the one above it."""
        line = self.lines.pop(0)
        trailing = _TRAILING.match(line)
        code, comment = line, _comment(about, "/**<") if about and line.endswith(";") else ""
        if trailing:
            column = line.index("//")
            text = [trailing["text"] or ""]
            while self.lines[0].find("//") == column and not self.lines[0][:column].strip():
                text.append(self.lines.pop(0)[column + 3:])
            code, comment = trailing["code"], _comment(text, "/**<")
        several = _NAMES.match(code)
        if several:
            return "\n".join(f"{several[1]}{name}; {comment}" for name in several[2].split(", "))
        return f"{code} {comment}"

    @staticmethod
    def line(line: str) -> str:
        """A line of a declaration. Only behind a macro a comment is about it."""
        trailing = _TRAILING.match(line)
        if not trailing:
            return line
        return f"{trailing['code']} {_comment([trailing['text']], '/**<')}" if line.startswith("#") else trailing["code"]

    def members(self) -> Iterator[str]:
        """Takes what is between the braces of a type, and its end."""
        about: list[str] = []
        while not self.lines[0].startswith("}"):
            about = self.comment() or about
            line = self.member(about)
            about = about if line else []
            yield line
        yield self.lines.pop(0)

    def written(self) -> Iterator[str]:
        yield _comment(self.comment(), "/** @file\n")
        about: list[str] = []
        while self.lines:
            comment = self.comment()
            if comment and (not self.lines or not self.lines[0]):
                if not comment[0].startswith(("──", "clang-format")):
                    yield _comment(comment, "/** @file\n@details")
                continue
            about = comment or about
            if _NOTHING_DECLARED.match(self.lines[0]) or _FORWARD.match(self.lines[0]):
                yield self.lines.pop(0)
                continue
            lines = self.declaration()
            found = _NAME.search("\n".join(lines))
            name = next(filter(None, found.groups())) if found else ""
            opens = bool(_OPENS.search(lines[-1]))
            members = list(self.members()) if opens else []
            if name.endswith("_"):
                continue
            if name == self.name and opens and not comment:
                yield _comment([self.first])
                about = []
            elif about and not _TRAILING.match(lines[0]):
                yield _comment(about)
            for macro, enumerators in self.listed.items():
                lines = [re.sub(rf"{macro}\(\w+_\)", lambda _: enumerators, line) for line in lines]
            yield from map(self.line, lines)
            yield from members


# --- Pages ----------------------------------------------------------------------------------------


def _page(text: str) -> str:
    pieces = {file.stem for file in KMEM.glob("*.h") if "\n// Private:" not in file.read_text(encoding="utf-8")}

    def anchored(found: re.Match[str]) -> str:
        return f"{found[0]} {{#{re.sub(r'[^a-z0-9 -]', '', found[1].lower()).replace(' ', '-')}}}"

    def linked(found: re.Match[str]) -> str:
        return f"[{found[1]}](@ref {found[1]}.h)" if found[1] in pieces else found[0]

    def between_code(part: str) -> str:
        part = re.sub(r"^##+ (.*)$", anchored, part, flags=re.MULTILINE)
        part = re.sub(r"\[([^\]]*)\]\(\.\.[^)]*\)", r"\1", part)
        part = re.sub(r"\]\((?:\w+\.md)?#([\w-]+)\)", r"](@ref \1)", part)
        part = re.sub(r"\[([\w.]+)\]\(\1\)", r"[\1](@ref \1)", part)
        return re.sub(r"`(\w+)`", linked, part)

    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else between_code(part) for part in parts)


def main() -> None:
    path = pathlib.Path(sys.argv[1])
    if path.suffix == ".md":
        print(_page(path.read_text(encoding="utf-8")))
    else:
        print("\n".join(Header(path).written()))


if __name__ == "__main__":
    main()
