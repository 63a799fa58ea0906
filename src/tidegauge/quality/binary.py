"""Read-out of two classes: all metrics, curves and tables of one profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegauge.quality import classification
from tidegauge.quality.classification import Outcomes
from tidegauge.quality.costs import cheapest, cost_per_thousand, total_cost
from tidegauge.quality.curves import (
    au_prc,
    auc,
    average_precision,
    ks,
    precision_recall_curve,
    roc_curve,
)
from tidegauge.quality.intervals import share
from tidegauge.quality.lift import lift_by_decile
from tidegauge.quality.probabilities import brier_score, calibration, log_loss
from tidegauge.quality.ranking import Ranking
from tidegauge.quality.regression import QUANTILES

if TYPE_CHECKING:
    from typing import Any

    from tidegauge.model.quality import Costs, Estimate, QualityPlan
    from tidegauge.quality.profile import QualityProfile
    from tidegauge.states.scores import Scores

    Curves = dict[str, dict[str, tuple[float, ...]]]

CONSTANT = "_best_constant_classifier"
BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}
_OUTCOMES = ("true_negative", "false_positive", "false_negative", "true_positive")


def read_out(
    profile: QualityProfile, plan: QualityPlan
) -> tuple[dict[str, Estimate], Curves, dict[str, Any]]:
    """Metrics (SageMaker's in its order, then ours), curves, and the tables."""
    ranking = Ranking.of_scores(profile.scores) if len(profile.scores.cells) else None
    outcomes = outcomes_of(profile, plan)
    metrics = _rates(outcomes)
    curves: Curves = {}
    detail: dict[str, Any] = {"threshold": plan.threshold}
    if ranking is not None:
        metrics |= {"auc": auc(ranking), "au_prc": au_prc(ranking)}
        drawn = {
            "receiver_operating_characteristic_curve": roc_curve(ranking),
            "precision_recall_curve": precision_recall_curve(ranking),
        }
        curves = {name: curve for name, curve in drawn.items() if curve}
        detail |= {
            "calibration": calibration(profile.losses),
            "lift": lift_by_decile(ranking),
            "prediction_quantiles": _score_quantiles(profile.scores),
        }
    metrics |= _harmonic_means(outcomes)
    if ranking is not None:
        metrics |= {
            "average_precision": average_precision(ranking),
            "ks": ks(ranking),
            "log_loss": log_loss(profile.losses),
            "brier_score": brier_score(profile.losses),
        }
    if plan.costs is not None:
        metrics |= _costs(profile, plan.costs, ranking)
        detail["costs"] = {
            "currency": plan.costs.currency,
            "by_outcome": dict(zip(_OUTCOMES, profile.amounts.by_outcome.tolist(), strict=True)),
            "unpriced": profile.amounts.unpriced,
        }
    return metrics, curves, detail


def outcomes_of(profile: QualityProfile, plan: QualityPlan) -> Outcomes:
    """The four counts."""
    no, yes, count = plan.negative, plan.positive, profile.confusion.count
    return Outcomes(count(no, no), count(no, yes), count(yes, no), count(yes, yes))


def _rates(outcomes: Outcomes) -> dict[str, Estimate]:
    constant = outcomes.answered_always()
    never = classification.precision(constant)
    if never.value is None and outcomes.rows:
        never = share(0.0, 0.0, outcomes.rows)  # as SageMaker has it for the constant classifier
    return {
        "recall": classification.recall(outcomes),
        "precision": classification.precision(outcomes),
        "accuracy": classification.accuracy(outcomes),
        f"recall{CONSTANT}": classification.recall(constant),
        f"precision{CONSTANT}": never,
        f"accuracy{CONSTANT}": classification.accuracy(constant),
        "true_positive_rate": classification.recall(outcomes),
        "true_negative_rate": classification.true_negative_rate(outcomes),
        "false_positive_rate": classification.false_positive_rate(outcomes),
        "false_negative_rate": classification.false_negative_rate(outcomes),
    }


def _harmonic_means(outcomes: Outcomes) -> dict[str, Estimate]:
    constant = outcomes.answered_always()
    means = {name: classification.f_beta(outcomes, beta) for name, beta in BETAS.items()}
    return means | {
        name + CONSTANT: classification.f_beta(constant, beta) for name, beta in BETAS.items()
    }


def _costs(profile: QualityProfile, costs: Costs, ranking: Ranking | None) -> dict[str, Estimate]:
    found = {
        "total_cost": total_cost(profile.amounts),
        "cost_per_thousand": cost_per_thousand(profile.amounts),
    }
    if ranking is not None:
        threshold, cost = cheapest(ranking, profile.scores, profile.amounts, costs)
        found |= {"cheapest_threshold": threshold, "cheapest_cost_per_thousand": cost}
    return found


def _score_quantiles(scores: Scores) -> list[dict[str, float]]:
    """Quantiles of the scores; those kept in cells are the cell's least score."""
    ranks = np.cumsum(scores.negatives + scores.positives)
    shown = np.searchsorted(ranks, np.ceil(np.array(QUANTILES) * ranks[-1]))
    values = scores.edges[shown].tolist()
    return [{"quantile": q, "value": v} for q, v in zip(QUANTILES, values, strict=True)]
