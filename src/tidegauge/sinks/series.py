"""`series.json`: model quality over time, a value a window, with what stands out marked.

Of each variant: the windows in order with their labels, metrics and prediction quantiles; spikes
are marked at their window, level shifts listed with the levels before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tidegauge.documents import text
from tidegauge.documents.quality import statistics
from tidegauge.rules.quality.stability import marks_of
from tidegauge.sinks.reported import each_run
from tidegauge.sinks.runs import STATISTICS, read_document, read_run
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidegauge.documents.run import RunRecord
    from tidegauge.model.quality import QualityStatistics
    from tidegauge.sinks.layout import Layout, RunKey
    from tidegauge.sinks.reported import ReportScope
    from tidegauge.storage import Storage

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Point:
    """One window: its values and their standard deviations by name, and what its run says."""

    key: RunKey
    record: RunRecord
    values: Mapping[str, float]
    deviations: Mapping[str, float]
    spikes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LevelShift:
    """The level of one value moved in the window."""

    name: str
    key: RunKey
    before: float
    after: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Series:
    """The windows of one variant in order, and the shifts of all values."""

    variant: str
    points: tuple[Point, ...]
    shifts: tuple[LevelShift, ...]
    baseline: Mapping[str, float] = field(default_factory=dict)


def read_series(
    storage: Storage, layout: Layout, scope: ReportScope, baseline: QualityStatistics | None
) -> tuple[Series, ...]:
    """The series of each variant, of the committed runs of the scope, beside the baseline's values.

    Raises:
        DocumentError: a document of a run does not have its shape.
        StorageError: a run's statistics are not those that it committed.
    """
    found = each_run(storage, layout, scope, lambda key: _read(storage, layout, key))
    before = _values(baseline) if baseline is not None else {}
    by_variant = groupby(found, key=lambda point: point.key.variant)
    return tuple(
        replace(_marked(variant, tuple(points)), baseline=before) for variant, points in by_variant
    )


def series_document(monitor: str, some: Iterable[Series]) -> Mapping[str, Any]:
    """The content of `report/model_quality/series.json`."""
    return {
        "version": 1,
        "monitor": monitor,
        "variants": [
            {
                "variant": series.variant,
                "baseline": dict(series.baseline),
                "windows": [_window(point) for point in series.points],
                "shifts": [
                    {
                        "name": shift.name,
                        "window": shift.key.window.key,
                        "before": shift.before,
                        "after": shift.after,
                        "p_value": shift.p_value,
                    }
                    for shift in series.shifts
                ],
            }
            for series in some
        ],
    }


def _window(point: Point) -> Mapping[str, Any]:
    labels = point.record.labels
    return {
        "window": point.key.window.key,
        "status": point.record.status.value,
        "revision": labels.get("revision", 0),
        "predictions": labels.get("predictions", 0),
        "labelled": labels.get("labelled", 0),
        "values": dict(point.values),
        "spikes": list(point.spikes),
    }


def _read(storage: Storage, layout: Layout, key: RunKey) -> Point | None:
    folder = layout.run(key)
    record = read_run(storage, folder)
    if record is None or STATISTICS not in record.documents:
        return None  # taken back since it was listed, or failed
    where = join(folder, STATISTICS)
    found = statistics.decode(
        text.load(read_document(storage, folder, record, STATISTICS), where), where
    )
    deviations = {name: m.standard_deviation or 0.0 for name, m in found.metrics.items()}
    # The name of a folder may have been cut, the record's variant never is.
    return Point(replace(key, variant=record.variant), record, _values(found), deviations)


def _values(found: QualityStatistics) -> dict[str, float]:
    """The metrics that are defined, and some quantiles of the predictions."""
    values = {n: float(m.value) for n, m in found.metrics.items() if m.value is not None}
    for row in found.detail.get("prediction_quantiles", ()):
        if row["quantile"] in _QUANTILES and row["value"] is not None:
            values[f"prediction_q{row['quantile']:g}"] = row["value"]
    return values


def _marked(variant: str, points: Sequence[Point]) -> Series:
    names = dict.fromkeys(name for point in points for name in point.values)
    spikes: dict[RunKey, list[str]] = {}
    shifts: list[LevelShift] = []
    for name in names:
        if name.endswith("_best_constant_classifier"):
            continue  # says how many labels are of which class, as others do
        known = [point for point in points if name in point.values]
        marks = marks_of(
            [point.values[name] for point in known],
            [point.deviations.get(name, 0.0) for point in known],
        )
        for place in marks.spikes:
            spikes.setdefault(known[place].key, []).append(name)
        shifts += [
            LevelShift(name, known[s.at].key, s.before, s.after, s.p_value) for s in marks.shifts
        ]
    told = tuple(replace(point, spikes=tuple(spikes.get(point.key, ()))) for point in points)
    return Series(variant, told, tuple(_in_time(shifts)))


def _in_time(shifts: Iterable[LevelShift]) -> Iterator[LevelShift]:
    yield from sorted(shifts, key=lambda shift: (shift.key.window, shift.name))
