"""The rows of the kept profiles of version 1, and how their bytes were made, once.

The scores were folded with `MOST_CELLS` at 50, so that the kept state has cells of many scores.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from tidegauge.engines.arrow.quality import fold_quality
from tidegauge.model.quality import Costs, Problem, QualityPlan
from tidegauge.quality.profile import QualityProfile

KEPT = Path(__file__).parent / "kept"
ROWS = 900
PLANS = {
    Problem.BINARY: QualityPlan(
        Problem.BINARY,
        threshold=0.4,
        positive="late",
        negative="on time",
        classes=("on time", "late"),
        costs=Costs(false_negative="loss", false_positive=5, currency="USD"),
        subsamples=True,
    ),
    Problem.MULTICLASS: QualityPlan(Problem.MULTICLASS),
    Problem.REGRESSION: QualityPlan(Problem.REGRESSION),
}


def rows(problem: Problem) -> pa.Table:
    """Rows of plain arithmetic, the same in every year."""
    n = range(ROWS)
    match problem:
        case Problem.BINARY:
            return pa.table(
                {
                    "id": [f"row {i}" for i in n],
                    "label": [None if i % 100 == 99 else ("late", "on time")[i % 3 > 0] for i in n],
                    "score": [(i * 37 % 211) / 300 + (0.25 if i % 3 == 0 else 0.0) for i in n],
                    "loss": [float(i % 7) for i in n],
                }
            )
        case Problem.MULTICLASS:
            return pa.table(
                {
                    "label": [("a", "b", "größe", "10")[i % 4] for i in n],
                    "prediction": [("a", "b", "größe", "10")[(i + i // 10 % 2) % 4] for i in n],
                }
            )
        case Problem.REGRESSION:
            return pa.table(
                {
                    "label": [i % 30 / 4 for i in n],
                    "prediction": [i % 30 / 4 + i * 53 % 97 / 50 - 1 for i in n],
                }
            )


def profile(problem: Problem) -> QualityProfile:
    """The profile of the rows in three parts."""
    table = rows(problem)
    parts = (table.slice(300 * i, 300) for i in range(3))
    return QualityProfile.merge_all(
        fold_quality(part, PLANS[problem], salt=i) for i, part in enumerate(parts)
    )
