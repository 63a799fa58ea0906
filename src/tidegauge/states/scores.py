"""How many rows of each class had which score: exact, and beyond a bound in cells of a fixed grid.

What quantile sketches cannot do, this state can: any merge of any parts gives the same state, every
threshold between cells has its exact counts, and the error of an area is known, not only likely.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegauge.states.codec import narrow, pack, unpack
from tidegauge.states.scorekeys import keys_of, levels_apart, scores_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

MOST_CELLS = 16_384
_GRID_BITS = 18  # cells of a grid whose counts stay in a core's cache
_MANY = 8 * MOST_CELLS  # scores, so that a sort takes longer than such a grid


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Cells in ascending order of their scores, with the rows of each class in them.

    A cell is a key of `scorekeys` without its last `level` bits, the level being the smallest at
    which all rows together need at most `MOST_CELLS` cells. It is a function of the rows alone, and
    a part's level is never above the whole's: so merging is associative, commutative and exact.
    `gains` is, for each cell, the sum over its rows of what the answer "positive" would cost more
    than "negative"; empty unless rows have costs of their own.
    Identity: no cells. Size: under 400 kB. Error: none at level 0; above, the order of scores
    within a cell is lost (`quality.curves` bounds what this does to an area); counts stay exact.
    """

    level: int = 0
    cells: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    negatives: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    positives: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    gains: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of_values(
        cls,
        scores: NDArray[np.float64],
        positive: NDArray[np.bool_],
        gains: NDArray[np.float64] | None = None,
    ) -> Self:
        """The state of finite scores; `positive` are the rows whose true class is the positive."""
        keys = keys_of(scores)
        if gains is not None:
            order = np.argsort(keys)
            ones = positive[order].astype(np.int64)
            return cls._of_sorted(keys[order], 1 - ones, ones, gains[order])
        if len(keys) >= _MANY and (counted := cls._of_grid(keys, positive)) is not None:
            return counted
        # Two sorts of plain keys are several times as fast as one that carries the class along.
        parts = []
        for is_positive in (False, True):
            ascending = np.sort(keys[positive == is_positive])
            level = _level(ascending)
            cells, counts = _runs(ascending >> np.uint64(level))
            none = np.zeros_like(counts)
            pair = (none, counts) if is_positive else (counts, none)
            parts.append(cls(level, cells, *pair))
        return cls.merge_all(parts)

    @classmethod
    def _of_grid(cls, keys: NDArray[np.uint64], positive: NDArray[np.bool_]) -> Self | None:
        """The same without any sort: counted in a grid that is finer than the state's cells.

        None: it is not, since keys lie far apart or few are different.
        """
        first = keys.min()
        level = np.uint64(max(0, int(keys.max() - first).bit_length() - _GRID_BITS))
        corner = first >> level
        places = ((keys >> level) - corner).view(np.int64)
        rows = np.bincount(places)
        occupied = np.flatnonzero(rows)
        if len(occupied) <= MOST_CELLS:
            return None
        positives = np.bincount(places[positive], minlength=len(rows))[occupied]
        cells = occupied.astype(np.uint64) + corner
        negatives = rows[occupied] - positives
        return cls._of_sorted(cells, negatives, positives, np.empty(0), int(level))

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        """The state of all the rows together."""
        listed = [state for state in states if len(state.cells)]
        if len(listed) < 2:
            return listed[0] if listed else cls()
        level = max(state.level for state in listed)
        cells = np.concatenate([s.cells >> np.uint64(level - s.level) for s in listed])
        order = np.argsort(cells, kind="stable")
        gains = np.concatenate([state.gains for state in listed])
        return cls._of_sorted(
            cells[order],
            np.concatenate([state.negatives for state in listed])[order],
            np.concatenate([state.positives for state in listed])[order],
            gains[order] if len(gains) else gains,
            level,
        )

    @classmethod
    def _of_sorted(
        cls,
        cells: NDArray[np.uint64],
        negatives: NDArray[np.int64],
        positives: NDArray[np.int64],
        gains: NDArray[np.float64],
        level: int = 0,
    ) -> Self:
        rise = _level(cells)
        cells = cells >> np.uint64(rise)
        starts = _starts(cells)
        return cls(
            level + rise,
            cells[starts],
            np.add.reduceat(negatives, starts),
            np.add.reduceat(positives, starts),
            np.add.reduceat(gains, starts) if len(gains) else gains,
        )

    @property
    def edges(self) -> NDArray[np.float64]:
        """The least score of each cell: the rows from a cell on are those with scores >= edge."""
        return scores_of(self.cells << np.uint64(self.level))

    def to_bytes(self) -> bytes:
        first = int(self.cells[0]) if len(self.cells) else 0
        arrays = {
            "gaps": narrow(np.diff(self.cells)),
            "negatives": narrow(self.negatives),
            "positives": narrow(self.positives),
            "gains": self.gains,
        }
        return pack("scores", 1, {"level": self.level, "first": first}, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, arrays = unpack(data, "scores", 1)
        if not len(arrays["negatives"]):
            return cls()
        gaps = np.concatenate(
            (np.array([header["first"]], np.uint64), arrays["gaps"].astype(np.uint64))
        )
        return cls(
            header["level"],
            np.cumsum(gaps, dtype=np.uint64),
            arrays["negatives"].astype(np.int64),
            arrays["positives"].astype(np.int64),
            arrays["gains"],
        )


def _level(ascending: NDArray[Any]) -> int:
    """The smallest level at which these keys, in ascending order, need few enough cells."""
    if len(ascending) <= MOST_CELLS:
        return 0
    together = np.cumsum(levels_apart(ascending))
    return int(np.searchsorted(together, len(ascending) - MOST_CELLS))


def _starts(ascending: NDArray[Any]) -> NDArray[np.intp]:
    new = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    return np.flatnonzero(new)


def _runs(ascending: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    starts = _starts(ascending)
    return ascending[starts], np.diff(starts, append=len(ascending)).astype(np.int64)
