"""Great Expectations: a suite's JSON, of its releases before and since 1.0.

Sources: the gallery of expectations; `ExpectationSuite.to_json_dict`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tidegauge.documents.importing.imported import (
    Imported,
    NotCarried,
    above,
    below,
    imported,
    rule,
    whole,
)
from tidegauge.documents.reader import Reader, mapping, text
from tidegauge.model.outcome import Severity
from tidegauge.rules.packs.of_batches import Compare, Distinct, Mean, Quantile, Rows, StdDev, Sum
from tidegauge.rules.packs.of_values import (
    Completeness,
    Domain,
    Exists,
    Length,
    Pattern,
    Range,
    Type,
    Unique,
)
from tidegauge.rules.packs.terms import Operator, ValueType

if TYPE_CHECKING:
    from tidegauge.rules.packs.checks import RuleCheck
    from tidegauge.rules.packs.rule import Rule

Arguments = Mapping[str, Any]
Reading = Callable[[Arguments], "tuple[RuleCheck, ...]"]

_TYPES = {
    "Integral": ("int", "int64", "int32", "IntegerType", "LongType", "INTEGER", "BIGINT"),
    "Fractional": ("float", "float64", "DoubleType", "FloatType", "DOUBLE", "DecimalType"),
    "String": ("str", "object", "StringType", "TEXT", "VARCHAR"),
    "Boolean": ("bool", "BooleanType", "BOOLEAN"),
    "Date": ("date", "DateType", "DATE"),
    "Timestamp": ("datetime64", "datetime64[ns]", "TimestampType", "TIMESTAMP"),
}
# What an expectation carries beside what it asks.
_BESIDE = frozenset(
    ("column", "column_A", "column_B", "column_list", "mostly", "row_condition", "condition_parser",
     "result_format", "include_config", "catch_exceptions", "batch_id", "auto", "meta", "notes",
     "description", "severity", "profiler_config", "id", "rendered_content")
)  # fmt: skip


def read_suite(document: dict[str, Any], where: str) -> Imported:
    """The pack of a suite.

    Raises:
        DocumentError: it is not a suite's JSON, or nothing of it can be carried over.
    """
    rules: list[Rule] = []
    left: list[str] = []
    for entry in Reader(document, where).objects("expectations"):
        kind = entry.maybe("type", text) or entry.get("expectation_type", text)
        arguments = entry.maybe("kwargs", mapping) or {}
        try:
            rules += _rules(kind, arguments, entry)
        except NotCarried as error:
            of = arguments.get("column") or arguments.get("column_list") or ""
            left.append(f"{kind}{f' of {of}' if of else ''}: {error}")
    return imported(rules, left, where, "a suite of Great Expectations")


def _rules(kind: str, arguments: Arguments, entry: Reader) -> list[Rule]:
    reading = _READINGS.get(kind)
    if reading is None:
        raise NotCarried("packs have nothing like it")
    used = _Used({k: v for k, v in arguments.items() if v is not None})
    checks = reading(used)
    if ignored := sorted(set(used.given) - used.seen - _BESIDE):
        raise NotCarried(f"packs have nothing like its {', '.join(ignored)}")
    columns = tuple(str(used.given[k]) for k in ("column", "column_A") if k in used.given)
    where = _where(arguments)
    notes, severity = _notes(entry), _severity(entry)
    return [
        rule(check, *columns[:1], where=where, description=notes, severity=severity)
        for check in checks
    ]


class _Used(Mapping[str, Any]):
    """Arguments that know which of them were looked at, so that none is passed over."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.seen: set[str] = set()

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401  (JSON)
        self.seen.add(key)
        if key not in self.given:
            raise KeyError(key)
        return self.given[key]

    def __iter__(self) -> Any:  # noqa: ANN401
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def _where(arguments: Arguments) -> str:
    condition = arguments.get("row_condition")
    if condition is None:
        return ""
    if not isinstance(condition, str) or arguments.get("condition_parser") != "spark":
        raise NotCarried("its row_condition is not one of Spark's SQL")
    return condition


def _notes(entry: Reader) -> str:
    notes = entry.fields.get("description") or entry.fields.get("notes")
    if notes is None:
        meta = entry.fields.get("meta")
        notes = meta.get("notes") if isinstance(meta, dict) else None
    if isinstance(notes, dict):
        notes = notes.get("content")
    if isinstance(notes, list):
        notes = " ".join(map(str, notes))
    return notes if isinstance(notes, str) else ""


def _severity(entry: Reader) -> Severity:
    return Severity.CRITICAL if entry.fields.get("severity") == "critical" else Severity.WARNING


