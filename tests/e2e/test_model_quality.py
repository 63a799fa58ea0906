"""Model quality on the whole road: answers of an endpoint against labels that come late."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
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
from tests.e2e.world import DAY, START, put, tidegauge

from tidegauge.config.loading import load_conf
from tidegauge.flows.job import Job
from tidegauge.flows.quality import run_quality
from tidegauge.running import LocalEngine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.e2e.quality_world import Told
    from tests.e2e.world import World

    from tidegauge.flows.monitor import WindowRun

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


def test_explain_takes_a_metric_apart(road: Road) -> None:
    """By every number of its outcome, and by the rows that moved most; the report has its value."""
    made, _ = road
    key = next(
        k for k in made.stored() if "=green" in k and k.endswith("constraint_violations.json")
    )
    violation = made.document(key)["violations"][0]
    window = key.split("window=")[1].split("/")[0].replace("_", "/")
    told = made.run("explain", "--feature", violation["metric_name"], "--window", window)
    assert (0, 1) == (told.code, told.out.count("green, 2024"))
    assert f"violated. {violation['description']}" in told.out
    assert "- moved: rows with the label '" in told.out
    lines = [
        json.loads(line)
        for k, data in made.stored().items()
        if k.startswith("violations/") and f"feature={violation['metric_name']}" in k
        for line in data.splitlines()
    ]
    observed = violation["tidegauge"]["value"]
    assert observed in [line["observed"] for line in lines]


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


def test_labels_that_one_variant_took_are_there_for_the_others(tmp_path: Path) -> None:
    """Catching up with one variant does not use up what the other ones' labels are in."""
    made = quality_world(tmp_path, late(2.5))
    made.run("baseline")
    made.run("monitor")
    put(made.data, ground_truth([t for t in told() if t not in late(2.5)], "1.jsonl"))
    assert 0 == made.run("monitor", "--variant", "blue").code
    assert 0 == made.run("monitor").code
    for variant in ("blue", "green"):
        assert 0.95 == made.document(run_key(variant, 2))["labels"]["coverage"]
    wanted = expected(("blue", "green"), (3,), told())
    mine = found(made, "_all", 3)
    assert wanted == pytest.approx({name: mine[name] for name in wanted}, rel=1e-9)


def test_labels_of_before_the_first_unit_are_not_read(tmp_path: Path) -> None:
    """Years of them may lie there, some of which nobody can read any more."""
    made = quality_world(tmp_path)
    put(made.data, {"truth/2023/01/01/00/old.jsonl": b"no label\n" * 1_000})
    made.run("baseline")
    assert 0 == made.run("monitor").code
    assert found(made, "blue", 1)["rows"]


def test_without_new_labels_nothing_is_made_again(tmp_path: Path) -> None:
    """A second call finds nothing to do, and leaves every byte as it is."""
    made = quality_world(tmp_path)
    made.run("baseline")
    made.run("monitor")
    before = made.stored()
    assert "nothing to do" in made.run("monitor").out
    assert before == made.stored()


@pytest.mark.parametrize("format_", ["parquet", "csv", "jsonl"])
def test_labels_of_every_format_give_the_same_numbers(
    tmp_path: Path, road: Road, format_: str
) -> None:
    """A table with id, label and the time of its collection, in place of SageMaker's files."""
    labels = told()
    table = pa.table(
        {
            "key": [label.id for label in labels],
            "was_late": [label.label for label in labels],
            "at": [label.time for label in labels],
            "more": ["x"] * len(labels),
        }
    )
    folder = tmp_path / "labels"
    folder.mkdir()
    match format_:
        case "parquet":
            parquet.write_table(table, folder / "labels.parquet")
        case "csv":
            table.to_pandas().to_csv(folder / "labels.csv", index=False)
        case _:
            table.to_pandas().to_json(
                folder / "labels.jsonl", orient="records", lines=True, date_format="iso"
            )
    truth = {"uri": str(folder), "format": format_, "id": "key", "label": "was_late", "time": "at"}
    made = quality_world(tmp_path, data=road[0].data, truth=truth)
    made.run("baseline")
    assert 0 == made.run("monitor").code
    for day in DAYS:
        assert found(road[0], "_all", day) == pytest.approx(found(made, "_all", day))
        counts = [
            made.document(run_key("_all", day))["counts"][n] for n in ("corrected", "repeated")
        ]
        assert [12, 12] == counts


