"""The lines of text files, many small files or a piece of a large one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.sources.ranges import LinesBefore, lines_of_slice
from tidegauge.sources.reading import WHOLE_BYTES, Streamed, refuse_endless, text_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from tidegauge.model.batch import FileSlice
    from tidegauge.storage import S3Settings

BLOCK_BYTES = 16 << 20  # of text at once; what is read from it is gathered again
_NEWLINE, _RETURN = 10, 13
_CACHED_BYTES = 1 << 18  # looked at at once; a multiple of 8


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the bytes from `offset` on come from: a file, from the line of this number (from 1).

    Of a file's slice `before` are the lines to which those are counted on.
    """

    offset: int
    uri: str
    line: int
    before: LinesBefore | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of some files, each ended by a newline; record i is `[starts[i], stops[i])`.

    Blank lines are no records, and a carriage return at a line's end is not part of it.
    `newlines` are the places of all newlines.
    """

    data: bytes
    origins: tuple[Origin, ...]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    newlines: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def record(self, i: int) -> bytes:
        return self.data[self.starts[i] : self.stops[i]]

    def origin_of(self, records: NDArray[np.int64]) -> NDArray[np.int64]:
        """The index of the origin of each of the given records."""
        offsets = np.array([origin.offset for origin in self.origins])
        return np.searchsorted(offsets, self.starts[records], side="right") - 1

    def place(self, i: int) -> tuple[str, int]:
        """The URI of the file that record i is in, and its line there, from 1.

        Raises:
            StorageError: the lines before a slice of the file cannot be counted.
        """
        origin = self.origins[int(self.origin_of(np.array([i]))[0])]
        first, line = np.searchsorted(self.newlines, [origin.offset, self.starts[i]])
        before = origin.before.count if origin.before else 0
        return origin.uri, before + origin.line + int(line - first)

    def slice(self, start: int, stop: int) -> Lines:
        """The records `[start, stop)`, which have no places of their own."""
        first, last = int(self.starts[start]), int(self.stops[min(stop, len(self)) - 1])
        starts, stops = self.starts[start:stop] - first, self.stops[start:stop] - first
        return Lines(self.data[first:last], (), starts, stops, self.newlines[:0])

    @property
    def line_after(self) -> int:
        """The number, in the last file, of the line that follows the block."""
        last = self.origins[-1]
        return last.line + len(self.newlines) - int(np.searchsorted(self.newlines, last.offset))

    def are_objects(self) -> bool:
        """Whether each record looks like one JSON object, so that none can reach into the next.

        pyarrow's JSON reader takes a value over several lines, and dies of a top-level null.
        """
        bytes_ = np.frombuffer(self.data, np.uint8)
        first, last = bytes_[self.starts], bytes_[self.stops - 1]
        return bool((first == ord("{")).all() and (last == ord("}")).all())


def read_lines(
    files: Iterable[FileSlice | Streamed], settings: S3Settings, block_bytes: int = BLOCK_BYTES
) -> Iterator[Lines]:
    """All records of the files in order, in blocks of about `block_bytes` (a longer line: more).

    Raises:
        Unreadable: a compressed file is broken.
        StorageError: a file cannot be fetched.
    """
    pieces: list[bytes] = []
    origins: list[Origin] = []
    size = 0
    for file in files:
        before, line, known = *_counted(file, settings), False
        for piece in _pieces(file, settings, block_bytes):
            if pieces and size + len(piece) > block_bytes:
                lines = lines_of(b"".join(pieces), tuple(origins))
                yield lines
                line, known = (lines.line_after if known else line), False
                pieces, origins, size = [], [], 0
            if not known:
                origins.append(Origin(size, file.uri, line, before))
                known = True
            pieces.append(piece)
            size += len(piece)
    if pieces:
        yield lines_of(b"".join(pieces), tuple(origins))


def _counted(file: FileSlice | Streamed, settings: S3Settings) -> tuple[LinesBefore | None, int]:
    """The lines before a file's slice, and what number its first line has beyond them."""
    if isinstance(file, Streamed):
        return None, 1 + file.lines_above
    if not file.start:
        return None, 1
    # A slice's first line follows the newline at the byte before it, or the next one.
    return LinesBefore(file.uri, file.start - 1, settings), 2


def lines_of(data: bytes, origins: tuple[Origin, ...]) -> Lines:
    """The records of bytes that end with a newline."""
    bytes_ = np.frombuffer(data, np.uint8)
    newlines = places_of(_NEWLINE, bytes_)
    starts = np.concatenate([[0], newlines[:-1] + 1])
    stops = newlines - ((newlines > starts) & (bytes_[newlines - 1] == _RETURN))
    filled = stops > starts
    for i in np.flatnonzero(filled & (bytes_[starts] <= ord(" "))):
        filled[i] = bool(data[starts[i] : stops[i]].strip())
    return Lines(data, origins, starts[filled], stops[filled], newlines)


def places_of(byte: int, bytes_: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The places of a byte that is rare: only the words of eight that have it are looked into."""
    mask = np.empty(_CACHED_BYTES, np.bool_)
    found = [np.empty(0, np.int64)]
    for start in range(0, len(bytes_), _CACHED_BYTES):
        some = bytes_[start : start + _CACHED_BYTES]
        mask[len(some) :] = False
        np.equal(some, byte, out=mask[: len(some)])
        words = np.flatnonzero(mask.view(np.uint64) != 0)
        inner = np.flatnonzero(mask.reshape(-1, 8)[words])
        found.append(start + words[inner >> 3] * 8 + (inner & 7))
    return np.concatenate(found)


def _pieces(file: FileSlice | Streamed, settings: S3Settings, block_bytes: int) -> Iterator[bytes]:
    """Runs of whole lines of at most twice the block's size, or of one longer line."""
    rest = b""
    for block in _text_of(file, settings):
        data = rest + block if rest else block
        start = 0
        while start < len(data):
            end = start + block_bytes if len(data) - start > 2 * block_bytes else len(data)
            stop = data.rfind(b"\n", start, end) + 1 or data.find(b"\n", start) + 1
            if not stop:
                break
            yield data[start:stop]
            start = stop
        rest = data[start:]
        refuse_endless(file.uri, len(rest))
    if rest:
        yield rest + b"\n"


def _text_of(file: FileSlice | Streamed, settings: S3Settings) -> Iterator[bytes]:
    if isinstance(file, Streamed) or not file.is_cut:
        return text_blocks(file, settings, WHOLE_BYTES)
    return lines_of_slice(file, settings, WHOLE_BYTES)
