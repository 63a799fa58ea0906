"""The policy: what people ask of alarms, for everything, for a check, for a feature.

A setting comes from the most particular place that has it: the feature's check, the feature, the
check, the default. A budget that stands at one of these is spent by what it stands at, alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tidegauge.rules.alarms.budget import Budget, Persistence

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Test = tuple[str, str]
"""A feature and a check: one test of each window and variant."""


class Method(StrEnum):
    """Who decides: a budget of false alarms, or the thresholds that SageMaker's documents have."""

    BUDGET = "budget"
    SAGEMAKER = "sagemaker"


@dataclass(frozen=True, slots=True)
class Override:
    """What is asked otherwise than by default; None: nothing is."""

    false_alarms: Budget | None = None
    min_effect: float | None = None
    min_share: float | None = None
    power: float | None = None
    method: Method | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for one check of one feature.

    `min_effect` is a gap between distribution functions or a total variation, `min_share` a
    difference of shares; `power` the probability with which either is to be found.
    """

    min_effect: float = 0.05
    min_share: float = 0.005
    power: float = 0.8
    method: Method = Method.BUDGET


@dataclass(frozen=True, slots=True)
class Policy:
    """All of it; `critical` names the features whose violations are critical."""

    false_alarms: Budget = field(default_factory=lambda: Budget(1.0, timedelta(days=30)))
    default: Setting = field(default_factory=Setting)
    persistence: Persistence = field(default_factory=Persistence)
    critical: frozenset[str] = frozenset()
    checks: Mapping[str, Override] = field(default_factory=dict)
    features: Mapping[str, Override] = field(default_factory=dict)
    feature_checks: Mapping[Test, Override] = field(default_factory=dict)

    def of(self, feature: str, check: str) -> Setting:
        """What holds for one check of one feature."""
        setting = self.default
        for _, override in reversed(self._overrides(feature, check)):
            given = {name: getattr(override, name) for name in Setting.__dataclass_fields__}
            setting = replace(setting, **{k: v for k, v in given.items() if v is not None})
        return setting

    def levels(
        self, tests: Collection[Test], spacing: timedelta, variants: int
    ) -> Mapping[Test, float]:
        """Alpha of each test: its budget over the number of tests that share it.

        `tests` are those of one window of one variant; windows start `spacing` apart. An incident
        that takes k windows to open leaves each of them k times as much (`Persistence.safe`).
        """
        budgets = {test: self._budget(test) for test in tests}
        shared = Counter(budgets.values())
        spent = {
            budget: self.persistence.safe(budget[1].per_test(spacing, tests * max(1, variants)))
            for budget, tests in shared.items()
        }
        return {test: spent[budget] for test, budget in budgets.items()}

    def _budget(self, test: Test) -> tuple[str, Budget]:
        """The budget that a test spends, and where it stands."""
        for place, override in self._overrides(*test):
            if override.false_alarms is not None:
                return place, override.false_alarms
        return "", self.false_alarms

    def _overrides(self, feature: str, check: str) -> tuple[tuple[str, Override], ...]:
        """Those that there are, the most particular first, each with a name for where it stands."""
        found = []
        if (override := self.feature_checks.get((feature, check))) is not None:
            found.append((f"feature {feature} {check}", override))
        if (override := self.features.get(feature)) is not None:
            found.append((f"feature {feature}", override))
        if (override := self.checks.get(check)) is not None:
            found.append((f"check {check}", override))
        return tuple(found)
