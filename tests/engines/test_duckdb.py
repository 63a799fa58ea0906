"""DuckDB as a second oracle, on rows like a real table's; where it differs, a test says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from tidegauge.engines import local
from tidegauge.model.batch import Chunk, Part
from tidegauge.states.distinct import K

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegauge.model.statistics import FeatureStatistics

ROWS = 100_000
PARTS = 9
NUMBERS = ("amount", "price", "age", "identifier", "flag", "paid", "day")
TEXTS = ("carrier", "customer")
_TAGS = ["new", "", "late", None, "paid", "new", "größe"]
DISTINCT_ERROR = 5 / np.sqrt(K - 2)


def flights() -> pa.Table:
    """Mixed columns with nulls, skew, repeats, sentinels, and a few NaN and infinities."""
    rng = np.random.default_rng(20130620)

    def some(
        values: np.ndarray, type_: pa.DataType | None = None, missing: float = 0.03
    ) -> pa.Array:
        return pa.array(values, type_, mask=rng.random(ROWS) < missing)

    readings = rng.normal(20, 5, ROWS)
    readings[:6] = [np.nan, np.inf, -np.inf, np.nan, np.inf, np.nan]
    cents = pa.array(rng.integers(-5_000, 10**7, ROWS)).cast(pa.decimal128(19, 0))
    return pa.table(
        {
            "amount": some(np.round(rng.lognormal(3, 2, ROWS), 2)),
            "price": pa.chunked_array([cents]).cast(pa.decimal128(21, 2)),
            "age": some(rng.integers(0, 100, ROWS), pa.int16()),
            "identifier": pa.array(2**62 + rng.permutation(ROWS)),
            "flag": some(rng.integers(0, 2, ROWS), pa.int8()),
            "paid": some(1_371_686_400_000_000 + rng.integers(0, 10**12, ROWS), pa.timestamp("us")),
            "day": some(15_000 + rng.integers(0, 900, ROWS), pa.int32()).cast(pa.date32()),
            "reading": some(readings),
            "carrier": some(rng.choice(["AA", "UA", "B6", ""], ROWS, p=[0.5, 0.3, 0.15, 0.05])),
            "customer": some(np.array([f"c{i}" for i in rng.zipf(1.2, ROWS) % 40_000])),
            "tags": pa.array([_TAGS[i % 7 : i % 11] if i % 13 else None for i in range(ROWS)]),
            "late": some(rng.random(ROWS) < 0.2),
        }
    )  # fmt: skip


@dataclass(frozen=True)
class Sides:
    """The same table: ours, read out feature by feature, and DuckDB's."""

    ours: Mapping[str, FeatureStatistics]
    duckdb: duckdb.DuckDBPyConnection

    def ask(self, expressions: str, where: str = "true") -> tuple[Any, ...]:
        """DuckDB's answer of one row."""
        query = f"SELECT {expressions} FROM flights WHERE {where}"
        found: tuple[Any, ...] | None = self.duckdb.execute(query).fetchone()
        assert found is not None
        return found


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    """Ours in nine parts of two chunks each."""
    table = flights()
    bounds = np.linspace(0, ROWS, 2 * PARTS + 1).astype(int).tolist()

    def read(part: Part) -> Iterator[Chunk]:
        first = 2 * int(part.id)
        for start, stop in ((bounds[first + i], bounds[first + i + 1]) for i in (0, 1)):
            yield Chunk(table.slice(start, stop - start))

    profile = local.profile_parts([Part(str(i), ()) for i in range(PARTS)], read, 1)["", ""]
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.register("flights", table)
    yield Sides({f.name: f for f in profile.statistics().features}, connection)
    connection.close()


def as_number(column: str) -> str:
    """A column as DuckDB's number: days, or seconds since the epoch, as the documents have them."""
    return {"day": "(day - DATE '1970-01-01')", "paid": "epoch_us(paid)"}.get(column, column)


