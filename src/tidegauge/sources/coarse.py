"""Readers whose rows come by the cells of grids: what a baseline's blocks are counted from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.profile.leaves import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegauge.model.batch import Chunk, Part, Reader, TableReader
    from tidegauge.profile.grid import Grid


@dataclass(frozen=True, slots=True)
class CoarseReader:
    """What `read` reads, each value replaced by its cell; columns without a grid are left out."""

    read: Reader
    grids: Mapping[str, Grid]

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """The chunks of a part, as `read` raises and yields them."""
        for chunk in self.read(part):
            yield from _coarse(chunk, self.grids)


@dataclass(frozen=True, slots=True)
class CoarseTableReader:
    """As `CoarseReader`, of what Spark has read."""

    read: TableReader
    grids: Mapping[str, Grid]

    def __call__(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """The chunks of a task's rows, as `read` raises and yields them."""
        for chunk in self.read(part, tables):
            yield from _coarse(chunk, self.grids)


def _coarse(chunk: Chunk, grids: Mapping[str, Grid]) -> Iterator[Chunk]:
    """The chunk's columns as cells, and after it the elements of each of its lists."""
    known = [leaf for leaf in leaves(chunk.table) if leaf.name in grids]
    own = {e.name: grids[e.name].coded(e.values) for e in known if not e.elements}
    # A table of no columns forgets its rows, and with them how many the block has.
    rows = chunk.table.num_rows if not own else None
    table = pa.table({"": pa.nulls(rows)}) if rows else pa.table(own)
    yield replace(chunk, table=table, mismatched=())
    for leaf in known:
        if leaf.elements:
            cells = pa.table({leaf.name: grids[leaf.name].coded(leaf.values)})
            yield type(chunk)(cells, chunk.window, chunk.variant, new_rows=False, elements=True)
