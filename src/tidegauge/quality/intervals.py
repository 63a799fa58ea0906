"""From a value and its standard deviation to an estimate with an interval of 95 %."""

from __future__ import annotations

from math import exp, sqrt

from tidegauge.model.quality import Estimate

Z = 1.959963984540054  # the normal quantile of 97.5 %


def undefined(reason: str) -> Estimate:
    """A metric that these rows cannot give."""
    return Estimate(None, undefined=reason)


def rate(hits: float, of: float, nothing: str) -> Estimate:
    """`hits / of` with its binomial standard deviation; `nothing` is the reason where `of` is 0."""
    if not of:
        return undefined(nothing)
    value = hits / of
    return share(value, sqrt(value * (1.0 - value) / of), int(of))


def share(value: float, deviation: float | None, n: int, error: float = 0.0) -> Estimate:
    """A metric between 0 and 1 over `n` rows.

    The interval is Wilson's (1927) for the number of independent rows that would have this standard
    deviation, `value (1 - value) / deviation^2`, and for `n` where the value is 0 or 1: it never
    leaves [0, 1] and is never empty. It is widened by `error` on both sides.
    """
    if deviation is None:
        return Estimate(value, None, None, None, n, error)
    spread = value * (1.0 - value)
    rows = spread / deviation**2 if deviation > 0.0 and spread > 0.0 else float(n)
    middle = (value + Z * Z / (2.0 * rows)) / (1.0 + Z * Z / rows)
    half = Z / (1.0 + Z * Z / rows) * sqrt(spread / rows + Z * Z / (4.0 * rows * rows))
    low, high = max(0.0, middle - half - error), min(1.0, middle + half + error)
    # At 0 and 1 rounding must not push the bound past the value.
    return Estimate(value, deviation, min(low, value), max(high, value), n, error)


def mean(value: float, deviation: float | None, n: int) -> Estimate:
    """A mean that can be any number: value and 1.96 standard deviations to both sides."""
    if deviation is None:
        return Estimate(value, None, None, None, n)
    return Estimate(value, deviation, value - Z * deviation, value + Z * deviation, n)


def positive(value: float, deviation: float | None, n: int) -> Estimate:
    """A mean of what is never negative, and mostly skewed: the same on the logarithmic scale."""
    if deviation is None or not value:
        return Estimate(value, deviation, None, None, n)
    factor = exp(Z * deviation / value)
    return Estimate(value, deviation, value / factor, value * factor, n)


def below_one(value: float, deviation: float | None, n: int) -> Estimate:
    """One less a ratio of positive means: `positive` for the ratio."""
    ratio = positive(1.0 - value, deviation, n)
    if ratio.low is None or ratio.high is None:
        return Estimate(value, deviation, None, None, n)
    return Estimate(value, deviation, 1.0 - ratio.high, 1.0 - ratio.low, n)
