"""Folding: the chunks of one part become one profile a window and variant."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from tidegauge.engines.arrow.columns import failed_column, profile_column
from tidegauge.engines.arrow.memory import keep_memory
from tidegauge.model.batch import Chunk, Part, Reader, Tally
from tidegauge.profile.dataset import Profile, in_order
from tidegauge.profile.feature import FeatureProfile
from tidegauge.profile.leaves import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from tidegauge.profile.leaves import Leaf

# Chunks of a column are merged this many at a time: few merges, and few chunks' states in memory.
_MERGED_AT_ONCE = 8
# A row may have any number of elements: more than these are folded in pieces.
_MOST_ELEMENTS = 1 << 21

Key = tuple[str, str]  # window key, variant


def fold_part(part: Part, read: Reader) -> dict[Key, Profile]:
    """The profiles of one part's rows, by window and variant."""
    keep_memory()
    folds: dict[Key, _Fold] = {}
    for chunk in read(part):
        key = (chunk.window, chunk.variant)
        # Windows of one part must not share their sketches' random choices: merged, they add up.
        if key not in folds:
            folds[key] = _Fold(
                "/".join((*key, part.id)), part.stripe.position if part.stripe else 0
            )
        folds[key].add(chunk)
    return {key: fold.result() for key, fold in folds.items()}


class _Fold:
    """The running profile of one window and variant within one part."""

    def __init__(self, seed: str, position: int) -> None:
        self._seed = seed
        self._position = position  # of the first column
        self._rows = 0
        self._tally = Tally()
        self._columns: dict[str, list[FeatureProfile]] = {}
        self._chunks: dict[str, int] = {}

    def add(self, chunk: Chunk) -> None:
        self._tally = self._tally.merge(chunk.tally)
        self._rows += chunk.table.num_rows if chunk.new_rows else 0
        strays = dict(chunk.mismatched)
        found = list(leaves(chunk.table))
        named = Counter(leaf.name for leaf in found)
        for leaf in {leaf.name: leaf for leaf in found}.values():
            own = replace(leaf, elements=True) if chunk.elements else leaf
            for values in _pieces(own):
                self._add_column(own, values, strays.get(own.name), alone=named[own.name] == 1)

    def _add_column(
        self, leaf: Leaf, values: pa.ChunkedArray, strays: pa.Array | None, *, alone: bool
    ) -> None:
        name = leaf.name
        profiles = self._columns.setdefault(name, [])
        next_one = self._position + len(self._columns) - 1
        position = profiles[0].position if profiles else next_one
        number = self._chunks[name] = self._chunks.get(name, 0) + 1
        if alone:
            seed = f"{self._seed}#{number}"
            profile = profile_column(name, position, values, strays, seed)
        else:
            reason = f"more than one column is called {name!r} (a struct's field by its path)"
            profile = failed_column(name, position, values, reason)
        profiles.append(replace(profile, elements=True) if leaf.elements else profile)
        if len(profiles) == _MERGED_AT_ONCE:
            self._columns[name] = [FeatureProfile.merge_all(profiles)]

    def result(self) -> Profile:
        merged = (FeatureProfile.merge_all(profiles) for profiles in self._columns.values())
        return Profile(self._rows, in_order(merged), self._tally)


def _pieces(leaf: Leaf) -> Iterator[pa.ChunkedArray]:
    """The values at once, or elements of bounded number; one empty piece if there is none."""
    if not leaf.elements:
        yield leaf.values
        return
    for start in range(0, max(1, len(leaf.values)), _MOST_ELEMENTS):
        yield leaf.values.slice(start, _MOST_ELEMENTS)
