"""The readers of captures that are read on request: by a script, with attributes, by manifests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.model.statistics import Kind
from tidegauge.sources.attributed import Attributed
from tidegauge.sources.csvfile import CsvReader
from tidegauge.sources.jsonfile import read_documents
from tidegauge.sources.layout import Layout
from tidegauge.sources.lexical import as_texts
from tidegauge.sources.lines import read_lines
from tidegauge.sources.listing import root_of
from tidegauge.sources.marks import RECORD_MARK
from tidegauge.sources.parquet import ParquetReader
from tidegauge.sources.records import RecordReader
from tidegauge.sources.rejected import bin_of
from tidegauge.sources.scripted import Scripted
from tidegauge.sources.source import Format
from tidegauge.sources.transform import INFERENCE_ID, Joined, Named
from tidegauge.sources.transformed import RecordedCsv, RecordedJson

if TYPE_CHECKING:
    from tidegauge.model.batch import Reader
    from tidegauge.sources.records import Rows
    from tidegauge.sources.source import CaptureSource
    from tidegauge.storage import S3Settings

_ENCODINGS = {
    Format.SAGEMAKER: "",
    Format.CSV: "CSV",
    Format.JSONL: "JSON",
    Format.JSON: "JSON",
}


def special_reader(source: CaptureSource, settings: S3Settings) -> Reader | None:
    """What reads captures for which the conf asks for more than their format; None: it does not.

    Raises:
        UsageError: there is no such reader for the format, or the layout is not one.
    """
    names = (*source.inputs, *source.outputs)
    match source.format:
        case Format.SAGEMAKER | Format.CSV | Format.JSONL | Format.JSON if source.preprocess:
            script = Scripted(source.preprocess, _ENCODINGS[source.format])
            return _by_record(source, settings, script, ())
        case Format.SAGEMAKER if source.custom_attributes:
            attributed = Attributed(source.inputs, source.outputs, source.skip)
            return _by_record(source, settings, attributed, names)
        case Format.JSONL | Format.JSON if source.manifests:
            joined = Joined(
                source.inputs, source.outputs, source.skip, identified=source.marks is not None
            )
            if source.marks is None or not source.marks.records:
                return _by_record(source, settings, joined, names)
            kinds = {**source.kinds, RECORD_MARK: Kind.TEXT}
            return _by_record(replace(source, kinds=kinds), settings, RecordedJson(joined), names)
        case Format.CSV if source.manifests and source.marks and source.marks.records:
            plain = replace(as_texts(source), skip=frozenset())
            return RecordedCsv(_csv(plain, settings, names), source.kinds, source.skip)
        case Format.CSV if source.manifests:
            return _csv(source, settings, names)
        case Format.PARQUET if source.manifests and not source.preprocess:
            rejected, whole = bin_of(source, settings), source.marks is not None
            return ParquetReader(source.uri, _skipped(source), rejected, settings, whole_rows=whole)
        case _ if source.preprocess or source.custom_attributes or source.manifests:
            raise UsageError(f"captures of the format {source.format} cannot be read that way")
        case _:
            return None


def _by_record(
    source: CaptureSource, settings: S3Settings, rows: Rows, first: tuple[str, ...]
) -> RecordReader:
    is_capture = source.format is Format.SAGEMAKER
    return RecordReader(
        root_of(source.uri),
        rows,
        first,
        source.skip,
        source.kinds,
        bin_of(source, settings),
        settings,
        Layout.parse(source.layout) if is_capture else None,
        read_documents if source.format is Format.JSON else read_lines,
        source.marks if is_capture else None,
    )


def _skipped(source: CaptureSource) -> frozenset[str]:
    """What GenerateInferenceId adds is no feature, but tells which row is which."""
    return source.skip if source.marks is not None else source.skip.union(INFERENCE_ID)


def _csv(source: CaptureSource, settings: S3Settings, names: tuple[str, ...]) -> Reader:
    """Columns by their header, or by their places, of which what is added are the last two."""
    root, rejected = root_of(source.uri), bin_of(source, settings)
    skip = _skipped(source)
    if source.header:
        return CsvReader(root, True, skip, source.kinds, rejected, settings)  # noqa: FBT003
    if source.inference_id:
        names = (*names, *INFERENCE_ID)
    places = {name: f"_c{i}" for i, name in enumerate(names)}
    kinds = {place: source.kinds[name] for name, place in places.items() if name in source.kinds}
    skip = frozenset(places[name] for name in skip if name in places)
    return Named(CsvReader(root, False, skip, kinds, rejected, settings), names)  # noqa: FBT003
