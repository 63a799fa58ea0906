"""What the blocks of a baseline say of each feature: how much it swings with nothing wrong.

Hours of the day and days of the week differ with nothing wrong, too. Where a feature swings much
less among blocks of one season (all Saturdays) than among all blocks, and each season has blocks
enough, a window is compared with the blocks of its own season.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tidegauge.model.statistics import InferredType, Sketch
from tidegauge.rules.alarms import blocks as swings
from tidegauge.rules.alarms.design_effect import LEAST_BLOCKS, DesignEffect, Uncalibrated
from tidegauge.rules.alarms.listed import few_numbers, number_counts, whole_counts
from tidegauge.rules.alarms.novelty import by_blocks
from tidegauge.rules.alarms.ranges import beyond, usual_range
from tidegauge.rules.counts import value_counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegauge.model.statistics import FeatureStatistics, Statistics
    from tidegauge.rules.alarms.proportions import Share

Swing = DesignEffect | Uncalibrated

_CALMER, _SURELY = 0.5, 0.95
"""A season is compared with its like when that halves what blocks add to the variance, surely."""


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of the baseline's time; `season` is the number of its season, None for none."""

    key: str
    season: int | None
    statistics: Statistics


@dataclass(frozen=True, slots=True)
class Season:
    """What a window of one season is compared with: the season's blocks, and how these swing.

    `sketch` knows the share up to each of its items, and nothing of what lies between; `counts`
    may have what is not listed as one value, OTHERS.
    """

    name: str
    sketch: Sketch = field(default_factory=lambda: Sketch(()))
    counts: Mapping[str, int] = field(default_factory=dict)
    effect: DesignEffect | None = None


