"""The laws of the states of model quality: any split of the rows gives the state of the whole.

Counts of classes and scores obey them exactly, in cells too; sums within float error.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.engines.arrow.quality import fold_quality
from tidegauge.errors import UsageError
from tidegauge.model.quality import Costs, Problem, QualityPlan
from tidegauge.quality.profile import STATES, QualityProfile
from tidegauge.quality.table import from_parquet, to_parquet
from tidegauge.states.amounts import Amounts
from tidegauge.states.confusion import Confusion
from tidegauge.states.losses import Losses
from tidegauge.states.residuals import Residuals
from tidegauge.states.scorekeys import keys_of, scores_of
from tidegauge.states.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegauge.states.moments import Moments

SCORES = st.floats(0, 1) | st.floats(-1e9, 1e9) | st.sampled_from([0.0, -0.0, 0.5, 1.0, 5e-324])
NUMBERS = st.floats(-1e3, 1e3) | st.integers(-3, 3).map(float)
BINARY = st.lists(st.tuples(SCORES, st.booleans(), st.floats(0, 100)), max_size=40)
CLASSES = st.lists(st.tuples(st.sampled_from("ab10"), st.sampled_from("a2b")), max_size=40)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=40)

PRICED = QualityPlan(Problem.BINARY, costs=Costs(false_negative="amount", false_positive=5))


def _binary(rows: list[Any]) -> QualityProfile:
    scores, labels, amounts = zip(*rows, strict=True) if rows else ((), (), ())
    table = pa.table(
        {
            "score": pa.array(scores, pa.float64()),
            "label": pa.array(labels, pa.bool_()),
            "amount": pa.array(amounts, pa.float64()),
        }
    )
    return fold_quality(table, PRICED)


def _classes(rows: list[Any]) -> Confusion:
    table = pa.table(
        {
            "label": pa.array([row[0] for row in rows], pa.string()),
            "prediction": pa.array([row[1] for row in rows], pa.string()),
        }
    )
    return fold_quality(table, QualityPlan(Problem.MULTICLASS)).confusion


def _residuals(rows: list[Any]) -> Residuals:
    values = np.array(rows, np.float64).reshape(-1, 2)
    return Residuals.of_values(values[:, 0], values[:, 1], 7)


class Near:
    """Numbers that are equal to nine digits of the largest of them."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = numbers

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Near):
            return False
        scale = max(1.0, *map(abs, self.numbers))
        pairs = zip(self.numbers, other.numbers, strict=True)
        return all(abs(a - b) <= 1e-9 * scale for a, b in pairs)

    def __repr__(self) -> str:
        return repr(self.numbers)

    __hash__ = None  # type: ignore[assignment]


def _of_moments(moments: Moments) -> tuple[int, Near]:
    return moments.n, Near(moments.mean, moments.std_dev() or 0.0)


def _seen_residuals(state: Residuals) -> tuple[Any, ...]:
    return (
        *(_of_moments(m) for m in (state.signed, state.absolute, state.squared, state.labels)),
        Near(state.cross1 / 1e9, state.cross2 / 1e12),
        sorted(np.concatenate([np.empty(0), *state.errors.levels]).tolist()),
        sorted(np.concatenate([np.empty(0), *state.predictions.levels]).tolist()),
    )


def _seen_losses(state: Losses) -> tuple[Any, ...]:
    return (
        state.beyond, _of_moments(state.log_loss), _of_moments(state.squares),
        state.rows.tolist(), state.positives.tolist(), Near(*state.scores.tolist()),
    )  # fmt: skip


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


CASES = [
    Case(Scores, BINARY, lambda rows: _binary(rows).scores,
         lambda s: (s.level, s.cells.tolist(), s.negatives.tolist(), s.positives.tolist(),
                    Near(0.0, *s.gains.tolist())), 2_000),
    Case(Losses, BINARY, lambda rows: _binary(rows).losses, _seen_losses, 1_200),
    Case(Amounts, BINARY, lambda rows: _binary(rows).amounts,
         lambda s: (s.unpriced, Near(s.floor), _of_moments(s.costs), Near(*s.by_outcome)), 700),
    Case(Confusion, CLASSES, _classes, lambda s: (s.labels, s.counts.tolist()), 500),
    Case(Residuals, PAIRS, _residuals, _seen_residuals, 2_500),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("most_cells", [16_384, 5])
@settings(max_examples=20)
@given(data=st.data())
def test_any_split_gives_the_state_of_the_whole(
    case: Case, most_cells: int, data: st.DataObject
) -> None:
    """Empty and one-element parts too, and scores that are kept in few cells."""
    rows = data.draw(case.rows)
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=4).map(sorted))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tidegauge.states.scores.MOST_CELLS", most_cells)
        parts = [case.fold(rows[a:b]) for a, b in pairwise([0, *cuts, len(rows)])]

        assert case.seen(case.fold(rows)) == case.seen(case.kind.merge_all(parts))


@pytest.mark.parametrize("case", CASES, ids=str)
@settings(max_examples=15)
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
@settings(max_examples=15)
@given(data=st.data())
def test_bytes_hold_the_whole_state(case: Case, data: st.DataObject) -> None:
    """A state read back from its bytes is the same state, and the bytes keep to their bound."""
    state = case.fold(data.draw(case.rows))
    back = case.kind.from_bytes(state.to_bytes())

    assert case.seen(state) == case.seen(back)
    assert state.to_bytes() == back.to_bytes()
    assert len(state.to_bytes()) <= case.size_bound


