"""Several runs of the program at once, each in a process of its own, with a clock of its own."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sys
import time
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import TYPE_CHECKING

import time_machine

from tidegauge.app import main

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.process import BaseProcess
    from multiprocessing.synchronize import Barrier

_PATIENCE_SECONDS = 120
RIGHT = timedelta(0)
_CHANGING = (b"PUT ", b"POST ", b"DELETE ")
_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload(
    [f"tidegauge.flows.{flow}" for flow in ("baseline", "monitor", "report")]
    + ["tidegauge.commands", "tidegauge.storage.s3", "pandas"]
)


@dataclass(frozen=True)
class _Fate:
    """What a run meets: a start with others, a wrong clock, sleep or death before a request."""

    barrier: Barrier | None = None
    clock: timedelta = RIGHT
    stops_before: bytes = b""
    dies_before: int = 0


def race(
    calls: Sequence[Sequence[str]],
    log: Path,
    environment: Mapping[str, str],
    clocks: Sequence[timedelta] = (),
) -> list[int]:
    """Start all calls at the same moment; returns their exit codes.

    `clocks` says for each call by how much its clock is ahead.
    """
    barrier = _forked.Barrier(len(calls))
    logs = [Path(f"{log}-{i}") for i in range(len(calls))]
    fates = [_Fate(barrier, clock=clock) for clock in clocks or [RIGHT] * len(calls)]
    runners = [
        _started(call, log, environment, fate)
        for call, log, fate in zip(calls, logs, fates, strict=True)
    ]
    return [ended(runner) for runner in runners]


@contextmanager
def stopped(
    call: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    request: bytes,
    clock: timedelta = RIGHT,
) -> Iterator[BaseProcess]:
    """A run that stops, as a machine that sleeps, before its first put that names this.

    Leaving the block ends it, if it has not ended by itself.
    """
    runner = _started(call, log, environment, _Fate(stops_before=request, clock=clock))
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


def killed(call: Sequence[str], log: Path, environment: Mapping[str, str], change: int) -> int:
    """Run a call that is killed before this request of those that change something.

    Its exit code, negative where a signal ended it.
    """
    return ended(_started(call, log, environment, _Fate(dies_before=change)))


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
    call: Sequence[str], log: Path, environment: Mapping[str, str], fate: _Fate
) -> BaseProcess:
    words = (tuple(call), str(log), dict(environment), fate)
    runner = _forked.Process(target=_run, args=words)
    runner.start()
    return runner


def _run(call: tuple[str, ...], log: str, environment: dict[str, str], fate: _Fate) -> None:
    os.environ.update(environment)
    waiting = bool(fate.stops_before)
    changes = itertools.count(1)

    def meets(event: str, found: tuple[object, ...]) -> None:
        nonlocal waiting
        if event != "http.client.send" or not isinstance(found[1], bytes):
            return
        if waiting and found[1].startswith(b"PUT ") and fate.stops_before in found[1]:
            waiting = False
            os.kill(os.getpid(), SIGSTOP)
        if found[1].startswith(_CHANGING) and next(changes) == fate.dies_before:
            os.kill(os.getpid(), SIGKILL)

    with (
        Path(log).open("w", encoding="utf-8") as stream,
        redirect_stdout(stream),
        redirect_stderr(stream),
        time_machine.travel(datetime.now(UTC) + fate.clock) if fate.clock else nullcontext(),
    ):
        sys.addaudithook(meets)
        if fate.barrier is not None:
            fate.barrier.wait()
        sys.exit(main(call))


def _state(runner: BaseProcess) -> str:
    try:
        return Path(f"/proc/{runner.pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
