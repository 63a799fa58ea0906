"""Folding: the chunks of one part become one profile a window and variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.engines.arrow.columns import flatten, profile_column
from tidegauge.model.batch import Chunk, Part, Reader, Tally
from tidegauge.profile.dataset import Profile, in_order
from tidegauge.profile.feature import FeatureProfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

# Chunks of a column are merged this many at a time: few merges, and few chunks' states in memory.
_MERGED_AT_ONCE = 8

Key = tuple[str, str]  # window key, variant


def fold_part(part: Part, read: Reader) -> dict[Key, Profile]:
    """The profiles of one part's rows, by window and variant."""
    folds: dict[Key, _Fold] = {}
    for chunk in read(part):
        key = (chunk.window, chunk.variant)
        folds.setdefault(key, _Fold(part.id)).add(chunk)
    return {key: fold.result() for key, fold in folds.items()}


class _Fold:
    """The running profile of one window and variant within one part."""

    def __init__(self, part_id: str) -> None:
        self._part_id = part_id
        self._rows = 0
        self._tally = Tally()
        self._columns: dict[str, list[FeatureProfile]] = {}
        self._chunks: dict[str, int] = {}

    def add(self, chunk: Chunk) -> None:
        self._tally = self._tally.merge(chunk.tally)
        self._rows += chunk.table.num_rows if chunk.new_rows else 0
        strays = dict(chunk.mismatched)
        for name, values in flatten(chunk.table):
            self._add_column(name, values, strays)

    def _add_column(
        self, name: str, values: pa.ChunkedArray, strays: Mapping[str, pa.Array]
    ) -> None:
        profiles = self._columns.setdefault(name, [])
        position = profiles[0].position if profiles else len(self._columns) - 1
        number = self._chunks[name] = self._chunks.get(name, 0) + 1
        seed = f"{self._part_id}#{number}"
        profiles.append(profile_column(name, position, values, strays.get(name), seed))
        if len(profiles) == _MERGED_AT_ONCE:
            self._columns[name] = [FeatureProfile.merge_all(profiles)]

    def result(self) -> Profile:
        merged = (FeatureProfile.merge_all(profiles) for profiles in self._columns.values())
        return Profile(self._rows, in_order(merged), self._tally)
