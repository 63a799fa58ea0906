"""Ground truth: which files have labels, by the hour in which these were collected."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tidegauge.errors import InputError
from tidegauge.model.statistics import Kind
from tidegauge.model.window import HOUR
from tidegauge.sources.csvfile import CsvReader
from tidegauge.sources.jsonlines import JsonLinesReader
from tidegauge.sources.labels import ColumnLabels, LabelColumns, LabelReader
from tidegauge.sources.layout import Layout
from tidegauge.sources.listing import Inputs, list_files, root_of
from tidegauge.sources.parquet import ParquetReader
from tidegauge.sources.parts import DEALT_BYTES, cut
from tidegauge.sources.rejected import Bin
from tidegauge.sources.source import Format, TrainingSource
from tidegauge.sources.training import column_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegauge.model.batch import Part, Reader
    from tidegauge.sources.listing import File
    from tidegauge.storage import S3Settings

_NO_CLOCK = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(days=1)
LABEL_LAYOUT = "{yyyy}/{mm}/{dd}/{hh}"


@dataclass(frozen=True, slots=True)
class GroundTruthSource:
    """Where the labels are. `id`, `label` and `time` name columns, of JSON payloads the label.

    `numeric`: a label that is no number is rejected. `rejected` is the folder for such records.
    """

    uri: str
    format: Format
    rejected: str
    label: str
    numeric: bool
    id: str = ""
    time: str | None = None
    layout: str = LABEL_LAYOUT
    header: bool = True


@dataclass(frozen=True, slots=True)
class LabelGroup:
    """Files that are read together: those of an hour folder (`time`), or a single other file.

    `name` is the folder or the file below the source; the digest changes with any of the files.
    """

    name: str
    time: datetime | None
    inputs: Inputs

    @property
    def digest(self) -> str:
        return self.inputs.digest[:16]

    def may_be_of(self, first: datetime, last: datetime) -> bool:
        """Whether it may have labels of predictions since `first` that are collected before `last`.

        No label was written before its prediction was made; a file that says it is older than that
        has none. It is believed but for a day, and not where an archiver has made its time up.
        """
        if self.time is not None:
            return first - HOUR < self.time < last
        times = [file.modified for file in self.inputs.files]
        return any(
            time is None or time < _NO_CLOCK or time > first - _CLOCKS_DIFFER for time in times
        )


def label_groups(source: GroundTruthSource, settings: S3Settings) -> tuple[LabelGroup, ...]:
    """All label files, in the order in which they were collected; none of a table.

    Raises:
        UsageError: the layout is not one.
        InputError: there is no label file at all.
        StorageError: they cannot be listed.
    """
    if source.format is Format.TABLE:
        return ()
    listed = list_files(source.uri, settings).files
    if source.format is Format.SAGEMAKER:
        groups = _by_hour(listed, Layout.parse(source.layout))
        expected = f"files in folders {source.layout} below it"
    else:
        groups = tuple(LabelGroup(file.key, None, Inputs((file,))) for file in listed)
        expected = "a file, a folder with files, or a glob that matches some"
    if not groups:
        raise InputError(
            f"there is no ground truth at {source.uri}: expected {expected}; correct "
            "`ground_truth.uri`, or wait for the first labels"
        )
    return groups


def _by_hour(listed: Iterable[File], layout: Layout) -> tuple[LabelGroup, ...]:
    hours: dict[datetime, list[File]] = defaultdict(list)
    for file in listed:
        if place := layout.place(file.key):
            hours[place.hour].append(file)
    return tuple(
        LabelGroup(f"{hour:%Y-%m-%dT%HZ}", hour, Inputs.of(hours[hour])) for hour in sorted(hours)
    )


def label_parts(
    source: GroundTruthSource, groups: Iterable[LabelGroup], settings: S3Settings
) -> tuple[Part, ...]:
    """The parts of some groups of labels.

    Raises:
        StorageError: the footer of a large Parquet file cannot be fetched.
    """
    inputs = Inputs.of({file.key: file for g in groups for file in g.inputs.files}.values())
    return cut(inputs, source.format, settings, part_bytes=DEALT_BYTES)


def label_reader(
    source: GroundTruthSource, groups: Iterable[LabelGroup], settings: S3Settings
) -> Reader:
    """What reads the labels of these groups; it survives the way to a worker process.

    Raises:
        InputError: the columns that are named are not there.
        StorageError: a file cannot be fetched.
    """
    root, rejected = root_of(source.uri), Bin(source.rejected, settings)
    if source.format is Format.SAGEMAKER:
        layout = Layout.parse(source.layout)
        return LabelReader(root, layout, source.label, source.numeric, rejected, settings)
    skip = _unwanted(source, groups, settings)
    kinds = _kinds(source)
    read: Reader
    match source.format:
        case Format.PARQUET:
            read = ParquetReader(root, skip, rejected, settings, whole_rows=True)
        case Format.CSV:
            read = CsvReader(root, source.header, skip, kinds, rejected, settings)
        case _:
            read = JsonLinesReader(root, skip, kinds, rejected, settings)
    return ColumnLabels(read, LabelColumns(source.id, source.label, source.time, source.numeric))


def _kinds(source: GroundTruthSource) -> dict[str, Kind]:
    label = Kind.FRACTIONAL if source.numeric else Kind.TEXT
    return {source.id: Kind.TEXT, source.label: label}


def _unwanted(
    source: GroundTruthSource, groups: Iterable[LabelGroup], settings: S3Settings
) -> frozenset[str]:
    """The columns that need not be read."""
    files = Inputs.of(file for group in groups for file in group.inputs.files)
    plain = TrainingSource(source.uri, source.format, source.rejected, header=source.header)
    names = column_names(plain, files, settings)
    wanted = [name for name in (source.id, source.label, source.time) if name]
    if missing := [name for name in wanted if name not in names]:
        raise InputError(
            f"the ground truth at {source.uri} has no column {missing[0]!r}: there are "
            f"{', '.join(names) or 'none'}; correct `ground_truth`"
        )
    return frozenset(names) - frozenset(wanted)
