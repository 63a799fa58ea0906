"""The data-quality monitor: is a batch still like the data that the model was trained on?

Its baseline is the training data's statistics and the constraints suggested from them; its check is
a batch's statistics against both. Source: SageMaker Model Monitor's data quality, "Schema for
Statistics", "Schema for Constraints", "Schema for Violations".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidegauge.documents import calibration as calibration_document
from tidegauge.documents import constraints as constraints_document
from tidegauge.documents import outcomes as outcomes_document
from tidegauge.documents import statistics as statistics_document
from tidegauge.documents import violations as violations_document
from tidegauge.documents.text import dump
from tidegauge.model.outcome import Severity, Verdict
from tidegauge.profile.table import to_parquet
from tidegauge.rules.alarms.calibration import Calibration
from tidegauge.rules.alarms.edits import told
from tidegauge.rules.evaluate import evaluate, violations
from tidegauge.rules.rehearsal import rehearsed
from tidegauge.rules.suggest import suggest
from tidegauge.sinks.cloudwatch import METRICS, metrics_document

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tidegauge.model.outcome import Outcome, Violation
    from tidegauge.model.statistics import Statistics
    from tidegauge.profile.dataset import Profile
    from tidegauge.rules.alarms.calibration import Block
    from tidegauge.rules.alarms.plan import Plan
    from tidegauge.rules.constraints import Constraints
    from tidegauge.sinks.cloudwatch import Series

STATISTICS = "statistics.json"
CONSTRAINTS = "constraints.json"
OUTCOMES = "outcomes.json"
VIOLATIONS = "constraint_violations.json"
PROFILE = "profile.parquet"
CALIBRATION = "calibration.json"


@dataclass(frozen=True, slots=True)
class Result:
    """The documents to be put, by name, and what `run.json` says in numbers."""

    documents: Mapping[str, bytes]
    counts: Mapping[str, int]
    violations: tuple[Violation, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """What a window is judged by; without a `plan` everything is decided as SageMaker does.

    Violations of the `critical` features are critical.
    """

    statistics: Statistics
    constraints: Constraints
    plan: Plan | None = None
    critical: Collection[str] = ()


def make_baseline(
    profile: Profile,
    plan: Plan,
    blocks: Sequence[Block] = (),
    *,
    stated: Statistics | None = None,
    sketch: bool = True,
) -> Result:
    """The documents of a baseline: what was seen, and what is suggested to hold from now on.

    The suggestions are tried on the baseline's own `blocks`, as `plan` will decide; what had to be
    loosened, or could not be calibrated, is noted. Without `sketch` statistics.json leaves the
    quantile sketches, its bulk, to profile.parquet.
    Statistics that another engine has `stated` go before the profile's, whose states are then not
    kept: what is read from them would be other numbers.
    """
    statistics = stated or profile.statistics()
    constraints, loosened = rehearsed(suggest(statistics), blocks, plan)
    calibration = plan.calibration or Calibration()
    documents = {
        STATISTICS: dump(statistics_document.encode(statistics, sketch=sketch)),
        CONSTRAINTS: dump(constraints_document.encode(constraints)),
        CALIBRATION: dump(calibration_document.encode(calibration)),
    }
    if stated is None:
        documents[PROFILE] = to_parquet(profile)
    notes = (*calibration.notes, *loosened)
    return Result(documents, _counts(profile, statistics), notes=notes)


def check(  # noqa: PLR0913  (a window has that many sides)
    profile: Profile,
    against: Against,
    series: Series,
    *,
    outputs: Collection[str] = (),
    packs: Sequence[Outcome] = (),
    stated: Statistics | None = None,
    sketch: bool = True,
) -> Result:
    """The documents of one window: statistics, every outcome, metrics, and violations if any.

    `outputs` are the endpoint's answers: profiled, and never an unexpected column. `packs` is what
    became of the rules that people wrote; `stated` are the statistics where they are known already:
    another engine's, or what the rules were answered from.
    """
    statistics = stated or profile.statistics()
    constraints, plan = against.constraints, against.plan
    own = evaluate(statistics, constraints, against.statistics, outputs=outputs, plan=plan)
    outcomes = (*own, *packs)
    found = (
        *told(violations(own), statistics, constraints, against.critical),
        *_ruled(violations(packs), against.critical),
    )
    documents = {
        STATISTICS: dump(statistics_document.encode(statistics, sketch=sketch)),
        CONSTRAINTS: dump(constraints_document.encode(constraints)),
        OUTCOMES: dump(outcomes_document.encode(outcomes)),
        PROFILE: to_parquet(profile),
    }
    metrics = metrics_document(statistics, outcomes, constraints, series)
    if metrics is not None:
        documents[METRICS] = metrics
    # SageMaker's readers take the file itself for bad news: there is none without violations.
    if found:
        documents[VIOLATIONS] = dump(violations_document.encode(found))
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    words = {verdict.value.replace(" ", "_"): verdicts[verdict] for verdict in Verdict}
    return Result(documents, {**_counts(profile, statistics), **words}, found)


def _ruled(found: Sequence[Violation], critical: Collection[str]) -> tuple[Violation, ...]:
    """Violations of packs, of their rule's severity; a critical feature makes it critical."""
    severe = {"severity": Severity.CRITICAL.value}
    return tuple(
        replace(one, extension={**one.extension, **severe}) if one.feature_name in critical else one
        for one in found
    )


def _counts(profile: Profile, statistics: Statistics) -> dict[str, int]:
    return {
        "records": profile.tally.records,
        "rejected": profile.tally.rejected,
        "outside_hour": profile.tally.outside_hour,
        "dropped": profile.tally.dropped,
        "rows": profile.rows,
        "features": len(statistics.features),
        "failed_features": sum(feature.failure is not None for feature in statistics.features),
    }
