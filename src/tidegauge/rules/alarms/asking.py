"""Checks ask: a check that takes a test yields its question, and is sent the answer.

So a thousand features' checks read as if each were alone, and yet all questions of one kind are
answered at once: tests are array computations, for which a thousand calls cost more than numbers.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import chain
from typing import TYPE_CHECKING, Any

from tidegauge.rules.alarms import homogeneity, kolmogorov, proportions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegauge.rules.finding import Finding

Question = proportions.Question | kolmogorov.Question | homogeneity.Question
Asking = Generator[Question, Any, "Finding"]
"""A check on its way to its finding; what is sent is the answer to the question last asked."""


def concluded(checks: Iterable[Finding | Asking]) -> list[Finding]:
    """The findings in the order of the checks, of which some are findings already."""
    found: list[Any] = list(checks)
    answers: dict[int, Any] = {i: None for i, c in enumerate(found) if isinstance(c, Generator)}
    while answers:
        asked: dict[int, Question] = {}
        for i, answer in answers.items():
            try:
                asked[i] = found[i].send(answer)
            except StopIteration as ended:
                found[i] = ended.value
        answers = _answered(asked)
    return found


def _answered(asked: Mapping[int, Question]) -> dict[int, Any]:
    """The answers by the numbers of the questions; tables ask for shares as well."""
    shares = {i: q for i, q in asked.items() if isinstance(q, proportions.Question)}
    gaps = {i: q for i, q in asked.items() if isinstance(q, kolmogorov.Question)}
    tables = {i: q for i, q in asked.items() if isinstance(q, homogeneity.Question)}
    of_tables = chain.from_iterable(question.shares for question in tables.values())
    known = proportions.answered([*shares.values(), *of_tables])
    answers: dict[int, Any] = {i: known[question] for i, question in shares.items()}
    answers |= zip(gaps, kolmogorov.answered(list(gaps.values())), strict=True)
    answers |= zip(tables, homogeneity.answered(list(tables.values()), known), strict=True)
    return answers
