"""Text files whose lines Spark has read, to chunks: by the readers that read the files themselves.

Blank lines and broken bytes come as they are, so every rule of a format, and every line's number,
is the same either way. What Spark does by itself: it decompresses, and drops a byte order mark.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.sources.chunks import regrouped
from tidegauge.sources.columns import content_of, one_array
from tidegauge.sources.reading import Streamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidegauge.model.batch import Chunk, Part
    from tidegauge.sources.bypath import ByPath, Owner
    from tidegauge.sources.sparknames import SparkNames

_FILE_OF = itemgetter(0)


class TextReader(Protocol):
    """A reader of text files, whoever brings their bytes."""

    def read(self, part: Part, files: Iterable[Streamed]) -> Iterator[Chunk]:
        """Chunks of the files' records."""
        ...


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads tables of two columns: a line, and Spark's name of its file.

    The lines of a file must come in order, all of them in one task.
    """

    reader: TextReader
    names: SparkNames
    variant: str
    by_path: ByPath | None = None

    def __call__(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """Chunks of a task's records.

        Raises:
            StorageError: the rejected records cannot be written.
        """
        yield from regrouped(self._chunks(part, tables))

    def _chunks(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        by_owner = groupby(file_blocks(tables), key=lambda block: self._owner(block[0]))
        for run, (owner, blocks) in enumerate(by_owner):
            if owner is not None:
                window, variant = owner
                # Windows may take turns in a task: each run has its own file of rejected records.
                own = replace(part, id=f"{part.id}-{run:06d}", window=window, variant=variant)
                yield from self.reader.read(own, streamed(blocks, self.names))

    def _owner(self, path: str) -> Owner | None:
        return self.by_path.owner(path) if self.by_path else ("", self.variant)


def file_blocks(tables: Iterable[pa.Table]) -> Iterator[tuple[str, bytes]]:
    """Runs of lines of one file as text, with Spark's name of the file."""
    for table in tables:
        lines, files = (one_array(column) for column in table.columns)
        runs = pc.run_end_encode(files)
        start = 0
        for path, stop in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            some = lines.slice(start, stop - start).cast(pa.string())
            yield path, content_of(pc.binary_join_element_wise(some, "", "\n")).to_pybytes()
            start = stop


def streamed(blocks: Iterable[tuple[str, bytes]], names: SparkNames) -> Iterator[Streamed]:
    """File after file; each must be read before the next one is asked for."""
    for path, some in groupby(blocks, key=_FILE_OF):
        yield Streamed(names.uri(path), (block for _, block in some))