@pytest.mark.parametrize("column", [*NUMBERS, *TEXTS, "reading", "late"])
def test_counts_are_duckdbs(column: str, sides: Sides) -> None:
    """Present and missing."""
    feature = sides.ours[column]

    assert sides.ask(f"count({column}), count(*) - count({column})") == (
        feature.num_present,
        feature.num_missing,
    )


@pytest.mark.parametrize("column", NUMBERS)
def test_averages_are_duckdbs(column: str, sides: Sides) -> None:
    """Sum, mean and population standard deviation; DuckDB's sums are compensated with fsum."""
    numeric = sides.ours[column].numeric
    unit = 1e6 if column == "paid" else 1.0
    number = f"CAST({as_number(column)} AS DOUBLE)"
    total, mean, std_dev = sides.ask(f"fsum({number}), favg({number}), stddev_pop({number})")

    assert numeric is not None
    assert numeric.sum == pytest.approx(total / unit, rel=1e-12)
    assert numeric.mean == pytest.approx(mean / unit, rel=1e-12)
    if column != "identifier":  # 2**62 and its neighbours are one float64, in DuckDB too
        assert numeric.std_dev == pytest.approx(std_dev / unit, rel=1e-9)


@pytest.mark.parametrize("column", NUMBERS)
def test_extremes_are_duckdbs_digit_by_digit(column: str, sides: Sides) -> None:
    """Integers of 63 bits, decimals, days and microseconds alike."""
    detail = sides.ours[column].detail
    text = (
        "strftime(min(paid), '%Y-%m-%dT%H:%M:%S.%fZ'), strftime(max(paid), '%Y-%m-%dT%H:%M:%S.%fZ')"
    )
    asked = text if column == "paid" else f"min({column})::VARCHAR, max({column})::VARCHAR"

    assert detail is not None
    assert sides.ask(asked) == (detail.exact_min, detail.exact_max)


@pytest.mark.parametrize("column", [*NUMBERS, *TEXTS])
def test_distinct_counts_are_duckdbs(column: str, sides: Sides) -> None:
    """Exact below 4,096 values, within five standard errors beyond."""
    detail = sides.ours[column].detail
    (distinct,) = sides.ask(f"count(DISTINCT {column})")

    assert detail is not None
    assert detail.approximate_distinct == pytest.approx(
        distinct, rel=0 if distinct < K else DISTINCT_ERROR, abs=0
    )


@pytest.mark.parametrize("column", NUMBERS)
def test_quantiles_stand_where_duckdb_finds_them(column: str, sides: Sides) -> None:
    """The true rank of each of our percentiles, counted by DuckDB, is off by 0.002 at most."""
    numeric = sides.ours[column].numeric
    assert numeric is not None
    assert numeric.sketch is not None
    levels = numeric.sketch.levels
    items = np.concatenate(levels)
    weights = np.concatenate([np.full(len(level), 1 << h) for h, level in enumerate(levels)])
    order = np.argsort(items, kind="stable")
    ranks = np.cumsum(weights[order]) / numeric.sketch.weight
    unit = 1e6 if column == "paid" else 1.0
    number = f"CAST({as_number(column)} AS DOUBLE) / {unit}"
    for share in (0.01, 0.25, 0.5, 0.75, 0.99):
        value = f"{items[order][np.searchsorted(ranks, share)]!s}::DOUBLE"
        low, high = sides.ask(f"avg(({number} < {value})::INT), avg(({number} <= {value})::INT)")

        assert low - 0.002 <= share <= high + 0.002


def test_categories_are_duckdbs_groups(sides: Sides) -> None:
    """Each text with its exact count, the empty one too; and both words of a boolean."""
    for column in ("carrier", "late"):
        groups = (
            f"SELECT {column}::VARCHAR, count({column}) n FROM flights GROUP BY 1 ORDER BY n DESC"
        )
        text = sides.ours[column].text
        expected = [row for row in sides.duckdb.execute(groups).fetchall() if row[0] is not None]

        assert text is not None
        assert tuple(expected) == text.categories


