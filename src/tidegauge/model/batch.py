"""What sources hand to engines: parts of work, and the chunks of columns that a part yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class FileSlice:
    """A file, or a range of it; `start` and `stop` count row groups, or bytes of a text.

    A range of a text has the lines, or the rows of a CSV, that begin on a line that begins in it:
    the last one may reach beyond.
    """

    uri: str
    size_bytes: int
    start: int = 0
    stop: int | None = None

    @property
    def is_cut(self) -> bool:
        return self.stop is not None


@dataclass(frozen=True, slots=True)
class Stripe:
    """Some of the columns: `[start, stop)` of those that are read of a file, in its order.

    `stop` is None for the rest, however many a file has; `position` is the number of columns that
    come before once structs and lists are opened.
    """

    start: int
    stop: int | None
    position: int


@dataclass(frozen=True, slots=True)
class Part:
    """The smallest piece of work: always cut the same way, whatever the number of cores.

    `id` is stable and free of absolute paths; it orders the merge and seeds the sketches. Of wide
    files it may be a `stripe` only: the first one, which starts at 0, counts the rows.
    """

    id: str
    files: tuple[FileSlice, ...]
    window: str = ""  # the window's key; empty for a training set
    variant: str = ""
    stripe: Stripe | None = None

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a reader counted beside the rows; the first few reasons are kept for messages."""

    records: int = 0
    rejected: int = 0
    outside_hour: int = 0  # records whose inferenceTime is not in the hour of their folder
    reasons: tuple[str, ...] = ()  # "<file>:<line>: <why>"
    dropped: int = 0  # records of which a script made no row
    fault: str = ""  # why the part could not be read at all; the window is then failed

    KEPT_REASONS = 5

    def merge(self, other: Tally) -> Tally:
        return Tally(
            self.records + other.records,
            self.rejected + other.rejected,
            self.outside_hour + other.outside_hour,
            (self.reasons + other.reasons)[: Tally.KEPT_REASONS],
            self.dropped + other.dropped,
            self.fault or other.fault,
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some columns of some rows of one window and variant, as an Arrow table.

    Wide data may come a group of columns at a time: `rows` counts only where `new_rows` is true.
    `mismatched` holds, for a column read as the baseline's kind, the texts that are not of it
    (the column has nulls in their place, which are not to be counted as missing).
    With `elements` the rows are elements of lists, of which a dataset's row may have many or none.
    """

    table: pa.Table
    window: str = ""
    variant: str = ""
    new_rows: bool = True
    tally: Tally = field(default_factory=Tally)
    mismatched: tuple[tuple[str, pa.Array], ...] = ()
    elements: bool = False


Reader = Callable[[Part], Iterator[Chunk]]
# Reads what Spark has read: the part stands for Spark's task, the tables are its rows in order.
TableReader = Callable[[Part, "Iterator[pa.Table]"], Iterator[Chunk]]
