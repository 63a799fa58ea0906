"""A/A simulation: windows in which nothing is wrong, against baselines of which each is fresh.

Days (the blocks) differ by a random effect of their own, and so do windows: whatever alarms here
is false. The tests run it small; `python -m tests.rules.alarms.simulation` prints a larger table.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from tidegauge.rules.alarms import blocks, homogeneity, kolmogorov, novelty, proportions
from tidegauge.rules.alarms.cells import cells
from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated

Floats = NDArray[np.float64]
_PLACES = 2000  # a number is one of so many quantiles: close to continuous, and fast at any size
_EDGES = ndtri(np.linspace(0.0, 1.0, _PLACES + 1))


@dataclass(frozen=True, slots=True)
class Scene:
    """How data come about: a baseline of `days` blocks of `rows`, then windows of `window` rows.

    `swing` is the standard deviation of a day's effect: on a number in its standard deviations, on
    a share or a category's weight in log odds. `calibrated`: whether the rule is shown the days.
    """

    window: int
    swing: float = 0.0
    days: int = 12
    rows: int = 1000
    calibrated: bool = True

    @property
    def baseline(self) -> int:
        return self.days * self.rows

    def swings(self, rng: np.random.Generator, times: int) -> Floats:
        return self.swing * rng.standard_normal(times)

    def effect(self, found: DesignEffect | Uncalibrated) -> DesignEffect | None:
        return found if self.calibrated and isinstance(found, DesignEffect) else None


# One baseline and its windows: how many of them alarm at each alpha.
Replicate = Callable[[np.random.Generator, Scene, int, Sequence[float]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Tally:
    """Alarms in so many tests, of which each was allowed `alpha`."""

    alarms: int
    tests: int
    alpha: float

    @property
    def rate(self) -> float:
        """Realised over nominal: above 1 the rule alarms too often."""
        return self.alarms / (self.tests * self.alpha)


def run(
    replicate: Replicate,
    scene: Scene,
    alphas: Sequence[float],
    *,
    replicates: int,
    windows: int = 4,
    seed: int = 1,
) -> tuple[Tally, ...]:
    """So many baselines, each with so many windows."""
    rng = np.random.default_rng(seed)
    alarms = np.zeros(len(alphas), int)
    for _ in range(replicates):
        alarms += replicate(rng, scene, windows, alphas)
    tests = replicates * windows
    return tuple(Tally(n, tests, a) for n, a in zip(alarms.tolist(), alphas, strict=True))


def numbers(
    rng: np.random.Generator, scene: Scene, windows: int, alphas: Sequence[float]
) -> list[int]:
    """A normal number whose mean swings from day to day."""
    return _gaps(rng, scene, windows, alphas, lambda u: np.diff(ndtr(_EDGES - u[:, None])))


def zeros(
    rng: np.random.Generator, scene: Scene, windows: int, alphas: Sequence[float]
) -> list[int]:
    """Nine of ten rows are zero, as rain is; the log odds of that swing from day to day."""

    def shares(u: Floats) -> Floats:
        zero = expit(np.log(9.0) + u)[:, None]
        return np.hstack((zero, np.broadcast_to((1.0 - zero) / 200, (len(u), 200))))

    return _gaps(rng, scene, windows, alphas, shares)


def _gaps(
    rng: np.random.Generator,
    scene: Scene,
    windows: int,
    alphas: Sequence[float],
    shares: Callable[[Floats], Floats],
) -> list[int]:
    def functions(rows: int, times: int) -> Floats:
        p = shares(scene.swings(rng, times))
        drawn = rng.multinomial(rows, p / p.sum(axis=1, keepdims=True))
        return np.asarray(drawn.cumsum(axis=1) / rows)

    days, coming = functions(scene.rows, scene.days), functions(scene.window, windows)
    effect = scene.effect(blocks.of_functions(days, [scene.rows] * scene.days))
    gaps = np.abs(coming - days.mean(axis=0)).max(axis=1)
    return [
        int((gaps > kolmogorov.critical_gap(scene.window, scene.baseline, alpha, effect)).sum())
        for alpha in alphas
    ]


def share(p: float) -> Replicate:
    """A share of bad rows, `p` on the middle day, whose log odds swing from day to day."""

    def replicate(
        rng: np.random.Generator, scene: Scene, windows: int, alphas: Sequence[float]
    ) -> list[int]:
        def counts(rows: int, times: int) -> NDArray[np.int64]:
            return rng.binomial(rows, expit(np.log(p / (1 - p)) + scene.swings(rng, times)))

        days, coming = counts(scene.rows, scene.days), counts(scene.window, windows)
        effect = scene.effect(blocks.share(days.tolist(), [scene.rows] * scene.days))
        baseline = proportions.Share(int(days.sum()), scene.baseline, effect)
        return _at_least(coming, baseline, scene, alphas)

    return replicate


def _at_least(
    counts: NDArray[np.int64],
    baseline: proportions.Share,
    scene: Scene,
    alphas: Sequence[float],
) -> list[int]:
    critical = [proportions.critical_count(scene.window, baseline, alpha) for alpha in alphas]
    return [int((counts >= least).sum()) for least in critical]


def categories(weights: Floats, directions: int = 1) -> Replicate:
    """Categories of these weights, whose logarithms swing in so many directions at once."""
    labels = [f"c{i}" for i in range(len(weights))]

    def replicate(
        rng: np.random.Generator, scene: Scene, windows: int, alphas: Sequence[float]
    ) -> list[int]:
        ways = rng.standard_normal((directions, len(weights))) / np.sqrt(directions)

        def counts(rows: int, times: int) -> list[dict[str, int]]:
            swings = scene.swings(rng, times * directions).reshape(times, directions)
            p = weights * np.exp(swings @ ways)
            drawn = rng.multinomial(rows, p / p.sum(axis=1, keepdims=True)).tolist()
            return [dict(zip(labels, row, strict=True)) for row in drawn]

        days = counts(scene.rows, scene.days)
        effect = scene.effect(blocks.categorical(days))
        baseline = {label: sum(day[label] for day in days) for label in labels}
        tables = [cells(window, baseline) for window in counts(scene.window, windows)]
        found = np.array([homogeneity.p_value(table, effect) for table in tables])
        return [int((found < alpha).sum()) for alpha in alphas]

    return replicate


def unseen(weights: Floats) -> Replicate:
    """Values of these weights; each day, the logarithm of each swings on its own.

    Calibrated: by the blocks; else by the singletons.
    """

    def replicate(
        rng: np.random.Generator, scene: Scene, windows: int, alphas: Sequence[float]
    ) -> list[int]:
        def counts(rows: int, times: int) -> NDArray[np.int64]:
            swings = scene.swings(rng, times * len(weights)).reshape(times, -1)
            p = weights * np.exp(swings)
            return rng.multinomial(rows, p / p.sum(axis=1, keepdims=True))

        days = counts(scene.rows, scene.days)
        total = days.sum(axis=0)
        if scene.calibrated:
            seen = [{str(i): int(day[i]) for i in np.flatnonzero(day)} for day in days]
            expected = novelty.by_blocks(seen)
        else:
            once, twice = int((total == 1).sum()), int((total == 2).sum())
            expected = novelty.by_singletons(once, twice, scene.baseline)
        new = counts(scene.window, windows)[:, total == 0].sum(axis=1)
        return _at_least(new, expected, scene, alphas)

    return replicate


_ZIPF = 1.0 / np.arange(1, 41)
_RARE = np.r_[0.4, 0.3, 0.1, 0.05, 0.05, 0.02, 0.02, 0.02, 0.02, np.full(20, 0.001)]
_MANY = 1.0 / np.arange(1, 3001)
TABLE: tuple[tuple[str, Replicate, tuple[float, ...]], ...] = (
    ("numbers", numbers, (0.0, 0.02, 0.05, 0.1, 0.2)),
    ("zeros", zeros, (0.0, 0.1, 0.3)),
    ("share 0.3", share(0.3), (0.0, 0.1, 0.3)),
    ("share 0.03", share(0.03), (0.0, 0.1, 0.3, 1.0)),
    ("share 0.003", share(0.003), (0.0, 0.3, 1.0)),
    ("3 categories", categories(np.array([0.6, 0.3, 0.1])), (0.0, 0.1, 0.3)),
    ("40 categories", categories(_ZIPF), (0.0, 0.1, 0.3)),
    ("40 in 3 ways", categories(_ZIPF, 3), (0.1, 0.3)),
    ("29, many rare", categories(_RARE), (0.0, 0.1, 0.3)),
    ("unseen values", unseen(_MANY), (0.0, 0.3, 1.0)),
)


def main(replicates: int, alphas: Sequence[float] = (0.05, 0.01, 0.001)) -> None:
    """Realised over nominal rates for windows of a tenth, one and ten times a day's rows."""
    sizes = (100, 1000, 10_000)
    sys.stdout.write(f"realised / nominal at alpha {alphas}, windows of {sizes} rows\n")
    for days, calibrated in itertools.product((12, 45), (True, False)):
        for name, replicate, swings in TABLE:
            for swing in swings if calibrated else (0.0,):
                cells = []
                for window in sizes:
                    scene = Scene(window, swing, days, calibrated=calibrated)
                    found = run(replicate, scene, alphas, replicates=replicates, windows=8)
                    cells.append(" ".join(f"{tally.rate:5.2f}" for tally in found))
                kind = "calibrated" if calibrated else "independent"
                line = f"{days} days {kind:11} {name:14} swing {swing:4}"
                sys.stdout.write(f"{line} | {' | '.join(cells)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