@dataclass(frozen=True, slots=True)
class FeatureCalibration:
    """What the blocks say of one feature; `seasons` is empty where all blocks are alike."""

    drift: Swing
    missing: Swing
    novelty: Share | None = None
    seasons: Mapping[int, Season] = field(default_factory=dict)
    outside: Swing = field(default_factory=lambda: Uncalibrated("the feature has no range"))

    def seasonal(self, season: int | None) -> Season | None:
        """What a window of this season is compared with; None: with the whole baseline."""
        return None if season is None else self.seasons.get(season)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the blocks say of all features; `notes` say what they could not say, and why.

    `duration` is that of a block in ISO 8601, `seasons` names the seasons in order.
    """

    duration: str = ""
    blocks: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    seasons: tuple[str, ...] = ()
    features: Mapping[str, FeatureCalibration] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def calibrate(
    blocks: Sequence[Block], baseline: Statistics, duration: str, seasons: Sequence[str]
) -> Calibration:
    """The calibration of every feature of the baseline; `seasons` names those of the blocks."""
    by_season = Counter(block.season for block in blocks)
    fewest = min((by_season[i] for i in range(len(seasons))), default=0)
    notes = []
    if len(blocks) < LEAST_BLOCKS:
        notes.append(
            f"not calibrated: {len(blocks)} blocks of {duration}, and at least {LEAST_BLOCKS} are "
            "needed; differences are judged as if all rows were independent"
        )
    elif seasons and fewest < LEAST_BLOCKS:
        rarest = min(range(len(seasons)), key=lambda i: by_season[i])
        notes.append(
            f"not seasonal: {fewest} blocks of {seasons[rarest]}, and at least {LEAST_BLOCKS} of "
            "each season are needed; windows are compared with the whole baseline"
        )
    enough = tuple(seasons) if seasons and fewest >= LEAST_BLOCKS else ()
    by_name = [{part.name: part for part in block.statistics.features} for block in blocks]
    columns = {
        feature.name: _Column(feature, [_of(known, feature) for known in by_name], blocks)
        for feature in baseline.features
        if feature.failure is None
    }
    return Calibration(
        duration,
        tuple(block.key for block in blocks),
        tuple(block.statistics.item_count for block in blocks),
        enough,
        {name: column.calibrated(enough) for name, column in columns.items()},
        tuple(notes),
    )


def _of(by_name: Mapping[str, FeatureStatistics], feature: FeatureStatistics) -> FeatureStatistics:
    return by_name.get(feature.name) or type(feature)(feature.name, feature.inferred_type)


@dataclass(frozen=True, slots=True)
class _Column:
    """One feature of the baseline, block by block."""

    whole: FeatureStatistics
    parts: Sequence[FeatureStatistics]
    blocks: Sequence[Block]

    def calibrated(self, seasons: Sequence[str]) -> FeatureCalibration:
        everything = range(len(self.blocks))
        drift = self._drift(everything)
        bad = [part.num_missing for part in self.parts]
        rows = [part.num_missing + part.num_present for part in self.parts]
        return FeatureCalibration(
            drift,
            swings.share(bad, rows),
            self._novelty(),
            self._seasons(seasons, drift) if isinstance(drift, DesignEffect) else {},
            self._outside(everything),
        )

    def _outside(self, indices: Sequence[int]) -> Swing:
        """How the share beyond the usual range swings."""
        bounds = usual_range(self.whole)
        if bounds is None:
            return Uncalibrated("the feature has no range")
        sketches = [self._sketch(i) for i in indices]
        bad = [beyond(sketch, bounds) for sketch in sketches]
        return swings.share(bad, [sketch.weight for sketch in sketches])

    def _seasons(self, names: Sequence[str], drift: DesignEffect) -> Mapping[int, Season]:
        members = [
            [i for i, block in enumerate(self.blocks) if block.season == season]
            for season in range(len(names))
        ]
        found = [self._drift(indices) for indices in members]
        known = [effect for effect in found if isinstance(effect, DesignEffect)]
        if not known or len(known) < len(found):
            return {}
        pooled = _pooled(known)
        at_most = pooled.between(1000, 1_000_000, pooled.upper(_SURELY))
        if at_most >= _CALMER * drift.between(1000, 1_000_000):
            return {}
        return {
            season: self._season(name, indices, pooled)
            for season, (name, indices) in enumerate(zip(names, members, strict=True))
        }

    def _season(self, name: str, indices: Sequence[int], effect: DesignEffect) -> Season:
        if self._is_categorical():
            every = self._counts(range(len(self.blocks)))
            # What only other seasons have is known all the same, and is none of the others.
            total = Counter[str]({value: 0 for counts in every for value in counts})
            for i in indices:
                total.update(every[i])
            return Season(name, counts=dict(total), effect=effect)
        total_of = Counter[float]()
        for i in indices:
            items, weights = self._sketch(i).weighted()
            for item, weight in zip(items.tolist(), weights.tolist(), strict=True):
                total_of[item] += int(weight)
        values = sorted(total_of)
        return Season(name, Sketch.of_counts(values, [total_of[v] for v in values]), effect=effect)

    def _drift(self, indices: Sequence[int]) -> Swing:
        if self._is_categorical():
            return swings.categorical(self._counts(indices))
        return swings.numeric([self._sketch(i) for i in indices])

    def _sketch(self, i: int) -> Sketch:
        numeric = self.parts[i].numeric
        return numeric.sketch if numeric and numeric.sketch else Sketch(())

    def _counts(self, indices: Sequence[int]) -> list[Mapping[str, int]]:
        of = value_counts if self.whole.inferred_type is InferredType.STRING else number_counts
        return [whole_counts(counts) if (counts := of(self.parts[i])) else {} for i in indices]

    def _is_categorical(self) -> bool:
        is_text = self.whole.inferred_type is InferredType.STRING
        return is_text or few_numbers(self.whole) is not None

    def _novelty(self) -> Share | None:
        """How many rows bring unseen values, where the blocks tell; only of a known domain."""
        if self.whole.text is None or not self.whole.text.categories:
            return None
        counts = self._counts(range(len(self.blocks)))
        inside = Counter[str]()
        for block in counts:
            inside.update(block)
        elsewhere = {value for value, n in self.whole.text.categories if inside[value] < n}
        share = by_blocks(counts, elsewhere) if inside else None
        return share if share and share.effect else None


def _pooled(effects: Sequence[DesignEffect]) -> DesignEffect:
    """One effect for all seasons: the mean of theirs; each season's mean costs it one block."""
    blocks = sum(effect.blocks - 1 for effect in effects) + 1
    share = [(effect.blocks - 1) / (blocks - 1) for effect in effects]
    mean = {
        name: sum(w * getattr(effect, name) for w, effect in zip(share, effects, strict=True))
        for name in ("rows", "estimate", "null_mean", "null_spread", "kurtosis")
    }
    return replace(effects[0], blocks=blocks, **mean)
