"""Model quality's nouns: what is asked of a model's answers, and the numbers that come back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from tidegauge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


MIN_EFFECT = 0.02
"""The worsening of a metric that matters: in points, or a part of the baseline's value."""


class Problem(StrEnum):
    """What the model answers: one of two classes, one of many, or a number."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


@dataclass(frozen=True, slots=True)
class Costs:
    """What each outcome costs: an amount a row, or the name of the column that has the amount."""

    true_positive: float | str = 0.0
    false_positive: float | str = 0.0
    true_negative: float | str = 0.0
    false_negative: float | str = 0.0
    currency: str = ""

    @property
    def amounts(self) -> tuple[float | str, ...]:
        """In the order of the outcomes: true negative, false positive, false negative, true."""
        return (self.true_negative, self.false_positive, self.false_negative, self.true_positive)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that have amounts, each once."""
        return tuple(dict.fromkeys(a for a in self.amounts if isinstance(a, str)))


@dataclass(frozen=True, slots=True)
class QualityPlan:
    """What is to be known of a model's answers; profiles of one plan can be merged.

    A binary score is an answer of `positive` where `score >= threshold`. Every other label counts
    as `negative`. `classes` names the entries of a list of probabilities. `subsamples` asks for
    SageMaker's own standard deviation: over five random subsamples of 80 % of the rows.

    Raises:
        UsageError: both classes have one name.
    """

    problem: Problem
    threshold: float = 0.5
    positive: str = "1"
    negative: str = "0"
    classes: tuple[str, ...] = ()
    costs: Costs | None = None
    subsamples: bool = False

    def __post_init__(self) -> None:
        if self.problem is Problem.BINARY and self.positive == self.negative:
            raise UsageError(
                f"the positive and the negative class are both called {self.positive!r}: name the "
                "other one too"
            )

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {**asdict(self), "problem": self.problem.value, "classes": list(self.classes)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """The plan that `as_json` wrote."""
        costs = fields["costs"]
        read = {
            "problem": Problem(fields["problem"]),
            "classes": tuple(fields["classes"]),
            "costs": None if costs is None else Costs(**costs),
        }
        return cls(**{**fields, **read})


@dataclass(frozen=True, slots=True)
class Estimate:
    """One metric with what is known of its error.

    `standard_deviation` is that of the value over samples like this one, `low` and `high` an
    interval that covers the true value in 95 % of them; None where they cannot be told. `n` is the
    number of rows that the value is a mean over (of the positive rows for a recall). `error` bounds
    what was lost because scores are kept in cells: 0 where the value is exact. `skewness` is that
    of the rows whose mean it is: rare large errors make few rows swing upwards. Without a value,
    `undefined` says why there is none.
    """

    value: float | None
    standard_deviation: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    error: float = 0.0
    skewness: float = 0.0
    undefined: str = ""


@dataclass(frozen=True, slots=True)
class QualityStatistics:
    """The numbers of one window or baseline.

    `metrics` by name: SageMaker's where it has one. `confusion` counts rows by actual, then by
    predicted label. `curves` are lists of coordinates. `detail` (JSON values) has the tables:
    calibration, lift, quantiles, costs, classes, counts of rows.
    """

    problem: Problem
    rows: int
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    curves: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)

    def value(self, metric: str) -> float | None:
        """The value of a metric; None where it is unknown or undefined."""
        found = self.metrics.get(metric)
        return None if found is None else found.value
