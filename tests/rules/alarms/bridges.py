"""A/A simulation of rare alarms: gaps as Brownian bridges, with importance sampling.

For levels down to 1e-5, at which rows cannot be drawn often enough. An empirical distribution
function is its own plus a Brownian bridge over the square root of the rows (Donsker 1952); between
the places of a grid the extremes of the path are drawn from their exact distribution. Days shift a
normal number by a normal effect. `python -m tests.rules.alarms.bridges` prints the table.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from tidegauge.rules.alarms.design_effect import DesignEffect
from tidegauge.rules.alarms.kolmogorov import MEAN_SQUARE, SPREAD_OF_SQUARE, critical_gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_PLACES = 48
_X = np.linspace(0.0, 1.0, _PLACES + 1)
_Z = ndtri(_X)
_FIRST = np.sqrt(2.0) * np.sin(np.pi * _X)  # the bridge's first component, of variance 1 / pi^2
_WIDER, _SHARE_WIDER = 2.6, 0.6  # how much wider, and how often, a window's chance is drawn


@dataclass(frozen=True, slots=True)
class Days:
    """A baseline of `days` days of `rows` rows, whose means swing by `swing` deviations."""

    days: int
    rows: int
    swing: float


def rates(
    setting: Days, window: int, alphas: Sequence[float], *, baselines: int, windows: int, seed: int
) -> Floats:
    """Realised over nominal rate of false alarms at each alpha, for windows of `window` rows."""
    rng = np.random.default_rng(seed)
    estimates, base = _calibrations(rng, setting, baselines)
    gaps, weights = _windows(rng, setting, window, base, windows)
    # The critical gap depends on the estimate alone: a table of it is enough.
    grid = np.geomspace(1.0, max(estimates.max(), 1.1), 60)
    effects = [
        DesignEffect(setting.days, setting.rows, deff, MEAN_SQUARE, SPREAD_OF_SQUARE)
        for deff in grid
    ]
    found = []
    for alpha in alphas:
        m = setting.days * setting.rows
        critical = [critical_gap(window, m, alpha, effect) for effect in effects]
        limit = np.interp(np.maximum(estimates, 1.0), grid, critical)
        found.append(((gaps > limit[:, None]) * weights).mean() / alpha)
    return np.array(found)


def _calibrations(rng: np.random.Generator, setting: Days, baselines: int) -> tuple[Floats, Floats]:
    """The estimated design effects, and each baseline's deviation from the true distribution."""
    shape = (baselines, setting.days)
    shifts = _shift(setting.swing * rng.standard_normal(shape))
    days = _bridge(rng, shape) / np.sqrt(setting.rows) + shifts
    total = days.sum(axis=1)
    others = (setting.days - 1) * setting.rows
    variance = 1.0 / setting.rows + 1.0 / others
    gaps = _largest(rng, days - (total[:, None] - days) / (setting.days - 1), variance)
    return (gaps**2).mean(axis=1) / variance / MEAN_SQUARE, total / setting.days


def _windows(
    rng: np.random.Generator, setting: Days, window: int, base: Floats, windows: int
) -> tuple[Floats, Floats]:
    """Gaps of windows to their baseline, and the weights that undo their being drawn wider."""
    shape = (len(base), windows)
    wider = np.where(rng.random(shape) < _SHARE_WIDER, _WIDER, 1.0)
    component, effect = wider * rng.standard_normal((2, *shape))
    noise = _bridge(rng, shape)
    own = noise @ _FIRST / _PLACES  # the first component as it was drawn
    noise += (component / np.pi - own)[..., None] * _FIRST
    log_ratio = (component**2 + effect**2) * (1.0 - _WIDER**-2) / 2.0 - 2.0 * np.log(_WIDER)
    weights = 1.0 / (1.0 - _SHARE_WIDER + _SHARE_WIDER * np.exp(log_ratio))
    deviation = noise / np.sqrt(window) + _shift(setting.swing * effect) - base[:, None]
    variance = 1.0 / window + 1.0 / (setting.days * setting.rows)
    return _largest(rng, deviation, variance), weights


def _shift(by: Floats) -> Floats:
    """What a shift of a normal number adds to its distribution function at its quantiles."""
    return np.asarray(ndtr(_Z - by[..., None]) - _X)


def _bridge(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    steps = rng.standard_normal((*shape, _PLACES)) / np.sqrt(_PLACES)
    walk = np.concatenate((np.zeros((*shape, 1)), steps.cumsum(axis=-1)), axis=-1)
    return walk - _X * walk[..., -1:]


def _largest(rng: np.random.Generator, path: Floats, variance: float) -> Floats:
    """The largest distance of a path from 0, the stretches between its places included."""
    a, b = path[..., :-1], path[..., 1:]
    room = 2.0 * variance / _PLACES
    up = a + b + np.sqrt((b - a) ** 2 - room * np.log(rng.random(a.shape)))
    down = a + b - np.sqrt((b - a) ** 2 - room * np.log(rng.random(a.shape)))
    return np.maximum(up.max(axis=-1), -down.min(axis=-1)) / 2.0


def main(baselines: int, alphas: Sequence[float] = (1e-2, 1e-3, 1e-4, 1e-5)) -> None:
    """Realised over nominal rates for windows of a tenth, one and ten times a day's rows."""
    sizes = (100, 1000, 10_000)
    sys.stdout.write(f"realised / nominal at alpha {alphas}, windows of {sizes} rows\n")
    for days, swing in itertools.product((8, 12, 45), (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)):
        setting = Days(days, 1000, swing)
        cells = []
        for size in sizes:
            found = rates(setting, size, alphas, baselines=baselines, windows=20, seed=1)
            cells.append(" ".join(f"{rate:5.2f}" for rate in found))
        sys.stdout.write(f"{days} days, swing {swing:4} | {' | '.join(cells)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
