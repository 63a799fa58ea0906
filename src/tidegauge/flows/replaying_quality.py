"""Replay of model quality: what other constraints, budgets or floors would have made of windows.

The kept states of the windows are read out and judged again; no row is read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.flows.answers import plan_digest
from tidegauge.flows.job import MODEL_QUALITY
from tidegauge.flows.pinned_quality import read_pinned_quality
from tidegauge.flows.planning import level_of
from tidegauge.flows.replaying import Change, Replayed, is_alarm
from tidegauge.flows.review import committed_outcomes
from tidegauge.monitors.data_quality import PROFILE
from tidegauge.quality.readout import read_out
from tidegauge.quality.table import from_parquet
from tidegauge.rules.quality.edits import under
from tidegauge.rules.quality.evaluate import evaluate
from tidegauge.rules.quality.suggest import as_service
from tidegauge.sinks.runs import committed, read_document, read_run
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.documents.run import RunRecord
    from tidegauge.flows.job import Job
    from tidegauge.flows.pinned_quality import QualityBaseline
    from tidegauge.model.outcome import Outcome
    from tidegauge.monitors.model_quality import Against
    from tidegauge.quality.profile import QualityProfile
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sinks.reported import ReportScope

    Test = tuple[str, str]  # metric and operator


def replayed_quality(job: Job, scope: ReportScope) -> Replayed:
    """Judge the kept states of past windows by the pinned constraints and the conf's budget.

    Suggested constraints are as `baseline` would suggest them with these settings; one that people
    have edited, or the service has written, holds as it stands. Runs whose states were folded by
    another threshold, other classes or costs than the conf names now cannot be judged.

    Raises:
        UsageError: there is no baseline, or the conf has no `model_quality`.
        StorageError: a run's documents are not those that it committed.
    """
    baseline = read_pinned_quality(job)
    baseline.warn_of_other_settings()
    against, plan = _against(job, baseline), plan_digest(baseline.plan)
    made = Replayed(0, 0, 0, ())
    for key in committed(job.storage, job.layout, MODEL_QUALITY):
        record = read_run(job.storage, job.layout.run(key)) if scope.covers(key.window) else None
        if record is None or PROFILE not in record.documents:
            continue
        profile = _profile(job, key, record)
        if profile.plan is None or plan_digest(profile.plan) != plan:
            made = replace(made, of_other_plans=made.of_other_plans + 1)
            continue
        old = _by_test(committed_outcomes(job, key, record))
        new = _by_test(_outcomes(profile, against))
        changes = [
            Change(key, old.get(test), new.get(test))
            for test in {**old, **new}
            if is_alarm(old.get(test)) != is_alarm(new.get(test))
        ]
        made = replace(
            made,
            runs=made.runs + 1,
            before=made.before + sum(map(is_alarm, old.values())),
            now=made.now + sum(map(is_alarm, new.values())),
            changes=(*made.changes, *changes),
        )
    return made


def _against(job: Job, baseline: QualityBaseline) -> Against:
    """What windows would be held against, were the baseline made with the conf's settings."""
    quality = job.conf.model_quality
    if quality is None:
        raise UsageError("the conf has no `model_quality`: add the section with `problem`")
    against, alpha = baseline.against, level_of(job.conf, quality)
    constraints = (
        as_service(against.statistics)
        if alpha is None
        else under(against.constraints, alpha, quality.min_effect)
    )
    return replace(against, constraints=constraints)


def _outcomes(profile: QualityProfile, against: Against) -> tuple[Outcome, ...]:
    return evaluate(
        read_out(profile),
        against.constraints,
        against.statistics,
        fewest_rows=against.fewest_labels,
    )


def _by_test(outcomes: tuple[Outcome, ...]) -> Mapping[Test, Outcome]:
    return {(outcome.feature, outcome.check): outcome for outcome in outcomes}


def _profile(job: Job, key: RunKey, record: RunRecord) -> QualityProfile:
    folder = job.layout.run(key)
    return from_parquet(read_document(job.storage, folder, record, PROFILE), join(folder, PROFILE))
