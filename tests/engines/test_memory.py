"""A worker's memory: what a column took is there for the next one."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_SCRIPT = """
import resource
import numpy as np
from tidegauge.engines.arrow.memory import keep_memory

def touched():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    columns = [np.full(1 << 20, 1.5) for _ in range(8)]
    del columns
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

keep_memory()
touched()
print(touched() * resource.getpagesize())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_memory_of_a_column_is_not_asked_for_again() -> None:
    """Eight arrays of 8 MiB, freed and made again, touch next to no new page."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 1 << 20
