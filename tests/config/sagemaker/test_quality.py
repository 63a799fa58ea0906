"""A monitor of model quality as the service describes it becomes a conf that does the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from sklearn import metrics
from tests.config.sagemaker.descriptions import (
    BUCKET,
    CAPTURES,
    ENDPOINT,
    EXECUTION,
    QUALITY_SCHEDULE,
    REPORTS,
    RESULTS,
    SCHEDULE,
    SCRIPTS,
    job,
    job_input,
    quality_baselining,
    quality_definition,
)
from tests.e2e.quality_world import answers, baseline, captures, ground_truth, told, truth
from tests.e2e.world import START, World, put, tidegauge

from tidegauge.config.loading import conf_from_tree
from tidegauge.config.sagemaker.importing import Imported, import_monitor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def imported(*documents: Mapping[str, Any]) -> Imported:
    """What becomes of these descriptions."""
    return import_monitor([(f"{i}.json", document) for i, document in enumerate(documents)])


def tree(*documents: Mapping[str, Any]) -> dict[str, Any]:
    """The conf of these descriptions, parsed; it is one that loads, once CHANGE-ME is changed."""
    text = imported(*documents).conf
    conf_from_tree(yaml.safe_load(text.replace("CHANGE-ME", "1d")), "conf.yaml")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def reasons(*documents: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is told of these descriptions: where, and why."""
    found: dict[str, list[str]] = {}
    for left in imported(*documents).left_over:
        found.setdefault(left.where, []).append(left.reason)
    return found


def test_everything_about_a_monitor_makes_a_whole_conf() -> None:
    """Positions have the names of the baseline's rows; the offsets are window and wait."""
    found = tree(QUALITY_SCHEDULE, quality_definition(), quality_baselining(), ENDPOINT)

    assert {
        "version": 1,
        "monitor": "late-arrival-answers",
        "store": f"{REPORTS}/tidegauge",
        "captures": {"uri": CAPTURES, "format": "sagemaker", "outputs": ["score"]},
        "ground_truth": {"uri": f"{BUCKET}/truth", "format": "sagemaker", "wait": "2d"},
        "model_quality": {
            "problem": "binary",
            "label": "late",
            "score": "score",
            "threshold": 0.5,
            "baseline": {"uri": f"{BUCKET}/validation/rows.csv", "format": "csv"},
        },
        "window": "1d",
        "outputs": {"endpoint": "late-arrival", "layout": "sagemaker", "uri": REPORTS},
    } == found


def test_the_service_s_baseline_goes_on_by_its_constraints_alone() -> None:
    """A definition of model quality names no statistics; they are put beside them."""
    conf = imported(QUALITY_SCHEDULE, quality_definition()).conf
    assert f"--constraints {RESULTS}/constraints.json" in conf
    assert f"--statistics {RESULTS}/statistics.json" in conf


def test_what_is_carried_over_is_not_told_and_the_rest_is() -> None:
    """Of the keys that are model quality's own."""
    definition = quality_definition(
        InferenceAttribute="0", FeaturesAttribute="1", ExcludeFeaturesAttribute="2"
    )
    left = reasons(QUALITY_SCHEDULE, definition)

    at = "1.json: ModelQualityJobInput.EndpointInput"
    assert [f"{at}.FeaturesAttribute"] == [where for where in left if where.startswith(at)]
    assert "1.json: JobResources" in left
    assert not any("does not know" in reason for some in left.values() for reason in some)
    of_data = reasons(SCHEDULE, definition)
    assert "this conf monitors data quality" in of_data[f"{at}.InferenceAttribute"][0]


@pytest.mark.parametrize(
    ("problem", "attributes", "outputs", "quality"),
    [
        ("Regression", {"InferenceAttribute": "0"}, ["prediction"], {"score": "prediction"}),
        (
            "MulticlassClassification",
            {"InferenceAttribute": "predicted_label"},
            ["predicted_label"],
            {"score": "predicted_label"},
        ),
        (
            "BinaryClassification",
            {"InferenceAttribute": "2", "ProbabilityAttribute": "0"},
            ["score", "output_1", "prediction"],
            {"score": "score", "prediction": "prediction"},
        ),
        (
            "BinaryClassification",
            {"ProbabilityAttribute": "predictions[*].score"},
            ["score"],
            {"score": "score"},
        ),
        ("BinaryClassification", {"ProbabilityAttribute": "max(*)"}, [], {"score": "CHANGE-ME"}),
    ],
)
def test_the_answer_by_name_by_position_and_by_path(
    problem: str, attributes: dict[str, str], outputs: list[str], quality: dict[str, str]
) -> None:
    """Each problem has its column; what is guessed is told."""
    definition = quality_definition(problem, **attributes)
    text = imported(QUALITY_SCHEDULE, definition).conf
    found = yaml.safe_load(text)

    said = found["model_quality"]
    assert outputs == found["captures"].get("outputs", [])
    assert quality == {key: said[key] for key in ("score", "prediction") if key in said}
    plain = all(value.isidentifier() for value in attributes.values())
    assert plain == ("captures.outputs" not in reasons(QUALITY_SCHEDULE, definition))


