"""SageMaker's merged file: the captures that have a label, each with it, as JSON Lines.

Sources: the developer guide's "Ingest Ground Truth labels and merge them with predictions", and
merged records that the service wrote. A record is the capture's own, with `groundTruthData` beside
its `captureData`, below `{variant}/{yyyy}/{mm}/{dd}/{hh}` of the hour of the capture. A row of a
batch transform has no `eventMetadata` of its own: `eventId` is its inference id there.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegauge.model.merged import ID, LABEL, PREDICTED_AT, RECORD
from tidegauge.model.window import Window
from tidegauge.storage import join
from tidegauge.storage.partition_names import escape_segment

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from tidegauge.sinks.layout import Layout, RunKey
    from tidegauge.storage import Storage

_DAY = timedelta(days=1)
_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d{4}Z_P[0-9A-Z]+)-\d{5}\.jsonl")


def merged_lines(
    layout: Layout, window: str, variant: str, bucket: int, table: pa.Table
) -> Mapping[str, bytes]:
    """The merged records of one bucket of a window, by location.

    A record of several rows is merged when all of them have a label. A capture whose time is not
    known lies in the hour in which the window begins.
    """
    lines = defaultdict[str, list[str]](list)
    folder = _folder(layout, variant)
    columns = (table.column(name).to_pylist() for name in (ID, RECORD, PREDICTED_AT, LABEL))
    labels: dict[str, list[object]] = defaultdict(list)
    records, start = [], Window.parse(window).start
    for id_, record, time, label in zip(*columns, strict=True):
        labels[id_].append(label)
        if record is not None:
            records.append((id_, record, time or start))
    for id_, record, time in records:
        if all(label is not None for label in labels[id_]):
            path = f"{time:%Y/%m/%d/%H}/{_name(window, bucket)}"
            lines[join(folder, path)].append(_merged(id_, record, labels[id_]))
    return {uri: "".join(some).encode() for uri, some in lines.items()}


def remove_lines(storage: Storage, layout: Layout, key: RunKey, buckets: int = 0) -> None:
    """Remove the merged records of a unit but for those of its first `buckets`.

    They are looked for on the unit's days and those beside them: a capture may say a time that is
    not within its folder's hour.
    """
    folder, window = _folder(layout, key.variant), key.window
    kept = {_name(window.key, bucket) for bucket in range(buckets)}
    count = (window.end - window.start) // _DAY + 3
    days = (window.start + i * _DAY for i in range(-1, count - 1))
    for day in (join(folder, f"{time:%Y/%m/%d}") for time in days):
        names = (entry.key for entry in storage.files(day))
        storage.delete(
            join(day, name)
            for name in names
            if lines_window(name) == window and name.rpartition("/")[2] not in kept
        )


def lines_window(path: str) -> Window | None:
    """The unit of a file of merged records; None: it is not one of ours."""
    match = _NAME.fullmatch(path.rpartition("/")[2])
    return Window.parse(match[1]) if match else None


def _folder(layout: Layout, variant: str) -> str:
    return join(layout.merged_lines, escape_segment(variant))


def _name(window: str, bucket: int) -> str:
    return f"{window}-{bucket:05}.jsonl"


def _merged(id_: str, record: str, labels: list[object]) -> str:
    data = "\n".join(str(label) for label in labels)
    truth = {"data": data, "encoding": "CSV"}
    event = {"eventMetadata": {"eventId": id_}}
    merged = {**event, **json.loads(record), "groundTruthData": truth}
    return json.dumps(merged, ensure_ascii=False) + "\n"
