"""The checks that compare a share of bad values: missing, of another type, negative, unknown.

The constraint says which share is allowed; the baseline says how well that share is known and how
much it swings. Where both agree, as in a suggestion, the test compares the window with the
baseline; an edited constraint is tested as if the baseline had shown what it allows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scipy.special import betaincinv

from tidegauge.model.outcome import Verdict
from tidegauge.model.statistics import InferredType
from tidegauge.rules.alarms import ranges
from tidegauge.rules.alarms.design_effect import DesignEffect
from tidegauge.rules.alarms.novelty import by_singletons
from tidegauge.rules.alarms.proportions import Answer, Question, Share
from tidegauge.rules.alarms.trial import found
from tidegauge.rules.alarms.verdicts import Evidence
from tidegauge.rules.counts import value_counts
from tidegauge.rules.finding import not_evaluated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.model.statistics import FeatureStatistics
    from tidegauge.rules.alarms.asking import Asking
    from tidegauge.rules.alarms.trial import Trial
    from tidegauge.rules.constraints import Completeness, DataType, Domain, Range

_NAMED_VALUES = 5
_TAIL = 0.025  # on either side of an interval of 95 %
_DOES_NOT_MEET = "Value: {} does not meet the constraint requirement!"


def missing_share(
    constraint: Completeness, current: FeatureStatistics, baseline: FeatureStatistics, trial: Trial
) -> Asking:
    """Are more values missing than the constraint allows? By rows."""
    n, m = _rows(current), _rows(baseline)
    if not n or not m:
        return not_evaluated("the feature has no rows")
    effect = trial.calibration.missing if trial.calibration else None
    share = Share(_allowed(1.0 - constraint.threshold, m), m, _fit(effect))
    observed = current.num_present / n
    numbers = {
        "observed": observed,
        "threshold": constraint.threshold,
        "present": current.num_present,
        "missing": current.num_missing,
    }
    sentence = _DOES_NOT_MEET.format(observed)
    return (yield from _judged(current.num_missing, n, share, trial, sentence, numbers))


def other_types(
    constraint: DataType, current: FeatureStatistics, baseline: FeatureStatistics, trial: Trial
) -> Asking:
    """Are more values of another type than allowed? For a feature of numbers, by present values."""
    types = current.detail.types if current.detail else None
    if types is None or not types.total or not baseline.num_present:
        return not_evaluated("there are no values whose types were counted")
    n, m = types.total, baseline.num_present
    fits = types.integral
    if constraint.expected is InferredType.FRACTIONAL:
        fits += types.fractional
    observed = fits / n
    numbers = {
        "observed": observed,
        "threshold": constraint.threshold,
        "expected": constraint.expected.value,
        "inferred": current.inferred_type.value,
    }
    sentence = (
        "Data type match requirement is not met. Expected data type: "
        f"{constraint.expected}, Expected match: {100 * constraint.threshold}%. "
        f"Observed: Only {100 * observed}% of data is {constraint.expected}."
    )
    share = Share(_allowed(1.0 - constraint.threshold, m), m)
    return (yield from _judged(n - fits, n, share, trial, sentence, numbers))


def negatives(current: FeatureStatistics, baseline: FeatureStatistics, trial: Trial) -> Asking:
    """Are values below zero, where the baseline had none? Minus infinity is one of them."""
    detail = current.detail
    least = current.numeric.min if current.numeric else None
    if detail is None or (least is None and not detail.negative_infinity):
        return not_evaluated("there are no numbers whose signs were counted")
    bad = detail.negatives  # minus infinity is among them
    n, m = current.num_present, baseline.num_present
    if not m:
        return not_evaluated("the baseline column has no values")
    numbers = {
        "observed": least,
        "threshold": 0.0,
        "negatives": detail.negatives,
        "negative_infinity": detail.negative_infinity,
    }
    sentence = _DOES_NOT_MEET.format("-Infinity" if detail.negative_infinity else least)
    return (yield from _judged(bad, n, Share(0, m), trial, sentence, numbers))


def unknown_values(
    constraint: Domain, current: FeatureStatistics, baseline: FeatureStatistics, trial: Trial
) -> Asking:
    """Are more values outside the domain than the baseline lets expect of values it had not seen?

    With too many categories to list, those listed outside the domain are the least that there are.
    """
    values = value_counts(current)
    if values is None:
        return not_evaluated("there are no text values that were counted")
    known = frozenset(constraint.values)
    outside = {value: n for value, n in values.counts.items() if value not in known}
    bad, n = sum(outside.values()), values.total
    share = _novelty(constraint, baseline, trial)
    if share is None:
        return not_evaluated("the baseline statistics hold no counts of categories")
    observed = 1.0 - bad / n
    numbers: dict[str, Any] = {
        "observed": observed,
        "threshold": constraint.threshold,
        "unexpected": dict(sorted(outside.items(), key=lambda item: -item[1])[:_NAMED_VALUES]),
    }
    unlisted = n - sum(values.counts.values()) if values.error else 0
    if unlisted:
        numbers["observed_at_least"] = max(0.0, observed - unlisted / n)
    sentence = _DOES_NOT_MEET.format(observed)
    finding = yield from _judged(bad, n, share, trial, sentence, numbers)
    if unlisted and finding.verdict is not Verdict.VIOLATED:
        most = min(n, bad + unlisted)
        at_most = yield from _judged(most, n, share, trial, "", {})
        if at_most.verdict is Verdict.VIOLATED:
            reason = f"{unlisted} of {n} values are not listed, and may be outside the domain"
            return not_evaluated(reason, **finding.numbers)
    return finding


def out_of_range(
    constraint: Range, current: FeatureStatistics, baseline: FeatureStatistics, trial: Trial
) -> Asking:
    """Do more numbers lie beyond the range than the baseline's did? Less what sketches may err."""
    ours = current.numeric.sketch if current.numeric else None
    theirs = baseline.numeric.sketch if baseline.numeric else None
    n, m = (sketch.weight if sketch else 0 for sketch in (ours, theirs))
    if not (ours and theirs and n and m):
        return not_evaluated("there are no sketches of finite numbers to compare")
    bounds = (constraint.above, constraint.up_to)
    effect = trial.calibration.outside if trial.calibration else None
    share = Share(ranges.beyond(theirs, bounds), m, _fit(effect))
    found, error = ranges.beyond(ours, bounds), ranges.error(ours, bounds)
    least = current.numeric.min if current.numeric else None
    greatest = current.numeric.max if current.numeric else None
    numbers = {
        "observed": 1.0 - found / n,
        "above": constraint.above,
        "up_to": constraint.up_to,
        "min": least,
        "max": greatest,
        "sketch_error": error,
    }
    sentence = _DOES_NOT_MEET.format(f"{least} to {greatest}")
    return (yield from _judged(max(0, found - error), n, share, trial, sentence, numbers))


