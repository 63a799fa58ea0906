"""Counts of values that can be compared, although the lists they come from may be cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegauge.rules.counts import ValueCounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.model.statistics import FeatureStatistics

FEW_VALUES = 20
"""Up to so many distinct numbers are compared as categories: of 0 and 1 Kolmogorov sees little."""
OTHERS = "(all other values)"


def whole_counts(counts: ValueCounts) -> Mapping[str, int]:
    """The counts with nothing left out: what is not listed is one value."""
    rest = counts.total - sum(counts.counts.values())
    return {**counts.counts, OTHERS: rest} if rest else counts.counts


def number_counts(feature: FeatureStatistics) -> ValueCounts | None:
    """The counts of a feature's numbers by value, as far as they are listed; None: they are not.

    The numbers' names are those of floats, so that 1 and 1.0 are one value.
    """
    frequent = feature.detail.frequent if feature.detail else None
    if frequent is None or not frequent.values:
        return None
    counts: dict[str, int] = {}
    for value, count in frequent.values:
        try:
            name = repr(float(value))
        except ValueError:  # a date or a time, which is not compared
            return None
        counts[name] = counts.get(name, 0) + count
    error = min(frequent.other, frequent.undercount + min(counts.values()))
    return ValueCounts(counts, sum(counts.values()) + frequent.other, error)


def few_numbers(feature: FeatureStatistics) -> ValueCounts | None:
    """The counts of a feature that has few distinct numbers, all of them listed; else None."""
    frequent = feature.detail.frequent if feature.detail else None
    # Before any of them is parsed: some are left out, and so are their counts.
    if frequent is not None and frequent.other and all(n for _, n in frequent.values):
        return None
    counts = number_counts(feature)
    few = counts is not None and not counts.error and len(counts.counts) <= FEW_VALUES
    return counts if few else None


def compared_counts(
    ours: ValueCounts, theirs: ValueCounts
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Both samples' counts, over the same values and with nothing left out.

    Where a list is cut short, the baseline's listed values are compared one by one and all else as
    one, each count moved towards the other sample's share as far as its error allows: what is left
    of a difference is there whatever the counts were.
    """
    if not ours.error and not theirs.error:
        return ours.counts, theirs.counts
    values = list(theirs.counts)
    b = np.fromiter(theirs.counts.values(), np.float64, len(values))
    c = np.array([ours.counts.get(value, 0) for value in values], np.float64)
    # Rounded floats, so whole numbers: exact to 9e15.
    moved = np.minimum(np.maximum(c, np.rint(b * ours.total / theirs.total)), c + ours.error)
    back = np.rint(moved * theirs.total / ours.total)
    moved_back = np.minimum(np.maximum(b, back), b + theirs.error)
    current = dict(zip(values, moved.astype(np.int64).tolist(), strict=True))
    baseline = dict(zip(values, moved_back.astype(np.int64).tolist(), strict=True))
    return (
        current | {OTHERS: max(0, ours.total - sum(current.values()))},
        baseline | {OTHERS: max(0, theirs.total - sum(baseline.values()))},
    )
