# SPDX-License-Identifier: MIT
"""What the loader can be asked for: where its files come from, modules, chance, images."""

import functools
import pathlib
import re
import struct
import subprocess
import sys
import threading

import pytest

import machine
import pe_file
import signing
from judge import Verdict
from scenario import background, boot


def stopped_with(outcome, *words):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    for word in words:
        assert word in outcome.judgement.reason


# --- Where files and words come from --------------------------------------------------------------


@background(boot, "loader-fw_cfg", source="fw_cfg")
def test_without_a_disk(outcome):
    """Kernel and command line from QEMU's fw_cfg: `qemu -kernel loader.efi` boots."""
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert re.search(r"loader: kernel.elf, \d+ bytes, from fw_cfg", outcome.text)


@background(boot, "loader-fw_cfg-no-kernel", source="fw_cfg", kernel=None)
def test_no_kernel_anywhere(outcome):
    stopped_with(outcome, "no kernel.elf", "-fw_cfg name=opt/early-boot/kernel.elf,file=...")


# --- Modules --------------------------------------------------------------------------------------

MODULES = (("first.bin", b"1" * 5000), ("folder/second.bin", b"2"), ("empty", b""))
NAMES = tuple(f"module={name}" for name, _ in MODULES)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            source,
            marks=background(boot, f"loader-modules-{source}", source=source, files=MODULES, words=NAMES),
            id=source,
        )
        for source in ("volume", "fw_cfg")
    ],
)
def test_modules(source, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    found = re.findall(r"^kernel: module (\S+): (\d+) bytes? at 0x([0-9a-f]+)$", outcome.text, re.MULTILINE)
    assert [(name, int(size)) for name, size, _ in found] == [(name, len(data)) for name, data in MODULES]
    assert all(int(start, 16) % 4096 == 0 for _, _, start in found)


@background(boot, "loader-module-missing", words=("module=nowhere.img",))
def test_a_missing_module_is_named(outcome):
    stopped_with(outcome, "no nowhere.img")


@background(boot, "loader-module-bad", words=("module=../a*b",))
def test_a_bad_name_of_a_module_is_rejected(outcome):
    stopped_with(outcome, '"module=../a*b" in the command line', "a module's name has 1 to 39 of")


# --- Chance ---------------------------------------------------------------------------------------


def place(booted):
    found = re.search(r"^loader: seed 0x[0-9a-f]+ puts the kernel at 0x([0-9a-f]+), one of (\d+) places$",
                      booted.text, re.MULTILINE)
    assert found, "the loader does not say where chance put the kernel"
    assert f"loader: kernel at 0x{found[1]}," in booted.text
    return int(found[1], 16)


def seeded(*seeds):
    return [boot(f"loader-seed-{seed}", words=(f"seed={seed}",), source="fw_cfg") for seed in seeds]


@background(seeded, "1", "0x1", "2")
def test_a_seed_fixes_the_place(outcome):
    for booted in outcome:
        assert booted.verdict is Verdict.PASSED, booted.summary()
    one, again, other = (place(booted) for booted in outcome)
    assert one == again != other
    assert one % 0x200000 == 0 and one > 0


@background(boot, "loader-seed-rdrand", words=("seed=random",), extra=("-cpu", "max"))
def test_a_random_seed_from_the_processor(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    drawn = re.search(r"^loader: seed=random drew seed=(0x[0-9a-f]+)$", outcome.text, re.MULTILINE)
    assert drawn and f"loader: seed {drawn[1]} puts the kernel at" in outcome.text


# OVMF makes the stack not executable when it is told to; code that runs there then traps.
NX_STACK = ("-fw_cfg", "name=opt/ovmf/PcdSetNxForStack,string=yes")


@background(boot, "loader-seed-rng", words=("seed=random",), extra=("-device", "virtio-rng-pci", *NX_STACK))
def test_a_random_seed_from_the_firmware_whose_stack_is_not_executable(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    place(outcome)


@background(boot, "loader-seed-none", words=("seed=random",))
def test_no_random_numbers(outcome):
    stopped_with(outcome, "seed=random needs random numbers", "give seed=NUMBER")


@background(boot, "loader-seed-bad", words=("seed=much",))
def test_a_bad_seed_is_rejected(outcome):
    stopped_with(outcome, '"seed=much" in the command line', "give a number below 2^64")


# --- The application ------------------------------------------------------------------------------

LOADER = machine.BUILD / "loader.efi"
NX_COMPAT, EXECUTE, WRITE = 0x0100, 0x20000000, 0x80000000


def test_the_loader_is_nx_compatible_and_says_so():
    application = pe_file.read(LOADER.read_bytes())
    rights = [section.flags & (EXECUTE | WRITE) for section in application.sections]
    assert application.characteristics & NX_COMPAT
    assert EXECUTE in rights and WRITE in rights and EXECUTE | WRITE not in rights
    assert all(section.address % 4096 == 0 for section in application.sections)


def test_what_the_loader_maps_for_the_jump_is_all_of_its_image():
    """GNU-EFI 3.0.18 moved the constants behind its linker script's _edata."""
    symbols = subprocess.run(["nm", LOADER.with_suffix(".so")], capture_output=True, text=True, check=True).stdout
    end = int(re.search(r"^([0-9a-f]+) . _eimage$", symbols, re.MULTILINE)[1], 16)
    ends = [part.address + part.memory_size for part in pe_file.read(LOADER.read_bytes()).sections]
    assert max(ends) == end


@pytest.mark.parametrize("offset, value, complaint", [
    (36, EXECUTE | WRITE, "both writable and executable"),
    (12, 0x2100, "must begin at a page of its own"),
])
def test_no_mark_for_an_application_that_is_not(tmp_path, offset, value, complaint):
    data = bytearray(LOADER.read_bytes())
    struct.pack_into("<I", data, pe_file.read(data).sections[0].header + offset, value)
    file = tmp_path / "loader.efi"
    file.write_bytes(data)
    done = subprocess.run([sys.executable, "-B", "boot/loader/pe.py", file], cwd=machine.ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and complaint in done.stderr
    assert file.read_bytes() == data


# --- Images ---------------------------------------------------------------------------------------

_images = threading.Lock()


@functools.lru_cache
def _made():
    image = machine.BUILD / "images" / "unsigned.img"
    signing.make("image", f"IMAGE={image.relative_to(machine.ROOT)}", "CMDLINE=module=test_loader.py", f"FILES={__file__}")
    return image


def boot_image(name, **settings):
    with _images:
        image = _made()
    return boot(f"loader-image-{name}", image=image, **settings)


def boot_image_words():
    return boot_image("sata", words=("module=test_loader.py",))


@background(boot_image_words)
def test_an_image_boots_and_its_files_are_modules(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "kernel: module test_loader.py: " in outcome.text


def boot_small_firmware():
    try:
        return boot_image("usb-pc-2m", image_device=(*signing.USB, *signing.stick("image", 1)), machine="pc", firmware="2m")
    except machine.Unusable as error:
        return error


@background(boot_small_firmware)
def test_an_image_on_a_usb_stick_boots_with_the_firmware_of_2m(outcome):
    """Newer releases package the 4M build only; there the error has to name what is missing."""
    if pathlib.Path(machine.Machine().firmware_directory, "OVMF_CODE.fd").exists():
        assert outcome.verdict is Verdict.PASSED, outcome.summary()
    else:
        assert "OVMF_CODE.fd" in str(outcome) and "ovmf" in str(outcome)


# --- A kernel of another origin -------------------------------------------------------------------


def boot_hello():
    """The kernel on the page boot/README.md, built as the page says."""
    page = (machine.ROOT / "boot" / "README.md").read_text("utf-8")
    folder = machine.BUILD / "hello"
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("c", "ld"):
        text = re.search(rf"`hello\.{kind}`:\n\n```{kind}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)[1]
        (folder / f"hello.{kind}").write_text(text)
    command = re.search(r"^    (gcc .*?hello\.elf)$", page, re.DOTALL | re.MULTILINE)[1].replace("\\\n", " ")
    command = re.sub(r"\bhello\.", f"{folder.relative_to(machine.ROOT)}/hello.", command)
    subprocess.run(command.split(), cwd=machine.ROOT, check=True, capture_output=True)
    return boot("loader-hello", kernel=folder / "hello.elf", run_id="hello")


@background(boot_hello)
def test_the_kernel_of_the_readme(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
