"""Metrics of answers of many classes: means over the classes, weighted by their labels' share.

Source: the SageMaker developer guide, "Model quality metrics", which has them from Spark MLlib's
`MulticlassMetrics`. A class that was never answered has the precision 0 there, and a class without
any hit the F 0. Standard deviations are the delta method's over all cells of the matrix, which is
what a bootstrap of the rows comes to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.quality.classification import NO_ROWS
from tidegauge.quality.intervals import rate, share, undefined

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from tidegauge.model.quality import Estimate
    from tidegauge.states.confusion import Confusion


@dataclass(frozen=True, slots=True)
class _Share:
    """`factor hits / (by_labels labels + by_answers answers)`, of each class."""

    factor: float
    by_labels: float
    by_answers: float


_RECALL = _Share(1.0, 1.0, 0.0)
_PRECISION = _Share(1.0, 0.0, 1.0)


def accuracy(confusion: Confusion) -> Estimate:
    """The share of rows whose answer is their label, from 0 to 1; undefined without rows."""
    return rate(int(np.trace(confusion.counts)), confusion.rows, NO_ROWS)


def weighted_recall(confusion: Confusion) -> Estimate:
    """The mean recall, weighted by the labels' shares: the same as the accuracy."""
    return _weighted(confusion, _RECALL)


def weighted_precision(confusion: Confusion) -> Estimate:
    """The mean precision, weighted by the labels' shares, from 0 to 1; undefined without rows."""
    return _weighted(confusion, _PRECISION)


def weighted_f_beta(confusion: Confusion, beta: float) -> Estimate:
    """The mean F, weighted by the labels' shares, from 0 to 1; undefined without rows.

    A class's F is (1 + b^2) hits / (b^2 labels + answers); see `classification.f_beta`.
    """
    return _weighted(confusion, _Share(1.0 + beta * beta, beta * beta, 1.0))


def answered_always(confusion: Confusion) -> Confusion:
    """The counts of the best constant classifier: always the most frequent label, the first one."""
    labels = confusion.counts.sum(axis=1)
    counts = np.zeros_like(confusion.counts)
    if len(labels):
        counts[:, int(np.argmax(labels))] = labels
    return replace(confusion, counts=counts)


def by_class(confusion: Confusion) -> dict[str, dict[str, Any]]:
    """For each class its rows, and precision, recall and F1 with their standard deviations.

    Undefined ones (no label or no answer of the class) are None.
    """
    table: dict[str, dict[str, Any]] = {}
    labels, answers = confusion.counts.sum(axis=1), confusion.counts.sum(axis=0)
    for i, name in enumerate(confusion.labels):
        hits, of, to = int(confusion.counts[i, i]), int(labels[i]), int(answers[i])
        found = {
            "precision": rate(hits, to, ""),
            "recall": rate(hits, of, ""),
            "f1": _class_f1(hits, of, to),
        }
        table[name] = {"labels": of, "answers": to} | {
            metric: {"value": e.value, "standard_deviation": e.standard_deviation}
            for metric, e in found.items()
        }
    return table


def _class_f1(hits: int, labels: int, answers: int) -> Estimate:
    both = labels + answers
    if not both:
        return undefined("no label and no answer is of the class")
    value = 2.0 * hits / both
    variance = hits * (2.0 * (1.0 - value)) ** 2 + (both - 2 * hits) * value**2
    return share(value, sqrt(variance) / both, both - hits)


def _weighted(confusion: Confusion, of: _Share) -> Estimate:
    n = confusion.rows
    if not n:
        return undefined(NO_ROWS)
    counts = confusion.counts.astype(np.float64)
    labels, answers, hits = counts.sum(axis=1), counts.sum(axis=0), np.diag(counts)
    below = of.by_labels * labels + of.by_answers * answers
    safe = np.where(below > 0.0, below, 1.0)
    shares = of.factor * hits / safe
    value = min(1.0, float((labels * shares).sum()) / n)
    # The derivative by each cell's count, times n: through its row, its column, and its own hit.
    through = labels * shares / safe
    slopes = (shares - of.by_labels * through)[:, None] - of.by_answers * through[None, :]
    slopes[np.diag_indices_from(slopes)] += of.factor * labels / safe
    variance = _weighted_square(counts, slopes - value) / (n * n)
    return share(value, sqrt(variance), n)


def _weighted_square(counts: NDArray[np.float64], slopes: NDArray[np.float64]) -> float:
    return float((counts * slopes**2).sum())
