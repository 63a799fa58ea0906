"""Memory of worker processes: a block that was freed is used again, and not given back.

A worker allocates the same large arrays for one part after another. Memory that the operating
system takes back has to be cleared and mapped page by page when it is wanted again, which took
longer than all that is done with it.
"""

from __future__ import annotations

import ctypes

import pyarrow as pa

_NO_TRIMMING = (-1, -1)  # M_TRIM_THRESHOLD of mallopt(3): the heap never shrinks
_NO_MAPPING = (-4, 0)  # M_MMAP_MAX: large blocks lie in the heap, too


def keep_freed() -> None:
    """Let this process, which is about to do such work, keep what it frees until it ends.

    Arrow then allocates where numpy does, so that each uses what the other has freed. Where the C
    library is not glibc, nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(*_NO_TRIMMING)
        mallopt(*_NO_MAPPING)
        pa.set_memory_pool(pa.system_memory_pool())
