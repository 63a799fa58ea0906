"""docs/alarms.md: its computation is the one that is made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.rules.alarms import kolmogorov
from tidegauge.rules.alarms.design_effect import DesignEffect

DOCS = Path(__file__).parents[3] / "docs" / "alarms.md"


def documented() -> dict[str, Any]:
    """What the page's Python block defines."""
    (block,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    return names


@given(
    st.integers(8, 500),
    st.floats(10, 1e5),
    st.floats(0.2, 500),
    st.floats(0.001, 1),
    st.integers(20, 10**6),
    st.integers(20, 10**7),
)
def test_a_p_value_can_be_computed_from_the_documents(
    blocks: int, rows: float, estimate: float, gap: float, n: int, m: int
) -> None:
    """With the numbers of the outcome and scipy, and nothing of ours."""
    effect = DesignEffect(blocks, rows, estimate, 0.8225, 0.4)
    numbers = {
        "effect": gap,
        "n": n,
        "baseline_n": m,
        "design_effect": {
            "blocks": blocks,
            "rows": rows,
            "estimate": estimate,
            "null_mean": 0.8225,
            "null_spread": 0.4,
            "kurtosis": 0.0,
        },
    }
    p = documented()["p_value"](numbers)

    assert kolmogorov.p_value(gap, n, m, effect) == pytest.approx(min(1.0, p), rel=1e-9)


def test_the_step_by_step_numbers_are_right() -> None:
    """The threshold and the p-value that the page computes for 995 and 77,911 rows."""
    assert "0.0635" == f"{kolmogorov.critical_gap(995, 77_911, 1 / 1380):.4f}"
    assert "5.26e-125" == f"{kolmogorov.p_value(0.382086, 995, 77_911):.2e}"
