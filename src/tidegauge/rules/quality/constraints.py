"""Constraints on metrics: the content of one `constraints.json` of model quality.

Source: the SageMaker developer guide, "Model quality monitoring", and files that the service wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tidegauge.model.quality import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Operator(StrEnum):
    """`comparison_operator` names the bad direction: violated when the value is on that side."""

    LESS = "LessThanThreshold"
    GREATER = "GreaterThanThreshold"

    @property
    def sign(self) -> int:
        """-1 where smaller values are worse, 1 where larger ones are."""
        return -1 if self is Operator.LESS else 1


# What SageMaker constrains, in the order of its files, and the costs, which it does not know.
OPERATORS: Mapping[Problem, Mapping[str, Operator]] = {
    Problem.REGRESSION: {
        "mae": Operator.GREATER,
        "mse": Operator.GREATER,
        "rmse": Operator.GREATER,
        "r2": Operator.LESS,
    },
    Problem.BINARY: {
        "recall": Operator.LESS,
        "precision": Operator.LESS,
        "accuracy": Operator.LESS,
        "true_positive_rate": Operator.LESS,
        "true_negative_rate": Operator.LESS,
        "false_positive_rate": Operator.GREATER,
        "false_negative_rate": Operator.GREATER,
        "auc": Operator.LESS,
        "f0_5": Operator.LESS,
        "f1": Operator.LESS,
        "f2": Operator.LESS,
        "cost_per_thousand": Operator.GREATER,
    },
    Problem.MULTICLASS: {
        "accuracy": Operator.LESS,
        "weighted_recall": Operator.LESS,
        "weighted_precision": Operator.LESS,
        "weighted_f0_5": Operator.LESS,
        "weighted_f1": Operator.LESS,
        "weighted_f2": Operator.LESS,
    },
}


@dataclass(frozen=True, slots=True)
class Basis:
    """What a suggested threshold stands on, so that it can be held to a window of another size.

    `value` and `standard_deviation` are the baseline's, over `n` rows of the metric, which are
    `rows_share` of all its rows; `skewness` is that of these rows. `swing` is the standard
    deviation of the metric from one time block to the next beyond what their sizes explain, seen
    on `blocks` blocks. `threshold` is what was suggested: a constraint whose threshold is another
    was edited, and holds as it stands. `detectable` is the worsening that a window of
    `expected_rows` shows with 80 % power. `accepted` is the key of the window whose value people
    have accepted in place of the baseline's; `value`, `standard_deviation`, `n` are that window's.
    """

    threshold: float
    value: float
    standard_deviation: float
    n: int
    rows_share: float
    alpha: float
    min_effect: float
    expected_rows: int
    detectable: float
    skewness: float = 0.0
    swing: float = 0.0
    blocks: int = 0
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class MetricConstraint:
    """Violated when the metric is less (or greater) than the threshold."""

    metric: str
    threshold: float
    operator: Operator
    basis: Basis | None = None


@dataclass(frozen=True, slots=True)
class QualityConstraints:
    """The content of one `constraints.json` of model quality, in the order of the document.

    `dropped` are the metrics that could not be constrained, with the reason.
    """

    problem: Problem
    metrics: tuple[MetricConstraint, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict)
    extension: Mapping[str, Any] = field(default_factory=dict)
