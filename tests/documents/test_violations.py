"""constraint_violations.json: the service's shape, read and written."""

from __future__ import annotations

import pytest

from tidegauge.documents import violations as codec
from tidegauge.documents.text import dump, load
from tidegauge.errors import DocumentError
from tidegauge.model.outcome import Check, Violation

FOUND = (
    Violation("a/b.c", Check.BASELINE_DRIFT, "Baseline drift distance: 0.3 exceeds threshold: 0.1"),
    Violation("ü", Check.COMPLETENESS, "Value: 0.5 does not ...", {"observed": 0.5, "n": 2}),
)


def test_decode_reads_what_encode_wrote() -> None:
    """The round trip, numbers under our key included."""
    data = dump(codec.encode(FOUND))
    assert FOUND == codec.decode(load(data, "violations"), "violations")


def test_the_shape_is_the_services() -> None:
    """Three keys an entry, and ours under one more where there are numbers; no version."""
    expected = {
        "violations": [
            {
                "feature_name": "a/b.c",
                "constraint_check_type": "baseline_drift_check",
                "description": "Baseline drift distance: 0.3 exceeds threshold: 0.1",
            },
            {
                "feature_name": "ü",
                "constraint_check_type": "completeness_check",
                "description": "Value: 0.5 does not ...",
                "tidegauge": {"observed": 0.5, "n": 2},
            },
        ]
    }
    assert expected == codec.encode(FOUND)


def test_an_empty_list_is_read() -> None:
    """Some of the service's own samples write it."""
    assert codec.decode({"violations": []}, "violations") == ()


def test_an_entry_without_a_description_is_refused() -> None:
    """The path leads to the entry."""
    with pytest.raises(DocumentError, match=r"violations\[0\].description: expected a text"):
        codec.decode({"violations": [{"feature_name": "x", "constraint_check_type": "y"}]}, "v")
