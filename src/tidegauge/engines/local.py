"""The engine without Spark: the same kernels, in this process or in a few beside it."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TYPE_CHECKING

from tidegauge.engines.transport import Row, assemble, merge_rows, order, part_rows
from tidegauge.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.model.batch import Part, Reader
    from tidegauge.profile.dataset import Profile

# Below this much input, starting processes takes longer than reading in this one.
ALONE_BYTES = 16 << 20


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
    else:
        rows = _in_processes(min(wanted, len(parts)), parts, read)
    return assemble(merge_rows(sorted(rows, key=order)))


def _in_processes(processes: int, parts: Sequence[Part], read: Reader) -> list[Row]:
    try:
        with ProcessPoolExecutor(processes) as pool:
            return [row for found in pool.map(partial(_rows, read), parts) for row in found]
    except BrokenProcessPool as error:
        raise EngineError(
            f"one of {processes} processes ended before its work was done ({error}); if it ran "
            "out of memory, try again with fewer processes or with engine: spark in the conf"
        ) from error


def _rows(read: Reader, part: Part) -> list[Row]:
    return list(part_rows(part, read))
