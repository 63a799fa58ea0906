"""Cutting into parts by fixed bytes: the same data gives the same parts on any number of cores."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pyarrow import parquet

from tidegauge.model.batch import FileSlice, Part
from tidegauge.sources.reading import Unreadable, blamed, is_compressed
from tidegauge.sources.source import Format
from tidegauge.storage import filesystem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidegauge.sources.listing import File, Inputs
    from tidegauge.storage import S3Settings

PART_BYTES = 128 << 20
# Of rows that are only dealt out, which takes less memory: small enough that at the end of the
# dealing, for which all joining waits, no core waits long for another.
DEALT_BYTES = 64 << 20
FILE_BYTES = 256 << 10  # what one more file costs to fetch, as bytes to read
_FOOTERS_AT_ONCE = 16
_LINES = (Format.CSV, Format.JSONL, Format.SAGEMAKER)  # what is read line by line, or row by row
_NAME_LENGTH = 120  # of a file's key within an id, which is also a file's name

Slice = tuple[str, FileSlice]  # a slice and its name in the part's id


def cut(
    inputs: Inputs,
    format_: Format,
    settings: S3Settings,
    window: str = "",
    variant: str = "",
    part_bytes: int = PART_BYTES,
) -> tuple[Part, ...]:
    """The parts of some files, each of about `part_bytes`, in the order of the files' keys.

    Small files share a part. Larger ones are cut: at row groups if they are Parquet, else at
    multiples of `part_bytes`, but for what is compressed or a single document. An id reads
    `part-000003-<key of the first file>[-<range of row groups, or of bytes>]`.

    Raises:
        StorageError: the footer of a large Parquet file cannot be fetched.
    """
    slices = _slices(inputs.files, format_, settings, part_bytes)
    return tuple(
        Part(_id(index, name), files, window, variant)
        for index, (name, files) in enumerate(_packed(slices, part_bytes))
    )


def _slices(
    files: Sequence[File], format_: Format, settings: S3Settings, part_bytes: int
) -> Iterator[Slice]:
    large = [f for f in files if format_ is Format.PARQUET and f.size_bytes > part_bytes]
    with ThreadPoolExecutor(_FOOTERS_AT_ONCE) as threads:
        found = threads.map(lambda file: _row_groups(file, settings, part_bytes), large)
        row_groups = dict(zip((file.key for file in large), found, strict=True))
    for file in files:
        if format_ in _LINES and file.size_bytes > part_bytes and not is_compressed(file.uri):
            yield from _ranges(file, part_bytes)
        else:
            whole = (file.key, FileSlice(file.uri, file.size_bytes))
            yield from row_groups.get(file.key) or (whole,)


def _ranges(file: File, part_bytes: int) -> Iterator[Slice]:
    for start in range(0, file.size_bytes, part_bytes):
        stop = min(start + part_bytes, file.size_bytes)
        yield f"{file.key}-{start}-{stop}", FileSlice(file.uri, stop - start, start, stop)


def _row_groups(file: File, settings: S3Settings, part_bytes: int) -> tuple[Slice, ...]:
    """Runs of row groups; a file whose footer is broken stays whole, its reader will say why."""
    files, path = filesystem(file.uri, settings)
    try:
        with blamed(file.uri), files.open_input_file(path) as stream:
            footer = parquet.read_metadata(stream)
    except Unreadable:
        return ((file.key, FileSlice(file.uri, file.size_bytes)),)
    decoded = [footer.row_group(i).total_byte_size for i in range(footer.num_row_groups)]
    share = file.size_bytes / max(1, sum(decoded))
    sizes = [round(size * share) for size in decoded]
    bounds = _bounds(sizes, part_bytes)
    return tuple(
        (f"{file.key}-{start}-{stop}", FileSlice(file.uri, sum(sizes[start:stop]), start, stop))
        for start, stop in bounds
    )


def _bounds(sizes: list[int], most: int) -> Iterator[tuple[int, int]]:
    """Runs `[start, stop)` whose sizes add up to `most` at most, or hold a single larger one."""
    start = total = 0
    for stop, size in enumerate(sizes):
        if stop > start and total + size > most:
            yield start, stop
            start, total = stop, 0
        total += size
    if len(sizes) > start:
        yield start, len(sizes)


def _packed(
    slices: Iterable[Slice], part_bytes: int
) -> Iterator[tuple[str, tuple[FileSlice, ...]]]:
    """Neighbours together as long as they fit; with each group the name of its first slice."""
    names: list[str] = []
    group: list[FileSlice] = []
    total = 0
    for name, slice_ in slices:
        size = slice_.size_bytes + FILE_BYTES
        if group and total + size > part_bytes + FILE_BYTES:
            yield names[0], tuple(group)
            names, group, total = [], [], 0
        names.append(name)
        group.append(slice_)
        total += size
    if group:
        yield names[0], tuple(group)


def _id(index: int, name: str) -> str:
    return f"part-{index:06d}-{re.sub(r'[^A-Za-z0-9.=_-]', '_', name)[-_NAME_LENGTH:]}"
