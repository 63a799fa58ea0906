"""The names of a CSV file's columns, and where its first row begins."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.model.batch import FileSlice
from tidegauge.sources.csvrows import RowBlock, first_blocks, row_blocks
from tidegauge.sources.delimited import spans, split_rows
from tidegauge.sources.ranges import opened
from tidegauge.sources.reading import WHOLE_BYTES, Unreadable, is_compressed

if TYPE_CHECKING:
    from tidegauge.sources.ranges import Text
    from tidegauge.sources.reading import Streamed
    from tidegauge.storage import S3Settings


@dataclass(frozen=True, slots=True)
class Head:
    """The names of a file's columns, and the place in the file where what is below them begins."""

    names: tuple[str, ...]
    stop: int


def head_of(text: Text, *, header: bool) -> Head:
    """The names of an open file's columns, as `column_names` finds them.

    Raises:
        Unreadable: as `column_names`, or a record is endless.
        StorageError: the file cannot be fetched.
    """
    place = text.text_start()
    for block in first_blocks(text):
        names, stop = column_names(block.data, text.uri, header=header)
        if names:
            return Head(names, place + stop)
        place += len(block.data)
    return Head((), place)


def first_names(
    file: FileSlice | Streamed, settings: S3Settings, *, header: bool
) -> tuple[str, ...]:
    """The names of the columns, as `column_names`; none where nothing has them.

    Raises:
        Unreadable: as `column_names`, or the file is broken.
        StorageError: it cannot be fetched.
    """
    if isinstance(file, FileSlice) and _is_large(file):
        with opened(file.uri, settings) as text:
            return head_of(text, header=header).names
    first = next(row_blocks(file, settings), RowBlock(b""))
    return column_names(first.data, file.uri, header=header)[0]


def _is_large(file: FileSlice) -> bool:
    return file.size_bytes > WHOLE_BYTES and not is_compressed(file.uri)


def column_names(data: bytes, uri: str, *, header: bool) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and how many bytes the header takes.

    Without a header they are `_c0`, `_c1` ... (Spark's names), as is a column that it leaves blank.

    Raises:
        Unreadable: the header names a column twice, or is no CSV row.
    """
    for span in spans(data):
        if not span.of(data):
            continue
        if not span.is_row:
            raise Unreadable(f"{uri} cannot be read: a quote in the header is not paired")
        fields = split_rows(span.of(data).decode())[0]
        if not header:
            return tuple(f"_c{i}" for i in range(len(fields))), 0
        names = tuple(field or f"_c{i}" for i, field in enumerate(fields))
        for name, times in Counter(names).items():
            if times > 1:
                raise Unreadable(
                    f"{uri} cannot be read: its header names {name!r} {times} times; expected "
                    "each column to have a name of its own"
                )
        return names, span.stop
    return (), 0
