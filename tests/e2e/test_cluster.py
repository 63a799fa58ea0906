"""The entry files by spark-submit, as their docstrings say, on a cluster of two workers."""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.e2e.cluster import Cluster, standalone_cluster
from tests.e2e.world import BIN, ROOT, Travelled, World, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers, for as long as the test runs."""
    with standalone_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def documented(job: str) -> str:
    """The command line for a standalone cluster in an entry file's docstring, else the first."""
    text = ast.get_docstring(ast.parse((ROOT / "jobs" / f"{job}.py").read_text(encoding="utf-8")))
    lines = [line.strip() for line in (text or "").splitlines()]
    commands = [line for line in lines if line.startswith("spark-submit ")]
    return next((line for line in commands if "spark://" in line), commands[0])


def submitted(job: str, made: World, cluster: Cluster, *arguments: str) -> tuple[int, str]:
    """The job as its docstring has it, on this cluster and this conf: exit code and last line."""
    line = documented(job).replace("HOST:7077", cluster.address)
    command = [made.conf if word == "conf/flights.yaml" else word for word in shlex.split(line)]
    assert made.conf in command
    found = subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env=os.environ | cluster.environment | {"PATH": f"{BIN}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    sys.stderr.write(found.stderr)  # Spark's log, for whoever looks into a failure
    return found.returncode, found.stdout.splitlines()[-1]


def test_the_three_jobs_on_a_cluster_give_the_bytes_of_a_laptop(
    cluster: Cluster, travelled: Travelled, tmp_path: Path
) -> None:
    """Every file of the store is the one that engine local has made; exit codes come through."""
    laptop, told = travelled
    made = world(tmp_path, laptop.data, engine="spark")
    last = {
        job: words.out.replace(laptop.store, made.store).splitlines()[-1]
        for job, words in told.items()
    }

    assert (0, last["baseline"]) == submitted("baseline", made, cluster)
    fails = ("--set", "on_violation=fail")
    assert (3, last["monitor"]) == submitted("monitor", made, cluster, *fails)
    assert (0, last["report"]) == submitted("report", made, cluster)

    assert laptop.stored() == made.stored()
