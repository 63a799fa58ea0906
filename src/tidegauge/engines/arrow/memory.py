"""A worker's memory: kept for the next part, instead of given back and asked for again."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

# mallopt's parameters and the most that its threshold may be: glibc's malloc.h.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_LARGEST_KEPT = 32 << 20
_MOST_KEPT = 512 << 20


@cache
def keep_memory() -> bool:
    """Let this process keep what its columns took, and say whether its C library could be told so.

    A column of some megabytes is otherwise returned to the system when it is done, and the next
    one's pages are cleared one by one as they are first touched: a sixth of a fold's time. The most
    that is held at one time stays what it was. Only glibc knows this; elsewhere nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    told = (mallopt(_TRIM_THRESHOLD, _MOST_KEPT), mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT))
    return all(told)
