"""What moved most: the bins or categories in which two samples differ, with both shares."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.rules.alarms.cells import Cells
    from tidegauge.rules.distances import Cumulated

_TENTHS = np.linspace(0.0, 1.0, 11)[1:] * (1 - 1e-12)
_NAMED = 5


def bins_that_moved(ours: Cumulated, theirs: Cumulated) -> list[dict[str, Any]]:
    """Of the baseline's tenths, and what lies outside its range, those that differ most.

    Takes sketches' items, ascending, and the numbers of values up to these. Bins are
    `(above, up_to]` by the baseline's deciles; None is unbounded.
    """
    items, upto = theirs
    tenths = items[upto.searchsorted(_TENTHS * upto[-1])].tolist()
    edges = [float(np.nextafter(items[0], -np.inf)), *dict.fromkeys(tenths)]
    shares = [_shares(*cumulated, edges) for cumulated in (ours, theirs)]
    bounds: list[float | None] = [None, *edges, None]
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


def _shares(
    items: NDArray[np.float64], upto: NDArray[np.float64], edges: list[float]
) -> list[float]:
    below = items.searchsorted(edges, "right")
    at = [0.0, *np.where(below > 0, upto[below - 1], 0.0).tolist(), float(upto[-1])]
    return [(high - low) / at[-1] for low, high in pairwise(at)]
