"""A/A: windows in which nothing is wrong, against baselines of which each is fresh.

Floors are at 0, so that whatever alarms is false, and the level alone must hold it back. Every
outcome comes from `rules.evaluate` with a plan, on statistics that the engine's kernels made.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy import stats

from alarm_judges import Ours
from alarm_world import Known, Rows, known
from tidegauge.model.outcome import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

_ZIPF = 1.0 / np.arange(1, 41)
_NOVEL = np.concatenate([1.0 / np.arange(1, 51), np.full(200, 5e-5)])
_FORTY = np.array([f"v{i}" for i in range(40)])
_THREE = np.array(["a", "b", "c"])
_TEXTS = np.array([f"t{i}" for i in range(250)])
DRIFT, MISSING = Check.BASELINE_DRIFT.value, Check.COMPLETENESS.value
# What is asked, by the features that it is asked of.
QUESTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "drift of numbers": tuple((name, DRIFT) for name in ("number", "amount", "zeros")),
    "drift of few numbers": (("flag", DRIFT), ("count", DRIFT)),
    "drift of categories": tuple((name, DRIFT) for name in ("three", "forty", "novel")),
    "numbers beyond the range": tuple(
        (name, Check.RANGE.value) for name in ("number", "amount", "zeros")
    ),
    "missing values": (("gaps", MISSING), ("few gaps", MISSING)),
    "new values": (("novel", Check.CATEGORICAL_VALUES.value),),
    "negative numbers": tuple((f"sign {i}", Check.NON_NEGATIVE.value) for i in range(2)),
    "other types": tuple((f"type {i}", Check.DATA_TYPE.value) for i in range(2)),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """How rows come about: a baseline of so many days, then windows; `swing` is how days differ.

    The effect of a day, or of a window, is normal: on a number in its standard deviations, on a
    share or a category's weight in log odds. Without a swing rows are independent, and the rules
    are not told of days.
    """

    window: int
    alpha: float
    swing: float = 0.0
    days: int = 20
    rows: int = 1000
    baselines: int = 60
    windows: int = 8

    @property
    def label(self) -> str:
        return f"swing {self.swing:g}" if self.swing else "independent rows"


@dataclass(slots=True)
class Cell:
    """One question of one scene: its alarms, baseline by baseline."""

    alpha: float
    tests: int = 0
    alarms: list[int] = field(default_factory=list)

    @property
    def expected(self) -> float:
        return self.alpha * self.tests

    @property
    def bound(self) -> float:
        """What a rule of exactly this level exceeds once in a hundred times.

        The windows of one baseline are not independent, so the spread is that of the sums by
        baseline where these spread more than independent tests would.
        """
        independent = stats.poisson.ppf(0.99, self.expected)
        clustered = self.expected + 2.326 * sqrt(len(self.alarms)) * float(np.std(self.alarms))
        return float(max(independent, clustered))


def measure(scene: Scene, seed: int) -> tuple[Mapping[str, Cell], float]:
    """The cells by question, and the seconds it took."""
    rng = np.random.default_rng([seed, scene.window, int(1000 * scene.swing)])
    cells = {question: Cell(scene.alpha) for question in QUESTIONS}
    judge, start = Ours(scene.alpha), time.perf_counter()
    for _ in range(scene.baselines):
        baseline = _baseline(rng, scene)
        alarms: dict[str, int] = defaultdict(int)
        for _ in range(scene.windows):
            rows = drawn(rng, scene.window, scene.swing, scene)
            outcomes = judge.outcomes(baseline, rows, rows.statistics())
            verdicts = {(o.feature, o.check): o for o in outcomes}
            for question, tests in QUESTIONS.items():
                for outcome in (verdicts[test] for test in tests if test in verdicts):
                    if "p_value" in outcome.numbers:
                        cells[question].tests += 1
                        alarms[question] += outcome.verdict is Verdict.VIOLATED
        for question, cell in cells.items():
            cell.alarms.append(alarms[question])
    return cells, time.perf_counter() - start


def _baseline(rng: Generator, scene: Scene) -> Known:
    """A fresh one; texts among its numbers would have made the column one of texts."""
    if not scene.swing:
        rows = drawn(rng, scene.days * scene.rows, 0.0, scene)
        clean = [n for n in rows.table.column_names if n not in {name for name, _ in rows.strays}]
        return known(Rows(rows.table.select(clean)))
    days = [drawn(rng, scene.rows, scene.swing, scene) for _ in range(scene.days)]
    dirty = {name for day in days for name, _ in day.strays}
    names = [name for name in days[0].table.column_names if name not in dirty]
    tables = [day.table.select(names) for day in days]
    return known(Rows(pa.concat_tables(tables).combine_chunks()), tables)


def drawn(rng: Generator, n: int, swing: float, scene: Scene) -> Rows:
    """So many rows of one day or window."""

    def effect() -> float:
        return swing * float(rng.standard_normal())

    def chance(p: float) -> NDArray[np.bool_]:
        odds = p / (1 - p) * np.exp(effect())
        return rng.random(n) < odds / (1 + odds)

    rare = 0.5 / (scene.days * scene.rows)
    numbers = {
        "number": rng.standard_normal(n) + effect(),
        "amount": np.exp(rng.standard_normal(n) + effect()).round(2),
        "zeros": np.where(chance(0.9), 0.0, rng.exponential(size=n)),
        "flag": chance(0.2).astype(np.int64),
        "count": np.minimum(rng.poisson(1.5 * np.exp(effect() / 2), n), 12),
        "gaps": pa.array(np.ones(n), mask=chance(0.03)),
        "few gaps": pa.array(np.ones(n), mask=chance(0.002)),
    }
    texts = {
        "three": _chosen(rng, _THREE, np.array([0.6, 0.3, 0.1]), n, effect()),
        "forty": _chosen(rng, _FORTY, _ZIPF, n, effect()),
        "novel": _chosen(rng, _TEXTS, _NOVEL, n, effect()),
    }
    signs = {f"sign {i}": np.where(rng.random(n) < rare, -1.0, 1.0) for i in range(2)}
    types = {f"type {i}": rng.random(n) < rare for i in range(2)}
    typed = {name: pa.array(np.zeros(n, np.int64), mask=bad) for name, bad in types.items()}
    strays = ((name, pa.array(["n/a"] * int(bad.sum()))) for name, bad in types.items())
    return Rows(
        pa.table({**numbers, **texts, **signs, **typed}),
        tuple((name, texts) for name, texts in strays if len(texts)),
    )


def _chosen(
    rng: Generator, values: NDArray[np.str_], weights: NDArray[np.float64], n: int, effect: float
) -> pa.Array:
    """Texts of these weights; the effect moves weight between the first half and the second."""
    sides = np.where(np.arange(len(values)) % 2, 0.5, -0.5)
    upto = np.cumsum(weights * np.exp(effect * sides))
    found = np.searchsorted(upto, rng.random(n) * upto[-1]).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(found), pa.array(values.tolist()))


def independent(scale: float) -> Iterable[Scene]:
    """At scale 1 at least 20 alarms are expected of each question, in each scene."""
    for n, alpha, baselines in (
        (50, 0.05, 60),
        (500, 0.01, 250),
        (5_000, 0.05, 60),
        (20_000, 0.1, 30),
        (100_000, 0.1, 30),
    ):
        yield Scene(n, alpha, baselines=max(2, round(scale * baselines)))


def swinging(scale: float) -> Iterable[Scene]:
    """The same, where days differ: windows of a tenth of a day, of one, and of ten."""
    for swing in (0.1, 0.3):
        for n in (100, 1_000, 10_000):
            yield Scene(n, 0.05, swing, baselines=max(2, round(scale * 60)))
