"""The key that says which problem a document of model quality is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.errors import DocumentError
from tidegauge.model.quality import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.documents.reader import Reader

_WORDS = {
    Problem.REGRESSION: "regression",
    Problem.BINARY: "binary_classification",
    Problem.MULTICLASS: "multiclass_classification",
}


def key_of(problem: Problem, what: str) -> str:
    """The key of a section: `binary_classification_metrics` for the word `metrics`."""
    return f"{_WORDS[problem]}_{what}"


def is_of_metrics(document: Mapping[str, Any]) -> bool:
    """Whether the constraints of a document are on a model's metrics, not on features."""
    return any(key_of(problem, "constraints") in document for problem in Problem)


def problem_of(reader: Reader, what: str) -> Problem:
    """The problem whose section the document has.

    Raises:
        DocumentError: it has none, or more than one.
    """
    found = [problem for problem in Problem if key_of(problem, what) in reader.fields]
    if len(found) != 1:
        known = ", ".join(repr(key_of(problem, what)) for problem in Problem)
        keys = ", ".join(map(repr, reader.fields)) or "no keys"
        raise DocumentError(f"{reader.where}: expected one of {known}, found {keys}")
    return found[0]
