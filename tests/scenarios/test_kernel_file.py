# SPDX-License-Identifier: MIT
"""The kernel's file between its link and its boot: tools that rewrite it, and damage. The note in it
(boot/file_note.h) tells the two apart, and names what is not as it was linked."""

import importlib.util
import shutil
import struct
import subprocess
import sys

import pytest

import machine
import small_kernel
from judge import Verdict
from scenario import background, boot, each

KERNEL = machine.BUILD / "kernel.elf"
PT_NULL, PT_NOTE, FILE_NOTE_FLAG = 0, 4, 0x00100000


def rewritten(name, *options, kernel=KERNEL, **settings):
    """Boots what a tool made of the kernel; None: there is no such tool."""
    if not shutil.which(name):
        return None
    label = "-".join([kernel.stem, name, *(option.strip("-").replace("=", "") for option in options)])
    file = small_kernel.write(f"rewritten-{label}", kernel.read_bytes())
    subprocess.run([name, *options, file], check=True, capture_output=True)
    return boot(f"kernel-file-{label}", kernel=file, **settings)


@pytest.mark.parametrize("name", each(rewritten, {
    "_".join(words): ((words[0],), words, {}) for words in (
        ("strip",), ("strip", "--strip-debug"), ("objcopy",), ("objcopy", "--compress-debug-sections"),
        ("llvm-strip",), ("llvm-objcopy",), ("llvm-objcopy", "--strip-sections"))
}))
def test_a_kernel_that_tools_of_gnu_and_llvm_rewrote_still_boots(name, outcome):
    if outcome is None:
        pytest.skip(f"{name} is not installed")
    assert outcome.verdict is Verdict.PASSED, outcome.summary()


@pytest.mark.parametrize("name", each(rewritten, {
    name: ((name,), (name, "--remove-section=.note.early_boot"), {}) for name in ("objcopy", "llvm-objcopy")
}))
def test_a_note_that_a_tool_removed_is_missed(name, outcome):
    if outcome is None:
        pytest.skip(f"{name} is not installed")
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert "did a tool remove the note?" in outcome.judgement.reason


def boot_stripped_without_note():
    """GNU strip puts the region's address where a kernel without a note has the version of the handoff."""
    data = small_kernel.elf(small_kernel.SAY_COMPLETE)
    region = data.index(struct.pack("<I", small_kernel.PT_EARLY_HEAP))
    address = data[region + 16 : region + 24]
    return boot("kernel-file-no-version", run_id="small", kernel=small_kernel.write(
        "no-version", data[: region + 24] + address + data[region + 32 :]))


@background(boot_stripped_without_note)
def test_a_version_that_a_tool_replaced_is_named_and_left_to_the_kernel(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "loader: GNU strip or objcopy has replaced the version of the handoff" in outcome.text


def headers():
    """Offset in the file and fields of each program header: type, flags, offset, address, -, size, size, -."""
    data = KERNEL.read_bytes()
    return [(at, struct.unpack_from("<IIQQQQQQ", data, at)) for at in range(64, 64 + 56 * data[56], 56)]


def boot_changed(name, place, change):
    """Inverts the bits `change` of the byte that `place` finds."""
    data = bytearray(KERNEL.read_bytes())
    data[place(headers())] ^= change
    return boot(f"kernel-file-{name}", kernel=small_kernel.write(f"changed-{name}", bytes(data)))


@pytest.mark.parametrize("sentence", each(boot_changed, {
    "a_byte_of_code": (("the bytes of segment 0, 4096 bytes into the file and",),
                       ("code", lambda found: found[0][1][2] + 0x100, 1), {}),
    "a_byte_of_data": (("the bytes of segment 1,",), ("data", lambda found: found[1][1][2], 0x80), {}),
    "a_lost_segment": (("of segments and regions the file has 4, but 5 were linked",),
                       ("lost", lambda found: found[3][0], 1), {}),
    "a_moved_segment": (("segment 3 is at 0x",), ("moved", lambda found: found[3][0] + 18, 1), {}),
    "a_shorter_segment": (("segment 3 has 32512 bytes in memory, but 32768 were linked",),
                          ("shorter", lambda found: found[3][0] + 41, 0xFF), {}),
    "the_note": (("which has its checksums, is damaged",), ("note", lambda found: found[4][1][2] + 100, 2), {}),
}))
def test_a_damaged_kernel_is_rejected_before_a_byte_of_it_runs(sentence, outcome):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert sentence in outcome.judgement.reason


def elf_note():
    """The program that fills in the note."""
    spec = importlib.util.spec_from_file_location("elf_note", machine.ROOT / "boot" / "loader" / "elf_note.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def boot_version(version, in_note):
    """Boots a kernel that was built for another version of the contract."""
    note = elf_note()
    data = bytearray(KERNEL.read_bytes())
    at = note.find(data, note.program_headers(data))
    if in_note:
        struct.pack_into("<I", data, at + 8, version)
        note.fill_in(data)
    else:
        data = small_kernel.elf(small_kernel.SAY_COMPLETE, version=version)
    name = f"version-{version}-{'note' if in_note else 'address'}"
    return boot(f"kernel-file-{name}", kernel=small_kernel.write(name, bytes(data)))


@pytest.mark.parametrize("place", each(boot_version, {
    "in_its_note": (("its note",), (1, True), {}),
    "in_a_program_header": (("p_paddr of program header 1",), (1, False), {}),
}))
def test_a_kernel_of_another_version_is_rejected(place, outcome):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert f"the kernel keeps version 1 of the handoff ({place})" in outcome.judgement.reason
    assert "build both from one tree" in outcome.judgement.reason


def test_a_file_without_the_note_is_not_given_checksums(tmp_path):
    file = tmp_path / "kernel.elf"
    file.write_bytes(small_kernel.elf(small_kernel.SAY_COMPLETE))
    done = subprocess.run([sys.executable, "-B", "boot/loader/elf_note.py", file], cwd=machine.ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "no program header of type PT_NOTE leads to the note" in done.stderr
