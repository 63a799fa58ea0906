"""How many rows of each true class were answered with which class."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from tidegauge.errors import InputError
from tidegauge.states.codec import narrow, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

MOST_LABELS = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """`counts[i, j]` rows have the true class `labels[i]` and were answered with `labels[j]`.

    Labels are in ascending order of their text, numbers first and by value.
    Identity: no labels. Size: 8 bytes for each pair of labels that occurs. Error: exact.
    """

    labels: tuple[str, ...] = ()
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))

    @classmethod
    def of_codes(
        cls, labels: Sequence[str], actual: NDArray[np.int64], predicted: NDArray[np.int64]
    ) -> Self:
        """The state of rows whose classes are positions in `labels`, which need no order.

        Raises:
            InputError: there are more than `MOST_LABELS` labels.
        """
        k = len(labels)
        _refuse_too_many(k)
        counts = np.bincount(actual * k + predicted, minlength=k * k)
        return cls.of_counts(labels, counts.reshape(k, k))

    @classmethod
    def of_counts(cls, labels: Sequence[str], counts: NDArray[np.int64]) -> Self:
        """The state of counts by actual, then by predicted label; labels need no order."""
        order = sorted(range(len(labels)), key=lambda i: label_order(labels[i]))
        return cls(tuple(labels[i] for i in order), counts[np.ix_(order, order)])

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        """The counts of all the rows together.

        Raises:
            InputError: together there are more than `MOST_LABELS` labels.
        """
        listed = [state for state in states if state.labels]
        labels = tuple(sorted({name for s in listed for name in s.labels}, key=label_order))
        _refuse_too_many(len(labels))
        place = {name: i for i, name in enumerate(labels)}
        counts = np.zeros((len(labels), len(labels)), np.int64)
        for state in listed:
            at = [place[name] for name in state.labels]
            counts[np.ix_(at, at)] += state.counts
        return cls(labels, counts)

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    def count(self, actual: str, predicted: str) -> int:
        """Rows of one cell; 0 for a label that never occurred."""
        if actual not in self.labels or predicted not in self.labels:
            return 0
        return int(self.counts[self.labels.index(actual), self.labels.index(predicted)])

    def to_bytes(self) -> bytes:
        cells = self.counts.ravel()
        occupied = np.flatnonzero(cells)
        arrays = {"cells": narrow(occupied), "counts": narrow(cells[occupied])}
        return pack("confusion", 1, {"labels": list(self.labels)}, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, arrays = unpack(data, "confusion", 1)
        k = len(header["labels"])
        counts = np.zeros(k * k, np.int64)
        counts[arrays["cells"]] = arrays["counts"]
        return cls(tuple(header["labels"]), counts.reshape(k, k))


def label_order(label: str) -> tuple[bool, float, str]:
    """The sort key of a label: 2 before 10, and numbers before texts."""
    try:
        number = float(label)
    except ValueError:
        return True, 0.0, label
    return (True, 0.0, label) if math.isnan(number) else (False, number, label)


def _refuse_too_many(labels: int) -> None:
    if labels > MOST_LABELS:
        raise InputError(
            f"labels and answers have {labels} different classes, at most {MOST_LABELS} can be told"
            " apart: is the label column an id, or the problem a regression?"
        )
