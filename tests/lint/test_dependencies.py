# SPDX-License-Identifier: MIT
"""The check of who uses whom, on small programs that break the rules, and on some that do not."""

import subprocess

import dependencies


def seeded(folder, sources):
    """What the check says of a program of these sources."""
    for path, text in sources.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    source_of = {f"{path}.o": path for path in sources if not path.endswith(".h")}
    for found, path in source_of.items():
        subprocess.run(["gcc", "-I.", "-ffreestanding", "-c", path, "-o", found], cwd=folder, check=True)
    uses = dependencies.calls(dependencies.symbols(source_of, folder))
    uses += [use for path, text in sources.items() for use in dependencies.includes(path, text)]
    return dependencies.upward(uses) + dependencies.cycles(uses, list(sources))


def test_a_cycle(tmp_path):
    a = "int pause(void); int tick(void); int tick(void) { return pause(); }"
    b = "int count(void); int pause(void); int pause(void) { return count(); }"
    c = "extern int (*tick_hook)(void); int tick(void); int count(void); int count(void) { tick_hook = tick; return 1; }"
    assert seeded(tmp_path, {"boot/a.c": a, "boot/b.c": b, "boot/c.c": c}) == [
        "cycle: boot/a -> boot/b -> boot/c -> boot/a\n"
        "    boot/a.c uses pause of boot/b.c\n"
        "    boot/b.c uses count of boot/c.c\n"
        "    boot/c.c uses tick of boot/a.c"
    ]
    c = "int count(void); static int tick(void) { return 1; } int count(void) { return tick(); }"
    assert seeded(tmp_path, {"boot/a.c": a, "boot/b.c": b, "boot/c.c": c}) == []


def test_a_call_upward(tmp_path):
    # No file is included, and the declaration is made on the spot.
    low = "void boot_stop(void); void fba_fail(void); void fba_fail(void) { boot_stop(); }"
    high = "void boot_stop(void); void boot_stop(void) {}"
    assert seeded(tmp_path, {"kmem/fba.c": low, "boot/stop.c": high}) == [
        "upward: kmem/fba.c uses boot_stop of boot/stop.c"
    ]
    assert seeded(tmp_path, {"kmem/stop.c": high, "boot/fba.c": low}) == []


def test_what_is_left_to_the_program(tmp_path):
    fba = "void *memset(void *, int, unsigned long); void fba_zero(void *p); void fba_zero(void *p) { memset(p, 0, 9); }"
    memory = "void *memset(void *p, int v, unsigned long n); void *memset(void *p, int v, unsigned long n) { return p; }"
    assert seeded(tmp_path, {"kmem/fba.c": fba, "arch/string.c": memory}) == []


def test_a_header_and_assembler_belong_to_their_file(tmp_path):
    sources = {
        "arch/traps.h": "void trap(void);\n",
        "arch/traps.c": '#include "arch/traps.h"\nvoid gate(void);\nvoid trap(void) { gate(); }\n',
        "arch/traps_entry.S": ".globl gate\ngate: jmp trap\n",
    }
    assert seeded(tmp_path, sources) == []
    sources["arch/gates.h"] = '#include "arch/traps.h"\n'
    sources["arch/traps.c"] = '#include "arch/gates.h"\n' + sources["arch/traps.c"]
    assert seeded(tmp_path, sources) == [
        "cycle: arch/gates -> arch/traps -> arch/gates\n"
        "    arch/gates.h includes arch/traps.h\n"
        "    arch/traps.c includes arch/gates.h"
    ]


def test_two_programs_may_have_functions_of_one_name():
    nm = "a.o: stop T 0 1\nb.o: stop U\nc.o: stop T 0 1\n"
    source_of = {"a.o": "boot/kernel/a.c", "b.o": "boot/b.c", "c.o": "boot/loader/c.c"}
    symbols = dependencies.parse_nm(nm, source_of)
    users = {
        use.used
        for other in ("boot/kernel/a.c", "boot/loader/c.c")
        for use in dependencies.calls({name: symbols[name] for name in (other, "boot/b.c")})
    }
    assert users == {"boot/kernel/a.c", "boot/loader/c.c"}


def test_a_bare_name_is_in_the_own_folder():
    assert dependencies.includes("kmem/fba.c", '#include "fba.h"\n#include <stdint.h>\n#include "arch/io.h"\n') == [
        dependencies.Use("kmem/fba.c", "kmem/fba.h", ()),
        dependencies.Use("kmem/fba.c", "arch/io.h", ()),
    ]
