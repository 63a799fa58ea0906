"""Suggested constraints side by side: ours and Deequ's, learnt from January to March 2013.

    python benchmarks/suggestions.py        # needs build/demo (make demo), Java, and Deequ's jar

Both look at the same real flights. Then come the following weeks, April to June, as they were: a
proposal that fails there is a false alarm. And each of these weeks once more with each of a seeded
list of faults planted in it: a fault is caught if something fails that did not without it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from demo_data import (  # noqa: E402  (a script of ours, found by the line above)
    CAPTURE_FROM,
    CAPTURE_TO,
    INPUTS,
    KILOMETRES_PER_MILE,
    TRAINING,
    captured_flights,
    flights_with_weather,
)
from tidegauge.config.loading import conf_from_tree  # noqa: E402
from tidegauge.documents.importing.deequ import read_deequ  # noqa: E402
from tidegauge.engines import local  # noqa: E402
from tidegauge.flows.baseline import make_baseline  # noqa: E402
from tidegauge.flows.job import DATA_QUALITY, Job  # noqa: E402
from tidegauge.flows.pinned import Baseline, read_pinned  # noqa: E402
from tidegauge.flows.planning import plan_of  # noqa: E402
from tidegauge.model.batch import Chunk, Part  # noqa: E402
from tidegauge.model.outcome import Check, Outcome, Verdict  # noqa: E402
from tidegauge.model.window import Window, parse_duration  # noqa: E402
from tidegauge.rules.evaluate import evaluate  # noqa: E402
from tidegauge.rules.packs.evaluate import outcomes  # noqa: E402
from tidegauge.rules.packs.from_profile import Batch  # noqa: E402
from tidegauge.rules.packs.overlay import InForce, overlay  # noqa: E402
from tidegauge.rules.packs.rows import FromRows  # noqa: E402
from tidegauge.running import LocalEngine  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.random import Generator

    from tidegauge.config.schema import Conf
    from tidegauge.model.statistics import Statistics

    Fault = Callable[[pd.DataFrame, Generator], pd.DataFrame]

SEED = 7
WINDOWS = ("7d", "1d")
Failed = frozenset[tuple[str, str]]  # feature and check


def _some(week: pd.DataFrame, draw: Generator, share: float) -> Any:  # noqa: ANN401  (a mask)
    return draw.random(len(week)) < share


def _set(column: str, share: float, value: object) -> Fault:
    def plant(week: pd.DataFrame, draw: Generator) -> pd.DataFrame:
        hit = _some(week, draw, share)
        return week.assign(**{column: week[column].mask(hit, value)})

    return plant


def _all(column: str, change: Callable[[pd.Series], pd.Series]) -> Fault:
    return lambda week, _: week.assign(**{column: change(week[column])})


FAULTS: Mapping[str, Fault] = {
    "distance in kilometres": _all("distance", lambda x: (x * KILOMETRES_PER_MILE).round()),
    "2 % of distances negative": _set("distance", 0.02, -1),
    "distance is 0 for 5 %": _set("distance", 0.05, 0),
    "temp in degrees Celsius": _all("temp", lambda x: (x - 32) / 1.8),
    "temp missing in 20 %": _set("temp", 0.2, np.nan),
    "wind_speed stuck": _all("wind_speed", lambda x: x * 0 + 10.35702),
    "precip is -999 in 1 %": _set("precip", 0.01, -999.0),
    "visib in kilometres": _all("visib", lambda x: x * KILOMETRES_PER_MILE),
    "departure as hhmm": _all("sched_dep_minutes", lambda x: x // 60 * 100 + x % 60),
    "departure and arrival swapped": lambda week, _: week.assign(
        sched_dep_minutes=week["sched_arr_minutes"], sched_arr_minutes=week["sched_dep_minutes"]
    ),
    "carrier in lower case, 10 %": lambda week, draw: week.assign(
        carrier=week["carrier"].mask(_some(week, draw, 0.1), week["carrier"].str.lower())
    ),
    "carrier missing in 3 %": _set("carrier", 0.03, None),
    "a new origin, 5 %": _set("origin", 0.05, "SWF"),
    "all from one origin": _set("origin", 1.0, "JFK"),
    "dest with a blank behind": _all("dest", lambda x: x + " "),
    "dest missing in 1 %": _set("dest", 0.01, None),
    "a carrier is gone": lambda week, _: week[week["carrier"] != "UA"],
    "half of the rows are lost": lambda week, _: week.iloc[::2],
}


def main() -> int:
    """Print one table for each length of the windows."""
    weeks = captured_flights(flights_with_weather(), CAPTURE_FROM, CAPTURE_TO)
    rules = overlay([read_deequ(deequ_suggestions(), "Deequ").pack], INPUTS)
    for length in WINDOWS:
        with tempfile.TemporaryDirectory() as store:
            conf = _conf(store, length)
            job = Job(conf, LocalEngine())
            make_baseline(job)
            baseline = read_pinned(job.storage, job.layout, DATA_QUALITY)
        windows = _windows(weeks, length)
        sides = (
            _compared("Tidegauge", windows, partial(ours, conf, baseline)),
            _compared("Deequ 2.0.7", windows, partial(deequs, rules)),
        )
        print(_table(length, len(windows), sides))
    return 0


def deequ_suggestions() -> dict[str, Any]:
    """What Deequ proposes for the training data, by all its rules that this jar has."""
    ivy = f"--conf spark.jars.ivy={ROOT / 'build' / 'ivy'} pyspark-shell"
    os.environ.setdefault("PYSPARK_SUBMIT_ARGS", ivy)
    from tidegauge.engines.deequ import missing
    from tidegauge.session import start

    spark = start("local[2]", deequ=True)
    if reason := missing(spark):
        raise SystemExit(f"Deequ is not to be had: {reason}")
    from pydeequ import suggestions

    training = spark.read.parquet(str(ROOT / "build/demo/training")).select(*INPUTS)
    builder = suggestions.ConstraintSuggestionRunner(spark).onData(training)
    for rule in (
        suggestions.CategoricalRangeRule(),
        suggestions.CompleteIfCompleteRule(),
        suggestions.NonNegativeNumbersRule(),
        suggestions.RetainTypeRule(),
        suggestions.UniqueIfApproximatelyUniqueRule(),
    ):
        builder = builder.addConstraintRule(rule)
    found: dict[str, Any] = builder.run()
    spark.stop()
    return found


def ours(
    conf: Conf, baseline: Baseline, current: Statistics, window: Window, before: tuple[int, ...]
) -> tuple[Outcome, ...]:
    """What became of our suggestions, by the budget of false alarms as the conf has it."""
    plan = plan_of(conf, baseline.calibration, window, rows_before=before)
    return evaluate(current, baseline.constraints, baseline.statistics, plan=plan)


def deequs(
    rules: Sequence[InForce], current: Statistics, window: Window, _: tuple[int, ...]
) -> tuple[Outcome, ...]:
    """What became of Deequ's: all of them can be answered from the profile."""
    return outcomes(tuple(rules), Batch.of(current, window.end), FromRows())


