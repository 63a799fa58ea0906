"""The lines of text files that Spark reads, dealt to tasks so that each knows where it is.

A file of more than a part's bytes is split, and the task of a split sees no other. So Spark counts
the lines above each split beforehand. A CSV is split only if each of its lines proves to be a row,
since a split ends with a line; else its lines are brought together again.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from tidegauge.sources.csvhead import column_names
from tidegauge.sources.listing import Inputs
from tidegauge.sources.parts import PART_BYTES
from tidegauge.sources.reading import Above, Unreadable, is_compressed
from tidegauge.sources.source import Format
from tidegauge.sources.table import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import Column, DataFrame, SparkSession

    from tidegauge.sources.listing import File
    from tidegauge.sources.source import CaptureSource, TrainingSource
    from tidegauge.sources.sparklines import Splits

_HEAD_LINES = 100


class _Split(NamedTuple):
    path: str
    place: int
    lines: int
    only_rows: bool


def lines_of_files(
    spark: SparkSession, source: TrainingSource | CaptureSource, inputs: Inputs
) -> tuple[DataFrame, Splits]:
    """The lines as a `LineReader` takes them, and what stands above each split.

    Spark's settings must be those that the lines will be read with: they say where it splits.
    """
    large = Inputs(tuple(f for f in inputs.files if _is_large(f)))
    if not large.files:
        return read_text(spark, inputs), {}
    if splits := _splits(spark, source, large):
        return read_text(spark, inputs), splits
    lines = _in_one_piece(read_text(spark, large), len(large.files))
    others = tuple(file for file in inputs.files if not _is_large(file))
    return lines.unionAll(read_text(spark, Inputs(others))) if others else lines, {}


def _is_large(file: File) -> bool:
    return file.size_bytes > PART_BYTES and not is_compressed(file.uri)


def _splits(spark: SparkSession, source: TrainingSource | CaptureSource, large: Inputs) -> Splits:
    """What stands above each split; nothing if a file must not be split."""
    is_csv = source.format is Format.CSV
    splits = sorted(_counted(read_text(spark, large), is_csv=is_csv))
    if not is_csv:
        return dict(_above(splits, {}))
    if not all(split.only_rows for split in splits):
        return {}
    heads = (read_text(spark, Inputs((file,))) for file in large.files)
    names = dict(_named(head, header=source.header) for head in heads)
    return dict(_above(splits, names)) if all(names.values()) else {}


def _in_one_piece(lines: DataFrame, files: int) -> DataFrame:
    """The lines of each file in order and in one task, as of a single split."""
    from pyspark.sql.functions import lit, monotonically_increasing_id

    value, path, place = lines.columns
    together = lines.withColumn("line", monotonically_increasing_id()).repartition(files, path)
    ordered = together.sortWithinPartitions(path, place, "line")
    return ordered.select(value, path, lit(0).cast("bigint").alias(place))


def _counted(lines: DataFrame, *, is_csv: bool) -> Iterator[_Split]:
    """How many lines each split has, and whether all of them are records."""
    from pyspark.sql.functions import bool_and, count, lit

    value, *split = lines.columns
    only_rows = bool_and(_is_row(lines[value]) if is_csv else lit(True))  # noqa: FBT003
    counts = lines.groupBy(*split).agg(count("*"), only_rows)
    return (_Split(*row) for row in counts.collect())


def _is_row(line: Column) -> Column:
    """Whether each quote of a line opens a field or closes it: then no row goes on in the next."""
    from pyspark.sql.functions import regexp_replace

    unquoted = regexp_replace(line, '"[^"]*"', "\n")  # which no line has by itself
    return ~unquoted.rlike('"|[^,\n]\n|\n[^,\n\r]')


def _named(lines: DataFrame, *, header: bool) -> tuple[str, tuple[str, ...]]:
    """Spark's name of a file, and the names of its columns; none if its first lines have none."""
    first = lines.limit(_HEAD_LINES).collect()
    path = first[0][1]
    text = "".join(f"{row[0]}\n" for row in first).encode()
    try:
        return path, column_names(text, path, header=header)[0]
    except Unreadable:  # as its reader will say
        return path, ()


def _above(
    splits: list[_Split], names: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[tuple[str, int], Above]]:
    for path, own in groupby(splits, key=lambda split: split.path):
        above = Above()
        for split in own:
            yield (path, split.place), above
            above = Above(above.lines + split.lines, names.get(path, ()))
