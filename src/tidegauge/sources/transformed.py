"""Rows of batch transforms with the records that the service's merged lines have of them.

Source: merged records that the service wrote for a batch monitor. `batchTransformOutput` has the
row as it was written but for what GenerateInferenceId has added, and no content type.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.sources.columns import one_array, typed
from tidegauge.sources.marks import RECORD_MARK
from tidegauge.sources.transform import INFERENCE_ID, Joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegauge.model.batch import Chunk, Part, Reader
    from tidegauge.model.statistics import Kind
    from tidegauge.sources.payload import Row


@dataclass(frozen=True, slots=True)
class RecordedJson:
    """A line of JSON to rows, of which the first has the record."""

    rows: Joined

    def __call__(self, text: str) -> tuple[Row, ...]:
        """Raises BadRecord: the line cannot be read, with the reason."""
        found = self.rows(text)
        document = json.loads(text)
        if found and isinstance(document, dict):
            kept = {key: value for key, value in document.items() if key not in INFERENCE_ID}
            data = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
            found[0][RECORD_MARK] = _record(data, "JSON")
        return found


@dataclass(frozen=True, slots=True)
class RecordedCsv:
    """A reader of CSV whose rows have their records; `read` gives all columns, as texts.

    Of the columns those to `skip` go then, the others become values of their `kinds`.
    """

    read: Reader
    kinds: Mapping[str, Kind]
    skip: frozenset[str]

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """Chunks of a part's rows; raises what the reader raises."""
        return map(self._recorded, self.read(part))

    def _recorded(self, chunk: Chunk) -> Chunk:
        table = chunk.table
        if not table.num_columns:
            return chunk
        records = _records(table)
        columns = typed(table.drop_columns(sorted(self.skip & {*table.column_names})), self.kinds)
        marked = columns.table.append_column(RECORD_MARK, records)
        return replace(chunk, table=marked, mismatched=columns.mismatched)


def _records(table: pa.Table) -> pa.Array:
    names = [name for name in table.column_names if name not in INFERENCE_ID]
    columns = (pc.cast(one_array(table.column(name)), pa.string()).to_pylist() for name in names)
    lines = (_record(_line(row), "CSV") for row in zip(*columns, strict=True))
    return pa.array(lines, pa.string())


def _line(row: tuple[str | None, ...]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(row)
    return stream.getvalue()


def _record(data: str, encoding: str) -> str:
    output = {"batchTransformOutput": {"data": data, "encoding": encoding}}
    return json.dumps({"captureData": output, "eventVersion": "0"}, ensure_ascii=False)
