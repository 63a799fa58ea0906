"""The one Spark session of a test run, and how many jobs a call has started on it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tidegauge.session import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

_ROOT = Path(__file__).parents[1]
_groups = count()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session as the product starts it; it starts with the first test that asks for it."""
    with pytest.MonkeyPatch.context() as patch:
        warehouse = tmp_path_factory.mktemp("warehouse")
        # Only the command line of the JVM can move the tables out of the working directory.
        options = f"--conf spark.sql.warehouse.dir={warehouse} pyspark-shell"
        patch.setenv("PYSPARK_SUBMIT_ARGS", options)
        # The workers import the tests' readers, wherever the run was started.
        patch.setenv("PYTHONPATH", os.pathsep.join([str(_ROOT), *filter(None, sys.path)]))
        # Two threads: tasks end in an order that is not their own, as on a cluster.
        session = start("local[2]")
    # The tests' own joins and groups have a few rows; 200 tasks for them would take seconds.
    session.conf.set("spark.sql.shuffle.partitions", "2")
    yield session
    session.stop()


@contextmanager
def job_ids(session: SparkSession) -> Iterator[list[int]]:
    """A list that holds, once the block has ended, the ids of the jobs that it has started."""
    context = session.sparkContext
    group = f"counted-{next(_groups)}"
    found: list[int] = []
    context.setJobGroup(group, "counted by a test")
    try:
        yield found
    finally:
        found.extend(context.statusTracker().getJobIdsForGroup(group))
        context.setLocalProperty("spark.jobGroup.id", None)  # type: ignore[arg-type]  # clears it
