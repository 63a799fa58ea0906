"""Novelty: what the baseline itself lets expect of values that it has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from tidegauge.rules.alarms.novelty import by_blocks, by_singletons
from tidegauge.rules.alarms.proportions import Share, p_value, smallest_share


def test_singletons_tell_how_many_are_new() -> None:
    """f1 = 30 of 10,000: never 0, and alike by 2 (f2 + 1) / (rows (f1 + 1))."""
    found = by_singletons(30, 14, 10_000)
    assert Share(30, 10_000, alike=pytest.approx(30 / 310_000)) == found
    assert 31 / 10_000 == found.bound
    assert 1 / 500 == by_singletons(0, 0, 500).bound


def test_good_turing_predicts_the_share_of_unseen_rows() -> None:
    """5,000 rows of a long-tailed column, 200 times: the mean is right within 2 %."""
    rng = np.random.default_rng(1)
    weights = 1 / np.arange(1, 5001)
    weights /= weights.sum()
    drawn = rng.multinomial(5000, weights, 200)
    expected = (drawn == 1).sum(axis=1) / 5000
    unseen = ((drawn == 0) * weights).sum(axis=1)
    assert unseen.mean() == pytest.approx(expected.mean(), rel=0.02)


def test_a_blocks_own_values_are_counted_with_all_their_rows() -> None:
    """x and y occur in one block only: 3 + 1 rows; a and b in several."""
    blocks = [{"a": 50, "b": 10 + i} for i in range(8)]
    blocks[2]["x"], blocks[5]["y"] = 3, 1
    found = by_blocks(blocks)
    assert (4, sum(sum(block.values()) for block in blocks)) == (found.bad, found.rows)
    assert found.effect is not None
    assert 8 == found.effect.blocks


def test_leaving_a_block_out_counts_at_least_the_singletons() -> None:
    """A value of one row is in one block."""
    rng = np.random.default_rng(2)
    drawn = rng.multinomial(300, np.full(800, 1 / 800), 10)
    blocks = [{str(i): int(n) for i, n in enumerate(row) if n} for row in drawn]
    total = drawn.sum(axis=0)
    assert by_blocks(blocks).bad >= (total == 1).sum()


def test_without_enough_blocks_the_singletons_tell() -> None:
    """Three blocks, or a column in which no block has a value of its own."""
    few = [{"a": 40, "b": 1}, {"a": 40, "c": 2}, {"a": 41}]
    assert by_singletons(1, 1, 124) == by_blocks(few)
    assert by_singletons(0, 0, 400) == by_blocks([{"a": 40}] * 10)


def test_rows_are_needed() -> None:
    """An empty baseline lets expect nothing."""
    with pytest.raises(ValueError, match="without rows"):
        by_singletons(0, 0, 0)


def test_some_new_values_are_no_news_and_many_are() -> None:
    """A column with 100 singletons in 10,000 rows, windows of 500."""
    expected = by_singletons(100, 40, 10_000)
    assert p_value(8, 500, expected) > 0.05
    assert p_value(40, 500, expected) < 1e-6
    assert 0.02 < smallest_share(500, expected, 1e-4) < 0.06
