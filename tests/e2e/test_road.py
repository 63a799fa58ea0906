"""The whole road: baseline, monitor, report, and what of it a person sees."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import (
    DOCUMENTS,
    World,
    hour_key,
    parquet_file,
    put,
    rows,
    run_key,
    strict_json,
    tidegauge,
    world,
)

from tidegauge import __version__

if TYPE_CHECKING:
    from tests.e2e.world import Travelled

VIOLATIONS = "constraint_violations.json"


def test_the_baseline_is_told_and_pinned(travelled: Travelled) -> None:
    """Its id comes from its content; current.json names it, run.json is its commit."""
    made, told = travelled
    pinned = made.document("baseline/current.json")["baseline"]
    folder = f"baseline/{pinned}/data_quality"

    assert (0, {"version": 1, "baseline": pinned}) == (
        told["baseline"].code,
        made.document("baseline/current.json"),
    )
    assert f"baseline {pinned} is pinned: {made.store}/flights/{folder}\n" == told["baseline"].out
    assert [f"baseline {pinned} of flights: 400 rows, 3 features, pinned"] == (
        told["baseline"].messages("info")
    )
    assert {
        "calibration.json",
        "constraints.json",
        "profile.parquet",
        "run.json",
        "statistics.json",
    } == {key.rpartition("/")[2] for key in made.stored() if key.startswith(folder)}
    features = made.document(f"{folder}/statistics.json")["features"]
    assert ["carrier", "miles", "seats"] == [feature["name"] for feature in features]
    assert "Completed" == made.document(f"{folder}/run.json")["status"]


def test_catching_up_runs_every_window_of_every_variant(travelled: Travelled) -> None:
    """From the first captured hour to the last; gaps too, and the run over all variants."""
    made, told = travelled
    runs = {run_key(variant, day) for variant in ("_all", "blue", "green") for day in (1, 2, 3, 4)}

    assert 0 == told["monitor"].code
    assert (
        "12 windows checked: 2 with violations, 0 failed; documents are under "
        f"{made.store}/flights/runs/type=data_quality\n"
        "4 of them decide nothing: no captures in this window\n"
    ) == told["monitor"].out
    assert runs == {
        key for key in made.stored() if key.startswith("runs/") and key.endswith("/run.json")
    }
    order = [(line["window"], line["variant"]) for line in told["monitor"].log if "rows" in line]
    assert sorted(order, key=lambda run: (run[0], run[1] == "_all", run[1])) == order


def test_run_json_tells_what_was_done(travelled: Travelled) -> None:
    """Status, counts, inputs, versions, and the digest of every document beside it."""
    made, _ = travelled
    record = made.document(run_key("green", 4))
    beside = {
        key.rpartition("/")[2]: sha256(data).hexdigest()
        for key, data in made.stored().items()
        if key.startswith(run_key("green", 4, "")) and not key.endswith("run.json")
    }
    counts = {
        "records": 60,
        "rejected": 0,
        "outside_hour": 0,
        "dropped": 0,
        "rows": 60,
        "features": 4,
        "failed_features": 0,
        "held": 4,
        "violated": 1,
        "not_enough_data": 10,
        "not_evaluated": 1,
        "violations": 1,
    }
    facts = {
        "version": 1,
        "monitor": "flights",
        "type": "data_quality",
        "variant": "green",
        "window": "2024-03-04T0000Z_P1D",
        "status": "CompletedWithViolations",
        "reason": "",
        "baseline": made.document("baseline/current.json")["baseline"],
        "versions": {"tidegauge": __version__},
        "documents": beside,
    }

    assert facts == {key: record[key] for key in facts}
    assert counts == {key: record["counts"][key] for key in counts}
    assert {*DOCUMENTS, VIOLATIONS} <= set(beside)
    files = [Path(made.data, hour_key("green", 4, hour)) for hour in (5, 17)]
    inputs = record["inputs"]
    assert (2, sum(file.stat().st_size for file in files)) == (inputs["files"], inputs["bytes"])
    assert (64, 64) == (len(record["conf_digest"]), len(inputs["digest"]))


def test_a_gap_is_recorded_as_empty(travelled: Travelled) -> None:
    """A window without captures has a run, which says so, and nothing is violated."""
    made, _ = travelled
    record = made.document(run_key("green", 2))

    assert ("Completed", "no captures in this window") == (record["status"], record["reason"])
    assert (0, 0, 0) == (
        record["inputs"]["files"],
        record["counts"]["rows"],
        record["counts"]["violations"],
    )
    assert 0 == made.document(run_key("green", 2, "statistics.json"))["dataset"]["item_count"]


def test_all_variants_together_are_the_sum_of_them(travelled: Travelled) -> None:
    """Counts and inputs add up; a gap of one variant is none of both."""
    made, _ = travelled

    def counted(variant: str, day: int) -> tuple[int, int]:
        record = made.document(run_key(variant, day))
        return record["counts"]["rows"], record["inputs"]["files"]

    assert {1: (120, 4), 2: (60, 2), 3: (0, 0), 4: (120, 4)} == {
        day: counted("_all", day) for day in (1, 2, 3, 4)
    }
    assert (60, 2) == counted("blue", 2)


def test_documents_are_strict_and_violations_only_where_there_are_some(
    travelled: Travelled,
) -> None:
    """UTF-8 and no bare NaN; a file of violations is bad news by being there."""
    made, _ = travelled
    stored = made.stored()
    documents = {key: strict_json(data) for key, data in stored.items() if key.endswith(".json")
                 and not key.startswith("violations/")}  # fmt: skip

    assert {run_key("green", 4, VIOLATIONS), run_key("_all", 4, VIOLATIONS)} == {
        key for key in documents if key.endswith(VIOLATIONS)
    }
    for key, record in documents.items():
        if key.startswith("runs/") and key.endswith("/run.json"):
            violated = record["status"] == "CompletedWithViolations"
            assert violated == (VIOLATIONS in record["documents"])


def test_what_was_planted_is_found_and_nothing_else(travelled: Travelled) -> None:
    """Kilometres on the 4th of March; the violation has its numbers under `tidegauge`."""
    made, _ = travelled
    (violation,) = made.document(run_key("green", 4, VIOLATIONS))["violations"]

    assert ("miles", "baseline_drift_check") == (
        violation["feature_name"],
        violation["constraint_check_type"],
    )
    numbers = violation["tidegauge"]
    assert numbers["distance"] > numbers["threshold"] > numbers["min_effect"] == 0.05
    assert numbers["p_value"] < numbers["alpha"]
    assert {"feature": "miles", "setting": "comparison_threshold"} == {
        key: numbers["suggested_edit"][key] for key in ("feature", "setting")
    }
    assert {"feature_name", "constraint_check_type", "description", "tidegauge"} == set(violation)


def test_the_report_has_a_partition_a_feature_and_day(travelled: Travelled) -> None:
    """One JSON object a line, a summary of the same, and a table in the terminal."""
    made, told = travelled
    lines = {
        key: [strict_json(line) for line in data.splitlines()]
        for key, data in made.stored().items()
        if key.startswith("violations/")
    }
    partition = "violations/type=data_quality/feature=miles/date=2024-03-04/2024-03-04T0000Z_P1D"

    assert {f"{partition}__all.json", f"{partition}_green.json"} == set(lines)
    (line,) = lines[f"{partition}_green.json"]
    assert ("green", "2024-03-04T00:00:00Z", "miles") == (
        line["variant"],
        line["window_start"],
        line["feature_name"],
    )
    summary = made.document("report/data_quality/summary.json")
    assert {"Completed": 10, "CompletedWithViolations": 2} == summary["runs"]
    assert (2, {"baseline_drift_check": 2}) == (summary["violations"], summary["checks"])
    assert 0 == told["report"].code
    for shown in ("miles", "baseline_drift_check", "2024-03-04", f"{made.store}/flights/report"):
        assert shown in told["report"].out
    assert "12 runs (10 Completed, 2 CompletedWithViolations), 2 partition files" in (
        told["report"].out
    )


def test_the_report_of_a_range_leaves_the_rest(moved: World) -> None:
    """Windows that start in [from, to); partitions outside of it stay as they are."""
    told = moved.run("report", "--from", "2024-03-01", "--to", "2024-03-03")

    assert (0, True) == (told.code, "6 runs (6 Completed), 0 partition files" in told.out)
    assert 2 == sum(key.startswith("violations/") for key in moved.stored())


def test_the_outputs_are_profiled_and_never_extra(travelled: Travelled) -> None:
    """The score is in the statistics, and nothing is said about it."""
    made, _ = travelled
    names = [f["name"] for f in made.document(run_key("blue", 1, "statistics.json"))["features"]]
    outcomes = made.document(run_key("blue", 1, "outcomes.json"))["outcomes"]

    assert "score" in names
    assert "score" not in {outcome["feature"] for outcome in outcomes}


def test_an_edited_constraint_counts(based: World) -> None:
    """constraints.json is a person's to edit: a weaker threshold, and nothing is violated."""
    pinned = based.document("baseline/current.json")["baseline"]
    path = Path(based.store, "flights/baseline", pinned, "data_quality/constraints.json")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('"comparison_threshold": 0.1', '"comparison_threshold": 1.0'),
        encoding="utf-8",
    )
    told = based.run("monitor")

    assert (0, True) == (told.code, told.out.startswith("12 windows checked: 0 with violations"))


