"""`sensitive.json`: which of a baseline's columns are hashed, and a fingerprint of the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import Reader, text, texts, version_one

if TYPE_CHECKING:
    from collections.abc import Iterable


def encode(columns: Iterable[str], fingerprint: str) -> dict[str, Any]:
    """The document, columns in the order given."""
    return {"version": 1, "columns": list(columns), "key_fingerprint": fingerprint}


def decode(document: dict[str, Any], where: str) -> tuple[tuple[str, ...], str]:
    """The columns and the fingerprint.

    Raises:
        DocumentError: a value is missing or unfit, or the version is another.
    """
    reader = Reader(document, where)
    reader.get("version", version_one)
    return reader.get("columns", texts), reader.get("key_fingerprint", text)
