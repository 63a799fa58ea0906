"""Mean, central moments and sum of the finite values.

Merging is Chan, Golub and LeVeque's pairwise update, to the fourth moment after Pébay, "Formulas
for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical Moments"
(Sandia report SAND2008-6212, 2008), equations 2.1 and 3.1.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegauge.states.codec import pack, scalars_of, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


_IN_CACHE = 1 << 14


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and central moments: m2 is the sum of squared deviations, m3 of cubes ...

    The sum is `total + total_error`, a float and what rounding left out of it.
    Identity: n = 0. Size: under 300 bytes. Error: relative 1e-12 or so where the spread is not
    tiny beside the mean. A power beyond float64 is infinity or NaN and read out as None; a spread
    whose square is below float64 is 0.
    The divisor (n or n - 1) is chosen on read-out, never stored.
    """

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0
    m3: float = 0.0
    m4: float = 0.0
    total: float = 0.0
    total_error: float = 0.0

    @property
    def blank(self) -> bool:
        return not self.n

    @classmethod
    def of_values(cls, values: NDArray[np.float64], pivot: float) -> Self:
        """The moments of finite values; `pivot` lies among them (their median is best).

        Deviations are taken from the pivot: a first value could be a sentinel such as 1e12, and
        its square would drown all the others.
        """
        n = len(values)
        if not n:
            return cls()
        with np.errstate(over="ignore", invalid="ignore"):
            return cls._from_powers(n, pivot, *_power_sums(values, pivot))

    @classmethod
    def of_runs(cls, values: NDArray[Any], counts: NDArray[np.int64]) -> Self:
        """The moments of distinct finite values, each of which stands for `counts` rows."""
        if not len(values):
            return cls()
        pivot = float(values[len(values) // 2])
        with np.errstate(over="ignore", invalid="ignore"):
            d = values.astype(np.float64) - pivot
            weighted = d * counts
            s1 = weighted.sum()
            s2, s3, s4 = (np.multiply(weighted, d, out=weighted).sum() for _ in range(3))
        n = int(counts.sum())
        return cls._from_powers(n, pivot, float(s1), float(s2), float(s3), float(s4))

    @classmethod
    def _from_powers(cls, n: int, pivot: float, s1: float, s2: float, s3: float, s4: float) -> Self:
        """Central moments from the sums of the powers of the deviations from a pivot."""
        a = s1 / n
        # Products, for `**` raises where a product is infinite; max in this order keeps a NaN.
        square = a * a
        m2 = max(s2 - n * square, 0.0)
        m3 = s3 - 3 * a * s2 + 2 * n * square * a
        m4 = max(s4 - 4 * a * s3 + 6 * square * s2 - 3 * n * square * square, 0.0)
        total, error = _two_sum(n * pivot, s1)
        return cls(n, pivot + a, m2, m3, m4, total, error + _product_error(n, pivot))

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        merged = cls()
        for state in states:
            merged = merged.merge(state)
        return merged

    def merge(self, other: Self) -> Self:
        if not other.n:
            return self
        if not self.n:
            return other
        na, nb = self.n, other.n
        n = na + nb
        d = other.mean - self.mean
        r = d / n
        nab = na * nb
        m2 = self.m2 + other.m2 + d * r * nab
        m3 = (
            self.m3 + other.m3
            + nab * (na - nb) * d * r * r
            + 3 * r * (na * other.m2 - nb * self.m2)
        )  # fmt: skip
        m4 = (
            self.m4 + other.m4
            + nab * (na * na - nab + nb * nb) * d * r * r * r
            + 6 * r * r * (na * na * other.m2 + nb * nb * self.m2)
            + 4 * r * (na * other.m3 - nb * self.m3)
        )  # fmt: skip
        total, error = _two_sum(self.total, other.total)
        error += self.total_error + other.total_error
        return type(self)(n, self.mean + r * nb, m2, m3, m4, total, error)

    @property
    def sum(self) -> float | None:
        return _finite(self.total + self.total_error) if self.n else None

    @property
    def average(self) -> float | None:
        """The mean read out of the sum, which is the more exact of the two."""
        return _finite((self.total + self.total_error) / self.n) if self.n else None

    def std_dev(self, *, ddof: int = 0) -> float | None:
        """Standard deviation with divisor n - ddof; None where n <= ddof or it overflowed."""
        return _finite(math.sqrt(self.m2 / (self.n - ddof))) if self.n > ddof else None

    @property
    def skewness(self) -> float | None:
        """m3/n over (m2/n)^1.5; None for a constant."""
        variance = self.m2 / self.n if self.n else 0.0
        return _ratio(self.m3 / max(self.n, 1), variance * math.sqrt(variance))

    @property
    def kurtosis(self) -> float | None:
        """Excess kurtosis, m4/n over (m2/n)^2, less 3; None for a constant."""
        ratio = _ratio(self.m4 * self.n, self.m2 * self.m2)
        return None if ratio is None else ratio - 3

    def to_bytes(self) -> bytes:
        return pack("moments", 1, scalars_of(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, _ = unpack(data, "moments", 1)
        return cls(**{name: header[name] for name in cls.__dataclass_fields__})


def _power_sums(values: NDArray[np.float64], pivot: float) -> tuple[float, float, float, float]:
    """The sums of the first four powers of the deviations from a pivot.

    Many values are halved where numpy's own pairwise sums halve them: the same digits, of pieces
    that stay in a core's cache.
    """
    n = len(values)
    if n > _IN_CACHE:
        half = n // 2 - n // 2 % 8
        both = _power_sums(values[:half], pivot), _power_sums(values[half:], pivot)
        one, two, three, four = (a + b for a, b in zip(*both, strict=True))
        return one, two, three, four
    d = values - pivot
    square = d * d
    # No dot product: its last digits would depend on the number of BLAS threads.
    s1, s2 = d.sum(), square.sum()
    s3 = np.multiply(d, square, out=d).sum()
    s4 = np.multiply(square, square, out=square).sum()
    return float(s1), float(s2), float(s3), float(s4)


def _two_sum(a: float, b: float) -> tuple[float, float]:
    """The rounded sum and its rounding error (Knuth's TwoSum)."""
    total = a + b
    part = total - a
    error = (a - (total - part)) + (b - part)
    return total, error if math.isfinite(error) else 0.0


def _product_error(n: int, pivot: float) -> float:
    """What rounding took from n * pivot."""
    product = n * pivot
    if not math.isfinite(product):
        return 0.0
    (p, q), (rounded, scale) = pivot.as_integer_ratio(), product.as_integer_ratio()
    return (n * p * scale - rounded * q) / (q * scale)


def _ratio(power: float, spread: float) -> float | None:
    """None where the spread is zero, or beyond or below what float64 holds in full precision."""
    return _finite(power / spread) if sys.float_info.min <= spread < math.inf else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
