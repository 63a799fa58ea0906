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

if TYPE_CHECKING:
    from tidegauge.config.alarms import Alarms
    from tidegauge.config.schema import Conf
    from tidegauge.model.window import Window
    from tidegauge.rules.alarms.calibration import Calibration
    from tidegauge.rules.constraints import Constraints

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
    length = conf.every or conf.window
    spacing = parse_duration(length) if length else window.duration if window else _NO_WINDOW
    season = None
    if window and calibration and calibration.duration == format_duration(window.duration):
        season = season_of(window)
    return Plan(policy_of(conf.alarms), spacing, variants, calibration, season, rows_before)


def warn_of_unknown(alarms: Alarms, constraints: Constraints) -> None:
    """Warn of features that the conf's alarms name, and the baseline does not have."""
    known = [*(feature.name for feature in constraints.features), DATASET]
    for key, names in (("critical", alarms.critical), ("features", alarms.features)):
        for name in names:
            if name not in known:
                log.warning(
                    "the conf's alarms.%s names the feature %r, which the baseline does not have%s",
                    key, name, did_you_mean(name, known),
                )  # fmt: skip
