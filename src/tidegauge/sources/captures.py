"""Captures: which windows have some, the parts of those windows, and the reader of the format."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.model.window import Window, window_at
from tidegauge.sources.bytime import ByTime
from tidegauge.sources.capture import CaptureReader
from tidegauge.sources.csvfile import CsvReader
from tidegauge.sources.jsonlines import JsonLinesReader
from tidegauge.sources.layout import Layout
from tidegauge.sources.lexical import LexicalReader, as_texts
from tidegauge.sources.listing import Inputs, list_files, list_folder, root_of
from tidegauge.sources.manifests import BadManifest, files_named
from tidegauge.sources.parquet import ParquetReader
from tidegauge.sources.parts import PART_BYTES, cut
from tidegauge.sources.rejected import bin_of
from tidegauge.sources.sensitive import HashedReader
from tidegauge.sources.source import DEFAULT_VARIANT, Format
from tidegauge.sources.special import special_reader
from tidegauge.sources.stripes import cut_by_columns
from tidegauge.sources.windows import LISTINGS_AT_ONCE, walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tidegauge.model.batch import Part, Reader
    from tidegauge.sources.listing import File
    from tidegauge.sources.source import CaptureSource
    from tidegauge.storage import S3Settings


@dataclass(frozen=True, slots=True)
class Batch:
    """The files that have the rows of one window of one variant; `fault` says why none is read."""

    window: Window
    variant: str
    inputs: Inputs
    fault: str = ""


def reader(
    source: CaptureSource,
    settings: S3Settings,
    windows: Sequence[Window] = (),
    *,
    plain: bool = False,
) -> Reader:
    """What reads the parts of captures; it survives the way to a worker process.

    Where a time column gives a row its window, `windows` are those that are asked for; they must
    not overlap. Rows of other windows are passed over. Sensitive columns are hashed, unless they
    are wanted `plain`, for rules whose answers are numbers.

    Raises:
        UsageError: the format is not one of files, or has no time column.
        ValueError: there is a time column, but no window.
    """
    read = _reader(source, settings, windows)
    return read if plain or not source.sensitive else HashedReader(read, source.sensitive)


def _reader(source: CaptureSource, settings: S3Settings, windows: Sequence[Window]) -> Reader:
    if source.is_strict:
        return LexicalReader(_reader(as_texts(source), settings, windows), source.kinds)
    if special := special_reader(source, settings):
        return special
    if source.format is not Format.PARQUET:
        return text_reader(source, settings, windows)
    root, rejected = (
        root_of(source.uri),
        bin_of(source, settings),
    )
    by_time, whole = by_time_of(source, windows), source.marks is not None
    return ParquetReader(root, source.skip, rejected, settings, by_time, whole_rows=whole)


def text_reader(
    source: CaptureSource, settings: S3Settings, windows: Sequence[Window] = ()
) -> CsvReader | JsonLinesReader | CaptureReader | LexicalReader:
    """What reads captures that are text; `windows` as for `reader`.

    Raises:
        UsageError: the format is not one of text files, or has no time column.
        ValueError: there is a time column, but no window.
    """
    if source.is_strict:
        return LexicalReader(text_reader(as_texts(source), settings, windows), source.kinds)
    by_time = by_time_of(source, windows)
    root, rejected, kinds = root_of(source.uri), bin_of(source, settings), source.kinds
    match source.format:
        case Format.CSV:
            return CsvReader(root, source.header, source.skip, kinds, rejected, settings, by_time)
        case Format.JSONL:
            return JsonLinesReader(root, source.skip, kinds, rejected, settings, by_time)
        case Format.SAGEMAKER if by_time is None:
            layout = Layout.parse(source.layout)
            return CaptureReader(
                root, layout, source.inputs, source.outputs, source.skip, kinds, rejected,
                settings, source.marks,
            )  # fmt: skip
        case _:
            raise UsageError(
                f"captures of the format {source.format} cannot be read by a time column: expected "
                "parquet, csv or jsonl; remove `captures.time`"
            )


def by_time_of(source: CaptureSource, windows: Sequence[Window]) -> ByTime | None:
    """How the time column gives a row its window; None where folders do.

    Raises:
        ValueError: there is a time column, but no window.
    """
    if source.time and not windows:
        raise ValueError("a time column gives no windows by itself: say which ones to read")
    if source.time is None:
        return None
    return ByTime(source.time, tuple(sorted(windows)), stays=source.marks is not None)


def batches(
    source: CaptureSource,
    windows: Iterable[Window],
    settings: S3Settings,
    variants: Collection[str] = (),
) -> tuple[Batch, ...]:
    """The files of each window and variant that has some; of all variants unless some are given.

    Only folders of these windows are listed. Where a time column decides, any file may have rows
    of any window, so each window has all of them.

    Raises:
        UsageError: the layout is not one.
        StorageError: the captures cannot be listed.
    """
    wanted = sorted(windows)
    if source.time:
        inputs = list_files(source.uri, settings)
        return tuple(Batch(w, DEFAULT_VARIANT, inputs) for w in wanted if inputs.files)
    layout = Layout.parse(source.layout)
    found: dict[tuple[Window, str], dict[str, File]] = defaultdict(dict)
    for file in _files(source, layout, wanted, settings, variants):
        place = layout.place(file.key)
        if place is None or (variants and place.variant not in variants):
            continue
        window = window_at(wanted, place.hour)
        if window is not None:
            found[window, place.variant or DEFAULT_VARIANT][file.key] = file
    listed = tuple(
        Batch(window, variant, Inputs.of(files.values()))
        for (window, variant), files in sorted(found.items(), key=lambda item: item[0])
    )
    return tuple(_named_in(batch, settings) for batch in listed) if source.manifests else listed


def parts(
    source: CaptureSource,
    some: Sequence[Batch],
    settings: S3Settings,
    *,
    by_column: bool = False,
    part_bytes: int = PART_BYTES,
) -> tuple[Part, ...]:
    """The parts of some batches; the batches of a time column, which share their files, share them.

    With `by_column` a part may have some of its rows' columns only; each has about `part_bytes`.

    Raises:
        StorageError: the footer of a large Parquet file cannot be fetched.
    """
    skip = source.skip.union({source.time} if source.time else ())

    def cut_up(inputs: Inputs, window: str, variant: str) -> tuple[Part, ...]:
        if by_column and source.format is Format.PARQUET:
            return cut_by_columns(inputs, skip, settings, window, variant, part_bytes)
        return cut(inputs, source.format, settings, window, variant, part_bytes)

    if source.time:
        return cut_up(some[0].inputs, "", DEFAULT_VARIANT) if some else ()
    return tuple(
        part for batch in some for part in cut_up(batch.inputs, batch.window.key, batch.variant)
    )


def _named_in(batch: Batch, settings: S3Settings) -> Batch:
    """The batch with the files that its manifests name; a broken one is the window's fault."""
    try:
        return replace(batch, inputs=Inputs.of(files_named(batch.inputs.files, settings)))
    except BadManifest as error:
        return replace(batch, fault=str(error))


def _files(
    source: CaptureSource,
    layout: Layout,
    windows: Sequence[Window],
    settings: S3Settings,
    variants: Collection[str],
) -> Iterator[File]:
    """The files in the folders of the windows' hours."""
    known: Iterable[str | None] = variants or (None,)
    if not variants and layout.begins_with_variant:
        known = [found["variant"] for found in walk(source.uri, layout, settings, levels=1)]
    hours = [hour for window in windows for hour in window.hours()]
    folders = dict.fromkeys(
        folder for variant in known for folder in layout.folders(variant, hours)
    )
    with ThreadPoolExecutor(LISTINGS_AT_ONCE) as threads:
        listed = threads.map(lambda folder: list_folder(source.uri, folder, settings), folders)
        for files in listed:
            yield from files
