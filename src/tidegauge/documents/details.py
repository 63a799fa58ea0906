"""What a feature of `statistics.json` holds under `tidegauge`: the details the service has not.

What is None or 0 is left out, and read back as such; the kind is always there.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import Reader, count, distance, number, one_of, text
from tidegauge.model.statistics import Detail, FrequentValues, Kind, TypeCounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.documents.reader import Fit

_FITS: Mapping[str, Fit[Any]] = {
    "nan": count,
    "positive_infinity": count,
    "negative_infinity": count,
    "zeros": count,
    "negatives": count,
    "empty_strings": count,
    "approximate_distinct": distance,
    "skewness": number,
    "kurtosis": number,
    "exact_min": text,
    "exact_max": text,
    "exact_sum": text,
    "min_length": count,
    "max_length": count,
    "mean_length": distance,
}
_LISTS = ("frequent", "strays")


def encode(detail: Detail | None, failure: str | None) -> dict[str, Any]:
    """The object under `tidegauge`; empty when there is nothing to say."""
    document: dict[str, Any] = {}
    if failure is not None:
        document["failure"] = failure
    if detail is None:
        return document
    document["kind"] = detail.kind.value
    defaults = Detail()
    for name in _FITS:
        value = getattr(detail, name)
        if value != getattr(defaults, name):
            document[name] = value
    if detail.types is not None:
        document["types"] = {f.name: getattr(detail.types, f.name) for f in fields(TypeCounts)}
    for name in _LISTS:
        if (listed := getattr(detail, name)) is not None:
            document[name] = _encode_frequent(listed)
    return document


def _encode_frequent(listed: FrequentValues) -> dict[str, Any]:
    return {
        "values": [{"value": value, "count": n} for value, n in listed.values],
        "other": listed.other,
        "undercount": listed.undercount,
    }


def decode(reader: Reader | None) -> tuple[Detail | None, str | None]:
    """The details and the failure; both None where the document came from elsewhere."""
    if reader is None:
        return None, None
    failure = reader.maybe("failure", text)
    if "kind" not in reader.fields:
        return None, failure
    types = reader.maybe_section("types")
    frequent, strays = map(reader.maybe_section, _LISTS)
    detail = Detail(
        kind=reader.get("kind", one_of(Kind)),
        types=TypeCounts(**{f.name: types.get(f.name, count) for f in fields(TypeCounts)})
        if types
        else None,
        frequent=_decode_frequent(frequent) if frequent else None,
        strays=_decode_frequent(strays) if strays else None,
        **{name: reader.get(name, fit) for name, fit in _FITS.items() if name in reader.fields},
    )
    return detail, failure


def _decode_frequent(reader: Reader) -> FrequentValues:
    return FrequentValues(
        values=tuple(
            (entry.get("value", text), entry.get("count", count))
            for entry in reader.objects("values")
        ),
        other=reader.get("other", count),
        undercount=reader.get("undercount", count),
    )