def test_what_only_the_baselining_job_says_is_missed() -> None:
    """Where its rows are, which column is the label, and what its script made of them."""
    left = reasons(QUALITY_SCHEDULE, quality_definition())
    assert "is a guess" in left["model_quality.label"][0]
    assert "baselining job" in left["model_quality.baseline"][0]
    assert "baseline" not in tree(QUALITY_SCHEDULE, quality_definition())["model_quality"]

    scripted = quality_baselining()
    script = f"{SCRIPTS}/preprocessor.py"
    scripted["ProcessingInputs"].append(job_input("record_preprocessor_script_input", script))
    (reason,) = reasons(QUALITY_SCHEDULE, quality_definition(), scripted)["model_quality.baseline"]
    assert script in reason


def test_other_names_in_the_baseline_are_told() -> None:
    """One conf has one name for a column of both."""
    definition = quality_definition(ProbabilityAttribute="p")
    left = reasons(QUALITY_SCHEDULE, definition, quality_baselining())
    assert "rename the column" in left["captures.outputs"][0]


def test_labels_that_were_not_waited_for() -> None:
    """The least wait is an hour, and that is told."""
    definition = quality_definition(
        ProbabilityAttribute="0", StartTimeOffset="-PT1H", EndTimeOffset="-PT0H"
    )
    hourly = {**QUALITY_SCHEDULE, "MonitoringScheduleConfig": SCHEDULE["MonitoringScheduleConfig"]}
    hourly["MonitoringScheduleConfig"] |= {"MonitoringType": "ModelQuality"}
    assert "1h" == tree(hourly, definition)["ground_truth"]["wait"]
    assert "did not wait" in reasons(hourly, definition)["ground_truth.wait"][0]


def test_a_schedule_alone_does_not_say_how_long_jobs_waited() -> None:
    """Then the usual wait holds."""
    text = imported(QUALITY_SCHEDULE).conf
    assert "wait" not in yaml.safe_load(text)["ground_truth"]
    assert "only the job definition" in reasons(QUALITY_SCHEDULE)["ground_truth.wait"][0]


def test_one_execution_says_most_of_it() -> None:
    """By its environment; what it was given as captures are merged records."""
    execution = job(
        "model-quality-monitoring-202406230300-1",
        f"{REPORTS}/late-arrival/answers/2024/06/23/03",
        [
            job_input("constraints", f"{RESULTS}/constraints.json"),
            job_input("endpoint_input_1", f"{REPORTS}/merge/late-arrival/AllTraffic/2024/06/23/02"),
            job_input("groundtruth_input_1", f"{BUCKET}/truth"),
        ],
        dataset_format='{"sagemakerMergeJson":{"captureIndexNames":["endpointOutput"]}}',
        analysis_type="MODEL_QUALITY",
        problem_type="BinaryClassification",
        probability_attribute="0",
        probability_threshold_attribute="0.700000",
        positive_label="yes",
        sagemaker_endpoint_name="late-arrival",
        sagemaker_monitoring_schedule_name="answers",
        start_time="2024-06-23T02:00:00Z",
        end_time="2024-06-23T03:00:00Z",
    )
    found = tree(execution)
    assert {
        "problem": "binary", "label": "label", "score": "score", "threshold": 0.7,
        "positive": "yes",
    } == found["model_quality"]  # fmt: skip
    assert ("CHANGE-ME", f"{BUCKET}/truth", "1h") == (
        found["captures"]["uri"], found["ground_truth"]["uri"], found["window"],
    )  # fmt: skip
    assert CAPTURES == tree(EXECUTION)["captures"]["uri"]


def test_the_conf_monitors_as_the_service_did(tmp_path: Path) -> None:
    """Its descriptions become a conf, the conf a baseline and runs, whose numbers are right."""
    data = put(str(tmp_path / "data"), captures() | ground_truth(told()) | baseline())
    endpoint = {
        **ENDPOINT,
        "EndpointName": "captures",
        "DataCaptureConfig": {"DestinationS3Uri": data},
    }
    documents = {
        "schedule": {**QUALITY_SCHEDULE, "EndpointName": "captures"},
        "definition": quality_definition(labels=f"{data}/truth"),
        "baselining": quality_baselining(f"{data}/baseline", '{"parquet": {}}'),
        "endpoint": endpoint,
    }
    for name, document in documents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    made = tidegauge("import", "sagemaker", *(f"{tmp_path}/{name}.json" for name in documents))
    conf = tmp_path / "conf.yaml"
    conf.write_text(made.out, encoding="utf-8")
    store = str(tmp_path / "store")
    ours = [f"--set={key}" for key in ("monitor=flights", f"store={store}", "engine=local")]
    no_copies = ["--set=outputs.layout=null", "--set=outputs.uri=null"]

    for command in ("baseline", "monitor"):
        assert 0 == tidegauge(command, str(conf), *ours, *no_copies).code
    window = "window=2024-03-02T0000Z_P1D"
    key = f"runs/type=model_quality/variant=blue/{window}/statistics.json"
    found = World(data, store, str(conf)).document(key)["binary_classification_metrics"]

    last = truth()
    day = [a for a in answers() if a.variant == "blue" and (a.time - START).days == 1]
    y, p = zip(*((last[a.id], a.score) for a in day if a.id in last), strict=True)
    assert metrics.roc_auc_score(y, p) == pytest.approx(found["auc"]["value"])
    answered = [one >= 0.5 for one in p]
    assert metrics.precision_score(y, answered) == pytest.approx(found["precision"]["value"])