def test_lengths_are_duckdbs(sides: Sides) -> None:
    """Characters, not bytes."""
    for column in TEXTS:
        detail = sides.ours[column].detail
        least, greatest, mean = sides.ask(
            f"min(length({column})), max(length({column})), avg(length({column}))"
        )

        assert detail is not None
        assert (least, greatest) == (detail.min_length, detail.max_length)
        assert detail.mean_length == pytest.approx(mean, rel=1e-12)


def test_sums_of_decimals_are_duckdbs_digit_by_digit(sides: Sides) -> None:
    """Not a digit passes through a float."""
    detail = sides.ours["price"].detail

    assert detail is not None
    assert sides.ask("sum(price)::VARCHAR") == (detail.exact_sum,)


def test_lists_are_duckdbs_lengths_and_unnested_elements(sides: Sides) -> None:
    """A null list has no length and no elements; a null in a list is a missing element."""
    length, tags = sides.ours["tags.length"], sides.ours["tags[]"]
    asked = "count(tags), count(*) - count(tags), sum(len(tags)), max(len(tags))"
    elements = sides.duckdb.execute(
        "SELECT tag, count(*) n FROM (SELECT unnest(tags) tag FROM flights) GROUP BY 1 ORDER BY n"
    ).fetchall()
    counted = {tag: n for tag, n in elements if tag is not None}

    assert length.numeric is not None
    assert tags.text is not None
    assert sides.ask(asked) == (
        length.num_present,
        length.num_missing,
        length.numeric.sum,
        length.numeric.max,
    )
    assert (sum(counted.values()), dict(elements)[None]) == (tags.num_present, tags.num_missing)
    assert counted == dict(tags.text.categories or ())


def test_difference_numbers_that_are_none_are_set_apart(sides: Sides) -> None:
    """With NaN and infinities DuckDB's mean, maximum and deviation are NaN or an error.

    Ours are over the finite values, as DuckDB's own are when it is asked for these only, and the
    others are counted.
    """
    numeric, detail = sides.ours["reading"].numeric, sides.ours["reading"].detail
    finite = sides.ask(
        "min(reading), max(reading), avg(reading), stddev_pop(reading)", "isfinite(reading)"
    )
    special = "count_if(isnan(reading)), count_if(reading = 'inf'), count_if(reading = '-inf')"

    assert np.isnan(sides.ask("avg(reading)")[0])
    assert np.isnan(sides.ask("max(reading)")[0])
    assert numeric is not None
    assert detail is not None
    found = (numeric.min, numeric.max, numeric.mean, numeric.std_dev)
    assert found == pytest.approx(finite, rel=1e-12)
    assert sides.ask(special) == (detail.nan, detail.positive_infinity, detail.negative_infinity)


def test_difference_nan_and_infinities_are_no_distinct_values(sides: Sides) -> None:
    """DuckDB counts NaN and each infinity as one value; in ours only finite values are distinct."""
    detail = sides.ours["reading"].detail
    (everything,) = sides.ask("count(DISTINCT reading)")
    (finite,) = sides.ask("count(DISTINCT reading)", "isfinite(reading)")

    assert 3 == everything - finite
    assert detail is not None
    assert detail.approximate_distinct == pytest.approx(finite, rel=DISTINCT_ERROR)


def test_difference_estimates_do_not_exceed_the_rows(sides: Sides) -> None:
    """DuckDB's estimate of the distinct values may be above the count, ours is cut there."""
    for name in (*NUMBERS, *TEXTS, "reading", "late"):
        feature = sides.ours[name]
        (count,) = sides.ask(f"count({name})")

        assert feature.detail is not None
        assert feature.detail.approximate_distinct is not None
        assert feature.detail.approximate_distinct <= count
