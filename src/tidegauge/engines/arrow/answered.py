"""Rows that have a label and an answer, as arrays of one length, and the states of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.states.amounts import OUTCOMES, Amounts
from tidegauge.states.confusion import Confusion
from tidegauge.states.losses import Losses
from tidegauge.states.moments import Moments
from tidegauge.states.residuals import Residuals
from tidegauge.states.scores import Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.model.quality import Costs, QualityPlan


@dataclass(frozen=True, slots=True, eq=False)
class NumberRows:
    """A regression's rows."""

    labels: NDArray[np.float64]
    predictions: NDArray[np.float64]

    def states(self, plan: QualityPlan, salt: int) -> dict[str, Any]:  # noqa: ARG002
        """The states by their names in the profile."""
        return {"residuals": Residuals.of_values(self.labels, self.predictions, salt)}


@dataclass(frozen=True, slots=True, eq=False)
class ClassRows:
    """Rows of one of many classes; labels and answers are positions in `names`."""

    names: tuple[str, ...]
    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]

    def states(self, plan: QualityPlan, salt: int) -> dict[str, Any]:  # noqa: ARG002
        """The states by their names in the profile."""
        return {"confusion": Confusion.of_codes(self.names, self.labels, self.predictions)}


@dataclass(frozen=True, slots=True, eq=False)
class BinaryRows:
    """Rows of one of two classes: whether the label and the answer are the positive one.

    `amounts[row, outcome]` is what the row would cost; None where no row has costs of its own.
    """

    positive: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    scores: NDArray[np.float64] | None
    amounts: NDArray[np.float64] | None

    def states(self, plan: QualityPlan, salt: int) -> dict[str, Any]:  # noqa: ARG002
        """The states by their names in the profile."""
        counts = self._counts()
        names = (plan.negative, plan.positive)
        states: dict[str, Any] = {"confusion": Confusion.of_counts(names, counts.reshape(2, 2))}
        gains = None
        if self.amounts is not None:
            outcomes = 2 * self.positive.astype(np.int8) + self.predicted
            states["amounts"], gains = _priced(outcomes, self.amounts)
        elif plan.costs is not None:
            states["amounts"] = _constant(counts, plan.costs)
        if self.scores is not None:
            states["scores"] = Scores.of_values(self.scores, self.positive, gains)
            states["losses"] = Losses.of_values(self.scores, self.positive)
        return states

    def _counts(self) -> NDArray[np.int64]:
        """How many rows have each outcome; sums of truths take a tenth of a count of words."""
        rows, both = len(self.positive), np.count_nonzero(self.positive & self.predicted)
        positive, predicted = np.count_nonzero(self.positive), np.count_nonzero(self.predicted)
        return np.array(
            [rows - positive - predicted + both, predicted - both, positive - both, both]
        )


def _constant(counts: NDArray[np.int64], costs: Costs) -> Amounts:
    """The costs of rows whose outcomes cost the same each time."""
    amounts = np.array(costs.amounts, np.float64)
    actual = counts.reshape(2, 2).sum(axis=1)
    occurring = np.flatnonzero(counts)
    return Amounts(
        floor=float((actual * amounts[[0, 2]]).sum()),
        costs=Moments.of_runs(amounts[occurring], counts[occurring]),
        by_outcome=counts * amounts,
    )


def _priced(
    outcomes: NDArray[np.int8], amounts: NDArray[np.float64]
) -> tuple[Amounts, NDArray[np.float64]]:
    """The costs of rows with amounts of their own, and what answering each "positive" would add."""
    known = np.isfinite(amounts)
    filled = np.where(known, amounts, 0.0)
    rows = np.arange(len(outcomes))
    costs = filled[rows, outcomes]
    if_negative = np.where(outcomes >= 2, filled[:, 2], filled[:, 0])
    if_positive = np.where(outcomes >= 2, filled[:, 3], filled[:, 1])
    state = Amounts(
        unpriced=int(np.count_nonzero(~known[rows, outcomes])),
        floor=float(if_negative.sum()),
        costs=Moments.of_values(costs, float(costs[0])) if len(costs) else Moments(),
        by_outcome=np.bincount(outcomes, costs, minlength=OUTCOMES).astype(np.float64),
    )
    return state, if_positive - if_negative
