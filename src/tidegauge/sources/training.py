"""Training data: the reader of its format, and the names of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyarrow import parquet

from tidegauge.errors import InputError, UsageError
from tidegauge.model.batch import FileSlice
from tidegauge.sources.csvfile import CsvReader
from tidegauge.sources.csvhead import first_names
from tidegauge.sources.jsonlines import JsonLinesReader, read_objects
from tidegauge.sources.lexical import LexicalReader, as_texts
from tidegauge.sources.lines import read_lines
from tidegauge.sources.listing import root_of
from tidegauge.sources.nested import flat
from tidegauge.sources.parquet import ParquetReader
from tidegauge.sources.parts import cut
from tidegauge.sources.reading import Unreadable, blamed
from tidegauge.sources.records import RecordReader
from tidegauge.sources.rejected import bin_of
from tidegauge.sources.rowgroups import columns_of
from tidegauge.sources.scripted import ScriptedLine
from tidegauge.sources.sensitive import HashedReader
from tidegauge.sources.source import Format
from tidegauge.sources.stripes import cut_by_columns
from tidegauge.storage import filesystem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegauge.model.batch import Part, Reader
    from tidegauge.sources.listing import Inputs
    from tidegauge.sources.reading import Streamed
    from tidegauge.sources.source import TrainingSource
    from tidegauge.storage import S3Settings


def reader(source: TrainingSource, settings: S3Settings) -> Reader:
    """What reads the parts of the training data; it survives the way to a worker process.

    Raises:
        UsageError: the format is not one of files.
    """
    read = _reader(source, settings)
    return HashedReader(read, source.sensitive) if source.sensitive else read


def _reader(source: TrainingSource, settings: S3Settings) -> Reader:
    if source.is_strict:
        return LexicalReader(_reader(as_texts(source), settings), source.kinds)
    root, rejected = root_of(source.uri), bin_of(source, settings)
    if source.preprocess is not None:
        rows = ScriptedLine(source.preprocess)
        return RecordReader(root, rows, (), source.skip, source.kinds, rejected, settings)
    if source.format is Format.PARQUET:
        whole = source.whole_rows
        return ParquetReader(root, source.skip, rejected, settings, whole_rows=whole)
    return text_reader(source, settings)


def parts(source: TrainingSource, inputs: Inputs, settings: S3Settings) -> tuple[Part, ...]:
    """The parts of the training data, each with some or all of the columns.

    Raises:
        StorageError: the footer of a Parquet file cannot be fetched.
    """
    if source.format is Format.PARQUET and not source.whole_rows:
        return cut_by_columns(inputs, source.skip, settings)
    return cut(inputs, source.format, settings)


def text_reader(
    source: TrainingSource, settings: S3Settings
) -> CsvReader | JsonLinesReader | LexicalReader:
    """What reads training data that is text.

    Raises:
        UsageError: the format is not one of text files.
    """
    if source.is_strict:
        return LexicalReader(text_reader(as_texts(source), settings), source.kinds)
    root, rejected = root_of(source.uri), bin_of(source, settings)
    match source.format:
        case Format.CSV:
            return CsvReader(root, source.header, source.skip, source.kinds, rejected, settings)
        case Format.JSONL:
            return JsonLinesReader(root, source.skip, source.kinds, rejected, settings)
        case _:
            raise UsageError(f"training data of the format {source.format} is not read from files")


def column_names(source: TrainingSource, inputs: Inputs, settings: S3Settings) -> tuple[str, ...]:
    """The columns of the first file that has some, in its order, those to skip among them.

    Raises:
        InputError: that file cannot be read.
        StorageError: it cannot be fetched.
    """
    files = (FileSlice(file.uri, file.size_bytes) for file in inputs.files)
    return first_columns(source, files, settings)


def first_columns(
    source: TrainingSource, files: Iterable[FileSlice | Streamed], settings: S3Settings
) -> tuple[str, ...]:
    """The columns of the first of these files that has some; as `column_names`."""
    try:
        return next(filter(None, (_names(file, source, settings) for file in files)), ())
    except Unreadable as error:
        raise InputError(f"{error}; replace the file, or remove it") from error


def _names(
    file: FileSlice | Streamed, source: TrainingSource, settings: S3Settings
) -> tuple[str, ...]:
    with blamed(file.uri):
        match source.format:
            case Format.PARQUET:
                files, path = filesystem(file.uri, settings)
                with files.open_input_file(path) as stream:
                    return tuple(c.name for c in columns_of(parquet.read_schema(stream)))
            case Format.CSV:
                return first_names(file, settings, header=source.header)
            case _:
                lines = next(read_lines((file,), settings), None)
                return () if lines is None else tuple(flat(read_objects(lines).table).column_names)
