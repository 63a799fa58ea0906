"""Evidently beside us: the same windows as files, judged by its defaults in its own environment."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

_ROOT = Path(__file__).resolve().parents[1]
PYTHON = _ROOT / ".venv-evidently/bin/python"
WHOLE = "Evidently, whole reference"
REFERENCES = {WHOLE: 0, "Evidently, 1,000-row reference": 1000}


@dataclass(slots=True)
class Exchange:
    """A folder in which windows wait for Evidently; empty to begin with.

    It takes most of a second for each, so only every so many of them are judged (`every`).
    """

    folder: Path
    every: int = 1
    version: str = ""
    _count: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def reference(self, name: str, table: pa.Table) -> None:
        """What the windows of this name are compared with."""
        pq.write_table(table, self.folder / f"{name}.reference.parquet")

    def window(self, name: str, table: pa.Table) -> None:
        """One more window of this name."""
        number = self._count[name] = self._count.get(name, 0) + 1
        if number % self.every == 0:
            pq.write_table(table, self.folder / f"{name}.{number:06d}.parquet")

    def judged(self, rows: int) -> Mapping[str, list[set[str]]] | None:
        """By name, the columns that drift window by window; None: Evidently is not installed."""
        if not PYTHON.exists():
            return None
        script = Path(__file__).with_name("evidently_windows.py")
        command = [str(PYTHON), str(script), str(self.folder), str(rows)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        self.version = told["version"]
        return {name: [set(columns) for columns in found] for name, found in told["found"].items()}
