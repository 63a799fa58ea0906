"""The data-quality monitor: is a batch still like the data that the model was trained on?

Its baseline is the training data's statistics and the constraints suggested from them; its check is
a batch's statistics against both. Source: SageMaker Model Monitor's data quality, "Schema for
Statistics", "Schema for Constraints", "Schema for Violations".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.documents import constraints as constraints_document
from tidegauge.documents import outcomes as outcomes_document
from tidegauge.documents import statistics as statistics_document
from tidegauge.documents import violations as violations_document
from tidegauge.documents.text import dump
from tidegauge.model.outcome import Verdict
from tidegauge.profile.table import to_parquet
from tidegauge.rules.evaluate import evaluate, violations
from tidegauge.rules.suggest import suggest
from tidegauge.sinks.cloudwatch import METRICS, metrics_document

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tidegauge.model.outcome import Outcome, Violation
    from tidegauge.model.statistics import Statistics
    from tidegauge.profile.dataset import Profile
    from tidegauge.rules.constraints import Constraints
    from tidegauge.sinks.cloudwatch import Series

STATISTICS = "statistics.json"
CONSTRAINTS = "constraints.json"
OUTCOMES = "outcomes.json"
VIOLATIONS = "constraint_violations.json"
PROFILE = "profile.parquet"


@dataclass(frozen=True, slots=True)
class Result:
    """The documents to be put, by name, and what `run.json` says in numbers."""

    documents: Mapping[str, bytes]
    counts: Mapping[str, int]
    violations: tuple[Violation, ...] = ()


def make_baseline(profile: Profile, *, sketch: bool = True) -> Result:
    """The documents of a baseline: what was seen, and what is suggested to hold from now on.

    Without `sketch` statistics.json leaves the quantile sketches, its bulk, to profile.parquet.
    """
    statistics = profile.statistics()
    constraints = suggest(statistics)
    documents = {
        STATISTICS: dump(statistics_document.encode(statistics, sketch=sketch)),
        CONSTRAINTS: dump(constraints_document.encode(constraints)),
        PROFILE: to_parquet(profile),
    }
    return Result(documents, _counts(profile, statistics))


def check(  # noqa: PLR0913  (what a window is checked against has that many sides)
    profile: Profile,
    baseline: Statistics,
    constraints: Constraints,
    series: Series,
    *,
    outputs: Collection[str] = (),
    packs: Sequence[Outcome] = (),
    sketch: bool = True,
) -> Result:
    """The documents of one window: statistics, every outcome, metrics, and violations if any.

    `outputs` are the endpoint's answers: profiled, and never an unexpected column. `packs` is what
    became of the rules that people wrote.
    """
    statistics = profile.statistics()
    outcomes = (*evaluate(statistics, constraints, baseline, outputs=outputs), *packs)
    found = violations(outcomes)
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
