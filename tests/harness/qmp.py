# SPDX-License-Identifier: MIT
"""QEMU's machine protocol (QMP), as much of it as the harness needs: one command, one answer, events.

Runs over a pair of connected sockets, one end of which QEMU inherits: no file, no port, no name that
two boots could share. Used by qemu.py (why did the machine end?) and snapshot.py (save it).
"""

import contextlib
import json
import socket
import time
from typing import Any


class Rejected(Exception):
    """QEMU answered with an error; the text is QEMU's."""


class Monitor:
    """The connection to one QEMU. `arguments` and `inherited` are for its start."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self.inherited = (self._theirs.fileno(),)
        self.arguments = ["-chardev", f"socket,id=qmp,fd={self._theirs.fileno()}", "-mon", "chardev=qmp,mode=control"]
        self._pending = b""
        self.events: list[dict[str, Any]] = []

    def started(self) -> None:
        """QEMU has inherited its end: once it is gone, ours reads an end of file."""
        self._theirs.close()

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()

    def ask(self, command: str, **arguments: object) -> Any:
        """What QEMU returns. Raises Rejected, or EOFError when QEMU is gone."""
        self._send(command, **arguments)
        while True:
            message = self._message()
            if message is None:
                raise EOFError(f"QEMU exited before it answered {command}")
            if message.get("id") != command:
                continue
            if "error" in message:
                raise Rejected(message["error"]["desc"])
            return message["return"]

    def listen(self) -> None:
        """From now on QEMU tells its events. Nothing happens when it is gone: its end will tell why."""
        with contextlib.suppress(EOFError):
            self.ask("qmp_capabilities")

    def start(self) -> None:
        """Lets a machine run that was started with -S; one that is being restored, as soon as it is."""
        with contextlib.suppress(EOFError):
            self.ask("cont")

    def be_ready(self) -> None:
        """Readies a machine for a debugger to start it. Since version 10, QEMU leaves the disks of one that was
        restored as they were for the machine that was saved, until it is told to start it."""
        with contextlib.suppress(EOFError, Rejected):
            while self.ask("query-status")["status"] == "inmigrate":
                time.sleep(0.02)
            self.ask("blockdev-set-active", active=True)

    def why_it_ended(self) -> str | None:
        """The reason in the event SHUTDOWN ("guest-shutdown", "guest-reset" …) of a QEMU that has left,
        or None."""
        while self._message() is not None:
            pass
        reasons = [event["data"]["reason"] for event in self.events if event["event"] == "SHUTDOWN"]
        return reasons[-1] if reasons else None

    def _send(self, command: str, **arguments: object) -> None:
        message = {"execute": command, "id": command, "arguments": arguments}
        try:
            self._ours.sendall(json.dumps(message).encode() + b"\n")
        except BrokenPipeError as error:
            raise EOFError(f"QEMU exited before it was asked for {command}") from error

    def _message(self) -> dict[str, Any] | None:
        while b"\n" not in self._pending:
            try:
                data = self._ours.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        if "event" in message:
            self.events.append(message)
        return message
