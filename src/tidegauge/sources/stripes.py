"""Wide Parquet files cut by their columns: parts of many rows and few columns each.

What a column costs beside its values (its sketches, their bytes, their merging) it costs once a
part, and a part of all of 1,000 columns has 25,000 rows. So a part has at least `BAND_ROWS`, and
where these are more than a part's bytes, some of the columns only.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from pyarrow import parquet

from tidegauge.model.batch import Part, Stripe
from tidegauge.profile.leaves import leaves
from tidegauge.sources.nested import flatten
from tidegauge.sources.parts import FILE_BYTES, PART_BYTES, cut
from tidegauge.sources.reading import Unreadable, blamed
from tidegauge.sources.rowgroups import column_bytes, columns_of, is_wanted
from tidegauge.sources.source import Format
from tidegauge.storage import filesystem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegauge.sources.listing import File, Inputs
    from tidegauge.storage import S3Settings

BAND_ROWS = 400_000
# Each stripe parses the footers of all its files, which takes as long as some rows: few stripes,
# and a part's bytes need not fit into memory, for it is read by groups of columns anyway.
_ROWS_A_STRIPE = 500
_PARTS_A_STRIPE = 2


@dataclass(frozen=True, slots=True)
class Width:
    """How wide a file's rows are: bytes a row, and where to cut its columns for so many stripes.

    `sizes` are the bytes of the columns that are read, `positions` the number of opened columns
    before each; `rows` is how many rows the file has.
    """

    rows: int
    row_bytes: float
    sizes: tuple[int, ...]
    positions: tuple[int, ...]

    @classmethod
    def of(cls, file: File, skip: frozenset[str], settings: S3Settings) -> Width | None:
        """The width of a Parquet file without some columns; None if its footer is broken.

        Raises:
            StorageError: the footer cannot be fetched.
        """
        files, path = filesystem(file.uri, settings)
        try:
            with blamed(file.uri), files.open_input_file(path) as stream:
                footer = parquet.read_metadata(stream)
                schema = footer.schema.to_arrow_schema()
        except Unreadable:
            return None
        columns = [column for column in columns_of(schema) if is_wanted(column, skip)]
        empty = schema.empty_table()
        opened = (sum(1 for _ in leaves(flatten(empty, {c.path: c.name}))) for c in columns)
        groups = range(footer.num_row_groups)
        return cls(
            footer.num_rows,
            file.size_bytes / max(1, footer.num_rows),
            tuple(column_bytes(footer, groups, column) for column in columns),
            tuple(accumulate(opened, initial=0)),
        )

    def band_bytes(self, sizes: Sequence[int], part_bytes: int) -> int:
        """How much of files of these sizes is to be cut by columns together; `part_bytes` if none.

        All bands are about equal, so that none is left with a few rows.
        """
        wanted = min(round(BAND_ROWS * self.row_bytes), self._most * part_bytes)
        if wanted < 2 * _PARTS_A_STRIPE * part_bytes:
            return part_bytes
        total = sum(sizes)
        return total // max(1, total // wanted) + max(sizes)

    def stripes(self, size_bytes: int, part_bytes: int) -> tuple[Stripe, ...]:
        """The columns in runs of about equal bytes; the last one has what another file adds."""
        count = max(1, min(round(size_bytes / part_bytes / _PARTS_A_STRIPE), self._most))
        bounds = list(accumulate(self.sizes, initial=0))
        wanted = (bounds[-1] * number / count for number in range(1, count))
        inner = {_nearest(bounds, size) for size in wanted} - {0, len(self.sizes)}
        starts = sorted({0, *inner})
        stops = (*starts[1:], None)
        return tuple(map(Stripe, starts, stops, (self.positions[start] for start in starts)))

    @property
    def _most(self) -> int:
        return min(self.rows // _ROWS_A_STRIPE, len(self.sizes))


def cut_by_columns(
    inputs: Inputs,
    skip: frozenset[str],
    settings: S3Settings,
    window: str = "",
    variant: str = "",
    part_bytes: int = PART_BYTES,
) -> tuple[Part, ...]:
    """The parts of some Parquet files, as `cut` makes them; of wide ones with some columns each.

    `skip` are the columns that are not read. The id of such a part ends in `-c<number>`.

    Raises:
        StorageError: a footer cannot be fetched.
    """
    width = None
    if inputs.size_bytes > part_bytes:
        largest = max(inputs.files, key=lambda file: file.size_bytes)
        width = Width.of(largest, skip, settings)
    if width is None:
        return cut(inputs, Format.PARQUET, settings, window, variant, part_bytes)
    band = width.band_bytes([file.size_bytes + FILE_BYTES for file in inputs.files], part_bytes)
    parts = cut(inputs, Format.PARQUET, settings, window, variant, band)
    return tuple(some for part in parts for some in _striped(part, width, part_bytes))


def _striped(part: Part, width: Width, part_bytes: int) -> Iterator[Part]:
    stripes = width.stripes(part.size_bytes, part_bytes)
    if len(stripes) == 1:
        yield part
        return
    files = tuple(replace(f, size_bytes=f.size_bytes // len(stripes)) for f in part.files)
    for number, stripe in enumerate(stripes):
        yield replace(part, id=f"{part.id}-c{number:03d}", files=files, stripe=stripe)


def _nearest(bounds: Sequence[int], size: float) -> int:
    after = bisect_left(bounds, size)
    return after if after == 0 or bounds[after] - size < size - bounds[after - 1] else after - 1
