"""Answers from the profile: what the statistics of a batch decide, with no look at the rows.

What they leave open says why; it is then asked of the rows, or not evaluated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    SignWord,
    StdDev,
    Sum,
    Type,
    Unique,
    ValueType,
)
from tidegauge.rules.packs.judging import age_seconds, bounds_of, found, judged, meets
from tidegauge.rules.packs.measure import NUMBERS, TEXTS, TIMES, as_number, as_text
from tidegauge.rules.packs.overlay import unique_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from tidegauge.model.statistics import Detail, FeatureStatistics, Sketch, Statistics
    from tidegauge.rules.packs.overlay import InForce
    from tidegauge.rules.packs.rule import Rule

EXACT_DISTINCT = 4_095  # docs/states.md: below its capacity the state counts them exactly
_DISTINCT_ERROR = 3 / math.sqrt(4_094)  # three standard errors of the estimate beyond
_RANK_ERROR = 0.0011  # of a quantile sketch that had to leave values out (docs/states.md)
_SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Open:
    """The profile does not decide a rule, for this reason."""

    reason: str


Answer = Finding | Open


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
            return _freshness(rule, feature, detail, batch.end)
        case _:
            return _of_values(rule, feature, detail)


def _of_values(rule: Rule, feature: FeatureStatistics, detail: Detail) -> Answer:
    match rule.check:
        case Type() as check:
            return _type(rule, check, feature, detail)
        case Domain() as check:
            return _domain(rule, check, feature, detail)
        case Range() | Sign():
            return _between(rule, feature, detail)
        case Length() as check:
            return _length(rule, check, feature, detail)
        case Quantile() as check:
            return _quantile(rule, check, feature, detail)
        case Mean() | StdDev() | Sum():
            return _moment(rule, feature, detail)
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


def _between(rule: Rule, feature: FeatureStatistics, detail: Detail) -> Answer:
    """By the extremes: all values lie within, or else some lie without; how many is not known."""
    if detail.kind not in NUMBERS:
        return not_evaluated(f"the column {feature.name!r} holds {detail.kind} values, not numbers")
    numeric = feature.numeric
    low = -math.inf if detail.negative_infinity else numeric.min if numeric else None
    high = math.inf if detail.positive_infinity else numeric.max if numeric else None
    if low is None and high is None and not detail.nan:
        return not_evaluated("there are no numbers")
    within = not detail.nan and all(value is None or _lies(rule, value) for value in (low, high))
    if not within and bounds_of(rule.check)[0] != 1.0:
        return Open("the profile has the extremes, not the share that lies between the bounds")
    least, most = (None if v is None or math.isinf(v) else v for v in (low, high))
    value = least if low is not None and not _lies(rule, low) else most
    shown = f"{low} to {high}" if within else ("NaN" if detail.nan else value)
    numbers = {"observed_min": least, "observed_max": most, "nan": detail.nan}
    infinite = detail.negative_infinity + detail.positive_infinity
    return found(
        shown, rule, violated=not within, n=feature.num_present, infinite=infinite, **numbers
    )


def _lies(rule: Rule, value: float) -> bool:
    match rule.check:
        case Range() as check:
            return meets(value, (check.min, check.max))
        case Sign(expected=SignWord.NON_NEGATIVE):
            return value >= 0
        case Sign(expected=SignWord.POSITIVE):
            return value > 0
        case Sign(expected=SignWord.NON_POSITIVE):
            return value <= 0
        case _:
            return value < 0


def _length(rule: Rule, check: Length, feature: FeatureStatistics, detail: Detail) -> Answer:
    if detail.kind not in TEXTS or detail.min_length is None or detail.max_length is None:
        return not_evaluated(f"the column {feature.name!r} holds {detail.kind} values, not texts")
    bounds = (check.min, check.max)
    within = meets(detail.min_length, bounds) and meets(detail.max_length, bounds)
    if not within and check.share != 1.0:
        return Open(
            "the profile has the shortest and the longest, not the share between the bounds"
        )
    shown = f"{detail.min_length} to {detail.max_length}"
    lengths = {"observed_min": detail.min_length, "observed_max": detail.max_length}
    return found(shown, rule, violated=not within, n=feature.num_present, **lengths)


def _quantile(rule: Rule, check: Quantile, feature: FeatureStatistics, detail: Detail) -> Answer:
    sketch = feature.numeric.sketch if feature.numeric else None
    if detail.kind not in NUMBERS:
        return not_evaluated(f"the column {feature.name!r} holds {detail.kind} values, not numbers")
    if sketch is None or not sketch.weight:
        return Open("the statistics have no quantile sketch")
    exact = not any(len(level) for level in sketch.levels[1:])
    value, bounds = quantile(sketch, check.at), bounds_of(check)
    if exact:
        return judged(value, rule, n=sketch.weight)
    around = [quantile(sketch, check.at - _RANK_ERROR), quantile(sketch, check.at + _RANK_ERROR)]
    if len({meets(v, bounds) for v in (value, *around)}) > 1:
        return Open(f"the sketch says {around[0]:g} to {around[1]:g}")
    return judged(value, rule, n=sketch.weight, rank_error=_RANK_ERROR)


def quantile(sketch: Sketch, at: float) -> float:
    """The smallest item whose rank is at least the share `at` of all."""
    items = np.concatenate(sketch.levels)
    weights = np.concatenate([np.full(len(v), 1 << h) for h, v in enumerate(sketch.levels)])
    order = np.argsort(items, kind="stable")
    ranks = np.cumsum(weights[order])
    wanted = min(max(at, 0.0), 1.0) * ranks[-1]
    return float(items[order][min(np.searchsorted(ranks, wanted), len(items) - 1)])


def _moment(rule: Rule, feature: FeatureStatistics, detail: Detail) -> Answer:
    numeric = feature.numeric
    if detail.kind not in NUMBERS:
        return not_evaluated(f"the column {feature.name!r} holds {detail.kind} values, not numbers")
    match rule.check:
        case Mean():
            value = numeric.mean if numeric else None
        case StdDev():
            value = numeric.std_dev if numeric else None
        case _:
            value = numeric.sum if numeric else None
    if value is None:
        return not_evaluated("there are no finite numbers")
    return judged(value, rule, n=feature.num_present)


def _freshness(
    rule: Rule, feature: FeatureStatistics, detail: Detail, end: datetime | None
) -> Answer:
    newest = feature.numeric.max if feature.numeric else None
    if detail.kind not in TIMES or newest is None:
        return not_evaluated(f"the column {feature.name!r} holds {detail.kind} values, not times")
    seconds = newest * _SECONDS_A_DAY if detail.kind is Kind.DATE else newest
    return judged(age_seconds(seconds, end), rule, n=feature.num_present)
