"""Replay: what other settings, or other packs, would have made of windows that were run already.

The kept profiles are judged again, and no row is read: a rule of a pack that only rows can answer
is left out, with what it said at the time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.flows.history import History
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.flows.marks import bad_windows
from tidegauge.flows.packs import read_packs
from tidegauge.flows.pinned import read_pinned
from tidegauge.flows.planning import plan_of
from tidegauge.flows.review import committed_outcomes
from tidegauge.model.outcome import Verdict
from tidegauge.monitors.data_quality import PROFILE
from tidegauge.profile.table import from_parquet
from tidegauge.rules.evaluate import evaluate
from tidegauge.rules.packs.evaluate import open_rules, outcomes, overridden
from tidegauge.rules.packs.from_profile import Batch
from tidegauge.rules.packs.rows import FromRows
from tidegauge.sinks.runs import committed, read_document, read_run
from tidegauge.sources.attributed import CUSTOM
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tidegauge.documents.run import RunRecord
    from tidegauge.flows.job import Job
    from tidegauge.flows.pinned import Baseline
    from tidegauge.model.outcome import Outcome
    from tidegauge.profile.dataset import Profile
    from tidegauge.rules.alarms.plan import Plan
    from tidegauge.rules.packs.overlay import InForce
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sinks.reported import ReportScope

    Test = tuple[str, str, str]  # feature, check, and the id of the rule: "" where none made it


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
    """How many runs were judged again, their alarms before and now, and which come and go.

    `left_out` are the rules that only rows can answer in some of the runs; they count neither
    before nor now. `of_other_plans` counts runs of model quality that could not be judged again,
    since their states are those of another threshold, other classes or costs.
    """

    runs: int
    before: int
    now: int
    changes: tuple[Change, ...]
    left_out: tuple[InForce, ...] = ()
    of_other_plans: int = 0


def replayed(job: Job, scope: ReportScope) -> Replayed:
    """Judge the kept profiles of past windows by the conf's alarms and packs; no data is read.

    They are compared with the pinned baseline, whichever they were compared with at the time.

    Raises:
        UsageError: there is no baseline, or its constraints leave nothing to a budget and the conf
            has no packs; or a pack cannot be read.
        StorageError: a run's documents are not those that it committed.
    """
    judge = _Judge.of(job, read_pinned(job.storage, job.layout, DATA_QUALITY))
    keys = [k for k in committed(job.storage, job.layout, DATA_QUALITY) if scope.covers(k.window)]
    runs_of = Counter(key.window for key in keys)
    history = History(job, bad_windows(job))
    runs = before = now = 0
    changes: list[Change] = []
    left_out: dict[str, InForce] = {}
    for key in keys:
        record = read_run(job.storage, job.layout.run(key))
        if record is None or PROFILE not in record.documents:
            continue
        plan = judge.plan(key, runs_of[key.window], history.before(key))
        judged, unanswered = judge.outcomes(key, _profile(job, key, record), plan)
        skipped = {(rule.feature, rule.rule.check.check, rule.id) for rule in unanswered}
        stored = judge.by_test(committed_outcomes(job, key, record))
        old = {test: outcome for test, outcome in stored.items() if test not in skipped}
        new = judge.by_test(judged)
        runs += 1
        before += sum(map(is_alarm, old.values()))
        now += sum(map(is_alarm, new.values()))
        left_out |= {rule.id: rule for rule in unanswered}
        changes += [
            Change(key, old.get(test), new.get(test))
            for test in {**old, **new}
            if is_alarm(old.get(test)) != is_alarm(new.get(test))
        ]
    return Replayed(runs, before, now, tuple(changes), tuple(left_out.values()))


@dataclass(frozen=True, slots=True)
class _Judge:
    """The baseline and the rules that windows are judged by; as the monitor judges them."""

    job: Job
    baseline: Baseline
    rules: tuple[InForce, ...]

    @classmethod
    def of(cls, job: Job, baseline: Baseline) -> _Judge:
        outputs = job.conf.captures.outputs if job.conf.captures else ()
        known = (*(feature.name for feature in baseline.statistics.features), *outputs)
        rules = read_packs(job.conf).in_force(known)
        if not (baseline.constraints.extension or rules):
            raise UsageError(
                "the pinned constraints.json decides by its own thresholds, so no other setting of "
                "alarms changes anything: make a baseline with `tidegauge baseline CONF` first"
            )
        return cls(job, baseline, rules)

    def plan(self, key: RunKey, runs: int, rows_before: tuple[int, ...]) -> Plan | None:
        """How the budget decides; constraints of the service's decide alone."""
        if not self.baseline.constraints.extension:
            return None
        calibration = self.baseline.calibration
        return plan_of(self.job.conf, calibration, key.window, runs, rows_before)

    def outcomes(
        self, key: RunKey, profile: Profile, plan: Plan | None
    ) -> tuple[tuple[Outcome, ...], tuple[InForce, ...]]:
        """What would become of each check now, and the rules that the profile does not answer."""
        statistics = profile.statistics()
        own = evaluate(
            statistics,
            overridden(self.baseline.constraints, self.rules),
            self.baseline.statistics,
            outputs=self._not_expected(profile),
            plan=plan,
        )
        batch = Batch.of(statistics, key.window.end, self.job.conf.features.sensitive)
        unanswered = frozenset(open_rules(self.rules, batch))
        answered = [rule for i, rule in enumerate(self.rules) if i not in unanswered]
        ruled = outcomes(answered, batch, FromRows())
        return (*own, *ruled), tuple(self.rules[i] for i in sorted(unanswered))

    def by_test(self, found: Iterable[Outcome]) -> Mapping[Test, Outcome]:
        """Outcomes by what they are about; those of before rules had ids by the rule's place."""
        ids = {(str(one.rule.place), one.feature): one.id for one in self.rules}

        def test_of(outcome: Outcome) -> Test:
            place = outcome.numbers.get("rule", "")
            rule_id = outcome.numbers.get("rule_id", ids.get((place, outcome.feature), place))
            return (outcome.feature, outcome.check, rule_id)

        return {test_of(outcome): outcome for outcome in found}

    def _not_expected(self, profile: Profile) -> frozenset[str]:
        captures = self.job.conf.captures
        custom: Sequence[str] = [f.name for f in profile.features if f.name.startswith(CUSTOM)]
        return frozenset((*(captures.outputs if captures else ()), *custom))


def _profile(job: Job, key: RunKey, record: RunRecord) -> Profile:
    folder = job.layout.run(key)
    return from_parquet(read_document(job.storage, folder, record, PROFILE), join(folder, PROFILE))


def is_alarm(outcome: Outcome | None) -> bool:
    """Whether there is an outcome, and it is a violation."""
    return outcome is not None and outcome.verdict is Verdict.VIOLATED
