"""Model quality on Spark: the workers read and join with Arrow, Spark moves packets between them.

One job a join: a stage that deals rows to buckets, a shuffle of few large packets (of tickets for
them, where the workers share a disk), a stage that joins, keeps the merged rows and folds them. No
row becomes an object of the JVM.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidegauge.engines.arrow.workers import begin_task
from tidegauge.engines.joins import (
    LABELS,
    PREDICTIONS,
    Side,
    fold_packets,
    gathered,
    joined,
    merged_folds,
    packets,
)
from tidegauge.engines.packets import SPARK_SCHEMA, Packet, from_batch, order, to_batch
from tidegauge.engines.parking import Parking, parking
from tidegauge.engines.spark import (
    BATCH_SETTING,
    failures_told,
    is_connect,
    numbered_columns,
    pack_tasks,
    rows_a_batch,
    tables_of,
    task_bytes,
    task_part,
    with_settings,
)
from tidegauge.engines.spreading import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.engines.joins import Joined, Joining
    from tidegauge.model.batch import Chunk, TableReader, Tally
    from tidegauge.model.quality import QualityPlan
    from tidegauge.quality.profile import QualityProfile

    ToPackets = Callable[[Iterable[Chunk], str], Iterator[Packet]]

_PACKETS_A_BATCH = 1  # a packet may have megabytes
_DEALT_BYTES = 128 << 20  # a task
_MOST_JOINERS = 4_096
_SPLIT_SETTING = "spark.sql.files.maxPartitionBytes"


@dataclass(frozen=True, slots=True, eq=False)
class FrameSide:
    """What Spark reads itself, and what makes chunks of a task's rows."""

    data: DataFrame
    read: TableReader
    settings: Mapping[str, str]


def join_labels(
    spark: SparkSession,
    predictions: Sequence[Side | FrameSide],
    labels: Side | FrameSide,
    joining: Joining,
    *,
    lean: bool = False,
) -> Joined:
    """All predictions with their labels, by window and variant; `lean` workers forgo pandas.

    Raises:
        EngineError: the Spark job failed.
    """
    sides = [(PREDICTIONS, side) for side in predictions] + [(LABELS, labels)]
    with _parking(spark) as parked:
        files = [
            (_to_packets(name, joining.buckets, parked), side)
            for name, side in sides
            if isinstance(side, Side)
        ]
        dealt = [
            _dealt_frame(side, _to_packets(name, joining.buckets, parked), lean=lean)
            for name, side in sides
            if isinstance(side, FrameSide)
        ]
        if (read := _dealt(spark, files, lean=lean)) is not None:
            dealt.append(read)
        if not dealt:
            return gathered(())

        def join(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            begin_task(lean=lean)
            # Put in order here: to sort them, the JVM would copy every payload once more.
            arrived = sorted((p for batch in batches for p in from_batch(batch)), key=order)
            return _in_batches(joined(arrived, joining, parked))

        with failures_told(), with_settings(spark, _settings(sides)):
            whole = reduce(lambda one, other: one.union(other), dealt)
            meeting = _met(whole, _joiners(joining.buckets, parked))
            return gathered(_collected(meeting.mapInArrow(join, SPARK_SCHEMA)))


def _joiners(buckets: int, parked: Parking) -> int:
    """How many tasks join: one a bucket, or on this machine, where rows wait on its disk, fewer."""
    if parked.folder is not None:
        buckets = min(buckets, max(buckets // 2, 2 * (os.cpu_count() or 1)))
    return min(buckets, _MOST_JOINERS)


def _met(dealt: DataFrame, partitions: int) -> DataFrame:
    """The packets, those of each bucket together; what parts say of themselves lies beside one."""
    from pyspark.sql.functions import expr

    places = ", ".join(map(str, spread(partitions)))
    place = expr(f"array({places})[greatest(bucket, 0) % {partitions}]")
    return dealt.repartition(partitions, place)


@contextmanager
def _parking(spark: SparkSession) -> Iterator[Parking]:
    """A folder for the rows if the workers are on this machine; on a cluster rows travel."""
    if is_connect(spark) or not (spark.conf.get("spark.master") or "").startswith("local"):
        yield Parking(None)
        return
    with parking() as folder:
        yield folder


def fold_answers(
    spark: SparkSession, side: Side | FrameSide, plan: QualityPlan, *, lean: bool = False
) -> tuple[dict[Key, QualityProfile], Tally]:
    """The profiles of rows that have their labels, by window and variant, and what was counted.

    Raises:
        EngineError: the Spark job failed.
    """

    def to_packets(chunks: Iterable[Chunk], part: str) -> Iterator[Packet]:
        return fold_packets(chunks, part, plan)

    folds = (
        _dealt_frame(side, to_packets, lean=lean)
        if isinstance(side, FrameSide)
        else _dealt(spark, [(to_packets, side)], lean=lean)
    )
    if folds is None:
        return merged_folds(())
    with failures_told(), with_settings(spark, _settings([("", side)])):
        return merged_folds(_collected(folds))


def _to_packets(name: str, buckets: int, parking: Parking) -> ToPackets:
    return lambda chunks, part: packets(chunks, name, part, buckets, parking)


def _dealt(
    spark: SparkSession, sides: Sequence[tuple[ToPackets, Side]], *, lean: bool
) -> DataFrame | None:
    """The packets of what the workers read, the largest tasks first; None if there is nothing."""
    size = task_bytes([part for _, side in sides for part in side.parts], _DEALT_BYTES)
    tasks = [
        (to_packets, side.read, parts)
        for to_packets, side in sides
        for parts in pack_tasks(side.parts, size)
    ]
    if not tasks:
        return None
    tasks.sort(key=lambda task: -sum(part.size_bytes for part in task[2]))

    def deal(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        begin_task(lean=lean)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                to_packets, read, parts = tasks[number]
                for part in parts:
                    yield from _in_batches(to_packets(read(part), part.id))

    return spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(deal, SPARK_SCHEMA)


def _dealt_frame(side: FrameSide, to_packets: ToPackets, *, lean: bool) -> DataFrame:
    read, names = side.read, side.data.columns

    def deal(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        begin_task(lean=lean)
        part = task_part()
        return _in_batches(to_packets(read(part, tables_of(batches, names)), part.id))

    return numbered_columns(side.data).mapInArrow(deal, SPARK_SCHEMA)


def _settings(sides: Iterable[tuple[str, Side | FrameSide]]) -> dict[str, str]:
    """Spark's settings: those of what it reads, and packets by the handful unless it does."""
    frames = [side for _, side in sides if isinstance(side, FrameSide)]
    settings: dict[str, str] = {}
    for frame in frames:
        settings |= {BATCH_SETTING: str(rows_a_batch(len(frame.data.columns))), **frame.settings}
    if frames:  # what one of them may not split is whole for all
        most = max(int(frame.settings[_SPLIT_SETTING]) for frame in frames)
        settings[_SPLIT_SETTING] = str(most)
    return settings or {BATCH_SETTING: str(_PACKETS_A_BATCH)}


def _collected(frame: DataFrame) -> Iterator[Packet]:
    rows: list[Any] = frame.collect()
    for bucket, side, window, variant, part, payload in rows:
        yield Packet(bucket, side, window, variant, part, pa.py_buffer(payload))


def _in_batches(some: Iterable[Packet]) -> Iterator[pa.RecordBatch]:
    for packet in some:
        yield to_batch(packet)