def _mostly(arguments: Arguments) -> float:
    share = arguments.get("mostly", 1.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise NotCarried("its `mostly` is no share")
    return float(share)


def _bounds(arguments: Arguments) -> tuple[float | None, float | None]:
    """Its bounds, both included; `strict_min` and `strict_max` leave theirs out."""
    low, high = arguments.get("min_value"), arguments.get("max_value")
    for value in (low, high):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise NotCarried("its bounds are not numbers")
    if low is None and high is None:
        raise NotCarried("it has no bounds")
    if arguments.get("strict_min") and low is not None:
        low = above(float(low))
    if arguments.get("strict_max") and high is not None:
        high = below(float(high))
    return low, high


def _counts(arguments: Arguments) -> tuple[int | None, int | None]:
    return whole(_bounds(arguments))


def _exactly(arguments: Arguments) -> tuple[int, int]:
    value = arguments.get("value")
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotCarried("its value is no count")
    return value, value


def _domain(arguments: Arguments) -> tuple[RuleCheck, ...]:
    values = arguments.get("value_set")
    if not isinstance(values, list) or not values:
        raise NotCarried("it lists no values")
    if not all(isinstance(value, str | int | float) for value in values):
        raise NotCarried("its values are not all texts and numbers")
    return (Domain(tuple(values), _mostly(arguments)),)


def _type(arguments: Arguments) -> tuple[RuleCheck, ...]:
    word = str(arguments.get("type_"))
    known = next((name for name, words in _TYPES.items() if word in words), None)
    if known is None:
        raise NotCarried(f"packs do not know its type {word!r}")
    return (Type(ValueType(known), _mostly(arguments)),)


def _greater(arguments: Arguments) -> tuple[RuleCheck, ...]:
    operator = Operator.AT_LEAST if arguments.get("or_equal") else Operator.GREATER
    _refuse_nulls(arguments)
    return (Compare(operator, str(arguments["column_B"]), _mostly(arguments)),)


def _equal(arguments: Arguments) -> tuple[RuleCheck, ...]:
    _refuse_nulls(arguments)
    return (Compare(Operator.EQUAL, str(arguments["column_B"]), _mostly(arguments)),)


def _together(arguments: Arguments) -> tuple[RuleCheck, ...]:
    columns = arguments.get("column_list")
    if not isinstance(columns, list) or not columns:
        raise NotCarried("it lists no columns")
    if arguments.get("ignore_row_if", "all_values_are_missing") not in {
        "any_value_is_missing", "all_values_are_missing",
    }:  # fmt: skip
        raise NotCarried("rows in which a column has no value do not count in packs")
    return (Unique(tuple(map(str, columns)), _mostly(arguments)),)


def _refuse_nulls(arguments: Arguments) -> None:
    if arguments.get("ignore_row_if", "either_value_is_missing") == "never":
        raise NotCarried("rows in which a column has no value do not count in packs")


def _quantiles(arguments: Arguments) -> tuple[RuleCheck, ...]:
    asked = arguments.get("quantile_ranges")
    if not isinstance(asked, dict) or "quantiles" not in asked or "value_ranges" not in asked:
        raise NotCarried("it has no quantile_ranges")
    arguments.get("allow_relative_error")
    pairs = zip(asked["quantiles"], asked["value_ranges"], strict=True)
    return tuple(Quantile(at, low, high) for at, (low, high) in pairs)


def _length(found: tuple[int | None, int | None], arguments: Arguments) -> Length:
    return Length(*found, _mostly(arguments))


def _pattern(arguments: Arguments) -> tuple[RuleCheck, ...]:
    regex = arguments.get("regex")
    if not isinstance(regex, str) or not regex:
        raise NotCarried("its regex is no text")
    return (Pattern(regex, _mostly(arguments)),)


_READINGS: Mapping[str, Reading] = {
    "expect_column_to_exist": lambda _: (Exists(),),
    "expect_column_values_to_not_be_null": lambda a: (Completeness(_mostly(a)),),
    "expect_column_values_to_be_in_set": _domain,
    "expect_column_values_to_be_between": lambda a: (Range(*_bounds(a), _mostly(a)),),
    "expect_column_values_to_match_regex": _pattern,
    "expect_column_value_lengths_to_be_between": lambda a: (_length(_counts(a), a),),
    "expect_column_value_lengths_to_equal": lambda a: (_length(_exactly(a), a),),
    "expect_column_values_to_be_of_type": _type,
    "expect_column_values_to_be_unique": lambda a: (Unique((), _mostly(a)),),
    "expect_compound_columns_to_be_unique": _together,
    "expect_column_pair_values_a_to_be_greater_than_b": _greater,
    "expect_column_pair_values_to_be_equal": _equal,
    "expect_table_row_count_to_be_between": lambda a: (Rows(*_counts(a)),),
    "expect_table_row_count_to_equal": lambda a: (Rows(*_exactly(a)),),
    "expect_column_unique_value_count_to_be_between": lambda a: (Distinct(*_counts(a)),),
    "expect_column_mean_to_be_between": lambda a: (Mean(*_bounds(a)),),
    "expect_column_stdev_to_be_between": lambda a: (StdDev(*_bounds(a)),),
    "expect_column_sum_to_be_between": lambda a: (Sum(*_bounds(a)),),
    "expect_column_median_to_be_between": lambda a: (Quantile(0.5, *_bounds(a)),),
    "expect_column_min_to_be_between": lambda a: (Quantile(0.0, *_bounds(a)),),
    "expect_column_max_to_be_between": lambda a: (Quantile(1.0, *_bounds(a)),),
    "expect_column_quantile_values_to_be_between": _quantiles,
}
