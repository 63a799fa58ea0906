"""The rows that a preprocessing script makes of a record, or of a line of training data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from numbers import Number
from typing import TYPE_CHECKING, Any

from tidegauge.sources.inference import BATCH_OUTPUT, InferenceRecord
from tidegauge.sources.jsonrows import leaves
from tidegauge.sources.jsontext import parse
from tidegauge.sources.nested import names
from tidegauge.sources.rejected import BadRecord
from tidegauge.sources.script import ScriptError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.sources.payload import Row
    from tidegauge.sources.script import Script


@dataclass(frozen=True, slots=True)
class Scripted:
    """A record to the rows that the script returns: a dict, a list, `[]` or `{}` for none.

    With an `encoding` a record is a row of a batch transform's file as it stands there.
    """

    script: Script
    encoding: str = ""

    def __call__(self, text: str) -> tuple[Row, ...]:
        """Raises BadRecord: the record is none, or the script fails or returns something else."""
        return _rows(self.script, InferenceRecord(self._event(text)))

    def _event(self, text: str) -> dict[str, Any]:
        if self.encoding:
            payload = {"data": text, "encoding": self.encoding, "mode": "OUTPUT"}
            return {"captureData": {BATCH_OUTPUT: payload}, "eventVersion": "0"}
        event = parse(text)
        if not isinstance(event, dict):
            raise BadRecord("the line is JSON, but no object")
        return event


@dataclass(frozen=True, slots=True)
class ScriptedLine:
    """A line of training data as it stands there to the rows that the script returns.

    Source: the developer guide, "Create a Model Quality Baseline": a CSV's header is a line, too.
    """

    script: Script

    def __call__(self, text: str) -> tuple[Row, ...]:
        """Raises BadRecord: the script fails or returns something else."""
        return _rows(self.script, text)


def _rows(script: Script, record: object) -> tuple[Row, ...]:
    try:
        answer = script.call(record)
    except ScriptError as error:
        raise BadRecord(f"the script {error}") from None
    rows = answer if isinstance(answer, list | tuple) else [answer]
    return tuple(_row(script, row) for row in rows if row != {})


def _row(script: Script, row: object) -> Row:
    if not isinstance(row, dict):
        raise BadRecord(
            f"the script {script.uri} returned {type(row).__name__}: expected a dict, a list of "
            "dicts, or [] to drop the record"
        )
    try:
        return {_whole(name): _text(value) for name, value in _flat(row).items()}
    except (RecursionError, TypeError, ValueError) as error:
        raise BadRecord(f"the script {script.uri} returned no values: {error}") from None


def _flat(row: Mapping[Any, Any]) -> dict[str, object]:
    """The values by the names of their columns, nested ones by their dotted path."""
    if not any(isinstance(value, dict) for value in row.values()):
        return {str(key): value for key, value in row.items()}
    found = {tuple(map(str, path)): value for path, value in leaves(row)}
    by_path = names(list(found))
    return {by_path[path]: value for path, value in found.items()}


def _text(value: object) -> str | None:
    """A value as text; None is missing."""
    match value:
        case None:
            return None
        case str():
            return _whole(value)
        case bool():
            return "true" if value else "false"
        case Number():
            return str(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            return json.dumps(value)
        case _:
            raise TypeError(f"a {type(value).__name__} in the place of one")


def _whole(text: str) -> str:
    """The text; raises ValueError where it holds half a character (a lone surrogate)."""
    if not text.isascii():
        text.encode()
    return text
