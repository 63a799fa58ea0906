"""`outcomes.json`: what became of every check, held ones too; a document of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import Reader, mapping, one_of, text, version_one
from tidegauge.model.outcome import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable


def encode(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """The document, outcomes in the order given."""
    return {
        "version": 1,
        "outcomes": [
            {
                "feature": outcome.feature,
                "check": str(outcome.check),
                "verdict": outcome.verdict.value,
                "description": outcome.description,
                "numbers": dict(outcome.numbers),
            }
            for outcome in outcomes
        ],
    }


def decode(document: dict[str, Any], where: str) -> tuple[Outcome, ...]:
    """The outcomes of a document that `encode` made.

    Raises:
        DocumentError: a value is missing or unfit, or the version is another.
    """
    reader = Reader(document, where)
    reader.get("version", version_one)
    return tuple(
        Outcome(
            feature=entry.get("feature", text),
            check=entry.get("check", text),
            verdict=entry.get("verdict", one_of(Verdict)),
            description=entry.get("description", text),
            numbers=entry.get("numbers", mapping),
        )
        for entry in reader.objects("outcomes")
    )
