"""The same rows in any format that a conf may name: the same baseline, the same outcomes."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import Row, World, conf_of, parquet_file, put, rows, run_key, write_conf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyspark.sql import SparkSession

COLUMNS = ("carrier", "miles", "seats")


def csv_file(some: Sequence[Row], *, header: bool = True) -> bytes:
    """The rows as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(some)
    return stream.getvalue().encode()


def jsonl_file(some: Sequence[Row]) -> bytes:
    """The rows as JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in some).encode()


FILES = {"parquet": parquet_file, "csv": csv_file, "jsonl": jsonl_file}


def written(folder: Path, name: str) -> World:
    """A world whose training data and captures are in one format, by day."""
    training, captures = rows(1, 300), rows(2, 60)
    files = {
        f"training/a.{name}": FILES[name](training),
        f"captures/v1/dt=2024-03-01/a.{name}": FILES[name](captures),
    }
    data = put(str(folder / name / "data"), files)
    conf = conf_of(
        data,
        str(folder / name / "store"),
        training={"uri": f"{data}/training", "format": name},
        captures={
            "uri": f"{data}/captures",
            "format": name,
            "layout": "{variant}/dt={yyyy}-{mm}-{dd}",
        },
        features={},
    )
    return World(data, str(folder / name / "store"), write_conf(folder / name, conf))


def test_every_format_has_the_same_numbers(tmp_path: Path) -> None:
    """Constraints and outcomes, byte for byte; the variant comes from the layout."""
    found = {}
    for name in FILES:
        made = written(tmp_path, name)
        assert (0, 0) == (made.run("baseline").code, made.run("monitor").code)
        pinned = made.document("baseline/current.json")["baseline"]
        found[name] = (
            made.document(f"baseline/{pinned}/data_quality/constraints.json"),
            made.document(run_key("v1", 1, "outcomes.json")),
        )
        counts = made.document(run_key("v1", 1))["counts"]
        assert (60, 60, 0) == (counts["records"], counts["rows"], counts["violations"])

    assert found["parquet"] == found["csv"] == found["jsonl"]


def test_csv_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    """`header: false`: the first line is data, the columns are _c0, _c1 ..."""
    put(str(tmp_path), {"t/a.csv": csv_file(rows(1, 100), header=False)})
    training = {"uri": f"{tmp_path}/t/*.csv", "format": "csv", "header": False}
    conf = conf_of(str(tmp_path), str(tmp_path / "store"), training=training, features={})
    made = World(str(tmp_path), str(tmp_path / "store"), write_conf(tmp_path, conf))

    assert 0 == made.run("baseline").code
    pinned = made.document("baseline/current.json")["baseline"]
    statistics = made.document(f"baseline/{pinned}/data_quality/statistics.json")
    assert (100, ["_c0", "_c1", "_c2"]) == (
        statistics["dataset"]["item_count"],
        [feature["name"] for feature in statistics["features"]],
    )


@pytest.mark.parametrize("uri", ["training", "training/*.parquet", "training/a.parquet"])
def test_training_is_a_file_a_folder_or_a_glob(tmp_path: Path, uri: str) -> None:
    """All the same here, where there is one file."""
    made = written(tmp_path, "parquet")
    told = made.run("baseline", "--set", f"training.uri={made.data}/{uri}")

    assert (0, True) == (told.code, "300 rows, 3 features" in told.messages("info")[0])


def test_training_is_a_table_that_spark_reads_by_name(spark: SparkSession, tmp_path: Path) -> None:
    """The constraints are those of the file that the table was made from."""
    made = written(tmp_path, "parquet")
    made.run("baseline")
    pinned = made.document("baseline/current.json")["baseline"]
    constraints = made.document(f"baseline/{pinned}/data_quality/constraints.json")
    spark.read.parquet(f"{made.data}/training").createOrReplaceTempView("flown")
    table = ("--set", "training.format=table", "--set", "training.uri=flown")
    told = made.run("baseline", *table, "--engine", "spark", "--master", "local[2]")

    assert 0 == told.code
    pinned = made.document("baseline/current.json")["baseline"]
    assert constraints == made.document(f"baseline/{pinned}/data_quality/constraints.json")
