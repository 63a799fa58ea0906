"""`marks.json`: the windows that people have marked as bad; a document of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import Reader, text, version_one
from tidegauge.errors import DocumentError, UsageError
from tidegauge.model.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping


def encode(marks: Mapping[Window, str]) -> dict[str, Any]:
    """The document; each window with the reason that was given."""
    return {
        "version": 1,
        "bad": [{"window": window.key, "reason": marks[window]} for window in sorted(marks)],
    }


def decode(document: dict[str, Any], where: str) -> dict[Window, str]:
    """The bad windows, each with its reason.

    Raises:
        DocumentError: a value is missing or unfit, or the version is another.
    """
    reader = Reader(document, where)
    reader.get("version", version_one)
    found = {}
    for entry in reader.objects("bad"):
        key = entry.get("window", text)
        try:
            found[Window.parse(key)] = entry.get("reason", text)
        except UsageError as error:
            raise DocumentError(f"{where}: {entry.at('window')}: {error}") from error
    return found
