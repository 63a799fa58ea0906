"""What Spark reads itself: the DataFrame, what reads its rows in the workers, Spark's settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.errors import InputError
from tidegauge.sources import captures, training
from tidegauge.sources.bypath import ByPath
from tidegauge.sources.bytime import decided
from tidegauge.sources.framehours import RowHours
from tidegauge.sources.frametime import in_windows, time_column
from tidegauge.sources.hours import HourReader
from tidegauge.sources.labels import FrameLabels, LabelColumns
from tidegauge.sources.layout import Layout
from tidegauge.sources.listing import Inputs, list_files, root_of
from tidegauge.sources.parts import FILE_BYTES, PART_BYTES
from tidegauge.sources.rejected import Bin, bin_of
from tidegauge.sources.sensitive import HashedTables
from tidegauge.sources.source import DEFAULT_VARIANT, CaptureSource, Format, TrainingSource
from tidegauge.sources.sparklines import LineReader, file_blocks, streamed
from tidegauge.sources.sparknames import SparkNames
from tidegauge.sources.sparkrows import RowReader
from tidegauge.sources.sparksplits import splits_of
from tidegauge.sources.table import (
    FILE,
    leaves,
    quoted,
    read_parquet,
    read_table,
    read_text,
    without_columns,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from tidegauge.model.batch import TableReader
    from tidegauge.model.window import Window
    from tidegauge.sources.captures import Batch
    from tidegauge.sources.groundtruth import GroundTruthSource
    from tidegauge.sources.sensitive import Hashing
    from tidegauge.sources.sparklines import TextReader
    from tidegauge.storage import S3Settings

_TYPED = (Format.TABLE, Format.PARQUET)
_GLANCE_LINES = 100
_LINES_A_BATCH = 512  # a line may have megabytes
# Spark's settings, when frames are opened and when they are read: tasks of fixed bytes whatever the
# number of cores, so that the same files give the same sketches.
_MOST_BYTES = "spark.sql.files.maxPartitionBytes"
FIXED_BYTES = {
    _MOST_BYTES: str(PART_BYTES),
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.files.openCostInBytes": str(FILE_BYTES),
}


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What an engine needs to profile what Spark reads.

    `settings` are Spark's while it does so; `columns` are those of training data, the ones to skip
    among them, as far as they are known beforehand.
    """

    data: DataFrame
    read: TableReader
    settings: Mapping[str, str]
    columns: tuple[str, ...] = ()


def training_frame(
    spark: SparkSession, source: TrainingSource, inputs: Inputs, settings: S3Settings
) -> Frame:
    """The training data; `inputs` are its files, none for a table.

    Raises:
        InputError: Spark cannot read it, or knows no such table.
    """
    frame = _training_frame(spark, source, inputs, settings)
    return _hashed(frame, source.sensitive) if source.sensitive else frame


def _training_frame(
    spark: SparkSession, source: TrainingSource, inputs: Inputs, settings: S3Settings
) -> Frame:
    if source.format in _TYPED:
        data = _opened(spark, source, inputs)
        read = RowReader(
            source.uri,
            "",
            source.skip,
            bin_of(source, settings),
        )
        columns = tuple(".".join(path) for path in leaves(data.schema))
        return Frame(without_columns(data, source.skip), read, FIXED_BYTES, columns)
    frame = _lines_frame(spark, source, inputs, training.text_reader(source, settings))
    names = SparkNames.of(root_of(source.uri))
    columns = _glanced(frame.data, names, source, settings) if source.skip else ()
    return replace(frame, columns=columns)


def captures_frame(
    spark: SparkSession,
    source: CaptureSource,
    batches: Sequence[Batch],
    settings: S3Settings,
    *,
    plain: bool = False,
) -> Frame:
    """The captures of some batches; their windows must not overlap.

    Sensitive columns are hashed unless they are wanted `plain`, as for `captures.reader`.

    Raises:
        UsageError: the format has no time column.
        InputError: Spark cannot read them, or knows no such table or column.
    """
    frame = _captures_frame(spark, source, batches, settings)
    return frame if plain or not source.sensitive else _hashed(frame, source.sensitive)


def _hashed(frame: Frame, hashing: Hashing) -> Frame:
    return replace(frame, read=HashedTables(frame.read, hashing))


