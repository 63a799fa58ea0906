"""Folding: the chunks of one part become one profile a window and variant."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tidegauge.engines.arrow.columns import failed_column, flatten, profile_column
from tidegauge.model.batch import Chunk, Part, Reader, Tally
from tidegauge.profile.dataset import Profile, in_order
from tidegauge.profile.feature import FeatureProfile

if TYPE_CHECKING:
    import pyarrow as pa

# Chunks of a column are merged this many at a time: few merges, and few chunks' states in memory.
_MERGED_AT_ONCE = 8

Key = tuple[str, str]  # window key, variant


def fold_part(part: Part, read: Reader) -> dict[Key, Profile]:
    """The profiles of one part's rows, by window and variant."""
    folds: dict[Key, _Fold] = {}
    for chunk in read(part):
        key = (chunk.window, chunk.variant)
        # Windows of one part must not share their sketches' random choices: merged, they add up.
        folds.setdefault(key, _Fold("/".join((*key, part.id)))).add(chunk)
    return {key: fold.result() for key, fold in folds.items()}


class _Fold:
    """The running profile of one window and variant within one part."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._rows = 0
        self._tally = Tally()
        self._columns: dict[str, list[FeatureProfile]] = {}
        self._chunks: dict[str, int] = {}

    def add(self, chunk: Chunk) -> None:
        self._tally = self._tally.merge(chunk.tally)
        self._rows += chunk.table.num_rows if chunk.new_rows else 0
        strays = dict(chunk.mismatched)
        columns = list(flatten(chunk.table))
        named = Counter(name for name, _ in columns)
        for name, values in dict(columns).items():
            self._add_column(name, values, strays.get(name), alone=named[name] == 1)

    def _add_column(
        self, name: str, values: pa.ChunkedArray, strays: pa.Array | None, *, alone: bool
    ) -> None:
        profiles = self._columns.setdefault(name, [])
        position = profiles[0].position if profiles else len(self._columns) - 1
        number = self._chunks[name] = self._chunks.get(name, 0) + 1
        if alone:
            seed = f"{self._seed}#{number}"
            profiles.append(profile_column(name, position, values, strays, seed))
        else:
            reason = f"more than one column is called {name!r} (a struct's field by its path)"
            profiles.append(failed_column(name, position, values, reason))
        if len(profiles) == _MERGED_AT_ONCE:
            self._columns[name] = [FeatureProfile.merge_all(profiles)]

    def result(self) -> Profile:
        merged = (FeatureProfile.merge_all(profiles) for profiles in self._columns.values())
        return Profile(self._rows, in_order(merged), self._tally)