def test_check_prints_what_is_in_force(based: World) -> None:
    """The defaults too, and the baseline; it writes nothing."""
    before = based.stored()
    told = based.run("check", "--set", "window=6h")
    pinned = based.document("baseline/current.json")["baseline"]

    assert (0, "") == (told.code, told.err)
    for line in ("window: 6h", "max_rejected: 0.01", "on_violation: report", "format: sagemaker"):
        assert line in told.out
    assert f"baseline {pinned}: 400 rows, 3 features with constraints\n" in told.out
    assert before == based.stored()


def test_check_before_the_first_baseline_says_what_to_do(data: str, tmp_path: Path) -> None:
    """No baseline yet is no error: it is what comes next."""
    made = world(tmp_path, data)
    told = made.run("check")

    assert (0, [f"no baseline is pinned yet: run `tidegauge baseline {made.conf}`"]) == (
        told.code,
        told.messages("warning"),
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("statistics.json", ("60 rows", "carrier", "miles", "Fractional", "score")),
        ("constraints.json", ("constraints of 3 features", "AA", "yes")),
        ("constraint_violations.json", ("1 violations", "miles", "baseline_drift_check")),
        ("outcomes.json", ("16 outcomes", "held", "violated", "missing_column_check")),
    ],
)
def test_show_prints_a_document_as_a_table(
    travelled: Travelled, name: str, shown: tuple[str, ...]
) -> None:
    """Statistics, constraints, violations and outcomes, by their content."""
    told = tidegauge("show", f"{travelled[0].store}/flights/{run_key('green', 4, name)}")

    assert (0, "") == (told.code, told.err)
    assert [] == [word for word in shown if word not in told.out]


def test_the_same_data_makes_the_same_baseline(travelled: Travelled, tmp_path: Path) -> None:
    """Elsewhere, under other times of modification: the same id and the same documents."""
    made = world(tmp_path)
    made.run("baseline")
    pinned = made.document("baseline/current.json")["baseline"]
    before = travelled[0].stored()

    assert travelled[0].document("baseline/current.json")["baseline"] == pinned
    for name in ("statistics.json", "constraints.json", "profile.parquet"):
        key = f"baseline/{pinned}/data_quality/{name}"
        assert before[key] == made.stored()[key]


def test_another_baseline_is_pinned_beside_the_first(fresh: World) -> None:
    """The old one stays; windows are compared with the new one from now on."""
    first = fresh.document("baseline/current.json")["baseline"]
    kept = {k: v for k, v in fresh.stored().items() if first in k}
    put(fresh.data, {"training/part-2.parquet": parquet_file(rows(7, 50))})
    assert 0 == fresh.run("baseline").code
    second = fresh.document("baseline/current.json")["baseline"]

    assert first != second
    assert kept == {key: data for key, data in fresh.stored().items() if first in key}
    fresh.run("monitor", "--window", "2024-03-01/P1D")
    assert second == fresh.document(run_key("blue", 1))["baseline"]
