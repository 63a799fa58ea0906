"""Merged rows in the store: a folder a unit, with its Parquet files and what they stand on.

`_joined.json` is put last and lists the files that count; whatever else lies beside it was left by
a job that was killed. The files of a revision have names of their own, so that a reader finds the
old ones until the new ones are listed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from tidegauge.documents import joined, text
from tidegauge.errors import StorageError
from tidegauge.model.merged import ID, LABEL, RECORD, ROW, ROWS
from tidegauge.model.window import Window
from tidegauge.quality.table import from_parquet
from tidegauge.sinks.layout import Layout, MonitorType, RunKey, parse_run_path
from tidegauge.sinks.merged_lines import merged_lines
from tidegauge.storage import NotFound, Storage, join, storage_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegauge.documents.joined import JoinedUnit, ReadGroup
    from tidegauge.quality.profile import QualityProfile
    from tidegauge.storage import S3Settings

_FEW = (ROW, ROWS, LABEL)
JOINED = "_joined.json"
LABELS_READ = "_labels.json"
TYPE = MonitorType.MODEL_QUALITY


@dataclass(frozen=True, slots=True)
class RowsKeeper:
    """Puts merged rows from the workers: one Parquet file a unit, revision and bucket.

    Rows with their captures' records are put as the service's merged JSON Lines, too.
    """

    layout: Layout
    settings: S3Settings
    revisions: Mapping[tuple[str, str], int]  # by window key and variant

    def __call__(self, window: str, variant: str, bucket: int, table: pa.Table) -> None:
        """Write the rows of one bucket.

        Raises:
            StorageError: the file cannot be written, or another run has put another one.
        """
        name = rows_name(self.revisions[window, variant], bucket)
        key = RunKey(TYPE, variant, Window.parse(window))
        uri = join(self.layout.merged(key), name)
        storage = storage_for(uri, self.settings)
        if not storage.create(uri, _parquet(table)):
            raise taken_over(uri)
        if RECORD in table.column_names:
            lines = merged_lines(self.layout, window, variant, bucket, table)
            for place, data in sorted(lines.items()):
                storage.write(place, data)


def _parquet(table: pa.Table) -> bytes:
    """The rows as a file, each column written as suits it.

    Times lie close together, so that their differences take few bits. Of ids and scores hardly two
    are alike: a dictionary of them is a waste, and so are bounds that nobody would search by.
    Labels that come as codes of a dictionary go as such, and come back as texts.
    """
    times = [f.name for f in table.schema if pa.types.is_timestamp(f.type)]
    few = [f.name for f in table.schema if f.name in _FEW or pa.types.is_string(f.type)]
    stream = BytesIO()
    parquet.write_table(
        table,
        stream,
        compression={
            name: "none" if name in (ID, *times) else "lz4" for name in table.column_names
        },
        use_dictionary=[name for name in few if name not in (ID, RECORD)],
        column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),
        write_statistics=times,
        store_schema=False,
    )
    return stream.getvalue()


def rows_name(revision: int, bucket: int) -> str:
    """The file of the merged rows of one bucket."""
    return f"rows-{revision:04}-{bucket:05}.parquet"


def profile_name(revision: int, bucket: int) -> str:
    """The file of the states of one bucket's labelled rows."""
    return f"_profile-{revision:04}-{bucket:05}.parquet"


def joined_units(storage: Storage, layout: Layout) -> frozenset[RunKey]:
    """The units whose merged rows are there."""
    below = f"type={TYPE}"
    keys = (
        parse_run_path(f"{below}/{entry.key}")
        for entry in storage.files(join(layout.merged_rows, below))
        if entry.key.endswith(f"/{JOINED}")
    )
    return frozenset(key for key in keys if key is not None)


def read_unit(storage: Storage, layout: Layout, key: RunKey) -> JoinedUnit | None:
    """What the merged rows of a unit stand on; None: there are none.

    Raises:
        DocumentError: the document is not one of ours.
    """
    uri = join(layout.merged(key), JOINED)
    data, tag = storage.tagged(uri)
    return replace(joined.decode(text.load(data, uri), uri), tag=tag) if tag else None


def read_profile(
    storage: Storage, layout: Layout, key: RunKey, unit: JoinedUnit, bucket: int
) -> QualityProfile:
    """The states of the labelled rows of one bucket of a unit."""
    uri = join(layout.merged(key), unit.profiles[bucket])
    return from_parquet(storage.read(uri), uri)


def commit_unit(
    storage: Storage, layout: Layout, key: RunKey, unit: JoinedUnit, profiles: Mapping[str, bytes]
) -> None:
    """Put the states and then the document of a unit, whose rows are there.

    It takes the place of the document with the unit's tag, and of no other.

    Raises:
        StorageError: another run has put other states or another document meanwhile.
    """
    folder = layout.merged(key)
    for name, data in sorted(profiles.items()):
        if not storage.create(uri := join(folder, name), data):
            raise taken_over(uri)
    uri = join(folder, JOINED)
    if not storage.replace(uri, text.dump(joined.encode(unit)), unit.tag):
        raise taken_over(uri)


def remove_replaced(
    storage: Storage, layout: Layout, key: RunKey, former: JoinedUnit, unit: JoinedUnit
) -> None:
    """Remove the files of a unit's former revision that this one does not have."""
    folder = layout.merged(key)
    storage.delete(join(folder, name) for name in sorted(_listed(former) - _listed(unit)))


def left_over(unit: JoinedUnit, present: Iterable[str]) -> frozenset[str]:
    """Of the names in a unit's folder those that a job left which was killed."""
    return frozenset(present) - _listed(unit) - {JOINED}


def _listed(unit: JoinedUnit) -> frozenset[str]:
    return frozenset({*unit.files.values(), *unit.profiles.values()})


def taken_over(uri: str) -> StorageError:
    """The error that another run puts merged rows, which only one may do at a time."""
    return StorageError(
        f"another run of this monitor has written {uri} meanwhile; wait until it has ended, then "
        "try again"
    )


def remove_unit(storage: Storage, layout: Layout, key: RunKey) -> None:
    """Take back what was merged of a unit, its document first."""
    folder = layout.merged(key)
    present = {entry.key for entry in storage.files(folder)}
    storage.delete(join(folder, name) for name in present & {JOINED})
    storage.delete(join(folder, name) for name in sorted(present - {JOINED}))


def begin_unit(storage: Storage, layout: Layout, key: RunKey) -> None:
    """Take back what an earlier reading of a unit left: its merged rows, and what it rejected."""
    remove_unit(storage, layout, key)
    rejected = layout.rejected(key)
    storage.delete(join(rejected, entry.key) for entry in storage.files(rejected))


def read_labels_read(storage: Storage, layout: Layout) -> dict[str, ReadGroup]:
    """The groups of label files that were read, by name.

    Raises:
        DocumentError: the document is not one of ours.
    """
    uri = join(layout.merged_rows, f"type={TYPE}", LABELS_READ)
    try:
        data = storage.read(uri)
    except NotFound:
        return {}
    return joined.decode_labels(text.load(data, uri), uri)


def commit_labels_read(storage: Storage, layout: Layout, groups: Mapping[str, ReadGroup]) -> None:
    """Put which groups of label files were read."""
    uri = join(layout.merged_rows, f"type={TYPE}", LABELS_READ)
    storage.write(uri, text.dump(joined.encode_labels(dict(sorted(groups.items())))))
