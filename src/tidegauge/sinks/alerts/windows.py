"""What is told of a whole window, of any verdict, to those who keep every run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.documents import outcomes, statistics
from tidegauge.documents.text import load
from tidegauge.errors import StorageError
from tidegauge.sinks.layout import MonitorType, run_path
from tidegauge.sinks.runs import RUN, STATISTICS, read_digested_run, read_document
from tidegauge.storage import NotFound, join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.documents.run import RunRecord
    from tidegauge.model.outcome import Outcome
    from tidegauge.model.statistics import Statistics
    from tidegauge.sinks.layout import Layout, RunKey
    from tidegauge.storage import Storage

OUTCOMES = "outcomes.json"


@dataclass(frozen=True)
class WindowTold:
    """One committed run with its record and its documents, which are read when they are asked for.

    `digest` is that of the record's text.
    """

    key: RunKey
    folder: str
    record: RunRecord
    digest: str
    storage: Storage

    @property
    def path(self) -> str:
        """The run's folder below all runs."""
        return run_path(self.key)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every check's; none where the run failed."""
        data = self._document(OUTCOMES)
        return outcomes.decode(load(data, self.folder), self.folder) if data else ()

    @cached_property
    def statistics(self) -> Statistics | None:
        """What was seen of the features; None where the run failed, or is not about features."""
        if self.key.type is not MonitorType.DATA_QUALITY:
            return None
        data = self._document(STATISTICS)
        return statistics.decode(load(data, self.folder), self.folder) if data else None

    def documents(self) -> Mapping[str, bytes]:
        """All of the run's documents by name, its record too."""
        found = {name: self._document(name) for name in self.record.documents}
        there = {name: data for name, data in found.items() if data is not None}
        return {**there, RUN: self.storage.read(join(self.folder, RUN))}

    def _document(self, name: str) -> bytes | None:
        try:
            return self._read(name) if name in self.record.documents else None
        except NotFound:
            return None  # its time was over before it was told of

    def _read(self, name: str) -> bytes:
        return read_document(self.storage, self.folder, self.record, name)


def window_told(storage: Storage, layout: Layout, key: RunKey) -> WindowTold:
    """The run as it lies in the store.

    Raises:
        StorageError: it has been taken back.
    """
    folder = layout.run(key)
    found = read_digested_run(storage, folder)
    if found is None:
        raise StorageError(f"the run at {folder} has been taken back: it is under way again")
    return WindowTold(key, folder, *found, storage)


def window_metrics(window: WindowTold) -> dict[str, float]:
    """The window in numbers, by names of letters, digits and `_-./ `.

    `rows` and the other counts of its record, `checks/<verdict>`, and of each feature
    `completeness/<f>`, `mean/<f>` and `drift/<f>`, the distance to the baseline; of model quality
    `metric/<m>`. What is not finite has no metric.
    """
    found: dict[str, float] = {name: float(n) for name, n in window.record.counts.items()}
    for outcome in window.outcomes:
        verdict = f"checks/{outcome.verdict.value}"
        found[verdict] = found.get(verdict, 0.0) + 1.0
        if (distance := outcome.numbers.get("distance")) is not None:
            found[f"drift/{metric_name(outcome.feature)}"] = float(distance)
        if "metric" in outcome.numbers and (value := outcome.numbers.get("value")) is not None:
            found[f"metric/{metric_name(outcome.feature)}"] = float(value)
    for feature in window.statistics.features if window.statistics else ():
        name = metric_name(feature.name)
        if rows := feature.num_present + feature.num_missing:
            found[f"completeness/{name}"] = feature.num_present / rows
        if feature.numeric is not None and feature.numeric.mean is not None:
            found[f"mean/{name}"] = feature.numeric.mean
    return {name: value for name, value in found.items() if math.isfinite(value)}


def metric_name(feature: str) -> str:
    """The feature's name in ASCII letters, digits and `_-.`; a digest keeps mended ones apart."""
    mended = "".join(c if c.isascii() and (c.isalnum() or c in "_-.") else "_" for c in feature)
    if mended == feature and feature.strip(".") and len(feature) <= 200:
        return feature
    digest = sha256(feature.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{mended[:200]}-{digest}"
