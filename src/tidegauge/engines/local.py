"""The engine without Spark: the same kernels, in this process or in a few beside it."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from tidegauge.engines.transport import Row, assemble, merge_rows, order, part_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.model.batch import Part, Reader
    from tidegauge.profile.dataset import Profile

# Below this much input, starting processes takes longer than reading in this one.
_ALONE_BYTES = 16 << 20


def profile_parts(
    parts: Sequence[Part], read: Reader, processes: int | None = None
) -> dict[Key, Profile]:
    """The profiles of all parts, merged in part order, by window and variant."""
    wanted = processes or os.cpu_count() or 1
    small = sum(part.size_bytes for part in parts) < _ALONE_BYTES
    if wanted == 1 or len(parts) < 2 or (small and processes is None):
        rows = [row for part in parts for row in part_rows(part, read)]
    else:
        with ProcessPoolExecutor(min(wanted, len(parts))) as pool:
            rows = [row for found in pool.map(partial(_rows, read), parts) for row in found]
    return assemble(merge_rows(sorted(rows, key=order)))


def _rows(read: Reader, part: Part) -> list[Row]:
    return list(part_rows(part, read))
