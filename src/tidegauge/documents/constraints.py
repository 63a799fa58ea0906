"""`constraints.json`: every shape that SageMaker ever wrote is read, only the modern one written.

Sources: the developer guide, "Schema for Constraints"; files that the service wrote in 2019 and
since 2021; what the SDK's `Constraints.set_monitoring` writes.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from tidegauge.documents.reader import (
    Reader,
    count,
    distance,
    flag,
    mapping,
    number,
    one_of,
    share,
    text,
    texts,
    version_zero,
)
from tidegauge.model.statistics import InferredType
from tidegauge.rules.constraints import (
    CategoricalMethod,
    ComparisonMethod,
    Constraints,
    FeatureConstraints,
    MonitoringConfig,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tidegauge.documents.reader import Fit

_METHOD = one_of(
    ComparisonMethod,
    {"linf_simple": ComparisonMethod.SIMPLE, "linf_robust": ComparisonMethod.ROBUST},
)
_SETTINGS: Mapping[str, Fit[Any]] = {
    "evaluate_constraints": flag,
    "emit_metrics": flag,
    "datatype_check_threshold": share,
    "domain_content_threshold": share,
}
_DISTRIBUTION: Mapping[str, Fit[Any]] = {
    "perform_comparison": flag,
    "comparison_threshold": distance,
    "comparison_method": _METHOD,
    "categorical_comparison_threshold": distance,
    "categorical_drift_method": one_of(CategoricalMethod),
}
_FITS = {**_SETTINGS, **_DISTRIBUTION}
# Older spellings of a setting: a typo of the docs, and two keys of 2019. The meaning of the latter
# is read from their names; no source says it.
_OLDER = {
    "comparion_method": "comparison_method",
    "enable_comparisons": "perform_comparison",
    "min_domain_mass": "domain_content_threshold",
}
_EXTENSION = "tidegauge"
_RANGE, _RANGE_KEYS = "range", ("above", "up_to")
_LENGTH, _LENGTH_KEYS = "length", ("at_least", "up_to")
_SECTION = "distribution_constraints"
_OVERRIDES = "monitoringConfigOverrides"  # as the docs write it; the SDK's spelling is read, too
_OVERRIDES_SPELLINGS = (_OVERRIDES, "monitoring_config_overrides")
_FEATURE_KEYS = (
    *("name", "inferred_type", "completeness", "num_constraints", "string_constraints"),
    *_OVERRIDES_SPELLINGS,
    _EXTENSION,
)


def encode(constraints: Constraints) -> dict[str, Any]:
    """The document in its modern shape; overrides stand at the feature, as in the docs."""
    config = constraints.config
    document: dict[str, Any] = {
        "version": 0.0,
        "features": [_encode_feature(feature) for feature in constraints.features],
        "monitoring_config": _encode_settings(
            {f.name: getattr(config, f.name) for f in fields(config)}
        ),
    }
    if constraints.extension:
        document[_EXTENSION] = dict(constraints.extension)
    return document


def _encode_feature(feature: FeatureConstraints) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": feature.name,
        "inferred_type": feature.inferred_type.value,
    }
    if feature.completeness is not None:
        document["completeness"] = float(feature.completeness)
    if feature.is_non_negative is not None:
        document["num_constraints"] = {"is_non_negative": feature.is_non_negative}
    if feature.domains is not None:
        document["string_constraints"] = {"domains": list(feature.domains)}
    if feature.overrides:
        document[_OVERRIDES] = _encode_settings(feature.overrides)
    extension = dict(feature.extension)
    if feature.range is not None:
        extension[_RANGE] = dict(zip(_RANGE_KEYS, feature.range, strict=True))
    if feature.length is not None:
        extension[_LENGTH] = dict(zip(_LENGTH_KEYS, feature.length, strict=True))
    if extension:
        document[_EXTENSION] = extension
    return document


def _encode_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in the nested shape of `monitoring_config`, in its order."""
    words = {name: _word(settings[name]) for name in _FITS if name in settings}
    outer = {name: word for name, word in words.items() if name in _SETTINGS}
    inner = {name: word for name, word in words.items() if name in _DISTRIBUTION}
    return outer | ({_SECTION: inner} if inner else {})


