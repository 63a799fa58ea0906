"""Where the time of one part goes: its fold in this process, under cProfile.

    OPENBLAS_NUM_THREADS=1 python benchmarks/profile_kernels.py [FOLDER] [--sort cumulative]

Without a folder: 500,000 rows of the benchmark's table. The profiler's own cost weighs on small
functions: read the shares, and time a change with run.py.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
from pathlib import Path

from datasets import Table, ready
from ours import parts_of
from tidegauge.engines.arrow.fold import fold_part

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Fold the first part twice, the second time under the profiler."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--top", type=int, default=25)
    parser.add_argument("--sort", choices=("tottime", "cumulative"), default="tottime")
    options = parser.parse_args()
    parts, read = parts_of(options.folder or ready(Table(29, 1, 500_000), ROOT / "build/bench"))
    fold_part(parts[0], read)
    profiler = cProfile.Profile()
    profiler.runcall(fold_part, parts[0], read)
    pstats.Stats(profiler).strip_dirs().sort_stats(options.sort).print_stats(options.top)


if __name__ == "__main__":
    main()
