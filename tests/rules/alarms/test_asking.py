"""Questions that are answered together: each answer as if it had been asked for alone."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.model.outcome import Verdict
from tidegauge.rules.alarms import homogeneity, kolmogorov, proportions
from tidegauge.rules.alarms.asking import concluded
from tidegauge.rules.alarms.cells import cells
from tidegauge.rules.alarms.design_effect import DesignEffect
from tidegauge.rules.finding import Finding, not_evaluated

if TYPE_CHECKING:
    from tidegauge.rules.alarms.asking import Asking, Question

EFFECTS = st.one_of(
    st.none(),
    st.builds(
        DesignEffect,
        blocks=st.integers(8, 90),
        rows=st.floats(20, 5000),
        estimate=st.floats(0.5, 30),
        null_mean=st.sampled_from([0.8225, 1.0, 4.0]),
        null_spread=st.floats(0.3, 3),
        kurtosis=st.floats(0, 3),
    ),
)
ALPHAS = st.floats(1e-7, 0.05)
SIZES = st.integers(1, 20_000)
COUNTS = st.lists(st.integers(0, 900), min_size=6, max_size=6).filter(any)
SHARES = st.tuples(SIZES, st.floats(0, 1), SIZES, st.floats(0, 0.2), EFFECTS, ALPHAS).map(
    lambda v: proportions.Question(
        round(v[0] * v[1]), v[0], proportions.Share(round(v[2] * v[3]), v[2], v[4]), v[5]
    )
)
GAPS = st.builds(kolmogorov.Question, st.floats(0, 1), SIZES, SIZES, ALPHAS, st.just(0.8), EFFECTS)
TABLES = st.builds(
    lambda ours, theirs, alpha, effect: homogeneity.Question(
        cells(dict(zip("abcdef", ours, strict=True)), dict(zip("abcdef", theirs, strict=True))),
        alpha,
        effect=effect,
    ),
    COUNTS,
    COUNTS,
    ALPHAS,
    EFFECTS,
)


def check(*questions: Question) -> Asking:
    """One that asks them one after another, and finds nothing but the answers."""
    found = [None] * len(questions)
    for i, question in enumerate(questions):
        found[i] = yield question
    return Finding(Verdict.HELD, "", {"answers": found})


def answers(finding: Finding) -> list[float]:
    """All numbers in a finding, one after another."""
    return [n for found in finding.numbers["answers"] for n in astuple(found) if n is not None]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(SHARES, GAPS, TABLES), min_size=2, max_size=12))
def test_together_each_answer_is_what_it_is_alone(asked: list[Question]) -> None:
    """To a relative 1e-10, whatever else is asked; also where a check has several questions."""
    together = concluded(check(question) for question in asked)
    alone = [concluded([check(question)])[0] for question in asked]
    (one_after_another,) = concluded([check(*asked)])
    expected = [number for finding in alone for number in answers(finding)]
    assert expected == pytest.approx([n for f in together for n in answers(f)], rel=1e-10)
    assert expected == pytest.approx(answers(one_after_another), rel=1e-10)


def test_findings_keep_their_order() -> None:
    """Those that asked nothing stay where they are."""
    known, question = not_evaluated("why"), kolmogorov.Question(0.1, 10, 10, 0.01)
    found = concluded([known, check(question), known, check()])
    assert [known, known] == [found[0], found[2]]
    assert [1, 0] == [len(found[i].numbers["answers"]) for i in (1, 3)]
