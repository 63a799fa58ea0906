"""The Spark engine: Spark distributes, the workers read with Arrow and compute with numpy.

Only the DataFrame API is used (no RDD, no SparkContext), one job a call: a stage that folds parts
to rows of states, a shuffle by feature, a stage that merges them in part order.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from tidegauge.engines.arrow.fold import fold_part
from tidegauge.engines.arrow.workers import begin_task
from tidegauge.engines.transport import (
    SPARK_SCHEMA,
    Row,
    assemble,
    from_batch,
    merge_rows,
    part_rows,
    profile_rows,
    to_batch,
)
from tidegauge.errors import EngineError
from tidegauge.model.batch import Chunk, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.model.batch import Reader, TableReader
    from tidegauge.profile.dataset import Profile

# A task has about this much input, unless that would leave cores idle.
_TASK_BYTES = 64 << 20
_MOST_TASKS = 10_000
_MOST_MERGERS = 64
# States are some 100 kB each: small batches keep a merging worker's memory small.
_STATES_A_BATCH = 64
# What Spark hands to a worker at once, and what a worker makes of several of these.
_VALUES_A_BATCH = 1 << 20
_MOST_ROWS_A_BATCH = 4_096
_TABLE_ROWS = 65_536
_TABLE_BYTES = 64 << 20

_ENDED = (
    "Spark's JVM ended before the job was done; if it ran out of memory (its last words are "
    "above), give it more: spark.driver.memory=4g in spark-defaults.conf, or spark-submit "
    "--driver-memory 4g"
)

BATCH_SETTING = "spark.sql.execution.arrow.maxRecordsPerBatch"
SHUFFLE_SETTING = "spark.sql.shuffle.partitions"


def profile_parts(
    spark: SparkSession, parts: Sequence[Part], read: Reader, *, lean: bool = False
) -> dict[Key, Profile]:
    """The profiles of all parts, merged in part order, by window and variant.

    `lean` workers forgo pandas, which nothing of ours needs but a user's script may.

    Raises:
        EngineError: the Spark job failed.
    """
    tasks = pack_tasks(parts)
    if not tasks:
        return {}

    def fold(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        begin_task(lean=lean)
        for batch in batches:
            for task in batch.column(0).to_pylist():
                for part in tasks[task]:
                    yield from _in_batches(part_rows(part, read))

    numbered = spark.range(0, len(tasks), 1, len(tasks))
    folded = numbered.mapInArrow(fold, SPARK_SCHEMA)
    return _merged(spark, folded, len(tasks), {BATCH_SETTING: str(_STATES_A_BATCH)}, lean=lean)


def profile_frame(
    spark: SparkSession,
    frame: DataFrame,
    read: TableReader,
    settings: Mapping[str, str] | None = None,
    *,
    lean: bool = False,
) -> dict[Key, Profile]:
    """The profiles of a DataFrame's rows: Spark reads them, the same kernels fold them.

    `read` turns a task's rows into chunks, each with its window and variant; `settings` are Spark's
    as long as the job runs, and `lean` is as in `profile_parts`.

    Raises:
        EngineError: the Spark job failed.
    """
    names = frame.columns

    def fold(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        part = task_part()
        begin_task(lean=lean)

        def chunks(task: Part) -> Iterator[Chunk]:
            return read(task, tables_of(batches, names))

        for key, profile in fold_part(part, chunks).items():
            yield from _in_batches(profile_rows(key, part.id, profile))

    folded = numbered_columns(frame).mapInArrow(fold, SPARK_SCHEMA)
    batch = {BATCH_SETTING: str(rows_a_batch(len(names)))}
    return _merged(spark, folded, len(names), batch | dict(settings or {}), lean=lean)


def rows_a_batch(columns: int) -> int:
    """How many rows Spark is to hand to a worker at once."""
    return max(1, min(_MOST_ROWS_A_BATCH, _VALUES_A_BATCH // max(1, columns)))


def numbered_columns(frame: DataFrame) -> DataFrame:
    """The frame with plain names: mapInArrow takes a dot or a backtick for something else."""
    return frame.toDF(*(f"c{i}" for i in range(len(frame.columns))))


def task_part() -> Part:
    """The part that stands for Spark's task, in which this is called."""
    from pyspark import TaskContext

    context = TaskContext.get()
    return Part(f"task-{context.partitionId() if context else 0:06d}", ())


@contextmanager
def failures_told() -> Iterator[None]:
    """Spark's own errors as one of ours.

    Raises:
        EngineError: what Spark was asked for has failed.
    """
    from pyspark.errors import PySparkException

    failures: tuple[type[Exception], ...] = (PySparkException,)
    endings: tuple[type[Exception], ...] = ()
    try:
        from py4j.protocol import Py4JError, Py4JJavaError
    except ImportError:  # a client of Spark Connect alone has no py4j
        pass
    else:
        failures = (PySparkException, Py4JJavaError)
        endings = (Py4JError, ConnectionError)
    try:
        yield
    except failures as error:
        raise EngineError(_reason(error)) from error
    except endings as error:
        raise EngineError(_ENDED) from error


