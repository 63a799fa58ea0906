"""Calibration: what the time blocks of a baseline say of its own swings, one design effect a test.

Each block is compared with all the others by the statistic of the test that is calibrated. Blocks
should be as long as the windows to come; those without values say nothing and are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegauge.rules.alarms.cells import LEAST_EXPECTED, Cells, statistic
from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated, unfit
from tidegauge.rules.alarms.kolmogorov import MEAN_SQUARE, SPREAD_OF_SQUARE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tidegauge.model.statistics import Sketch

_PLACES = 2048  # where distribution functions are compared, evenly by weight
_SMOOTH_STEP = 1 / 400  # steps below leave Kolmogorov's moments as they are, within 6 %
_BRIDGES = 1000
_BRIDGE_PLACES = 512


def numeric(sketches: Sequence[Sketch]) -> DesignEffect | Uncalibrated:
    """The design effect of the largest gap between distribution functions: see `of_functions`."""
    filled = [sketch for sketch in sketches if sketch.weight]
    rows = [sketch.weight for sketch in filled]
    return unfit(rows) or of_functions(_functions(filled), rows)


def of_functions(
    functions: NDArray[np.float64], rows: Sequence[int]
) -> DesignEffect | Uncalibrated:
    """The design effect of the largest gap, in squared gaps, from blocks' distribution functions.

    `functions` has a row for each block and a column for each place, ascending. Ties make gaps by
    chance smaller, so that a column of mostly zeros that swings threefold would seem not to swing
    at all: `null_mean` is that of the column's own steps.
    """
    if reason := unfit(rows):
        return reason
    counts = np.asarray(rows)
    everything = counts @ functions / counts.sum()
    gaps = np.abs(functions - everything).max(axis=1)
    null_mean, null_spread = _null_moments(everything)
    return _measured(gaps**2 * _scale(counts), counts, null_mean, null_spread)


def categorical(blocks: Sequence[Mapping[str, int]]) -> DesignEffect | Uncalibrated:
    """The design effect of the statistic of homogeneity, over its degrees of freedom.

    Categories expected 10 times or more in a mean block are compared, and all others as one; where
    that leaves two cells, as a share.
    """
    filled = [block for block in blocks if sum(block.values())]
    if reason := unfit([sum(block.values()) for block in filled]):
        return reason
    table = _table(filled)
    rows = table.sum(axis=1)
    if table.shape[1] < 3:
        return share((rows - table[:, 0]).tolist(), rows.tolist())
    labels, others = (None,) * table.shape[1], table.sum(axis=0) - table
    squares = [
        statistic(Cells(labels, tuple(block), tuple(rest)))
        for block, rest in zip(table.tolist(), others.tolist(), strict=True)
    ]
    freedom = table.shape[1] - 1
    return _measured(np.array(squares), rows, float(freedom), 2.0 / freedom)


def _table(blocks: Sequence[Mapping[str, int]]) -> NDArray[np.int64]:
    """Counts, a row for each block: of the frequent categories, then of all others if there are."""
    totals: dict[str, int] = {}
    for block in blocks:
        for value, count in block.items():
            totals[value] = totals.get(value, 0) + count
    ordered = sorted(totals, key=lambda value: (-totals[value], value))
    least = LEAST_EXPECTED * len(blocks)
    own = ordered[: max(1, sum(total >= least for total in totals.values()))]
    rare = sum(totals[value] for value in ordered[len(own) :])
    if len(own) > 1 and 0 < rare < least:
        rare += totals[own.pop()]  # too few for a cell: the rarest of the frequent joins them
    counts = [[block.get(value, 0) for value in own] for block in blocks]
    if rare:
        pairs = zip(counts, blocks, strict=True)
        counts = [[*row, sum(block.values()) - sum(row)] for row, block in pairs]
    return np.array(counts, dtype=np.int64)


def share(bad: Sequence[int], rows: Sequence[int]) -> DesignEffect | Uncalibrated:
    """The design effect of a share, in squared differences over share (1 - share).

    `null_spread` is the binomial's, `2 + (1 - 6 p q) / (n p q)`: blocks with few bad rows say
    little, and the bound of the design effect is wide. Shares swing by factors rather than by
    differences: `kurtosis` is `1 + 16 v`, v the effects' estimated variance over their squared mean
    (a lognormal effect has 16 v + ...; the 1 is what simulation asks for).
    """
    filled = [(x, n) for x, n in zip(bad, rows, strict=True) if n]
    if reason := unfit([n for _, n in filled]):
        return reason
    counts, n = np.array(filled).T
    p = float(counts.sum() / n.sum())
    if p in {0.0, 1.0}:
        return Uncalibrated(f"the share is {p:.0f} in every block")
    unit, mean_rows = p * (1.0 - p), float(n.mean())
    squares = (counts / n - p) ** 2 * _scale(n) / unit
    spread = 2.0 + (1.0 - 6.0 * unit) / (unit * mean_rows)
    factor = max(float(squares.mean()) - 1.0, 0.0) * (1.0 - p) / (p * mean_rows)
    return _measured(squares, n, 1.0, spread, 1.0 + 16.0 * factor)


def _scale(rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """What turns the square of a difference to all blocks into the scaled one to all others.

    `n m / (n + m) * (N / (N - n))^2 = n N / (N - n)` with N all rows, m = N - n.
    """
    return np.asarray(rows / (1.0 - rows / rows.sum()))


def _measured(
    squares: NDArray[np.float64],
    rows: NDArray[np.int64],
    null_mean: float,
    null_spread: float,
    kurtosis: float = 0.0,
) -> DesignEffect:
    estimate = float(squares.mean()) / null_mean
    return DesignEffect(len(rows), float(rows.mean()), estimate, null_mean, null_spread, kurtosis)


def _functions(sketches: Sequence[Sketch]) -> NDArray[np.float64]:
    """Each block's distribution function, a row, at common places that miss no large step."""
    parts = [sketch.cumulated() for sketch in sketches]
    pooled = np.concatenate([items for items, _ in parts])
    weights = np.concatenate([np.diff(upto, prepend=0.0) for _, upto in parts])
    order = np.argsort(pooled)
    pooled, upto = pooled[order], np.cumsum(weights[order])
    every = np.searchsorted(upto, np.linspace(0.0, upto[-1], _PLACES + 1)[1:] - 0.5)
    places = np.unique(pooled[every])
    at = [(np.searchsorted(items, places, "right"), upto) for items, upto in parts]
    return np.stack([np.append(0.0, upto)[index] / upto[-1] for index, upto in at])


def _null_moments(function: NDArray[np.float64]) -> tuple[float, float]:
    """Mean, and variance over squared mean, of the scaled squared gap of independent rows.

    Kolmogorov's where the distribution function climbs in small steps; else over 1,000 seeded
    Brownian bridges at the heights that the function takes.
    """
    steps = np.diff(function, prepend=0.0)
    if steps.max() <= _SMOOTH_STEP or function[0] >= 1.0:
        return MEAN_SQUARE, SPREAD_OF_SQUARE
    heights = function[function < 1.0]
    if len(heights) > _BRIDGE_PLACES:
        heights = heights[np.linspace(0, len(heights) - 1, _BRIDGE_PLACES).astype(int)]
    lengths = np.diff(np.concatenate(([0.0], heights, [1.0])))
    normal = np.random.default_rng(0).standard_normal((_BRIDGES, len(lengths)))
    walk = np.cumsum(normal * np.sqrt(lengths), axis=1)
    squares = np.abs(walk[:, :-1] - heights * walk[:, -1:]).max(axis=1) ** 2
    return float(squares.mean()), float(squares.var() / squares.mean() ** 2)