@dataclass(frozen=True, slots=True)
class Side:
    """How one side fared; a check of one feature is one proposal."""

    name: str
    proposals: int
    failed: int  # proposals that fail in some window
    failures: int  # of proposals in windows
    asked: int
    caught: Mapping[str, int]  # windows in which each fault was caught


def _compared(
    name: str,
    windows: Mapping[Window, pd.DataFrame],
    judge: Callable[[Statistics, Window, tuple[int, ...]], tuple[Outcome, ...]],
) -> Side:
    proposals: set[tuple[str, str]] = set()
    failed: set[tuple[str, str]] = set()
    failures = asked = 0
    caught = dict.fromkeys(FAULTS, 0)
    for place, (window, rows) in enumerate(windows.items()):
        before = _rows_before(windows, window)
        found = judge(_statistics(rows), window, before)
        tests = {(o.feature, o.check) for o in found if o.check != Check.MISSING_COLUMN}
        proposals |= tests
        clean = _violated(found)
        failed |= clean
        failures, asked = failures + len(clean), asked + len(tests)
        for number, (fault, plant) in enumerate(FAULTS.items()):
            draw = np.random.default_rng((SEED, place, number))
            planted = judge(_statistics(plant(rows, draw)), window, before)
            caught[fault] += bool(_violated(planted) - clean)
    return Side(name, len(proposals), len(failed), failures, asked, caught)


