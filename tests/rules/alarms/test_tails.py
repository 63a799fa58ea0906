"""Tails of beta-binomial distributions: many at once as each alone, and as their terms add up."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import betaln, gammaln

from tidegauge.rules.alarms.tails import SINGLE, tails_from, upper_tails

QUESTIONS = st.tuples(
    st.integers(1, 20_000), st.floats(0, 1), st.floats(-1, 4), st.floats(0.001, 0.6)
)
WORTHS = 10.0 ** -np.arange(0, 4, 0.5)


def one_by_one(first: int, n: int, a: float, b: float) -> np.ndarray:
    """The terms from the first on."""
    x = np.arange(first, n + 1.0)
    choose = gammaln(n + 1.0) - gammaln(x + 1.0) - gammaln(n - x + 1.0)
    return np.asarray(np.exp(choose + betaln(x + a, n - x + b) - betaln(a, b)))


@settings(deadline=None, max_examples=60)
@given(st.lists(QUESTIONS, min_size=1, max_size=12))
def test_many_tails_are_each_as_the_sum_of_its_terms(
    questions: list[tuple[int, float, float, float]],
) -> None:
    """Narrow, wide and of two heaps; to a relative 1e-4, and as if each were alone."""
    n = np.array([size for size, *_ in questions])
    count = np.array([max(1, round(size * at)) for size, at, *_ in questions])
    size, share = np.array([(10.0**exponent, mean) for *_, exponent, mean in questions]).T
    worth = size[:, None] * WORTHS
    a, b = worth * share[:, None], worth * (1.0 - share[:, None])
    together = upper_tails(count, n, a, b)
    for i in range(len(questions)):
        alone = upper_tails(count[[i]], n[[i]], a[[i]], b[[i]])[0]
        assert alone == pytest.approx(together[i], rel=1e-12, abs=1e-12)
        if count[i] > n[i] * share[i]:
            for j in range(len(WORTHS)):
                expected = one_by_one(int(count[i]), int(n[i]), a[i, j], b[i, j]).sum()
                assert expected == pytest.approx(together[i, j], rel=2e-4, abs=1e-200)


@settings(deadline=None, max_examples=60)
@given(QUESTIONS)
def test_the_tails_from_a_count_on_are_those_of_each_count(
    question: tuple[int, float, float, float],
) -> None:
    """Of 32 counts, or as many as there are, to 2e-4 of the first; nothing lies beyond the last."""
    n, at, exponent, share = question
    first = min(n, int(n * share) + 1 + int(at * n * (1.0 - share)))
    a, b = 10.0**exponent * share, 10.0**exponent * (1.0 - share)
    found = tails_from(np.array([first]), np.array([n]), np.array([[a]]), np.array([[b]]))[0, 0]
    terms = one_by_one(first, n, a, b)
    expected = np.cumsum(terms[::-1])[::-1][:SINGLE]
    error = 1e-200 + 2e-4 * expected[0]
    assert expected == pytest.approx(found[: len(expected)], rel=0, abs=error)
    assert not found[len(expected) :].any()


@pytest.mark.parametrize("worth", [3000.0, 100.0, 8.0])
@pytest.mark.parametrize(("first", "n"), [(40, 900), (700, 10_000), (900, 1_500)])
def test_what_is_between_the_ends_is_integrated(first: int, n: int, worth: float) -> None:
    """As scipy integrates the term of any number, between 32 terms at either end: to 1e-9."""
    share = first / n / 1.3
    a, b = worth * share, worth * (1.0 - share)

    def term(x: float) -> float:
        of_all = -betaln(x + 1.0, n - x + 1.0) - np.log(n + 1.0)
        return float(np.exp(of_all + betaln(x + a, n - x + b) - betaln(a, b)))

    terms = one_by_one(first, n, a, b)
    edges = np.linspace(first + SINGLE - 0.5, n - SINGLE + 0.5, 30)
    pieces = (integrate.quad(term, *ends, epsrel=1e-11, epsabs=0) for ends in pairwise(edges))
    expected = terms[:SINGLE].sum() + terms[-SINGLE:].sum() + sum(value for value, _ in pieces)
    found = upper_tails(np.array([first]), np.array([n]), np.array([[a]]), np.array([[b]]))[0, 0]
    assert expected == pytest.approx(found, rel=1e-9)
