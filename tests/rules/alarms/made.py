"""Statistics that the product made of samples, and trials for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ParamSpec

import pyarrow as pa

from tidegauge.engines.arrow.fold import fold_part
from tidegauge.model.batch import Chunk, Part
from tidegauge.profile.grid import grids
from tidegauge.rules.alarms.asking import concluded
from tidegauge.rules.alarms.budget import Budget
from tidegauge.rules.alarms.calibration import Block
from tidegauge.rules.alarms.plan import Plan
from tidegauge.rules.alarms.policy import Policy, Setting
from tidegauge.rules.alarms.trial import Trial
from tidegauge.sources.coarse import CoarseReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tidegauge.model.statistics import FeatureStatistics, Statistics
    from tidegauge.profile.dataset import Profile
    from tidegauge.profile.grid import Grid
    from tidegauge.rules.alarms.asking import Asking
    from tidegauge.rules.alarms.calibration import FeatureCalibration
    from tidegauge.rules.finding import Finding

DAY = timedelta(days=1)
ALPHA = 0.001
P = ParamSpec("P")


def at_once(check: Callable[P, Asking]) -> Callable[P, Finding]:
    """A check whose questions are answered as soon as it asks."""

    def found(*args: P.args, **kwargs: P.kwargs) -> Finding:
        return concluded([check(*args, **kwargs)])[0]

    return found


def profiled(table: pa.Table, strays: Mapping[str, Sequence[str]] | None = None) -> Profile:
    """The profile of a table; `strays` are the texts that stood where it has nulls."""
    mismatched = tuple((name, pa.array(texts)) for name, texts in (strays or {}).items())
    return fold_part(Part("p", ()), lambda _: iter([Chunk(table, mismatched=mismatched)]))["", ""]


def statistics(
    columns: Mapping[str, object], strays: Mapping[str, Sequence[str]] | None = None
) -> Statistics:
    """The statistics of some columns."""
    return profiled(pa.table(dict(columns)), strays).statistics()


def feature(values: object) -> FeatureStatistics:
    """The statistics of one column, called x."""
    (found,) = statistics({"x": values}).features
    return found


def blocks(
    tables: Sequence[pa.Table], seasons: Sequence[int | None] = ()
) -> tuple[Statistics, tuple[Block, ...]]:
    """The baseline of all rows, and its blocks as `baseline` counts them: by coarse grids."""
    profile = profiled(pa.concat_tables(tables))
    known = grids(profile.features)
    return profile.statistics(), tuple(
        Block(f"b{i}", season, coarse(table, known))
        for i, (table, season) in enumerate(
            zip(tables, seasons or [None] * len(tables), strict=True)
        )
    )


def coarse(table: pa.Table, known: Mapping[str, Grid]) -> Statistics:
    """The statistics of a table's rows at the grids."""

    def read(_: Part) -> Iterator[Chunk]:
        yield Chunk(table)

    profile = fold_part(Part("p", ()), CoarseReader(read, known))["", ""]
    found = tuple(known[f.name].statistics(f) for f in profile.features if f.name in known)
    return type(profile.statistics())(profile.rows, found)


def trial(
    alpha: float = ALPHA,
    calibration: FeatureCalibration | None = None,
    season: int | None = None,
    **setting: float,
) -> Trial:
    """A trial at this level; floors at 0 unless the setting has them."""
    return Trial(alpha, Setting(**{"min_effect": 0.0, "min_share": 0.0, **setting}), calibration,
                 season)  # fmt: skip


def plan(alarms: float = 1.0, **policy: object) -> Plan:
    """A plan of so many false alarms in 30 days, of daily windows of one variant."""
    return Plan(Policy(Budget(alarms, timedelta(days=30)), **policy), DAY)  # type: ignore[arg-type]
