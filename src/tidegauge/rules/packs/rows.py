"""What is asked of rows in one visit, and what they answer: values between flows and engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.model.statistics import Kind, Statistics
    from tidegauge.rules.packs.measure import Measure, Measured


class RowRules(StrEnum):
    """Who answers the rules that need the rows: Deequ where its jar is loaded, else Spark SQL."""

    AUTO = "auto"
    SQL = "sql"
    DEEQU = "deequ"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why the rows gave no answer to one rule."""

    reason: str


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of the rows of some runs; runs and rules go by their number.

    `runs` has the runs to which the rows of a window and variant belong: several where windows
    overlap. `kinds` are the rows' columns in order. `keep` says of how many rows that fail a rule
    the content is wanted; with `discreet` no value may appear in a reason. With `profile` the
    statistics of the rows are wanted, by Deequ.
    """

    kinds: Mapping[str, Kind]
    runs: Mapping[tuple[str, str], tuple[int, ...]]
    measures: Mapping[int, Measure]
    keep: Mapping[int, int] = field(default_factory=dict)
    discreet: bool = False
    profile: bool = False


@dataclass(frozen=True, slots=True)
class FromRows:
    """What the rows of one run answered, by the number of the rule; `by` says who asked them.

    `failing` has the kept rows, each as a JSON object.
    """

    answers: Mapping[int, Measured | Unanswered] = field(default_factory=dict)
    failing: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    by: str = ""
    statistics: Statistics | None = None
