"""The range check: do more numbers lie where hardly any of the baseline's did?

The drift check knows how much a feature swings, and a feature that swings from day to day may go
far before it is news. Values beyond what any season had are news at once: their share is small in
every block of the baseline. Bounds are quantiles, since an exact minimum or maximum is exceeded by
chance alone by every batch as large as the baseline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegauge.rules.alarms.kolmogorov import rank_error
from tidegauge.rules.alarms.listed import few_numbers

if TYPE_CHECKING:
    from tidegauge.model.statistics import FeatureStatistics, Sketch

PARTS = 128
"""Bounds cut off this part of the baseline's numbers at either end; they are edges of its grid."""
_LEAST = 10 * PARTS
_MOST_BEYOND = 2.5 / PARTS

Bounds = tuple[float | None, float | None]


def usual_range(feature: FeatureStatistics) -> Bounds | None:
    """The first and the last 128th of a feature's numbers; None where there is no use in it.

    A side where many numbers share one value, as zero, has no bound; few distinct numbers, or
    fewer than 1,280, have no range.
    """
    sketch = feature.numeric.sketch if feature.numeric else None
    if sketch is None or sketch.weight < _LEAST or few_numbers(feature) is not None:
        return None
    items, upto = sketch.cumulated()
    ends = np.array([1, PARTS - 1]) / PARTS * upto[-1] * (1 - 1e-12)
    low, high = (float(items[i]) for i in np.searchsorted(upto, ends))
    above = low if beyond(sketch, (low, None)) <= _MOST_BEYOND * sketch.weight else None
    up_to = high if beyond(sketch, (None, high)) > 0 else None
    return None if above is None and up_to is None else (above, up_to)


def beyond(sketch: Sketch, bounds: Bounds) -> int:
    """How many numbers lie at or below the first bound, or above the second, as the sketch has it.

    Error: as many as `rank_error` of the weight at each bound.
    """
    above = -np.inf if bounds[0] is None else bounds[0]
    up_to = np.inf if bounds[1] is None else bounds[1]
    filled = ((h, level) for h, level in enumerate(sketch.levels) if len(level))
    return sum(
        int(np.count_nonzero((level <= above) | (level > up_to))) << h for h, level in filled
    )


def error(sketch: Sketch, bounds: Bounds) -> int:
    """How many numbers `beyond` may be off by."""
    return round(rank_error(sketch) * sketch.weight) * sum(bound is not None for bound in bounds)
