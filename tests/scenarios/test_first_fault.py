# SPDX-License-Identifier: MIT
"""A kernel that faults before it has loaded descriptor tables of its own: the loader's handler says what
faulted, where, and in which segment of the file, where there would be a triple fault without a word."""

import pytest

import small_kernel
from judge import Verdict
from scenario import background, boot, each
from small_kernel import BASE, PAGE
from spcr import boot_beside

STOPPED = "loader: stopped: the kernel faulted before it had loaded descriptor tables of its own: "

INVALID = b"\x0f\x0b"  # ud2
PUSH = b"\x50"  # push rax
JUMP_TO_START_OF_HOLE = b"\xe9" + (PAGE - 5).to_bytes(4, "little")  # jmp BASE + PAGE
READ_NULL = b"\x48\x8b\x04\x25\x00\x00\x00\x00"  # mov rax, [0]
STACK_IN_HOLE = b"\x48\xc7\xc4" + (BASE + 2 * PAGE & 0xFFFFFFFF).to_bytes(4, "little")  # mov rsp, BASE + 2 pages
# An address that is not canonical: what is pushed there is a stack fault, and a fault over it a double fault.
STACK_NOWHERE = b"\x31\xe4\x48\x0f\xba\xec\x3e"  # xor esp, esp; bts rsp, 62
DIVIDE_BY_ZERO = b"\x31\xc9\xf7\xf1"  # xor ecx, ecx; div ecx


def boot_code(name, code, entry=BASE):
    return boot(f"first-fault-{name}", kernel=small_kernel.write(f"first-fault-{name}", small_kernel.elf(code, entry)))


@pytest.mark.parametrize(
    "trap, sentence",
    each(boot_code, {
        "wrong_entry_code": (
            ("invalid opcode (vector 6, error code 0x0)",
             f"invalid opcode at {BASE:#x}, in segment 0 of its file (byte {PAGE})"), ("code", INVALID), {}),
        "wrong_entry_point": (
            ("invalid opcode (vector 6, error code 0x0)",
             f"invalid opcode at {BASE + 1:#x}, in segment 0 of its file (byte {PAGE + 1})"),
            ("entry", PUSH + INVALID), {"entry": BASE + 1}),
        "missing_stack": (
            ("page fault (vector 14, error code 0x2)",
             f"page fault at {BASE + 7:#x}, in segment 0 of its file (byte {PAGE + 7}), "
             f"over {BASE + 2 * PAGE - 8:#x}, in a hole between its segments"),
            ("stack", STACK_IN_HOLE + PUSH), {}),
        "missing_segment": (
            ("page fault (vector 14, error code 0x10)",
             f"page fault at {BASE + PAGE:#x}, in a hole between its segments"), ("segment", JUMP_TO_START_OF_HOLE), {}),
        "nothing_of_the_kernel": (
            ("page fault (vector 14, error code 0x0)",
             f"page fault at {BASE:#x}, in segment 0 of its file (byte {PAGE}), over 0x0, in no segment of its file"),
            ("null", READ_NULL), {}),
        "double_fault": (
            ("divide error (vector 0, error code 0x0)",
             f"divide error at {BASE + 9:#x}, in segment 0 of its file (byte {PAGE + 9})"),
            ("double", STACK_NOWHERE + DIVIDE_BY_ZERO), {}),
    }),
)
def test_a_fault_before_the_kernels_own_tables_is_a_sentence_and_no_reset(trap, sentence, outcome):
    assert outcome.verdict is Verdict.PANIC, outcome.summary()
    assert f"trap: {trap} on processor 0\n" in outcome.text
    assert f"{STOPPED}{sentence}\n" in outcome.text


def boot_without_serial_port():
    return boot("first-fault-debugcon", kernel=small_kernel.write("first-fault-debugcon", small_kernel.elf(INVALID)),
                serial=False)


@background(boot_without_serial_port)
def test_a_machine_without_a_serial_port_says_it_on_its_other_consoles(outcome):
    assert outcome.verdict is Verdict.PANIC, outcome.summary()
    assert STOPPED in outcome.text


def boot_where_no_pc_has_a_port():
    """The only UART is where SPCR alone tells, and there is no screen."""
    uart = ("-chardev", "file,id=uart,path={log}", "-device", "isa-serial,chardev=uart,iobase=0x220")
    return boot_beside("first-fault", 0x220, *uart,
                       kernel=small_kernel.write("first-fault-elsewhere", small_kernel.elf(INVALID)), gpu="none")


@background(boot_where_no_pc_has_a_port)
def test_a_port_that_only_spcr_names_gets_the_report(outcome):
    booted, port = outcome
    assert booted.verdict is Verdict.PANIC, booted.summary()
    report = booted.text[booted.text.index("trap: invalid opcode"):]
    assert STOPPED in report and report.strip() in port, port


LOOP = b"\xeb\xfe"  # jmp to itself
NO_CHECKSUMS = "loader: the kernel's file has no checksums: if nothing follows, its code may be damaged"


def boot_loop():
    return boot("first-fault-loop", kernel=small_kernel.write("first-fault-loop", small_kernel.elf(LOOP)), silence=3)


@background(boot_loop)
def test_a_kernel_without_checksums_that_only_loops_was_announced(outcome):
    assert outcome.verdict is Verdict.HANG, outcome.summary()
    assert outcome.text.rstrip().splitlines()[-1].startswith(NO_CHECKSUMS)


@background(boot, "first-fault-checksums")
def test_a_kernel_with_checksums_is_not_announced_so(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert NO_CHECKSUMS not in outcome.text
