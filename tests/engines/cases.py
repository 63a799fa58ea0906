"""One table of cases for every engine: the columns that engines are known to get wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

INT64 = np.iinfo(np.int64)
FLOAT_MAX = float(np.finfo(np.float64).max)
EPOCH_MILLISECONDS = 1_371_686_400_000  # 2013-06-20T00:00Z
DAY_SECONDS = 86_400
NAN, INF = float("nan"), float("inf")

# Why a column does not come as a Spark DataFrame's, by the name of its Arrow type.
NO_SPARK_TYPE = {
    "null": "Spark reads no Parquet column of type null",
    "halffloat": "Spark has no half floats",
    "timestamp[ns": "Spark reads no nanoseconds from Parquet",
    "decimal256": "Spark's decimals end at 38 digits",
    "decimal32": "Spark's Arrow bridge knows decimal128 only",
    "decimal64": "Spark's Arrow bridge knows decimal128 only",
    "list_view": "Parquet has lists of one form only",
    "sparse_union": "Parquet has no unions",
    "time64": "Spark has no time of day",
    "duration": "Parquet has no durations",
}


@dataclass(frozen=True)
class Case:
    """One table; `failed` has words of the reason why a column has no statistics.

    `off_frame` says why a column is not given to a Spark DataFrame.
    """

    name: str
    table: pa.Table
    failed: Mapping[str, str] = field(default_factory=dict)
    off_frame: Mapping[str, str] = field(default_factory=dict)


@cache
def cases() -> dict[str, Case]:
    """All the cases by their names."""
    made = (*_sparse(), *_floats(), *_integers(), *_spread(), *_times(), *_texts(), *_shapes())
    return {case.name: case for case in made}


def _case(
    name: str,
    columns: Mapping[str, pa.Array],
    failed: Mapping[str, str] | None = None,
    off_frame: str | None = None,
) -> Case:
    """A case of columns that are filled up with nulls to the same length."""
    rows = max(map(len, columns.values()))
    filled = {
        key: pa.concat_arrays([array, pa.nulls(rows - len(array), array.type)])
        if len(array) < rows
        else array
        for key, array in columns.items()
    }
    reasons = {key: off_frame or _no_spark_type(array.type) for key, array in filled.items()}
    gaps = {key: reason for key, reason in reasons.items() if reason}
    return Case(name, pa.table(filled), failed or {}, gaps)


def _no_spark_type(type_: pa.DataType) -> str | None:
    if pa.types.is_decimal(type_) and type_.scale < 0:
        return "Parquet has no negative scale"
    if pa.types.is_list(type_):
        return _no_spark_type(type_.value_type)
    named = (NO_SPARK_TYPE[name] for name in NO_SPARK_TYPE if str(type_).startswith(name))
    return next(named, None)


_TYPES = (
    pa.null(), pa.bool_(), pa.int8(), pa.int64(), pa.uint8(), pa.uint64(), pa.float16(),
    pa.float32(), pa.float64(), pa.decimal128(38, 10), pa.date32(), pa.date64(),
    pa.timestamp("s"), pa.timestamp("us", tz="UTC"), pa.timestamp("ns"), pa.string(),
    pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string()),
)  # fmt: skip


def _sparse() -> Iterable[Case]:
    yield _case(
        "no rows",
        {str(type_): pa.array([], type_) for type_ in _TYPES},
        off_frame="a frame without rows names no window",
    )
    yield _case("all null", {str(type_): pa.nulls(5, type_) for type_ in _TYPES})
    yield _case(
        "one row",
        {
            "int": pa.array([7]),
            "float": pa.array([-2.5]),
            "text": pa.array(["x"]),
            "bool": pa.array([True]),
            "null": pa.array([None], pa.int64()),
            "nan": pa.array([NAN]),
        },
    )


def _floats() -> Iterable[Case]:
    yield _case(
        "special floats",
        {
            "mixed": pa.array([NAN, INF, -INF, -0.0, 0.0, 1.5, None, -1.5, NAN]),
            "only nan": pa.array([NAN] * 9),
            "only inf": pa.array([INF, -INF, INF] * 3),
            "zeros of both signs": pa.array([-0.0, 0.0, -0.0] * 3),
            "negative nan": pa.array([-NAN, 3.0, None] * 3),
        },
    )
    yield _case(
        "float edges",
        {
            "squares overflow": pa.array([0.0, 0.0, 1e200, 5.0]),
            "fourths overflow": pa.array([0.0, 1e100, 1e100, 3e100]),
            "whole range": pa.array([-FLOAT_MAX, 0.0, FLOAT_MAX, 1.0]),
            "two ends": pa.array([-FLOAT_MAX, FLOAT_MAX]),
            "wide bars": pa.array([0.0, FLOAT_MAX, 1.0, 2.0]),
            "fourths underflow": pa.array([0.0, 0.0, 1e-100, 3e-100]),
            "squares underflow": pa.array([0.0, 0.0, 1e-170, 0.0]),
            "subnormal": pa.array([5e-324, -5e-324, 0.0]),
            "float32": pa.array([3.4e38, -3.4e38, 1e-45, 0.1], pa.float32()),
            "float16": pa.array(np.array([65504, -65504, 6e-8, NAN, 1], np.float16)),
        },
    )


def _integers() -> Iterable[Case]:
    for bits in (8, 16, 32, 64):
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        signed, unsigned = getattr(pa, f"int{bits}")(), getattr(pa, f"uint{bits}")()
        # Many rows, since a narrow range is counted where a wide one is sorted.
        yield _case(
            f"int{bits} edges",
            {
                "signed": pa.array([low, high, 0, -1, None] * 60, signed),
                "unsigned": pa.array([0, 2**bits - 1, 1, 2 ** (bits - 1), None] * 60, unsigned),
                "lowest": pa.array([low] * 300, signed),
                "highest": pa.array([2**bits - 1] * 300, unsigned),
            },
        )
    yield _case(
        "int16, all of them",
        {"counted": pa.array(np.arange(-(2**15), 2**15, 2, dtype=np.int16))},
    )
    yield _case(
        "beyond 2**53",
        {
            "neighbours": pa.array([2**53, 2**53 + 1, 2**53 + 2, 2**53 + 3, None]),
            "negative": pa.array([-(2**53) - i for i in range(5)]),
            "identifiers": pa.array(INT64.max - np.arange(5)),
            "unsigned": pa.array([2**64 - 1 - i for i in range(5)], pa.uint64()),
        },
    )
    nines = "9" * 38
    yield _case(
        "decimals",
        {
            "money": _decimals(pa.decimal128(12, 2), "0.10", "-0.20", None, "1000000", "0"),
            "38 digits": _decimals(pa.decimal128(38, 0), nines, f"-{nines}", "1", None, nines),
            "sum of 40 digits": _decimals(pa.decimal128(38, 2), *[nines[:-2] + ".99"] * 200),
            "ids of 18 digits": _decimals(
                pa.decimal128(38, 0), *[str(10**18 + i) for i in range(9)], None, str(10**18)
            ),
            "beyond 64 bits": _decimals(
                pa.decimal128(38, 0), *[str(10**30 + i) for i in range(9)], None, str(10**30)
            ),
            "20 digits": _decimals(
                pa.decimal128(38, 3), *[f"12345678901234567.{i}" for i in range(9)], "0.1", None
            ),
            "38 places": _decimals(pa.decimal128(38, 38), f"0.{nines}", f"-0.{nines}", "0"),
            "negative scale": _decimals(pa.decimal128(5, -4), "1.2E+5", None, "-9E+4"),
            "76 digits": _decimals(pa.decimal256(76, 0), nines * 2, None, "-1"),
            "32 bits": _decimals(pa.decimal32(9, 2), "1.25", None, "-3.50"),
            "64 bits": _decimals(pa.decimal64(18, 2), "1.25", None, "-3.50"),
        },
    )


def _decimals(type_: pa.DataType, *texts: str | None) -> pa.Array:
    return pa.array([None if text is None else Decimal(text) for text in texts], type_)


def _spread() -> Iterable[Case]:
    rng = np.random.default_rng(1)
    yield _case(
        "few values",
        {
            "zero or one": pa.array(rng.integers(0, 2, 3_000)),
            "zero or one as float": pa.array(rng.integers(0, 2, 3_000).astype(float)),
            "bool": pa.array(rng.random(3_000) < 0.3, mask=rng.random(3_000) < 0.1),
            "constant": pa.array(np.full(3_000, 42)),
            "constant float": pa.array(np.full(3_000, 0.1)),
            "constant text": pa.array(["same"] * 3_000),
        },
    )
    rows = 20_000
    holes, half, sentinel = (rng.random(rows) < share for share in (0.02, 0.5, 0.01))
    yield _case(
        "many values",
        {
            "normal": pa.array(rng.normal(1e6, 1.0, rows), mask=holes),
            "lognormal": pa.array(rng.lognormal(0, 3, rows)),
            "serial": pa.array(np.arange(rows)),
            "anywhere": pa.array(rng.integers(INT64.min, INT64.max, rows)),
            "geometric": pa.array(rng.geometric(0.02, rows)),
            "sentinels": pa.array(np.where(sentinel, 1e12, rng.random(rows))),
            "half nan": pa.array(np.where(half, NAN, rng.random(rows))),
        },
    )


def _times() -> Iterable[Case]:
    seconds = [0, -1, 1_371_700_800, None, -5 * DAY_SECONDS - 1, 4 * DAY_SECONDS]
    yield _case(
        "timestamps",
        {
            f"{unit} {zone}": pa.array(
                [None if s is None else s * factor + (factor > 1) for s in seconds],
                pa.timestamp(unit, zone),
            )
            for unit, factor in {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}.items()
            for zone in (None, "UTC", "Asia/Tokyo")
        },
    )
    days = [0, -1, 15_876, None, -719_162]
    yield _case(
        "time edges",
        {
            "nanoseconds": pa.array([-1, -999, -1_000, -1_001, 1_999], pa.timestamp("ns")),
            "epoch milliseconds": pa.array(np.arange(5) + EPOCH_MILLISECONDS),
            "the same as times": pa.array(np.arange(5) + EPOCH_MILLISECONDS, pa.timestamp("ms")),
            "years 1 and 9999": pa.array([-62_135_596_800, 253_402_300_799], pa.timestamp("s")),
            "date32": pa.array(days, pa.int32()).view(pa.date32()),
            "date64": pa.array([d and d * DAY_SECONDS * 1_000 for d in days]).view(pa.date64()),
        },
    )
    yield _case(
        "times beyond the calendar",
        {
            "year 102,000": pa.array([100_000 * 366 * DAY_SECONDS, 0], pa.timestamp("s")),
            "too far for microseconds": pa.array([2**62, 0], pa.timestamp("s")),
            "date32": pa.array([2**31 - 1, -(2**31)], pa.int32()).view(pa.date32()),
            "date64 within a day": pa.array([-1, 86_400_001]).view(pa.date64()),
        },
        {"too far for microseconds": "out of bounds"},
        off_frame="Spark's calendar ends with the year 9999, and Parquet's dates are whole days",
    )


_TEXTS: Mapping[str, list[str | None]] = {
    "words": [
        "",
        None,
        "a",
        "ß",
        "日本",
        "👩‍🚀",
        "NullValue",
        "null",
        "NaN",
        " ",
        "7",
        "1.5",
        "true",
    ],
    "sentinels": ["NullValue", None, "NullValue", "null", "None", "\\N", None],
    "nul inside": ["a\0b", "a", "a\0", "\0", ""],
    "long": ["x" * 257, "é" * 200, "short", "x" * 257, None, "y" * 5_000],
    "256 bytes": ["x" * 256, "é" * 128, "x" * 256],
    "numbers": ["1", "-2", "+ 3", "4.5", ".5", "1e5", "1.", "0x1F", "٣", "1\n", "-1.5E-3"],
    "empty or null": ["", None, "", None],
}


def _texts() -> Iterable[Case]:
    kinds = (pa.string(), pa.large_string(), pa.string_view())
    for type_ in (*kinds, pa.dictionary(pa.int32(), pa.string())):
        yield _case(f"texts as {type_}", {k: pa.array(v, type_) for k, v in _TEXTS.items()})
    yield _case(
        "dictionaries of other values",
        {
            "integers": pa.array([5, None, 7, 5]).dictionary_encode(),
            "large texts": pa.array(["a", "b", None, "a"], pa.large_string()).dictionary_encode(),
            "binary": pa.array([b"a", b"b", None, b"a"]).dictionary_encode(),
            "one unused": _dictionary([0, 0, 0, 0], ["used", "not used"]),
        },
    )
    yield _case(
        "odd dictionaries",
        {
            "null inside": _dictionary([0, 1, 2, None], ["a", None, "b"]),
            "null inside integers": _dictionary([0, 1, 2, None], [1, None, 3]),
        },
        off_frame="they do not survive Parquet",
    )
    yield _case(
        "invalid UTF-8",
        {"broken": _invalid_text()},
        {"broken": "UTF8"},
        off_frame="the JVM replaces what is invalid",
    )
    yield _case(
        "binary",
        {
            "binary": pa.array([b"", b"\0\xff", None, b"\0\xff", b"x" * 300]),
            "fixed": pa.array([b"ab", None, b"cd", b"ab", b"\0\0"], pa.binary(2)),
            "view": pa.array(
                [b"ab", None, b"a much longer one than that", b"ab", b""], pa.binary_view()
            ),
            "large binary": pa.array([b"a", b"bc", None, b"", b""], pa.large_binary()),
        },
    )
    rng = np.random.default_rng(2)
    skewed = pa.array([f"word {i}" for i in rng.zipf(1.5, 50_000) % 30_000])
    yield _case(
        "many texts",
        {
            "all different": pa.array([f"customer {i:06d}" for i in range(50_000)]),
            "skewed": skewed,
            "skewed dictionary": skewed.dictionary_encode(),
            "one that is rare": pa.array(["often"] * 25_000 + ["too"] * 24_999 + ["once"]),
            "600 words": pa.array([f"w{i}" for i in rng.integers(0, 600, 50_000)]),
        },
    )


def _dictionary(codes: list[int | None], values: list[object]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(values))


def _invalid_text() -> pa.Array:
    offsets = pa.array([0, 2, 4], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"\xff\xfeab")])


def _shapes() -> Iterable[Case]:
    point = pa.struct([("x", pa.float64()), ("y", pa.struct([("z", pa.string())]))])
    points = [{"x": 1, "y": {"z": "a"}}, None, {"x": None, "y": None}, {"x": 2, "y": {"z": None}}]
    yield _case("structs", {"point": pa.array(points, point), "plain": pa.array([1, 2, 3, 4])})
    names = (
        "a.b",
        "with space",
        "größe",
        "日本語",
        "a/b",
        "x=1",
        "..",
        "`tick`",
        '"quote"',
        "'",
        "",
    )
    yield _case("odd names", {name: pa.array([i, None, -i]) for i, name in enumerate(names)})
    yield _case(
        "two columns of one name",
        {
            "s": pa.array([{"x": 1}, {"x": 2}]),
            "s.x": pa.array([3, 4]),
            "whole": pa.array([5, 6]),
        },
        {"s.x": "more than one column"},
    )
    yield from _lists()
    yield _case(
        "not profiled",
        {
            "time": pa.array([1, None, 3], pa.time64("us")),
            "times": pa.array([[1], None, [3, 4]], pa.list_(pa.time64("us"))),
            "duration": pa.array([1, None, 3], pa.duration("us")),
            "union": _union(),
            "whole": pa.array([1, None, 3]),
        },
        {
            "time": "time64",
            "times[]": "time64",
            "duration": "duration",
            "union": "union",
        },
    )


def _lists() -> Iterable[Case]:
    numbers = [[1, 2], [], None, [3, None, 3]]
    yield _case(
        "lists",
        {
            "list": pa.array(numbers, pa.list_(pa.int64())),
            "large": pa.array(numbers, pa.large_list(pa.float64())),
            "fixed": pa.array([[1, 2], None, [3, None], [4, 5]], pa.list_(pa.int8(), 2)),
            "view": pa.array(numbers, pa.list_view(pa.int64())),
            "texts": pa.array([["a", ""], None, [None], ["NullValue"]]),
            "of nothing": pa.array([[], [None], None, []], pa.list_(pa.null())),
            "empty": pa.array([[], [], None, []], pa.list_(pa.decimal128(9, 2))),
            "of lists": pa.array([[[1], None, []], None, [], [[2, 3]]]),
            "dictionary": _codes_in_lists(),
        },
        off_frame=None,
    )
    entry = pa.struct([("sku", pa.string()), ("prices", pa.list_(pa.decimal128(9, 2)))])
    entries = [
        [{"sku": "a", "prices": [Decimal("1.10")]}, None],
        None,
        [],
        [{"sku": None, "prices": [Decimal("-0.30"), None]}, {"sku": "b", "prices": None}],
    ]
    yield _case(
        "nested in each other",
        {
            "items": pa.array(entries, pa.list_(entry)),
            "order": pa.array(
                [{"lines": [1.5, float("nan")]}, None, {"lines": None}, {"lines": []}],
                pa.struct([("lines", pa.list_(pa.float64()))]),
            ),
            "map": pa.array(
                [[("k", 1), ("l", None)], None, [], [("k", 3)]], pa.map_(pa.string(), pa.int64())
            ),
            "map of lists": pa.array(
                [[("k", [1, 2])], None, [("k", None), ("", [])], []],
                pa.map_(pa.string(), pa.list_(pa.int32())),
            ),
        },
    )
    rng = np.random.default_rng(3)
    ends = np.concatenate(([0], np.cumsum(rng.integers(0, 9, 6_000)))).astype(np.int32)
    yield _case(
        "many elements",
        {"readings": pa.ListArray.from_arrays(ends, pa.array(rng.normal(0, 1, ends[-1])))},
    )


def _codes_in_lists() -> pa.Array:
    return pa.ListArray.from_arrays(
        pa.array([0, 2, 2, 3, 3], pa.int32()), _dictionary([0, 1, None], ["a", "b"])
    )


def _union() -> pa.Array:
    kinds = pa.array([0, 1, 0], pa.int8())
    return pa.UnionArray.from_sparse(kinds, [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])])
