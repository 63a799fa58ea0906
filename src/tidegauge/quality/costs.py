"""What the answers cost, and which threshold would have been cheapest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.model.quality import Estimate
from tidegauge.quality.classification import NO_ROWS
from tidegauge.quality.intervals import mean, undefined

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from tidegauge.model.quality import Costs
    from tidegauge.quality.ranking import Ranking
    from tidegauge.states.amounts import Amounts
    from tidegauge.states.scores import Scores

THOUSAND = 1000.0


def total_cost(amounts: Amounts) -> Estimate:
    """The sum over all rows of the cost of their outcome, in the plan's currency.

    The standard deviation is that of a sum of as many independent rows. 0 without rows.
    """
    costs = amounts.costs
    deviation = costs.std_dev(ddof=1)
    sd = None if deviation is None else deviation * costs.n**0.5
    return mean(costs.sum or 0.0, sd, costs.n)


def cost_per_thousand(amounts: Amounts) -> Estimate:
    """1,000 times the mean cost of a row, in the plan's currency. Undefined without rows."""
    costs = amounts.costs
    if (average := costs.average) is None:
        return undefined(NO_ROWS)
    deviation = costs.std_dev(ddof=1)
    sd = None if deviation is None else THOUSAND * deviation / costs.n**0.5
    return replace(mean(THOUSAND * average, sd, costs.n), skewness=costs.skewness or 0.0)


def cheapest(
    ranking: Ranking, scores: Scores, amounts: Amounts, costs: Costs
) -> tuple[Estimate, Estimate]:
    """The threshold with the least cost of these rows, and that cost per thousand of them.

    All thresholds at which a cell begins are tried, and the one above all scores, which has no
    number: the threshold is undefined where calling no row positive is cheapest. Of equal costs the
    highest threshold is taken. The cost is that of the very rows it was chosen on, so it flatters.
    Standard deviations and the threshold's interval are by bootstrap, the choice made anew in each
    replicate; rows with costs of their own have none.
    """
    rows = ranking.positives + ranking.negatives
    gains = scores.gains[::-1] if len(scores.gains) else _gains(ranking.hits, ranking.alarms, costs)
    totals = amounts.floor + _cumulated(gains)
    at = int(np.argmin(totals))
    cost = Estimate(THOUSAND * float(totals[at]) / rows, n=rows)
    threshold = (
        Estimate(float(ranking.edges[at - 1]), n=rows)
        if at
        else undefined("calling no row positive is cheapest")
    )
    return (threshold, cost) if costs.columns else _resampled(ranking, costs, threshold, cost)


def _resampled(
    ranking: Ranking, costs: Costs, threshold: Estimate, cost: Estimate
) -> tuple[Estimate, Estimate]:
    """Both estimates with what the replicates say of them."""
    hits, alarms = ranking.resampled
    if_negative = hits.sum(axis=1) * float(costs.false_negative)
    if_negative += alarms.sum(axis=1) * float(costs.true_negative)
    totals = if_negative[:, None] + _cumulated(_gains(hits, alarms, costs))
    at = np.argmin(totals, axis=1)
    rows = hits.sum(axis=1) + alarms.sum(axis=1)
    deviation = float(np.std(THOUSAND * totals.min(axis=1) / rows, ddof=1))
    found = mean(cost.value or 0.0, deviation, cost.n)
    chosen = ranking.group_edges[at[at > 0] - 1]
    if threshold.value is None or len(chosen) < 2:
        return threshold, found
    low, high = np.quantile(chosen, (0.025, 0.975))
    return (
        replace(
            threshold,
            standard_deviation=float(np.std(chosen, ddof=1)),
            low=min(float(low), threshold.value),
            high=max(float(high), threshold.value),
        ),
        found,
    )


def _gains(hits: NDArray[Any], alarms: NDArray[Any], costs: Costs) -> NDArray[np.float64]:
    """What the answer "positive" costs more than "negative", summed over the rows of each cell."""
    if_true = float(costs.true_positive) - float(costs.false_negative)
    if_false = float(costs.false_positive) - float(costs.true_negative)
    return np.asarray(hits * if_true + alarms * if_false)


def _cumulated(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums down to each threshold along the last axis, none called positive first."""
    sums = np.cumsum(gains, axis=-1)
    return np.concatenate((np.zeros((*sums.shape[:-1], 1)), sums), axis=-1)
