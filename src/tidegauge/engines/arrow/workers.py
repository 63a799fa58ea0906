"""A worker process of Spark's: what makes each of its tasks begin sooner."""

from __future__ import annotations

import gc
import sys
from functools import cache
from zipimport import zipimporter

from tidegauge.engines.arrow.memory import forgo_pandas, keep_memory


def begin_task(*, lean: bool) -> None:
    """Make this worker quick: it keeps its memory, and a `lean` one forgoes pandas.

    pyspark has all finders of modules look again before each task. Those of zip archives, and
    pyspark itself is one on the path, then read the archive's whole directory (Python before 3.12):
    a tenth of a second of CPU a task. A finder that is dropped is made again when it is needed.
    After each task pyspark has the garbage collector look at all objects.
    """
    keep_memory()
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimporter):
            del sys.path_importer_cache[path]
    if lean:
        forgo_pandas()
    _spare_modules()


@cache
def _spare_modules() -> None:
    """Keep what modules are made of from the collector: to look at it takes 17 ms a task."""
    gc.freeze()
