"""JSON Lines to tables: by pyarrow where every line is sound, line by line where one is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow_json

from tidegauge.sources.reading import is_utf8
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from tidegauge.sources.lines import Lines

_BLOCK_BYTES = 1 << 20
DEPTH = 100  # levels of objects and lists that a record may have
_TOO_DEEP = f"it is not JSON that can be read: it is nested too deeply, over {DEPTH} levels"
# So many levels pyarrow survives; a record must have more bytes than twice as many to exceed them.
_SURVIVED_DEPTH = 1_000

VALUES = json.JSONDecoder()
# Numbers as the texts that they are written as.
TEXTS = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def read_fast(lines: Lines, schema: pa.Schema | None = None) -> pa.Table | None:
    """One row a record, or None where pyarrow's reader cannot be trusted with these records.

    With a schema: its columns alone, and no value of another type.
    """
    if not lines.are_objects() or not is_utf8(lines.data):
        return None
    sizes = lines.stops - lines.starts
    long = np.flatnonzero(sizes > 2 * _SURVIVED_DEPTH)
    if any(_openings(lines.record(i)) > _SURVIVED_DEPTH for i in long.tolist()):
        return None
    longest = int(sizes.max(initial=0))
    try:
        table = arrow_json.read_json(
            pa.BufferReader(lines.data),
            arrow_json.ReadOptions(
                use_threads=False, block_size=max(_BLOCK_BYTES, 2 * longest + 4)
            ),
            arrow_json.ParseOptions(
                explicit_schema=schema,
                unexpected_field_behavior="infer" if schema is None else "ignore",
            ),
        )
    except pa.ArrowException:
        return None
    if table.num_rows != len(lines) or _type_is_deep(table.schema):
        return None
    return table


def _openings(record: bytes) -> int:
    return record.count(b"{") + record.count(b"[")


def _type_is_deep(schema: pa.Schema) -> bool:
    types = [field.type for field in schema]
    for _ in range(DEPTH):
        types = [t.field(i).type for t in types for i in range(t.num_fields)]
    return bool(types)


@dataclass(frozen=True, slots=True)
class Objects:
    """The JSON objects among some records, by the records' indices, and why the others are none."""

    found: tuple[tuple[int, dict[str, Any]], ...]
    broken: tuple[tuple[int, str], ...]


def read_each(lines: Lines) -> Objects:
    """Every record on its own."""
    found: list[tuple[int, dict[str, Any]]] = []
    broken: list[tuple[int, str]] = []
    for i in range(len(lines)):
        try:
            found.append((i, _parse_line(lines.record(i))))
        except BadRecord as error:
            broken.append((i, str(error)))
    return Objects(tuple(found), tuple(broken))


def parse(text: str, decoder: json.JSONDecoder = VALUES) -> object:
    """The JSON value of a text.

    Raises:
        BadRecord: it is no JSON, too deep, or has half a character (a lone surrogate).
    """
    try:
        value: object = decoder.decode(text)
        if text.count("{") + text.count("[") > DEPTH:
            _refuse_deep(value)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise BadRecord(_TOO_DEEP) from None
    except UnicodeEncodeError:
        raise BadRecord("it is not JSON: it holds half a character (a lone surrogate)") from None
    except ValueError as error:
        raise BadRecord(f"it is not JSON: {error}") from None
    return value


def _refuse_deep(value: object) -> None:
    level: list[dict[str, Any] | list[Any]] = [value] if isinstance(value, dict | list) else []
    for _ in range(DEPTH):
        inside = (v for v in level for v in (v.values() if isinstance(v, dict) else v))
        level = [inner for inner in inside if isinstance(inner, dict | list)]
    if level:
        raise BadRecord(_TOO_DEEP)


def _parse_line(line: bytes) -> dict[str, Any]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise BadRecord("the line is not UTF-8") from None
    value = parse(text)
    if not isinstance(value, dict):
        raise BadRecord("the line is JSON, but no object")
    return value
