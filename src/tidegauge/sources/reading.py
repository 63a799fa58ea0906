"""Opening files in a worker: whose fault a failure is, and text in blocks of bounded size."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.errors import StorageError
from tidegauge.storage import filesystem, storage_for
from tidegauge.storage.advice import told_by_arrow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.model.batch import FileSlice
    from tidegauge.storage import S3Settings

WHOLE_BYTES = 64 << 20  # a file up to this size is fetched in one request
# Limits: no file may take a worker's memory, or its day, whatever it claims or expands to.
RECORD_BYTES = 64 << 20  # of a line, or of a row of CSV
DOCUMENT_BYTES = 512 << 20  # of a JSON document over several lines, which is held as a whole
_EXPANDED_BYTES, _EXPANDED_TIMES = 1 << 30, 200  # of a compressed file, whichever is more
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, eq=False)
class Streamed:
    """A text file that someone else reads: its bytes, decompressed, in blocks that come once.

    Or those of some lines of it, with so many `lines_above` them.
    """

    uri: str
    blocks: Iterator[bytes]
    lines_above: int = 0


class Unreadable(Exception):
    """A file's content is broken. It becomes the fault of a part and never leaves a reader."""


@contextmanager
def blamed(uri: str) -> Iterator[None]:
    """Tell a broken file from a broken storage, since pyarrow raises OSError for both.

    Raises:
        Unreadable: the bytes came, but they are not what they should be.
        StorageError: the bytes did not come.
    """
    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError, MemoryError) as error:
        raise Unreadable(_because(uri, error)) from error
    except OSError as error:
        # Decompression and decoding have no errno; S3's failures name AWS.
        if error.errno is None and "AWS Error" not in str(error):
            raise Unreadable(_because(uri, error)) from error
        told = told_by_arrow(error, "s3:GetObject")
        raise StorageError(f"cannot read {uri}: {told}") from error


def text_blocks(
    file: FileSlice | Streamed, settings: S3Settings, block_bytes: int
) -> Iterator[bytes]:
    """The file's bytes in pieces, decompressed if it is named `.gz`, without a byte order mark.

    Raises:
        Unreadable: the compressed file is broken.
        StorageError: the file cannot be fetched.
    """
    if isinstance(file, Streamed):
        yield from file.blocks
        return
    if file.size_bytes <= WHOLE_BYTES and not is_compressed(file.uri):
        data = storage_for(file.uri, settings).read(file.uri).removeprefix(BOM)
        for start in range(0, len(data), block_bytes):
            yield data[start : start + block_bytes]
        return
    most = max(_EXPANDED_BYTES, _EXPANDED_TIMES * file.size_bytes)
    with blamed(file.uri), _open(file, settings) as stream:
        block = stream.read(block_bytes).removeprefix(BOM)
        size = 0
        while block:
            size += len(block)
            if is_compressed(file.uri) and size > most:
                raise Unreadable(
                    f"{file.uri} cannot be read: it expands to more than {most >> 20:,} MiB, over "
                    f"{_EXPANDED_TIMES} times its size"
                )
            yield block
            block = stream.read(block_bytes)


def refuse_endless(uri: str, record_bytes: int) -> None:
    """Raise Unreadable for a record that does not end within `RECORD_BYTES`."""
    if record_bytes > RECORD_BYTES:
        raise Unreadable(
            f"{uri} cannot be read: a record of it is longer than {RECORD_BYTES >> 20} MiB"
        )


def is_compressed(uri: str) -> bool:
    """Whether a file is named as one that gzip made."""
    return uri.endswith(".gz")


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are text."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _open(file: FileSlice, settings: S3Settings) -> pa.NativeFile:
    if file.size_bytes <= WHOLE_BYTES:
        raw = pa.BufferReader(storage_for(file.uri, settings).read(file.uri))
    else:
        files, path = filesystem(file.uri, settings)
        raw = files.open_input_stream(path, compression=None)
    return pa.CompressedInputStream(raw, "gzip") if is_compressed(file.uri) else raw


def _because(uri: str, error: BaseException) -> str:
    return f"{uri} cannot be read: {_first_line(error)}"


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0]
