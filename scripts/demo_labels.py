"""Holds some of the demo's labels back, and delivers them later, as a slow system would.

    python scripts/demo_labels.py hold       # before the monitor runs for the first time
    python scripts/demo_labels.py deliver    # afterwards; running it again then revises a window

They are labels of flights of 2013-06-20, those collected from 2013-06-21 12:00 to 18:00 UTC. Files
are moved as they are, so that nothing else looks new; doing either twice changes nothing.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS, HELD = "ground_truth", "held_back"
HOURS = tuple(f"late-arrival/2013/06/21/{hour:02}" for hour in range(12, 18))


def main(argv: Sequence[str] | None = None) -> int:
    """Move the folders of the hours; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("hold", "deliver"))
    parser.add_argument("--data", type=Path, default=Path("build/demo"), help="the data's folder")
    options = parser.parse_args(argv)
    folders = (LABELS, HELD) if options.action == "hold" else (HELD, LABELS)
    source, target = (options.data / name for name in folders)
    moved = sum(_moved(source / hour, target / hour) for hour in HOURS)
    print(f"{moved} label files moved from {source} to {target}")
    return 0


def _moved(source: Path, target: Path) -> int:
    """Move the files of an hour; how many there were."""
    files = sorted(source.glob("*.jsonl"))
    for file in files:
        target.mkdir(parents=True, exist_ok=True)
        shutil.move(file, target / file.name)
    return len(files)


if __name__ == "__main__":
    sys.exit(main())
