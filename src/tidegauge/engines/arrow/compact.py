"""Rows in the form in which they are moved: ids side by side without offsets, labels as codes.

Ids are mostly all of one length (digits of a UUID), and labels are few: so both become values of a
fixed width, which are dealt, compared and put together several times as fast as texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.merged import ID, LABEL
from tidegauge.states.hashing import text_buffers

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_CODES = 1 << 14  # beyond it the column is no class, and the texts are as well off themselves


def compact(table: pa.Table) -> pa.Table:
    """The same rows, their ids and labels in values of a fixed width where they allow it."""
    for name, made in ((ID, _fixed), (LABEL, _coded)):
        table = _with(table, name, made(one_piece(table, name)))
    return table


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of compact tables after one another, each column in one piece."""
    for name in (ID, LABEL):
        if len({table.schema.field(name).type for table in tables}) > 1:
            tables = [_with(table, name, plain(one_piece(table, name))) for table in tables]
    table = pa.concat_tables(tables)
    if any(pa.types.is_dictionary(kind) for kind in table.schema.types):
        table = table.unify_dictionaries()
    return table.combine_chunks()


def plain(array: pa.Array) -> pa.Array:
    """The values as they were before they became compact."""
    if pa.types.is_dictionary(array.type):
        return array.dictionary_decode()
    if pa.types.is_fixed_size_binary(array.type):
        return pc.cast(array, pa.string(), safe=False)  # they were texts
    return array


def is_constant(column: pa.ChunkedArray) -> bool:
    """Whether a column has one value in all its rows; of nested ones and of codes nobody asks."""
    if column.null_count:
        return bool(column.null_count == len(column))
    if pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
        return False
    if not len(column) or column[0] != column[len(column) - 1]:
        return False
    bounds = pc.min_max(column)
    return bool(bounds["min"] == bounds["max"])


def one_piece(table: pa.Table, name: str) -> pa.Array:
    """A column as one array."""
    column = table.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _fixed(ids: pa.Array) -> pa.Array:
    """Texts that are all of one length without their offsets, not copied."""
    if ids.null_count or not len(ids) or not pa.types.is_string(ids.type):
        return ids
    offsets, data = text_buffers(ids)
    first, length = int(offsets[0]), int(offsets[1] - offsets[0])
    if not length or (np.diff(offsets) != length).any():
        return ids
    buffer = pa.py_buffer(data[first : first + len(ids) * length])
    return pa.Array.from_buffers(pa.binary(length), len(ids), [None, buffer])


def _coded(labels: pa.Array) -> pa.Array:
    """Texts as codes of a dictionary; numbers, and texts of too many kinds, as they are."""
    coded = labels.dictionary_encode() if pa.types.is_string(labels.type) else labels
    if pa.types.is_dictionary(coded.type) and len(coded.dictionary) > _MOST_CODES:
        return plain(labels)
    return coded


def _with(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)
