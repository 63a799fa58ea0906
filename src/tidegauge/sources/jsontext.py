"""JSON Lines to tables: by pyarrow where every line is sound, line by line where one is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import json as arrow_json

from tidegauge.sources.reading import is_utf8
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from tidegauge.sources.lines import Lines

_BLOCK_BYTES = 1 << 20

VALUES = json.JSONDecoder()
# Numbers as the texts that they are written as.
TEXTS = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def read_fast(lines: Lines, schema: pa.Schema | None = None) -> pa.Table | None:
    """One row a record, or None where pyarrow's reader cannot be trusted with these records.

    With a schema: its columns alone, and no value of another type.
    """
    if not lines.are_objects() or not is_utf8(lines.data):
        return None
    longest = int((lines.stops - lines.starts).max(initial=0))
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
    return table if table.num_rows == len(lines) else None


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
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise BadRecord("it is not JSON that can be read: it is nested too deeply") from None
    except UnicodeEncodeError:
        raise BadRecord("it is not JSON: it holds half a character (a lone surrogate)") from None
    except ValueError as error:
        raise BadRecord(f"it is not JSON: {error}") from None
    return value


def _parse_line(line: bytes) -> dict[str, Any]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise BadRecord("the line is not UTF-8") from None
    value = parse(text)
    if not isinstance(value, dict):
        raise BadRecord("the line is JSON, but no object")
    return value
