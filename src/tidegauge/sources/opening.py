"""The records of a block of JSON Lines opened: the texts in them that are wanted, by their path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.sources.alike import read_alike
from tidegauge.sources.columns import one_array
from tidegauge.sources.jsontext import read_each, read_fast
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegauge.sources.lines import Lines
    from tidegauge.sources.nested import Path

_FEW = 32  # records that are looked at one by one if something is wrong with one of them
_PIECES = 16  # that a larger number of records is cut into then


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What records of one kind have: texts at the paths of `wanted`, in structs of the schema.

    `varying` are the paths of what differs from one record to the next. `row` makes a row of the
    schema of a record that is read by itself, or raises BadRecord.
    """

    schema: pa.Schema
    wanted: tuple[Path, ...]
    varying: tuple[Path, ...]
    row: Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Some records of a block by their indices, their texts by path; and why others have none."""

    records: NDArray[np.int64]
    columns: Mapping[Path, pa.Array]
    broken: tuple[tuple[int, str], ...] = ()


def open_records(lines: Lines, form: Form) -> Opened:
    """All records at once if they are sound; else in ever smaller pieces around those that are not.

    Whatever is wrong with a record, its neighbours are read.
    """
    pieces = list(_pieces(lines, 0, form))
    return Opened(
        np.concatenate([piece.records for piece in pieces]),
        {path: _together([piece.columns[path] for piece in pieces]) for path in form.wanted},
        tuple(broken for piece in pieces for broken in piece.broken),
    )


def _together(arrays: Sequence[pa.Array]) -> pa.Array:
    return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


def _pieces(lines: Lines, first: int, form: Form) -> Iterator[Opened]:
    """The records of some lines, which are those from `first` on; at least one piece."""
    columns = _read_at_once(lines, form)
    if columns is not None:
        yield Opened(np.arange(first, first + len(lines)), columns)
    elif len(lines) <= _FEW:
        yield _one_by_one(lines, first, form)
    else:
        step = max(_FEW, len(lines) // _PIECES)
        for start in range(0, len(lines), step):
            yield from _pieces(lines.slice(start, start + step), first + start, form)


def _read_at_once(lines: Lines, form: Form) -> Mapping[Path, pa.Array] | None:
    columns = read_alike(lines, form.wanted, form.varying)
    if columns is not None:
        return columns
    table = read_fast(lines, form.schema)
    return None if table is None else _columns(table, form)


def _columns(table: pa.Table, form: Form) -> Mapping[Path, pa.Array]:
    return {
        path: one_array(pc.struct_field(table.column(path[0]), path[1:])) for path in form.wanted
    }


def _one_by_one(lines: Lines, first: int, form: Form) -> Opened:
    objects = read_each(lines)
    rows, records, broken = [], [], list(objects.broken)
    for i, value in objects.found:
        try:
            rows.append(form.row(value))
            records.append(first + i)
        except BadRecord as error:
            broken.append((i, str(error)))
    table = pa.Table.from_pylist(rows, form.schema)
    found = np.array(records, np.int64)
    reasons = tuple((first + i, reason) for i, reason in broken)
    return Opened(found, _columns(table, form), reasons)
