"""`calibration.json`: what is written is read again, and what is wrong has its place told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.documents.calibration import decode, encode
from tidegauge.documents.text import dump, load
from tidegauge.errors import DocumentError
from tidegauge.model.statistics import Sketch
from tidegauge.rules.alarms.calibration import Calibration, FeatureCalibration, Season
from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated
from tidegauge.rules.alarms.proportions import Share

NUMBERS = st.floats(0.0, 1e6)
EFFECTS = st.builds(DesignEffect, st.integers(8, 400), NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
SWINGS = EFFECTS | st.builds(Uncalibrated, st.text())
SHARES = st.builds(
    Share, st.integers(0, 10**9), st.integers(1, 10**12), st.none() | EFFECTS, NUMBERS
)
TEXTS = st.lists(st.text(max_size=5), max_size=3).map(tuple)
COUNTED = st.dictionaries(
    st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 2**40), min_size=1, max_size=6
).map(lambda counts: Sketch.of_counts(sorted(counts), [counts[v] for v in sorted(counts)]))
SEASONS = st.builds(Season, st.text(), COUNTED, effect=st.none() | EFFECTS) | st.builds(
    Season,
    st.text(),
    counts=st.dictionaries(st.text(max_size=4), st.integers(0, 2**40)),
    effect=EFFECTS,
)
FEATURES = st.builds(
    FeatureCalibration,
    SWINGS,
    SWINGS,
    st.none() | SHARES,
    st.dictionaries(st.integers(0, 23), SEASONS, max_size=3),
)
CALIBRATIONS = st.builds(
    Calibration,
    st.text(),
    TEXTS,
    st.lists(st.integers(0, 2**40), max_size=3).map(tuple),
    TEXTS,
    st.dictionaries(st.text(max_size=5), FEATURES, max_size=3),
    TEXTS,
)
EFFECT = DesignEffect(9, 100.5, 1.5, 0.8225, 0.4)
WHOLE = Calibration(
    "P1D", ("2024-03-01T0000Z_P1D",), (10,), ("Monday",),
    {"x": FeatureCalibration(
        EFFECT, Uncalibrated("no gaps"), Share(1, 9, EFFECT, 0.5),
        {0: Season("Monday", Sketch.of_counts([1.0, 2.0], [3, 4]), effect=EFFECT)},
    )},
)  # fmt: skip


@settings(deadline=None)
@given(CALIBRATIONS)
def test_what_is_written_is_read_again(calibration: Calibration) -> None:
    """Through the bytes; every number to the last digit."""
    document = load(dump(encode(calibration)), "calibration.json")
    assert calibration == decode(document, "calibration.json")


@settings(deadline=None)
@given(CALIBRATIONS)
def test_the_same_calibration_has_the_same_bytes(calibration: Calibration) -> None:
    """Written, read, and written again."""
    first = dump(encode(calibration))
    assert first == dump(encode(decode(load(first, "c"), "c")))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("version",), 2, "version: expected version 1"),
        (("rows", 0), -1, "rows: expected"),
        (("features", 0, "name"), None, "features[0].name: expected a text"),
        (("features", 0, "drift", "blocks"), 1.5, "features[0].drift.blocks: expected a count"),
        (("features", 0, "drift", "estimate"), "x", "features[0].drift.estimate: expected"),
        (("features", 0, "novelty", "rows"), None, "features[0].novelty.rows: expected a count"),
        (("features", 0, "seasons", 0, "counts"), {}, "features[0].seasons[0].counts: expected"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(
    path: tuple[str | int, ...], value: object, expected: str
) -> None:
    """In one sentence."""
    document = json.loads(dump(encode(WHOLE)))
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(DocumentError) as told:
        decode(document, "here/calibration.json")
    assert str(told.value).startswith(f"here/calibration.json: {expected}")


@pytest.mark.parametrize("key", ["numbers", "values"])
def test_lists_that_do_not_fit_each_other_are_a_wrong_document(key: str) -> None:
    """A hand that has edited one of them only."""
    document = json.loads(dump(encode(WHOLE)))
    season = document["features"][0]["seasons"][0]
    season[key] = season.pop("numbers")
    if key == "values":
        season["values"] = ["a", "b"]
    season["counts"] = [1]
    with pytest.raises(DocumentError, match="one count for each of 2 values, found 1"):
        decode(document, "calibration.json")
