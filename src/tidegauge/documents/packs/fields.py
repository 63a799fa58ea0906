"""The fields of checks: how the YAML value of each type is read, and its JSON Schema."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from tidegauge.documents.reader import UnfitError, count, number, share
from tidegauge.errors import UsageError
from tidegauge.model.window import parse_duration
from tidegauge.rules.packs.terms import Age, Count, Scalar, Share

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a check: its name, how a value is read, its schema, and whether it must be."""

    name: str
    fit: Callable[[Any], Any]
    schema: dict[str, Any]
    required: bool


def fields_of(check: type[Any]) -> tuple[Field, ...]:
    """The fields of a check's dataclass, in its order."""
    hints = get_type_hints(check, include_extras=True)
    return tuple(
        Field(f.name, *_kind(hints[f.name]), required=f.default is MISSING) for f in fields(check)
    )


def _kind(hint: Any) -> tuple[Callable[[Any], Any], dict[str, Any]]:  # noqa: ANN401  (a type)
    """A fit and a schema; an optional field is one that may be absent, never null."""
    options = [option for option in get_args(hint) if option is not NoneType]
    if hint != Scalar and len(options) == 1 and NoneType in get_args(hint):
        hint = options[0]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _word_of(hint), {"enum": [word.value for word in hint]}
    known: dict[Any, tuple[Callable[[Any], Any], dict[str, Any]]] = {
        Share: (share, {"type": "number", "minimum": 0, "maximum": 1}),
        Count: (count, {"type": "integer", "minimum": 0}),
        Age: (_age, {"type": "string", "description": "a duration such as 6h or PT6H"}),
        float: (number, {"type": "number"}),
        bool: (_flag, {"type": "boolean"}),
        str: (filled, {"type": "string", "minLength": 1}),
        tuple[str, ...]: (names, NAMES),
        tuple[Scalar, ...]: (_scalars, {"type": "array", "items": _SCALAR, "minItems": 1}),
    }
    return known[hint]


_SCALAR = {"type": ["string", "number", "boolean"]}
NAMES = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}


def filled(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise UnfitError("a text (in quotes where YAML would read something else)")
    return value


def names(value: object) -> tuple[str, ...]:
    """One name, or a list of names."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed:
        raise UnfitError("a column's name or a list of names")
    return tuple(filled(item) for item in listed)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnfitError("true or false")
    return value


def _scalars(value: object) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str | int | float) for v in value):
        raise UnfitError("a list of texts and numbers")
    return tuple(value)


def _age(value: object) -> str:
    try:
        parse_duration(filled(value))
    except UsageError:
        raise UnfitError("a duration such as 6h, 1d or PT6H") from None
    return str(value)


def _word_of(words: type[StrEnum]) -> Callable[[Any], StrEnum]:
    known = {word.value: word for word in words}

    def fit(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in known:
            raise UnfitError("one of " + ", ".join(map(repr, known)), known)
        return known[value]

    return fit
