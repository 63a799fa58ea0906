"""The drift check: has a feature's distribution moved further than chance explains?

Numbers by the largest gap between the distribution functions, unless the baseline has few distinct
ones; these, and categories, by a test of homogeneity. The sentence of a violation is the one that
the service's tools parse (`distance: (.+) exceeds threshold: (.+)`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.rules.alarms import homogeneity, kolmogorov
from tidegauge.rules.alarms.cells import cells
from tidegauge.rules.alarms.design_effect import DesignEffect
from tidegauge.rules.alarms.listed import OTHERS, compared_counts, few_numbers, number_counts
from tidegauge.rules.alarms.movers import bins_that_moved, cells_that_moved
from tidegauge.rules.alarms.trial import found
from tidegauge.rules.alarms.verdicts import Evidence
from tidegauge.rules.counts import value_counts
from tidegauge.rules.distances import widest_gap
from tidegauge.rules.finding import not_evaluated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from tidegauge.model.statistics import FeatureStatistics, Sketch
    from tidegauge.rules.alarms.asking import Asking
    from tidegauge.rules.alarms.trial import Trial


def numeric_shift(current: FeatureStatistics, baseline: FeatureStatistics, trial: Trial) -> Asking:
    """The finding on a feature of numbers, over its finite values."""
    theirs = few_numbers(baseline)
    if theirs is not None:
        ours = number_counts(current)
        if ours is not None:
            return (yield from _by_cells(compared_counts(ours, theirs), trial))
    ours_drawn, theirs_drawn = _sketch(current), _sketch(baseline)
    if ours_drawn is None or theirs_drawn is None:
        which = "current" if ours_drawn is None else "baseline"
        return not_evaluated(f"the {which} column has no sketch of finite numbers to compare")
    return (yield from _by_gap(ours_drawn, theirs_drawn, trial))


def _sketch(feature: FeatureStatistics) -> Sketch | None:
    sketch = feature.numeric.sketch if feature.numeric else None
    return sketch if sketch is not None and sketch.weight else None


def categorical_shift(
    current: FeatureStatistics, baseline: FeatureStatistics, trial: Trial
) -> Asking:
    """The finding on a feature of texts; of very many values the baseline's frequent ones count."""
    ours, theirs = value_counts(current), value_counts(baseline)
    if ours is None or theirs is None:
        which = "current" if ours is None else "baseline"
        return not_evaluated(f"the {which} column has no text values that were counted")
    return (yield from _by_cells(compared_counts(ours, theirs), trial))


def _by_gap(ours: Sketch, theirs: Sketch, trial: Trial) -> Asking:
    season = trial.calibration.seasonal(trial.season) if trial.calibration else None
    if season is not None:
        theirs, effect = season.sketch, season.effect
        ours = _at_items(ours, theirs)
    else:
        effect = _effect(trial)
    n, m = ours.weight, theirs.weight
    error = kolmogorov.rank_error(ours) + kolmogorov.rank_error(theirs)
    both = ours.cumulated(), theirs.cumulated()
    distance = widest_gap(*both)
    gap = max(0.0, distance - error)
    power = trial.setting.power
    question = kolmogorov.Question(gap, n, m, trial.alpha, power, effect)
    answer: kolmogorov.Answer = yield question
    evidence = Evidence(
        p_value=answer.p_value,
        alpha=trial.alpha,
        effect=gap,
        floor=trial.setting.min_effect,
        n=n,
        m=m,
        critical=answer.critical,
        detectable=answer.smallest + error,
        power=power,
        extrapolated=bool(effect and effect.extrapolates(trial.alpha)),
    )
    threshold = max(answer.critical, trial.setting.min_effect)
    # The band of Dvoretzky, Kiefer and Wolfowitz, which holds for every place at once.
    band = sqrt(log(2.0 / 0.05) / 2.0 * (1.0 / n + 1.0 / m))
    numbers = {
        "test": "Kolmogorov, two samples",
        "distance": distance,
        "threshold": threshold,
        "rank_error": error,
        "interval_95": [max(0.0, gap - band), min(1.0, distance + error + band)],
        "season": None if season is None else season.name,
        "moved": bins_that_moved(*both),
    }
    sentence = f"Baseline drift distance: {gap} exceeds threshold: {threshold}"
    return found(evidence, effect, sentence, numbers)


def _by_cells(counts: tuple[Mapping[str, int], Mapping[str, int]], trial: Trial) -> Asking:
    ours, theirs = counts
    season = trial.calibration.seasonal(trial.season) if trial.calibration else None
    if season is not None:
        theirs, effect = season.counts, season.effect
        ours = _at_values(ours, theirs)
    else:
        effect = _effect(trial)
    if not sum(theirs.values()):
        return not_evaluated("the baseline column has no values")
    table, power = cells(ours, theirs), trial.setting.power
    answer: homogeneity.Answer = yield homogeneity.Question(table, trial.alpha, power, effect)
    evidence = Evidence(
        p_value=answer.p_value,
        alpha=trial.alpha,
        effect=table.total_variation,
        floor=trial.setting.min_effect,
        n=table.n,
        m=table.m,
        critical=answer.critical,
        detectable=answer.smallest,
        power=power,
        extrapolated=bool(effect and effect.extrapolates(trial.alpha)),
    )
    numbers: dict[str, Any] = {
        "test": "homogeneity of two samples (G, Williams' correction; two cells: exact)",
        "distance": table.total_variation,
        "threshold": trial.setting.min_effect,
        "statistic": answer.statistic,
        "degrees_of_freedom": table.degrees_of_freedom,
        "cells": [
            {"value": label, "count": x, "baseline_count": y}
            for label, x, y in zip(table.labels, table.current, table.baseline, strict=True)
        ],
        "few": list(table.few),
        "season": None if season is None else season.name,
        "moved": cells_that_moved(table),
    }
    sentence = (
        f"Baseline drift distance: {table.total_variation} exceeds threshold: "
        f"{trial.setting.min_effect}"
    )
    return found(evidence, effect, sentence, numbers)


def _at_items(ours: Sketch, theirs: Sketch) -> Sketch:
    """Ours, each value moved up to the next item of theirs: shares up to an item stay as they are.

    Between its items a season's distribution function is not known, and no gap can be told.
    """
    items, _ = theirs.weighted()

    def moved(level: NDArray[np.float64]) -> NDArray[np.float64]:
        places = np.searchsorted(items, level, "left")
        return np.where(places < len(items), items[np.minimum(places, len(items) - 1)], level)

    return replace(ours, levels=tuple(map(moved, ours.levels)))


def _at_values(ours: Mapping[str, int], theirs: Mapping[str, int]) -> Mapping[str, int]:
    """Ours, with what theirs does not list among its others, if it has any."""
    if OTHERS not in theirs:
        return ours
    counts = Counter[str]()
    for value, count in ours.items():
        counts[value if value in theirs else OTHERS] += count
    return counts


def _effect(trial: Trial) -> DesignEffect | None:
    effect = trial.calibration.drift if trial.calibration else None
    return effect if isinstance(effect, DesignEffect) else None
