"""JSON text: values to bytes and back; strict, readable and quick for long lists of numbers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tidegauge.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import NoReturn

_LINE_LENGTH = 128
_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)')


def dump(value: Mapping[str, Any]) -> bytes:
    """The document's text in UTF-8, keys in the order given, the same bytes each time.

    Structure is indented by two spaces; a list without objects, and an object of scalars that
    fits, stand on one line (a sketch of 6,000 numbers is one call of the C encoder).

    Raises:
        ValueError: a number is NaN or infinite, for which JSON has no word.
        TypeError: a value is not a JSON value.
    """
    out: list[str] = []
    _write(value, "\n", out)
    out.append("\n")
    # A lone surrogate has no UTF-8; its backslash form is just the escape that JSON has for it.
    return "".join(out).encode("utf-8", "backslashreplace")


def _write(value: object, newline: str, out: list[str]) -> None:
    if isinstance(value, dict):
        line = _one_line(value)
        if line is None or len(newline) + len(line) > _LINE_LENGTH:
            fields = ((_COMPACT.encode(key) + ": ", item) for key, item in value.items())
            _write_block("{}", fields, newline, out)
        else:
            out.append(line)
    elif isinstance(value, list) and _holds_objects(value):
        _write_block("[]", (("", item) for item in value), newline, out)
    else:
        out.append(_COMPACT.encode(value))


def _write_block(
    brackets: str, items: Iterable[tuple[str, object]], newline: str, out: list[str]
) -> None:
    inner = newline + "  "
    before = brackets[0] + inner
    for label, item in items:
        out.append(before + label)
        _write(item, inner, out)
        before = "," + inner
    out.append(newline + brackets[1])


def _one_line(value: dict[str, object]) -> str | None:
    """The text of an object that holds nothing but scalars."""
    is_flat = set(map(type, value.values())).isdisjoint((dict, list))
    return _COMPACT.encode(value) if is_flat else None


def _holds_objects(values: list[object]) -> bool:
    kinds = set(map(type, values))
    return dict in kinds or (
        list in kinds and any(_holds_objects(item) for item in values if isinstance(item, list))
    )


def load(data: bytes, where: str) -> dict[str, Any]:
    """The object that the text holds; `where` names the document in messages.

    Raises:
        DocumentError: it is not UTF-8 or not JSON (line and column given), holds NaN or Infinity,
            names a key twice in one object, or is not an object.
    """
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise DocumentError(f"{where}: byte {error.start} is not UTF-8: {error.reason}") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DocumentError(f"{where}: {place}: not JSON: {error.msg}") from None
    except _ConstantError as error:
        raise DocumentError(
            f"{where}: {_place_of_constant(text)}: {error} is not JSON: expected a number or null"
        ) from None
    except RecursionError:
        raise DocumentError(f"{where}: not readable: nested too deeply") from None
    except ValueError as error:
        raise DocumentError(f"{where}: not readable: {error}") from None
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise DocumentError(f"{where}: expected a JSON object, found a value of type {kind}")
    return value


class _ConstantError(ValueError):
    """The text holds NaN, Infinity or -Infinity."""


def _refuse(constant: str) -> NoReturn:
    raise _ConstantError(constant)


def _place_of_constant(text: str) -> str:
    start = next((m.start() for m in _STRING_OR_CONSTANT.finditer(text) if m[1]), 0)
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return f"line {line}, column {column}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return fields
