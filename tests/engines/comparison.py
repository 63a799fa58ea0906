"""Where a feature's statistics differ from the truth: exactly, or by more than the stated error."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.model.statistics import FeatureStatistics, Kind
from tidegauge.profile.readout import BUCKETS, MOST_CATEGORIES
from tidegauge.states.distinct import K as DISTINCT_K
from tidegauge.states.frequencies import CAPACITY
from tidegauge.states.quantiles import K as QUANTILES_K

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.oracle import Truth

    from tidegauge.model.statistics import Detail, NumericStatistics

LARGEST = Fraction(float(np.finfo(np.float64).max))
SMALLEST = Fraction(float(np.finfo(np.float64).tiny))
EPSILON = float(np.finfo(np.float64).eps)
RANK_ERROR = 0.0012  # docs/states.md: the largest that was measured is 0.0011
LONGEST_KEPT_BYTES = 256


def differences(truth: Truth, found: FeatureStatistics) -> list[str]:
    """One line for each statistic that is not what it should be."""
    if found.failure:
        return [f"the column failed: {found.failure}"]
    checks = (_counts, _details, _distinct, _frequent, _categories, _lengths, _numbers)
    return [line for check in checks for line in check(truth, found)]


def _rounded(number: str) -> str:
    """A number to 15 digits: Arrow's float64 of a decimal may be the one beside the nearest."""
    return f"{float(number):.15g}"


def _unequal(name: str, expected: object, found: object) -> Iterator[str]:
    if expected != found:
        yield f"{name}: expected {expected!r}, found {found!r}"


def _far(name: str, expected: float, found: float | None, error: float) -> Iterator[str]:
    if found is None or not abs(expected - found) <= error:
        yield f"{name}: expected {expected!r} up to {error!r}, found {found!r}"


def _detail(found: FeatureStatistics) -> Detail:
    assert found.detail is not None
    return found.detail


def _counts(truth: Truth, found: FeatureStatistics) -> Iterator[str]:
    yield from _unequal("present", len(truth.values), found.num_present)
    yield from _unequal("missing", truth.rows - len(truth.values), found.num_missing)
    yield from _unequal("type", truth.kind.inferred_type, found.inferred_type)


def _details(truth: Truth, found: FeatureStatistics) -> Iterator[str]:
    detail = _detail(found)
    empty = sum(length == 0 for length in truth.lengths)
    yield from _unequal("kind", truth.kind, detail.kind)
    yield from _unequal("types", truth.types, detail.types)
    yield from _unequal("nan", truth.count(math.nan), detail.nan)
    yield from _unequal("+inf", truth.count(math.inf), detail.positive_infinity)
    yield from _unequal("-inf", truth.count(-math.inf), detail.negative_infinity)
    yield from _unequal("zeros", truth.zeros, detail.zeros)
    yield from _unequal("negatives", truth.negatives, detail.negatives)
    yield from _unequal("empty", empty, detail.empty_strings)
    least, greatest = truth.extremes
    yield from _unequal("exact min", least, detail.exact_min)
    yield from _unequal("exact max", greatest, detail.exact_max)
    decimals = truth.kind is Kind.DECIMAL and len(truth.values)
    total = None if detail.exact_sum is None else Fraction(detail.exact_sum)
    yield from _unequal("exact sum", truth.powers[0] if decimals else None, total)


def _distinct(truth: Truth, found: FeatureStatistics) -> Iterator[str]:
    """Exact below 4,096 values, within five standard errors beyond, never above the count."""
    expected, estimate = truth.distinct, _detail(found).approximate_distinct
    error = 0.0 if expected < DISTINCT_K else 5 * expected / math.sqrt(DISTINCT_K - 2)
    yield from _far("distinct", expected, estimate, error)
    if estimate is not None and estimate > len(truth.values):
        yield f"distinct: {estimate} of {len(truth.values)} values"
    if found.text:
        yield from _far("distinct text", expected, found.text.distinct_count, error + 0.5)
    if found.numeric:
        approximate = found.numeric.approximate_num_distinct_values
        yield from _far("distinct number", expected, approximate, error + 0.5)


