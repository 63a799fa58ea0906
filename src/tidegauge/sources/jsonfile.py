"""The records of files that are JSON, but not JSON Lines: one document over several lines."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.sources.lines import Lines, Origin, places_of
from tidegauge.sources.reading import DOCUMENT_BYTES, WHOLE_BYTES, Unreadable, text_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidegauge.model.batch import FileSlice
    from tidegauge.storage import S3Settings

_NEWLINE = ord("\n")
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]|[^\s"\[\]{},]++', re.DOTALL)

Span = tuple[int, int]


def read_documents(files: Iterable[FileSlice], settings: S3Settings) -> Iterator[Lines]:
    """The records of each file, which is held as a whole; records have the lines they begin on.

    Raises:
        Unreadable: a compressed file is broken.
        StorageError: a file cannot be fetched.
    """
    for file in files:
        data = b"".join(_bounded(file, settings))
        spans = np.array(list(_records(data)), np.int64).reshape(-1, 2)
        newlines = places_of(_NEWLINE, np.frombuffer(data, np.uint8))
        yield Lines(data, (Origin(0, file.uri, 1),), spans[:, 0], spans[:, 1], newlines)


def _bounded(file: FileSlice, settings: S3Settings) -> Iterator[bytes]:
    size = 0
    for block in text_blocks(file, settings, WHOLE_BYTES):
        size += len(block)
        if size > DOCUMENT_BYTES:
            raise Unreadable(
                f"{file.uri} cannot be read: a document of more than {DOCUMENT_BYTES >> 20} MiB; "
                "expected JSON Lines for that much"
            )
        yield block


def _records(data: bytes) -> Iterator[Span]:
    """The values at the top; of an array that holds objects or arrays, these.

    What is no JSON ends up in some record, whose reader will say so.
    """
    depth = start = 0
    cuts: list[int] = []  # the brackets and commas of a value at the top
    nested = False
    for token in _TOKEN.finditer(data):
        at, kind = token.start(), data[token.start() : token.start() + 1]
        if kind in b"[{":
            if depth == 0:
                start, cuts, nested = at, [at], False
            depth += 1
            nested = nested or depth > 1
        elif kind in b"]}" and depth:
            depth -= 1
            if depth == 0:
                yield from _within(data, [*cuts, at], nested=nested)
        elif kind == b"," and depth == 1:
            cuts.append(at)
        elif depth == 0:
            yield token.span()
    if depth:
        yield start, len(data)


def _within(data: bytes, cuts: list[int], *, nested: bool) -> Iterator[Span]:
    """What stands between the cuts, without the blanks around it; or the whole value."""
    start, end = cuts[0], cuts[-1]
    is_list = data[start : start + 1] == b"["
    if not (is_list and nested):
        if not is_list or data[start + 1 : end].strip():  # an empty list has no record
            yield start, end + 1
        return
    for before, after in pairwise(cuts):
        item = data[before + 1 : after]
        first = after - len(item.lstrip())
        yield first, first + len(item.strip())
