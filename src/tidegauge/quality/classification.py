"""Metrics of answers of two classes, from the counts of the four outcomes.

Source: the SageMaker developer guide, "Model quality metrics"; the formulas are those of every
textbook. Standard deviations are the delta method's (for a rate: the binomial's), which is what a
bootstrap of the rows comes to.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Self

from tidegauge.quality.intervals import rate, share, undefined

if TYPE_CHECKING:
    from tidegauge.model.quality import Estimate

NO_ROWS = "no row has both a label and an answer"
NO_POSITIVE = "no label is of the positive class"
NO_NEGATIVE = "no label is of the negative class"
NO_POSITIVE_ANSWER = "no answer is of the positive class"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The four counts."""

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int

    @property
    def rows(self) -> int:
        return self.positives + self.negatives

    @property
    def positives(self) -> int:
        """Rows whose label is the positive class."""
        return self.true_positive + self.false_negative

    @property
    def negatives(self) -> int:
        """Rows whose label is the negative class."""
        return self.true_negative + self.false_positive

    def answered_always(self) -> Self:
        """The outcomes of the best constant classifier: always the more frequent label.

        With as many labels of both classes it answers the negative one.
        """
        if self.positives > self.negatives:
            return type(self)(0, self.negatives, 0, self.positives)
        return type(self)(self.negatives, 0, self.positives, 0)


def accuracy(o: Outcomes) -> Estimate:
    """(TP + TN) / rows, from 0 to 1; undefined without rows."""
    return rate(o.true_positive + o.true_negative, o.rows, NO_ROWS)


def precision(o: Outcomes) -> Estimate:
    """TP / (TP + FP), from 0 to 1; undefined without a positive answer."""
    return rate(o.true_positive, o.true_positive + o.false_positive, NO_POSITIVE_ANSWER)


def recall(o: Outcomes) -> Estimate:
    """TP / (TP + FN), from 0 to 1, the true positive rate; undefined without a positive label."""
    return rate(o.true_positive, o.positives, NO_POSITIVE)


def true_negative_rate(o: Outcomes) -> Estimate:
    """TN / (TN + FP), from 0 to 1; undefined without a negative label."""
    return rate(o.true_negative, o.negatives, NO_NEGATIVE)


def false_positive_rate(o: Outcomes) -> Estimate:
    """FP / (TN + FP), from 0 to 1; undefined without a negative label."""
    return rate(o.false_positive, o.negatives, NO_NEGATIVE)


def false_negative_rate(o: Outcomes) -> Estimate:
    """FN / (TP + FN), from 0 to 1; undefined without a positive label."""
    return rate(o.false_negative, o.positives, NO_POSITIVE)


def f_beta(o: Outcomes, beta: float) -> Estimate:
    """(1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP), from 0 to 1.

    The weighted harmonic mean of precision and recall, where recall weighs `beta` times as much
    (van Rijsbergen, "Information Retrieval", 1979, chapter 7). 0 where precision and recall are 0;
    undefined when neither a label nor an answer is positive.
    """
    square = beta * beta
    weight = 1.0 + square
    below = weight * o.true_positive + square * o.false_negative + o.false_positive
    if not below:
        return undefined("no label and no answer is of the positive class")
    value = weight * o.true_positive / below
    # Derivatives by the counts, times `below`.
    by_hit, by_miss, by_alarm = weight * (1.0 - value), -square * value, -value
    variance = (
        o.true_positive * by_hit**2 + o.false_negative * by_miss**2 + o.false_positive * by_alarm**2
    )
    n = o.positives + o.false_positive
    return share(value, sqrt(variance) / below, n)
