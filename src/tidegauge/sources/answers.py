"""The columns of a model's answers, whatever they are called and written as, by their own names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.statistics import Kind
from tidegauge.sources.columns import one_array
from tidegauge.sources.kinds import conform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PROBABILITIES = pa.list_(pa.float64())


class Form(StrEnum):
    """What a column of an answer is: a number, a class or other text, a list of probabilities."""

    NUMBER = "number"
    TEXT = "text"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """A column by the name that model quality knows it by, and the columns that it is made of.

    Several columns are the probabilities of a list, in order.
    """

    name: str
    sources: tuple[str, ...]
    form: Form

    @property
    def type(self) -> pa.DataType:
        return {Form.NUMBER: pa.float64(), Form.TEXT: pa.string(), Form.LIST: PROBABILITIES}[
            self.form
        ]

    def of(self, table: pa.Table) -> pa.Array:
        """The column's values; null where a value is missing or of another kind."""
        columns = [_column(table, name) for name in self.sources]
        match self.form:
            case Form.NUMBER:
                return numbers(columns[0])
            case Form.TEXT:
                return texts(columns[0])
            case Form.LIST if len(columns) == 1:
                return _lists(columns[0])
            case Form.LIST:
                return _side_by_side([numbers(column) for column in columns])


def kinds_of(columns: Iterable[AnswerColumn]) -> Mapping[str, Kind]:
    """What text formats are to read the sources as; of a list's alone they tell themselves."""
    kinds = {Form.NUMBER: Kind.FRACTIONAL, Form.TEXT: Kind.TEXT}
    found = {source: column.form for column in columns for source in column.sources}
    several = {s for column in columns if len(column.sources) > 1 for s in column.sources}
    return {
        source: kinds.get(form, Kind.FRACTIONAL)
        for source, form in found.items()
        if form is not Form.LIST or source in several
    }


def numbers(column: pa.Array) -> pa.Array:
    """The values as float64; what is no number is null."""
    values, _ = conform(column, Kind.FRACTIONAL)
    return values if values.type == pa.float64() else pa.nulls(len(column), pa.float64())


def texts(column: pa.Array) -> pa.Array:
    """The values as texts."""
    if pa.types.is_nested(column.type):
        return pa.nulls(len(column), pa.string())
    return pc.cast(column, pa.string())


def classes(column: pa.Array) -> pa.Array:
    """The values as texts; of whole numbers, which are few, as codes of a dictionary of texts."""
    if not pa.types.is_integer(column.type):
        return texts(column)
    coded = column.dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices, pc.cast(coded.dictionary, pa.string()))


def _column(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows)
    return one_array(table.column(name))


def _lists(column: pa.Array) -> pa.Array:
    """Lists of numbers, or texts of such lists as JSON writes them."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return pc.cast(column, PROBABILITIES)
    if pa.types.is_fixed_size_list(column.type):
        return pc.cast(column, PROBABILITIES)
    if pa.types.is_null(column.type) or pa.types.is_nested(column.type):
        return pa.nulls(len(column), PROBABILITIES)
    return pa.array([_list(text) for text in texts(column).to_pylist()], PROBABILITIES)


def _list(text: str | None) -> list[float] | None:
    try:
        value = json.loads(text) if text is not None else None
        return [float(number) for number in value] if isinstance(value, list) else None
    except (ValueError, TypeError):
        return None


def _side_by_side(columns: Sequence[pa.Array]) -> pa.Array:
    """One list a row; null where any of its numbers is."""
    values = np.column_stack([pc.fill_null(column, np.nan).to_numpy() for column in columns])
    offsets = np.arange(len(values) + 1, dtype=np.int32) * len(columns)
    unknown = np.isnan(values).any(axis=1)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(values.ravel()), mask=pa.array(unknown)
    )
