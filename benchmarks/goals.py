"""The goals, and whether the results reach them; what was not measured is not judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable

Found = Mapping[str, Result]

_MANY, _FEW = "local:8 times the rows", "local:few rows"
_WIDE = "local:1,000 columns"


@dataclass(frozen=True, slots=True)
class Goal:
    """A number made from the results of the entries `needs`, and the bound that it must keep."""

    measure: str
    sign: Literal["at least", "at most"]
    bound: float
    unit: str
    needs: tuple[str, ...]
    value: Callable[..., float]

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:,g} {self.unit}"

    def reached(self, value: float) -> bool:
        return value >= self.bound if self.sign == "at least" else value <= self.bound


def _faster(ours: Result, theirs: Result) -> float:
    return theirs.seconds / ours.seconds


def _seconds(ours: Result) -> float:
    return ours.seconds


def _cpu(ours: Result, theirs: Result) -> float:
    return ours.cpu_seconds / theirs.cpu_seconds


def _peak(ours: Result, theirs: Result) -> float:
    return ours.peak_bytes / theirs.peak_bytes


def _per_value(wide: Result, narrow: Result) -> float:
    return (wide.seconds / wide.entry.dataset.size) / (narrow.seconds / narrow.entry.dataset.size)


def _events_a_core(events: Result) -> float:
    return events.entry.dataset.size / events.cpu_seconds


GOALS = (
    Goal("Deequ with KLL / ours", "at least", 60, "times", ("spark", "deequ-kll"), _faster),
    Goal("Deequ without KLL / ours", "at least", 20, "times", ("spark", "deequ"), _faster),
    Goal("DuckDB / ours", "at least", 4, "times", ("spark", "duckdb"), _faster),
    Goal("polars / ours", "at least", 1, "times", ("spark", "polars"), _faster),
    Goal("Deequ with KLL / `mapInArrow`", "at least", 5, "times", ("frame", "deequ-kll"), _faster),
    Goal("DuckDB / the whole command", "at least", 1, "times", ("command", "duckdb"), _faster),
    Goal("CPU of ours / of decoding alone", "at most", 3, "times", ("local", "decode"), _cpu),
    Goal("CPU for 8 times the rows", "at most", 8.5, "times", (_MANY, _FEW), _cpu),
    Goal("peak memory for 8 times the rows", "at most", 1.1, "times", (_MANY, _FEW), _peak),
    Goal("time a value, 1,000 columns / 29", "at most", 1.3, "times", (_WIDE, _MANY), _per_value),
    Goal("captured events", "at least", 250_000, "a second and core", ("events",), _events_a_core),
    Goal("a window of 10 MB, the command", "at most", 1.5, "s", ("window",), _seconds),
    Goal("Spark SQL / ours, labels joined", "at least", 5, "times", ("join", "join-sql"), _faster),
    Goal("the same in CPU seconds", "at least", 5, "times", ("join-sql", "join"), _cpu),
    Goal("both keep the rows", "at least", 5, "times", ("join-kept", "join-sql-kept"), _faster),
    Goal("both keep the rows, CPU", "at least", 5, "times", ("join-sql-kept", "join-kept"), _cpu),
    Goal("30 days to a month, 100 features", "at most", 1, "s", ("month",), _seconds),
    Goal("drift of 1,000 features", "at most", 1, "s", ("drift",), _seconds),
    Goal("the same, calibrated", "at most", 1, "s", ("drift-calibrated",), _seconds),
)


def table(results: Iterable[Result]) -> str:
    """The goals that these results speak of, as a Markdown table."""
    found = {result.entry.key: result for result in results}
    rows = [_row(goal, found) for goal in GOALS if found.keys() & set(goal.needs)]
    return "\n".join(["| measure | goal | measured | |", "| --- | --- | --- | --- |", *rows])


def _row(goal: Goal, found: Found) -> str:
    needed = [found.get(key) for key in goal.needs]
    if any(result is None or result.not_measured for result in needed):
        return f"| {goal.measure} | {goal} | not measured | |"
    value = goal.value(*needed)
    verdict = "reached" if goal.reached(value) else "**not reached**"
    digits = 0 if value >= 100 else 2
    return f"| {goal.measure} | {goal} | {value:,.{digits}f} {goal.unit} | {verdict} |"
