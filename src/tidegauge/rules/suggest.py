"""Suggestion: the constraints that a dataset satisfies, for people to review and keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.model.statistics import InferredType, Kind
from tidegauge.rules.alarms.ranges import usual_range
from tidegauge.rules.constraints import Constraints, FeatureConstraints

if TYPE_CHECKING:
    from tidegauge.model.statistics import FeatureStatistics, Statistics

_TIMES = (Kind.DATE, Kind.TIMESTAMP)


def suggest(statistics: Statistics) -> Constraints:
    """SageMaker's suggestion for a baseline: as it was seen, so it must stay.

    The completeness as seen, the inferred type, no negative numbers where there were none, and
    the categories seen (in the statistics' order) as the domain; and, where the numbers are many,
    the range from the first to the last 128th of them; of texts that are no categories, lengths
    from half the shortest to twice the longest. A time always moves, so dates
    and timestamps are neither compared with the baseline nor held to the sign of their epoch. A
    feature that could not be profiled keeps its place, lest its column count as extra, and
    nothing is required of it. The extension says that a budget of false alarms decides, unless the
    conf has it otherwise; a document without one is judged by its own thresholds.
    """
    features = tuple(map(_feature, statistics.features))
    return Constraints(features, extension={"version": 1, "method": "budget"})


def _feature(feature: FeatureStatistics) -> FeatureConstraints:
    if feature.failure is not None:
        return FeatureConstraints(feature.name, InferredType.UNKNOWN)
    is_time = feature.detail is not None and feature.detail.kind in _TIMES
    return FeatureConstraints(
        name=feature.name,
        inferred_type=feature.inferred_type,
        completeness=feature.completeness,
        is_non_negative=None if is_time else _is_non_negative(feature),
        domains=_domains(feature),
        range=None if is_time else usual_range(feature),
        length=_length(feature),
        overrides={"perform_comparison": False} if is_time else {},
    )


def _is_non_negative(feature: FeatureStatistics) -> bool | None:
    if feature.inferred_type is InferredType.STRING or feature.numeric is None:
        return None
    if feature.detail is not None and feature.detail.negative_infinity:
        return False
    return None if feature.numeric.min is None else feature.numeric.min >= 0


def _domains(feature: FeatureStatistics) -> tuple[str, ...] | None:
    if feature.inferred_type is not InferredType.STRING or feature.text is None:
        return None
    return tuple(value for value, _ in feature.text.categories or ()) or None


def _length(feature: FeatureStatistics) -> tuple[int, int] | None:
    """A new longest text is no news, one twice as long is."""
    detail = feature.detail
    if detail is None or detail.kind is not Kind.TEXT or _domains(feature) is not None:
        return None
    if detail.min_length is None or detail.max_length is None:
        return None
    return detail.min_length // 2, 2 * detail.max_length
