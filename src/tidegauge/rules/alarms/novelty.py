"""Novelty: how many rows with unseen values does the baseline itself let expect?

No baseline has seen every value, so that some new ones are no news. How many rows have one is told
by the values that the baseline saw once only, or in one block only. The test of a window's share
of such rows is that of any share: `proportions.p_value`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.rules.alarms.blocks import share
from tidegauge.rules.alarms.design_effect import DesignEffect
from tidegauge.rules.alarms.proportions import Share

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


def by_singletons(singletons: int, doubletons: int, rows: int) -> Share:
    """From the numbers of values seen once (f1) and twice (f2) among independent rows.

    A row is as likely to bring an unseen value as any of the baseline's was to be the only one of
    its value: `f1 / rows` (Good 1953, "The population frequencies of species and the estimation of
    population parameters", section 2, after Turing). Rows with unseen values come several of one
    kind, the more the longer the window: they are alike by Good's next term, `2 f2 / (rows f1)`,
    here `2 (f2 + 1) / (rows (f1 + 1))`. Without it a window as long as the baseline alarms up to
    17 times too often at alpha = 0.002, one of ten times its length up to 31 times.

    Raises:
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError("without rows there is nothing to expect")
    return Share(singletons, rows, alike=2.0 * (doubletons + 1) / (rows * (singletons + 1)))


def by_blocks(
    blocks: Sequence[Mapping[str, int]], elsewhere: Collection[str] = frozenset()
) -> Share:
    """From counts by value in blocks of the baseline: a block's rows with values of no other block.

    At least as many as the singletons. Where the blocks do not calibrate (fewer than 8, or no such
    row) the singletons alone tell. `elsewhere` are values of rows that are in none of the blocks.
    """
    seen_in: dict[str, int] = dict.fromkeys(elsewhere, 1)
    totals: dict[str, int] = {}
    for block in blocks:
        for value, count in block.items():
            seen_in[value] = seen_in.get(value, 0) + (count > 0)
            totals[value] = totals.get(value, 0) + count
    rows = [sum(block.values()) for block in blocks]
    unseen = [sum(n for value, n in block.items() if seen_in[value] == 1) for block in blocks]
    effect = share(unseen, rows)
    if isinstance(effect, DesignEffect):
        return Share(sum(unseen), sum(rows), effect)
    counts = list(totals.values())
    return by_singletons(counts.count(1), counts.count(2), sum(rows))