def _word(setting: float | str) -> str | float:
    match setting:
        case bool():
            return "Enabled" if setting else "Disabled"
        case str():
            return str(setting)
        case _:
            return float(setting)


def decode(document: dict[str, Any], where: str) -> Constraints:
    """The constraints of a document that `load` has read; `where` names it in messages.

    Unknown keys are tolerated unless they look like a slip for a known one.

    Raises:
        DocumentError: a value is missing or unfit, or a name stands twice.
    """
    reader = Reader(document, where)
    reader.maybe("version", version_zero)
    reader.refuse_misspelled(("version", "features", "monitoring_config", _EXTENSION))
    return Constraints(
        features=tuple(map(_decode_feature, reader.named_objects("features"))),
        config=_decode_config(reader.maybe_section("monitoring_config")),
        extension=reader.maybe(_EXTENSION, mapping) or {},
    )


def _decode_feature(reader: Reader) -> FeatureConstraints:
    reader.refuse_misspelled(_FEATURE_KEYS)
    numbers = reader.maybe_section("num_constraints")
    strings = reader.maybe_section("string_constraints")
    if numbers:
        numbers.refuse_misspelled(("is_non_negative", *_OVERRIDES_SPELLINGS))
    if strings:
        strings.refuse_misspelled(("domains", *_OVERRIDES_SPELLINGS))
    extension = reader.maybe(_EXTENSION, mapping) or {}
    # The inner ones win: that is where the SDK switches a feature off in a document of ours.
    overrides: dict[str, Any] = {}
    for holder in filter(None, (reader, numbers, strings)):
        for section in filter(None, map(holder.maybe_section, _OVERRIDES_SPELLINGS)):
            overrides |= _decode_settings(section)
    return FeatureConstraints(
        name=reader.get("name", text),
        inferred_type=reader.get("inferred_type", one_of(InferredType)),
        completeness=reader.maybe("completeness", share),
        is_non_negative=numbers.maybe("is_non_negative", flag) if numbers else None,
        domains=strings.maybe("domains", texts) if strings else None,
        overrides=overrides,
        range=_decode_range(reader.maybe_section(_EXTENSION)),
        length=_decode_length(reader.maybe_section(_EXTENSION)),
        extension={k: v for k, v in extension.items() if k not in {_RANGE, _LENGTH}},
    )


def _decode_range(extension: Reader | None) -> tuple[float | None, float | None] | None:
    found = extension.maybe_section(_RANGE) if extension else None
    if found is None:
        return None
    found.refuse_misspelled(_RANGE_KEYS)
    above, up_to = (found.maybe(key, number) for key in _RANGE_KEYS)
    return above, up_to


def _decode_length(extension: Reader | None) -> tuple[int, int] | None:
    found = extension.maybe_section(_LENGTH) if extension else None
    if found is None:
        return None
    found.refuse_misspelled(_LENGTH_KEYS)
    at_least, up_to = (found.get(key, count) for key in _LENGTH_KEYS)
    return at_least, up_to


def _decode_config(reader: Reader | None) -> MonitoringConfig:
    settings = _decode_settings(reader) if reader else {}
    if "comparison_threshold" in settings:
        # The docs' default, which also serves files from before the categorical options.
        settings.setdefault("categorical_comparison_threshold", settings["comparison_threshold"])
    return replace(MonitoringConfig(), **settings)


def _decode_settings(reader: Reader) -> dict[str, Any]:
    """The settings that are there, flat, wherever between the two levels they stand."""
    settings: dict[str, Any] = {}
    for section in filter(None, (reader, reader.maybe_section(_SECTION))):
        section.refuse_misspelled((*_FITS, *_OLDER, _SECTION))
        for key in section.fields:
            name = _OLDER.get(key, key)
            if name in _FITS and section.fields[key] is not None:
                settings[name] = section.get(key, _FITS[name])
    return settings
