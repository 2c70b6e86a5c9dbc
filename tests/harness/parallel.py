# SPDX-License-Identifier: MIT
"""Runs many boots, several at a time. One that cannot be run leaves the others' results. Used by sweep.py and project.py."""

import concurrent.futures
from collections.abc import Callable, Sequence
from typing import TypeVar

import qemu
import workspace
from machine import Unusable

Task = TypeVar("Task")
Result = TypeVar("Result")


def run(
    tasks: Sequence[Task], work: Callable[[Task], Result], jobs: int, show: Callable[[Task, "Result | Unusable"], None]
) -> list["Result | Unusable"]:
    """What work(task) returned or why it could not be done, in the order of the tasks. `show` is called as each ends.
    Whatever ends this early, such as Ctrl-C, ends all machines."""

    def one(task: Task) -> "Result | Unusable":
        try:
            return work(task)
        except Unusable as error:
            return error
        except OSError as error:
            return Unusable(workspace.words_of(error))

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(one, task): task for task in tasks}
        try:
            for future in concurrent.futures.as_completed(futures):
                show(futures[future], future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            qemu.end_all()
            raise
    return [future.result() for future in futures]
