"""The Spark engine beside the numbers: jobs, names, failures, and the session it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.spark_session import job_ids

from tidegauge.engines.spark import profile_frame, profile_parts
from tidegauge.errors import EngineError, StorageError
from tidegauge.model.batch import Chunk, FileSlice, Part, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from pyspark.sql import SparkSession

BATCH_SETTING = "spark.sql.execution.arrow.maxRecordsPerBatch"


def whole(_: Part, tables: Iterable[pa.Table]) -> Iterator[Chunk]:
    """Rows of a frame as they are."""
    for table in tables:
        yield Chunk(table)


def read_three_rows(part: Part) -> Iterator[Chunk]:
    """Two windows of one part, and a tally."""
    import pyarrow as pa

    yield Chunk(pa.table({"x": [1, 2]}), "monday", tally=Tally(records=2))
    yield Chunk(pa.table({"x": [3]}), "tuesday", part.variant, tally=Tally(1, 0, 0, (part.id,)))


def read_nothing(part: Part) -> Iterator[Chunk]:
    """A storage that does not answer."""
    raise StorageError(f"cannot read {part.files[0].uri}: no answer; try again")


def test_many_windows_and_variants_are_one_job(spark: SparkSession) -> None:
    """A month that is caught up takes one pass, whatever lies in which part."""
    parts = [Part(f"p{i}", (FileSlice(f"{i}", 1),), variant=f"v{i % 2}") for i in range(6)]
    with job_ids(spark) as jobs:
        found = profile_parts(spark, parts, read_three_rows)

    assert 1 == len(jobs)
    assert [("monday", ""), ("tuesday", "v0"), ("tuesday", "v1")] == list(found)
    assert [12, 3, 3] == [profile.rows for profile in found.values()]
    assert Tally(12) == found["monday", ""].tally
    assert Tally(3, 0, 0, ("p0", "p2", "p4")) == found["tuesday", "v0"].tally


def test_a_frame_of_many_columns_is_one_job(spark: SparkSession) -> None:
    """600 columns: more than Spark compiles into one method, and than Deequ can fold."""
    frame = spark.range(100).selectExpr(*(f"id + {i} AS c{i}" for i in range(600)))
    with job_ids(spark) as jobs:
        (profile,) = profile_frame(spark, frame, whole).values()

    assert 1 == len(jobs)
    assert [f"c{i}" for i in range(600)] == [feature.name for feature in profile.features]
    assert {(100, i, i + 99) for i in range(600)} == {
        (f.counts.rows, f.extremes.least, f.extremes.greatest) for f in profile.features
    }


def test_a_frame_may_have_any_names(spark: SparkSession) -> None:
    """Dots, backticks and repeated names are Spark SQL's trouble, not the profile's."""
    frame = spark.sql("SELECT 1 AS `a.b`, 2 AS `tick``s`, 3 AS twice, 4 AS twice, NULL AS nothing")
    (profile,) = profile_frame(spark, frame, whole).values()
    failed = {feature.name for feature in profile.features if feature.failure}

    assert ["a.b", "tick`s", "twice", "nothing"] == [f.name for f in profile.features]
    assert {"twice"} == failed


def test_no_parts_need_no_job(spark: SparkSession) -> None:
    """An empty month starts nothing."""
    with job_ids(spark) as jobs:
        assert {} == profile_parts(spark, [], read_three_rows)

    assert [] == jobs


def test_a_reader_that_fails_is_an_engine_error_of_one_sentence(spark: SparkSession) -> None:
    """The reader's own sentence is in it; the traceback of two languages is in the log."""
    with pytest.raises(EngineError) as raised:
        profile_parts(spark, [Part("p", (FileSlice("s3://b/k", 1),))], read_nothing)

    assert "cannot read s3://b/k: no answer; try again" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_session_keeps_its_settings(spark: SparkSession) -> None:
    """The engine's own batch size does not stay behind, not even after a failure."""
    before = spark.conf.get(BATCH_SETTING)
    profile_parts(spark, [Part("p", ())], read_three_rows)
    after = spark.conf.get(BATCH_SETTING)
    with pytest.raises(EngineError):
        profile_parts(spark, [Part("p", (FileSlice("x", 1),))], read_nothing)

    assert (before, before) == (after, spark.conf.get(BATCH_SETTING))
