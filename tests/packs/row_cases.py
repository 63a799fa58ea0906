"""One table of cases for everyone who answers rules from rows: the profile, Spark SQL, Deequ.

The rows are few, so that every expected number can be counted by hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.documents.packs.pack import decode
from tidegauge.model.statistics import Kind
from tidegauge.rules.packs.overlay import InForce, overlay

if TYPE_CHECKING:
    from collections.abc import Mapping

NAN, INF = math.nan, math.inf
END = datetime(2024, 3, 2, tzinfo=UTC)

KINDS: Mapping[str, Kind] = {
    "id": Kind.INTEGRAL,
    "code": Kind.TEXT,
    "low": Kind.FRACTIONAL,
    "high": Kind.FRACTIONAL,
    "whole": Kind.INTEGRAL,
    "odd name.with `ticks`": Kind.FRACTIONAL,
    "flag": Kind.BOOLEAN,
    "day": Kind.DATE,
    "seen": Kind.TIMESTAMP,
    "group": Kind.TEXT,
    "twin": Kind.TEXT,
    "empty": Kind.TEXT,
    "wild": Kind.FRACTIONAL,
}


def _at(hour: int) -> datetime:
    return datetime(2024, 3, 1, hour, tzinfo=UTC)


# Eight rows; the columns are named by what is awkward about them.
TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3, 4, 5, 6, 7, 7], pa.int64()),
        "code": pa.array(["AA-1", "BB-2", "cc-3", None, "", "DD-4", "EE'5", "AA-1"], pa.string()),
        "low": pa.array([1.0, 2.0, 3.0, 4.0, None, 6.0, 7.0, 8.0], pa.float64()),
        "high": pa.array([2.0, 2.0, 1.0, 5.0, 6.0, None, 9.0, 10.0], pa.float64()),
        "whole": pa.array([2**62, 0, -1, 5, 5, 5, 7, 2**62 + 1], pa.int64()),
        "odd name.with `ticks`": pa.array([0.5] * 7 + [-0.5], pa.float64()),
        "flag": pa.array([True, True, False, None, True, True, True, True], pa.bool_()),
        "day": pa.array([date(2024, 2, 28)] * 7 + [date(2024, 3, 1)], pa.date32()),
        "seen": pa.array([_at(h) for h in (1, 2, 3, 4, 5, 6, 7, 18)], pa.timestamp("us", "UTC")),
        "group": pa.array(["x", "x", "x", "x", "y", "y", "y", "y"], pa.string()),
        "twin": pa.array(["p", "p", "p", "p", "q", "q", "q", "q"], pa.string()),
        "empty": pa.nulls(8, pa.string()),
        "wild": pa.array([NAN, INF, -INF, 0.0, -0.0, 1.0, None, 2.0], pa.float64()),
    }
)


@dataclass(frozen=True)
class Case:
    """A rule as YAML, and what the rows answer: the value, over how many, how many of them fail.

    `value` None: nothing counts. `reason` has words of why there is no answer at all.
    """

    rule: str
    value: float | None = None
    n: int = 0
    failing: int | None = None
    reason: str = ""

    @property
    def in_force(self) -> InForce:
        """The rule as it holds for its one column."""
        (one,) = overlay([decode(f"version: 1\nrules:\n  - {self.rule}\n", "case.yaml")], KINDS)
        return one


def _entropy(*counts: int) -> float:
    n = sum(counts)
    return -sum(c / n * math.log(c / n) for c in counts)


# Spark sees only when it runs that this is no pattern.
FAILS_LATE = Case("{for: code, pattern: '('}", reason="Unclosed")

CASES = (
    # shares of rows: how many count, and how many of those fail
    Case("{for: code, completeness: 1}", 7 / 8, 8, 1),
    Case("{for: code, completeness: 1, where: id < 4}", 1.0, 3, 0),
    Case("{for: empty, completeness: 0}", 0.0, 8, 8),
    Case("{for: code, pattern: '^[A-Z]{2}-\\d$'}", 4 / 7, 7, 3),
    Case("{for: code, pattern: '-'}", 5 / 7, 7, 2),
    Case("{for: code, pattern: '^$'}", 1 / 7, 7, 6),
    Case("{for: id, pattern: '^[1-6]$'}", 6 / 8, 8, 2),
    Case('{for: code, domain: [AA-1, "EE\'5"]}', 3 / 7, 7, 4),
    Case("{for: id, domain: [1, 2, 7, x]}", 4 / 8, 8, 4),
    Case("{for: whole, domain: [4611686018427387905]}", 1 / 8, 8, 7),
    Case("{for: flag, domain: [true]}", 6 / 7, 7, 1),
    Case("{for: low, range: {min: 2, max: 7}}", 5 / 7, 7, 2),
    Case("{for: wild, range: {min: 0}}", 5 / 7, 7, 2),
    Case("{for: wild, range: {max: 1}}", 4 / 7, 7, 3),
    Case("{for: 'odd name.with `ticks`', range: {min: 0}}", 7 / 8, 8, 1),
    Case("{for: wild, sign: non_negative}", 5 / 7, 7, 2),
    Case("{for: id, sign: positive}", 1.0, 8, 0),
    Case("{for: whole, sign: positive}", 6 / 8, 8, 2),
    Case("{for: code, length: {min: 4, max: 4}}", 6 / 7, 7, 1),
    Case("{for: low, compare: {operator: '<', to: high}}", 4 / 6, 6, 2),
    Case("{for: low, compare: {operator: '<=', to: high}}", 5 / 6, 6, 1),
    Case("{for: wild, compare: {operator: '>=', to: low}}", 1 / 6, 6, 5),
    Case("{for: group, compare: {operator: '<>', to: twin}}", 1.0, 8, 0),
    Case("{predicate: low < high}", 4 / 8, 8, 4),
    Case("{predicate: low < high, where: group = 'x'}", 2 / 4, 4, 2),
    Case('{predicate: "low < high -- a remark"}', 4 / 8, 8, 4),
    Case("{predicate: low > 0, where: id > 100}", None, 0, 0),
    Case("{rows: {min: 1}, where: group = 'y'}", 4.0, 4),
    Case("{rows: {min: 1}, where: group = 'none'}", 0.0, 0),
    # values that stand more than once
    Case("{for: id, unique: true}", 6 / 8, 8, 2),
    Case("{for: code, unique: true}", 5 / 7, 7, 2),
    Case("{unique: [id, code]}", 1.0, 7, 0),
    Case("{unique: [code, group], where: id < 7}", 1.0, 5, 0),
    Case("{unique: [group, twin], where: id = 1 OR id = 5}", 1.0, 2, 0),
    Case("{for: empty, unique: true}", None, 0, None),
    Case("{for: whole, distinct: {min: 1}}", 6.0, 8),
    Case("{for: code, distinct: {min: 1}, where: id < 3}", 2.0, 2),
    Case("{for: group, entropy: {min: 0}}", math.log(2), 8),
    Case("{for: code, entropy: {min: 0}}", _entropy(2, 1, 1, 1, 1, 1), 7),
    Case("{for: day, entropy: {min: 0}, where: id < 7}", 0.0, 6),
    Case("{for: group, mutual_information: {to: twin, min: 0}}", math.log(2), 8),
    Case("{for: group, mutual_information: {to: empty, min: 0}}", None, 0),
    # numbers of the finite values
    Case("{for: low, mean: {min: 0}}", 31 / 7, 7),
    Case("{for: wild, mean: {min: 0}}", 0.75, 4),
    Case("{for: wild, sum: {min: 0}}", 3.0, 4),
    Case("{for: wild, std_dev: {min: 0}}", math.sqrt(0.6875), 4),
    Case("{for: low, mean: {min: 0}, where: group = 'y'}", 7.0, 3),
    Case("{for: low, quantile: {at: 0.5, min: 0}}", 4.0, 7),
    Case("{for: low, quantile: {at: 0.25, min: 0}}", 2.0, 7),
    Case("{for: low, quantile: {at: 1, min: 0}}", 8.0, 7),
    Case("{for: id, quantile: {at: 0.5, min: 0}}", 4.0, 8),
    Case("{for: low, correlation: {to: low, min: 0}}", 1.0, 7),
    Case("{for: low, correlation: {to: wild, min: -1}, where: id > 5}", 1.0, 2),
    # times
    Case("{for: seen, freshness: 6h}", 1709316000e6, 8),
    Case("{for: day, freshness: 2d}", 1709251200e6, 8),
    Case("{for: seen, freshness: 6h, where: group = 'x'}", 1709265600e6, 4),
    # what cannot be answered, and must not spoil the others
    Case("{predicate: nothing > 1}", reason="nothing"),
    Case("{predicate: low +}", reason="SQL"),
    Case("{predicate: count(*) > 3}", reason="aggregate"),
    Case("{predicate: low + 1}", reason="BOOLEAN"),
)
