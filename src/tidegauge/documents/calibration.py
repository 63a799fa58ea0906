"""`calibration.json`: how much each feature swings by itself; a document of our own.

All that a window is judged by stands in it and in the two `statistics.json`, so that every verdict
can be computed again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import (
    Reader,
    count,
    distance,
    each,
    number,
    text,
    texts,
    version_one,
)
from tidegauge.errors import DocumentError
from tidegauge.model.statistics import Sketch
from tidegauge.rules.alarms.calibration import Calibration, FeatureCalibration, Season
from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated
from tidegauge.rules.alarms.proportions import Share

if TYPE_CHECKING:
    from tidegauge.rules.alarms.calibration import Swing

_NUMBERS = ("rows", "estimate", "null_mean", "null_spread", "kurtosis")


def encode(calibration: Calibration) -> dict[str, Any]:
    """The document, features in the order of the baseline."""
    return {
        "version": 1,
        "duration": calibration.duration,
        "blocks": list(calibration.blocks),
        "rows": list(calibration.rows),
        "seasons": list(calibration.seasons),
        "notes": list(calibration.notes),
        "features": [
            {"name": name, **_encode_feature(feature)}
            for name, feature in calibration.features.items()
        ],
    }


def decode(document: dict[str, Any], where: str) -> Calibration:
    """The calibration of a document that `encode` made.

    Raises:
        DocumentError: a value is missing or unfit, or the version is another.
    """
    reader = Reader(document, where)
    reader.get("version", version_one)
    return Calibration(
        reader.get("duration", text),
        reader.get("blocks", texts),
        reader.get("rows", each(count)),
        reader.get("seasons", texts),
        {f.get("name", text): _decode_feature(f) for f in reader.named_objects("features")},
        reader.get("notes", texts),
    )


def _encode_feature(feature: FeatureCalibration) -> dict[str, Any]:
    document: dict[str, Any] = {
        "drift": _encode_swing(feature.drift),
        "missing": _encode_swing(feature.missing),
        "outside": _encode_swing(feature.outside),
    }
    if feature.novelty:
        share = feature.novelty
        document["novelty"] = {"bad": share.bad, "rows": share.rows, "alike": share.alike}
        if share.effect:
            document["novelty"]["effect"] = _encode_swing(share.effect)
    if feature.seasons:
        document["seasons"] = [
            {"season": number, **_encode_season(season)}
            for number, season in feature.seasons.items()
        ]
    return document


def _encode_swing(swing: Swing) -> dict[str, Any]:
    if isinstance(swing, Uncalibrated):
        return {"uncalibrated": swing.reason}
    return {"blocks": swing.blocks, **{name: getattr(swing, name) for name in _NUMBERS}}


def _encode_season(season: Season) -> dict[str, Any]:
    totals = Counter[float]()
    for item, weight in zip(*(a.tolist() for a in season.sketch.weighted()), strict=True):
        totals[item] += int(weight)
    document: dict[str, Any] = {"name": season.name}
    if totals:
        numbers = sorted(totals)
        document |= {"numbers": numbers, "counts": [totals[value] for value in numbers]}
    else:
        document |= {"values": list(season.counts), "counts": list(season.counts.values())}
    return document | ({"effect": _encode_swing(season.effect)} if season.effect else {})


def _decode_feature(reader: Reader) -> FeatureCalibration:
    share = reader.maybe_section("novelty")
    seasons = reader.objects("seasons") if "seasons" in reader.fields else ()
    return FeatureCalibration(
        _decode_swing(reader.section("drift")),
        _decode_swing(reader.section("missing")),
        _decode_share(share) if share else None,
        {season.get("season", count): _decode_season(season) for season in seasons},
        _decode_swing(reader.section("outside")),
    )


def _decode_share(reader: Reader) -> Share:
    effect = reader.maybe_section("effect")
    return Share(
        reader.get("bad", count),
        reader.get("rows", count),
        _decode_effect(effect) if effect else None,
        reader.get("alike", distance),
    )


def _decode_season(reader: Reader) -> Season:
    effect, counts = reader.maybe_section("effect"), reader.get("counts", each(count))
    season = Season(reader.get("name", text), effect=_decode_effect(effect) if effect else None)
    numbers = reader.maybe("numbers", each(number))
    values = reader.get("values", texts) if numbers is None else ()
    if len(counts) != len(numbers or values):
        place = f"{reader.where}: {reader.at('counts')}"
        expected = f"expected one count for each of {len(numbers or values)} values"
        raise DocumentError(f"{place}: {expected}, found {len(counts)}")
    if numbers:
        return replace(season, sketch=Sketch.of_counts(numbers, counts))
    return replace(season, counts=dict(zip(values, counts, strict=True)))


def _decode_swing(reader: Reader) -> Swing:
    if "uncalibrated" in reader.fields:
        return Uncalibrated(reader.get("uncalibrated", text))
    return _decode_effect(reader)


def _decode_effect(reader: Reader) -> DesignEffect:
    return DesignEffect(
        reader.get("blocks", count), **{name: reader.get(name, number) for name in _NUMBERS}
    )
