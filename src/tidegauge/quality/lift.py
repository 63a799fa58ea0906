"""What ranking by score is worth: the positives found in the best tenth of the rows, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.quality.resampling import deviation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.quality.ranking import Ranking

DECILES = 10


def lift_by_decile(ranking: Ranking) -> list[dict[str, float]]:
    """For each tenth of the rows, by falling score: its share of positives against that of all.

    Rows with equal scores are spread evenly over the deciles that they reach into. `lift` is
    rate / overall rate, `gain` the share of all positives down to here. Standard deviations by
    bootstrap. Empty without a positive label.
    """
    if not ranking.positives:
        return []
    rates, lifts = _deciles(ranking.hits[None, :], ranking.alarms[None, :])
    resampled = _deciles(*ranking.resampled)[1]
    gains = np.cumsum(lifts[0]) / DECILES
    return [
        {
            "decile": decile + 1,
            "rate": float(rates[0, decile]),
            "lift": float(lifts[0, decile]),
            "lift_standard_deviation": deviation(resampled[:, decile]),
            "gain": float(gains[decile]),
        }
        for decile in range(DECILES)
    ]


def _deciles(
    hits: NDArray[Any], alarms: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rates = np.empty((len(hits), DECILES))
    for i, (some, others) in enumerate(zip(hits, alarms, strict=True)):
        rows = np.concatenate(([0.0], np.cumsum(some + others)))
        found = np.concatenate(([0.0], np.cumsum(some)))
        cuts = rows[-1] * np.arange(DECILES + 1) / DECILES
        rates[i] = np.diff(np.interp(cuts, rows, found)) / (rows[-1] / DECILES)
    return rates, rates / rates.mean(axis=1, keepdims=True)
