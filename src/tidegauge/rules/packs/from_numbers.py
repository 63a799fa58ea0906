"""Answers about numbers, lengths and times, from extremes, moments and the quantile sketch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.model.statistics import Kind
from tidegauge.rules.finding import not_evaluated
from tidegauge.rules.packs.checks import Length, Mean, Quantile, Range, Sign, SignWord, StdDev
from tidegauge.rules.packs.judging import (
    Answer,
    Open,
    age_seconds,
    bounds_of,
    found,
    judged,
    meets,
)
from tidegauge.rules.packs.measure import NUMBERS, TEXTS, TIMES

if TYPE_CHECKING:
    from datetime import datetime

    from tidegauge.model.statistics import Detail, FeatureStatistics, Sketch
    from tidegauge.rules.packs.rule import Rule

_RANK_ERROR = 0.0011  # of a quantile sketch that had to leave values out (docs/states.md)
_SECONDS_A_DAY = 86_400.0


def between(rule: Rule, feature: FeatureStatistics, detail: Detail) -> Answer:
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


def length(rule: Rule, check: Length, feature: FeatureStatistics, detail: Detail) -> Answer:
    """By the shortest and the longest, as `between`."""
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


def quantile_of(rule: Rule, check: Quantile, feature: FeatureStatistics, detail: Detail) -> Answer:
    """By the sketch; open where its rank error could change the verdict."""
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


def moment(rule: Rule, feature: FeatureStatistics, detail: Detail) -> Answer:
    """Mean, standard deviation or sum, which are exact."""
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


def freshness(
    rule: Rule, feature: FeatureStatistics, detail: Detail, end: datetime | None
) -> Answer:
    """By the newest time, against the window's end."""
    newest = feature.numeric.max if feature.numeric else None
    if detail.kind not in TIMES or newest is None:
        return not_evaluated(f"the column {feature.name!r} holds {detail.kind} values, not times")
    seconds = newest * _SECONDS_A_DAY if detail.kind is Kind.DATE else newest
    return judged(age_seconds(seconds, end), rule, n=feature.num_present)