def _rows_before(windows: Mapping[Window, pd.DataFrame], window: Window) -> tuple[int, ...]:
    """How many rows the windows before it had, whole weeks before it, the latest first."""
    step = max(timedelta(weeks=1), window.duration)
    earlier = (Window(window.start - i * step, window.duration) for i in range(1, 13))
    return tuple(len(windows[one]) for one in earlier if one in windows)


def _violated(found: Sequence[Outcome]) -> Failed:
    return frozenset((o.feature, o.check) for o in found if o.verdict is Verdict.VIOLATED)


def _statistics(rows: pd.DataFrame) -> Statistics:
    schema = pa.schema([TRAINING.field(name) for name in INPUTS])
    whole = [name for name in INPUTS if pa.types.is_integer(TRAINING.field(name).type)]
    plain = rows[INPUTS].astype(dict.fromkeys(whole, "Int64"))
    table = pa.Table.from_pandas(plain, schema, preserve_index=False)

    def read(_: Part) -> Iterator[Chunk]:
        yield Chunk(table)

    return local.profile_parts([Part("part", ())], read)["", ""].statistics()


def _windows(rows: pd.DataFrame, length: str) -> dict[Window, pd.DataFrame]:
    """The whole windows, oldest first."""
    duration = parse_duration(length)
    starts = rows["predicted"].map(lambda t: Window.containing(t.to_pydatetime(), duration).start)
    found = {Window(start, duration): some for start, some in rows.groupby(starts)}
    inside = (CAPTURE_FROM.to_pydatetime(), CAPTURE_TO.to_pydatetime())
    return {w: some for w, some in found.items() if inside[0] <= w.start and w.end <= inside[1]}


def _conf(store: str, length: str) -> Conf:
    return conf_from_tree(
        {
            "version": 1,
            "monitor": "suggestions",
            "store": store,
            "training": {
                "uri": str(ROOT / "build/demo/training"), "format": "parquet", "time": "scheduled",
            },
            "features": {"exclude": ["late"]},
            "window": length,
            "engine": "local",
        },
        "benchmarks/suggestions.py",
    )  # fmt: skip


def _table(length: str, windows: int, sides: Sequence[Side]) -> str:
    """The comparison as Markdown."""
    lines = [
        f"{windows} windows of {length}",
        "",
        f"| | {' | '.join(side.name for side in sides)} |",
        f"|---|{'---:|' * len(sides)}",
        _line("proposals", [str(s.proposals) for s in sides]),
        _line("fail in some window", [f"{s.failed / s.proposals:.0%}" for s in sides]),
        _line("fail, of all in all windows", [f"{s.failures / s.asked:.2%}" for s in sides]),
        _line(
            f"of {len(FAULTS)} faults caught in every window",
            [str(sum(n == windows for n in s.caught.values())) for s in sides],
        ),
        _line(
            "of all plantings caught",
            [f"{sum(s.caught.values()) / (windows * len(FAULTS)):.0%}" for s in sides],
        ),
    ]
    lines += [
        _line(fault, [f"{side.caught[fault] / windows:.0%}" for side in sides]) for fault in FAULTS
    ]
    return "\n".join(lines) + "\n"


def _line(label: str, cells: Sequence[str]) -> str:
    return f"| {label} | {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
