"""The jobs where Spark reads: what they find is what they find where the workers read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.world import World, captures, parquet_file, put, rows, training, world

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

BY_SPARK = ("--engine", "spark", "--set", "training.read=spark", "--set", "captures.read=spark")


def told(made: World) -> dict[str, Any]:
    """Every document but the sketches and what names the conf, by key."""
    found = {}
    for key, data in made.stored().items():
        if key.endswith(("outcomes.json", "violations.json", "constraints.json", "run.json")):
            document = json.loads(data)
            for name in ("documents", "conf_digest", "baseline"):
                if isinstance(document, dict):
                    document.pop(name, None)
            # A baseline's id is that of its documents, whose sketches have the same items in
            # another order.
            found[key if key.startswith("runs/") else key.rpartition("/")[2]] = document
    return found


@pytest.mark.usefixtures("spark")
def test_a_model_is_monitored_the_same(tmp_path: Path) -> None:
    """Training data, and captures of two variants and several days with gaps."""
    data = put(str(tmp_path / "data"), training() | captures())
    stores = []
    for name, options in (("workers", ()), ("spark", BY_SPARK)):
        (tmp_path / name).mkdir()
        made = world(tmp_path / name, data)
        assert [0, 0] == [made.run(job, *options).code for job in ("baseline", "monitor")]
        stores.append(told(made))

    assert stores[0] == stores[1]
    assert 12 == sum(key.endswith("/run.json") for key in stores[0] if key.startswith("runs/"))


def test_a_table_is_monitored_by_its_time_column(spark: SparkSession, tmp_path: Path) -> None:
    """Training data and captures are tables; hours that have got more rows are profiled again."""
    made = table_world(spark, tmp_path)
    first = made.run("baseline"), made.run("monitor")
    kept = {key for key in made.stored() if key.startswith("profiles/")}
    add_rows(spark, day=2, count=7)
    again = made.run("monitor", "--window", "2024-03-02T00:00Z/P1D")
    window = "runs/type=data_quality/variant=AllTraffic/window=2024-03-02T0000Z_P1D/run.json"
    record = made.document(window)

    assert [(0, []), (0, []), (0, [])] == [
        (run.code, run.messages("error")) for run in (*first, again)
    ]
    assert "3 windows checked: 0 with violations, 0 failed" in first[1].out
    assert 37 == record["counts"]["rows"]
    assert {"files": 1, "bytes": 0} == {key: record["inputs"][key] for key in ("files", "bytes")}
    assert 1 == len(kept - made.stored().keys())
    warning, uncalibrated = first[0].messages("warning")
    assert uncalibrated.startswith("not calibrated: ")
    assert (
        "the column 'lat', which the training data does not have; did you mean 'late'?" in warning
    )


def table_world(spark: SparkSession, folder: Path) -> World:
    """Two views, of training data and of captures on the first three days of March 2024."""
    data = put(str(folder / "data"), training())
    spark.read.parquet(f"{data}/training").createOrReplaceTempView("trained")
    put(data, {f"asked/{day}.parquet": asked(day) for day in (1, 2, 3)})
    spark.read.parquet(f"{data}/asked").createOrReplaceTempView("asked")
    return world(
        folder,
        data,
        training={"uri": "trained", "format": "table", "time": "scheduled"},
        captures={"uri": "asked", "format": "table", "time": "at"},
        features={"exclude": ["late", "lat"]},
        profile="1h",
        engine="spark",
    )


def asked(day: int, count: int = 30) -> bytes:
    """What a model was asked at noon."""
    at = datetime(2024, 3, day, 12, tzinfo=UTC)
    some = [row | {"at": at + timedelta(seconds=i)} for i, row in enumerate(rows(day, count))]
    return parquet_file(some)


def add_rows(spark: SparkSession, day: int, count: int) -> None:
    """More rows of a day for the view of captures."""
    old = spark.table("asked")
    old.unionAll(old.where(f"day(at) = {day}").limit(count)).createOrReplaceTempView("asked")


def test_what_only_spark_reads_needs_spark(tmp_path: Path) -> None:
    """Said when the conf is read, of each section."""
    made = world(tmp_path, data=str(tmp_path))
    local = made.run("baseline", "--engine", "local", *BY_SPARK[2:])
    timeless = made.run("check", "--set", "engine=spark", "--set", "captures.format=table")

    assert 2 == local.code
    assert "engine: a training set with read 'spark' needs engine 'spark'" in local.error
    assert "engine: captures with read 'spark' needs engine 'spark'" in local.error
    assert 2 == timeless.code
    assert "or `time`, the column that tells the window" in timeless.error
