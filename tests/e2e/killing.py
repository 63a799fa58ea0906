"""Runs that die: just before their n-th change to the store, or after some time."""

from __future__ import annotations

import multiprocessing
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from itertools import count
from pathlib import Path
from signal import SIGKILL

from tidegauge.app import main

_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload(
    [f"tidegauge.flows.{flow}" for flow in ("baseline", "monitor", "report")]
    + ["tidegauge.commands", "pandas"]  # which pyarrow imports where it is there
)


def killed(
    arguments: tuple[str, ...], store: str, change: int, log: Path, signal: int = SIGKILL
) -> int:
    """Run a command in a process that sends itself the signal before this change to the store.

    The exit code as multiprocessing has it: negative for a signal that ended the process. A change
    is what Python tells its audit hooks: a file gets its final name, or is removed.
    """
    process = _forked.Process(target=_run, args=(arguments, store, change, str(log), signal))
    process.start()
    process.join(timeout=60)
    assert process.exitcode is not None, "the run did not end"
    return process.exitcode


def killed_after(arguments: tuple[str, ...], seconds: float) -> None:
    """Run a command in a process that is killed after some time, unless it has ended."""
    process = _forked.Process(target=_run, args=(arguments, "", 0, os.devnull, SIGKILL))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()


def _run(arguments: tuple[str, ...], store: str, change: int, log: str, signal: int) -> None:
    changes = count(1)

    def dies(event: str, found: tuple[object, ...]) -> None:
        is_change = event in {"os.rename", "os.remove"} and str(found[0]).startswith(store)
        if is_change and next(changes) == change:
            os.kill(os.getpid(), signal)

    with (
        Path(log).open("w", encoding="utf-8") as stream,
        redirect_stdout(stream),
        redirect_stderr(stream),
    ):
        sys.addaudithook(dies)
        sys.exit(main(arguments))
