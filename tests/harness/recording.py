# SPDX-License-Identifier: MIT
"""Recordings of a boot, and what a replay has to have in common with one. Used by runner.py."""

import dataclasses
import hashlib
import json
import pathlib

from machine import Machine, Unusable


def _beside(recording: pathlib.Path) -> pathlib.Path:
    return recording.with_name(recording.name + ".json")


def _what_is_replayed(machine: Machine) -> dict[str, str]:
    """By name, a hash of each thing that a replay has to have in common with its recording."""

    def content(value: object) -> bytes:
        return value.read_bytes() if isinstance(value, pathlib.Path) and value.is_file() else repr(value).encode()

    fields = [field.name for field in dataclasses.fields(machine) if not field.metadata.get("replay_may_differ")]
    return {name: hashlib.sha256(content(getattr(machine, name))).hexdigest() for name in fields}


def run_id_of(machine: Machine, recording: pathlib.Path) -> str:
    """The id of the run that was recorded. Raises Unusable if this machine is another one."""
    if not recording.is_file() or not _beside(recording).is_file():
        raise Unusable(f"no {recording} with a {_beside(recording).name} beside it: make both with --record {recording}")
    recorded = json.loads(_beside(recording).read_text())
    other = [name for name, value in _what_is_replayed(machine).items() if recorded.get(name) != value]
    if other:
        raise Unusable(f"the recording was made with another {', '.join(other)}: give the same, or --record it anew")
    if machine.run_id not in (None, recorded["run_id"]):
        raise Unusable(f"the recording is of run {recorded['run_id']}, not of {machine.run_id}")
    return str(recorded["run_id"])


def note(machine: Machine, recording: pathlib.Path, run_id: str) -> None:
    """Writes beside a recording what a replay has to have in common with it."""
    _beside(recording).write_text(json.dumps({"run_id": run_id, **_what_is_replayed(machine)}))
