"""Chunks put together: what small files yield is too little to be worth an engine's visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.model.batch import Chunk, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CHUNK_ROWS = 200_000
_CHUNK_BYTES = 128 << 20


def gathered(chunks: Iterable[Chunk], rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
    """The same rows in the same order, neighbours of one kind together until they have `rows`."""
    held: list[Chunk] = []
    count = 0
    for chunk in chunks:
        if held and not _fit(held[-1], chunk):
            yield _together(held)
            held, count = [], 0
        held.append(chunk)
        count += chunk.table.num_rows
        if count >= rows or not chunk.new_rows:
            yield _together(held)
            held, count = [], 0
    if held:
        yield _together(held)


def regrouped(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The same rows, those of a window and variant together although others came in between.

    As many are held as one chunk may have; the order of a window's own rows stays.
    """
    held: dict[tuple[str, str], list[Chunk]] = {}
    rows = size = 0
    for chunk in chunks:
        own = held.setdefault((chunk.window, chunk.variant), [])
        if own and not _fit(own[-1], chunk):
            yield _together(own)
            own.clear()
        own.append(chunk)
        rows += chunk.table.num_rows
        size += chunk.table.nbytes
        if rows >= CHUNK_ROWS or size >= _CHUNK_BYTES:
            yield from map(_together, filter(None, held.values()))
            held, rows, size = {}, 0, 0
    yield from map(_together, filter(None, held.values()))


def batched(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The items in runs of this size."""
    return (items[start : start + size] for start in range(0, len(items), size))


def in_one_piece(table: pa.Table) -> pa.Table:
    """The table with each column in one array."""
    if all(column.num_chunks <= 1 for column in table.columns):
        return table
    return table.unify_dictionaries().combine_chunks()


def _fit(one: Chunk, other: Chunk) -> bool:
    return one.table.schema.equals(other.table.schema) and (
        one.window,
        one.variant,
        one.new_rows,
    ) == (other.window, other.variant, other.new_rows)


def _together(chunks: Sequence[Chunk]) -> Chunk:
    first = chunks[0]
    if len(chunks) == 1:
        return first
    texts: dict[str, list[pa.Array]] = {}
    total = Tally()
    for chunk in chunks:
        total = total.merge(chunk.tally)
        for name, array in chunk.mismatched:
            texts.setdefault(name, []).append(array)
    return Chunk(
        in_one_piece(pa.concat_tables([chunk.table for chunk in chunks])),
        first.window,
        first.variant,
        first.new_rows,
        total,
        tuple((name, pa.concat_arrays(arrays)) for name, arrays in texts.items()),
    )
