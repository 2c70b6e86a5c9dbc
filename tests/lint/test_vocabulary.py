# SPDX-License-Identifier: MIT
"""The checks of words, idioms and openers, on lines that break them and on lines that do not."""

import pytest

import vocabulary


@pytest.mark.parametrize(
    "path, text, count",
    [
        ("boot/a.c", "// Nobody reads it.", 1),
        ("boot/a.c", "// The kernel reads it.", 0),
        ("boot/README.md", "for somebody who", 1),
        ("arch/a.c", "// the request is refused", 1),
        ("boot/loader/elf.c", "// the file is refused", 0),
        ("tests/a.py", "# a stand-in", 1),
        ("boot/a.c", "x = 0xFF;", 1),
        ("boot/a.c", "x = 0xff; // QEMU prints 0xFF", 0),
        ("boot/a.c", 'print("0xFF");', 0),
        ("boot/a.c", "size = 4096u;", 1),
        ("boot/a.c", "size = 14096;", 0),
        ("boot/a.c", "__builtin_memcpy(a, b, 1);", 1),
        ("arch/a.h", "#define memcpy(to, from, size) __builtin_memcpy((to), (from), (size))", 0),
        ("boot/a.c", "void *memcpy(void *to, const void *from, size_t size);", 1),
        ("boot/a.c", "end = (end + align - 1) & ~(align - 1);", 1),
        ("boot/loader/a.c", "end = header->p_vaddr + header->p_memsz;", 1),
        ("boot/acpi/a.c", "if (at + size <= table->length)", 1),
        ("boot/memory_map.c", "end = start + (pages * PAGE_SIZE);", 1),
        ("boot/kernel/seal.c", "end = start + handoff->image_size;", 1),
        ("boot/kernel/steps/a.c", "last = registers.value + size;", 1),
        ("boot/loader/a.c", "address = start + FIELD_OFFSET;", 0),
        ("boot/console/screen.c", "end = start + size;", 0),
    ],
)
def test_words_and_idioms(path, text, count):
    assert len(vocabulary.violations(path, text)) == count


def test_a_violation_says_where_and_what_instead():
    assert vocabulary.violations("boot/a.c", "int a;\n/* two\nlines */ int b = 0xAB;\n") == [
        "boot/a.c:3: `0xAB`: hexadecimal digits are lower case: 0xff"
    ]


LICENCE = "// SPDX-License-Identifier: MIT\n"


@pytest.mark.parametrize(
    "path, text, good",
    [
        ("kmem/fba.h", LICENCE + "// fba: an allocator.\n", True),
        ("kmem/fba.h", LICENCE + "// An allocator.\n", False),
        ("kmem/fba.h", "// fba: an allocator.\n", False),
        ("kmem/fba.c", LICENCE + "// The allocator of fba.h.\n", True),
        ("kmem/fba.c", LICENCE + '#include "kmem/fba.h"\n', False),
        ("kmem/fba.c", LICENCE, False),
        ("linker.ld", "/* SPDX-License-Identifier: MIT\n *\n * The layout of the kernel. */\n", True),
        ("tests/a.py", '# SPDX-License-Identifier: MIT\n"""What it tests."""\n', True),
        ("tests/a.py", "# SPDX-License-Identifier: MIT\nimport os\n", False),
        ("boot/image.sh", "#!/bin/sh\n# SPDX-License-Identifier: MIT\n#\n# Writes an image.\n", True),
    ],
)
def test_openers(path, text, good):
    assert (vocabulary.opener(path, text) is None) == good
