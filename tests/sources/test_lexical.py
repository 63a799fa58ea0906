"""`numbers: sagemaker`: texts are numbers by the service's patterns; each difference has a row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.reading import everything, part_of

from tidegauge.engines import local
from tidegauge.model.statistics import Kind
from tidegauge.sources import training
from tidegauge.sources.lexical import strictly_typed
from tidegauge.sources.source import Format, NumberRules, TrainingSource
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT = Path(__file__).parents[2] / "docs/sagemaker.md"
_ROW = re.compile(r"^\| `([^`]+)` \| (\w+) \| (\w+) \|$", re.MULTILINE)
# The patterns as the service's open-source analyzer has them, by Python's own engine.
INTEGRAL = re.compile(r"(-|\+)? ?\d+", re.ASCII)
FRACTIONAL = re.compile(r"(-|\+)? ?\d+((\.\d+)|((?:\.\d+)?[Ee][-+]?\d+))", re.ASCII)


def stated() -> list[tuple[str, str, str]]:
    """The rows of the table in the documentation: the text, and its type by each rule."""
    section = DOCUMENT.read_text().split("### Texts that are numbers")[1].split("\n### ")[0]
    return [(row[0].strip('"'), row[1], row[2]) for row in _ROW.findall(section)]


def source_of(
    folder: Path, numbers: NumberRules, kinds: Mapping[str, Kind] | None = None
) -> TrainingSource:
    """The CSV files of a folder."""
    return TrainingSource(
        str(folder / "data"), Format.CSV, str(folder / "rejected"),
        kinds=kinds or {}, numbers=numbers,
    )  # fmt: skip


def written(folder: Path, *lines: str) -> Path:
    """A CSV file with one column, each value in quotes."""
    path = folder / "data" / "a.csv"
    path.parent.mkdir()
    path.write_text("".join(f"{line}\n" for line in ("x", *(f'"{line}"' for line in lines))))
    return path


@pytest.mark.parametrize(("text", "practical", "sagemaker"), stated())
def test_each_row_of_the_table_is_true(
    tmp_path: Path, text: str, practical: str, sagemaker: str
) -> None:
    """The type that a column of this one text has in statistics.json."""
    path = written(tmp_path, text)
    found = {}
    for numbers in NumberRules:
        read = training.reader(source_of(tmp_path, numbers), S3Settings())
        (profile,) = local.profile_parts([part_of(path)], read, 1).values()
        found[numbers.value] = str(profile.statistics().features[0].inferred_type)
    assert {"practical": practical, "sagemaker": sagemaker} == found


def test_the_table_has_rows() -> None:
    """The table is found, with texts that differ and texts that do not."""
    assert {True, False} == {practical == sagemaker for _, practical, sagemaker in stated()}


texts = st.lists(
    st.one_of(
        st.none(),
        st.integers(-(2**62), 2**62).map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.sampled_from(["+5", "- 5", " 7", "7 ", ".5", "1.", "1e5", "007", "true", "TRUE", "x"]),
    ),
    max_size=40,
)


def is_number(text: str) -> bool:
    """The oracle."""
    return bool(INTEGRAL.fullmatch(text) or FRACTIONAL.fullmatch(text))


@settings(deadline=None)
@given(texts, st.sampled_from([None, Kind.INTEGRAL, Kind.FRACTIONAL, Kind.TEXT]))
def test_texts_are_numbers_by_the_patterns_alone(
    values: list[str | None], kind: Kind | None
) -> None:
    """Without a kind one text makes a column of texts; with one it stands beside the numbers."""
    column = pa.array(values, pa.string()).dictionary_encode()
    found = strictly_typed(pa.table({"x": column}), {"x": kind} if kind else {})
    present = [value for value in values if value is not None]
    numbers = [value for value in present if is_number(value)]
    type_ = found.table.column("x").type
    if kind is None:
        are_numbers = pa.types.is_floating(type_) or pa.types.is_integer(type_)
        assert are_numbers == (bool(present) and numbers == present)
    elif kind is Kind.TEXT:
        assert values == found.table.column("x").to_pylist()
    else:
        strange = [value for value in present if not is_number(value)]
        beside = [text for _, others in found.mismatched for text in others.to_pylist()]
        if kind is Kind.INTEGRAL:  # a fraction is a stray of integers by either rule
            strange += [value for value in numbers if not INTEGRAL.fullmatch(value)]
        assert sorted(strange) == sorted(beside)
        assert len(present) - len(beside) == len(values) - found.table.column("x").null_count


def test_a_window_is_held_against_the_baseline_by_the_same_patterns(tmp_path: Path) -> None:
    """`.5` is no number of a Fractional column: it is told apart, as a String."""
    path = written(tmp_path, "0.5", ".5", "2")
    kinds = {"x": Kind.FRACTIONAL}
    strict, practical = (
        everything(
            training.reader(source_of(tmp_path, numbers, kinds), S3Settings())(part_of(path))
        )
        for numbers in (NumberRules.SAGEMAKER, NumberRules.PRACTICAL)
    )
    assert ([0.5, None, 2.0], {"x": [".5"]}) == (strict.column("x"), strict.mismatched)
    assert ([0.5, 0.5, 2.0], {}) == (practical.column("x"), practical.mismatched)
