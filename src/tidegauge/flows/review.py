"""Review: what a window's outcomes stand on, and what other settings would have made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.documents import outcomes as outcomes_document
from tidegauge.documents.text import load
from tidegauge.errors import UsageError, did_you_mean
from tidegauge.flows.history import History
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.flows.marks import bad_windows
from tidegauge.flows.pinned import read_pinned
from tidegauge.flows.planning import plan_of
from tidegauge.model.outcome import Verdict
from tidegauge.monitors.data_quality import OUTCOMES, PROFILE
from tidegauge.profile.table import from_parquet
from tidegauge.rules.evaluate import evaluate
from tidegauge.sinks.runs import committed, read_document, read_run
from tidegauge.sources.attributed import CUSTOM
from tidegauge.storage import join

if TYPE_CHECKING:
    from tidegauge.documents.run import RunRecord
    from tidegauge.flows.job import Job
    from tidegauge.flows.pinned import Baseline
    from tidegauge.model.outcome import Outcome
    from tidegauge.model.window import Window
    from tidegauge.profile.dataset import Profile
    from tidegauge.rules.alarms.plan import Plan
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sinks.reported import ReportScope


@dataclass(frozen=True, slots=True)
class Told:
    """The outcomes of one feature in one run."""

    key: RunKey
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm that other settings bring, or take away; `now` is the outcome under them."""

    key: RunKey
    before: Outcome | None
    now: Outcome | None

    @property
    def comes(self) -> bool:
        """Whether it is there under the other settings, and was not before."""
        return self.now is not None and self.now.verdict is Verdict.VIOLATED


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many runs were judged again, their alarms before and now, and which come and go."""

    runs: int
    before: int
    now: int
    changes: tuple[Change, ...]


def outcomes_of(
    job: Job, feature: str, window: Window, variant: str | None = None
) -> tuple[Told, ...]:
    """What became of one feature in one window, variant by variant.

    Raises:
        UsageError: the window was not run, or has no such feature.
        StorageError: a run's outcomes are not those that it committed.
    """
    keys = _runs_of(job, window, variant)
    found = []
    known: dict[str, None] = {}
    for key in keys:
        record = read_run(job.storage, job.layout.run(key))
        outcomes = _outcomes(job, key, record) if record else ()
        known |= dict.fromkeys(outcome.feature for outcome in outcomes)
        own = tuple(outcome for outcome in outcomes if outcome.feature == feature)
        if own:
            found.append(Told(key, own))
    if not found:
        raise UsageError(
            f"the window {window} has no outcomes of a feature {feature!r}: expected one of "
            f"{', '.join(known) or 'none, the run failed'}{did_you_mean(feature, known)}"
        )
    return tuple(found)


def replayed(job: Job, scope: ReportScope) -> Replayed:
    """Judge the kept profiles of past windows by the conf's alarms; no data is read.

    They are compared with the pinned baseline, whichever they were compared with at the time.

    Raises:
        UsageError: there is no baseline, or its constraints leave nothing to a budget.
        StorageError: a run's documents are not those that it committed.
    """
    baseline = read_pinned(job.storage, job.layout, DATA_QUALITY)
    if not baseline.constraints.extension:
        raise UsageError(
            "the pinned constraints.json decides by its own thresholds, so no other setting of "
            "alarms changes anything: make a baseline with `tidegauge baseline CONF` first"
        )
    keys = [k for k in committed(job.storage, job.layout, DATA_QUALITY) if scope.covers(k.window)]
    runs_of = Counter(key.window for key in keys)
    history = History(job, bad_windows(job))
    runs = before = now = 0
    changes: list[Change] = []
    for key in keys:
        record = read_run(job.storage, job.layout.run(key))
        if record is None or PROFILE not in record.documents:
            continue
        old = {(o.feature, o.check): o for o in _outcomes(job, key, record)}
        plan = plan_of(
            job.conf, baseline.calibration, key.window, runs_of[key.window], history.before(key)
        )
        profile = _profile(job, key, record)
        new = {(o.feature, o.check): o for o in _judged(job, baseline, profile, plan)}
        runs += 1
        before += sum(map(_alarms, old.values()))
        now += sum(map(_alarms, new.values()))
        changes += [
            Change(key, old.get(test), new.get(test))
            for test in {**old, **new}
            if _alarms(old.get(test)) != _alarms(new.get(test))
        ]
    return Replayed(runs, before, now, tuple(changes))


def _profile(job: Job, key: RunKey, record: RunRecord) -> Profile:
    folder = job.layout.run(key)
    return from_parquet(read_document(job.storage, folder, record, PROFILE), join(folder, PROFILE))


def _judged(job: Job, baseline: Baseline, profile: Profile, plan: Plan) -> tuple[Outcome, ...]:
    return evaluate(
        profile.statistics(),
        baseline.constraints,
        baseline.statistics,
        outputs=_not_expected(job, profile),
        plan=plan,
    )


def _not_expected(job: Job, profile: Profile) -> frozenset[str]:
    captures = job.conf.captures
    outputs = captures.outputs if captures else ()
    return frozenset((*outputs, *(f.name for f in profile.features if f.name.startswith(CUSTOM))))


def _alarms(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.verdict is Verdict.VIOLATED


def _runs_of(job: Job, window: Window, variant: str | None) -> tuple[RunKey, ...]:
    keys = committed(job.storage, job.layout, DATA_QUALITY)
    found = tuple(k for k in keys if k.window == window and variant in {None, k.variant})
    if not found:
        of = f" of the variant {variant!r}" if variant else ""
        first, last = (f"{keys[i].window}" for i in (0, -1)) if keys else ("", "")
        known = f"there are {len(keys)}, from {first} to {last}" if keys else "there is none yet"
        raise UsageError(
            f"there is no run{of} of the window {window} in the store: {known}; run `tidegauge "
            "monitor CONF --window START/DURATION` first"
        )
    return found


def _outcomes(job: Job, key: RunKey, record: RunRecord) -> tuple[Outcome, ...]:
    """The outcomes that a run committed; none of a failed one."""
    if OUTCOMES not in record.documents:
        return ()
    folder = job.layout.run(key)
    uri = join(folder, OUTCOMES)
    data = read_document(job.storage, folder, record, OUTCOMES)
    return outcomes_document.decode(load(data, uri), uri)
