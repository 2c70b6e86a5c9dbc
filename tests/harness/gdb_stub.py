# SPDX-License-Identifier: MIT
"""Stops a machine where one of its functions begins, to the instruction, through QEMU's GDB stub.

What a machine does last cannot be counted when it is over: the processor goes on for a moment after it
has switched itself off. So it is stopped just before. Used by watch.py.
"""

import pathlib
import socket
import subprocess


class Breakpoint:
    """The connection to the debugger port (GDB's remote protocol) of one QEMU that was started with -S."""

    def __init__(self, address: int) -> None:
        self._address = address
        self._ours, self._theirs = socket.socketpair()
        self.inherited = (self._theirs.fileno(),)
        self.arguments = ["-chardev", f"socket,id=gdb,fd={self._theirs.fileno()}", "-gdb", "chardev:gdb"]
        self._pending = b""

    def started(self) -> None:
        """QEMU has inherited its end. Lets the machine run."""
        self._theirs.close()
        if self._ask(f"Z1,{self._address:x},1") != b"OK":
            raise EOFError("QEMU takes no breakpoint")
        self._send("c")

    def fileno(self) -> int:
        """For select(): there is something to read when the machine stands, or is gone."""
        return self._ours.fileno()

    def reached(self) -> bool:
        """Reads the answer; whether the machine stands at the function, and did not just end."""
        return self._answer()[:1] in (b"T", b"S")

    def go_on(self) -> None:
        """Lets the machine run, without a breakpoint."""
        self._ask(f"z1,{self._address:x},1")
        self._send("D")

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()

    def _ask(self, command: str) -> bytes:
        self._send(command)
        return self._answer()

    def _send(self, command: str) -> None:
        data = command.encode()
        self._ours.sendall(b"$%s#%02x" % (data, sum(data) & 0xFF))

    def _answer(self) -> bytes:
        while b"#" not in self._pending or len(self._pending) < self._pending.index(b"#") + 3:
            data = self._ours.recv(4096)
            if not data:
                return b""
            self._pending += data
        end = self._pending.index(b"#")
        body = self._pending[self._pending.index(b"$") + 1 : end]
        self._pending = self._pending[end + 3 :]
        self._ours.sendall(b"+")
        return body


def address_of(function: str, file: pathlib.Path) -> int | None:
    """Where a function of an ELF file begins, or None."""
    done = subprocess.run(["nm", str(file)], capture_output=True, encoding="utf-8", errors="replace")
    for line in done.stdout.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] in "tT" and fields[2] == function:
            return int(fields[0], 16)
    return None
