"""A trial: one test of one feature in one window, with all that is allowed and known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegauge.rules.alarms.policy import Setting
from tidegauge.rules.alarms.verdicts import Evidence, numbers, reason, verdict
from tidegauge.rules.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tidegauge.rules.alarms.calibration import FeatureCalibration
    from tidegauge.rules.alarms.design_effect import DesignEffect


@dataclass(frozen=True, slots=True)
class Trial:
    """What a check may spend, from which effect on it speaks, and what the baseline's blocks say.

    `season` is the number of the season that the window is in, None where it has none.
    """

    alpha: float
    setting: Setting = field(default_factory=Setting)
    calibration: FeatureCalibration | None = None
    season: int | None = None


def found(
    evidence: Evidence, effect: DesignEffect | None, sentence: str, extra: Mapping[str, Any]
) -> Finding:
    """The finding that the evidence amounts to; `sentence` is that of a violation."""
    came_to = verdict(evidence)
    told = sentence if came_to == "violated" else f"{came_to.capitalize()}: {reason(evidence)}."
    return Finding(came_to, told, {**extra, **numbers(evidence), **_calibrated(effect)})


def _calibrated(effect: DesignEffect | None) -> dict[str, Any]:
    """What the baseline's blocks say: the numbers from which p can be computed again."""
    if effect is None:
        return {"design_effect": None}
    return {
        "design_effect": {
            "blocks": effect.blocks,
            "rows": effect.rows,
            "estimate": effect.estimate,
            "null_mean": effect.null_mean,
            "null_spread": effect.null_spread,
            "kurtosis": effect.kurtosis,
        }
    }
