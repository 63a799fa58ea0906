"""The plan: which tests are made of one window of one variant, and what each of them may spend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidegauge.model.outcome import DATASET, Check
from tidegauge.model.statistics import InferredType
from tidegauge.rules.alarms.policy import Method
from tidegauge.rules.alarms.trial import Trial
from tidegauge.rules.constraints import (
    CategoricalDrift,
    Completeness,
    DataType,
    Domain,
    MonitoringConfig,
    NonNegative,
    NumericDrift,
    Range,
    expand,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from tidegauge.rules.alarms.calibration import Calibration
    from tidegauge.rules.alarms.policy import Policy, Setting, Test
    from tidegauge.rules.constraints import Constraint, Constraints

_FLOORS = {
    NumericDrift: "comparison_threshold",
    CategoricalDrift: "categorical_comparison_threshold",
}


ROWS = (DATASET, Check.ROW_COUNT)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a budget of false alarms decides: windows start `spacing` apart, of so many variants.

    `season` is the number of the season that the window is in, None where it has none;
    `rows_before` are the row counts of its like before it.
    """

    policy: Policy
    spacing: timedelta
    variants: int = 1
    calibration: Calibration | None = None
    season: int | None = None
    rows_before: tuple[int, ...] = ()

    def trials(self, constraints: Constraints) -> Mapping[Test, Trial]:
        """The trial of every check that the budget decides.

        Missing and extra columns, and whether a text column still is one, are plain facts.
        """
        expanded = expand(constraints)
        names = [(c.feature, c.check) for c in expanded if _is_tested(c)]
        settings = {test: self.policy.of(*test) for test in (*names, ROWS)}
        tested = [test for test in settings if settings[test].method is Method.BUDGET]
        levels = self.policy.levels(tested, self.spacing, self.variants)
        floors = _floors(constraints, expanded)
        known = self.calibration.features if self.calibration else {}
        return {
            test: Trial(
                levels[test],
                _with_floor(settings[test], floors.get(test)),
                known.get(test[0]),
                self.season,
            )
            for test in tested
        }


def _is_tested(constraint: Constraint) -> bool:
    match constraint:
        case DataType(expected=expected):
            return expected in (InferredType.INTEGRAL, InferredType.FRACTIONAL)
        case Completeness() | NonNegative() | Domain() | Range():
            return True
        case NumericDrift() | CategoricalDrift():
            return True
        case _:
            return False


def _with_floor(setting: Setting, floor: float | None) -> Setting:
    return setting if floor is None else replace(setting, min_effect=floor)


def _floors(constraints: Constraints, expanded: Iterable[Constraint]) -> Mapping[Test, float]:
    """What the document asks: of single features, or of all where it is not the default's 0.1.

    It is what people edit, and what was accepted, so it outdoes the conf.
    """
    overrides = {feature.name: feature.overrides for feature in constraints.features}
    usual = MonitoringConfig()
    found: dict[Test, float] = {}
    for constraint in expanded:
        key = _FLOORS.get(type(constraint))
        if key is None:
            continue
        asked = getattr(constraints.config, key)
        if key in overrides[constraint.feature]:
            asked = overrides[constraint.feature][key]
        elif asked == getattr(usual, key):
            continue
        found[constraint.feature, constraint.check] = asked
    return found
