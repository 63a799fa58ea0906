"""The rows of CSV files and of their slices, in blocks: where rows are does not depend on blocks.

Newlines in quoted fields make it hard to tell where a slice's first row begins. Most places cannot
be within quotes, since what follows would not end as a row does; from such a place rows are
followed. Where nothing near tells, they are followed from the file's beginning.
The idea is that of Ge et al., "Speculative Distributed CSV Data Parsing for Big Data Analytics"
(SIGMOD 2019), whose guess is replaced by a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, takewhile
from typing import TYPE_CHECKING

from tidegauge.sources import reading
from tidegauge.sources.delimited import (
    Span,
    Within,
    certain_row,
    is_paired,
    spans,
    whole_rows,
    within,
)
from tidegauge.sources.ranges import Text, growing
from tidegauge.sources.reading import refuse_endless, text_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidegauge.model.batch import FileSlice
    from tidegauge.sources.reading import Streamed
    from tidegauge.storage import S3Settings

BLOCK_BYTES = 32 << 20
_HEAD_BYTES = 1 << 16
_LOOKED_BACK = (1 << 20, 16 << 20)


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Whole rows, and lines that are none: `spans` has them all, or is None where all are rows."""

    data: bytes
    spans: tuple[Span, ...] | None = None

    def after(self, start: int) -> RowBlock:
        """The same without the first bytes, which are whole rows themselves."""
        if self.spans is None:
            return RowBlock(self.data[start:])
        rest = (span for span in self.spans if span.start >= start)
        shifted = tuple(Span(s.start - start, s.stop - start, s.is_row) for s in rest)
        return RowBlock(self.data[start:], shifted)


def row_blocks(file: FileSlice | Streamed, settings: S3Settings) -> Iterator[RowBlock]:
    """All of a file in blocks.

    Raises:
        Unreadable: a compressed file is broken, or a record is endless.
        StorageError: the file cannot be fetched.
    """
    return _blocks(text_blocks(file, settings, BLOCK_BYTES), file.uri, BLOCK_BYTES)


def first_blocks(text: Text) -> Iterator[RowBlock]:
    """An open file from its beginning, in blocks that begin small.

    Raises:
        Unreadable: a record is endless.
        StorageError: the file cannot be fetched.
    """
    blocks = text.blocks(text.text_start(), growing(_HEAD_BYTES))
    return _blocks(blocks, text.uri, _HEAD_BYTES)


def slice_start(text: Text, file: FileSlice, first: int) -> tuple[int, bytes]:
    """Where the first row begins that begins on a line of the slice; and what is there, if known.

    `first` is where the file's first row begins.

    Raises:
        Unreadable: a record is endless.
        StorageError: the file cannot be fetched.
    """
    line = text.line_start(file.start)
    if line <= first:
        return first, b""
    ahead = b""
    found = Within.UNDECIDED
    blocks = text.blocks(line, iter(lambda: BLOCK_BYTES, 0))
    while found is Within.UNDECIDED:
        block = next(blocks, b"")
        ahead += block
        found = within(ahead, ended=not block)
    if found is Within.NO:
        return line, ahead
    known = _row_before(text, line, first)
    start = known + sum(len(block.data) for block in rows_between(text, known, line))
    return start, ahead[start - line :]


def rows_between(text: Text, start: int, stop: int, ahead: bytes = b"") -> Iterator[RowBlock]:
    """The rows that begin in a range of places; a row begins at its start, where `ahead` stands.

    Raises:
        Unreadable: a record is endless.
        StorageError: the file cannot be fetched.
    """
    if start >= stop:
        return iter(())
    known = start + len(ahead)
    there = (ahead[i : i + BLOCK_BYTES] for i in range(0, len(ahead), BLOCK_BYTES))
    own = text.between(known, stop, BLOCK_BYTES)
    beyond = text.blocks(max(known, stop), growing(_HEAD_BYTES))
    blocks = chain(there, own, beyond)
    return _blocks(blocks, text.uri, BLOCK_BYTES, stop - start)


def _row_before(text: Text, line: int, first: int) -> int:
    """The place, not far before a line, where a row begins for certain; or where the first does."""
    for size in _LOOKED_BACK:
        if line - size <= first:
            break
        begin = text.line_start(line - size)
        found = certain_row(b"".join(text.between(begin, line, size)))
        if found is not None:
            return begin + found
    return first


def _blocks(
    blocks: Iterable[bytes], uri: str, block_bytes: int, own: int | None = None
) -> Iterator[RowBlock]:
    """Text that begins with a row, in blocks of rows; of the first `own` bytes if that is given."""
    data = b""
    left = own
    for block in blocks:
        data = data + block if data else block
        if len(data) < block_bytes and (left is None or len(data) < left):
            continue
        rows = _whole(data, left, ended=False)
        if rows.data:
            _refuse_long(uri, rows)
            yield rows
            data = data[len(rows.data) :]
            left = None if left is None else left - len(rows.data)
            if left is not None and left <= 0:
                return
        refuse_endless(uri, len(data) - block_bytes)
    while data and (left is None or left > 0):
        rows = _whole(data, left, ended=True)
        _refuse_long(uri, rows)
        yield rows
        data = data[len(rows.data) :]
        left = None if left is None else left - len(rows.data)


def _whole(data: bytes, own: int | None, *, ended: bool) -> RowBlock:
    """The rows that begin in the first `own` bytes, as far as they are whole."""
    most = len(data) if own is None else min(own, len(data))
    some = data if most == len(data) else data[:most]
    stop = most if ended and most == len(data) else whole_rows(some)
    if 0 < stop <= reading.RECORD_BYTES:  # so that no row is too long
        some = some[:stop]
        if b'"' not in some or is_paired(some):
            return RowBlock(some)
    found = tuple(takewhile(lambda span: span.start < most, spans(data, ended=ended)))
    return RowBlock(data[: found[-1].stop] if found else b"", found)


def _refuse_long(uri: str, rows: RowBlock) -> None:
    for span in rows.spans or ():
        refuse_endless(uri, span.stop - span.start)