def test_captures_that_come_late_are_predictions_too(tmp_path: Path) -> None:
    """The unit is merged anew, with the labels that it had; the window has another revision."""
    late_ones = {key: data for key, data in captures().items() if "blue/2024/03/02/17" in key}
    made = quality_world(tmp_path)
    for key in late_ones:
        Path(made.data, key).unlink()
    made.run("baseline")
    made.run("monitor")
    assert RECORDS_AN_HOUR == made.document(run_key("blue", 2))["counts"]["predictions"]
    others = {k: d for k, d in made.stored().items() if "/variant=green/" in k}

    put(made.data, late_ones)
    assert "nothing to do" in made.run("monitor").out  # it is too late
    wait = ("--set", "late=36500d")
    assert "2 windows checked" in made.run("monitor", *wait).out
    record = made.document(run_key("blue", 2))
    assert (A_DAY, 1) == (record["counts"]["predictions"], record["labels"]["revision"])
    wanted = expected(("blue",), (2,), told())
    mine = found(made, "blue", 2)
    assert wanted == pytest.approx({name: mine[name] for name in wanted}, rel=1e-9)
    assert others == {k: d for k, d in made.stored().items() if "/variant=green/" in k}
    assert "nothing to do" in made.run("monitor", *wait).out


def test_an_hour_whose_captures_come_late_is_a_unit_then(tmp_path: Path) -> None:
    """With units of an hour, the window had none of this one when it was evaluated."""
    late_ones = {key: data for key, data in captures().items() if "blue/2024/03/02/17" in key}
    made = quality_world(tmp_path, profile="1h", late="36500d")
    for key in late_ones:
        Path(made.data, key).unlink()
    made.run("baseline")
    made.run("monitor")
    put(made.data, late_ones)
    made.run("monitor")
    record = made.document(run_key("blue", 2))
    assert (A_DAY, 1) == (record["counts"]["predictions"], record["labels"]["revision"])


