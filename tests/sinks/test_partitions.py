"""The report's partitions: their lines, their upkeep, and what real engines read in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb
import pytest

from tidegauge.documents.run import RunStatus
from tidegauge.model.outcome import Violation
from tidegauge.model.window import Window
from tidegauge.sinks.layout import Layout, MonitorType, RunKey
from tidegauge.sinks.partitions import partition_files, publish
from tidegauge.sinks.reported import ReportedRun, ReportScope
from tidegauge.storage import join, storage_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.conftest import Place

SCOPE = ReportScope(MonitorType.DATA_QUALITY)
NAMES = (
    "distance",
    "a/b",
    "../up",
    "..",
    ".",
    "two words ",
    "x=y",
    "100%",
    "%2F",
    "a.b",
    "quote'\"`",
    "größe 日本 🌊",
    "a+b&c",
    "[x]{y}*?",
    "back\\slash",
    "tab\tline\n",
    "_hidden",
    "long" * 100,
)


def ran(day: int, *found: Violation, variant: str = "AllTraffic") -> ReportedRun:
    """The run of one day of June."""
    key = RunKey(MonitorType.DATA_QUALITY, variant, Window.parse(f"2013-06-{day:02}T00:00Z/P1D"))
    return ReportedRun(key, RunStatus.COMPLETED_WITH_VIOLATIONS, "ab12", found)


def drift(feature: str, distance: float = 0.25) -> Violation:
    """A violation with its numbers."""
    numbers = {"observed": distance, "threshold": 0.1, "distance": distance, "sizes": [3, 4]}
    return Violation(feature, "baseline_drift_check", "It drifts.", numbers)


def test_a_line_is_flat_and_has_every_column() -> None:
    """Scalars only; the whole extension as JSON text; no Hive key again under its own name."""
    (path,) = files = partition_files("flights", [ran(20, drift("distance"))])
    line = json.loads(files[path])
    assert "feature=distance/date=2013-06-20/2013-06-20T0000Z_P1D_AllTraffic.json" == path
    assert {
        "monitor": "flights",
        "variant": "AllTraffic",
        "window_start": "2013-06-20T00:00:00Z",
        "window_end": "2013-06-21T00:00:00Z",
        "baseline": "ab12",
        "feature_name": "distance",
        "constraint_check_type": "baseline_drift_check",
        "description": "It drifts.",
        "severity": None,
        "incident": None,
        "since": None,
        "observed": 0.25,
        "threshold": 0.1,
        "distance": 0.25,
        "details": '{"distance": 0.25, "observed": 0.25, "sizes": [3, 4], "threshold": 0.1}',
    } == line


@pytest.mark.parametrize(
    ("observed", "expected"),
    [(3, "3.0"), (0.5, "0.5"), (True, "null"), ("many", "null"), (None, "null"), ([1], "null")],
)
def test_numbers_are_doubles_or_null(observed: object, expected: str) -> None:
    """One type a column, in every file: engines take it from the first lines they see."""
    found = Violation("f", "c", "d", {"observed": observed})
    (data,) = partition_files("flights", [ran(20, found)]).values()
    assert f'"observed": {expected},'.encode() in data


def test_one_file_holds_one_feature_of_one_run() -> None:
    """In the order of the run's violations, a line each."""
    files = partition_files(
        "m", [ran(20, drift("a", 0.3), drift("b"), drift("a", 0.2)), ran(21, drift("a"))]
    )
    assert [2, 1, 1] == [data.count(b"\n") for data in files.values()]
    assert all(data.endswith(b"}\n") for data in files.values())