def _novelty(constraint: Domain, baseline: FeatureStatistics, trial: Trial) -> Share | None:
    seen = value_counts(baseline)
    if trial.calibration and trial.calibration.novelty:
        share = trial.calibration.novelty
    elif seen is None:
        return None
    else:
        counts = list(seen.counts.values())
        share = by_singletons(counts.count(1), counts.count(2), seen.total)
    allowed = _allowed(1.0 - constraint.threshold, share.rows)
    return Share(min(share.rows, share.bad + allowed), share.rows, share.effect, share.alike)


def _judged(
    bad: int, n: int, share: Share, trial: Trial, sentence: str, more: Mapping[str, Any]
) -> Asking:
    """The finding on `bad` of `n` values against a share that the baseline lets expect."""
    allowed = share.bad / share.rows
    power = trial.setting.power
    answer: Answer = yield Question(bad, n, share, trial.alpha, power)
    evidence = Evidence(
        p_value=answer.p_value,
        alpha=trial.alpha,
        effect=bad / n - allowed,
        floor=trial.setting.min_share,
        n=n,
        m=share.rows,
        critical=answer.critical / n,
        detectable=answer.smallest - allowed,
        power=power,
        extrapolated=bool(share.effect and share.effect.extrapolates(trial.alpha)),
    )
    numbers = {
        **more,
        "test": "two shares, one-sided (exact)",
        "bad": bad,
        "bad_share": bad / n,
        "bad_share_interval_95": list(_interval(bad, n)),
        "baseline_bad": share.bad,
        "alike": share.alike,
    }
    return found(evidence, share.effect, sentence, numbers)


@lru_cache(maxsize=10_000)
def _interval(bad: int, n: int) -> tuple[float, float]:
    """Of 95 %, exact (Clopper and Pearson 1934); most features have no bad value, as the others."""
    low = float(betaincinv(bad, n - bad + 1, _TAIL)) if bad else 0.0
    return low, float(betaincinv(bad + 1, n - bad, 1.0 - _TAIL)) if bad < n else 1.0


def _allowed(share: float, rows: int) -> int:
    return min(rows, max(0, round(share * rows)))


def _rows(feature: FeatureStatistics) -> int:
    return feature.num_present + feature.num_missing


def _fit(effect: object) -> DesignEffect | None:
    return effect if isinstance(effect, DesignEffect) else None
