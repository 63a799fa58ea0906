"""JSON payloads that are made CSV hold the same rows; the others are left alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.reading import Everything, everything, part_of

from tidegauge.model.statistics import Kind
from tidegauge.sources.captures import reader
from tidegauge.sources.jsoncsv import reworded
from tidegauge.sources.payload import Columns, csv_rows, json_rows
from tidegauge.sources.source import CaptureSource, Format
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("a", "b", "c")


def texts(*payloads: str | None, width: int = 3) -> list[str | None]:
    """The payloads as CSV; all None where the first is no such payload."""
    found = reworded(pa.array(payloads, pa.string()), width)
    return [None] * len(payloads) if found is None else found.texts.to_pylist()


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ('{"instances": [{"features": [1, -2e3, 0]}, {"features": [1,2,3]}]}', "1,-2e3,0\n1,2,3"),
        ('[1, "x y", true]', '1,"x y",true'),
        ('{"features": [null, "", null]}', ',"",'),
        ('{"a": 1, "b": "null", "c": null}', '1,"null",'),
        ('{"predictions": [{"a": 1, "b": "é"}, {"a": 3, "b": ""}]}', '1,"é"\n3,""'),
    ],
)  # fmt: skip
def test_values_and_nothing_but_them(payload: str, expected: str) -> None:
    """Rows become lines, an absent value an empty field."""
    assert [expected] == texts(payload)


@pytest.mark.parametrize(
    "other",
    [
        '[1, "a, b", 2]', '[1, "say \\"x\\"", 2]', "[[1], 2, 3]", "[1, NaN, 3]", "[01, 2, 3]",
        '{"features": [1, 2, 3], "more": 1}', '{"a": 1}', '[{"a": 1}]', "[1,  2, 3]", "[null]",
        "[1, 2, 3] ", "1", "", '{"instances": []}', '{"instances": [[1, 2], [null]]}', None,
    ],
)  # fmt: skip
def test_others_are_left_to_a_parser(other: str | None) -> None:
    """Beside one that is a list of values."""
    assert ["1,2,3", None] == texts("[1, 2, 3]", other)


def test_values_of_one_column_may_be_rows() -> None:
    """A list by itself has as many rows as values then; lists in a list have one each."""
    assert [None, "1\n2"] == texts("[1, 2]", '{"predictions": [[1], [2]]}', width=1)
    assert [None, None] == texts("[1, 2]", '{"predictions": [1, 2]}', width=1)


values = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(allow_nan=False),
    st.sampled_from(["", "null", "true", " 5", "a,b", "x: y", '"', "\\", "{", "]", "\n", "\x7f"]),
    st.text(max_size=3),
)  # fmt: skip
records = st.lists(st.tuples(values, values, values), min_size=1, max_size=3)
shapes = st.sampled_from(["list", "features", "lists", "instances", "objects", "turned"])


def written(rows: Sequence[tuple[Any, ...]], shape: str, separators: tuple[str, str]) -> str:
    """The rows in one of the shapes that payloads have; some have one row only."""
    named = [dict(zip(NAMES, row, strict=True)) for row in rows]
    value: object
    match shape:
        case "list":
            value = list(rows[0])
        case "features":
            value = {"features": rows[0]}
        case "lists":
            value = {"instances": rows}
        case "instances":
            value = {"instances": [{"features": row} for row in rows]}
        case "objects":
            value = {"predictions": named} if len(named) > 1 else named[0]
        case _:
            value = {"instances": [dict(reversed(row.items())) for row in named]}
    return json.dumps(value, separators=separators, ensure_ascii=False)


payloads = st.builds(written, records, shapes, st.sampled_from([(",", ":"), (", ", ": ")]))


@settings(deadline=None, max_examples=300)
@given(st.lists(payloads, min_size=1, max_size=4))
def test_what_is_reworded_has_the_same_rows(some: list[str]) -> None:
    """By the careful readers of both formats."""
    found = reworded(pa.array(some, pa.string()), len(NAMES))
    if found is not None:
        columns = Columns(found.names or NAMES)
        for payload, text in zip(some, found.texts.to_pylist(), strict=True):
            if text is not None:
                assert json_rows(payload, Columns(NAMES)) == csv_rows(text, columns)


def captured(data: str, answer: str, encoding: str) -> str:
    """A capture record."""
    sides = {}
    for side, text in (("endpointInput", data), ("endpointOutput", answer)):
        given_ = base64.b64encode(text.encode()).decode() if encoding == "BASE64" else text
        sides[side] = {
            "data": given_, "encoding": encoding, "observedContentType": "application/json",
        }  # fmt: skip
    return json.dumps({"captureData": sides})


def read(some: Sequence[tuple[str, str]], encoding: str) -> Everything:
    """What the capture reader makes of payloads and answers."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_text("\n".join(captured(*pair, encoding) for pair in some), encoding="utf-8")
        source = CaptureSource(
            folder, Format.SAGEMAKER, f"{folder}/rejected", inputs=NAMES, outputs=("score",),
            kinds={
                "a": Kind.INTEGRAL, "b": Kind.TEXT, "c": Kind.TEXT, "score": Kind.FRACTIONAL,
            },
        )  # fmt: skip
        return everything(reader(source, S3Settings())(part_of(path)))


def summed_up(one: Everything) -> tuple[object, ...]:
    """All that was read, in no order; an absent column is like one of absent values."""
    rows = sorted(
        repr(sorted((name, value) for name, value in row.items() if value is not None))
        for row in one.rows
    )
    strays = {name: sorted(texts) for name, texts in one.mismatched.items()}
    return rows, strays, one.tally.records, one.tally.rejected


@settings(deadline=None, max_examples=50)
@given(some=st.lists(records, min_size=1, max_size=4), shape=shapes, extra=st.booleans())
def test_json_in_bulk_and_one_by_one_agree(
    some: list[list[tuple[Any, ...]]], shape: str, *, extra: bool
) -> None:
    """All of an endpoint's payloads have one shape; answers have more than is asked for."""
    pairs = []
    for rows in some:
        answer = {"predictions": [{"score": 0.5, "label": i} for i in range(len(rows))]}
        pairs.append((written(rows, shape, (", ", ": ")), json.dumps(answer)))
    if extra:
        pairs.append(('{"c": "1", "x": 5}', '{"score": 1}'))

    assert summed_up(read(pairs, "BASE64")) == summed_up(read(pairs, "JSON"))
