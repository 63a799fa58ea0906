"""Answers from the profile: what the statistics of a batch decide, with no look at the rows.

What they leave open says why; it is then asked of the rows, or not evaluated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.model.outcome import Verdict
from tidegauge.model.statistics import InferredType, Kind
from tidegauge.rules.counts import value_counts
from tidegauge.rules.finding import Finding, not_evaluated
from tidegauge.rules.packs.checks import (
    Completeness,
    Distinct,
    Domain,
    Entropy,
    Exists,
    Freshness,
    Length,
    Mean,
    Quantile,
    Range,
    Rows,
    Sign,
    StdDev,
    Sum,
    Type,
    Unique,
    ValueType,
)
from tidegauge.rules.packs.from_numbers import between, freshness, length, moment, quantile_of
from tidegauge.rules.packs.judging import Answer, Open, bounds_of, judged, meets
from tidegauge.rules.packs.measure import NUMBERS, as_number, as_text
from tidegauge.rules.packs.overlay import unique_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from tidegauge.model.statistics import Detail, FeatureStatistics, Statistics
    from tidegauge.rules.packs.overlay import InForce
    from tidegauge.rules.packs.rule import Rule

EXACT_DISTINCT = 4_095  # docs/states.md: below its capacity the state counts them exactly
_DISTINCT_ERROR = 3 / math.sqrt(4_094)  # three standard errors of the estimate beyond


@dataclass(frozen=True, slots=True)
class Batch:
    """What is known of a batch: its statistics, the end of its window, and what was hashed."""

    statistics: Statistics
    features: Mapping[str, FeatureStatistics]
    end: datetime | None
    sensitive: Collection[str] = ()

    @classmethod
    def of(
        cls, statistics: Statistics, end: datetime | None, sensitive: Collection[str] = ()
    ) -> Batch:
        return cls(statistics, {f.name: f for f in statistics.features}, end, sensitive)


def from_profile(one: InForce, batch: Batch) -> Answer:
    """What the profile says of a rule."""
    rule, rows = one.rule, batch.statistics.item_count
    if rule.where or rule.keep_failing:
        reason = "its `where` is about single rows" if rule.where else "its failing rows are kept"
        return Open(reason)
    if isinstance(rule.check, Rows):
        return judged(float(rows), rule)
    if not rows:
        return not_evaluated("the dataset has no rows")
    columns = unique_columns(one) if isinstance(rule.check, Unique) else (one.column,)
    if len(columns) != 1 or not columns[0]:
        return Open("it is about values that stand in one row")
    feature = batch.features.get(columns[0])
    if isinstance(rule.check, Exists):
        return _exists(rule, columns[0], feature)
    if feature is None:
        return not_evaluated("the column is missing")
    if feature.failure is not None:
        return not_evaluated(f"the column could not be profiled: {feature.failure}")
    return _of_feature(rule, feature, batch)


def _exists(rule: Rule, name: str, feature: FeatureStatistics | None) -> Finding:
    if feature is not None:
        return Finding(Verdict.HELD, f"The column {name!r} is there.", {})
    hint = f" {rule.description}" if rule.description else ""
    return Finding(Verdict.VIOLATED, f"The column {name!r} is missing.{hint}", {})


def _of_feature(rule: Rule, feature: FeatureStatistics, batch: Batch) -> Answer:
    """What hashed values tell as well as the values themselves goes first."""
    if isinstance(rule.check, Completeness):
        return _completeness(rule, feature)
    if not feature.num_present:
        return not_evaluated("there is no value that counts", n=0)
    detail = feature.detail
    if detail is None:
        return Open("the statistics were made elsewhere and have no details")
    match rule.check:
        case Unique():
            return _unique(rule, feature, detail)
        case Distinct():
            return _distinct(rule, feature, detail)
        case Entropy():
            return _entropy(rule, detail)
        case _ if feature.name in batch.sensitive:
            return Open("the profile has but hashes of a sensitive column")
        case Freshness():
            return freshness(rule, feature, detail, batch.end)
        case _:
            return _of_values(rule, feature, detail)


def _of_values(rule: Rule, feature: FeatureStatistics, detail: Detail) -> Answer:
    match rule.check:
        case Type() as check:
            return _type(rule, check, feature, detail)
        case Domain() as check:
            return _domain(rule, check, feature, detail)
        case Range() | Sign():
            return between(rule, feature, detail)
        case Length() as check:
            return length(rule, check, feature, detail)
        case Quantile() as check:
            return quantile_of(rule, check, feature, detail)
        case Mean() | StdDev() | Sum():
            return moment(rule, feature, detail)
        case _:
            return Open(f"a {rule.check.word} rule is about single rows")


def _completeness(rule: Rule, feature: FeatureStatistics) -> Finding:
    n = feature.num_present + feature.num_missing
    return judged(feature.num_present / n, rule, n=n, failing=feature.num_missing)


def _unique(rule: Rule, feature: FeatureStatistics, detail: Detail) -> Answer:
    """Decided where no value is there twice: some value being so, its share is not known."""
    distinct = detail.approximate_distinct
    if distinct is None or distinct > EXACT_DISTINCT or distinct < feature.num_present:
        return Open("the profile does not know how many values occur once")
    return judged(1.0, rule, n=feature.num_present, failing=0)


def _distinct(rule: Rule, feature: FeatureStatistics, detail: Detail) -> Answer:
    distinct = detail.approximate_distinct
    if distinct is None:
        return Open("the profile has no count of different values")
    if distinct <= EXACT_DISTINCT:
        return judged(distinct, rule, n=feature.num_present)
    margin = distinct * _DISTINCT_ERROR
    bounds = bounds_of(rule.check)
    if meets(distinct - margin, bounds) != meets(distinct + margin, bounds):
        return Open(f"the estimate is {distinct:.0f} +- {margin:.0f}")
    return judged(distinct, rule, n=feature.num_present, error=margin)


def _entropy(rule: Rule, detail: Detail) -> Answer:
    frequent = detail.frequent
    if frequent is None or frequent.other or frequent.undercount:
        return Open("the profile does not list every value")
    total = sum(count for _, count in frequent.values)
    value = -sum(c / total * math.log(c / total) for _, c in frequent.values if c)
    return judged(abs(value), rule, n=total)


def _type(rule: Rule, check: Type, feature: FeatureStatistics, detail: Detail) -> Answer:
    types = detail.types
    if detail.kind is Kind.TEXT and types is not None and types.total:
        counts = {
            ValueType.INTEGRAL: types.integral,
            ValueType.FRACTIONAL: types.integral + types.fractional,
            ValueType.BOOLEAN: types.boolean,
            ValueType.STRING: types.total,
        }
        if check.expected not in counts:
            return Open("the profile does not know which texts are dates")
        share = counts[check.expected] / types.total
    elif types is not None and types.total and detail.kind in NUMBERS and _numeric(check.expected):
        fractional = types.fractional if check.expected is ValueType.FRACTIONAL else 0
        share = (types.integral + fractional) / types.total
    else:
        share = float(check.expected in _FITTING[detail.kind])
    return judged(share, rule, n=feature.num_present, inferred=feature.inferred_type.value)


def _numeric(expected: ValueType) -> bool:
    return expected in (ValueType.INTEGRAL, ValueType.FRACTIONAL)


_FITTING: Mapping[Kind, tuple[ValueType, ...]] = {
    Kind.EMPTY: (),
    Kind.BOOLEAN: (ValueType.BOOLEAN,),
    Kind.INTEGRAL: (ValueType.INTEGRAL, ValueType.FRACTIONAL),
    Kind.FRACTIONAL: (ValueType.FRACTIONAL,),
    Kind.DECIMAL: (ValueType.FRACTIONAL,),
    Kind.DATE: (ValueType.DATE,),
    Kind.TIMESTAMP: (ValueType.TIMESTAMP,),
    Kind.TEXT: (ValueType.STRING,),
    Kind.BINARY: (ValueType.STRING,),
}


def _domain(rule: Rule, check: Domain, feature: FeatureStatistics, detail: Detail) -> Answer:
    """The share of the values in the domain; a list that left some out may leave it open."""
    frequent = detail.frequent
    if feature.inferred_type is InferredType.STRING:
        values = value_counts(feature)
        if values is None:
            return Open("the profile lists no values")
        counts, total, error = values.counts, values.total, values.error
        known: frozenset[object] = frozenset(map(as_text, check.values))
        inside = sum(n for value, n in counts.items() if value in known)
    elif detail.kind in NUMBERS and frequent is not None:
        counts, error = dict(frequent.values), frequent.other + frequent.undercount
        total = sum(counts.values()) + frequent.other
        known = frozenset(map(as_number, check.values))
        inside = sum(n for value, n in counts.items() if as_number(value) in known)
    else:
        return Open(f"the profile lists no {detail.kind} values")
    share, bounds = inside / total, bounds_of(rule.check)
    if error:
        most = (
            min(1.0, (inside + error) / total)
            if not feature.text
            else 1 - _outside(counts, known) / total
        )
        if meets(share, bounds) != meets(most, bounds):
            return Open("the profile does not list every value")
    return judged(share, rule, n=total, failing=total - inside)


def _outside(counts: Mapping[str, int], known: Collection[object]) -> int:
    return sum(n for value, n in counts.items() if value not in known)
