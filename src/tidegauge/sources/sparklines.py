"""Text files whose lines Spark has read, to chunks: by the readers that read the files themselves.

Blank lines and broken bytes come as they are, so every rule of a format, and every line's number,
is the same either way. What Spark does by itself: it decompresses, and drops a byte order mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.errors import StorageError
from tidegauge.sources.chunks import regrouped
from tidegauge.sources.columns import content_of, one_array
from tidegauge.sources.reading import Streamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidegauge.model.batch import Chunk, Part
    from tidegauge.sources.bypath import ByPath, Owner
    from tidegauge.sources.sparknames import SparkNames

Splits = Mapping[tuple[str, int], int]  # lines above, by Spark's name of the file and first byte


class FileBlock(NamedTuple):
    """Some lines of a file, by Spark's name of it, from the split that begins at a place."""

    path: str
    place: int
    text: bytes


class TextReader(Protocol):
    """A reader of text files, whoever brings their bytes."""

    def read(self, part: Part, files: Iterable[Streamed]) -> Iterator[Chunk]:
        """Chunks of the files' records."""
        ...


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads tables of three columns: a line, Spark's name of its file, the place of its split.

    The lines of a split must come in order, all of them in one task. A file that is not among the
    `splits` has one.
    """

    reader: TextReader
    names: SparkNames
    variant: str
    by_path: ByPath | None = None
    splits: Splits = field(default_factory=dict)

    def __call__(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """Chunks of a task's records.

        Raises:
            StorageError: the rejected records cannot be written, or a file has changed.
        """
        yield from regrouped(self._chunks(part, tables))

    def _chunks(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        by_owner = groupby(file_blocks(tables), key=lambda block: self._owner(block.path))
        for run, (owner, blocks) in enumerate(by_owner):
            if owner is not None:
                window, variant = owner
                # Windows may take turns in a task: each run has its own file of rejected records.
                own = replace(part, id=f"{part.id}-{run:06d}", window=window, variant=variant)
                yield from self.reader.read(own, streamed(blocks, self.names, self.splits))

    def _owner(self, path: str) -> Owner | None:
        return self.by_path.owner(path) if self.by_path else ("", self.variant)


def file_blocks(tables: Iterable[pa.Table]) -> Iterator[FileBlock]:
    """Runs of lines of one split as text."""
    for table in tables:
        lines, files, places = (one_array(column) for column in table.columns)
        ends = [pc.run_end_encode(column).run_ends for column in (files, places)]
        start = 0
        for stop in np.union1d(*ends).tolist():
            some = lines.slice(start, stop - start).cast(pa.string())
            text = content_of(pc.binary_join_element_wise(some, "", "\n")).to_pybytes()
            yield FileBlock(files[start].as_py(), places[start].as_py(), text)
            start = stop


def streamed(blocks: Iterable[FileBlock], names: SparkNames, splits: Splits) -> Iterator[Streamed]:
    """Split after split; each must be read before the next one is asked for.

    Raises:
        StorageError: a file has grown so that Spark splits it where nobody has looked.
    """
    for (path, place), some in groupby(blocks, key=attrgetter("path", "place")):
        uri = names.uri(path)
        if place and (path, place) not in splits:
            raise StorageError(f"{uri} has changed since its lines were counted; run the job again")
        yield Streamed(uri, (block.text for block in some), splits.get((path, place), 0))
