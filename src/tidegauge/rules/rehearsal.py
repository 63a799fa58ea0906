"""Rehearsal: the suggested constraints, tried on the blocks of the baseline they were made from.

Each block is judged against all the others, as a window would be. Nothing was wrong with the
training data, so whatever alarms here would alarm in production for nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from scipy.special import bdtrc

from tidegauge.model.outcome import Check, Verdict
from tidegauge.model.statistics import (
    FeatureStatistics,
    FrequentValues,
    InferredType,
    NumericStatistics,
    Sketch,
    Statistics,
    StringStatistics,
)
from tidegauge.rules.alarms.listed import whole_counts
from tidegauge.rules.counts import value_counts
from tidegauge.rules.evaluate import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegauge.rules.alarms.calibration import Block
    from tidegauge.rules.alarms.plan import Plan
    from tidegauge.rules.alarms.policy import Test
    from tidegauge.rules.constraints import Constraints, FeatureConstraints

_BY_CHANCE = 0.01
"""So many alarms, or more, must be at least this likely within the budget."""
_MOST_FLOOR = 0.5
_TRIED = (Check.BASELINE_DRIFT, Check.COMPLETENESS, Check.RANGE)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How one check fared: `alarms` of `windows`, at `alpha` each; `worst`: the largest effect."""

    windows: int
    alarms: int
    alpha: float
    worst: float

    @property
    def is_over_budget(self) -> bool:
        """Whether chance hardly explains so many alarms at this alpha."""
        if not self.alarms:
            return False
        return float(bdtrc(self.alarms - 1, self.windows, self.alpha)) < _BY_CHANCE


def rehearsed(
    constraints: Constraints, blocks: Sequence[Block], plan: Plan
) -> tuple[Constraints, tuple[str, ...]]:
    """The constraints with the alarms that are to be expected of each, and what had to be loosened.

    A drift floor rises to the largest effect among the blocks, a completeness falls to the least;
    drift that swings by more than half is no longer checked.
    """
    fared = _fared(constraints, blocks, plan)
    notes: list[str] = []
    features = []
    for feature in constraints.features:
        own = {test[1]: one for test, one in fared.items() if test[0] == feature.name}
        for check, one in own.items():
            if one.is_over_budget:
                feature, note = _loosened(feature, check, one)  # noqa: PLW2901
                notes.append(note)
        expected = {check: _told(one) for check, one in own.items()}
        if expected:
            extension = {**feature.extension, "rehearsal": expected}
            feature = replace(feature, extension=extension)  # noqa: PLW2901
        features.append(feature)
    return replace(constraints, features=tuple(features)), tuple(notes)


def _told(one: Rehearsed) -> dict[str, float]:
    return {
        "blocks": one.windows,
        "alarms": one.alarms,
        "expected_alarms_per_window": one.alpha,
        "largest_effect": one.worst,
    }


def _fared(
    constraints: Constraints, blocks: Sequence[Block], plan: Plan
) -> Mapping[Test, Rehearsed]:
    trials = {t: trial for t, trial in plan.trials(constraints).items() if t[1] in _TRIED}
    counted = [{f.name: _Counted.of(f) for f in block.statistics.features} for block in blocks]
    totals: dict[str, _Counted] = {}
    for own in counted:
        for name, one in own.items():
            totals[name] = totals[name].plus(one) if name in totals else one
    alarms, effects = Counter[tuple[str, str]](), defaultdict[tuple[str, str], list[float]](list)
    rows = sum(block.statistics.item_count for block in blocks)
    for block, own in zip(blocks, counted, strict=True):
        rest = Statistics(
            rows - block.statistics.item_count,
            tuple(totals[name].minus(one).statistics() for name, one in own.items()),
        )
        window = replace(block.statistics, features=tuple(c.statistics() for c in own.values()))
        at = replace(plan, season=block.season)
        for outcome in evaluate(window, constraints, rest, plan=at):
            test = (outcome.feature, outcome.check)
            if test in trials and "effect" in outcome.numbers:
                effects[test].append(outcome.numbers["effect"])
                alarms[test] += outcome.verdict is Verdict.VIOLATED
    return {
        test: Rehearsed(len(found), alarms[test], trials[test].alpha, max(found))
        for test, found in effects.items()
    }


def _loosened(
    feature: FeatureConstraints, check: str, one: Rehearsed
) -> tuple[FeatureConstraints, str]:
    """The feature's constraint so that the blocks hold it, or without it; and the reason."""
    what = (
        f"{feature.name}: {check} alarmed on {one.alarms} of {one.windows} blocks of the baseline"
    )
    if check == Check.COMPLETENESS and feature.completeness is not None:
        least = max(0.0, feature.completeness - one.worst)
        return replace(feature, completeness=least), f"{what}; completeness is lowered to {least}"
    if check == Check.RANGE:
        return replace(feature, range=None), f"{what}; the range is dropped"
    floor = ceil(one.worst * 100) / 100
    if floor > _MOST_FLOOR:
        off = {**feature.overrides, "perform_comparison": False}
        return replace(feature, overrides=off), f"{what} by up to {one.worst:.3g}; it is dropped"
    is_text = feature.inferred_type is InferredType.STRING
    key = "categorical_comparison_threshold" if is_text else "comparison_threshold"
    loosened = replace(feature, overrides={**feature.overrides, key: floor})
    return loosened, f"{what} by up to {one.worst:.3g}; {key} is raised to {floor}"


@dataclass(frozen=True, slots=True)
class _Counted:
    """One feature's counts in some blocks, which can be added and taken away."""

    of_feature: FeatureStatistics
    present: int
    missing: int
    numbers: Counter[float]
    texts: Counter[str]

    @classmethod
    def of(cls, feature: FeatureStatistics) -> _Counted:
        numbers = Counter[float]()
        if feature.numeric and feature.numeric.sketch:
            items, weights = feature.numeric.sketch.weighted()
            for item, weight in zip(items.tolist(), weights.tolist(), strict=True):
                numbers[item] += int(weight)
        listed = value_counts(feature)
        texts = Counter(whole_counts(listed) if listed else {})
        return cls(feature, feature.num_present, feature.num_missing, numbers, texts)

    def plus(self, other: _Counted) -> _Counted:
        return _Counted(
            self.of_feature,
            self.present + other.present,
            self.missing + other.missing,
            self.numbers + other.numbers,
            self.texts + other.texts,
        )

    def minus(self, other: _Counted) -> _Counted:
        return _Counted(
            self.of_feature,
            self.present - other.present,
            self.missing - other.missing,
            self.numbers - other.numbers,
            self.texts - other.texts,
        )

    def statistics(self) -> FeatureStatistics:
        feature, values = self.of_feature, sorted(self.numbers)
        counts = [self.numbers[value] for value in values]
        text = StringStatistics(len(self.texts), tuple(self.texts.items()))
        listed = zip(map(repr, values), counts, strict=True) if values else self.texts.items()
        detail = feature.detail
        if detail and detail.frequent:
            detail = replace(detail, frequent=FrequentValues(tuple(listed)))
        return replace(
            feature,
            num_present=self.present,
            num_missing=self.missing,
            numeric=NumericStatistics(sketch=Sketch.of_counts(values, counts))
            if feature.numeric
            else None,
            text=text if feature.text else None,
            detail=detail,
        )
