"""Rows in plain lists or arrays, folded and read out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.engines.arrow.quality import fold_quality
from tidegauge.model.quality import Problem, QualityPlan
from tidegauge.quality.readout import read_out

if TYPE_CHECKING:
    from tidegauge.model.quality import QualityStatistics

BINARY = QualityPlan(Problem.BINARY)
REGRESSION = QualityPlan(Problem.REGRESSION)
MULTICLASS = QualityPlan(Problem.MULTICLASS)


def statistics(plan: QualityPlan, **columns: object) -> QualityStatistics:
    """The statistics of columns of the same rows."""
    return read_out(fold_quality(pa.table(columns), plan))
