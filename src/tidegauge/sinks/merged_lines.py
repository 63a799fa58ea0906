"""SageMaker's merged file: the captures that have a label, each with it, as JSON Lines.

Sources: the developer guide's "Ingest Ground Truth labels and merge them with predictions", and
merged records that the service wrote. A record is the capture's own, with `groundTruthData` beside
its `captureData`, below `{variant}/{yyyy}/{mm}/{dd}/{hh}` of the hour of the capture.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from tidegauge.model.merged import ID, LABEL, PREDICTED_AT, RECORD
from tidegauge.storage import join
from tidegauge.storage.partition_names import escape_segment

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from tidegauge.sinks.layout import Layout


def merged_lines(
    layout: Layout, window: str, variant: str, bucket: int, table: pa.Table
) -> Mapping[str, bytes]:
    """The merged records of one bucket of a window, by location.

    A record of several rows is merged when all of them have a label. Captures whose time is not
    known lie in no hour, and are left out.
    """
    lines = defaultdict[str, list[str]](list)
    folder = join(layout.root, "merged_records", escape_segment(variant))
    columns = (table.column(name).to_pylist() for name in (ID, RECORD, PREDICTED_AT, LABEL))
    labels: dict[str, list[object]] = defaultdict(list)
    records = []
    for id_, record, time, label in zip(*columns, strict=True):
        labels[id_].append(label)
        if record is not None and time is not None:
            records.append((id_, record, time))
    for id_, record, time in records:
        if all(label is not None for label in labels[id_]):
            path = f"{time:%Y/%m/%d/%H}/{window}-{bucket:05}.jsonl"
            lines[join(folder, path)].append(_merged(record, labels[id_]))
    return {uri: "".join(some).encode() for uri, some in lines.items()}


def _merged(record: str, labels: list[object]) -> str:
    data = "\n".join(str(label) for label in labels)
    truth = {"data": data, "encoding": "CSV"}
    merged = {**json.loads(record), "groundTruthData": truth}
    return json.dumps(merged, ensure_ascii=False) + "\n"
