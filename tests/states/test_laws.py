"""The laws that every state obeys: identity, associativity, commutativity, split invariance, codec.

Counts, extremes, distinct hashes and types obey them exactly, moments within float error, a
quantile sketch exactly while it holds every value.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.engines.arrow.numbers import profile_numbers
from tidegauge.engines.arrow.texts import profile_texts
from tidegauge.states.counts import Counts
from tidegauge.states.distinct import Distinct
from tidegauge.states.extremes import Extremes
from tidegauge.states.frequencies import Frequencies
from tidegauge.states.lengths import Lengths
from tidegauge.states.moments import Moments
from tidegauge.states.quantiles import Quantiles
from tidegauge.states.types import Types

if TYPE_CHECKING:
    from collections.abc import Callable

FLOATS = st.lists(
    st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, 1e12]),
    max_size=40,
)
TEXTS = st.lists(
    st.text(max_size=12) | st.sampled_from(["7", "1.5", "true", "NullValue"]), max_size=40
)


@dataclass(frozen=True)
class Case:
    """One state: how rows become it, and what of it must be equal."""

    kind: type[Any]
    rows: st.SearchStrategy[list[Any]]
    fold: Callable[[list[Any]], Any]
    seen: Callable[[Any], Any]
    size_bound: int

    def __str__(self) -> str:
        return self.kind.__name__


def _numbers(name: str) -> Callable[[list[Any]], Any]:
    return lambda rows: getattr(profile_numbers(np.array(rows, np.float64), 7), name)


def _texts(name: str) -> Callable[[list[Any]], Any]:
    return lambda rows: getattr(profile_texts(pa.array(rows, pa.large_string())), name)


class Near:
    """What is read out of moments; two are equal to nine digits of the values' scale."""

    def __init__(self, moments: Moments) -> None:
        self.n = moments.n
        self.numbers = (moments.mean, moments.average or 0.0, moments.std_dev() or 0.0)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Near) or self.n != other.n:
            return False
        scale = max(1.0, *map(abs, self.numbers))
        pairs = zip(self.numbers, other.numbers, strict=True)
        return all(abs(a - b) <= 1e-9 * scale for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]


CASES = [
    Case(Counts, FLOATS, _numbers("counts"), lambda s: s, 250),
    Case(Extremes, FLOATS, _numbers("extremes"), lambda s: s, 200),
    Case(Moments, FLOATS, _numbers("moments"), Near, 300),
    Case(Quantiles, FLOATS, _numbers("quantiles"),
         lambda s: sorted(np.concatenate([np.empty(0), *s.levels]).tolist()), 1_000),
    Case(Distinct, FLOATS, _numbers("distinct"),
         lambda s: (s.hashes.tolist(), s.counts.tolist()), 1_000),
    Case(Frequencies, FLOATS, _numbers("frequencies"),
         lambda s: (s.ranked(), s.total, s.undercount), 1_000),
    Case(Distinct, TEXTS, _texts("distinct"),
         lambda s: (s.hashes.tolist(), s.counts.tolist()), 1_000),
    Case(Frequencies, TEXTS, _texts("frequencies"),
         lambda s: (s.ranked(), s.total), 3_000),
    Case(Types, TEXTS, _texts("types"), lambda s: s, 150),
    Case(Lengths, TEXTS, _texts("lengths"), lambda s: s, 150),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
@settings(max_examples=60)
@given(data=st.data())
def test_merging_parts_gives_the_state_of_the_whole(case: Case, data: st.DataObject) -> None:
    """However rows are split, into empty and one-element parts too, the state is the same."""
    rows = data.draw(case.rows)
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=4).map(sorted))
    parts = [case.fold(rows[a:b]) for a, b in pairwise([0, *cuts, len(rows)])]

    assert case.seen(case.fold(rows)) == case.seen(case.kind.merge_all(parts))


@pytest.mark.parametrize("case", CASES, ids=str)
@settings(max_examples=30)
@given(data=st.data())
def test_merge_is_associative_and_commutative_and_has_an_identity(
    case: Case, data: st.DataObject
) -> None:
    """merge(merge(a, b), c) = merge(a, merge(b, c)) = merge(c, b, a); the identity adds nothing."""
    a, b, c = (case.fold(data.draw(case.rows)) for _ in range(3))
    merge = case.kind.merge_all
    left = case.seen(merge([merge([a, b]), c]))

    assert left == case.seen(merge([a, merge([b, c])]))
    assert left == case.seen(merge([c, b, a]))
    assert case.seen(a) == case.seen(merge([merge([]), a]))


@pytest.mark.parametrize("case", CASES, ids=str)
@settings(max_examples=30)
@given(data=st.data())
def test_bytes_hold_the_whole_state(case: Case, data: st.DataObject) -> None:
    """A state read back from its bytes is the same state, and the bytes keep to their bound."""
    state = case.fold(data.draw(case.rows))
    back = case.kind.from_bytes(state.to_bytes())

    assert case.seen(state) == case.seen(back)
    assert state.to_bytes() == back.to_bytes()
    assert len(state.to_bytes()) <= case.size_bound


@settings(max_examples=60)
@given(
    rows=st.lists(st.integers(0, 30), max_size=200),
    capacity=st.integers(1, 12),
    cut=st.integers(0, 200),
)
def test_frequencies_over_capacity_keep_their_bound(
    rows: list[int], capacity: int, cut: int
) -> None:
    """Every listed count is at most `undercount` too low, and nothing unlisted is more frequent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tidegauge.states.frequencies.CAPACITY", capacity)
        halves = [Counter(rows[:cut]), Counter(rows[cut:])]
        merged = Frequencies.merge_all(
            Frequencies.of_runs(
                pa.array(list(half), pa.int64()), np.array(list(half.values()), np.int64)
            )
            for half in halves
        )
    truth = Counter(rows)
    listed = dict(merged.ranked())

    assert len(rows) == merged.total
    assert len(listed) <= capacity
    assert merged.undercount <= len(rows) / capacity
    for value, count in truth.items():
        assert count - merged.undercount <= listed.get(value, 0) <= count