def _captures_frame(
    spark: SparkSession, source: CaptureSource, batches: Sequence[Batch], settings: S3Settings
) -> Frame:
    windows = tuple(sorted({batch.window for batch in batches}))
    inputs = Inputs.of({file.key: file for b in batches for file in b.inputs.files}.values())
    names = SparkNames.of(root_of(source.uri))
    by_path = None if source.time else ByPath(names, Layout.parse(source.layout), windows)
    if source.format not in _TYPED:
        reader = captures.text_reader(source, settings, windows)
        return _lines_frame(spark, source, inputs, reader, by_path)
    by_time = captures.by_time_of(source, windows)
    rejected = bin_of(source, settings)
    read = RowReader(source.uri, DEFAULT_VARIANT, source.skip, rejected, by_time, by_path)
    data = _opened(spark, source, inputs)
    if by_time is None:
        return Frame(without_columns(data, source.skip, FILE), read, FIXED_BYTES)
    rows = in_windows(data, by_time.column, windows, timeless=source.format is not Format.TABLE)
    return Frame(without_columns(rows, decided(source.skip, by_time)), read, FIXED_BYTES)


def labels_frame(spark: SparkSession, source: GroundTruthSource, settings: S3Settings) -> Frame:
    """The labels of a table.

    Raises:
        InputError: Spark knows no such table or column.
    """
    data = read_table(spark, source.uri)
    names = [name for name in (source.id, source.label, source.time) if name]
    if missing := [name for name in names if name not in data.columns]:
        raise InputError(
            f"the table {source.uri} has no column {missing[0]!r}: there are "
            f"{', '.join(data.columns)}; correct `ground_truth`"
        )
    rows = RowReader(source.uri, "", frozenset(), Bin(source.rejected, settings))
    labels = LabelColumns(source.id, source.label, source.time, source.numeric)
    wanted = data.select(*(quoted(name) for name in names))
    return Frame(wanted, FrameLabels(rows, labels), FIXED_BYTES)


def hours_frame(
    spark: SparkSession,
    source: CaptureSource,
    column: str,
    settings: S3Settings,
    windows: Sequence[Window] = (),
) -> Frame:
    """The times in a column of the captures, as `framehours.hours_of_profiles` takes them.

    With windows Spark need not read the rows of other ones.

    Raises:
        InputError: Spark cannot read them, or knows no such table or column.
    """
    inputs = Inputs(()) if source.format is Format.TABLE else list_files(source.uri, settings)
    if source.format not in _TYPED:
        return _lines_frame(spark, source, inputs, HourReader(source, column, settings))
    data = _opened(spark, source, inputs)
    if windows:
        data = in_windows(data, column, windows, timeless=False)
    return Frame(data.select(time_column(data, column)), RowHours(), FIXED_BYTES)


def _opened(
    spark: SparkSession, source: TrainingSource | CaptureSource, inputs: Inputs
) -> DataFrame:
    if source.format is Format.TABLE:
        return read_table(spark, source.uri)
    return read_parquet(spark, source.uri, inputs)


def _lines_frame(
    spark: SparkSession,
    source: TrainingSource | CaptureSource,
    inputs: Inputs,
    reader: TextReader,
    by_path: ByPath | None = None,
) -> Frame:
    """The lines of text files, of which only JSON Lines are split.

    Who has a piece of a CSV knows neither its header nor whether a row goes on in the next line.
    """
    variant = DEFAULT_VARIANT if isinstance(source, CaptureSource) else ""
    names = SparkNames.of(root_of(source.uri))
    read = LineReader(reader, names, variant, by_path)
    settings = FIXED_BYTES | {"spark.sql.execution.arrow.maxRecordsPerBatch": str(_LINES_A_BATCH)}
    if source.format is Format.CSV:
        largest = max((file.size_bytes for file in inputs.files), default=0)
        settings[_MOST_BYTES] = str(max(PART_BYTES, largest))
    else:
        read = replace(read, splits=splits_of(spark, inputs))
    return Frame(read_text(spark, inputs), read, settings)


def _glanced(
    lines: DataFrame, names: SparkNames, source: TrainingSource, settings: S3Settings
) -> tuple[str, ...]:
    """The columns that the first lines have; a small job of its own."""
    first = lines.limit(_GLANCE_LINES).collect()
    columns = zip(*first, strict=True) if first else ((), (), ())
    table = pa.table(list(columns), names=lines.columns)
    return training.first_columns(source, streamed(file_blocks([table]), names, {}), settings)
