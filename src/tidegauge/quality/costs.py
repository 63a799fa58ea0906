"""What the answers cost, and which threshold would have been cheapest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.model.quality import Estimate
from tidegauge.quality.classification import NO_ROWS
from tidegauge.quality.intervals import mean, undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.model.quality import Costs
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


def cheapest(scores: Scores, amounts: Amounts, costs: Costs) -> tuple[Estimate, Estimate]:
    """The threshold with the least cost of these rows, and that cost per thousand of them.

    All thresholds at which a cell begins are tried, and the one above all scores, which has no
    number: the threshold is undefined where calling no row positive is cheapest. Of equal costs the
    highest threshold is taken. The cost is that of the very rows it was chosen on, so it flatters,
    and has no standard deviation. Both undefined without scores.
    """
    rows = int(scores.negatives.sum() + scores.positives.sum())
    if not rows:
        nothing = undefined("there are no scores")
        return nothing, nothing
    totals = amounts.floor + np.concatenate(([0.0], np.cumsum(_gains(scores, costs)[::-1])))
    at = int(np.argmin(totals))
    cost = Estimate(THOUSAND * float(totals[at]) / rows, n=rows)
    if not at:
        return undefined("calling no row positive is cheapest"), cost
    return Estimate(float(scores.edges[len(scores.cells) - at]), n=rows), cost


def _gains(scores: Scores, costs: Costs) -> NDArray[np.float64]:
    """What the answer "positive" costs more than "negative", summed over each cell's rows."""
    if len(scores.gains):
        return scores.gains
    if_true, if_false = (
        float(costs.true_positive) - float(costs.false_negative),
        float(costs.false_positive) - float(costs.true_negative),
    )
    return scores.positives * if_true + scores.negatives * if_false
