"""What moved most: the bins or categories in which two samples differ, with both shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.model.statistics import Sketch
    from tidegauge.rules.alarms.homogeneity import Cells

_BINS = 10
_NAMED = 5


def bins_that_moved(ours: Sketch, theirs: Sketch) -> list[dict[str, Any]]:
    """Of the baseline's tenths, and what lies outside its range, those that differ most.

    Bins are `(above, up_to]` by the baseline's deciles; None is unbounded.
    """
    items, weights = theirs.weighted()
    upto = np.cumsum(weights)
    places = np.searchsorted(upto, np.linspace(0.0, 1.0, _BINS + 1)[1:] * upto[-1] * (1 - 1e-12))
    edges = np.unique(items[places])
    below = np.nextafter(items[0], -np.inf)
    edges = np.concatenate(([below], edges))
    shares = [_shares(sketch, edges) for sketch in (ours, theirs)]
    bounds: list[float | None] = [None, *edges.tolist(), None]
    return _largest(
        [
            {"above": bounds[i], "up_to": bounds[i + 1], "share": a, "baseline_share": b}
            for i, (a, b) in enumerate(zip(*shares, strict=True))
        ]
    )


def cells_that_moved(table: Cells) -> list[dict[str, Any]]:
    """The categories whose shares differ most; the pooled ones are one, of value None."""
    cells = [*zip(table.labels, table.current, table.baseline, strict=True)]
    if any(table.few):
        cells.append((None, *table.few))
    return _largest(
        [
            {"value": label, "share": x / table.n, "baseline_share": y / table.m}
            for label, x, y in cells
        ]
    )


def _largest(moved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    moved = [m for m in moved if m["share"] != m["baseline_share"]]
    return sorted(moved, key=lambda m: -abs(m["share"] - m["baseline_share"]))[:_NAMED]


def _shares(sketch: Sketch, edges: NDArray[np.float64]) -> list[float]:
    items, weights = sketch.weighted()
    counts = np.bincount(np.searchsorted(edges, items, "left"), weights, len(edges) + 1)
    shares: list[float] = (counts / weights.sum()).tolist()
    return shares
