"""The grammar of CSV rows, for what pyarrow's reader does not say: where a row is, and is it whole.

A field in quotes (RFC 4180) may hold commas, newlines and doubled quotes; a quote inside a field
that does not begin with one is an ordinary character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from tidegauge.sources import reading
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEWLINE = ord("\n")
_QUOTED = r'"[^"]*+(?:""[^"]*+)*+"'
_FIELD = rf'(?:{_QUOTED}|[^",\r\n][^,\r\n]*+|)'
_NEXT = re.compile(rf"({_FIELD})(,|\r?\n|\r|\Z)")
_END = r"(?:\r?\n|\r|\Z)"
_ROW = re.compile(rf"{_FIELD}(?:,{_FIELD})*+{_END}".encode())
_OPEN = r'[^"]*+(?:""[^"]*+)*+'  # what stands in a field between its quotes
# What more bytes may yet make a row of: the last field's quote is open, or may have been doubled.
_BEGUN = re.compile(rf'{_FIELD}(?:,{_FIELD})*+(?:"{_OPEN})?+\Z'.encode())
# A row from within a field in quotes to its end, and what more bytes may yet make such an end.
_REST = re.compile(rf'{_OPEN}"(?:,{_FIELD})*+{_END}'.encode())
_BEGUN_REST = re.compile(rf'{_OPEN}(?:"(?:,{_FIELD})*+(?:"{_OPEN})?+)?+\Z'.encode())
# A line whose first quote cannot close a field.
_CERTAIN = re.compile(rb'(?:\A|\n)[^"\n]*+"[^",\r\n]')
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


def certain_row(lines: bytes) -> int | None:
    """Where a row begins in some lines, whatever stands before them; None if that is not certain.

    A line is not within quotes if its first one is followed by what cannot follow a closing one.
    """
    match = _CERTAIN.search(lines)
    return None if match is None else match.end() - len(match[0].removeprefix(b"\n"))


def is_paired(data: bytes) -> bool:
    """Whether every quote in some rows opens or closes a field: then they are all whole."""
    match = _PAIRED.match(data)
    return match is not None and match.end() == len(data)


def spans(data: bytes, *, ended: bool = True) -> Iterator[Span]:
    """Row after row, blank lines too; a line whose quotes are not paired is no row.

    Nor is one that begins a row of more than `RECORD_BYTES`. Unless the data has `ended` there is
    no span of what the bytes to come may still change.
    """
    position = 0
    while position < len(data):
        row = _ROW.match(data, position)
        too_far = (row.end() if row else len(data)) - position > reading.RECORD_BYTES
        row = None if too_far else row
        if not (ended or too_far) and _may_go_on(data, position, row):
            return
        stop = row.end() if row else data.find(b"\n", position) + 1
        if not (stop or ended):
            return
        stop = stop or len(data)
        yield Span(position, stop, row is not None)
        position = stop


def _may_go_on(data: bytes, position: int, row: re.Match[bytes] | None) -> bool:
    if row:
        return row.end() == len(data) and data[-1] != _NEWLINE
    return _BEGUN.match(data, position) is not None


class Within(Enum):
    """Whether a place may be within a field in quotes of a row."""

    NO = auto()
    MAYBE = auto()
    UNDECIDED = auto()  # as long as what follows is not known


def within(data: bytes, *, ended: bool = False) -> Within:
    """What the data from a line's beginning on tells: NO is certain, whatever stands before.

    A row that the place is in would have to end, as a row does, within `RECORD_BYTES`.
    """
    rest = _REST.match(data)
    if rest and rest.end() < reading.RECORD_BYTES:
        return Within.UNDECIDED if rest.end() == len(data) and not ended else Within.MAYBE
    too_far = rest or len(data) >= reading.RECORD_BYTES
    if ended or too_far or not _BEGUN_REST.match(data):
        return Within.NO
    return Within.UNDECIDED


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
