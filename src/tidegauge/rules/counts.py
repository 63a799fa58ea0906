"""The counts of a feature's text values, with the error that comes of a bounded list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.model.statistics import FeatureStatistics


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """Values by their counts, out of `total`; no value's count is too low by more than `error`."""

    counts: Mapping[str, int]
    total: int
    error: int = 0

    @property
    def shares(self) -> dict[str, float]:
        return {value: count / self.total for value, count in self.counts.items()}


def value_counts(feature: FeatureStatistics) -> ValueCounts | None:
    """The feature's text values: all of them, or else the most frequent ones with their error.

    A value that the list of frequent ones lacks occurs at most as often as the least of them may.
    None when the feature has no text values, or none that were listed.
    """
    if feature.text is None:
        return None
    if feature.text.categories is not None:
        return _listed(feature.text.categories)
    frequent = feature.detail.frequent if feature.detail else None
    return _listed(frequent.values, frequent.other, frequent.undercount) if frequent else None


def _listed(
    values: tuple[tuple[str, int], ...], other: int = 0, undercount: int = 0
) -> ValueCounts | None:
    counts = dict(values)
    if not any(counts.values()):
        return None
    error = min(other, undercount + min(counts.values()))
    return ValueCounts(counts, sum(counts.values()) + other, error)
