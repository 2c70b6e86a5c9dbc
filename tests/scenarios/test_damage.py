# SPDX-License-Identifier: MIT
"""The damages that a sweep does to a kernel file: of all kinds, always the same, and told apart by what is loaded."""

import pytest

import damage
import machine
import small_kernel

KERNEL = machine.BUILD / "kernel.elf"


def test_damages_are_of_all_kinds_and_always_the_same():
    data = KERNEL.read_bytes()
    chosen = damage.choose(data, 200)
    assert len(chosen) == 200 and list(chosen) == list(damage.choose(data, 200))
    for kind in ("byte ", "p_vaddr ", "header ", "headers ", "cut at ", "sector ", "sectors "):
        assert any(name.startswith(kind) for name in chosen), kind
    assert all(damage.apply(data, change) != data for name, change in chosen.items() if name.startswith(("byte", "e_", "p_")))
    assert KERNEL.read_bytes() == data


def test_what_is_loaded_is_what_counts():
    data = KERNEL.read_bytes()
    whole = damage.loaded(data)
    for name, change in damage.choose(data, 200).items():
        damaged = damage.apply(data, change)
        if name.startswith(("p_vaddr 0", "p_filesz 0", "p_memsz 0", "p_flags 0 = 0x0", "header 0", "e_entry")):
            assert damage.loaded(damaged) != whole, name
        if name.startswith(("p_paddr", "p_align", "e_shnum", "e_flags")):
            assert damage.loaded(damaged) == whole, name
    text = next(part for part in damage.segments(data) if part.kind == damage.PT_LOAD)
    for place in (text.offset, text.offset + text.file_size - 1):
        assert damage.loaded(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]) != whole
    assert damage.loaded(data[:-1]) == whole


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"no program", b"\x7fELF\x02\x01" + b"\xff" * 200], ids=len)
def test_any_file_can_be_damaged(data):
    for change in damage.choose(data, 20).values():
        damage.loaded(damage.apply(data, change))


def test_a_kernel_says_whether_it_has_checksums():
    assert damage.has_checksums(KERNEL.read_bytes())
    assert not damage.has_checksums(small_kernel.elf(small_kernel.SAY_COMPLETE))
    assert not damage.has_checksums(b"\x7fELF")
