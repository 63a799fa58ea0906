"""DQDL, the language of AWS Glue Data Quality: `Rules = [ IsComplete "a", RowCount > 10 ]`.

Source: the Glue guide, "Data Quality Definition Language (DQDL) reference". Its `between` leaves
both ends out, and a condition on values holds for all of them unless there is a threshold.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidegauge.documents.importing.dqdl_tokens import Token, statements
from tidegauge.documents.importing.imported import (
    Bounds,
    Imported,
    NotCarried,
    above,
    below,
    bounds,
    imported,
    rule,
    share_of,
    whole,
)
from tidegauge.rules.packs.of_batches import Correlation, Distinct, Entropy, Mean, Rows, StdDev, Sum
from tidegauge.rules.packs.of_values import (
    Completeness,
    Domain,
    Exists,
    Freshness,
    Length,
    Pattern,
    Range,
    Type,
    Unique,
)
from tidegauge.rules.packs.terms import ValueType

if TYPE_CHECKING:
    from tidegauge.rules.packs.checks import RuleCheck
    from tidegauge.rules.packs.rule import Rule

_OPERATORS = frozenset((">=", "<=", ">", "<", "="))
_UNITS = {"days": "d", "day": "d", "hours": "h", "hour": "h", "minutes": "m", "minute": "m"}
_TYPES = {
    "integer": ValueType.INTEGRAL,
    "long": ValueType.INTEGRAL,
    "double": ValueType.FRACTIONAL,
    "float": ValueType.FRACTIONAL,
    "decimal": ValueType.FRACTIONAL,
    "string": ValueType.STRING,
    "boolean": ValueType.BOOLEAN,
    "date": ValueType.DATE,
    "timestamp": ValueType.TIMESTAMP,
}


def read_dqdl(text: str, where: str) -> Imported:
    """The pack of a ruleset.

    Raises:
        DocumentError: it is no DQDL (with the line), or no rule of it can be carried over.
    """
    rules: list[Rule] = []
    left: list[str] = []
    for tokens in statements(text, where):
        told = " ".join(token.text for token in tokens)
        try:
            rules += _Statement(tokens).rules()
        except NotCarried as error:
            left.append(f"line {tokens[0].line}: {told}: {error}")
    return imported(rules, left, where, "a DQDL ruleset")


class _Statement:
    """One rule, read from its first token to its last."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._place = 0

    def rules(self) -> list[Rule]:
        """The rules of a pack that say the same.

        Raises:
            NotCarried: there are none.
        """
        if self._peek() == "(" or any(map(self._joins, range(len(self._tokens)))):
            raise NotCarried("rules that are put together are not carried over: write them apart")
        kind = self._next()
        columns = []
        while self._kind() == "text":
            columns.append(_unquoted(self._next()))
        checks = self._checks(kind, columns)
        where = self._where()
        if self._place < len(self._tokens):
            raise NotCarried(f"packs have nothing like {self._peek()!r} in it")
        return [
            rule(check, *([] if _alone(check) else columns[:1]), where=where) for check in checks
        ]

    def _joins(self, index: int) -> bool:
        """Whether this word joins rules: the `and` of a `between` follows a number."""
        token = self._tokens[index]
        if token.kind != "word" or token.text not in {"and", "or"}:
            return False
        return token.text == "or" or self._tokens[index - 1].kind != "number"

    def _checks(self, kind: str, columns: list[str]) -> list[RuleCheck]:  # noqa: C901, PLR0912
        match kind:
            case "RowCount":
                return [Rows(*whole(self._bounds()))]
            case _ if not columns:
                raise NotCarried("packs have nothing like it")
            case "IsComplete":
                return [Completeness(1.0)]
            case "Completeness":
                return [Completeness(share_of(self._bounds()))]
            case "IsUnique":
                return [Unique()]
            case "Uniqueness":
                return [Unique((), share_of(self._bounds()))]
            case "IsPrimaryKey" if len(columns) == 1:
                return [Unique(), Completeness(1.0)]
            case "IsPrimaryKey":
                return [Unique(tuple(columns))]
            case "ColumnExists":
                return [Exists()]
            case "ColumnValues":
                return [self._values()]
            case "ColumnLength":
                low, high = whole(self._bounds())
                return [Length(low, high, self._threshold())]
            case "ColumnDataType":
                return [self._type()]
            case "Mean":
                return [Mean(*self._bounds())]
            case "StandardDeviation":
                return [StdDev(*self._bounds())]
            case "Sum":
                return [Sum(*self._bounds())]
            case "Entropy":
                return [Entropy(*self._bounds())]
            case "DistinctValuesCount":
                return [Distinct(*whole(self._bounds()))]
            case "ColumnCorrelation" if len(columns) == 2:
                return [Correlation(columns[1], *self._bounds())]
            case "DataFreshness":
                return [self._freshness()]
            case _:
                raise NotCarried("packs have nothing like it")

    def _values(self) -> RuleCheck:
        """A condition on every value, or on the share that a threshold asks for."""
        match self._peek():
            case "in":
                self._next()
                values = self._list()
                return Domain(values, self._threshold())
            case "matches":
                self._next()
                return Pattern(_unquoted(self._next()), self._threshold())
            case "=" if self._kind(1) == "text":
                self._next()
                return Domain((_unquoted(self._next()),), self._threshold())
            case _:
                low, high = self._bounds()
                return Range(low, high, self._threshold())

    def _type(self) -> RuleCheck:
        if self._next() != "=":
            raise NotCarried("its type is not given by '='")
        word = _unquoted(self._next()).lower()
        if word not in _TYPES:
            raise NotCarried(f"packs do not know its type {word!r}")
        return Type(_TYPES[word], self._threshold())

    def _freshness(self) -> RuleCheck:
        operator, number, unit = self._next(), self._next(), self._next()
        if operator not in {"<", "<="} or unit not in _UNITS or not number.isdecimal():
            raise NotCarried("freshness is an age that is not to be exceeded")
        return Freshness(f"{number}{_UNITS[unit]}")

    def _bounds(self) -> Bounds:
        word = self._next()
        if word == "between":
            low = self._number()
            if self._next() != "and":
                raise NotCarried("its `between` has no `and`")
            return above(low), below(self._number())
        if word not in _OPERATORS:
            raise NotCarried(f"no bound says {word!r}")
        return bounds(word, self._number())

    def _threshold(self) -> float:
        """`with threshold > 0.9`; all of the values where there is none."""
        if self._peek() != "with":
            return 1.0
        self._next()
        if self._next() != "threshold":
            raise NotCarried("what follows its `with` is no threshold")
        return share_of(self._bounds())

    def _where(self) -> str:
        if self._peek() != "where":
            return ""
        self._next()
        return _unquoted(self._next())

    def _list(self) -> tuple[str | float, ...]:
        if self._next() != "[":
            raise NotCarried("its values are not a list")
        values: list[str | float] = []
        while (word := self._next()) != "]":
            if word != ",":
                values.append(_unquoted(word) if word.startswith('"') else _number(word))
        if not values:
            raise NotCarried("it lists no values")
        return tuple(values)

    def _number(self) -> float:
        return _number(self._next())

    def _peek(self) -> str:
        return self._tokens[self._place].text if self._place < len(self._tokens) else ""

    def _kind(self, ahead: int = 0) -> str:
        place = self._place + ahead
        return self._tokens[place].kind if place < len(self._tokens) else ""

    def _next(self) -> str:
        if self._place == len(self._tokens):
            raise NotCarried("it ends too early")
        self._place += 1
        return self._tokens[self._place - 1].text


def _alone(check: RuleCheck) -> bool:
    """Whether a rule names its columns itself, or has none."""
    return isinstance(check, Rows) or (isinstance(check, Unique) and bool(check.columns))


def _number(text: str) -> float:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        raise NotCarried(f"expected a number, found {text}") from None


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        raise NotCarried(f"expected a text in quotes, found {text}")
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if '\\"' in text else text[1:-1]
