"""Text files read by ranges of bytes: where lines begin, and how many there are before a place."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, repeat
from typing import TYPE_CHECKING

from tidegauge.sources.reading import BOM, blamed, refuse_endless
from tidegauge.storage import filesystem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from tidegauge.model.batch import FileSlice
    from tidegauge.storage import S3Settings

_PROBE_BYTES = 1 << 16  # looked at for the end of a line; then twice as many
_COUNTED_BYTES, _READ_BYTES = 128 << 20, 16 << 20  # newlines are counted in, and read at once


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A file that is open for reading at any place; a place is an offset in bytes."""

    uri: str
    stream: pa.NativeFile

    def blocks(self, start: int, sizes: Iterable[int]) -> Iterator[bytes]:
        """What stands from a place on, in blocks of these sizes, as far as there is some.

        Raises:
            StorageError: the bytes cannot be fetched.
        """
        for size in sizes:
            with blamed(self.uri):
                block = self.stream.read_at(size, start)
            if not block:
                return
            yield block
            start += len(block)

    def between(self, start: int, stop: int, block_bytes: int) -> Iterator[bytes]:
        """What stands between two places, in blocks of at most this size."""
        bounds = range(start, stop, block_bytes)
        return self.blocks(start, (min(block_bytes, stop - bound) for bound in bounds))

    def text_start(self) -> int:
        """The place after a byte order mark, if there is one."""
        return len(BOM) if next(self.blocks(0, (len(BOM),)), b"") == BOM else 0

    def line_start(self, place: int) -> int:
        """Where the first line begins that begins at a place or after it; or the file's end.

        Raises:
            Unreadable: the line that the place is in is endless.
            StorageError: the bytes cannot be fetched.
        """
        if place == 0:
            return 0
        before = place - 1  # may be the newline that ends the line before
        for block in self.blocks(before, growing(_PROBE_BYTES)):
            newline = block.find(b"\n")
            if newline >= 0:
                return before + newline + 1
            before += len(block)
            refuse_endless(self.uri, before - place)
        return before


@dataclass(frozen=True)
class LinesBefore:
    """How many newlines a file has before a place: counted when asked for, which takes reading."""

    uri: str
    place: int
    settings: S3Settings

    @cached_property
    def count(self) -> int:
        """The number of newlines.

        Raises:
            StorageError: the bytes cannot be fetched.
        """
        files, path = filesystem(self.uri, self.settings)
        with blamed(self.uri):
            written = files.get_file_info(path).mtime_ns or 0
        whole, rest = divmod(self.place, _COUNTED_BYTES)
        counts = (_newlines(self.uri, written, i, self.settings) for i in range(whole))
        with opened(self.uri, self.settings) as text:
            return sum(counts) + _newlines_in(text, self.place - rest, self.place)


@lru_cache(maxsize=4096)  # many slices of a file ask in turn
def _newlines(uri: str, written: int, block: int, settings: S3Settings) -> int:  # noqa: ARG001
    """Those in a block of `_COUNTED_BYTES`; when the file was `written` tells it from others."""
    start = block * _COUNTED_BYTES
    with opened(uri, settings) as text:
        return _newlines_in(text, start, start + _COUNTED_BYTES)


def _newlines_in(text: Text, start: int, stop: int) -> int:
    return sum(block.count(b"\n") for block in text.between(start, stop, _READ_BYTES))


@contextmanager
def opened(uri: str, settings: S3Settings) -> Iterator[Text]:
    """The file, open until the end of the block.

    Raises:
        StorageError: it cannot be opened.
    """
    files, path = filesystem(uri, settings)
    with blamed(uri):
        stream = files.open_input_file(path)
    with stream:
        yield Text(uri, stream)


def lines_of_slice(file: FileSlice, settings: S3Settings, block_bytes: int) -> Iterator[bytes]:
    """The lines that begin within a slice, in blocks; without a byte order mark.

    Raises:
        Unreadable: a line around its ends is endless.
        StorageError: the file cannot be fetched.
    """
    with opened(file.uri, settings) as text:
        start = text.line_start(file.start) or text.text_start()
        yield from text.between(start, text.line_start(file.stop or 0), block_bytes)


def growing(size: int) -> Iterator[int]:
    """Sizes of blocks, each as large as all before it together, without an end."""
    return chain((size,), (size << i for i in range(10)), repeat(size << 10))
