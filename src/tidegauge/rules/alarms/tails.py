"""Tails of beta-binomial distributions: sums of their smooth terms, by few of them, many at once.

A row of arrays is one question, a column one distribution of it: these have one mean and a rising
variance. What has a value a question is of one dimension.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaln, gammaln

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Asked = tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats]  # first, n, a, b

SINGLE = 32
"""Terms at either end of a sum that are added one by one."""
_SHORT = 4 * SINGLE  # sums of at most so many terms are added one by one altogether
_PANEL, _PANEL_WEIGHTS = np.polynomial.legendre.leggauss(24)
_NEGLIGIBLE = log(1e-15)
_HALVINGS = 10
_TINY = 1e-9
_TOGETHER = 13  # columns whose sums have the nodes that the widest of them needs
_IN_CACHE = 1 << 17

# From one end inwards: single terms, then panels up to 16 times as far each, of 24 nodes.
_EDGES = SINGLE * 16.0 ** np.arange(12)
_HALVES = np.diff(_EDGES)[:, None] / 2.0
_NEAR = (_EDGES[:-1, None] - 0.5 + _HALVES * (1.0 + _PANEL)).ravel()
_NEAR_WEIGHTS = (_HALVES * _PANEL_WEIGHTS).ravel()


def upper_tails(count: NDArray[np.int64], n: NDArray[np.int64], a: Floats, b: Floats) -> Floats:
    """`P(X >= count)` for X ~ BetaBin(n, a, b).

    Always summed away from the mean, where the terms fall (or rise only towards the far end): the
    32 terms at either end one by one, what is between, smooth by then, by Gauss-Legendre quadrature
    on panels that grow sixteenfold. Relative error below 1e-4.
    """
    below = (count <= n * a[:, 0] / (a[:, 0] + b[:, 0]))[:, None]
    first = np.where(below[:, 0], n - count + 1, count)
    found = tails_from(first, n, np.where(below, b, a), np.where(below, a, b), 1)[..., 0]
    return np.asarray(np.clip(np.where(below, 1.0 - found, found), 0.0, 1.0))


def tails_from(
    first: NDArray[np.int64], n: NDArray[np.int64], a: Floats, b: Floats, most: int = SINGLE
) -> Floats:
    """`P(X >= first + i)` for i below `most`, at most 32, in a third dimension.

    `first` is above the mean.
    """
    found = np.zeros((*a.shape, most))
    there = np.flatnonzero(first <= n)
    left = n[there] - first[there]
    for start in range(0, a.shape[1], _TOGETHER):
        columns = slice(start, start + _TOGETHER)
        widest = min(columns.stop, a.shape[1]) - 1
        reach = _reach(first[there], n[there], a[there, widest], b[there, widest])
        for chosen, panels, both in _alike(left, reach):
            some = there[chosen]
            asked = first[some], n[some], a[some, columns], b[some, columns]
            end = (left[chosen] + 1) / 2.0 if both else np.maximum(reach[chosen], 2.0 * SINGLE)
            found[some, columns] = _tails(asked, panels, most, end, both=both)
    return found


def _reach(first: NDArray[np.int64], n: NDArray[np.int64], a: Floats, b: Floats) -> Floats:
    """How far from `first` terms may matter beside its own, by factorials as powers.

    Infinite where terms matter up to the far end.
    """
    left = np.maximum(1.0, n - first)
    ours, theirs = np.maximum(_TINY, first + a - 1.0), np.maximum(_TINY, left + b - 1.0)
    start = _power(ours) - _power(np.asarray(first, np.float64)) + _power(theirs) - _power(left)
    start += _NEGLIGIBLE - np.log(left)

    def matters(share: Floats) -> NDArray[np.bool_]:
        distance = share * left
        there = _power(ours + distance) - _power(first + distance)
        there += _power(np.maximum(_TINY, theirs - distance)) - _power(left - distance)
        return np.asarray(there > start)

    high = np.maximum(0.5, 1.0 - SINGLE / left)
    everything, low = matters(high), np.zeros_like(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        there = matters(middle)
        low, high = np.where(there, middle, low), np.where(there, high, middle)
    return np.where(everything, np.inf, high * left)


def _power(z: Floats) -> Floats:
    """`log z^z`, of which factorials are made."""
    return np.asarray(z * np.log(z))


def _alike(left: NDArray[np.int64], reach: Floats) -> Iterator[tuple[NDArray[np.intp], int, bool]]:
    """The questions that need as many panels, no more at once than a core's cache holds.

    And whether from both ends, where terms matter at both: half of a sum lies in panels, the other
    half in their mirror image.
    """
    both = np.isinf(reach)
    panels = np.searchsorted(_EDGES, np.where(both, (left + 1) / 2.0, reach))
    kind = np.where(left < _SHORT, 0, 2 * np.maximum(1, panels) + both)
    for one in np.unique(kind).tolist():
        chosen = np.flatnonzero(kind == one)
        together = max(1, _IN_CACHE // (_TOGETHER * max(_SHORT, len(_PANEL) * (one // 2))))
        for start in range(0, len(chosen), together):
            yield chosen[start : start + together], one // 2, bool(one % 2)


def _tails(asked: Asked, panels: int, most: int, end: Floats, *, both: bool) -> Floats:
    """The tails of questions that need so many panels; none: all terms are added one by one.

    The panels end at `end`, from the first term on, or from both ends.
    """
    first, n, a, b = asked
    constant = gammaln(n + 1.0)[:, None] - gammaln(n[:, None] + a + b) - betaln(a, b)
    several = SINGLE if panels else max(SINGLE, int((n - first).max()) + 1)
    single = _singles(asked, constant, several)
    rest = single[..., most:].sum(axis=2)
    if panels:
        nodes, weights = _nodes(end, panels)
        rest += _smooth(asked, constant, nodes, weights)
        if both:
            mirrored = np.zeros_like(n), n, b, a
            rest += _smooth(mirrored, constant, nodes, weights)
            rest += _singles(mirrored, constant, SINGLE).sum(axis=2)
    sums = np.add.accumulate(single[..., most - 1 :: -1], axis=2)[..., ::-1]
    return np.asarray(sums + rest[..., None])


def _nodes(end: Floats, panels: int) -> tuple[Floats, Floats]:
    """The nodes and weights of all panels but the last, and of one more up to the end."""
    known = len(_PANEL) * (panels - 1)
    half = (end - _EDGES[panels - 1])[:, None] / 2.0
    nodes, weights = np.empty((2, len(end), known + len(_PANEL)))
    nodes[:, :known], weights[:, :known] = _NEAR[:known], _NEAR_WEIGHTS[:known]
    nodes[:, known:] = _EDGES[panels - 1] - 0.5 + half * (1.0 + _PANEL)
    weights[:, known:] = half * _PANEL_WEIGHTS
    return nodes, weights


def _singles(asked: Asked, constant: Floats, most: int) -> Floats:
    """So many terms from the first on, each from the one before it; 0 beyond the last."""
    first, n, a, b = asked
    x, left = first[:, None].astype(np.float64), (n - first)[:, None].astype(np.float64)
    choose = gammaln(x + 1.0) + gammaln(left + 1.0)
    terms = np.empty((*a.shape, most))
    terms[..., 0] = np.exp(constant - choose + gammaln(x + a) + gammaln(left + b))
    step = np.arange(most - 1)
    x, left = x[..., None] + step, np.maximum(0.0, left[..., None] - step)
    ratio = np.add(x, a[..., None], out=terms[..., 1:])
    ratio /= np.maximum(0.0, left - 1.0) + b[..., None]
    ratio *= left / (x + 1.0)
    np.cumprod(terms, axis=2, out=terms)
    return terms


def _smooth(
    asked: Asked,
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
