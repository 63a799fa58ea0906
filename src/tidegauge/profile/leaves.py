"""Nested columns opened: a struct's fields by their path, a list's lengths and its elements.

A list `tags` becomes `tags.length`, one number a row, and `tags[]`, its elements one after another;
a map is a list of entries, `prices[].key` and `prices[].value`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column that is not nested, by its path; one value a row, unless they are `elements`."""

    name: str
    values: pa.ChunkedArray
    elements: bool = False


def leaves(table: pa.Table) -> Iterator[Leaf]:
    """The columns of a table; what is inside a null struct is null, a null list has no elements.

    A nested type that Arrow cannot open comes as it is.
    """
    for name, column in zip(table.column_names, table.columns, strict=True):
        yield from _below(Leaf(name, column))


def _below(leaf: Leaf) -> Iterator[Leaf]:
    type_ = leaf.values.type
    if isinstance(type_, pa.BaseExtensionType):
        storage = [chunk.storage for chunk in leaf.values.chunks]
        plain = pa.chunked_array(storage, type_.storage_type)
        yield from _below(Leaf(leaf.name, plain, leaf.elements))
    elif pa.types.is_struct(type_):
        for field, values in zip(type_, leaf.values.flatten(), strict=True):
            yield from _below(Leaf(f"{leaf.name}.{field.name}", values, leaf.elements))
    elif pa.types.is_map(type_) or any(is_list(type_) for is_list in _LISTS):
        yield from _inside(leaf)
    else:
        yield leaf


def _inside(leaf: Leaf) -> Iterator[Leaf]:
    lists = leaf.values
    try:
        if pa.types.is_map(lists.type):
            lists = lists.cast(pa.list_(_entry(lists.type)))
        lengths, elements = pc.list_value_length(lists), pc.list_flatten(lists)
    except pa.ArrowException:
        yield leaf
        return
    yield Leaf(f"{leaf.name}.length", lengths, leaf.elements)
    yield from _below(Leaf(f"{leaf.name}[]", elements, elements=True))


def _entry(type_: pa.MapType) -> pa.StructType:
    return pa.struct([("key", type_.key_type), ("value", type_.item_type)])
