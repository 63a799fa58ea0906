"""`baseline/current.json`: which baselines are pinned, by type and id; a document of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import Reader, text, version_one

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATA_QUALITY = "data_quality"
_FIRST_KEY = "baseline"  # of data quality: its pin is older than the other types


def encode(pins: Mapping[str, str]) -> dict[str, Any]:
    """The document that pins a baseline id for each type of monitor."""
    keys = {_FIRST_KEY if type_ == _DATA_QUALITY else type_: id_ for type_, id_ in pins.items()}
    return {"version": 1, **keys}


def decode(document: dict[str, Any], where: str) -> dict[str, str]:
    """The ids of the baselines that a document pins, by type.

    Raises:
        DocumentError: an id is no text, or the version is another.
    """
    reader = Reader(document, where)
    reader.get("version", version_one)
    return {
        _DATA_QUALITY if key == _FIRST_KEY else key: reader.get(key, text)
        for key in reader.fields
        if key != "version"
    }
