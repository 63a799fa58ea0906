"""Checks ask: a check that takes a test yields its question, and is sent the answer.

So a thousand features' checks read as if each were alone, and yet all questions of one kind are
answered at once: tests are array computations, for which a thousand calls cost more than numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tidegauge.rules.alarms import homogeneity, kolmogorov, proportions

if TYPE_CHECKING:
    from tidegauge.rules.finding import Finding

Question = proportions.Question | kolmogorov.Question | homogeneity.Question
Asking = Generator[Question, Any, "Finding"]
"""A check on its way to its finding; what is sent is the answer to the question last asked."""


def concluded(checks: Iterable[Finding | Asking]) -> list[Finding]:
    """The findings in the order of the checks, of which some are findings already."""
    found: list[Any] = list(checks)
    answers: dict[int, Any] = {i: None for i, c in enumerate(found) if isinstance(c, Generator)}
    while answers:
        asked: dict[type[Question], dict[int, Any]] = defaultdict(dict)
        for i, answer in answers.items():
            try:
                question = found[i].send(answer)
            except StopIteration as ended:
                found[i] = ended.value
            else:
                asked[type(question)][i] = question
        answers = {}
        for questions in asked.values():
            answers |= zip(questions, _answered(list(questions.values())), strict=True)
    return found


def _answered(questions: Sequence[Any]) -> Sequence[Any]:
    """The answers to questions of one kind, in order."""
    match questions[0]:
        case proportions.Question():
            return proportions.answered(questions)
        case kolmogorov.Question():
            return kolmogorov.answered(questions)
        case _:
            return homogeneity.answered(questions)
