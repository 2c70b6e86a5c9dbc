# SPDX-License-Identifier: MIT
"""A stub of the firmware: it says a text on COM1 and ends as it is told, in a tenth of a second.

With it the harness itself is tried, on a real QEMU, without OVMF, loader or kernel: every way for a
machine to end can be provoked at will. Used by test_harness.py.
"""

_SIZE = 0x10000  # the 64 KiB below 4 GiB, which are also F000:0000 after a reset (SDM 3A 10.1.4)
_COM1 = 0x3F8
_RESET_VECTOR = 0xFFF0
_TEXT = 0x0100

HANG = b"\xf4\xeb\xfd"  # hlt; jmp to it

AGAIN = b"\xea\x00\x00\x00\xf0"  # ljmp 0xf000:0: says it again, for ever

# An interrupt with an empty table raises a fault whose handling faults twice more.
TRIPLE_FAULT = b"\x2e\x0f\x01\x1e\x00\xf0" + b"\xcc"  # lidt cs:[0xf000], six zero bytes; int3

RESET = b"\xb0\xfe\xe6\x64" + HANG  # mov al, 0xfe; out 0x64, al: the keyboard controller's reset line


def leave_through_port(port: int, value: int) -> bytes:
    """Writes to isa-debug-exit, then waits for QEMU to leave."""
    return bytes([0xB0, value, 0xBA]) + port.to_bytes(2, "little") + b"\xee" + HANG


def firmware(text: bytes, ending: bytes) -> bytes:
    """The image of a firmware that writes `text` (bytes) to COM1 and then runs `ending`."""
    say = (
        b"\xfc"  # cld
        + b"\xbe" + _TEXT.to_bytes(2, "little")  # mov si, text
        + b"\x2e\xac"  # next: lodsb from cs
        + b"\x84\xc0"  # test al, al
        + b"\x74\x06"  # jz past the loop
        + b"\xba" + _COM1.to_bytes(2, "little")  # mov dx, COM1
        + b"\xee"  # out dx, al
        + b"\xeb\xf4"  # jmp next
    )
    code = say + ending
    assert len(code) <= _TEXT and b"\0" not in text and len(text) < 0xE000
    image = bytearray(_SIZE)
    image[: len(code)] = code
    image[_TEXT : _TEXT + len(text)] = text
    jump = -(_RESET_VECTOR + 3) & 0xFFFF
    image[_RESET_VECTOR : _RESET_VECTOR + 3] = b"\xe9" + jump.to_bytes(2, "little")  # jmp to offset 0
    return bytes(image)
