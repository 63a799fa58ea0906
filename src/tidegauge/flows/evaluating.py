"""One window of a model's answers: whether it is due, and what becomes of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegauge.config.schema import OnViolation
from tidegauge.documents.run import RunStatus
from tidegauge.errors import ExitCode
from tidegauge.flows.captured import ALL_VARIANTS
from tidegauge.flows.job import MODEL_QUALITY
from tidegauge.flows.labels_told import (
    counted,
    history_told,
    inputs_told,
    is_of,
    labels_told,
    revision_told,
    stands_on_digest,
    stood_on_more,
)
from tidegauge.flows.monitor import WindowRun
from tidegauge.flows.quality_doubts import doubts_of_window
from tidegauge.flows.units import units_of
from tidegauge.model.merged import MergeCounts
from tidegauge.model.window import parse_duration
from tidegauge.monitors import model_quality
from tidegauge.monitors.data_quality import Result
from tidegauge.quality.profile import QualityProfile
from tidegauge.sinks.layout import RunKey
from tidegauge.sinks.merged import joined_units, read_profile, read_unit
from tidegauge.sinks.runs import begin, completed, read_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from tidegauge.documents.joined import JoinedUnit
    from tidegauge.flows.claiming import Claimed
    from tidegauge.flows.job import Job
    from tidegauge.flows.joined import Settled
    from tidegauge.flows.pinned_quality import QualityBaseline
    from tidegauge.flows.service import Service
    from tidegauge.model.window import Window

log = logging.getLogger(__name__)

Windows = dict["Window", tuple[str, ...]]  # with the variants of each


@dataclass(frozen=True, slots=True)
class Evaluating:
    """Everything that the evaluations of the windows share."""

    claimed: Claimed
    baseline: QualityBaseline
    service: Service
    settled: Settled
    now: datetime
    asked: bool

    @property
    def job(self) -> Job:
        return self.claimed.job

    def runs(self, windows: Windows) -> Iterator[WindowRun]:
        """The runs of the windows that are due, or that labels came for."""
        done = completed(self.job.storage, self.job.layout, MODEL_QUALITY)
        known = joined_units(self.job.storage, self.job.layout)
        took_part = {(key.variant, key.window) for key in self.settled.units}
        for window, names in windows.items():
            units = units_of(window, self.job.conf.profile)
            over_all = [ALL_VARIANTS] if len(names) > 1 else []
            for name in (*names, *over_all):
                of = names if name == ALL_VARIANTS else (name,)
                keys = [RunKey(MODEL_QUALITY, variant, unit) for variant in of for unit in units]
                key = RunKey(MODEL_QUALITY, name, window)
                came = any((one.variant, one.window) in took_part for one in keys)
                if self.asked or came or key not in done:
                    found = [one for one in keys if one in known or one in self.settled.failed]
                    yield from self._run(key, found)

    def _run(self, key: RunKey, keys: Sequence[RunKey]) -> Iterator[WindowRun]:
        reasons = [self.settled.failed[k] for k in keys if k in self.settled.failed]
        if reasons:
            yield self._failed(key, reasons[0])
            return
        units = {one: self._unit(one) for one in keys}
        counts = MergeCounts()
        for unit in units.values():
            counts = counts.merge(unit.counts)
        if not (self.asked or self._is_due(key.window, counts)):
            return
        before = read_run(self.job.storage, self.job.layout.run(key))
        stands_on = stands_on_digest(units)
        if not self.asked and (is_of(before, stands_on) or stood_on_more(before, units)):
            return
        labels = {
            **labels_told(counts),
            "units": len(units),
            "stands_on": stands_on,
            **revision_told(before, asked=self.asked),
        }
        self._begin(key)
        yield self._evaluated(key, units, counts, labels)

    def _begin(self, key: RunKey) -> None:
        self.claimed.must_hold(key)
        begin(self.job.storage, self.job.layout, key, rejected=False)

    def _unit(self, key: RunKey) -> JoinedUnit:
        unit = self.settled.units.get(key)
        if unit is None:
            unit = read_unit(self.job.storage, self.job.layout, key)
        assert unit is not None  # noqa: S101  (it was listed)
        return unit

    def _is_due(self, window: Window, counts: MergeCounts) -> bool:
        truth = self.job.conf.ground_truth
        assert truth is not None  # noqa: S101  (there is no reading without it)
        enough = truth.coverage is not None and counts.coverage >= truth.coverage
        return self.now >= window.end + parse_duration(truth.wait) or enough

    def _evaluated(
        self,
        key: RunKey,
        units: Mapping[RunKey, JoinedUnit],
        counts: MergeCounts,
        labels: Mapping[str, Any],
    ) -> WindowRun:
        storage, layout = self.job.storage, self.job.layout
        profile = QualityProfile.merge_all(
            read_profile(storage, layout, one, unit, bucket)
            for one, unit in units.items()
            for bucket in unit.profiles
        )
        if profile.plan is None:
            profile = QualityProfile(plan=self.baseline.plan)
        result = model_quality.check(
            profile, self.baseline.against, self.service.series(key), counted(units, counts)
        )
        found = len(result.violations)
        status = RunStatus.COMPLETED_WITH_VIOLATIONS if found else RunStatus.COMPLETED
        reason = "" if counts.predictions else "no captures in this window"
        if counts.predictions and not counts.labelled:
            reason = "none of this window's predictions has a label"
        doubts = tuple(doubts_of_window(counts, profile, self.job.conf.max_rejected))
        for doubt in doubts:
            log.warning("%s %s: %s", key.variant, key.window, doubt)
        if doubts and not profile.rows:
            reason = doubts[0]
        self._commit(key, status, replace(result, notes=doubts), units, reason, labels)
        fails = found and self.job.conf.on_violation is OnViolation.FAIL
        code = ExitCode.VIOLATIONS if fails else ExitCode.DONE
        log.info(
            "%s %s: %s, revision %d, %d of %d predictions have labels, %d violations",
            key.variant, key.window, status.value, labels["revision"], counts.labelled,
            counts.predictions, found,
            extra={"variant": key.variant, "window": str(key.window), "status": status.value,
                   "rows": counts.labelled, "violations": found},
        )  # fmt: skip
        folder = layout.run(key)
        return WindowRun(key, folder, status, code, counts.labelled, found, reason)

    def _failed(self, key: RunKey, reason: str) -> WindowRun:
        log.error("%s", reason, extra={"variant": key.variant, "window": str(key.window)})
        self._begin(key)
        self._commit(key, RunStatus.FAILED, Result({}, {}), {}, reason, {})
        folder = self.job.layout.run(key)
        return WindowRun(key, folder, RunStatus.FAILED, ExitCode.INPUT, reason=reason)

    def _commit(
        self,
        key: RunKey,
        status: RunStatus,
        result: Result,
        units: Mapping[RunKey, JoinedUnit],
        reason: str,
        labels: Mapping[str, Any],
    ) -> None:
        record = self.job.record(
            status,
            baseline=self.baseline.id,
            counts={**result.counts, "violations": len(result.violations)},
            inputs=inputs_told(units),
            variant=key.variant,
            window=key.window.key,
            reason=reason,
            type_=MODEL_QUALITY,
            notes=result.notes,
            labels=labels
            and {**labels, "history": history_told(labels, status, len(result.violations))},
        )
        self.service.tell(key, result.documents)
        self.claimed.commit(key, result.documents, record)
