"""What the tests of readers share: parts of local files, and all that a reader yields, added up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegauge.model.batch import FileSlice, Part, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tidegauge.model.batch import Chunk


@dataclass(frozen=True)
class Everything:
    """The rows of all chunks, the texts that are not of their column's kind, and the counts."""

    rows: list[dict[str, Any]]
    mismatched: dict[str, list[str]]
    tally: Tally
    chunks: list[Chunk]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


def everything(chunks: Iterable[Chunk]) -> Everything:
    """What some chunks hold, columns that came apart put beside each other again."""
    listed = list(chunks)
    rows: list[dict[str, Any]] = []
    mismatched: dict[str, list[str]] = {}
    tally = Tally()
    start = 0
    for chunk in listed:
        tally = tally.merge(chunk.tally)
        found = chunk.table.to_pylist()
        if chunk.new_rows:
            start = len(rows)
            rows += found
        else:
            for row, more in zip(rows[start:], found, strict=True):
                row.update(more)
        for name, texts in chunk.mismatched:
            mismatched.setdefault(name, []).extend(texts.to_pylist())
    return Everything(rows, mismatched, tally, listed)


def part_of(*paths: Path, window: str = "", variant: str = "") -> Part:
    """One part of whole files."""
    files = tuple(FileSlice(str(path), path.stat().st_size) for path in paths)
    return Part("part-000000-test", files, window, variant)


def kept(folder: Path) -> list[dict[str, Any]]:
    """The rejected records in a folder."""
    files = sorted(folder.rglob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]
