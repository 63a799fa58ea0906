"""From a value and its standard deviation to an estimate with an interval of 95 %."""

from __future__ import annotations

from math import sqrt

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


def mean(
    value: float,
    deviation: float | None,
    n: int,
    *,
    least: float | None = None,
    most: float | None = None,
) -> Estimate:
    """A mean, or a smooth function of means: value and 1.96 standard deviations to both sides."""
    if deviation is None:
        return Estimate(value, None, None, None, n)
    low, high = value - Z * deviation, value + Z * deviation
    return Estimate(
        value,
        deviation,
        low if least is None else max(least, low),
        high if most is None else min(most, high),
        n,
    )
