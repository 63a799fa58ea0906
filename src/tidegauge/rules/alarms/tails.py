"""Tails of the beta-binomial distribution: sums of its smooth terms, by few of them."""

from __future__ import annotations

from math import inf, log
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaln, gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

SINGLE = 32
"""Terms at either end of a sum that are added one by one."""
_PANEL, _PANEL_WEIGHTS = np.polynomial.legendre.leggauss(12)
_NEGLIGIBLE = log(1e-18)

# From one end inwards: single terms, then panels that double in length, of 12 nodes each.
_EDGES = SINGLE * 2.0 ** np.arange(48)
_NEAR = np.concatenate(
    (
        np.arange(SINGLE, dtype=np.float64),
        (_EDGES[:-1, None] - 0.5 + np.diff(_EDGES)[:, None] / 2.0 * (1.0 + _PANEL)).ravel(),
    )
)
_NEAR_WEIGHTS = np.concatenate(
    (np.ones(SINGLE), (np.diff(_EDGES)[:, None] / 2.0 * _PANEL_WEIGHTS).ravel())
)


def upper_tail(
    count: int, n: int, a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`P(X >= count)` for X ~ BetaBin(n, a, b), one probability for each pair of parameters.

    The pairs have one mean and a rising variance. Always summed away from it, where the terms fall
    (or rise only towards the far end): the 32 terms at either end one by one, what is between,
    smooth by then, by Gauss-Legendre quadrature on panels that double in length. Relative error
    below 1e-4.
    """
    if count <= n * a[0] / (a[0] + b[0]):
        below, weights = _terms(n - count + 1, n, b, a)
        return np.asarray(np.maximum(0.0, 1.0 - below @ weights))
    terms, weights = _terms(count, n, a, b)
    return np.asarray(np.minimum(1.0, terms @ weights))


def upper_tails(
    first: int, n: int, a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`P(X >= first + i)` for i up to 31, in columns; `first` is above the mean."""
    terms, weights = _terms(first, n, a, b)
    terms *= weights
    single = min(SINGLE, n - first + 1)
    tails = np.cumsum(terms[:, single - 1 :: -1], axis=1)[:, ::-1]
    return np.asarray(np.minimum(1.0, tails + terms[:, single:].sum(axis=1, keepdims=True)))


def _terms(
    first: int, n: int, a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The terms at the nodes of a sum from `first`, above the mean, to n; and their weights."""
    x, weights = _nodes(first, n, _reach(first, n, float(a[-1]), float(b[-1])))
    choose = gammaln(n + 1.0) - gammaln(x + 1.0) - gammaln(n - x + 1.0)
    scale = gammaln(n + a + b) + betaln(a, b)
    a, b = a[:, None], b[:, None]
    return np.exp(choose + gammaln(x + a) + gammaln(n - x + b) - scale[:, None]), weights


def _reach(first: int, n: int, a: float, b: float) -> float:
    """How far from `first` terms may matter beside its own.

    Above the mean, where b > 1, no term is more than `ratio` times the one before, so all from a
    distance d on are at most `ratio ** d / (1 - ratio)` of the first.
    """
    if first >= n or b <= 1.0:
        return inf
    left = n - first
    ratio = left / (left - 1.0 + b) * max(1.0, (first + a) / (first + 1.0))
    return (_NEGLIGIBLE + log(1.0 - ratio)) / log(ratio) if ratio < 1.0 else inf


def _nodes(first: int, last: int, reach: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where to evaluate a smooth function, and with which weights, to sum it over the integers."""
    if last - first < 4 * SINGLE:
        single = np.arange(first, last + 1, dtype=np.float64)
        return single, np.ones_like(single)
    # Half of it in panels, and its mirror image, unless it is over before the middle.
    half = (last - first + 1) / 2.0
    panels = int(np.searchsorted(_EDGES, min(reach, half)))
    if reach <= _EDGES[panels] <= half:
        known = SINGLE + panels * len(_PANEL)
        return first + _NEAR[:known], _NEAR_WEIGHTS[:known]
    known = SINGLE + (panels - 1) * len(_PANEL)
    step = (half - _EDGES[panels - 1]) / 2.0
    near = np.append(_NEAR[:known], _EDGES[panels - 1] - 0.5 + step * (1.0 + _PANEL))
    weights = np.append(_NEAR_WEIGHTS[:known], step * _PANEL_WEIGHTS)
    return np.concatenate((first + near, last - near)), np.concatenate((weights, weights))