def is_connect(spark: SparkSession) -> bool:
    """Whether the session is a client's of a Spark Connect server, and has no JVM of its own."""
    return "connect" in type(spark).__module__


def pack_tasks(parts: Sequence[Part], size: int | None = None) -> list[tuple[Part, ...]]:
    """Parts dealt to tasks of about equal bytes; what a part is does not depend on this.

    Tasks have about `size` bytes, or what `task_bytes` says of these parts.
    """
    size = task_bytes(parts) if size is None else size
    tasks: list[tuple[Part, ...]] = []
    pack: list[Part] = []
    packed = 0
    for part in parts:
        if pack and packed + part.size_bytes / 2 >= size:  # what is left out comes nearer to it
            tasks.append(tuple(pack))
            pack, packed = [], 0
        pack.append(part)
        packed += part.size_bytes
    return [*tasks, tuple(pack)] if pack else tasks


def task_bytes(parts: Sequence[Part], most: int = _TASK_BYTES) -> int:
    """How much a task is to have: at most so much, unless tasks were too many."""
    # Few bytes: still several tasks, or a small cluster's cores would wait for one of them.
    total = sum(part.size_bytes for part in parts)
    return max(min(most, total // 8), total // _MOST_TASKS, 1)


def _merged(
    spark: SparkSession,
    folded: DataFrame,
    most: int,
    settings: Mapping[str, str],
    *,
    lean: bool,
) -> dict[Key, Profile]:
    """The profiles of folded rows, merged by `most` tasks, or as few as the session shuffles to."""
    told = spark.conf.get(SHUFFLE_SETTING) or ""  # a number, or "auto" where it is up to Spark
    shuffled = int(told) if told.isdecimal() else _MOST_MERGERS
    mergers = max(1, min(most, shuffled, _MOST_MERGERS))
    with failures_told(), with_settings(spark, settings):
        grouped = folded.repartition(mergers, "window", "variant", "feature")
        ordered = grouped.sortWithinPartitions("window", "variant", "feature", "part")
        batches = _collected(ordered.mapInArrow(partial(_merge, lean=lean), SPARK_SCHEMA))
    return assemble(row for batch in batches for row in from_batch(batch))


def _collected(merged: DataFrame) -> Sequence[pa.RecordBatch]:
    """The merged rows in Arrow's form: the JVM passes them on as they come, task by task.

    What `collect` brings it holds twice, as rows and pickled: of 10,000 columns more than its heap.
    """
    frame: Any = merged  # pyspark's types know neither of the two
    batches: Sequence[pa.RecordBatch]
    if hasattr(frame, "toArrow"):  # Spark 4
        batches = frame.toArrow().to_batches()
    elif hasattr(frame, "_collect_as_arrow"):  # Spark 3, behind toPandas
        batches = frame._collect_as_arrow()
    else:
        batches = [to_batch(Row(*row) for row in merged.collect())]
    return batches


@contextmanager
def with_settings(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """The session with these settings, and with its own again."""
    former = {key: spark.conf.get(key, None) for key in settings}
    try:
        for key, value in settings.items():
            spark.conf.set(key, value)
        yield
    finally:
        for key, own in former.items():
            if own is None:
                spark.conf.unset(key)
            else:
                spark.conf.set(key, own)


def tables_of(batches: Iterable[pa.RecordBatch], names: Sequence[str]) -> Iterator[pa.Table]:
    """Batches put together: the kernels like many rows, the merging workers few states."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= _TABLE_ROWS or size >= _TABLE_BYTES:
            yield pa.Table.from_batches(held).combine_chunks().rename_columns(names)
            held, rows, size = [], 0, 0
    if held:
        yield pa.Table.from_batches(held).combine_chunks().rename_columns(names)


def _merge(batches: Iterable[pa.RecordBatch], *, lean: bool) -> Iterator[pa.RecordBatch]:
    begin_task(lean=lean)
    rows = (row for batch in batches for row in from_batch(batch))
    return _in_batches(merge_rows(rows))


def _in_batches(rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    listed: list[Row] = []
    for row in rows:
        listed.append(row)
        if len(listed) == _STATES_A_BATCH:
            yield to_batch(listed)
            listed = []
    if listed:
        yield to_batch(listed)


def _reason(error: Exception) -> str:
    """One sentence from a Spark error, whose text is a traceback of two languages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if "Error: " in line or "Exception: " in line]
    told = (named or lines or ["no reason given"])[-1 if named else 0]
    return f"the Spark job failed: {told}; the driver's log has the whole trace"
