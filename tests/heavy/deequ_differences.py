"""Where Deequ's profile differs from ours, and why: one row a difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Feature = dict[str, Any]  # of statistics.json
NUMBERS = ("mean", "sum", "std_dev", "min", "max")


@dataclass(frozen=True)
class Difference:
    """Why some fields of some columns differ; `applies` is asked of ours and of Deequ's."""

    reason: str
    fields: tuple[str, ...]
    applies: Callable[[str, Feature, Feature], bool]


def numbers_of(feature: Feature) -> dict[str, Any]:
    """What is compared: type, counts, numbers, distinct values, categories, buckets."""
    numeric = feature.get("numerical_statistics") or {}
    text = feature.get("string_statistics") or {}
    common = (numeric or text).get("common") or {}
    categories = (text.get("distribution") or {}).get("categorical", {}).get("buckets")
    buckets = (numeric.get("distribution") or {}).get("kll", {}).get("buckets")
    return {
        "type": feature["inferred_type"],
        "present": common.get("num_present"),
        "missing": common.get("num_missing"),
        **{name: numeric.get(name) for name in NUMBERS},
        "distinct": text.get("distinct_count"),
        "categories": categories and sorted((b["value"], b["count"]) for b in categories),
        "buckets": buckets and [b["count"] for b in buckets],
    }


def same(one: object, other: object) -> bool:
    """Equal, or equal but for the last digits of float64."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


def _kind(feature: Feature) -> str:
    return str(feature["tidegauge"]["kind"])


def _odd(feature: Feature) -> bool:
    detail = feature["tidegauge"]
    names = ("nan", "positive_infinity", "negative_infinity")
    return any(detail.get(name) for name in names)


def _sampled(feature: Feature) -> bool:
    kll = ((feature.get("numerical_statistics") or {}).get("distribution") or {}).get("kll") or {}
    return len((kll.get("sketch") or {}).get("data", ())) > 1


def _no_values(feature: Feature) -> bool:
    return not (numbers_of(feature)["present"] or 0)


DIFFERENCES = (
    Difference(
        "Deequ is given rows, which have no column for the elements of a list or a map",
        ("type", "present", "missing", *NUMBERS, "distinct", "categories", "buckets"),
        lambda _, ours, __: "[]" in ours["name"],
    ),
    Difference(
        "Deequ has no dates and no binary: they are Unknown, and nothing is computed",
        ("type", "present", "missing", *NUMBERS, "buckets", "distinct"),
        lambda _, ours, __: _kind(ours) in ("date", "binary"),
    ),
    Difference(
        "Deequ takes times for texts and lists none of them; here they are seconds",
        ("type", *NUMBERS, "buckets", "distinct", "categories"),
        lambda _, ours, __: _kind(ours) == "timestamp",
    ),
    Difference(
        "Deequ knows no type where there is no value; here a column of texts stays one",
        ("type", "present", "missing", "distinct", "categories"),
        lambda _, ours, __: (
            _kind(ours) in ("text", "boolean", "empty", "binary") and _no_values(ours)
        ),
    ),
    Difference(
        "NaN or an infinity makes Deequ's numbers none; here they are counted apart",
        (*NUMBERS, "buckets"),
        lambda _, ours, __: _odd(ours),
    ),
    Difference(
        "Deequ adds up without care for cancellation, where the digits of a mean get lost",
        ("mean", "sum"),
        lambda case, _, __: case in ("float edges", "many values", "beyond 2**53", "int64 edges"),
    ),
    Difference(
        "squares and ranges beyond float64: Deequ's are infinite, and so not stated",
        ("std_dev", "buckets", "sum", "mean"),
        lambda case, _, __: case in ("float edges", "int64 edges"),
    ),
    Difference(
        "whole numbers that 64 bits with a sign do not hold are fractions in rows",
        ("type",),
        lambda case, ours, __: (
            case in ("int64 edges", "beyond 2**53") and _kind(ours) == "integral"
        ),
    ),
    Difference(
        "Deequ computes with float64, where neighbours beyond 2**53 are the same number",
        ("std_dev", "buckets"),
        lambda case, _, __: case == "beyond 2**53",
    ),
    Difference(
        "Deequ's KLL starts its extremes at Int.MaxValue, and its bars are those extremes'",
        ("buckets",),
        lambda case, _, __: case in ("time edges", "decimals"),
    ),
    Difference(
        "two KLL sketches of more values than they hold drop different ones",
        ("buckets",),
        lambda _, ours, theirs: _sampled(ours) or _sampled(theirs),
    ),
    Difference(
        "Deequ estimates distinct values by HyperLogLog; here they are exact up to 4,095",
        ("distinct",),
        lambda _, ours, __: _kind(ours) == "text",
    ),
    Difference(
        "texts of more than 256 bytes are not listed here",
        ("categories",),
        lambda _, ours, __: _kind(ours) == "text" and ours["tidegauge"].get("max_length", 0) > 250,
    ),
)
