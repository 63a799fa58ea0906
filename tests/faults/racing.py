"""Several runs of the program at once, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import TYPE_CHECKING

from tidegauge.app import main

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.process import BaseProcess
    from multiprocessing.synchronize import Barrier

_PATIENCE_SECONDS = 120
_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload(
    [f"tidegauge.flows.{flow}" for flow in ("baseline", "monitor", "report")]
    + ["tidegauge.commands", "tidegauge.storage.s3", "pandas"]
)


def race(calls: Sequence[Sequence[str]], log: Path, environment: Mapping[str, str]) -> list[int]:
    """Start all calls at the same moment; returns their exit codes."""
    barrier = _forked.Barrier(len(calls))
    logs = [Path(f"{log}-{i}") for i in range(len(calls))]
    runners = [
        _started(call, logs[i], environment, barrier=barrier) for i, call in enumerate(calls)
    ]
    return [ended(runner) for runner in runners]


@contextmanager
def stopped(
    call: Sequence[str], log: Path, environment: Mapping[str, str], request: bytes
) -> Iterator[BaseProcess]:
    """A run that stops, as a machine that sleeps, before its first put that names this.

    Leaving the block ends it, if it has not ended by itself.
    """
    runner = _started(call, log, environment, request=request)
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while _state(runner) != "T":
            assert runner.is_alive(), log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "the run did not come to this request"
            time.sleep(0.02)
        yield runner
    finally:
        if runner.is_alive():
            os.kill(runner.pid or 0, SIGKILL)
        runner.join()


def awake(runner: BaseProcess) -> int:
    """Let a stopped run go on, and return its exit code."""
    os.kill(runner.pid or 0, SIGCONT)
    return ended(runner)


def ended(runner: BaseProcess) -> int:
    """The exit code of a run, once it has one."""
    runner.join(_PATIENCE_SECONDS)
    assert runner.exitcode is not None, "the run did not end"
    return runner.exitcode


def _started(
    call: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    barrier: Barrier | None = None,
    request: bytes = b"",
) -> BaseProcess:
    runner = _forked.Process(
        target=_run, args=(tuple(call), str(log), dict(environment), barrier, request)
    )
    runner.start()
    return runner


def _run(
    call: tuple[str, ...],
    log: str,
    environment: dict[str, str],
    barrier: Barrier | None,
    request: bytes,
) -> None:
    os.environ.update(environment)
    waiting = bool(request)

    def stops(event: str, found: tuple[object, ...]) -> None:
        nonlocal waiting
        if waiting and event == "http.client.send":
            head = found[1] if isinstance(found[1], bytes) else b""
            if head.startswith(b"PUT ") and request in head:
                waiting = False
                os.kill(os.getpid(), SIGSTOP)

    with (
        Path(log).open("w", encoding="utf-8") as stream,
        redirect_stdout(stream),
        redirect_stderr(stream),
    ):
        sys.addaudithook(stops)
        if barrier is not None:
            barrier.wait()
        sys.exit(main(call))


def _state(runner: BaseProcess) -> str:
    try:
        return Path(f"/proc/{runner.pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
