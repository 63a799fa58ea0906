"""Rows on their way to a bucket: compact, parked or sent, they come out as they went in."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tidegauge.engines import local_joins, spark_joins
from tidegauge.engines.arrow.compact import compact, expanded, together
from tidegauge.engines.joins import Joined, Joining, Side
from tidegauge.engines.parking import Parking
from tidegauge.engines.spark_joins import FrameSide
from tidegauge.errors import EngineError
from tidegauge.model.merged import ID, LABEL, MergeCounts
from tidegauge.model.quality import Problem, QualityPlan
from tidegauge.sinks.layout import Layout
from tidegauge.sinks.merged import RowsKeeper
from tidegauge.sources.answers import AnswerColumn, Form
from tidegauge.sources.groundtruth import (
    GroundTruthSource,
    label_groups,
    label_parts,
    label_reader,
)
from tidegauge.sources.listing import list_training
from tidegauge.sources.parts import cut
from tidegauge.sources.predictions import Canonical, Predictions
from tidegauge.sources.source import Format, TrainingSource
from tidegauge.sources.training import reader
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pyspark.sql import SparkSession

    from tidegauge.model.batch import Chunk, Part

WINDOW, VARIANT = "2025-11-01T0000Z_P1D", "AllTraffic"
START = datetime(2025, 11, 1, tzinfo=UTC)
ROWS = 3_000

TEXTS = st.lists(st.text(max_size=3) | st.none(), max_size=8)
SAME_LENGTH = st.lists(st.text("abc", min_size=4, max_size=4), max_size=8)


def rows_of(ids: list[str | None]) -> pa.Table:
    """Rows with these ids, and with labels that are the same texts turned round."""
    return pa.table({ID: pa.array(ids, pa.string()), LABEL: pa.array(ids[::-1], pa.string())})


@settings(deadline=None)
@given(st.lists(TEXTS | SAME_LENGTH, min_size=1, max_size=4), st.integers(0, 3))
def test_compact_rows_are_the_same_rows(pieces: list[list[str | None]], first: int) -> None:
    """Ids of one length and of many, side by side; slices, nulls and empty pieces too."""
    tables = [rows_of(piece).slice(first) for piece in pieces]
    assert pa.concat_tables(tables).equals(expanded(together([compact(t) for t in tables])))


@pytest.mark.parametrize("parked", [False, True])
@settings(deadline=None)
@given(pieces=st.lists(TEXTS | SAME_LENGTH, min_size=1, max_size=4).filter(all))
def test_rows_come_back_from_where_they_were_parked(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[list[str | None]], *, parked: bool
) -> None:
    """Each ticket brings its own rows, and a payload without a folder is the rows."""
    parking = Parking(str(tmp_path_factory.mktemp("parked")) if parked else None)
    with parking.opened() as pack:
        payloads = [pack(compact(rows_of(piece))) for piece in pieces]
    back = [expanded(parking.rows(payload)).select([ID, LABEL]) for payload in payloads]
    assert [rows_of(piece).to_pylist() for piece in pieces] == [t.to_pylist() for t in back]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Predictions in three files, and labels in three others, in another order."""
    folder = tmp_path_factory.mktemp("world")
    random = np.random.default_rng(8)
    ids = pa.array([f"id-{i:06}" for i in range(ROWS)])
    times = pa.array([START + timedelta(seconds=i) for i in range(ROWS)])
    of = np.concatenate([random.permutation(ROWS)[ROWS // 10 :], np.arange(ROWS // 10)])
    later = pa.array([START + timedelta(days=1, seconds=i) for i in range(len(of))])
    tables = {
        "predictions": pa.table({"id": ids, "score": random.random(ROWS), "time": times}),
        "labels": pa.table(
            {
                "id": ids.take(pa.array(of)),
                "label": random.integers(0, 2, len(of)),
                "collected": later,
            }
        ),
    }
    for name, table in tables.items():
        (folder / name).mkdir()
        for file in range(3):
            rows = table.slice(file * ROWS // 3, ROWS // 3 if file < 2 else None)
            parquet.write_table(rows, folder / name / f"{file}.parquet")
    return folder


def joined(world: Path, store: Path, join: Callable[..., Joined]) -> tuple[Any, dict[str, bytes]]:
    """What a join says, and the merged rows that it keeps."""
    s3 = S3Settings()
    rejected = str(store / "rejected")
    captures = TrainingSource(str(world / "predictions"), Format.PARQUET, rejected, whole_rows=True)
    truth = GroundTruthSource(
        str(world / "labels"), Format.PARQUET, rejected, "label",
        numeric=False, id="id", time="collected",
    )  # fmt: skip
    canonical = Canonical(
        (AnswerColumn("score", ("score",), Form.NUMBER),), numeric=False, id="id", time="time"
    )
    files = list_training(captures.uri, s3)
    parts = cut(files, Format.PARQUET, s3, WINDOW, VARIANT, part_bytes=1)
    groups = label_groups(truth, s3)
    keeper = RowsKeeper(Layout(str(store), "moved"), s3, {(WINDOW, VARIANT): 0})
    found = join(
        [Side(parts, Predictions(reader(captures, s3), canonical))],
        Side(label_parts(truth, groups, s3), label_reader(truth, groups, s3)),
        Joining(QualityPlan(Problem.BINARY), 4, keeper, {WINDOW: 1 << 62}, {}),
    )
    states = [
        (state.bucket, state.counts, state.profile.to_bytes())
        for state in found.states[WINDOW, VARIANT]
    ]
    kept = {file.name: file.read_bytes() for file in store.rglob("*.parquet")}
    return (states, dict(found.orphans)), kept


def test_however_rows_are_moved_the_join_is_the_same(
    world: Path, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one process, parked by two, parked by Spark's workers, and sent through the JVM."""
    alone = joined(world, tmp_path / "alone", partial(local_joins.join_labels, processes=1))
    assert alone == joined(world, tmp_path / "two", partial(local_joins.join_labels, processes=2))
    on_spark = partial(spark_joins.join_labels, spark)
    assert alone == joined(world, tmp_path / "parked", on_spark)
    monkeypatch.setattr(spark_joins, "_parking", lambda _: nullcontext(Parking(None)))
    assert alone == joined(world, tmp_path / "sent", on_spark)

    (states, orphans), kept = alone
    total = MergeCounts()
    for _, counts, _ in states:
        total = total.merge(counts)
    ids = parquet.read_table(world / "labels").column("id").to_pylist()
    again = total.corrected + total.repeated
    assert (ROWS, len(set(ids)), {}) == (total.predictions, total.labelled, orphans)
    assert (len(ids) - len(set(ids)), 4) == (again, len(kept))


def test_a_file_stays_whole_beside_one_that_may_be_split(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Both are read by one job, which has one setting for both."""
    (tmp_path / "text").write_text("header\n" + "x\n" * 2_000)
    text = spark.read.text(str(tmp_path / "text"))

    def read(_: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        whole = pa.concat_tables(tables).column(0).to_pylist()
        if len(whole) not in (0, 2_001):
            raise ValueError(f"a piece of {len(whole)} lines")
        return iter(())

    # Spark splits nothing that is smaller than what a file costs to open.
    settings = {"spark.sql.files.openCostInBytes": "0", "spark.sql.files.minPartitionNum": "1"}
    whole, split = (
        FrameSide(text, read, settings | {"spark.sql.files.maxPartitionBytes": most})
        for most in ("10000", "1000")
    )
    keeper = RowsKeeper(Layout(str(tmp_path / "store"), "moved"), S3Settings(), {})
    joining = Joining(QualityPlan(Problem.BINARY), 4, keeper, {}, {})
    for predictions, labels in ((whole, split), (split, whole)):
        assert not spark_joins.join_labels(spark, [predictions], labels, joining).states
    with pytest.raises(EngineError, match="a piece of"):
        spark_joins.join_labels(spark, [split], split, joining)
