"""The grammar of CSV rows, for what pyarrow's reader does not say: where a row is, and is it whole.

A field in quotes (RFC 4180) may hold commas, newlines and doubled quotes; a quote inside a field
that does not begin with one is an ordinary character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTED = r'"[^"]*+(?:""[^"]*+)*+"'
_FIELD = rf'(?:{_QUOTED}|[^",\r\n][^,\r\n]*+|)'
_ROW = re.compile(rf"{_FIELD}(?:,{_FIELD})*+(?:\r?\n|\r|\Z)".encode())
_NEXT = re.compile(rf"({_FIELD})(,|\r?\n|\r|\Z)")
# Nothing but the quotes matters here: each opens a field or closes it.
_PAIRED = re.compile(rf'[^"]*+(?:(?<![^,\r\n]){_QUOTED}(?=[,\r\n]|\Z)[^"]*+)*+'.encode())

# One row, for the columns of texts that Arrow matches: RE2 has no possessive quantifiers.
_RE2_FIELD = _FIELD.replace("*+", "*")
ONE_ROW = rf"^{_RE2_FIELD}(?:,{_RE2_FIELD})*$"


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes `[start, stop)` of a row with its newline, or of a line that is none."""

    start: int
    stop: int
    is_row: bool

    def of(self, data: bytes) -> bytes:
        return data[self.start : self.stop].rstrip(b"\r\n")


def is_paired(data: bytes) -> bool:
    """Whether every quote in some rows opens or closes a field: then they are all whole."""
    match = _PAIRED.match(data)
    return match is not None and match.end() == len(data)


def spans(data: bytes) -> Iterator[Span]:
    """Row after row, blank lines too; a line whose quotes are not paired is no row."""
    position = 0
    while position < len(data):
        row = _ROW.match(data, position)
        stop = row.end() if row else data.find(b"\n", position) + 1 or len(data)
        yield Span(position, stop, row is not None)
        position = stop


def whole_rows(data: bytes) -> int:
    """How many of the first bytes are whole rows, as far as the number of quotes says.

    Zero if there is no such row yet.
    """
    stop = data.rfind(b"\n") + 1
    quotes = data.count(b'"', 0, stop)
    while quotes % 2:
        before = data.rfind(b"\n", 0, stop - 1) + 1
        quotes -= data.count(b'"', before, stop)
        stop = before
    return stop


def split_rows(text: str) -> list[list[str | None]]:
    """The fields of each row, None for an empty one without quotes; blank lines are left out.

    Raises:
        BadRecord: a quote is not paired.
    """
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    position = 0
    while position < len(text) or row:
        match = _NEXT.match(text, position)
        if match is None:
            raise BadRecord("a quote in it is not paired")
        field, end = match.groups()
        row.append(_unquoted(field) if field else None)
        position = match.end()
        if end != ",":
            if row != [None]:
                rows.append(row)
            row = []
    return rows


def _unquoted(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field
