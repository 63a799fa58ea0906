"""The plan of a window: the conf's policy, the baseline's calibration, and the window's season."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegauge.config.alarms import policy_of
from tidegauge.errors import did_you_mean
from tidegauge.model.outcome import DATASET
from tidegauge.model.seasons import season_of
from tidegauge.model.window import format_duration, parse_duration
from tidegauge.rules.alarms.plan import Plan
from tidegauge.rules.alarms.policy import Method
from tidegauge.rules.quality.constraints import OPERATORS
from tidegauge.rules.quality.suggest import suggested_metrics

if TYPE_CHECKING:
    from collections.abc import Collection

    from tidegauge.config.quality import ModelQuality
    from tidegauge.config.schema import Conf
    from tidegauge.model.window import Window
    from tidegauge.rules.alarms.calibration import Calibration

log = logging.getLogger(__name__)

_NO_WINDOW = timedelta(days=1)  # a conf without a window is run by hand, once a day at most


def plan_of(
    conf: Conf,
    calibration: Calibration | None,
    window: Window | None = None,
    variants: int = 1,
    rows_before: tuple[int, ...] = (),
) -> Plan:
    """How the budget decides in this window, of which so many variants are judged."""
    has_windows = conf.every or conf.window
    spacing = window.duration if window and not has_windows else spacing_of(conf)
    season = None
    if window and calibration and calibration.duration == format_duration(window.duration):
        season = season_of(window)
    return Plan(policy_of(conf.alarms), spacing, variants, calibration, season, rows_before)


def spacing_of(conf: Conf) -> timedelta:
    """How far apart windows begin."""
    length = conf.every or conf.window
    return parse_duration(length) if length else _NO_WINDOW


def level_of(conf: Conf, quality: ModelQuality) -> float | None:
    """What each test of a window's metrics may spend; None: thresholds decide alone."""
    policy = policy_of(conf.alarms)
    if policy.default.method is Method.SAGEMAKER:
        return None
    tests = len(suggested_metrics(quality.problem, costs=quality.costs is not None))
    return policy.persistence.safe(policy.false_alarms.per_test(spacing_of(conf), tests))


def warn_of_unknown(conf: Conf, features: Collection[str]) -> None:
    """Warn of features that the conf's alarms name, and the baseline does not have.

    A critical one may be a metric, too.
    """
    known, quality = [*features, DATASET], conf.model_quality
    metrics = OPERATORS[quality.problem] if quality else ()
    named = {
        "critical": (conf.alarms.critical, [*known, *metrics]),
        "features": (conf.alarms.features, known),
    }
    for key, (names, expected) in named.items():
        for name in names:
            if name not in expected:
                log.warning(
                    "the conf's alarms.%s names the feature %r, which the baseline does not have%s",
                    key, name, did_you_mean(name, expected),
                )  # fmt: skip
