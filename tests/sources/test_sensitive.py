"""Hashes of sensitive values: keyed, one spelling a value, and the same whatever Arrow's type."""

from __future__ import annotations

import hmac
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import EngineError, InputError
from tidegauge.model.batch import Chunk, Part, Tally
from tidegauge.sources.sensitive import HashedReader, Hashing, discreet, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

HASHING = Hashing(frozenset({"a", "s.t"}), b"a key of the tests")


def test_a_hash_is_hmac_sha256_of_column_and_value() -> None:
    """By the standard library's own, spelled out."""
    digest = hmac.digest(b"a key of the tests", b"a\0x", "sha256").hex()

    assert f"hmac:{digest[:16]}" == HASHING.hashed("a", "x")


def test_hashes_depend_on_the_key_and_on_the_column() -> None:
    """Nobody tells from two columns that they hold the same."""
    other = Hashing(HASHING.columns, b"another key")

    assert 3 == len({HASHING.hashed("a", 1), HASHING.hashed("b", 1), other.hashed("a", 1)})
    assert HASHING.fingerprint != other.fingerprint
    assert "a key" not in repr(HASHING)


@pytest.mark.parametrize(
    ("values", "spelling"),
    [
        ((3, 3.0, "3", " 3", "+3", "3.0", "3e0", "003", Decimal("3.00")), "3"),
        ((-1.5, "-1.50", Decimal("-1.5")), "-1.5"),
        ((2**62 + 1, str(2**62 + 1)), str(2**62 + 1)),
        ((True, "true"), "true"),
        ((date(2024, 3, 1), "2024-03-01"), "2024-03-01"),
        ((datetime.fromisoformat("2024-03-01T05:00"),), "2024-03-01T05:00:00+00:00"),
        ((datetime(2024, 3, 1, tzinfo=UTC),), "2024-03-01T00:00:00+00:00"),
        (("x y",), "x y"),
        ((b"\x01\xff",), "01ff"),
        ((float("nan"), "nan"), "nan"),
    ],
)  # fmt: skip
def test_one_value_has_one_spelling(values: tuple[object, ...], spelling: str) -> None:
    """However a format writes it."""
    assert {spelling} == {spelled(value) for value in values}


@given(st.lists(st.one_of(st.none(), st.text(max_size=4)), max_size=20), st.booleans())
def test_columns_are_hashed_value_by_value(values: list[str | None], coded: bool) -> None:  # noqa: FBT001
    """Nulls stay, the order stays, and a dictionary's codes make no difference."""
    column = pa.array(values, pa.string())
    table = pa.table({"a": column.dictionary_encode() if coded else column, "b": column})

    found = HASHING.table(table)

    expected = [None if value is None else HASHING.hashed("a", value) for value in values]
    assert expected == found.column("a").to_pylist()
    assert values == found.column("b").to_pylist()


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, None, 2]), pa.array([1.5, None]), pa.array([True, None]),
        pa.array([date(2024, 1, 1), None]), pa.array([[1], None, [1, 2]]),
        pa.array([Decimal("1.5"), None]), pa.array([b"x", None]), pa.nulls(2),
    ],
    ids=lambda values: str(values.type),
)  # fmt: skip
def test_a_column_of_any_type_becomes_hashes(values: pa.Array) -> None:
    """Whatever it was, it is text now."""
    found = HASHING.table(pa.table({"a": values})).column("a").to_pylist()

    expected = [None if v is None else HASHING.hashed("a", v) for v in values.to_pylist()]
    assert expected == found


def test_a_field_of_a_struct_is_hashed_by_its_path() -> None:
    """The others of the struct stay."""
    table = pa.table({"s": [{"t": "x", "u": "y"}]})

    found = HASHING.table(table)

    assert {"s.t": [HASHING.hashed("s.t", "x")], "s.u": ["y"]} == found.to_pydict()


def test_strays_and_reasons_are_hidden() -> None:
    """A text in a column of numbers, and why a record was rejected."""
    tally = Tally(
        2, 1, reasons=("f.csv:3: expected 2, found 'x'",), fault="f.csv cannot be read: x"
    )
    chunk = Chunk(pa.table({"a": [1]}), tally=tally, mismatched=(("a", pa.array(["x"])),))

    found = HASHING.chunk(chunk)

    assert [HASHING.hashed("a", "x")] == found.mismatched[0][1].to_pylist()
    assert "f.csv:3: why is not shown, since there are sensitive columns" == found.tally.reasons[0]
    assert found.tally.fault.startswith("f.csv cannot be read; why is not shown")
    assert Tally() == discreet(Tally())


def test_a_failure_while_reading_quotes_no_value() -> None:
    """Arrow's words have the text that it could not convert; ours are kept as they are."""

    def read(_: Part) -> Iterator[Chunk]:
        yield Chunk(pa.table({"a": pa.array(["secret"]).cast(pa.int64())}))

    def read_nothing(_: Part) -> Iterator[Chunk]:
        raise InputError("there is nothing at x")
        yield

    with pytest.raises(EngineError) as hidden:
        list(HashedReader(read, HASHING)(Part("p", ())))
    with pytest.raises(InputError, match="nothing at x"):
        list(HashedReader(read_nothing, HASHING)(Part("p", ())))

    assert "secret" not in str(hidden.value)
    assert hidden.value.__cause__ is None


@pytest.mark.parametrize("named", ["tags", "tags[]", "tags[].name"])
def test_of_a_list_all_is_hashed_where_a_part_is_named(named: str) -> None:
    """No element of it comes through, whichever path the conf has."""
    table = pa.table({"tags": [[{"name": "Ada"}], None], "other": [["b"], []]})
    hashed = Hashing(frozenset({named}), b"0123456789abcdef").table(table)

    assert "Ada" not in str(hashed.to_pylist())
    assert [["b"], []] == hashed["other"].to_pylist()
