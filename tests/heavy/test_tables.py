"""Real tables: a baseline from Delta by name and by path, a monitor on Iceberg by a time column."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.e2e.world import World, parquet_file, program, put, rows, training, world

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not version("pyspark").startswith("3.5."), reason="the jars are for 3.5"),
]

LAKE = Path(__file__).with_name("lake.py")
IVY = Path(__file__).parents[2] / "build" / "ivy"  # kept: the jars are 53 MB
WINDOWS = [f"2024-03-{day:02}T0000Z_P1D" for day in (1, 2, 3)]
DELTA = "io.delta:delta-spark_2.12:3.3.2"
ICEBERG = "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.0"
SETTINGS = """\
spark.jars.packages {delta},{iceberg}
spark.jars.ivy {ivy}
spark.sql.extensions io.delta.sql.DeltaSparkSessionExtension
spark.sql.catalogImplementation hive
spark.hadoop.javax.jdo.option.ConnectionURL jdbc:derby:;databaseName={folder}/metastore;create=true
spark.sql.warehouse.dir {folder}/warehouse
spark.sql.catalog.spark_catalog org.apache.spark.sql.delta.catalog.DeltaCatalog
spark.sql.catalog.lake org.apache.iceberg.spark.SparkCatalog
spark.sql.catalog.lake.type hadoop
spark.sql.catalog.lake.warehouse {folder}/lake
spark.databricks.delta.snapshotPartitions 1
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, str, str]:
    """A world of tables, where the Delta table lies, and how Spark reads a day of Iceberg's."""
    folder = tmp_path_factory.mktemp("lake")
    told = SETTINGS.format(delta=DELTA, iceberg=ICEBERG, ivy=IVY, folder=folder)
    (folder / "spark-defaults.conf").write_text(told)
    days = {f"asked/{day}.parquet": asked(day, count=30) for day in (1, 2, 3)}
    data = put(str(folder / "data"), training() | days)
    command = [sys.executable, LAKE, f"{data}/training", f"{data}/asked", folder / "answer"]
    environment = os.environ | {"SPARK_CONF_DIR": str(folder)}
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=600)
    where, _, plan = (folder / "answer").read_text().partition("\n")
    table = world(
        folder,
        data,
        training={"uri": "trained", "format": "table", "time": "scheduled"},
        captures={"uri": "lake.flights.asked", "format": "table", "time": "at"},
        engine="spark",
    )
    return table, where, plan


def asked(day: int, count: int) -> bytes:
    """What a model was asked at noon of a day of March 2024."""
    noon = datetime(2024, 3, day, 12, tzinfo=UTC)
    some = rows(day, count)
    return parquet_file(row | {"at": noon + timedelta(seconds=i)} for i, row in enumerate(some))


def run(made: World, job: str, *options: str) -> str:
    """The last line of what a job tells, after Spark's own about packages."""
    folder = Path(made.conf).parent
    told = program(job, made.conf, *options, cwd=folder, SPARK_CONF_DIR=str(folder))
    assert 0 == told.code, told.err
    return told.out.splitlines()[-1]


def test_a_delta_table_has_a_name_and_a_path(lake: tuple[World, str, str]) -> None:
    """Either gives the same baseline: of the rows that are not deleted, not of what lies there."""
    made, where, _ = lake
    by_path = run(made, "baseline", "--set", f"training.uri=delta.`{where}`")
    by_name = run(made, "baseline")
    pinned = made.document("baseline/current.json")["baseline"]
    statistics = made.document(f"baseline/{pinned}/data_quality/statistics.json")
    seats = [row["seats"] for part in range(2) for row in rows(part, 200) if row["seats"] >= 120]
    numbers = {f["name"]: f.get("numerical_statistics") for f in statistics["features"]}

    assert by_name == by_path
    assert ["carrier", "miles", "seats"] == list(numbers)
    assert len(seats) == statistics["dataset"]["item_count"]
    assert (min(seats), sum(seats)) == (numbers["seats"]["min"], numbers["seats"]["sum"])


def test_an_iceberg_table_is_monitored_by_its_time_column(lake: tuple[World, str, str]) -> None:
    """A run a day; Iceberg is told the day, so that it opens that day's files alone."""
    made, _, plan = lake
    run(made, "baseline")
    out = run(made, "monitor")
    runs = [
        made.document(f"runs/type=data_quality/variant=AllTraffic/window={window}/run.json")
        for window in WINDOWS
    ]

    assert "3 windows checked" in out
    assert [30, 30, 30] == [one["counts"]["rows"] for one in runs]
    assert "filters=at IS NOT NULL, at >= 1709337600000000, at < 1709424000000000" in plan
