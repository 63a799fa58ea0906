"""The payloads of a single record: CSV, JSON or base64 of either, to rows of named texts.

This is the careful way, for what cannot be read in bulk; `bulk.py` is the fast one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.sources.delimited import split_rows
from tidegauge.sources.jsonrows import leaves
from tidegauge.sources.jsontext import TEXTS, parse
from tidegauge.sources.nested import names as names_of
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = dict[str, str | None]

# A JSON document that holds its rows in a list under one of these keys (SageMaker's containers).
ROWS_KEYS = ("instances", "predictions")
VALUES_KEY = "features"


@dataclass(frozen=True, slots=True)
class Columns:
    """What values without names are called, in order, and which ones with names are not looked at.

    These are the ones in `skip`, and with `only` all but `names`: whatever they are, a list even,
    their row is read.
    """

    names: tuple[str, ...]
    skip: frozenset[str] = frozenset()
    only: bool = False

    def of(self, names: Sequence[str]) -> list[str]:
        """Which of these are looked at."""
        return [n for n in names if n not in self.skip and not (self.only and n not in self.names)]


def rows_of(data: str, encoding: str, content_type: str, columns: Columns) -> tuple[Row, ...]:
    """The rows of a payload by column; rows without names of their own take the given ones.

    Raises:
        BadRecord: the payload cannot be read, or a row has another width, with the reason.
    """
    match encoding.upper():
        case "CSV":
            return csv_rows(data, columns)
        case "JSON":
            return json_rows(data, columns)
        case "BASE64":
            return _decoded_rows(data, content_type, columns)
        case _:
            raise BadRecord(f"its encoding is {encoding!r}: expected CSV, JSON or BASE64")


def csv_rows(data: str, columns: Columns) -> tuple[Row, ...]:
    """The rows of CSV text without a header; an empty text is one empty field.

    Raises:
        BadRecord: a quote is not paired, or a row has another width.
    """
    return tuple(_positional(fields, columns) for fields in split_rows(data) or [[None]])


def json_rows(data: str, columns: Columns) -> tuple[Row, ...]:
    """The rows of a JSON document, or of several, one a line.

    A document is a row or a list of rows, also under `instances` or `predictions`. A row is an
    object (nested ones flattened by path), a list of values, also under `features`, or a value.
    A list of values by itself is one row, unless there is one column only.

    Raises:
        BadRecord: it is not JSON, a row is of another form, or has another width.
    """
    try:
        documents = [parse(data, TEXTS)]
    except BadRecord:
        lines = [line for line in data.split("\n") if line.strip()]  # not at U+2028 in a text
        if len(lines) < 2:
            raise
        documents = [parse(line, TEXTS) for line in lines]
    return tuple(row for document in documents for row in document_rows(document, columns))


def document_rows(document: object, columns: Columns) -> tuple[Row, ...]:
    """The rows of one JSON document whose numbers are texts, as of `json_rows`.

    Raises:
        BadRecord: a row is of another form, or has another width.
    """
    return tuple(_row(row, columns) for row in _listed(document, len(columns.names)))


def _decoded_rows(data: str, content_type: str, columns: Columns) -> tuple[Row, ...]:
    try:
        text = base64.b64decode("".join(data.split()), validate=True).decode()
    except ValueError as error:  # characters that are not of base64, or bytes that are not UTF-8
        raise BadRecord(f"it is not base64 of text: {error}") from None
    if "csv" in content_type.lower():
        return csv_rows(text, columns)
    if "json" in content_type.lower():
        return json_rows(text, columns)
    raise BadRecord(f"it is base64 of the content type {content_type!r}: expected CSV or JSON")


def _listed(document: object, width: int) -> Sequence[object]:
    """The rows in a document."""
    if isinstance(document, dict):
        for key in ROWS_KEYS:
            if isinstance(document.get(key), list):
                return list(document[key])
    if isinstance(document, list):
        values = not any(isinstance(item, dict | list) for item in document)
        return [document] if values and width != 1 else document
    return [document]


def _row(row: object, columns: Columns) -> Row:
    if isinstance(row, dict) and list(row) == [VALUES_KEY]:
        row = row[VALUES_KEY]
    if isinstance(row, dict):
        return _named(row, columns)
    values = row if isinstance(row, list) else [row]
    return _positional([v if type(v) is str else _text(v) for v in values], columns)


def _named(row: Mapping[str, object], columns: Columns) -> Row:
    if any(isinstance(value, dict) for value in row.values()):
        found = dict(leaves(row))
        by_path = names_of(list(found))
        row = {by_path[path]: value for path, value in found.items()}
    if columns.only:
        row = {name: row[name] for name in columns.names if name in row}
    skip = columns.skip
    return {
        name: v if type(v) is str else _text(v, name) for name, v in row.items() if name not in skip
    }


def _text(value: object, name: str = "") -> str | None:
    """A value as text; numbers are texts already."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            of = f" of {name!r}, which `features.exclude` would leave out" if name else ""
            raise BadRecord(f"it has a list or an object in the place of a value{of}")


def _positional(fields: Sequence[str | None], columns: Columns) -> Row:
    names = columns.names
    if len(fields) != len(names):
        raise BadRecord(f"a row of it has {len(fields)} columns: expected {len(names)}")
    return dict(zip(names, fields, strict=True))
