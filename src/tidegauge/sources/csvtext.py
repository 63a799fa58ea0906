"""Rows of CSV text to Arrow columns: declared kinds read directly, all else by way of texts.

Only an empty field without quotes is null (Spark's rule); quoted fields may hold newlines; blank
lines are ignored. A row of another width is left out and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv

from tidegauge.model.statistics import Kind
from tidegauge.sources.kinds import FALSE_WORDS, TRUE_WORDS, arrow_type, plain_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BLOCK_BYTES = 1 << 20  # of text that pyarrow converts at once: what the caches hold


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of the wrong width: `index` counts all rows from 0, the blank lines left out."""

    index: int
    found_columns: int
    text: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of the right width, some columns perhaps still as texts, and the others."""

    table: pa.Table
    bad: tuple[BadRow, ...] = ()


def read_rows(
    data: pa.Buffer | bytes,
    names: Sequence[str],
    wanted: Sequence[str],
    kinds: Mapping[str, Kind],
) -> Rows:
    """The wanted columns of rows that have the given names, in the order of `wanted`.

    First everything straight into its type; if a value resists, everything as texts, from which
    `columns.typed` makes the columns.

    Raises:
        pa.ArrowInvalid: the text is not CSV, for example not UTF-8.
    """
    direct = {name: _direct_type(kinds.get(name)) for name in wanted}
    if any(not pa.types.is_string(type_) for type_ in direct.values()):
        try:
            rows = _read(data, names, direct)
        except pa.ArrowInvalid:
            pass
        else:
            if _trusted(rows.table, data):
                return rows
    return _read(data, names, dict.fromkeys(wanted, pa.string()))


def _direct_type(kind: Kind | None) -> pa.DataType:
    """The type that pyarrow's CSV reader is to convert to: times need our own care."""
    expected = arrow_type(kind)
    return pa.string() if expected is None or kind in (Kind.DATE, Kind.TIMESTAMP) else expected


def _trusted(table: pa.Table, data: pa.Buffer | bytes) -> bool:
    """Whether no column holds what pyarrow takes for a number and we do not: NaN, inf, 0x1F."""
    if not all(plain_numbers(column) for column in table.columns):
        return False
    if not any(pa.types.is_integer(column.type) for column in table.columns):
        return True
    text = data if isinstance(data, bytes) else data.to_pybytes()
    return not any(x in text and b"0" + x in text for x in (b"x", b"X"))


def _read(data: pa.Buffer | bytes, names: Sequence[str], types: Mapping[str, pa.DataType]) -> Rows:
    if not len(data) or not types:
        return Rows(pa.table({name: pa.array([], type_) for name, type_ in types.items()}))
    try:
        return _read_blocks(data, names, types, _BLOCK_BYTES)
    except pa.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise
    return _read_blocks(data, names, types, len(data) + 1)  # a row is larger than a block


def _read_blocks(
    data: pa.Buffer | bytes,
    names: Sequence[str],
    types: Mapping[str, pa.DataType],
    block_bytes: int,
) -> Rows:
    bad: list[BadRow] = []

    def skip(row: csv.InvalidRow) -> str:
        bad.append(BadRow(row.number - 1, row.actual_columns, row.text))
        return "skip"

    table = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(use_threads=False, block_size=block_bytes, column_names=list(names)),
        csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
        csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=[*TRUE_WORDS, "1"],
            false_values=[*FALSE_WORDS, "0"],
        ),
    )
    return Rows(table, tuple(bad))
