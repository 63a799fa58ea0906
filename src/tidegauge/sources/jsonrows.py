"""JSON objects to a table in Python, for those that pyarrow's reader does not take."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidegauge.sources.nested import Path, names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def table_of(objects: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One row an object, nested objects flattened; the columns in the order of their first values.

    A column of numbers, booleans or texts alone keeps that type; one of mixed values becomes text.
    """
    columns: dict[Path, list[Any]] = {}
    for row, value in enumerate(objects):
        for path, leaf in leaves(value):
            column = columns.setdefault(path, [])
            column.extend([None] * (row - len(column)))
            column.append(leaf)
    by_path = names(list(columns))
    for leaves_of_one in columns.values():
        leaves_of_one.extend([None] * (len(objects) - len(leaves_of_one)))
    return pa.table({by_path[path]: _array(column) for path, column in columns.items()})


def leaves(value: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The values in an object that are no objects, each with the path to it; null for `{}`."""
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from leaves(inner, (*above, key))
        else:
            yield (*above, key), None if isinstance(inner, dict) else inner


def _text(value: object) -> str | None:
    """A JSON value as text: a text as it is, anything else as JSON writes it; null is None."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _array(values: list[Any]) -> pa.Array:
    types = {type(value) for value in values if value is not None}
    if types <= {int, float} or len(types) <= 1:
        for type_ in (None, pa.float64()) if float not in types else (pa.float64(),):
            with suppress(pa.ArrowException, OverflowError, TypeError):
                return pa.array(values, type_)
    return pa.array([_text(value) for value in values], pa.string())
