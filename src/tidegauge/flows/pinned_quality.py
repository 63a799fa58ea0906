"""The pinned baseline of model quality: what the answers of windows are compared with."""

from __future__ import annotations

import logging
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
    from tidegauge.quality.profile import QualityProfile
    from tidegauge.sinks.layout import Layout

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QualityBaseline:
    """A baseline as it is pinned, and what is to be known of the answers now.

    `made_by` is what was to be known when it was made; None: nobody tells, as of the service's.
    """

    id: str
    plan: QualityPlan
    against: Against
    made_by: QualityPlan | None = None

    @property
    def other_settings(self) -> tuple[str, ...]:
        """The keys of `model_quality` that the conf has otherwise than when it was made."""
        then, now = self.made_by, self.plan
        names = ("threshold", "positive", "negative", "classes", "costs")
        return tuple(n for n in names if then and getattr(then, n) != getattr(now, n))

    def warn_of_other_settings(self) -> None:
        """Warn where windows are to be held against metrics of another kind of answers."""
        if self.other_settings:
            log.warning(
                "the pinned baseline was made with another model_quality.%s than the conf has: "
                "windows are held against the metrics of before; run `tidegauge baseline CONF`",
                " and ".join(self.other_settings),
            )


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
        profile = _read_profile(storage, folder)
        statistics = read_out(profile) if profile else _read_document(storage, folder)
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
    return QualityBaseline(id_, plan_of(quality), against, profile.plan if profile else None)


def pinned_statistics(storage: Storage, layout: Layout) -> QualityStatistics | None:
    """The statistics of the pinned baseline; None: none is pinned, or it is gone."""
    id_ = pinned_id(storage, layout, MODEL_QUALITY)
    if id_ is None:
        return None
    folder = layout.baseline(id_, MODEL_QUALITY)
    try:
        profile = _read_profile(storage, folder)
        return read_out(profile) if profile else _read_document(storage, folder)
    except NotFound:
        return None


def _read_profile(storage: Storage, folder: str) -> QualityProfile | None:
    """The states of the baseline; None: it was made elsewhere."""
    uri = join(folder, PROFILE)
    try:
        return from_parquet(storage.read(uri), uri)
    except NotFound:
        return None


def _read_document(storage: Storage, folder: str) -> QualityStatistics:
    uri = join(folder, STATISTICS)
    return statistics_document.decode(load(storage.read(uri), uri), uri)