def test_label_files_of_before_a_unit_are_not_read_again(tmp_path: Path) -> None:
    """One file a day: those that were last written before a new unit began are left alone."""
    days = [[t for t in told() if (t.time - START) // DAY == day] for day in range(7)]
    folder = tmp_path / "labels"
    folder.mkdir()

    def write(day: int) -> Path:
        path = folder / f"{day}.parquet"
        columns = {"key": [t.id for t in days[day]], "late": [t.label for t in days[day]]}
        parquet.write_table(pa.table({**columns, "at": [t.time for t in days[day]]}), path)
        return aged(path, START + (day + 1) * DAY)

    def aged(path: Path, time: datetime) -> Path:
        os.utime(path, (time.timestamp(), time.timestamp()))
        return path

    truth = {"uri": str(folder), "format": "parquet", "id": "key", "label": "late", "time": "at"}
    made = quality_world(tmp_path, truth=truth)
    last_day = {key: data for key, data in captures().items() if "/2024/03/04/" in key}
    for key in last_day:
        Path(made.data, key).unlink()
    early = [write(day) for day in (0, 1)]
    made.run("baseline")
    assert 0 == made.run("monitor").code

    for path in early:  # as long and as old, so that nothing says that it is another one
        path.write_bytes(b"x" * path.stat().st_size)
        aged(path, START + (int(path.stem) + 1) * DAY)
    for day in range(2, 7):
        write(day)
    put(made.data, last_day)
    assert 0 == made.run("monitor").code
    wanted = expected(("blue",), (4,), told())
    mine = found(made, "blue", 4)
    assert wanted == pytest.approx({name: mine[name] for name in wanted}, rel=1e-9)


def test_spark_makes_the_same_documents(tmp_path: Path, road: Road) -> None:
    """Byte for byte, the merged rows included; the engine is no part of what is said."""
    made = quality_world(tmp_path, data=road[0].data, engine="spark")
    made.run("baseline")
    made.run("monitor")
    made.run("report")
    assert road[0].stored() == made.stored()


def test_what_spark_reads_itself_gives_the_same_numbers(tmp_path: Path, road: Road) -> None:
    """Captures with `read: spark`, labels and baseline as tables: the same rows, by other ways."""
    data = road[0].data
    labels = told()
    table = {"key": [t.id for t in labels], "late": [t.label for t in labels]}
    (tmp_path / "labels").mkdir()
    parquet.write_table(
        pa.table({**table, "at": [t.time for t in labels]}), tmp_path / "labels/labels.parquet"
    )
    made = quality_world(
        tmp_path,
        data=data,
        engine="spark",
        captures={
            "uri": f"{data}/captures",
            "format": "sagemaker",
            "read": "spark",
            "inputs": ["amount", "seats"],
            "outputs": ["score"],
        },
        truth={
            "uri": str(tmp_path / "labels"),
            "format": "table",
            "id": "key",
            "label": "late",
            "time": "at",
        },
        quality={"baseline": {"uri": f"{data}/baseline", "format": "table", "time": "when"}},
    )
    assert 0 == made.run("baseline").code
    assert 0 == made.run("monitor").code
    for day in DAYS:
        assert found(road[0], "green", day) == pytest.approx(found(made, "green", day))
        ours, theirs = (w.document(run_key("green", day))["counts"] for w in (made, road[0]))
        assert theirs == ours


def now(text: str) -> datetime:
    """A time of 2024."""
    return datetime.fromisoformat(f"2024-{text}+00:00")


def job_of(made: World) -> Job:
    """What the flows are given."""
    return Job(load_conf(made.conf), LocalEngine())


def windows_of(runs: Iterable[WindowRun]) -> list[tuple[str, int]]:
    """The variants and days of some runs."""
    return [(run.key.variant, run.key.window.start.day) for run in runs]


def test_a_window_waits_for_its_labels(tmp_path: Path) -> None:
    """It is evaluated when its wait is over, and not before; the next one later."""
    made = quality_world(tmp_path)
    made.run("baseline")
    job = job_of(made)
    assert [] == windows_of(run_quality(job, now("03-03T23:59")))
    first = [("blue", 1), ("green", 1), ("_all", 1)]
    assert first == windows_of(run_quality(job, now("03-04T00:00")))
    assert [(variant, 2) for variant, _ in first] == windows_of(
        run_quality(job, now("03-05T00:00"))
    )


def test_a_window_whose_coverage_is_reached_need_not_wait(tmp_path: Path) -> None:
    """With 95 % of the labels there, and with less it waits on."""
    made = quality_world(tmp_path, late(2.5), truth={"wait": "300d", "coverage": 0.9})
    made.run("baseline")
    job = job_of(made)
    assert [("blue", 1), ("green", 1), ("_all", 1)] == windows_of(
        run_quality(job, now("03-10T00:00"))
    )
    put(made.data, ground_truth([t for t in told() if t not in late(2.5)], "1.jsonl"))
    assert {2, 3, 4} <= {day for _, day in windows_of(run_quality(job, now("03-10T00:00")))}


def test_a_window_without_labels_is_no_bad_model(tmp_path: Path) -> None:
    """Every outcome is `not enough data`, and the run says why."""
    made = quality_world(tmp_path, late(2))
    made.run("baseline")
    made.run("monitor")
    record = made.document(run_key("green", 4))
    outcomes = made.document(run_key("green", 4, "outcomes.json"))["outcomes"]
    assert ("Completed", "none of this window's predictions has a label") == (
        record["status"],
        record["reason"],
    )
    assert {"not enough data"} == {outcome["verdict"] for outcome in outcomes}
    assert (0, 0.0) == (record["labels"]["labelled"], record["labels"]["coverage"])


def test_labels_that_come_after_a_window_has_closed_change_nothing(tmp_path: Path) -> None:
    """Its last label in time stays the one that counts."""
    made = quality_world(tmp_path, truth={"closes": "1d"})
    made.run("baseline")
    made.run("monitor")
    in_time = [t for t in told() if t.time < START + 2 * DAY]
    wanted = expected(("blue",), (1,), in_time)
    mine = found(made, "blue", 1)
    assert wanted == pytest.approx({name: mine[name] for name in wanted}, rel=1e-9)


def test_windows_are_merged_from_shorter_units(tmp_path: Path, road: Road) -> None:
    """Two days each day, from units of an hour, of which none is joined twice."""
    made = quality_world(tmp_path, data=road[0].data, window="2d", every="1d", profile="1h")
    made.run("baseline")
    made.run("monitor")
    key = run_key("blue", 2, "statistics.json").replace("_P1D", "_P2D")
    metrics_ = made.document(key)["tidegauge"]["metrics"]
    wanted = expected(("blue",), (2, 3), told())
    assert wanted["accuracy"] == pytest.approx(metrics_["accuracy"]["value"])
    assert wanted["auc"] == pytest.approx(metrics_["auc"]["value"])


def test_a_window_that_is_asked_for_is_made_anew(tmp_path: Path) -> None:
    """From the captures and all labels, whatever its wait; a first revision again."""
    made = quality_world(tmp_path, late(2.5))
    made.run("baseline")
    made.run("monitor")
    put(made.data, ground_truth([t for t in told() if t not in late(2.5)], "1.jsonl"))
    again = made.run("monitor", "--window", "2024-03-02T00:00Z/P1D")
    assert 0 == again.code
    record = made.document(run_key("blue", 2))
    assert (0, 0.95) == (record["labels"]["revision"], record["labels"]["coverage"])


def test_another_threshold_folds_the_kept_rows_again(tmp_path: Path) -> None:
    """A conf that judges otherwise needs no captures for that, but a new label or --window."""
    made = quality_world(tmp_path, late(2.5))
    made.run("baseline")
    made.run("monitor")
    put(made.data, ground_truth([t for t in told() if t not in late(2.5)], "1.jsonl"))
    stricter = ("--set", "model_quality.threshold=0.9")
    made.run("baseline", *stricter)
    assert 0 == made.run("monitor", *stricter).code
    assert 0.9 == made.document(run_key("blue", 2, "statistics.json"))["tidegauge"]["threshold"]


def test_merged_records_are_written_on_request(tmp_path: Path, road: Road) -> None:
    """The capture's own record with the label beside it, in the folder of its hour."""
    made = quality_world(tmp_path, data=road[0].data, truth={"merged": "sagemaker"})
    made.run("baseline")
    made.run("monitor")
    files = {k: v for k, v in made.stored().items() if k.startswith("merged_records/blue/")}
    lines = [line for data in files.values() for line in data.decode().splitlines()]
    last = truth()
    labels = {}
    for record in map(json.loads, lines):
        ids = record["eventMetadata"]
        labels[ids.get("inferenceId") or ids["eventId"]] = record["groundTruthData"]
        assert {"endpointInput", "endpointOutput"} == set(record["captureData"])
    wanted = {a.id: last[a.id] for a in answers() if a.variant == "blue" and a.id in last}
    assert {k: {"data": str(v), "encoding": "CSV"} for k, v in wanted.items()} == labels
    assert all("/2024/03/0" in key for key in files)


def test_a_baseline_of_training_rows_is_warned_of(tmp_path: Path, road: Road) -> None:
    """A model answers well what it has learnt from."""
    training = {"uri": f"{road[0].data}/baseline", "format": "parquet"}
    made = quality_world(tmp_path, data=road[0].data, training=training)
    told_ = made.run("baseline", "--type", "model_quality")
    assert any("which the model was trained on" in text for text in told_.messages("warning"))
    assert not any("trained on" in t for t in road[1]["baseline"].messages("warning"))


def test_both_types_are_made_by_one_conf(tmp_path: Path, road: Road) -> None:
    """Each with its own pin, runs and report; `--type` chooses one."""
    training = {"uri": f"{road[0].data}/baseline", "format": "parquet"}
    made = quality_world(
        tmp_path,
        data=road[0].data,
        training=training,
        captures={
            "uri": f"{road[0].data}/captures",
            "format": "sagemaker",
            "inputs": ["amount", "seats"],
            "outputs": ["score"],
        },
        features={"exclude": ["late", "when", "unused", "score"]},
    )
    for command in ("baseline", "monitor", "report"):
        assert 0 == made.run(command).code
    keys = set(made.stored())
    pins = made.document("baseline/current.json")
    assert {"version", "baseline", "model_quality"} == set(pins)
    for type_ in ("data_quality", "model_quality"):
        assert f"report/{type_}/summary.json" in keys
        assert any(key.startswith(f"runs/type={type_}/variant=_all/") for key in keys)


def test_a_baseline_of_the_service_is_evaluated_as_it_stands(tmp_path: Path, road: Road) -> None:
    """No margin, no test: a value beyond the threshold is a violation."""
    made = quality_world(tmp_path, data=road[0].data)
    metrics_ = {"auc": {"value": 0.99, "standard_deviation": None}}
    statistics = {
        "version": 0.0,
        "dataset": {"item_count": 900},
        "binary_classification_metrics": metrics_,
    }
    constraint = {"threshold": 0.99, "comparison_operator": "LessThanThreshold"}
    constraints = {"version": 0.0, "binary_classification_constraints": {"auc": constraint}}
    for name, document in (("statistics", statistics), ("constraints", constraints)):
        Path(tmp_path, f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    paths = [f"--{name}={tmp_path / name}.json" for name in ("statistics", "constraints")]
    assert 0 == tidegauge("import", "baseline", made.conf, *paths).code
    assert 0 == made.run("monitor").code
    found_ = made.document(run_key("blue", 1, "constraint_violations.json"))["violations"]
    assert [("auc", "LessThanThreshold")] == [
        (one["metric_name"], one["constraint_check_type"]) for one in found_
    ]


def test_too_many_unreadable_labels_stop_the_call(tmp_path: Path) -> None:
    """Exit 4 with the first reasons; nothing is committed, the records are kept aside."""
    made = quality_world(tmp_path)
    made.run("baseline")
    put(made.data, {"truth/2024/03/02/05/bad.jsonl": b'{"eventVersion": "0"}\n' * 300})
    stopped = made.run("monitor")
    assert 4 == stopped.code
    assert "the ground truth: 300 of" in stopped.error
    assert not [key for key in made.stored() if key.startswith("runs/")]
    assert [key for key in made.stored() if key.startswith("rejected/ground_truth/")]


def test_a_capture_that_cannot_be_read_is_kept_aside(tmp_path: Path) -> None:
    """Beside the run that counted it; and with too many of them the window fails, it alone."""
    made = quality_world(tmp_path, max_rejected=0.05)
    for day, lines in ((1, 1), (2, 60)):
        key = f"captures/blue/2024/03/{day:02}/05/bad.jsonl"
        put(made.data, {key: b"no record\n" * lines})
    made.run("baseline")
    assert 4 == made.run("monitor").code
    assert 1 == made.document(run_key("blue", 1))["counts"]["rejected"]
    assert "Failed" == made.document(run_key("blue", 2))["status"]
    assert "60 of 180 records could not be read" in made.document(run_key("blue", 2))["reason"]
    assert "Completed" == made.document(run_key("blue", 3))["status"]
    for day in (1, 2):
        below = run_key("blue", day, "").replace("runs/", "rejected/")
        assert [key for key in made.stored() if key.startswith(below)]


def test_catching_up_may_be_bounded(tmp_path: Path, road: Road) -> None:
    """The oldest windows first; the others by the next calls, until there is nothing to do."""
    made = quality_world(tmp_path, data=road[0].data, max_catch_up=3)
    made.run("baseline")
    assert "9 windows checked" in made.run("monitor").out
    assert "3 windows checked" in made.run("monitor").out
    assert "nothing to do" in made.run("monitor").out
    assert found(road[0], "_all", 4) == pytest.approx(found(made, "_all", 4))


def test_what_a_killed_job_left_is_made_whole(tmp_path: Path) -> None:
    """Labels joined but runs not made, or not written down: the end is the same, byte by byte."""
    made = quality_world(tmp_path)
    made.run("baseline")
    made.run("monitor")
    whole = made.stored()
    root = Path(made.store, "flights")
    for key in (run_key("blue", 2), run_key("_all", 3), "merged/type=model_quality/_labels.json"):
        (root / key).unlink()
    unit = root / "merged/type=model_quality/variant=green/window=2024-03-04T0000Z_P1D"
    (unit / "rows-0001-00000.parquet").write_bytes(b"cut off")
    (unit / "_joined.json").unlink()
    (root / run_key("green", 4)).unlink()
    assert "3 windows checked" in made.run("monitor").out
    assert whole == made.stored()


def test_old_merged_rows_are_cleaned_away(tmp_path: Path) -> None:
    """Of units that ended long ago, where the conf says so; they are not merged again."""
    made = quality_world(tmp_path, retention={"merged": "30d"})
    made.run("baseline")
    made.run("monitor")
    assert 0 == tidegauge("clean", made.conf).code
    left = [key for key in made.stored() if key.startswith("merged/")]
    assert ["merged/type=model_quality/_labels.json"] == left
    assert "nothing to do" in made.run("monitor").out


def test_the_series_of_the_report_has_every_window(road: Road) -> None:
    """Metrics and quantiles of the predictions, beside the baseline's."""
    made, said = road
    series = made.document("report/model_quality/series.json")["variants"]
    assert ["_all", "blue", "green"] == [one["variant"] for one in series]
    blue = series[1]
    assert [f"2024-03-0{day}T0000Z_P1D" for day in DAYS] == [w["window"] for w in blue["windows"]]
    assert {"auc", "cost_per_thousand", "prediction_q0.5"} <= set(blue["windows"][0]["values"])
    assert {"auc", "prediction_q0.5"} <= set(blue["baseline"])
    assert "model quality of blue, window by window" in said["report"].out
