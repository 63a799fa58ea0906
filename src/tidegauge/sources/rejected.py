"""Records that could not be read: counted, and kept with the file, the line and the reason."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.model.batch import Tally
from tidegauge.storage import join, storage_for
from tidegauge.storage.partition_names import escape_partition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegauge.model.batch import Part
    from tidegauge.sources.source import CaptureSource, TrainingSource
    from tidegauge.storage import S3Settings


class BadRecord(Exception):
    """Why a record cannot be read. It becomes a rejected record and never leaves a reader."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record as it was found, and where; `line` is None where the format has no lines."""

    file: str
    line: int | None
    reason: str
    record: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.reason}"


Kept = defaultdict[str, list[Rejected]]  # by the key of the window in which they are counted


@dataclass(frozen=True, slots=True)
class Bin:
    """Where a reader puts the records that it rejects: `<folder>/<part id>.jsonl`.

    In the folder `{window}` is the window in which they are counted, `{variant}` the part's as a
    partition's value; a part without rejected records has no file. Without a folder nothing is
    kept: the records are read a second time, and have been kept once. A `discreet` one keeps where
    a record stands and nothing of what is in it.
    """

    folder: str
    settings: S3Settings
    discreet: bool = False

    def keep(self, part: Part, kept: Mapping[str, Sequence[Rejected]]) -> None:
        """Write one JSON object a line: file, line, reason, record.

        Raises:
            StorageError: the file cannot be written.
        """
        for window, rejected in kept.items():
            if rejected and self.folder:
                self._write(window, part, rejected)

    def _write(self, window: str, part: Part, rejected: Sequence[Rejected]) -> None:
        folder = self.folder.replace("{window}", window)
        folder = folder.replace("{variant}", escape_partition(part.variant))
        lines = (
            json.dumps(
                {"file": r.file, "line": r.line, "reason": r.reason, "record": r.record},
                ensure_ascii=False,
            )
            for r in (map(_hidden, rejected) if self.discreet else rejected)
        )
        uri = join(folder, f"{part.id}.jsonl")
        storage_for(uri, self.settings).write(uri, "".join(f"{x}\n" for x in lines).encode())


def bin_of(source: TrainingSource | CaptureSource, settings: S3Settings) -> Bin:
    """Where the records of a source go that cannot be read."""
    return Bin(source.rejected, settings, discreet=source.sensitive is not None)


def _hidden(rejected: Rejected) -> Rejected:
    hidden = "not shown, since there are sensitive columns"
    return Rejected(rejected.file, rejected.line, hidden, hidden)


def tally(accepted: int, rejected: Sequence[Rejected], outside_hour: int = 0) -> Tally:
    """The counts of some records, the rejected ones among them."""
    reasons = tuple(str(record) for record in rejected[: Tally.KEPT_REASONS])
    return Tally(accepted + len(rejected), len(rejected), outside_hour, reasons)


def readable(record: bytes) -> str:
    """The record as text; bytes that are not UTF-8 are escaped."""
    return record.decode("utf-8", "backslashreplace")
