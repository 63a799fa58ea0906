"""Rows of two classes in the order of their scores: what curves, lift and costs are read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from tidegauge.quality.classification import NO_NEGATIVE, NO_POSITIVE
from tidegauge.quality.resampling import weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.states.scores import Scores

_RESAMPLED_CELLS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Cells from the highest score to the lowest.

    `hits` and `alarms` are the positive and negative labels of each; `edges` the least score that
    is in the cell. With `exact` all scores of a cell are equal. `resampled` are hits and alarms of
    the bootstrap, one row a replicate: of at most 512 groups of neighbouring cells, alike in their
    rows, for they tell of spreads alone; values are read from the cells. `group_edges` are the
    least scores of these groups.
    """

    hits: NDArray[np.int64]
    alarms: NDArray[np.int64]
    edges: NDArray[np.float64]
    exact: bool
    resampled: tuple[NDArray[np.float64], NDArray[np.float64]]
    group_edges: NDArray[np.float64]

    @classmethod
    def of_scores(cls, scores: Scores) -> Self:
        """The ranking that the state has kept; it has at least one cell."""
        hits, alarms = scores.positives[::-1], scores.negatives[::-1]
        starts = _groups(hits + alarms)
        resampled = (
            weights(np.add.reduceat(hits, starts), "hits"),
            weights(np.add.reduceat(alarms, starts), "alarms"),
        )
        edges = scores.edges[::-1]
        lasts = np.append(starts[1:], len(edges)) - 1
        return cls(hits, alarms, edges, scores.level == 0, resampled, edges[lasts])

    @property
    def positives(self) -> int:
        return int(self.hits.sum())

    @property
    def negatives(self) -> int:
        return int(self.alarms.sum())

    def lacking(self) -> str:
        """The class that no label is of, as the reason why there is no curve; empty: none is."""
        if not self.positives:
            return NO_POSITIVE
        return "" if self.negatives else NO_NEGATIVE


def _groups(rows: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where to begin each of at most 512 groups of neighbouring cells, alike in their rows."""
    if len(rows) <= _RESAMPLED_CELLS:
        return np.arange(len(rows))
    group = (np.cumsum(rows) - rows) * _RESAMPLED_CELLS // rows.sum()
    return np.flatnonzero(np.diff(group, prepend=-1))
