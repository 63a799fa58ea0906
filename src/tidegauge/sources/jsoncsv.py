"""JSON payloads in other words: those that say no more than a CSV does are made one.

Plain numbers and simple texts in lists, or in objects that all have the same keys in the same
order, are CSV once their keys and brackets are gone. A pattern that holds a payload as a whole
proves that it is one of these; every other payload is left to a JSON parser.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.sources.payload import ROWS_KEYS, VALUES_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

# No character of a text has a meaning in JSON or CSV, or in the patterns below.
_TEXT = r'"[^"\\,:{}\[\]\x00-\x1f\x7f]*"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_PRESENT = rf"(?:{_NUMBER}|{_TEXT}|true|false)"
_VALUE = rf"(?:{_PRESENT}|null)"
_KEY = re.compile(r"[A-Za-z0-9_. -]+")
_KEYS = r'"[^":]*": ?'
_BETWEEN_ROWS = r"[\]}]+,[\[{]+"
_NULL = r"(^|[,\n])null"


@dataclass(frozen=True, slots=True)
class Reworded:
    """Payloads as CSV texts, null for those that could not be made one.

    `names` are the columns of objects; None for lists, whose values have no names.
    """

    texts: pa.Array
    names: tuple[str, ...] | None


def reworded(payloads: pa.Array, width: int) -> Reworded | None:
    """JSON payloads that are like the first one as CSV; `width` is that of rows without names.

    None if the first is not of that kind. One row a payload, or those under `instances` or
    `predictions`.
    """
    first = payloads.drop_null().slice(0, 1).to_pylist()
    keys = _keys_of(first[0]) if first else None
    if keys is None:
        return None
    row = _object(keys) if keys else _list()
    # A list of values by itself is as many rows where there is one column.
    whole = _rows_of(row) if not keys and width == 1 else f"(?:{row}|{_rows_of(row)})"
    try:
        fit = pc.match_substring_regex(payloads, f"^{whole}$")
    except pa.ArrowInvalid:  # more keys than a pattern may have
        return None
    return Reworded(_as_csv(pc.if_else(fit, payloads, None)), keys or None)


def _keys_of(text: str) -> tuple[str, ...] | None:
    """The keys of the rows in a payload, none for lists of values; None for any other payload."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and len(value) == 1 and value.keys() <= set(ROWS_KEYS):
        (value,) = value.values()
        value = value[0] if isinstance(value, list) and value else None
    if isinstance(value, dict) and list(value) != [VALUES_KEY]:
        keys = tuple(value)
        return keys if keys and all(map(_KEY.fullmatch, keys)) else None
    return () if isinstance(value, dict | list) else None


# A row of one absent value would be an empty line, which is no row of a CSV.


def _object(keys: Sequence[str]) -> str:
    value = _VALUE if len(keys) > 1 else _PRESENT
    return r"\{" + ", ?".join(rf'"{re.escape(key)}": ?{value}' for key in keys) + r"\}"


def _list() -> str:
    values = rf"\[(?:{_PRESENT}|{_VALUE}(?:, ?{_VALUE})+)\]"
    return rf'(?:{values}|\{{"{VALUES_KEY}": ?{values}\}})'


def _rows_of(row: str) -> str:
    return rf'\{{"(?:{"|".join(ROWS_KEYS)})": ?\[{row}(?:, ?{row})*\]\}}'


def _as_csv(payloads: pa.Array) -> pa.Array:
    """The values of payloads that fit, a line a row; an absent one is an empty field."""
    texts = pc.replace_substring_regex(payloads, _KEYS, "")
    texts = pc.replace_substring(texts, ", ", ",")
    texts = pc.replace_substring_regex(texts, _BETWEEN_ROWS, "\n")
    texts = pc.ascii_trim(texts, "[]{}")
    return pc.replace_substring_regex(texts, _NULL, r"\1")
