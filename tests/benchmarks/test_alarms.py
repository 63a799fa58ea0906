"""The suite that judges alarms, on a few windows: it counts what it says it counts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def _on_path() -> Iterator[None]:
    """The modules are imported as the scripts in their folder do."""
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


def test_every_test_has_the_level_that_it_is_judged_by() -> None:
    """Whatever the number of tests; and what was planted is seen."""
    from alarm_judges import Ours, Plain
    from alarm_planted import drawn
    from alarm_world import known

    rng = np.random.default_rng(1)
    rows = drawn(rng, 3000, 0.0)
    baseline, window = known(rows), drawn(rng, 1000, 0.5)
    outcomes = Ours(0.01).outcomes(baseline, window, window.statistics())
    assert {0.01} == {round(o.numbers["alpha"], 9) for o in outcomes if "alpha" in o.numbers}
    seen = {name for name, _ in Ours(0.01)(baseline, window, window.statistics())}
    assert set(window.table.column_names) == seen
    assert {"missing"} == seen - {n for n, _ in Plain(0.01)(baseline, window, window.statistics())}


def test_planted_changes_have_their_size() -> None:
    """A tenth of the rows, or of a standard deviation."""
    from alarm_planted import drawn

    table = drawn(np.random.default_rng(1), 200_000, 0.1).table
    column = {name: table.column(name) for name in table.column_names}
    assert pytest.approx(0.1, abs=0.01) == np.mean(column["shift"])
    assert pytest.approx(4.4, rel=0.01) == np.mean(column["scale"])
    shares = {name: np.mean(np.asarray(column[name]) == value)
              for name, value in (("new", "x"), ("stuck", 0.1234))}  # fmt: skip
    assert {"new": 0.1, "stuck": 0.1} == pytest.approx(shares, abs=0.005)
    assert pytest.approx(0.1, abs=0.005) == column["missing"].null_count / 200_000
    assert pytest.approx(0.5, abs=0.005) == np.mean(np.asarray(column["mix"]) == "a")


@pytest.mark.parametrize("swing", [0.0, 0.3])
def test_each_question_is_asked_of_its_features(swing: float) -> None:
    """The expected number of alarms is alpha times the tests that were made."""
    from alarm_null import QUESTIONS, Scene, measure

    scene = Scene(200, 0.05, swing, days=10, rows=100, baselines=2, windows=2)
    cells, _ = measure(scene, 1)
    for question in ("drift of numbers", "drift of categories", "missing values"):
        assert 4 * len(QUESTIONS[question]) == cells[question].tests
        assert 0.05 * cells[question].tests == pytest.approx(cells[question].expected)
        assert 2 == len(cells[question].alarms)


def test_the_bound_allows_for_windows_that_share_a_baseline() -> None:
    """As many alarms, once spread evenly and once all in one baseline."""
    from alarm_null import Cell

    even, clustered = Cell(0.05, 400, [1] * 20), Cell(0.05, 400, [20] + [0] * 19)
    assert 20 == even.expected == clustered.expected
    assert 31 == even.bound < clustered.bound


def test_the_tables_tell_what_was_found_and_what_was_not_measured() -> None:
    """A cell over its bound is bold; a peer that is not there is not made up."""
    import alarms

    cell = {"tests": 400, "expected": 20.0, "alarms": 40, "bound": 31.0}
    calm = cell | {"alarms": 9}
    scene = {"window": 50, "alpha": 0.05, "swing": 0.0, "cells": {"drift": cell, "gaps": calm}}
    parts: dict[str, Any] = {
        "null": [scene],
        "season": {"ours": {"drift": calm}},
        "random": [{"windows": "100 rows", "who": "ours", "share": 0.015}],
        "planted": [{"rows": 500, "size": 0.1, "change": "shift", "who": "ours", "seen": 0.25}],
    }
    whole, readme = alarms.report(parts, whole=True), alarms.report(parts, whole=False)
    assert "| drift | **40 / 20** |" in whole
    assert "1 of 2 over the upper bound (99 %); the worst 2.00 times" in readme
    assert "| ours | 9 / 20 |" in readme
    assert "| ours | 1.5 % |" in readme
    assert "| Evidently, whole reference | not measured |" in readme
    assert "| shift 0.1 | 25 % / not measured | not measured / not measured |" in readme


def test_parts_of_an_earlier_run_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that long ones can be run one at a time; without a choice everything is run anew."""
    import alarms

    ran = []

    def part(_: int, __: float, folder: Path) -> tuple[Any, str]:
        ran.append(folder.name)
        return {"found": len(ran)}, "0.7" if folder.name == "a" else ""

    monkeypatch.setattr(alarms, "PARTS", {"a": part, "b": part})
    kept = tmp_path / "numbers.json"
    for only in ((), ("b",)):
        found = alarms.measure(only, 6, 1.0, tmp_path, kept)
        alarms.write(found, {}, kept)
    assert ["a", "b", "b"] == ran
    assert {"a": {"found": 1}, "b": {"found": 3}} == found.parts
    assert "0.7" == found.versions["evidently"]


def test_evidently_is_asked_by_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second window; nothing is made up where it is not installed."""
    import alarm_peers

    monkeypatch.setattr(alarm_peers, "PYTHON", tmp_path / "none")
    exchange = alarm_peers.Exchange(tmp_path / "x", every=2)
    table = pa.table({"x": [1]})
    exchange.reference("a", table)
    for _ in range(5):
        exchange.window("a", table)
    names = sorted(path.name for path in (tmp_path / "x").iterdir())
    assert ["a.000002.parquet", "a.000004.parquet", "a.reference.parquet"] == names
    assert exchange.judged(0) is None


def test_a_column_drifts_where_its_own_test_failed() -> None:
    """The one on the share of columns is not one of them."""
    from evidently_windows import drifted

    told = {
        "metrics": [
            {"id": "1", "config": {"drift_share": 0.5}},
            {"id": "2", "config": {"column": "x"}},
            {"id": "3", "config": {"column": "y"}},
        ],
        "tests": [
            {"metric_config": {"metric_id": i}, "status": status}
            for i, status in (("1", "FAIL"), ("2", "FAIL"), ("3", "SUCCESS"))
        ],
    }
    assert ["x"] == drifted(told)
