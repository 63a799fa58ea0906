"""Read-out: from a profile of answers to its statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import numpy as np

from tidegauge.model.quality import Problem, QualityStatistics
from tidegauge.quality import binary, multiclass, regression
from tidegauge.quality.binary import BETAS, CONSTANT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tidegauge.model.quality import Estimate
    from tidegauge.quality.profile import QualityProfile
    from tidegauge.states.confusion import Confusion

FEWEST_FOR_SUBSAMPLES = 200


def read_out(profile: QualityProfile) -> QualityStatistics:
    """The statistics of one profile, a pure function of its states.

    Raises:
        ValueError: the profile is the identity, which has no plan.
    """
    if profile.plan is None:
        raise ValueError("a profile without a plan has no statistics")
    confusion = profile.confusion
    curves: dict[str, dict[str, tuple[float, ...]]] = {}
    match profile.plan.problem:
        case Problem.REGRESSION:
            metrics = _regression(profile)
            detail = _regression_detail(profile)
        case Problem.MULTICLASS:
            metrics = _multiclass(confusion)
            detail = {"classes": multiclass.by_class(confusion)}
        case Problem.BINARY:
            metrics, curves, detail = binary.read_out(profile, profile.plan)
        case other:
            assert_never(other)
    counts = {"unlabelled": profile.unlabelled, "unanswered": profile.unanswered}
    if profile.plan.subsamples:
        detail |= {"subsample_standard_deviations": _subsample_deviations(profile)}
    return QualityStatistics(
        problem=profile.plan.problem,
        rows=profile.rows,
        metrics=metrics,
        confusion=_matrix(confusion),
        curves=curves,
        detail={**counts, **detail},
    )


def _regression(profile: QualityProfile) -> dict[str, Estimate]:
    residuals = profile.residuals
    return {
        "mae": regression.mae(residuals),
        "mse": regression.mse(residuals),
        "rmse": regression.rmse(residuals),
        "r2": regression.r2(residuals),
        "mean_error": regression.mean_error(residuals),
    }


def _regression_detail(profile: QualityProfile) -> dict[str, Any]:
    return {
        "error_quantiles": regression.error_quantiles(profile.residuals),
        "absolute_error_quantiles": regression.absolute_error_quantiles(profile.residuals),
        "prediction_quantiles": regression.quantile_table(profile.residuals.predictions),
    }


def _multiclass(confusion: Confusion) -> dict[str, Estimate]:
    constant = multiclass.answered_always(confusion)
    return _multiclass_means(confusion, "") | _multiclass_means(constant, CONSTANT)


def _multiclass_means(confusion: Confusion, suffix: str) -> dict[str, Estimate]:
    return {
        f"accuracy{suffix}": multiclass.accuracy(confusion),
        f"weighted_recall{suffix}": multiclass.weighted_recall(confusion),
        f"weighted_precision{suffix}": multiclass.weighted_precision(confusion),
        **{
            f"weighted_{name}{suffix}": multiclass.weighted_f_beta(confusion, beta)
            for name, beta in BETAS.items()
        },
    }


def _matrix(confusion: Confusion) -> dict[str, dict[str, int]]:
    return {
        actual: dict(zip(confusion.labels, row, strict=True))
        for actual, row in zip(confusion.labels, confusion.counts.tolist(), strict=True)
    }


def _subsample_deviations(profile: QualityProfile) -> dict[str, float | None]:
    """SageMaker's own rule: over five subsamples of 80 %, from 200 rows on; None below.

    Source: the developer guide, "Model quality metrics": "standard deviation ... over 5 random
    subsamples".
    """
    parts = [read_out(part) for part in profile.subsamples]
    names: Mapping[str, Estimate] = parts[0].metrics if parts else {}
    deviations: dict[str, float | None] = {}
    for name in names:
        values = [value for part in parts if (value := part.value(name)) is not None]
        enough = len(values) == len(parts) and profile.rows >= FEWEST_FOR_SUBSAMPLES
        deviations[name] = float(np.std(values, ddof=1)) if enough else None
    return deviations