def _frequent(truth: Truth, found: FeatureStatistics) -> Iterator[str]:
    """Exact up to the capacity; else too low by at most `undercount`, in what is not listed too."""
    frequent = _detail(found).frequent
    label = _rounded if truth.kind is Kind.DECIMAL and not truth.are_ids else str
    counted = Counter({label(truth.text(value)): n for value, n in truth.frequencies.items()})
    total = counted.total()
    if frequent is None:
        yield from _unequal("frequent", 0, total)
        return
    listed = {label(value): n for value, n in frequent.values}
    yield from _unequal("frequent, twice", len(frequent.values), len(listed))
    yield from _unequal("frequent, in all", total, sum(listed.values()) + frequent.other)
    if truth.kind is Kind.BINARY:
        yield from _unequal("frequent, binary", {}, listed)
        return
    long = [n for value, n in counted.items() if len(value.encode()) > LONGEST_KEPT_BYTES]
    bound = sum(long) + (3 * total // (2 * CAPACITY) if len(counted) > CAPACITY else 0)
    if frequent.undercount > bound:
        yield f"undercount: {frequent.undercount} over {bound}"
    for value, n in listed.items():
        if not counted[value] - frequent.undercount <= n <= counted[value]:
            yield f"frequent {value!r}: expected {counted[value]}, found {n}"
    cut = min(listed.values(), default=0) if truth.is_numeric and listed else 0
    for value in counted.keys() - listed.keys():
        if counted[value] > cut + frequent.undercount:
            yield f"frequent {value!r}: {counted[value]} times, not listed"


def _categories(truth: Truth, found: FeatureStatistics) -> Iterator[str]:
    """Every value with its exact count where they are few and none is too long to be kept."""
    textual = truth.kind in (Kind.TEXT, Kind.BINARY, Kind.BOOLEAN)
    yield from _unequal("text statistics", textual, found.text is not None)
    if not found.text or not textual:
        return
    few = len(truth.frequencies) <= MOST_CATEGORIES and (
        truth.kind is not Kind.BINARY or not truth.values
    )
    if any(len(str(text).encode()) > LONGEST_KEPT_BYTES for text in truth.frequencies):
        few = False
    categories = found.text.categories
    ordered = sorted(truth.frequencies.items(), key=lambda pair: (-pair[1], pair[0]))
    yield from _unequal("categories", tuple(ordered) if few else None, categories)


def _lengths(truth: Truth, found: FeatureStatistics) -> Iterator[str]:
    lengths, detail = truth.lengths, _detail(found)
    yield from _unequal("shortest", min(lengths, default=None), detail.min_length)
    yield from _unequal("longest", max(lengths, default=None), detail.max_length)
    mean = sum(lengths) / len(lengths) if lengths else None
    yield from _unequal("mean length", mean, detail.mean_length)


def _numbers(truth: Truth, found: FeatureStatistics) -> Iterator[str]:
    numeric = found.numeric
    if not truth.finite or numeric is None:
        yield from _unequal("numbers", bool(truth.finite), numeric is not None)
        return
    unit = 1e6 if truth.kind is Kind.TIMESTAMP else 1.0  # shown in seconds
    floats = np.sort(np.array([float(value) for value in truth.finite]) / unit)
    yield from _unequal("min", floats[0], numeric.min)
    yield from _unequal("max", floats[-1], numeric.max)
    yield from _averages(truth, numeric, unit)
    yield from _shape(truth, _detail(found))
    yield from _quantiles(floats, numeric)
    yield from _bars(floats, numeric)


def _averages(truth: Truth, numeric: NumericStatistics, unit: float) -> Iterator[str]:
    """Within rounding; None only where the range or the squares are beyond float64."""
    n, (total, m2, _, _) = len(truth.finite), truth.powers
    scale = _scale(truth)
    wide = Fraction(max(truth.finite)) - Fraction(min(truth.finite)) > LARGEST / n
    if not (wide and numeric.mean is None):
        yield from _far("mean", float(total / n) / unit, numeric.mean, 4 * EPSILON * scale / unit)
    if not (wide and numeric.sum is None):
        yield from _far("sum", float(total) / unit, numeric.sum, 4 * EPSILON * scale * n / unit)
    if m2 > LARGEST:
        yield from _unequal("std_dev", None, numeric.std_dev)
        return
    std_dev = _root(m2 / n)
    error = 1e-9 * std_dev + 4 * EPSILON * scale + float(SMALLEST) ** 0.5
    yield from _far("std_dev", std_dev / unit, numeric.std_dev, error / unit)


def _shape(truth: Truth, detail: Detail) -> Iterator[str]:
    """Skewness and excess kurtosis; a power beyond float64 gives None, never a wrong number."""
    n, (_, m2, m3, m4) = len(truth.finite), truth.powers
    if m2 == 0 or m2 > LARGEST:
        yield from _unequal("skewness", None, detail.skewness)
        yield from _unequal("kurtosis", None, detail.kurtosis)
        return
    if _root(m2 / n) < 1e-6 * _scale(truth):
        return  # the float64 values themselves have lost the shape
    skewness = math.copysign(_root(m3 * m3 * n / m2**3), m3)
    kurtosis = float(m4 * n / (m2 * m2)) - 3
    for name, expected, seen in (
        ("skewness", skewness, detail.skewness),
        ("kurtosis", kurtosis, detail.kurtosis),
    ):
        if seen is not None or (SMALLEST < m2 * m2 / n**2 and m4 * n < LARGEST):
            yield from _far(name, expected, seen, 1e-6 * (1 + abs(expected)))


def _scale(truth: Truth) -> float:
    return max(abs(float(value)) for value in truth.finite)


def _root(square: Fraction) -> float:
    """The root of a fraction whose square itself may be beyond float64."""
    shift = (square.numerator.bit_length() - square.denominator.bit_length()) // 2
    scaled = square / Fraction(4) ** shift
    return math.ldexp(math.sqrt(scaled), shift)


def _quantiles(floats: np.ndarray, numeric: NumericStatistics) -> Iterator[str]:
    """Every value up to the sketch's size; beyond, all ranks within the stated error."""
    assert numeric.sketch is not None
    levels = numeric.sketch.levels
    items = np.concatenate(levels)
    weights = np.concatenate([np.full(len(level), 1 << h) for h, level in enumerate(levels)])
    n = len(floats)
    yield from _unequal("weight", n, int(weights.sum()))
    if n <= QUANTILES_K:
        # Arrow's float64 of a decimal may be the next one beside the nearest.
        if not np.allclose(floats, np.sort(items), rtol=2 * EPSILON, atol=0):
            yield f"items: expected {floats.tolist()}, found {np.sort(items).tolist()}"
        return
    order = np.argsort(items)
    ranks = np.concatenate(([0], np.cumsum(weights[order])))
    for side in ("left", "right"):
        ours = ranks[np.searchsorted(items[order], floats, side)]
        error = np.abs(ours - np.searchsorted(floats, floats, side)).max() / n
        if error > RANK_ERROR:
            yield f"quantiles: a rank is off by {error} of n"


def _bars(floats: np.ndarray, numeric: NumericStatistics) -> Iterator[str]:
    """Ten bars from the least to the greatest value, which hold all values."""
    bars = numeric.buckets
    if not bars:
        if (float(floats[-1]) - float(floats[0])) * BUCKETS < math.inf:
            yield "buckets: there are none"
        return
    bounds = [bar.lower_bound for bar in bars] + [bars[-1].upper_bound]
    yield from _unequal("bars", BUCKETS, len(bars))
    yield from _unequal("first bound", floats[0], bounds[0])
    yield from _unequal("last bound", floats[-1], bounds[-1])
    below = np.searchsorted(floats, bounds, "left")
    below[-1] = len(floats)
    error = 0.0 if len(floats) <= QUANTILES_K else 2 * RANK_ERROR * len(floats)
    for expected, bar in zip(np.diff(below), bars, strict=True):
        yield from _far(f"bar from {bar.lower_bound}", expected, bar.count, error)
