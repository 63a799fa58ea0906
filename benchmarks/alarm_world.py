"""What the alarms are judged on: tables become baselines and windows by the product's own road.

A baseline is profiled by the engine's kernels, its constraints are suggested, and its blocks are
counted by coarse grids and calibrated as `tidegauge baseline` does it; only files are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.engines.arrow.fold import fold_part
from tidegauge.model.batch import Chunk, Part
from tidegauge.model.statistics import Statistics
from tidegauge.profile.grid import grids
from tidegauge.rules.alarms.calibration import Block, Calibration, calibrate
from tidegauge.rules.suggest import suggest
from tidegauge.sources.coarse import CoarseReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidegauge.model.batch import Reader
    from tidegauge.profile.dataset import Profile
    from tidegauge.profile.grid import Grid
    from tidegauge.rules.constraints import Constraints

Strays = tuple[tuple[str, pa.Array], ...]
_PART = Part("part", ())


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows; `strays` are texts that stood where columns of numbers have nulls.

    `season` is the weekday, where it is a day's.
    """

    table: pa.Table
    strays: Strays = ()
    season: int | None = None

    def statistics(self) -> Statistics:
        """What a window's statistics.json says of them."""
        return self.profile().statistics()

    def profile(self) -> Profile:
        """The states, by the kernels that every engine runs."""
        return fold_part(_PART, self._read)["", ""]

    def _read(self, _: Part) -> Iterator[Chunk]:
        yield Chunk(self.table, mismatched=self.strays)


@dataclass(frozen=True, slots=True)
class Known:
    """A baseline: its rows, what was seen in them, what is suggested, and what its blocks say."""

    rows: Rows
    statistics: Statistics
    constraints: Constraints
    calibration: Calibration | None = None


def known(rows: Rows, blocks: Sequence[pa.Table] = (), seasons: Sequence[int] = ()) -> Known:
    """The baseline of some rows; `blocks` are those of them that calibrate it, by time.

    `seasons` are the blocks' weekdays, if they are days.
    """
    profile = rows.profile()
    statistics = profile.statistics()
    calibration = None
    if blocks:
        drawn = grids(profile.features)
        counted = [
            Block(str(i), seasons[i] if seasons else None, _coarse(table, drawn))
            for i, table in enumerate(blocks)
        ]
        names = tuple(map(str, range(7))) if seasons else ()
        calibration = calibrate(counted, statistics, "P1D", names)
    return Known(rows, statistics, suggest(statistics), calibration)


def _coarse(table: pa.Table, drawn: Mapping[str, Grid]) -> Statistics:
    read: Reader = CoarseReader(lambda _: iter([Chunk(table)]), drawn)
    profile = fold_part(_PART, read)["", ""]
    features = tuple(drawn[f.name].statistics(f) for f in profile.features if f.name in drawn)
    return Statistics(profile.rows, features)
