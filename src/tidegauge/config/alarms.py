"""`alarms:` what a conf may say of alarms, and the policy that it amounts to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError, did_you_mean
from tidegauge.model.outcome import Check
from tidegauge.rules.alarms.budget import Budget, Persistence
from tidegauge.rules.alarms.policy import Method, Override, Policy, Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class AlarmOverride:
    """What one check, or one check of one feature, has otherwise."""

    false_alarms: str | None = None
    min_effect: float | None = None
    min_share: float | None = None
    power: float | None = None
    method: Method | None = None


@dataclass(frozen=True, slots=True)
class FeatureAlarms:
    """What one feature has otherwise, for all its checks or, under `checks`, for one of them."""

    false_alarms: str | None = None
    min_effect: float | None = None
    min_share: float | None = None
    power: float | None = None
    method: Method | None = None
    checks: dict[str, AlarmOverride] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alarms:
    """`alarms:` when a difference is an alarm."""

    false_alarms: str = "1 per 30d"
    min_effect: float = 0.05
    min_share: float = 0.005
    power: float = 0.8
    persistence: str = "1 of 1"
    method: Method = Method.BUDGET
    critical: tuple[str, ...] = ()
    checks: dict[str, AlarmOverride] = field(default_factory=dict)
    features: dict[str, FeatureAlarms] = field(default_factory=dict)


def policy_of(alarms: Alarms) -> Policy:
    """The policy that a conf's section amounts to.

    Raises:
        UsageError: a budget or the persistence is none; `alarm_problems` tells beforehand.
    """
    return Policy(
        false_alarms=Budget.parse(alarms.false_alarms),
        default=Setting(alarms.min_effect, alarms.min_share, alarms.power, alarms.method),
        persistence=Persistence.parse(alarms.persistence),
        critical=frozenset(alarms.critical),
        checks={check: _override(given) for check, given in alarms.checks.items()},
        features={name: _override(given) for name, given in alarms.features.items()},
        feature_checks={
            (name, check): _override(inner)
            for name, given in alarms.features.items()
            for check, inner in given.checks.items()
        },
    )


def alarm_problems(alarms: Alarms) -> Iterator[str]:
    """What the types cannot say, a sentence each with the key."""
    yield from _told("alarms.persistence", Persistence.parse, alarms.persistence)
    for path, section in _sections(alarms):
        if section.false_alarms is not None:
            yield from _told(f"{path}.false_alarms", Budget.parse, section.false_alarms)
        for name in ("min_effect", "min_share"):
            value = getattr(section, name)
            if value is not None and not 0 <= value < 1:
                yield f"{path}.{name}: expected a share from 0 to below 1, found {value}"
        if section.power is not None and not 0 < section.power < 1:
            yield f"{path}.power: expected a probability between 0 and 1, found {section.power}"
    known = [check.value for check in Check]
    for path, checks in _checks(alarms):
        for check in checks:
            if check not in known:
                hint = did_you_mean(check, known) or f": expected one of {', '.join(known)}"
                yield f"unknown key '{path}.{check}'{hint}"


def _sections(alarms: Alarms) -> Iterator[tuple[str, Alarms | FeatureAlarms | AlarmOverride]]:
    yield "alarms", alarms
    for name, feature in alarms.features.items():
        yield f"alarms.features.{name}", feature
    for path, checks in _checks(alarms):
        for check, override in checks.items():
            yield f"{path}.{check}", override


def _checks(alarms: Alarms) -> Iterator[tuple[str, Mapping[str, AlarmOverride]]]:
    yield "alarms.checks", alarms.checks
    for name, feature in alarms.features.items():
        yield f"alarms.features.{name}.checks", feature.checks


def _told(key: str, parse: Callable[[str], object], text: str) -> Iterator[str]:
    try:
        parse(text)
    except UsageError as error:
        yield f"{key}: {error}"


def _override(given: FeatureAlarms | AlarmOverride) -> Override:
    budget = None if given.false_alarms is None else Budget.parse(given.false_alarms)
    return Override(budget, given.min_effect, given.min_share, given.power, given.method)
