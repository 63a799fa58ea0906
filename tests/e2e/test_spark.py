"""The same jobs with Spark in this process: the same bytes, in one job."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.e2e.world import World, capture_file, day_rows, hour_key, put, run_key, world
from tests.spark_session import job_ids

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

BROKEN = ("--set", "max_rejected=0.02")
SPARK = ("--engine", "spark", "--master", "local[2]")


def test_many_windows_are_one_spark_job(spark: SparkSession, fresh: World, tmp_path: Path) -> None:
    """Twelve runs, two failed, one with rejects: one job, and the bytes of engine local."""
    good = capture_file(day_rows("blue", 1, 5), 1, 5)
    put(fresh.data, {hour_key("blue", 1, 5): good + b"{broken\n"})
    put(fresh.data, {hour_key("blue", 2, 5): b"{broken\n[]\n"})
    twin = world(tmp_path / "twin", fresh.data)
    shutil.copytree(f"{fresh.store}/flights/baseline", f"{twin.store}/flights/baseline")

    with job_ids(spark) as jobs:
        told = fresh.run("monitor", *BROKEN, *SPARK)
    local = twin.run("monitor", *BROKEN)

    assert 1 == len(jobs)
    assert (4, 4) == (told.code, local.code)
    assert "12 windows checked: 2 with violations, 2 failed" in told.out
    assert told.out == local.out.replace(twin.store, fresh.store)
    assert ("Failed", "Completed") == (
        fresh.document(run_key("blue", 2))["status"],
        fresh.document(run_key("blue", 1))["status"],
    )
    assert told_the_same(twin.stored(), twin.store) == told_the_same(fresh.stored(), fresh.store)


def told_the_same(files: dict[str, bytes], store: str) -> dict[str, bytes]:
    """A store's content; a failed run's reason names the store."""
    return {key: data.replace(store.encode(), b"<store>") for key, data in files.items()}


def test_a_baseline_is_one_spark_job_and_one_for_its_blocks(
    spark: SparkSession, fresh: World
) -> None:
    """The same data makes the same baseline, whatever the engine; without a time, no blocks."""
    before = fresh.document("baseline/current.json")
    with job_ids(spark) as jobs:
        told = fresh.run("baseline", *SPARK)

    assert (0, 2) == (told.code, len(jobs))
    assert before == fresh.document("baseline/current.json")
    with job_ids(spark) as jobs:
        fresh.run("baseline", *SPARK, "--set", "training.time=null")
    assert 1 == len(jobs)


def test_nothing_due_starts_no_spark_job(spark: SparkSession, tmp_path: Path) -> None:
    """The hours of a time column are looked at here, unless there is much to look at."""
    data = tmp_path / "data"
    captures = {"uri": str(data / "training"), "format": "parquet", "time": "scheduled"}
    made = world(tmp_path, captures=captures)
    assert 0 == made.run("baseline").code
    with job_ids(spark) as jobs:
        first = made.run("monitor", *SPARK)
    assert 1 == len(jobs)
    with job_ids(spark) as jobs:
        again = made.run("monitor", *SPARK)
    assert [] == list(jobs)
    assert ("windows checked" in first.out, "nothing to do" in again.out) == (True, True)
