"""Planted drift: how often is a change of this size seen in a window, and by whom?

Every column of a window has one change of its own, of the same size. Size 0 shows the false alarms.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from alarm_judges import DAY, Judge, Ours, Plain, SageMaker
from alarm_peers import REFERENCES, WHOLE, Exchange
from alarm_world import Rows, known
from tidegauge.rules.alarms.plan import Plan
from tidegauge.rules.alarms.policy import Policy
from tidegauge.rules.constraints import ComparisonMethod

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.random import Generator

SIZES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
WINDOWS = (500, 2000)
CHANGES: Mapping[str, str] = {
    "shift": "a normal number moves by so many standard deviations",
    "scale": "a gamma distributed number is multiplied by 1 + size",
    "mix": "this share of rows moves from the first of five categories to the last",
    "missing": "this share of values is missing",
    "new": "this share of rows has a value that the baseline does not know",
    "stuck": "this share of rows has one and the same number",
}
_BASELINE = 20_000
_AN_HOUR = 1 / 720  # of the 30 days that one false alarm is allowed in
_CATEGORIES = np.array(["a", "b", "c", "d", "e", "x"])

Cells = dict[tuple[int, float, str, str], float]
"""The share of windows in which a change was seen: by rows, size, change and judge."""


def measure(seed: int, scale: float, folder: Path) -> tuple[Cells, str]:
    """The shares, and Evidently's version; it is left out where it is not installed."""
    rng = np.random.default_rng([seed, 2])
    seen: dict[tuple[int, float, str, str], list[bool]] = defaultdict(list)
    exchange = Exchange(folder, every=2)
    names: dict[str, tuple[int, float]] = {}
    for number in range(max(2, round(6 * scale))):
        rows = drawn(rng, _BASELINE, 0.0)
        baseline = known(rows)
        judges = judges_of(len(Plan(Policy(), DAY).trials(baseline.constraints)))
        for n in WINDOWS:
            for size in SIZES:
                name = f"{number}-{n}-{size}"
                names[name] = (n, size)
                exchange.reference(name, rows.table)
                for _ in range(5):
                    window = drawn(rng, n, size)
                    exchange.window(name, window.table)
                    statistics = window.statistics()
                    for who, judge in judges.items():
                        found = {feature for feature, _ in judge(baseline, window, statistics)}
                        for change in CHANGES:
                            seen[n, size, change, who].append(change in found)
    for name, windows in (exchange.judged(REFERENCES[WHOLE]) or {}).items():
        for found in windows:
            for change in CHANGES:
                seen[*names[name], change, WHOLE].append(change in found)
    return {key: float(np.mean(found)) for key, found in seen.items()}, exchange.version


def judges_of(tests: int) -> Mapping[str, Judge]:
    """Ours at one false alarm in 30 days of hourly windows, and the others."""
    alpha = _AN_HOUR / tests
    return {
        "ours": Ours(alpha, floors=True),
        "ours, no floors": Ours(alpha),
        "plain test, same alpha": Plain(alpha),
        "SageMaker Robust": SageMaker(ComparisonMethod.ROBUST),
        "SageMaker Simple": SageMaker(ComparisonMethod.SIMPLE),
    }


def drawn(rng: Generator, n: int, size: float) -> Rows:
    """A window, each column with its change."""
    hit = rng.random(n) < size
    first = rng.choice(5, n, p=[0.6, 0.2, 0.1, 0.05, 0.05])
    # So many of all rows, and all of them from the first category.
    moved = (first == 0) & (rng.random(n) < size / 0.6)
    other = rng.choice(5, n, p=[0.6, 0.2, 0.1, 0.05, 0.05])
    return Rows(
        pa.table(
            {
                "shift": rng.standard_normal(n) + size,
                "scale": rng.gamma(4.0, 1.0, n) * (1.0 + size),
                "mix": _CATEGORIES[np.where(moved, 4, first)],
                "missing": pa.array(rng.standard_normal(n), mask=hit),
                "new": _CATEGORIES[np.where(hit, 5, other)],
                "stuck": np.where(hit, 0.1234, rng.standard_normal(n)),
            }
        )
    )
