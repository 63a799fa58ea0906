"""Model quality on the whole road: answers of an endpoint against labels that come late."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyarrow import parquet
from sklearn import metrics
from tests.e2e.quality_world import (
    COSTS,
    DAYS,
    RECORDS_AN_HOUR,
    answers,
    captures,
    ground_truth,
    quality_world,
    run_key,
    told,
    truth,
)
from tests.e2e.world import DAY, START, put

if TYPE_CHECKING:
    from tests.e2e.quality_world import Told
    from tests.e2e.world import World

A_DAY = 2 * RECORDS_AN_HOUR
Road = tuple["World", dict[str, Any]]


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Road:
    """A world whose three jobs have run, and what they told; nobody changes it."""
    made = quality_world(tmp_path_factory.mktemp("quality"))
    return made, {command: made.run(command) for command in ("baseline", "monitor", "report")}


def expected(
    variants: tuple[str, ...], days: tuple[int, ...], labels: list[Told]
) -> dict[str, float]:
    """What scikit-learn says of the answers of some variants and days."""
    last = truth(labels)
    rows = [
        (last[a.id], a.score, a.amount)
        for a in answers()
        if a.variant in variants and (a.time - START) // DAY + 1 in days and a.id in last
    ]
    y, score, amount = (np.array(column) for column in zip(*rows, strict=True))
    answered = (score >= 0.5).astype(int)
    wrong = {
        "false_negative": (y == 1) & (answered == 0),
        "false_positive": (y == 0) & (answered == 1),
        "true_positive": (y == 1) & (answered == 1),
    }
    prices = {name: COSTS[name] for name in wrong}
    cost = sum(
        float(amount[which].sum()) if prices[name] == "amount" else prices[name] * which.sum()
        for name, which in wrong.items()
    )
    return {
        "rows": len(y),
        "accuracy": metrics.accuracy_score(y, answered),
        "precision": metrics.precision_score(y, answered),
        "recall": metrics.recall_score(y, answered),
        "f1": metrics.f1_score(y, answered),
        "f2": metrics.fbeta_score(y, answered, beta=2),
        "auc": metrics.roc_auc_score(y, score),
        "log_loss": metrics.log_loss(y, score),
        "brier_score": metrics.brier_score_loss(y, score),
        "total_cost": cost,
        "cost_per_thousand": 1000 * cost / len(y),
    }


def found(made: World, variant: str, day: int) -> dict[str, Any]:
    """The same numbers from the documents of a run."""
    document = made.document(run_key(variant, day, "statistics.json"))
    values = {k: v.get("value") for k, v in document["tidegauge"]["metrics"].items()}
    return {"rows": document["dataset"]["item_count"], **values}


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("variant", ["blue", "green", "_all"])
def test_the_metrics_are_scikit_learns(road: Road, variant: str, day: int) -> None:
    """Of every window and variant, by the last label of each answer; and of all variants."""
    made, _ = road
    of = ("blue", "green") if variant == "_all" else (variant,)
    wanted = expected(of, (day,), told())
    mine = found(made, variant, day)
    assert wanted == pytest.approx({name: mine[name] for name in wanted}, rel=1e-9)


def test_run_json_says_which_labels_a_run_stands_on(road: Road) -> None:
    """Coverage, delay, corrections: 120 answers a day, 6 without a label, 6 corrected."""
    made, _ = road
    record = made.document(run_key("blue", 2))
    counts = record["counts"]
    assert {
        "predictions": A_DAY,
        "labelled": A_DAY - 6,
        "unlabelled": 6,
        "corrected": 6,
        "repeated": 6,
        "unequal": 0,
        "unidentified": 0,
        "predicted_twice": 0,
        "rows": A_DAY - 6,
    } == {name: counts[name] for name in (
        "predictions", "labelled", "unlabelled", "corrected", "repeated", "unequal",
        "unidentified", "predicted_twice", "rows",
    )}  # fmt: skip
    labels = record["labels"]
    assert (0, 0.95, {"p10": 24, "p50": 24, "p90": 25, "p100": 48}) == (
        labels["revision"],
        labels["coverage"],
        labels["delay_hours"],
    )
    assert [0] == [said["revision"] for said in labels["history"]]


def test_labels_of_nobody_are_counted(road: Road) -> None:
    """Ten labels are of ids that no prediction has."""
    made, _ = road
    read = made.document("merged/type=model_quality/_labels.json")["groups"]
    assert 10 == sum(group["orphans"] for group in read.values())


def test_the_merged_rows_are_kept(road: Road) -> None:
    """Any reader of Parquet finds each prediction, with its label or without."""
    made, _ = road
    table = parquet.read_table(
        Path(made.store, "flights/merged/type=model_quality/variant=blue"), partitioning=None
    )
    last = truth()
    assert {
        a.id: str(last[a.id]) if a.id in last else None for a in answers() if a.variant == "blue"
    } == (dict(zip(table["id"].to_pylist(), table["label"].to_pylist(), strict=True)))
    assert {"score", "amount", "predicted_at", "labelled_at"} < set(table.column_names)


def test_the_worse_variant_is_the_one_that_violates(road: Road) -> None:
    """Green answers at random more often than not; blue is what the baseline was."""
    made, said = road
    violated = {
        key.split("/")[2] for key in made.stored() if key.endswith("constraint_violations.json")
    }
    assert "variant=green" in violated
    assert "variant=blue" not in violated
    assert 0 == said["monitor"].code
    partitions = [key for key in made.stored() if key.startswith("violations/type=model_quality/")]
    assert partitions
    summary = made.document("report/model_quality/summary.json")
    assert summary["violations"] > 0


def test_a_violation_names_its_numbers(road: Road) -> None:
    """Metric, value, bound, interval, and which of the rows moved most."""
    made, _ = road
    key = next(
        k for k in made.stored() if "=green" in k and k.endswith("constraint_violations.json")
    )
    violation = made.document(key)["violations"][0]
    assert {"constraint_check_type", "description", "metric_name", "tidegauge"} == set(violation)
    assert {"value", "bound", "low", "high", "moved", "baseline", "n"} <= set(
        violation["tidegauge"]
    )


def late(days: float) -> list[Told]:
    """The labels that were collected this long after the first of March, or earlier."""
    return [label for label in told() if label.time < START + days * DAY]


def test_labels_that_come_later_revise_a_window(tmp_path: Path) -> None:
    """Neither captures nor old labels are read again; the end is that of knowing all at once."""
    made = quality_world(tmp_path, late(2.5))
    made.run("baseline")
    made.run("monitor")
    first = made.document(run_key("blue", 2))
    assert (0, 57) == (first["labels"]["revision"], first["counts"]["labelled"])
    once = found(made, "blue", 2)
    assert expected(("blue",), (2,), late(2.5))["accuracy"] == pytest.approx(once["accuracy"])

    broken = dict.fromkeys(captures(), b"no capture any more\n")
    broken |= dict.fromkeys(ground_truth(late(2.5)), b"no label any more\n")
    rest = [label for label in told() if label not in late(2.5)]
    put(made.data, {k: v for k, v in broken.items() if k.startswith("captures")})
    put(made.data, ground_truth(rest, "1.jsonl"))
    again = made.run("monitor")

    assert 0 == again.code
    second = made.document(run_key("blue", 2))
    assert (1, 0.95, 6) == (
        second["labels"]["revision"],
        second["labels"]["coverage"],
        second["counts"]["corrected"],
    )
    assert [0, 1] == [said["revision"] for said in second["labels"]["history"]]
    wanted = expected(("blue",), (2,), told())
    mine = found(made, "blue", 2)
    assert wanted == pytest.approx({name: mine[name] for name in wanted}, rel=1e-9)


def test_without_new_labels_nothing_is_made_again(tmp_path: Path) -> None:
    """A second call finds nothing to do, and leaves every byte as it is."""
    made = quality_world(tmp_path)
    made.run("baseline")
    made.run("monitor")
    before = made.stored()
    assert "nothing to do" in made.run("monitor").out
    assert before == made.stored()
