"""A process that does nothing but our work: it keeps its memory, and loads no pandas."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

import pyarrow as pa

_NO_TRIMMING = (-1, -1)  # M_TRIM_THRESHOLD of mallopt(3): the heap never shrinks
_NO_MAPPING = (-4, 0)  # M_MMAP_MAX: large blocks lie in the heap, too


@cache
def keep_memory() -> bool:
    """Let this process keep what its columns took, and say whether its C library could be told so.

    A column of some megabytes is otherwise returned to the system when it is done, and the next
    one's pages are cleared one by one as they are first touched: a sixth of a fold's time. The most
    that is held at one time stays what it was. Arrow then allocates where numpy does, so that each
    uses what the other has freed. Only glibc knows this; elsewhere nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    pa.set_memory_pool(pa.system_memory_pool())
    return all((mallopt(*_NO_TRIMMING), mallopt(*_NO_MAPPING)))


def forgo_pandas() -> None:
    """Have pyarrow do without pandas in this process: half a second and 90 MB, for nothing of ours.

    With the first array that it makes pyarrow loads pandas, if that is installed, to know its types
    from then on. It looks once; where pandas is loaded already, or cannot be found, it stays so.
    """
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _NoPandas)
        pa.array([0])
        sys.meta_path.remove(_NoPandas)


class _NoPandas:
    """An importer that finds no pandas."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Leave all others to the next importer."""
        if name == "pandas":
            raise ModuleNotFoundError(name)
