"""Deequ's suggestions: the JSON of `ConstraintSuggestionRunner`, in Python's or Scala's words.

What a suggestion means stands in `code_for_constraint` alone: a call such as
`.hasCompleteness("a", lambda x: x >= 0.9, "...")`, which is read here, and never run.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tidegauge.documents.importing.imported import (
    Bounds,
    Imported,
    NotCarried,
    bounds,
    imported,
    rule,
    share_of,
    whole,
)
from tidegauge.documents.reader import Reader, text
from tidegauge.rules.packs.of_batches import (
    Compare,
    Distinct,
    Entropy,
    Mean,
    Predicate,
    Quantile,
    Rows,
    StdDev,
    Sum,
)
from tidegauge.rules.packs.of_values import (
    Completeness,
    Domain,
    Length,
    Pattern,
    Sign,
    Type,
    Unique,
)
from tidegauge.rules.packs.terms import Operator, SignWord, ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidegauge.rules.packs.checks import RuleCheck
    from tidegauge.rules.packs.rule import Rule

_CALL = re.compile(r"^\.?(\w+)\((.*)\)$", re.DOTALL)
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')|(?P<mark>[\[\](),])'
    r"|(?P<word>[^\[\](),\"']+))"
)
_COMPARISON = re.compile(r"(?:\b\w+|_)\s*(==|>=|<=|>|<)\s*(-?[\d.]+(?:[eE][-+]?\d+)?)[dDfFL]?")
_TYPES = {
    "Integral": ValueType.INTEGRAL,
    "Fractional": ValueType.FRACTIONAL,
    "Numeric": ValueType.FRACTIONAL,
    "String": ValueType.STRING,
    "Boolean": ValueType.BOOLEAN,
}
_SIGNS = {"isNonNegative": SignWord.NON_NEGATIVE, "isPositive": SignWord.POSITIVE}
_RELATIONS = {
    "isLessThan": Operator.LESS,
    "isLessThanOrEqualTo": Operator.AT_MOST,
    "isGreaterThan": Operator.GREATER,
    "isGreaterThanOrEqualTo": Operator.AT_LEAST,
}


def read_deequ(document: dict[str, Any], where: str) -> Imported:
    """The pack of some suggestions.

    Raises:
        DocumentError: it is not their JSON, or none of them can be carried over.
    """
    rules: list[Rule] = []
    left: list[str] = []
    for entry in Reader(document, where).objects("constraint_suggestions"):
        code = entry.get("code_for_constraint", text).strip()
        try:
            check, columns = read_call(code)
        except NotCarried as error:
            left.append(f"{code}: {error}")
        else:
            rules.append(rule(check, *columns))
    return imported(rules, left, where, "Deequ's suggestions")


def read_call(code: str) -> tuple[RuleCheck, tuple[str, ...]]:
    """The check that a call adds, and its columns.

    Raises:
        NotCarried: no rule says it.
    """
    match = _CALL.match(code)
    if match is None:
        raise NotCarried("it is not one call")
    name, arguments = match[1], _arguments(match[2])
    column = arguments[0] if arguments and isinstance(arguments[0], str) else ""
    columns = (column,) if column else ()
    simple: Mapping[str, Callable[[], RuleCheck]] = {
        "isComplete": lambda: Completeness(1.0),
        "hasCompleteness": lambda: Completeness(share_of(_asked(arguments))),
        "isUnique": Unique,
        "hasUniqueness": lambda: _unique(arguments),
        "isContainedIn": lambda: _domain(arguments),
        "hasDataType": lambda: _type(arguments),
        "hasPattern": lambda: _pattern(arguments),
        "hasMin": lambda: Quantile(0.0, *_asked(arguments)),
        "hasMax": lambda: Quantile(1.0, *_asked(arguments)),
        "hasMean": lambda: Mean(*_asked(arguments)),
        "hasStandardDeviation": lambda: StdDev(*_asked(arguments)),
        "hasSum": lambda: Sum(*_asked(arguments)),
        "hasEntropy": lambda: Entropy(*_asked(arguments)),
        "hasMinLength": lambda: _least_length(_asked(arguments)),
        "hasMaxLength": lambda: _greatest_length(_asked(arguments)),
        "hasApproxCountDistinct": lambda: Distinct(*whole(_asked(arguments))),
        "hasSize": lambda: Rows(*whole(_asked(arguments))),
        "satisfies": lambda: Predicate(column),
    }
    if name in _SIGNS:
        return Sign(_SIGNS[name]), columns
    if name in _RELATIONS and len(arguments) > 1:
        return Compare(_RELATIONS[name], str(arguments[1])), columns
    if name not in simple:
        raise NotCarried(f"packs have nothing like {name}")
    check = simple[name]()
    alone = isinstance(check, Rows | Predicate) or (isinstance(check, Unique) and check.columns)
    if not alone and not columns:
        raise NotCarried("it names no column")
    return check, () if alone else columns


def _arguments(code: str) -> list[Any]:
    """Texts, lists of texts, and as they stand lambdas and what else there is."""
    found: list[Any] = []
    stack = [found]
    place = 0
    while place < len(code.rstrip()):
        token = _TOKEN.match(code, place)
        if token is None:
            raise NotCarried("its arguments cannot be read")
        place = token.end()
        if token["text"]:
            stack[-1].append(_unquoted(token["text"]))
        elif token["mark"] in {"[", "("}:
            inner: list[Any] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif token["mark"] in {"]", ")"}:
            if len(stack) == 1:
                raise NotCarried("its arguments cannot be read")
            stack.pop()
        elif token["word"] and token["word"].strip():
            stack[-1].append(_Code(token["word"].strip()))
    return found


class _Code:
    """Code that is no text: a lambda, a name, a number."""

    def __init__(self, code: str) -> None:
        self.code = code


def _unquoted(quoted: str) -> str:
    inner = quoted[1:-1]
    if quoted[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"'))
    except json.JSONDecodeError:
        return inner


def _asked(arguments: Sequence[Any]) -> Bounds:
    """The bounds of the first comparison with numbers among the arguments."""
    for argument in arguments:
        if isinstance(argument, _Code) and (found := _COMPARISON.findall(argument.code)):
            if " or " in argument.code or "||" in argument.code or len(found) > 2:
                raise NotCarried("its condition is more than two bounds")
            lows, highs = zip(*(bounds(op, float(number)) for op, number in found), strict=True)
            low = max((v for v in lows if v is not None), default=None)
            return low, min((v for v in highs if v is not None), default=None)
    raise NotCarried("its condition is no comparison with a number")


def _share(arguments: Sequence[Any]) -> float:
    """The share that is asked for; all where nothing is."""
    codes = [a for a in arguments if isinstance(a, _Code) and _COMPARISON.search(a.code)]
    return share_of(_asked(codes)) if codes else 1.0


def _lists(arguments: Sequence[Any]) -> list[list[Any]]:
    return [argument for argument in arguments if isinstance(argument, list)]


def _unique(arguments: Sequence[Any]) -> Unique:
    named = tuple(str(c) for found in _lists(arguments)[:1] for c in found)
    return Unique(named, _share(arguments))


def _domain(arguments: Sequence[Any]) -> Domain:
    values = [value for found in _lists(arguments)[:1] for value in found if isinstance(value, str)]
    if not values:
        raise NotCarried("it lists no values")
    return Domain(tuple(values), _share(arguments))


def _type(arguments: Sequence[Any]) -> Type:
    words = [a.code.rpartition(".")[2] for a in arguments if isinstance(a, _Code)]
    known = [_TYPES[word] for word in words if word in _TYPES]
    if not known:
        raise NotCarried("it names no type that packs know")
    return Type(known[0], _share(arguments))


def _pattern(arguments: Sequence[Any]) -> Pattern:
    texts = [argument for argument in arguments[1:] if isinstance(argument, str)]
    texts += [str(t) for found in _lists(arguments) for t in found if isinstance(t, str)]
    if not texts:
        raise NotCarried("its pattern is not a text")
    return Pattern(texts[0], _share(arguments))


def _least_length(asked: Bounds) -> Length:
    low, _ = whole(asked)
    if low is None:
        raise NotCarried("packs bound the least length from below only")
    return Length(low, None)


def _greatest_length(asked: Bounds) -> Length:
    _, high = whole(asked)
    if high is None:
        raise NotCarried("packs bound the greatest length from above only")
    return Length(None, high)
