"""The statistic of homogeneity of three cells or more: chi-squared, and what blocks add to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import chdtrc, chdtri, chndtrinc, ndtr, ndtri

from tidegauge.rules.alarms.design_effect import mixtures
from tidegauge.rules.alarms.roots import falling_roots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegauge.rules.alarms.design_effect import DesignEffect

_TAIL = 2.0  # what is left of G's error in the tail: see `homogeneity.p_value`
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(48)
_ANGLES = np.pi / 4.0 * (1.0 + _NODES)
_SIN, _COS = np.sin(_ANGLES), np.cos(_ANGLES)
_ANGLE_WEIGHTS = np.pi / 4.0 * _NODE_WEIGHTS * _COS / np.sqrt(np.pi / 2.0)
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Compared:
    """A table that is compared: its degrees of freedom, and the values in its two samples."""

    freedom: int
    n: int
    m: int


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """The statistics of tables, a row for each; `excess` is what blocks add on average, in columns.

    `within` is `1 / n + 1 / m`; `shift` the excess by the blocks' estimate.
    """

    freedom: NDArray[np.int64]
    within: NDArray[np.float64]
    weights: NDArray[np.float64]
    excess: NDArray[np.float64]
    shift: NDArray[np.float64]

    @classmethod
    def of(cls, tables: Sequence[Compared], effects: Sequence[DesignEffect]) -> Self:
        """Of tables, each of which has an effect, or none has."""
        freedom, n, m = np.array([(table.freedom, table.n, table.m) for table in tables]).T
        within = 1.0 / n + 1.0 / m
        if not effects:
            nothing = np.zeros((len(tables), 1))
            return cls(freedom, within, np.ones(1), nothing, nothing[:, 0])
        # Finer cells than the blocks were compared by may show more of a shift: in proportion, at
        # worst.
        finer = np.maximum(1.0, freedom / np.array([effect.null_mean for effect in effects]))
        unit = finer / within
        weights, between = mixtures(effects, n, m)
        pairs = zip(effects, tables, strict=True)
        estimated = np.array([effect.between(table.n, table.m) for effect, table in pairs])
        return cls(freedom, within, weights, between * unit[:, None], estimated * unit)

    def tails(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Twice the chance of at least these values, over what the blocks say; at most 1."""
        return self._tails(value, np.arange(len(value)))

    def criticals(self, alpha: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values whose tails are alpha."""
        independent = np.asarray(chdtri(self.freedom, alpha / _TAIL))
        if len(self.weights) == 1:
            return independent

        def excess(value: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
            return np.asarray(np.log(self._tails(value, which) / alpha[which]))

        return falling_roots(excess, independent, independent)

    def smallest(
        self, critical: NDArray[np.float64], power: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The total variations that exceed the critical values with this power."""
        root = np.sqrt(chndtrinc(critical, self.freedom, 1.0 - power))
        root += ndtri(power) * np.sqrt(self.shift)
        return np.asarray(root * np.sqrt(self.within) / 2.0)

    def _tails(self, value: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        """`2 P((1 + excess) Z^2 + Y > value)`, weighted; Z normal, Y chi-squared, `freedom - 1`.

        Integrated over `z = sqrt(value / (1 + excess)) sin(angle)`: a smooth integrand.
        """
        found = np.empty(len(value))
        for start in range(0, len(value), _TOGETHER):
            some = slice(start, start + _TOGETHER)
            at, table = value[some, None], which[some]
            most = np.sqrt(at / (1.0 + self.excess[table]))
            density = np.exp((-0.5 * most**2)[..., None] * _SIN**2)
            rest = chdtrc(self.freedom[table, None] - 1, at * _COS**2) * _ANGLE_WEIGHTS
            tails = most * np.einsum("qla,qa->ql", density, rest) + 2.0 * ndtr(-most)
            weighted = np.einsum("ql,l->q", np.minimum(1.0, _TAIL * tails), self.weights)
            found[some] = np.minimum(1.0, weighted)
        return found
