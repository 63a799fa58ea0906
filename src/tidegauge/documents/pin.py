"""`baseline/current.json`: which baseline is pinned, by its id; a document of our own."""

from __future__ import annotations

from typing import Any

from tidegauge.documents.reader import Reader, text, version_one


def encode(baseline: str) -> dict[str, Any]:
    """The document that pins a baseline id."""
    return {"version": 1, "baseline": baseline}


def decode(document: dict[str, Any], where: str) -> str:
    """The id of the baseline that a document pins.

    Raises:
        DocumentError: the id is missing or no text, or the version is another.
    """
    reader = Reader(document, where)
    reader.get("version", version_one)
    return reader.get("baseline", text)
