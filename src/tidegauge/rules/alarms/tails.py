"""Tails of beta-binomial distributions: sums of their smooth terms, by few of them, many at once.

A row of arrays is one question, a column one distribution of it: these have one mean and a rising
variance. What has a value a question is of one dimension.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaln, gammaln

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SINGLE = 32
"""Terms at either end of a sum that are added one by one."""
_SHORT = 4 * SINGLE  # sums of at most so many terms are added one by one altogether
_PANEL, _PANEL_WEIGHTS = np.polynomial.legendre.leggauss(16)
_NEGLIGIBLE = log(1e-18)
_TOGETHER = 6  # columns whose sums have the nodes that the widest of them needs
_IN_CACHE = 1 << 16

# From one end inwards: single terms, then panels up to four times as far each, of 16 nodes.
_EDGES = SINGLE * 4.0 ** np.arange(24)
_HALVES = np.diff(_EDGES)[:, None] / 2.0
_NEAR = (_EDGES[:-1, None] - 0.5 + _HALVES * (1.0 + _PANEL)).ravel()
_NEAR_WEIGHTS = (_HALVES * _PANEL_WEIGHTS).ravel()


class Sums(NamedTuple):
    """The terms from the first on, one by one (`ends`, a third dimension), and all others."""

    ends: Floats
    rest: Floats

    def from_each(self) -> Floats:
        """The sums from each of the single terms on."""
        return np.cumsum(self.ends[..., ::-1], axis=2)[..., ::-1] + self.rest[..., None]


def upper_tails(count: NDArray[np.int64], n: NDArray[np.int64], a: Floats, b: Floats) -> Floats:
    """`P(X >= count)` for X ~ BetaBin(n, a, b).

    Always summed away from the mean, where the terms fall (or rise only towards the far end): the
    32 terms at either end one by one, what is between, smooth by then, by Gauss-Legendre quadrature
    on panels that grow fourfold. Relative error below 1e-4.
    """
    below = (count <= n * a[:, 0] / (a[:, 0] + b[:, 0]))[:, None]
    first = np.where(below[:, 0], n - count + 1, count)
    ends, rest = sums(first, n, np.where(below, b, a), np.where(below, a, b))
    total = ends.sum(axis=2) + rest
    return np.asarray(np.clip(np.where(below, 1.0 - total, total), 0.0, 1.0))


def sums(first: NDArray[np.int64], n: NDArray[np.int64], a: Floats, b: Floats) -> Sums:
    """The sums of the terms from `first`, above the mean, to n."""
    found = Sums(np.zeros((*a.shape, SINGLE)), np.zeros(a.shape))
    there = np.flatnonzero(first <= n)
    step = _TOGETHER if len(there) > _TOGETHER else a.shape[1]
    for start in range(0, a.shape[1], step):
        columns = slice(start, start + step)
        widest = min(start + step, a.shape[1]) - 1
        reach = _reach(first[there], n[there], a[there, widest], b[there, widest])
        for chosen, panels, both in _alike(n[there] - first[there], reach):
            some = there[chosen]
            ends, rest = _sums(
                (first[some], n[some], a[some, columns], b[some, columns]),
                panels,
                both=both,
            )
            found.ends[some, columns] = ends
            found.rest[some, columns] = rest
    return found


def _reach(first: NDArray[np.int64], n: NDArray[np.int64], a: Floats, b: Floats) -> Floats:
    """How far from `first` terms may matter beside its own.

    Above the mean, where b > 1, no term is more than `ratio` times the one before, so all from a
    distance d on are at most `ratio ** d / (1 - ratio)` of the first.
    """
    left = n - first
    with np.errstate(all="ignore"):
        ratio = left / (left - 1.0 + b) * np.maximum(1.0, (first + a) / (first + 1.0))
        reach = (_NEGLIGIBLE + np.log1p(-ratio)) / np.log(ratio)
    return np.where((left > 0) & (b > 1.0) & (ratio < 1.0), reach, np.inf)


def _alike(left: NDArray[np.int64], reach: Floats) -> Iterator[tuple[NDArray[np.intp], int, bool]]:
    """The questions that need as many panels, no more at once than a core's cache holds.

    And whether from both ends: half of a sum lies in panels, the other half in their mirror image,
    unless it is over before the middle.
    """
    half = (left + 1) / 2.0
    panels = np.searchsorted(_EDGES, np.minimum(reach, half))
    ends = _EDGES[panels]
    both = ~((reach <= ends) & (ends <= half))
    kind = np.where(left < _SHORT, 0, 2 * panels + both)
    for one in np.unique(kind).tolist():
        chosen = np.flatnonzero(kind == one)
        together = max(1, _IN_CACHE // (_TOGETHER * max(_SHORT, len(_PANEL) * (one // 2))))
        for start in range(0, len(chosen), together):
            yield chosen[start : start + together], one // 2, bool(one % 2)


def _sums(
    asked: tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats], panels: int, *, both: bool
) -> Sums:
    """The sums of questions that need so many panels; none: all terms are added one by one."""
    first, n, a, b = asked
    constant = gammaln(n + 1.0)[:, None] - gammaln(n[:, None] + a + b) - betaln(a, b)
    most = SINGLE if panels else max(SINGLE, int((n - first).max()) + 1)
    single = _singles((first, n, a, b), constant, most)
    rest = single[..., SINGLE:].sum(axis=2)
    if panels and not both:
        known = len(_PANEL) * panels
        nodes, weights = (np.broadcast_to(v[:known], (len(n), known)) for v in _NODES)
        rest += _smooth((first, n, a, b), constant, nodes, weights)
    elif panels:
        nodes, weights = _half_way((n - first + 1) / 2.0, panels)
        mirrored = np.zeros_like(n), n, b, a
        rest += _smooth((first, n, a, b), constant, nodes, weights)
        rest += _smooth(mirrored, constant, nodes, weights)
        rest += _singles(mirrored, constant, SINGLE).sum(axis=2)
    return Sums(single[..., :SINGLE], rest)


_NODES = _NEAR, _NEAR_WEIGHTS


def _half_way(half: Floats, panels: int) -> tuple[Floats, Floats]:
    """The nodes and weights of all panels but the last, and of one more up to the middle."""
    known = len(_PANEL) * (panels - 1)
    last = (half - _EDGES[panels - 1])[:, None] / 2.0
    nodes, weights = (np.broadcast_to(v[:known], (len(half), known)) for v in _NODES)
    middle = _EDGES[panels - 1] - 0.5 + last * (1.0 + _PANEL)
    return np.hstack((nodes, middle)), np.hstack((weights, last * _PANEL_WEIGHTS))


def _singles(
    asked: tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats], constant: Floats, most: int
) -> Floats:
    """So many terms from the first on, each from the one before it; 0 beyond the last."""
    first, n, a, b = asked
    x, left = first[:, None].astype(np.float64), (n - first)[:, None].astype(np.float64)
    choose = gammaln(x + 1.0) + gammaln(left + 1.0)
    terms = np.empty((*a.shape, most))
    terms[..., 0] = np.exp(constant - choose + gammaln(x + a) + gammaln(left + b))
    if most > 1:
        step = np.arange(most - 1)
        x, left = x[..., None] + step, np.maximum(0.0, left[..., None] - step)
        ratio = np.divide(x + a[..., None], np.maximum(0.0, left - 1.0) + b[..., None])
        ratio *= left / (x + 1.0)
        terms[..., 1:] = ratio
        np.cumprod(terms, axis=2, out=terms)
    return terms


def _smooth(
    asked: tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats],
    constant: Floats,
    nodes: Floats,
    weights: Floats,
) -> Floats:
    """The sum of the terms at `nodes` from the first on, by their weights; at least 31 from an end.

    So far from zero the logarithm of the gamma function is Stirling's fraction, to 3e-11.
    """
    first, n, a, b = asked
    x = (first[:, None] + nodes)[:, None, :]
    left = (n - first)[:, None, None] - nodes[:, None, :]
    exponent = _stirling(x + a[..., None])
    exponent += _stirling(left + b[..., None])
    exponent -= _stirling(x + 1.0) + _stirling(left + 1.0)
    exponent += (constant + 2.0 - a - b)[..., None]
    np.exp(exponent, out=exponent)
    return np.asarray(np.einsum("qcx,qx->qc", exponent, weights))


def _stirling(z: Floats) -> Floats:
    """`log gamma(z) + z - log(2 pi) / 2`, by the first two terms of Stieltjes' fraction."""
    value = np.square(z)
    value *= 12.0
    value += 0.4
    np.divide(z, value, out=value)
    logarithm = np.log(z)
    logarithm *= z - 0.5
    value += logarithm
    return value
