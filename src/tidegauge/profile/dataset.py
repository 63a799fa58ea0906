"""The profile of one dataset: its features' profiles, and what was counted beside the rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from tidegauge.model.batch import Tally
from tidegauge.model.collector import held_back
from tidegauge.model.statistics import Kind, Statistics
from tidegauge.profile.feature import FeatureProfile
from tidegauge.profile.readout import read_out
from tidegauge.states.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A training set, or one window of one variant. Identity: no rows, no features."""

    rows: int = 0
    features: tuple[FeatureProfile, ...] = ()
    tally: Tally = field(default_factory=Tally)

    @classmethod
    def merge_all(cls, profiles: Iterable[Self]) -> Self:
        """The profile of all the rows together, features in the order of their columns."""
        listed = list(profiles)
        by_name: dict[str, list[FeatureProfile]] = {}
        tally = Tally()
        for profile in listed:
            tally = tally.merge(profile.tally)
            for feature in profile.features:
                by_name.setdefault(feature.name, []).append(feature)
        rows = sum(profile.rows for profile in listed)
        _drop_unopened(by_name, rows)
        merged = (FeatureProfile.merge_all(parts) for parts in by_name.values())
        return cls(rows, in_order(_filled_up(feature, rows) for feature in merged), tally)

    @held_back()
    def statistics(self) -> Statistics:
        """The numbers, read out; a pure function of the states."""
        return Statistics(self.rows, tuple(read_out(feature) for feature in self.features))


def _drop_unopened(by_name: dict[str, list[FeatureProfile]], rows: int) -> None:
    """Take out a column that is nothing in some parts and a list in the others.

    Where no row has a list, a part cannot know that it is one; both kinds of rows are all the rows.
    """
    for name in [name for name in by_name if f"{name}.length" in by_name]:
        own, opened = by_name[name], by_name[f"{name}.length"]
        nothing = all(part.kind is Kind.EMPTY and not part.failure for part in own)
        if nothing and sum(part.counts.rows for part in (*own, *opened)) == rows:
            del by_name[name]


def _filled_up(feature: FeatureProfile, rows: int) -> FeatureProfile:
    """A column that some parts do not have at all is null in their rows, as Spark reads it."""
    absent = rows - feature.counts.rows
    if not absent or feature.elements:  # a list that is not there has no elements
        return feature
    return replace(
        feature, counts=Counts.merge_all((feature.counts, Counts(rows=absent, nulls=absent)))
    )


def in_order(features: Iterable[FeatureProfile]) -> tuple[FeatureProfile, ...]:
    """Features in the order of the input's columns."""
    return tuple(sorted(features, key=lambda feature: (feature.position, feature.name)))
