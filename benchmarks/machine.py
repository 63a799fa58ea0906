"""What the numbers depend on: the machine, its load, and the CPU time of a tree of processes.

Linux only: all of it is read from /proc.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_SET_CHILD_SUBREAPER = 36  # of prctl(2)
_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1 << 10
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the benchmark ran, and how busy it was before the start (1, 5 and 15 minutes)."""

    cores: int
    processor: str
    memory_gib: float
    system: str
    python: str
    load_before: tuple[float, float, float]

    def __str__(self) -> str:
        load = ", ".join(f"{load:.2f}" for load in self.load_before)
        return (
            f"{self.cores} cores ({self.processor}), {self.memory_gib:.0f} GiB of memory, "
            f"{self.system}, Python {self.python}; load average before the start: {load}"
        )


def this_machine() -> Machine:
    """The machine that this runs on, now."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        processor=_processor(),
        memory_gib=round(pages / _GIB, 1),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        load_before=os.getloadavg(),
    )


def adopt_orphans() -> None:
    """Let what outlives its parent (the JVM of a command that has ended) be a child of this one."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def cpu_seconds() -> float:
    """User and system time of this process and of all below it, those that have ended included.

    The kernel adds the times of a process to its parent's once that has waited for it, so that the
    own and the inherited times of all that are listed are the whole: Spark's JVM, its Python
    workers, the processes of a pool. Resolution: 10 ms.
    """
    ticks = 0
    for process in _family():
        with suppress(OSError):  # it has just ended
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


def peak_bytes() -> int:
    """The most memory that any one process held at once: this one, or one below it.

    Of this process only VmHWM can be believed: its ru_maxrss began with the memory of whoever
    started it. Adopted children that have ended must be waited for first, or they would not count;
    so this comes last.
    """
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(ended, *map(_peak_kib, _family())) * _KIB


def _peak_kib(process: Path) -> int:
    with suppress(OSError):
        for line in (process / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def _family() -> list[Path]:
    """The /proc folders of this process and of all below it."""
    parents = {}
    for path in _PROC.glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    return [_PROC / str(pid) for pid in parents if _is_below(pid, os.getpid(), parents)]


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid != root and pid in parents:
        pid = parents[pid]
    return pid == root


def _processor() -> str:
    lines = (_PROC / "cpuinfo").read_text().splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
