"""The model-quality monitor: are the answers as good as on rows that the model had not learnt from?

Its baseline is the metrics of such rows, with a constraint on each that an unchanged model passes;
its check is a window's metrics, of the predictions whose labels are known, against both. Source:
SageMaker Model Monitor's model quality, "Model quality metrics" and its "Schema for Violations".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.documents import outcomes as outcomes_document
from tidegauge.documents.quality import constraints as constraints_document
from tidegauge.documents.quality import statistics as statistics_document
from tidegauge.documents.quality import violations as violations_document
from tidegauge.documents.text import dump
from tidegauge.model.outcome import Verdict
from tidegauge.model.quality import MIN_EFFECT
from tidegauge.monitors.data_quality import (
    CONSTRAINTS,
    OUTCOMES,
    PROFILE,
    STATISTICS,
    VIOLATIONS,
    Result,
)
from tidegauge.quality.readout import read_out
from tidegauge.quality.table import to_parquet
from tidegauge.rules.evaluate import violations
from tidegauge.rules.quality.edits import told
from tidegauge.rules.quality.evaluate import evaluate
from tidegauge.rules.quality.suggest import as_service, suggest
from tidegauge.sinks.cloudwatch import METRICS
from tidegauge.sinks.cloudwatch_quality import quality_metrics_document

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tidegauge.model.quality import QualityStatistics
    from tidegauge.quality.profile import QualityProfile
    from tidegauge.rules.quality.constraints import QualityConstraints
    from tidegauge.sinks.cloudwatch import Series


@dataclass(frozen=True, slots=True)
class Against:
    """What a window is compared with, and how many labels it must have for that.

    Violations of the `critical` metrics are critical.
    """

    statistics: QualityStatistics
    constraints: QualityConstraints
    fewest_labels: int
    critical: Collection[str] = ()


def make_baseline(
    profile: QualityProfile,
    blocks: Sequence[QualityProfile],
    *,
    alpha: float | None,
    min_effect: float = MIN_EFFECT,
) -> Result:
    """The documents of a baseline: its metrics, and what is suggested to hold from now on.

    `blocks` are the same rows by windows of their time, where they have one: they tell how large a
    window is, and how much a metric swings from one to the next. `alpha` is what each test of a
    window may spend of the budget of false alarms; None: the service's way, without a margin.
    `min_effect` is the least margin. What could not be constrained is noted.
    """
    statistics = read_out(profile)
    windows = [read_out(block) for block in blocks]
    expected = sum(s.rows for s in windows) // len(windows) if windows else statistics.rows
    constraints = (
        as_service(statistics)
        if alpha is None
        else suggest(
            statistics,
            alpha=alpha,
            expected_rows=max(1, expected),
            min_effect=min_effect,
            blocks=windows,
        )
    )
    documents = {
        STATISTICS: dump(statistics_document.encode(statistics)),
        CONSTRAINTS: dump(constraints_document.encode(constraints)),
        PROFILE: to_parquet(profile),
    }
    notes = (f"{name} has no constraint: {why}" for name, why in constraints.dropped.items())
    return Result(documents, _counts(profile, statistics), notes=tuple(notes))


def check(
    profile: QualityProfile, against: Against, series: Series, counted: Mapping[str, int]
) -> Result:
    """The documents of one window: metrics, every outcome, and violations if there are any."""
    statistics = read_out(profile)
    outcomes = evaluate(
        statistics, against.constraints, against.statistics, fewest_rows=against.fewest_labels
    )
    found = told(violations(outcomes), statistics, against.constraints, against.critical)
    documents = {
        STATISTICS: dump(statistics_document.encode(statistics)),
        CONSTRAINTS: dump(constraints_document.encode(against.constraints)),
        OUTCOMES: dump(outcomes_document.encode(outcomes)),
        PROFILE: to_parquet(profile),
        METRICS: quality_metrics_document(statistics, len(found), series),
    }
    # SageMaker's readers take the file itself for bad news: there is none without violations.
    if found:
        documents[VIOLATIONS] = dump(violations_document.encode(found))
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    words = {verdict.value.replace(" ", "_"): verdicts[verdict] for verdict in Verdict}
    return Result(documents, {**counted, **_counts(profile, statistics), **words}, found)


def _counts(profile: QualityProfile, statistics: QualityStatistics) -> dict[str, int]:
    return {
        "rows": profile.rows,
        "unanswered": profile.unanswered,
        "metrics": len(statistics.metrics),
    }
