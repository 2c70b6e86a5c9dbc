# SPDX-License-Identifier: MIT
"""Endings that take the real firmware: what the loader, damaged or not, makes of a machine.

Those of the kernel are in test_traps.py and test_boot.py, those of QEMU in test_harness.py.
"""

import machine
import pe_file
from judge import Verdict
from scenario import background, boot, boot_or_error

UNDEFINED = b"\x0f\x0b"  # ud2
FOR_EVER = b"\xf4\xeb\xfd"  # hlt; jmp to it
RETURN_SUCCESS = b"\x31\xc0\xc3"  # xor eax, eax; ret


def boot_loader_that(name, code, **settings):
    """Boots the loader with other code at its entry point."""
    data = bytearray((machine.BUILD / "loader.efi").read_bytes())
    place = pe_file.read(data).entry_in_file()
    data[place : place + len(code)] = code
    file = machine.BUILD / "damaged" / f"{name}.efi"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return boot(f"ending-{name}", loader=file, **settings)


@background(boot_loader_that, "exception", UNDEFINED)
def test_a_trap_under_the_firmware(outcome):
    assert outcome.verdict is Verdict.FIRMWARE_EXCEPTION, outcome.summary()
    assert "!!!! X64 Exception Type - 06" in outcome.judgement.reason


@background(boot_loader_that, "silence", FOR_EVER, timeout=4)
def test_a_loader_that_never_speaks(outcome):
    assert outcome.verdict is Verdict.NO_OUTPUT, outcome.summary()


@background(boot_loader_that, "return", RETURN_SUCCESS, timeout=30)
def test_a_loader_that_returns_without_a_word(outcome):
    """The firmware goes on to whatever else it can boot: that is seen, and not waited for."""
    assert outcome.verdict is Verdict.NO_OUTPUT, outcome.summary()
    assert outcome.seconds < 30, outcome.summary()


@background(boot, "ending-wrong-run", words=("run=another",))
def test_the_id_of_another_run(outcome):
    assert outcome.verdict is Verdict.WRONG_RUN, outcome.summary()
    assert "of run another" in outcome.judgement.reason


@background(boot, "ending-rejected", extra=("-device", "no-such-device"), cold=True)
def test_a_machine_that_qemu_rejects(outcome):
    assert outcome.verdict is Verdict.COULD_NOT_START, outcome.summary()


@background(boot, "ending-expected", expected=("what is never said",))
def test_an_expected_text_that_never_came(outcome):
    assert outcome.verdict is Verdict.FAILED, outcome.summary()


@background(
    boot, "ending-timeout", kernel=machine.BUILD / "kernel-tests.elf", words=("only=crash.hang",), silence=0, timeout=4
)
def test_the_time_is_up(outcome):
    assert outcome.verdict is Verdict.TIMEOUT, outcome.summary()


@background(boot_or_error, "ending-rejected-warm", extra=("-device", "no-such-device"))
def test_a_machine_that_cannot_be_saved_names_the_way_out(outcome):
    assert "no-such-device" in str(outcome) and "--cold" in str(outcome)