@given(st.lists(SCORES, min_size=1, max_size=30))
def test_keys_keep_the_order_of_scores_and_give_them_back(values: list[float]) -> None:
    """Within [0, 1] to the last bit; beyond it to a relative 1e-15."""
    scores = np.sort(np.array(values)) + 0.0
    keys = keys_of(scores)
    within = (scores >= 0) & (scores <= 1)

    assert (np.diff(keys.astype(object)) >= 0).all()
    assert scores[within].tolist() == scores_of(keys)[within].tolist()
    assert scores.tolist() == pytest.approx(scores_of(keys).tolist(), rel=1e-15, abs=5e-323)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30, unique=True))
def test_different_probabilities_have_different_keys(values: list[float]) -> None:
    """No two are taken for one while all have room."""
    assert len(values) == len(set(keys_of(np.array(values)).tolist()))


def test_the_grid_is_as_fine_near_one_as_near_zero() -> None:
    """Mirrored scores fall into mirrored cells, so that no class is seen more dimly."""
    low = np.random.default_rng(5).random(50_000) ** 4
    both = np.concatenate((low, 1.0 - low))
    cells = Scores.of_values(both, np.arange(len(both)) < len(low))
    rows = cells.negatives + cells.positives

    assert cells.level > 0
    assert rows.sum() == len(both)
    assert rows[: len(rows) // 4].sum() == pytest.approx(rows[-(len(rows) // 4) :].sum(), rel=0.01)


@pytest.mark.parametrize(
    "scores",
    [
        np.random.default_rng(7).beta(1, 4, 200_000),
        np.random.default_rng(7).beta(1, 4, 200_000) * (np.arange(200_000) % 9 > 0),
        1.0 - np.random.default_rng(7).random(200_000) ** 6,
        np.random.default_rng(7).normal(0, 3, 200_000),
        np.random.default_rng(7).random(200_000).round(3),
        np.random.default_rng(7).integers(1 << 30, (1 << 30) + 150_000, 200_000) / 2**40,
        np.full(200_000, 0.25),
    ],
    ids=["beta", "with zeros", "near one", "beyond", "rounded", "close together", "one"],
)
def test_many_scores_are_the_state_of_their_sorted_parts(scores: NDArray[np.float64]) -> None:
    """Counted in a grid, or sorted where that is too coarse: the same cells and counts."""
    positive = np.arange(len(scores)) % 3 == 0
    parts = (slice(start, start + 10_000) for start in range(0, len(scores), 10_000))
    merged = Scores.merge_all(Scores.of_values(scores[part], positive[part]) for part in parts)

    assert merged.to_bytes() == Scores.of_values(scores, positive).to_bytes()


def test_a_million_scores_stay_within_the_size() -> None:
    """The largest state keeps to its documented size, and its cells to their number."""
    rng = np.random.default_rng(6)
    parts = [
        Scores.of_values(rng.random(100_000), rng.random(100_000) < 0.5, rng.random(100_000))
        for _ in range(10)
    ]
    merged = Scores.merge_all(parts)

    assert 1_000_000 == merged.negatives.sum() + merged.positives.sum()
    assert len(merged.cells) <= 16_384
    assert len(merged.to_bytes()) < 400_000


@pytest.mark.parametrize("subsamples", [False, True])
@settings(max_examples=20)
@given(rows=BINARY, cut=st.integers(0, 40))
def test_profiles_merge_and_are_kept_as_they_are(
    rows: list[Any], cut: int, *, subsamples: bool
) -> None:
    """The product of states: merged, and read back from its bytes and from Parquet."""
    plan = QualityPlan(Problem.BINARY, subsamples=subsamples)

    def fold(some: list[Any], first: int) -> QualityProfile:
        table = pa.table(
            {
                "id": pa.array([str(first + i) for i in range(len(some))], pa.string()),
                "score": pa.array([row[0] for row in some], pa.float64()),
                "label": pa.array([row[1] for row in some], pa.bool_()),
            }
        )
        return fold_quality(table, plan)

    def seen(profile: QualityProfile) -> list[Any]:
        parts = (profile, *profile.subsamples)
        return [(p.rows, p.confusion.counts.tolist(), p.scores.to_bytes()) for p in parts]

    whole = fold(rows, 0)
    merged = QualityProfile.merge_all(
        (QualityProfile(), fold(rows[:cut], 0), fold(rows[cut:], len(rows[:cut])))
    )

    assert seen(whole) == seen(merged)
    assert whole.to_bytes() == QualityProfile.from_bytes(whole.to_bytes()).to_bytes()
    assert whole.to_bytes() == from_parquet(to_parquet(whole), "kept").to_bytes()


def test_profiles_of_two_plans_do_not_merge() -> None:
    """Counts at two thresholds add up to nothing that has a meaning."""
    one = QualityProfile(QualityPlan(Problem.BINARY, threshold=0.5))
    other = QualityProfile(QualityPlan(Problem.BINARY, threshold=0.6))

    with pytest.raises(UsageError, match="different settings"):
        QualityProfile.merge_all((one, other))


def test_every_state_has_its_laws_tested() -> None:
    """A state added to the profile must be added to the cases."""
    assert set(STATES.values()) == {case.kind for case in CASES}
