"""Rows that have their labels, by the window of their time: these show how a metric swings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.merged import PREDICTED_AT
from tidegauge.model.window import EPOCH, Window
from tidegauge.sources.columns import one_array

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from tidegauge.model.batch import Chunk, Part, Reader, TableReader
    from tidegauge.sources.predictions import Canonical


@dataclass(frozen=True, slots=True)
class Blocks:
    """Cuts chunks by windows of a length; rows without a time are of no window."""

    canonical: Canonical
    length: timedelta

    def of(self, read: Reader) -> BlockReader:
        """A reader whose chunks are of one window each."""
        return BlockReader(read, self)

    def of_frame(self, read: TableReader) -> FrameBlocks:
        """The same of what Spark has read."""
        return FrameBlocks(read, self)

    def cut(self, chunk: Chunk) -> Iterator[Chunk]:
        """The rows of each window, and once what the chunk has counted."""
        rows = self.canonical(chunk)
        times = one_array(rows.table.column(PREDICTED_AT))
        if times.null_count == len(times):
            yield rows
            return
        micros = pc.fill_null(times.cast(pa.int64()), 0).to_numpy()
        length = int(self.length.total_seconds() * 1_000_000)
        number = np.where(times.is_valid().to_numpy(zero_copy_only=False), micros // length, -1)
        order = np.argsort(number, kind="stable")
        ordered = rows.table.take(pa.array(order))
        numbers, starts = np.unique(number[order], return_index=True)
        stops = np.append(starts[1:], len(number))
        for i, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
            window = ""
            if numbers[i] >= 0:
                window = Window(EPOCH + int(numbers[i]) * self.length, self.length).key
            some = replace(rows, table=ordered.slice(start, stop - start), window=window)
            yield some if i == 0 else replace(some, tally=type(some.tally)())


@dataclass(frozen=True, slots=True)
class BlockReader:
    """Reads rows with labels, those of each window together."""

    read: Reader
    blocks: Blocks

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """Chunks of a part's rows, each of one window."""
        return (piece for chunk in self.read(part) for piece in self.blocks.cut(chunk))


@dataclass(frozen=True, slots=True)
class FrameBlocks:
    """The same of what Spark has read."""

    read: TableReader
    blocks: Blocks

    def __call__(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """Chunks of a task's rows, each of one window."""
        return (piece for chunk in self.read(part, tables) for piece in self.blocks.cut(chunk))