def test_publishing_removes_what_is_no_longer_found(place: Place) -> None:
    """Within the scope; what lies outside of it, or is not ours, stays."""
    layout = Layout(place.uri, "flights")
    root = layout.violations(MonitorType.DATA_QUALITY)
    publish(place.storage, layout, SCOPE, [ran(day, drift("a"), drift("b")) for day in (19, 20)])
    place.storage.write(join(root, "feature=a/date=2013-06-20/notes.json"), b"")

    twentieth = replace(SCOPE, since=ran(20).key.window.start)
    returned = publish(place.storage, layout, twentieth, [ran(20, drift("b"))])
    assert [
        "feature=a/date=2013-06-19/2013-06-19T0000Z_P1D_AllTraffic.json",
        "feature=a/date=2013-06-20/notes.json",
        "feature=b/date=2013-06-19/2013-06-19T0000Z_P1D_AllTraffic.json",
        "feature=b/date=2013-06-20/2013-06-20T0000Z_P1D_AllTraffic.json",
    ] == [entry.key for entry in place.storage.files(root)]
    assert (layout.violations_file(ran(20).key, "b"),) == returned


def test_publishing_again_leaves_files_alone(tmp_path: Path) -> None:
    """Readers that watch for changes see none; a changed file is put anew."""
    layout, storage = Layout(str(tmp_path), "flights"), storage_for(str(tmp_path))
    root = layout.violations(MonitorType.DATA_QUALITY)
    publish(storage, layout, SCOPE, [ran(20, drift("a", 0.25), drift("b"))])
    before = {entry.key: entry.tag for entry in storage.files(root)}
    publish(storage, layout, SCOPE, [ran(20, drift("a", 0.75), drift("b"))])
    after = {entry.key: entry.tag for entry in storage.files(root)}
    assert [True, False] == [before[key] == after[key] for key in reversed(before)]


def published(folder: Path) -> tuple[str, list[tuple[object, ...]]]:
    """A tree with every sort of name, and the rows that every engine must read in it."""
    layout, storage = Layout(str(folder), "flights"), storage_for(str(folder))
    runs = [
        ran(20, *(drift(name) for name in NAMES)),
        ran(20, drift("distance", 0.5), Violation("x=y", "other_check", "No."), variant="_all"),
        ran(21, Violation("distance", "completeness_check", "Some lack.", {"observed": 1})),
    ]
    publish(storage, layout, SCOPE, runs)
    rows: list[tuple[object, ...]] = [
        (
            "data_quality",
            f"{run.key.window.start:%Y-%m-%d}",
            run.key.variant,
            violation.feature_name,
            violation.constraint_check_type,
            None if (distance := violation.extension.get("distance")) is None else float(distance),
        )
        for run in runs
        for violation in run.violations
    ]
    return f"{layout.root}/violations", sorted(rows, key=repr)


QUERY = (
    "type, CAST(date AS {text}), variant, feature_name, constraint_check_type, distance, feature"
)


def checked(rows: list[tuple[object, ...]], expected: list[tuple[object, ...]]) -> None:
    """The rows are those that were published, and the Hive key is the feature's own name."""
    assert expected == sorted((row[:-1] for row in rows), key=repr)
    keys = {(row[3], row[-1]) for row in rows}
    assert {(name, name) for name in NAMES if len(name) <= 200} <= keys
    assert len(NAMES) == len(keys)


def test_duckdb_reads_the_partitions_as_they_lie(tmp_path: Path) -> None:
    """hive_partitioning and nothing else; the names come back from the keys."""
    root, expected = published(tmp_path)
    rows = duckdb.sql(
        f"SELECT {QUERY.format(text='VARCHAR')} FROM "
        f"read_json('{root}/**/*.json', hive_partitioning = true)"
    ).fetchall()
    checked(rows, expected)


SPARK = f"""
import json, sys
from pyspark.sql import SparkSession
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", False)
    .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)
rows = spark.read.json(sys.argv[1]).selectExpr(*{QUERY.format(text="STRING")!r}.split(", "))
print(json.dumps([list(row) for row in rows.collect()]))
spark.stop()
"""


def test_spark_reads_the_partitions_as_they_lie(tmp_path: Path) -> None:
    """spark.read.json on the folder and nothing else, in a process of its own."""
    root, expected = published(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", SPARK, root],
        env=os.environ | {"PYSPARK_PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        check=True,
    )
    checked([tuple(row) for row in json.loads(done.stdout)], expected)
