"""The rows of some windows as one DataFrame, whoever reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.engines.arrow.workers import begin_task
from tidegauge.engines.rows.table import RUN, batches, spark_schema
from tidegauge.engines.spark import pack_tasks, tables_of
from tidegauge.model.batch import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from tidegauge.model.batch import Chunk, Reader, TableReader
    from tidegauge.rules.packs.rows import Questions


def of_parts(
    spark: SparkSession, parts: Sequence[Part], read: Reader, asked: Questions
) -> DataFrame:
    """The rows that the workers read from files with Arrow: the column `run`, then the features."""
    tasks, runs, kinds = pack_tasks(parts), asked.runs, asked.kinds

    def rows(numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        begin_task(lean=False)
        for batch in numbers:
            for task in batch.column(0).to_pylist():
                for part in tasks[task]:
                    yield from batches(read(part), runs, kinds)

    numbered = spark.range(0, len(tasks), 1, max(1, len(tasks)))
    return _named(numbered.mapInArrow(rows, spark_schema(kinds)), asked)


def of_frame(data: DataFrame, read: TableReader, asked: Questions) -> DataFrame:
    """The rows that Spark reads, in the same shape."""
    names, runs, kinds = data.columns, asked.runs, asked.kinds

    def rows(given: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        begin_task(lean=False)

        context = TaskContext.get()
        part = Part(f"task-{context.partitionId() if context else 0:06d}", ())
        chunks: Iterator[Chunk] = read(part, tables_of(given, names))
        yield from batches(chunks, runs, kinds)

    # mapInArrow looks each column up by its name, where a dot or a backtick means something else.
    plain = data.toDF(*(f"c{i}" for i in range(len(names))))
    return _named(plain.mapInArrow(rows, spark_schema(kinds)), asked)


def _named(frame: DataFrame, asked: Questions) -> DataFrame:
    return frame.toDF(run_column(asked.kinds), *asked.kinds)


def run_column(names: Iterable[str]) -> str:
    """The name of the run's column, which no feature has."""
    name, taken = RUN, {known.lower() for known in names}
    while name in taken:
        name = f"_{name}"
    return name
