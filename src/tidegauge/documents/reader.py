"""Reading JSON values with the path in hand, so that an error says where, and what was expected.

A fit turns a JSON value into what the model wants, or raises `UnfitError` with what it expected.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from tidegauge.errors import DocumentError, did_you_mean

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Fit = Callable[[Any], T]

_ABSENT = object()
_SHOWN = 60  # characters of a value that a message shows


class UnfitError(ValueError):
    """A value is not what was expected; `known` are the words that would have been fit."""

    def __init__(self, expected: str, known: Collection[str] = ()) -> None:
        super().__init__(expected)
        self.known = known


@dataclass(frozen=True, slots=True)
class Reader:
    """One JSON object of a document, and where it stands in it ("" for the document itself).

    Every method that reads raises DocumentError for a value that is unfit.
    """

    fields: Mapping[str, Any]
    where: str
    path: str = ""

    def at(self, key: str) -> str:
        """The path of a key, as in `features[3].completeness`."""
        return f"{self.path}.{key}" if self.path else key

    def get(self, key: str, fit: Fit[T]) -> T:
        """The value of a key that must be there."""
        return self._fitted(self.fields.get(key, _ABSENT), fit, key)

    def maybe(self, key: str, fit: Fit[T]) -> T | None:
        """The value of a key that may be absent or null: None then."""
        value = self.fields.get(key)
        return None if value is None else self._fitted(value, fit, key)

    def section(self, key: str) -> Reader:
        """The object under a key that must be there."""
        return Reader(self.get(key, mapping), self.where, self.at(key))

    def maybe_section(self, key: str) -> Reader | None:
        """The object under a key that may be absent or null: None then."""
        return None if self.fields.get(key) is None else self.section(key)

    def values(self, key: str, fit: Fit[T]) -> dict[str, T]:
        """The values of an object that must be there, all of one sort."""
        inner = self.section(key)
        return {name: inner.get(name, fit) for name in inner.fields}

    def objects(self, key: str) -> tuple[Reader, ...]:
        """The objects of a list that must be there."""
        keys = [f"{key}[{index}]" for index in range(len(self.get(key, _list)))]
        items = zip(keys, self.fields[key], strict=True)
        return tuple(Reader(self._fitted(v, mapping, k), self.where, self.at(k)) for k, v in items)

    def named_objects(self, key: str) -> tuple[Reader, ...]:
        """The objects of a list, each with a `name` that no other has."""
        readers = self.objects(key)
        seen: set[str] = set()
        for reader in readers:
            name = reader.get("name", text)
            if name in seen:
                place = f"{self.where}: {reader.at('name')}"
                raise DocumentError(f"{place}: expected each name once, found {name!r} again")
            seen.add(name)
        return readers

    def refuse_misspelled(self, known: Collection[str]) -> None:
        """Unknown keys are tolerated, but not a slip for a known one: it would do nothing."""
        for key in self.fields:
            if key not in known and (hint := did_you_mean(key, known)):
                raise DocumentError(f"{self.where}: {self.at(key)}: unknown key{hint}")

    def _fitted(self, value: object, fit: Fit[T], key: str) -> T:
        try:
            return fit(value)
        except UnfitError as error:
            hint = did_you_mean(value, error.known) if isinstance(value, str) else ""
            raise DocumentError(
                f"{self.where}: {self.at(key)}: expected {error}, found {_shown(value)}{hint}"
            ) from None


def _shown(value: object) -> str:
    if value is _ABSENT:
        return "nothing"
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."


def text(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise UnfitError("a text")
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UnfitError("a list of texts")
    return tuple(value)


def each(fit: Fit[T]) -> Fit[tuple[T, ...]]:
    """A fit for lists whose values are all of one sort."""

    def fitted(value: object) -> tuple[T, ...]:
        return tuple(map(fit, _list(value)))

    return fitted


def number(value: object) -> float:
    """A finite number, as a float."""
    return _number(value, "a finite number", -sys.float_info.max, sys.float_info.max)


def distance(value: object) -> float:
    """A number from 0 on."""
    return _number(value, "a number, 0 or more", 0.0, sys.float_info.max)


def share(value: object) -> float:
    """A number from 0 to 1."""
    return _number(value, "a share, from 0 to 1", 0.0, 1.0)


def count(value: object) -> int:
    """A whole number from 0 on; 3.0 is one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value % 1:
        raise UnfitError("a count, a whole number from 0 on")
    return int(value)


def _number(value: object, expected: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise UnfitError(expected)
    return float(value)


def flag(value: object) -> bool:
    """true or false, or SageMaker's words for them."""
    match value:
        case True | "Enabled":
            return True
        case False | "Disabled":
            return False
        case _:
            raise UnfitError("'Enabled' or 'Disabled'", ("Enabled", "Disabled"))


def mapping(value: object) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise UnfitError("an object")
    return value


def version_zero(value: object) -> float:
    """SageMaker's version, which is 0 in some spelling."""
    if isinstance(value, bool) or value not in (0, "0", "0.0"):
        raise UnfitError("version 0.0")
    return 0.0


def version_one(value: object) -> int:
    """The version of the documents of our own."""
    if isinstance(value, bool) or value != 1:
        raise UnfitError("version 1 (another release of tidegauge wrote this document)")
    return 1


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise UnfitError("a list")
    return value


def one_of(words: type[E], others: Mapping[str, E] | None = None) -> Fit[E]:
    """A fit for the words of an enum; `others` are spellings that are read but never written."""
    known = {word.value: word for word in words} | dict(others or {})

    def fit(value: object) -> E:
        if not isinstance(value, str) or value not in known:
            raise UnfitError("one of " + ", ".join(repr(word.value) for word in words), known)
        return known[value]

    return fit
