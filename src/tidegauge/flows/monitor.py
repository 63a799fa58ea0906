"""The monitor job: windows of captures are profiled in one pass, and each is checked by itself."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidegauge.config.schema import OnViolation
from tidegauge.documents.run import RunStatus
from tidegauge.errors import ExitCode, InputError, TidegaugeError
from tidegauge.flows.captured import ALL_VARIANTS
from tidegauge.flows.claiming import claiming
from tidegauge.flows.due import captures_of, due_windows
from tidegauge.flows.history import History
from tidegauge.flows.job import DATA_QUALITY, summed_up
from tidegauge.flows.marks import bad_windows
from tidegauge.flows.packs import PackRun, check_packs, read_packs
from tidegauge.flows.pinned import read_pinned
from tidegauge.flows.planning import plan_of, warn_of_unknown
from tidegauge.flows.scripts import call_after, postprocess_script
from tidegauge.flows.sensitive import quoting_nothing, refuse_other_hashes
from tidegauge.flows.service import Service
from tidegauge.flows.stated import stated_runs
from tidegauge.flows.steady import ChangedInputs, refuse_changed
from tidegauge.flows.units import Units
from tidegauge.monitors import data_quality
from tidegauge.monitors.data_quality import Against, Result
from tidegauge.sinks.runs import begin
from tidegauge.sources.attributed import CUSTOM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegauge.flows.captured import Due
    from tidegauge.flows.claiming import Claimed
    from tidegauge.flows.job import Job
    from tidegauge.flows.pinned import Baseline
    from tidegauge.model.batch import Tally
    from tidegauge.model.statistics import Statistics
    from tidegauge.model.window import Window
    from tidegauge.profile.dataset import Profile
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sources.listing import Inputs
    from tidegauge.sources.source import CaptureSource

    Profiles = Mapping[tuple[Window, str], Profile]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WindowRun:
    """What became of one window of one variant; `reason` says why it failed or was empty."""

    key: RunKey
    folder: str
    status: RunStatus
    exit_code: ExitCode
    rows: int = 0
    violations: int = 0
    reason: str = ""


def run_monitor(
    job: Job, now: datetime, window: Window | None = None, variant: str | None = None
) -> tuple[WindowRun, ...]:
    """Check the given window, or every complete one that was not run yet, oldest first.

    Raises:
        UsageError: there is no baseline, or the conf has no captures or no window; or a script
            cannot be used, or failed after the runs.
        InputError: the given window has no captures.
        StorageError: the store or the captures could not be reached.
        EngineError: the engine failed.
    """
    with quoting_nothing(job.conf):
        return _run_monitor(job, now, window, variant)


def _run_monitor(
    job: Job, now: datetime, window: Window | None, variant: str | None
) -> tuple[WindowRun, ...]:
    baseline = read_pinned(job.storage, job.layout, DATA_QUALITY)
    warn_of_unknown(job.conf, [feature.name for feature in baseline.constraints.features])
    source = captures_of(job, baseline)
    refuse_other_hashes(job, job.layout.baseline(baseline.id, DATA_QUALITY), source.sensitive)
    known = (*(feature.name for feature in baseline.statistics.features), *source.outputs)
    packs = read_packs(job.conf)
    rules = packs.in_force(known)
    after = postprocess_script(job.conf)
    listed = due_windows(job, source, now, window, variant)
    with claiming(job, now) as claimed:
        due = claimed.take(listed, source) if window is None else claimed.take_given(listed)
        for one in due:
            begin(job.storage, job.layout, one.key)
            if variant is not None:  # the run over all variants has the old one in it
                begin(job.storage, job.layout, replace(one.key, variant=ALL_VARIANTS))
        units = Units.profiled(
            job,
            source,
            due=[unit for one in due if not one.over_all for unit in one.units],
            other=[unit for one in due if one.over_all for unit in one.units],
        )
        split = {one.key.window for one in due if one.over_all}
        service = Service(job.conf, now, split, part=variant is not None)
        service.send_unsent()
        service.warn_of_old({one.key.window for one in due})
        ruled = check_packs(job, packs, rules, source, units, due)
        stated = stated_runs(job, source, units, due)
        history = History(job, bad_windows(job))
        checking = _Checking(job, baseline, source, units, service, history, claimed, ruled, stated)
        runs = tuple(checking.run(one) for one in due)
    failure = next((run.reason for run in runs if run.status is RunStatus.FAILED), "")
    violations = sum(run.violations for run in runs if service.is_whole(run.key))
    service.close(len(runs), violations, failure)
    if runs and not failure:
        call_after(after)
    return runs


@dataclass(frozen=True, slots=True)
class _Checking:
    """Everything that the checks of the windows share."""

    job: Job
    baseline: Baseline
    source: CaptureSource
    units: Units
    service: Service
    history: History
    claimed: Claimed
    packs: PackRun
    stated: Mapping[RunKey, Statistics]

    def run(self, due: Due) -> WindowRun:
        """One window; its failure is its own, and is written down."""
        key, inputs = due.key, due.inputs
        profile = self.units.merged(due.units)
        try:
            kept, what = due.rejected(self.job.layout), f"{key.variant} {key.window}"
            refuse_changed(self.units.changed_in(due.units), what)
            self.job.refuse_too_many_rejected(profile.tally, what, kept)
            return self._check(due, profile)
        except (ChangedInputs, InputError) as error:
            return self._failed(key, profile.tally, inputs, error)

    def _check(self, due: Due, profile: Profile) -> WindowRun:
        key, inputs = due.key, due.inputs
        result = data_quality.check(
            profile,
            self._against(due),
            self.service.series(key),
            outputs=self._not_expected(profile),
            packs=self.packs.outcomes(key),
            stated=self.stated.get(key) or self.packs.statistics(key),
            sketch=self.job.sketch,
        )
        found = len(result.violations)
        status = RunStatus.COMPLETED_WITH_VIOLATIONS if found else RunStatus.COMPLETED
        nothing = "rows" if inputs.files else "captures"
        reason = "" if profile.rows else f"no {nothing} in this window"
        self.packs.keep_failing(self.job, key)
        folder = self._commit(key, status, result, inputs, reason)
        fails = found and self.job.conf.on_violation is OnViolation.FAIL
        code = ExitCode.VIOLATIONS if fails else ExitCode.DONE
        log.info(
            "%s %s: %s, %d rows, %d violations",
            key.variant, key.window, status.value, profile.rows, found,
            extra={"variant": key.variant, "window": str(key.window), "status": status.value,
                   "rows": profile.rows, "violations": found},
        )  # fmt: skip
        return WindowRun(key, folder, status, code, profile.rows, found, reason)

    def _against(self, due: Due) -> Against:
        """The baseline, and how the budget decides; constraints of the service's decide alone."""
        baseline, plan = self.baseline, None
        if baseline.constraints.extension:
            before = self.history.before(due.key)
            plan = plan_of(self.job.conf, baseline.calibration, due.key.window, due.runs, before)
        constraints = self.packs.constraints(baseline.constraints)
        return Against(baseline.statistics, constraints, plan, self.job.conf.alarms.critical)

    def _not_expected(self, profile: Profile) -> frozenset[str]:
        """The columns that are no features of the baseline, and no surprise either."""
        asked = self.source.custom_attributes
        custom = (f.name for f in profile.features if asked and f.name.startswith(CUSTOM))
        return frozenset((*self.source.outputs, *custom))

    def _failed(
        self, key: RunKey, tally: Tally, inputs: Inputs, error: TidegaugeError
    ) -> WindowRun:
        log.error("%s", error, extra={"variant": key.variant, "window": str(key.window)})
        result = Result({}, {"records": tally.records, "rejected": tally.rejected})
        folder = self._commit(key, RunStatus.FAILED, result, inputs, str(error))
        return WindowRun(key, folder, RunStatus.FAILED, error.exit_code, reason=str(error))

    def _commit(
        self, key: RunKey, status: RunStatus, result: Result, inputs: Inputs, reason: str
    ) -> str:
        folder = self.job.layout.run(key)
        record = self.job.record(
            status,
            baseline=self.baseline.id,
            counts={**result.counts, "violations": len(result.violations)},
            inputs=summed_up(self.source.read_with(inputs)),
            variant=key.variant,
            window=key.window.key,
            reason=reason,
        )
        record = replace(record, versions={**record.versions, **self.packs.versions})
        self.service.tell(key, result.documents)
        self.claimed.commit(key, result.documents, record)
        if status is not RunStatus.FAILED:
            self.history.add(key, result.counts["rows"])
        return folder
