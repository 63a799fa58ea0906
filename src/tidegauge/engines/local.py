"""The engine without Spark: the same kernels, in this process or in a few beside it."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from heapq import merge
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zlib import crc32

import pyarrow as pa

from tidegauge.engines.transport import (
    SCHEMA,
    Row,
    assemble,
    from_batch,
    merge_rows,
    order,
    part_rows,
    to_batch,
)
from tidegauge.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.model.batch import Part, Reader
    from tidegauge.profile.dataset import Profile

# Below this much input, starting processes takes longer than reading in this one.
ALONE_BYTES = 16 << 20
_STATES_A_BATCH = 64
_MERGES = 16  # of a share of the features each, so that one is done while others are taken over


def profile_parts(
    parts: Sequence[Part], read: Reader, processes: int | None = None
) -> dict[Key, Profile]:
    """The profiles of all parts, merged in part order, by window and variant.

    Raises:
        EngineError: a process was killed, as one is that takes too much memory.
    """
    wanted = processes or os.cpu_count() or 1
    small = sum(part.size_bytes for part in parts) < ALONE_BYTES
    if wanted == 1 or len(parts) < 2 or (small and processes is None):
        rows = [row for part in parts for row in part_rows(part, read)]
        return assemble(merge_rows(sorted(rows, key=order)))
    return _in_processes(min(wanted, len(parts)), parts, read)


def _in_processes(processes: int, parts: Sequence[Part], read: Reader) -> dict[Key, Profile]:
    """Each part's states go to a file, and come back merged: this process never holds them all."""
    try:
        with (
            TemporaryDirectory(prefix="tidegauge-") as folder,
            ProcessPoolExecutor(processes) as pool,
        ):
            files = [Path(folder, str(number)) for number in range(len(parts))]
            list(pool.map(partial(_fold, read), parts, files))  # all of them, or the first error
            batches = pool.map(partial(_merge, files), range(_MERGES))
            return assemble(row for merged in batches for row in from_batch(merged))
    except BrokenProcessPool as error:
        raise EngineError(
            f"one of {processes} processes ended before its work was done ({error}); if it ran "
            "out of memory, try again with fewer processes or with engine: spark in the conf"
        ) from error


def _fold(read: Reader, part: Part, file: Path) -> None:
    """Write the rows of a part to a file for each merge, in the order of merging."""
    rows = sorted(part_rows(part, read), key=order)
    for share in range(_MERGES):
        own = [row for row in rows if _share_of(row) == share]
        with pa.OSFile(_named(file, share), "wb") as sink, pa.ipc.new_stream(sink, SCHEMA) as out:
            for start in range(0, len(own), _STATES_A_BATCH):
                out.write_batch(to_batch(own[start : start + _STATES_A_BATCH]))


def _merge(files: Sequence[Path], share: int) -> pa.RecordBatch:
    """The merged rows of a share of the features, read side by side from all parts' files."""
    with ExitStack() as opened:
        sorted_rows = [
            _rows(opened.enter_context(pa.OSFile(_named(file, share)))) for file in files
        ]
        return to_batch(merge_rows(merge(*sorted_rows, key=order)))


def _rows(file: pa.NativeFile) -> Iterator[Row]:
    for batch in pa.ipc.open_stream(file):
        yield from from_batch(batch)


def _share_of(row: Row) -> int:
    return crc32((row.feature or "").encode()) % _MERGES


def _named(file: Path, share: int) -> str:
    return f"{file}-{share}"
