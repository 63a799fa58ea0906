"""Readers whose rows come by the cells of grids: what a baseline's blocks are counted from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

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
        return (_coarse(chunk, self.grids) for chunk in self.read(part))


@dataclass(frozen=True, slots=True)
class CoarseTableReader:
    """As `CoarseReader`, of what Spark has read."""

    read: TableReader
    grids: Mapping[str, Grid]

    def __call__(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """The chunks of a task's rows, as `read` raises and yields them."""
        return (_coarse(chunk, self.grids) for chunk in self.read(part, tables))


def _coarse(chunk: Chunk, grids: Mapping[str, Grid]) -> Chunk:
    named = zip(chunk.table.column_names, chunk.table.columns, strict=True)
    coded = {name: grids[name].coded(column) for name, column in named if name in grids}
    # A table of no columns forgets its rows, and with them how many the block has.
    rows = chunk.table.num_rows if not coded else None
    table = pa.table({"": pa.nulls(rows)}) if rows else pa.table(coded)
    return replace(chunk, table=table, mismatched=())
