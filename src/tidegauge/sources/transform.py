"""Batch transforms: what their output files are like, beside plain CSV, JSON Lines and Parquet.

Source: the developer guide's "Capture data from batch transform job". With GenerateInferenceId a
row has two more values at its end; where the input is joined, the answer is `SageMakerOutput`. The
API reference, DataProcessing: what was sent and is no object is `SageMakerInput` there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegauge.sources.capture import sent_and_answered
from tidegauge.sources.jsontext import TEXTS, parse
from tidegauge.sources.payload import Columns, document_rows
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegauge.model.batch import Chunk, Part, Reader
    from tidegauge.sources.payload import Row

INFERENCE_ID = ("SageMakerInferenceId", "SageMakerInferenceTime")
_INPUT, _OUTPUT = "SageMakerInput", "SageMakerOutput"


@dataclass(frozen=True, slots=True)
class Joined:
    """A line of JSON to rows: what was sent, with the `outputs` of the answer where it is joined.

    Values without names are `inputs`, then `outputs`; what GenerateInferenceId adds is no column
    unless `identified` asks for it.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    skip: frozenset[str] = frozenset()
    identified: bool = False

    def __call__(self, text: str) -> tuple[Row, ...]:
        """Raises BadRecord: the line cannot be read, with the reason."""
        document = parse(text, TEXTS)
        both = Columns((*self.inputs, *self.outputs), self.skip)
        if not isinstance(document, dict):
            return document_rows(document, both)
        rows = self._rows(document, both)
        if self.identified:
            for row in rows:
                row.update((key, str(document[key])) for key in INFERENCE_ID if key in document)
        return rows

    def _rows(self, document: Mapping[str, Any], both: Columns) -> tuple[Row, ...]:
        sent = {key: v for key, v in document.items() if key not in (*INFERENCE_ID, _OUTPUT)}
        if _OUTPUT not in document:
            return document_rows(sent, both)
        inputs, outputs = sent_and_answered(self.inputs, self.outputs, self.skip)
        rows = document_rows(sent[_INPUT] if list(sent) == [_INPUT] else sent, inputs)
        if not self.outputs:
            return rows
        answers = document_rows(document[_OUTPUT], outputs)
        if len(rows) != len(answers):
            raise BadRecord(
                f"{_OUTPUT} has {len(answers)} rows, the input {len(rows)}: expected as many"
            )
        for row, answered in zip(rows, answers, strict=True):
            row.update(answered)
        return rows


@dataclass(frozen=True, slots=True)
class Named:
    """A reader of CSV without a header, whose columns get these names by their places."""

    read: Reader
    names: tuple[str, ...]

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """The chunks of the reader; columns beyond the names keep the reader's `_c5`."""
        names = {f"_c{i}": name for i, name in enumerate(self.names)}
        for chunk in self.read(part):
            columns = [names.get(name, name) for name in chunk.table.column_names]
            mismatched = tuple((names.get(name, name), texts) for name, texts in chunk.mismatched)
            yield replace(chunk, table=chunk.table.rename_columns(columns), mismatched=mismatched)
