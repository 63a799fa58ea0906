"""`constraint_violations.json` of model quality: the metric's name in place of the feature's.

The file is written only when there are violations: its readers take its presence for the news.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import Reader, mapping, text
from tidegauge.model.outcome import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable


def encode(violations: Iterable[Violation]) -> dict[str, Any]:
    """The document; it has no `version`, as the service's has none."""
    return {"violations": [encode_violation(violation) for violation in violations]}


def encode_violation(violation: Violation) -> dict[str, Any]:
    """One entry of the document."""
    document: dict[str, Any] = {
        "constraint_check_type": str(violation.constraint_check_type),
        "description": violation.description,
        "metric_name": violation.feature_name,
    }
    if violation.extension:
        document["tidegauge"] = dict(violation.extension)
    return document


def decode(document: dict[str, Any], where: str) -> tuple[Violation, ...]:
    """The violations of a document, of ours or the service's; the list may be empty.

    Raises:
        DocumentError: a value is missing or unfit.
    """
    return tuple(
        Violation(
            feature_name=entry.get("metric_name", text),
            constraint_check_type=entry.get("constraint_check_type", text),
            description=entry.get("description", text),
            extension=entry.maybe("tidegauge", mapping) or {},
        )
        for entry in Reader(document, where).objects("violations")
    )
