"""The pinned baseline of model quality: what the answers of windows are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.documents.quality import constraints as constraints_document
from tidegauge.documents.quality import statistics as statistics_document
from tidegauge.documents.text import load
from tidegauge.errors import UsageError
from tidegauge.flows.answers import plan_of
from tidegauge.flows.job import MODEL_QUALITY
from tidegauge.flows.pinned import pinned_folder, pinned_id
from tidegauge.monitors.data_quality import CONSTRAINTS, PROFILE, STATISTICS
from tidegauge.monitors.model_quality import Against
from tidegauge.quality.readout import read_out
from tidegauge.quality.table import from_parquet
from tidegauge.storage import NotFound, Storage, join

if TYPE_CHECKING:
    from tidegauge.flows.job import Job
    from tidegauge.model.quality import QualityPlan, QualityStatistics
    from tidegauge.sinks.layout import Layout


@dataclass(frozen=True, slots=True)
class QualityBaseline:
    """A baseline as it is pinned, and what is to be known of the answers now."""

    id: str
    plan: QualityPlan
    against: Against


def read_pinned_quality(job: Job) -> QualityBaseline:
    """The pinned baseline; constraints.json as it lies there, so that people's edits count.

    Raises:
        UsageError: no baseline is pinned, one of its documents is missing or wrong, or it is of
            another problem than the conf's.
    """
    quality = job.conf.model_quality
    if quality is None:
        raise UsageError("the conf has no `model_quality`: add the section with `problem`")
    storage, layout = job.storage, job.layout
    id_, folder = pinned_folder(storage, layout, MODEL_QUALITY)
    try:
        at = join(folder, CONSTRAINTS)
        constraints = constraints_document.decode(load(storage.read(at), at), at)
        statistics = _read_statistics(storage, folder)
    except NotFound as error:
        raise UsageError(
            f"there is no baseline to compare with: {error}; run `tidegauge baseline CONF` first"
        ) from error
    if constraints.problem is not quality.problem:
        raise UsageError(
            f"the pinned baseline in {folder} is of the problem {constraints.problem}, and the "
            f"conf says {quality.problem}: run `tidegauge baseline CONF`"
        )
    against = Against(
        statistics, constraints, quality.fewest_labels, frozenset(job.conf.alarms.critical)
    )
    return QualityBaseline(id_, plan_of(quality), against)


def pinned_statistics(storage: Storage, layout: Layout) -> QualityStatistics | None:
    """The statistics of the pinned baseline; None: none is pinned, or it is gone."""
    id_ = pinned_id(storage, layout, MODEL_QUALITY)
    try:
        return (
            None if id_ is None else _read_statistics(storage, layout.baseline(id_, MODEL_QUALITY))
        )
    except NotFound:
        return None


def _read_statistics(storage: Storage, folder: str) -> QualityStatistics:
    """From the states where they are kept, else (a baseline made elsewhere) from the document."""
    profile, document = join(folder, PROFILE), join(folder, STATISTICS)
    try:
        return read_out(from_parquet(storage.read(profile), profile))
    except NotFound:
        return statistics_document.decode(load(storage.read(document), document), document)
