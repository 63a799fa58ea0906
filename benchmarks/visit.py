"""One contender in a process of its own: prepared, then run a few times; what it took, as JSON.

`python benchmarks/visit.py CONTENDER FOLDER RUNS` is what run.py starts, one after another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from contender import CORES, NotMeasured
from machine import adopt_orphans, cpu_seconds, peak_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contender import Contender

# One BLAS thread, as the program sets for itself; polars takes its threads from the environment.
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": str(CORES),
    "PYSPARK_PYTHON": sys.executable,
}


@dataclass(frozen=True, slots=True)
class Visit:
    """Wall and CPU seconds of each run, in order; or the reason why there are none."""

    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Sequence[float] = ()
    cpu_seconds: Sequence[float] = ()
    peak_bytes: int = 0
    not_measured: str = ""


def visit(contender: Contender, data: Path, runs: int) -> Visit:
    """A visit in a new process; whatever goes wrong there is the reason why nothing is measured."""
    command = [sys.executable, __file__, contender.key, str(data), str(runs)]
    environment = os.environ | _ENVIRONMENT
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return Visit(not_measured=lines[-1])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Visit(**found)


def _visit_here(contender: Contender, data: Path, runs: int) -> Visit:
    adopt_orphans()
    seconds, cpu = [], []
    try:
        versions = contender.versions()
        run = contender.prepare(data)
        for _ in range(runs):
            cpu_before, before = cpu_seconds(), perf_counter()
            run()
            seconds.append(perf_counter() - before)
            cpu.append(cpu_seconds() - cpu_before)
    except NotMeasured as reason:
        return Visit(not_measured=str(reason))
    return Visit(versions, tuple(seconds), tuple(cpu), peak_bytes())


def _main() -> None:
    from suites import CONTENDERS

    key, data, runs = sys.argv[1:]
    found = _visit_here(CONTENDERS[key], Path(data), int(runs))
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    _main()
