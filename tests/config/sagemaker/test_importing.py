"""A monitor as the service describes it becomes a conf, and what a conf cannot say is told."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.config.sagemaker.descriptions import (
    BASELINING,
    CAPTURES,
    DEFINITION,
    ENDPOINT,
    EXECUTION,
    INLINE,
    REPORTS,
    RESULTS,
    SCHEDULE,
    SCRIPTS,
    job,
    job_input,
)

from tidegauge.config.loading import conf_from_tree
from tidegauge.config.sagemaker.importing import Imported, import_monitor
from tidegauge.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL = {
    "schedule.json": SCHEDULE,
    "definition.json": DEFINITION,
    "endpoint.json": ENDPOINT,
    "baselining.json": BASELINING,
}


def imported(*documents: Mapping[str, Any]) -> Imported:
    """What becomes of these descriptions."""
    return import_monitor([(f"{i}.json", document) for i, document in enumerate(documents)])


def tree(*documents: Mapping[str, Any]) -> dict[str, Any]:
    """The conf of these descriptions, parsed."""
    found: dict[str, Any] = yaml.safe_load(imported(*documents).conf)
    return found


def told(*documents: Mapping[str, Any]) -> dict[str, str]:
    """What is told of these descriptions: where, and why."""
    return {left.where: left.reason for left in imported(*documents).left_over}


def test_everything_about_a_monitor_makes_a_whole_conf() -> None:
    """Nothing is left to be filled in, and it loads."""
    made = import_monitor(list(ALL.items()))
    found = yaml.safe_load(made.conf)

    assert {
        "version": 1,
        "monitor": "late-arrival-quality",
        "store": f"{REPORTS}/tidegauge",
        "training": {
            "uri": "s3://example-bucket/training/flights.csv",
            "format": "csv",
            "header": False,
            "preprocess": f"{SCRIPTS}/preprocessor.py",
        },
        "captures": {
            "uri": CAPTURES,
            "format": "sagemaker",
            "preprocess": f"{SCRIPTS}/preprocessor.py",
            "postprocess": f"{SCRIPTS}/postprocessor.py",
        },
        "features": {"exclude": ["late", "tail number"]},
        "window": "1h",
        "outputs": {"endpoint": "late-arrival", "layout": "sagemaker", "uri": REPORTS},
        "metrics": {"cloudwatch": "put"},
    } == found
    assert "late-arrival-quality" == conf_from_tree(found, "conf.yaml").monitor


def test_the_conf_says_where_it_is_from_and_how_the_baseline_goes_on() -> None:
    """Comments for the person who reads it first."""
    conf = import_monitor(list(ALL.items())).conf

    assert conf.startswith("# Made by `tidegauge import sagemaker` from schedule.json, def")
    assert "tidegauge import baseline CONF" in conf
    assert f"--statistics {RESULTS}/statistics.json" in conf
    assert "# cron(0 * ? * * *)" in conf


def test_what_a_conf_cannot_say_is_told_with_the_reason() -> None:
    """Each key of the descriptions is carried over, or nothing to be carried over, or here."""
    left = {one.where: one.reason for one in import_monitor(list(ALL.items())).left_over}

    assert {
        "definition.json: JobResources",
        "definition.json: NetworkConfig",
        "definition.json: RoleArn",
        "definition.json: StoppingCondition",
        "baselining.json: ProcessingResources",
        "baselining.json: StoppingCondition",
        "baselining.json: Environment.categorical_drift_method",
        "baselining.json: RoleArn",
        "training.format",
        "captures.outputs",
    } <= set(left)
    assert left["training.format"] == "the model's outputs stand at the START of each row"
    assert not any("does not know" in reason for reason in left.values())


def test_an_older_schedule_holds_its_job() -> None:
    """The same facts, by the older names; metrics were off."""
    found = tree(INLINE, ENDPOINT)

    assert (CAPTURES, "1d", REPORTS) == (
        found["captures"]["uri"],
        found["window"],
        found["outputs"]["uri"],
    )
    assert "metrics" not in found
    assert "PT12H later" in told(INLINE)["window"]


def test_one_execution_is_enough_for_most_of_it() -> None:
    """Its inputs are one hour's folders, its output is one hour's: the conf has those above."""
    found = tree(EXECUTION)

    assert (CAPTURES, "late-arrival-quality", "1h", f"{REPORTS}/tidegauge", REPORTS) == (
        found["captures"]["uri"],
        found["monitor"],
        found["window"],
        found["store"],
        found["outputs"]["uri"],
    )
    assert {"cloudwatch": "put"} == found["metrics"]
    assert f"--constraints {RESULTS}/constraints.json" in imported(EXECUTION).conf


def test_what_is_missing_is_marked_and_told() -> None:
    """Where to find it stands with it."""
    found, left = tree(SCHEDULE), told(SCHEDULE)

    assert ("CHANGE-ME", "CHANGE-ME", "CHANGE-ME") == (
        found["training"]["uri"],
        found["captures"]["uri"],
        found["store"],
    )
    assert "format: csv                                 # CHANGE-ME" in imported(SCHEDULE).conf
    assert "describe-processing-job" in left["training.uri"]
    assert "describe-endpoint" in left["captures.uri"]
    assert "(baseline-suggestion-job-1)" in told(SCHEDULE, DEFINITION)["training.uri"]


def test_windows_that_overlap_are_merged_from_hours() -> None:
    """What the service read again every hour is read once here."""
    schedule = copy.deepcopy(SCHEDULE)
    schedule["MonitoringScheduleConfig"]["ScheduleConfig"] |= {
        "DataAnalysisStartTime": "-PT24H",
        "DataAnalysisEndTime": "-PT0H",
    }
    found = tree(schedule)

    assert ("1d", "1h", "1h") == (found["window"], found["every"], found["profile"])


def test_the_first_description_is_believed() -> None:
    """A contradiction is told."""
    other = {**ENDPOINT, "EndpointName": "other"}

    assert "late-arrival" == tree(SCHEDULE, other)["outputs"]["endpoint"]
    assert told(SCHEDULE, other)["1.json"].startswith("its `endpoint` is not that of one before")


def test_metrics_are_what_the_monitor_says() -> None:
    """The first one that does; a baselining job, which sends none, has no say."""
    assert "metrics" not in tree(INLINE, EXECUTION)
    assert {"cloudwatch": "put"} == tree(BASELINING, DEFINITION)["metrics"]


def test_unknown_keys_are_told() -> None:
    """A later release of the service, or a container of one's own."""
    changed = copy.deepcopy(INLINE)
    definition = changed["MonitoringScheduleConfig"]["MonitoringJobDefinition"]
    definition["Sorcery"] = {"Deep": True}
    definition["MonitoringAppSpecification"]["ImageUri"] = "example.com/own:1"
    at = "0.json: MonitoringScheduleConfig.MonitoringJobDefinition"

    left = told(changed)

    assert "this release does not know it" == left[f"{at}.Sorcery"]
    assert "this release does not know it" == left[f"{at}.Environment.colour"]
    assert "not run" in left[f"{at}.MonitoringAppSpecification.ImageUri"]


@pytest.mark.parametrize(
    ("described", "format_", "note"),
    [
        ('{"json": {"lines": true}}', "jsonl", None),
        ('{"json": {"line": true}}', "jsonl", None),
        ('{"parquet": {}}', "parquet", None),
        ('{"csv": {}}', "csv", None),
        ('{"json": {"lines": false}}', "csv", "is not read"),
    ],
)
def test_the_formats_of_a_baseline_dataset(described: str, format_: str, note: str | None) -> None:
    """As the SDK writes `dataset_format`, and as the guide spells it."""
    baselining = job(
        "b", RESULTS, [job_input("baseline_dataset_input", "s3://b/t")], dataset_format=described
    )

    assert format_ == tree(baselining)["training"]["format"]
    left = told(baselining)
    assert note in left["training.format"] if note else "training.format" not in left


def test_scripts_are_carried_over() -> None:
    """The conf's head says what they are."""
    made = imported(DEFINITION)
    captures = tree(DEFINITION)["captures"]

    for key, name in (("preprocess", "preprocessor"), ("postprocess", "postprocessor")):
        assert f"{SCRIPTS}/{name}.py" == captures[key]
        assert f"# {SCRIPTS}/{name}.py is code that runs with the job's rights;" in made.conf


def test_a_script_of_the_baselining_job_is_not_the_captures() -> None:
    """It was written for lines of the training data: if they are none, that is told."""
    assert not {"preprocess", "postprocess"} & tree(BASELINING)["captures"].keys()
    assert f"{SCRIPTS}/preprocessor.py" == tree(BASELINING)["training"]["preprocess"]
    assert "training" not in told(BASELINING)

    parquet = copy.deepcopy(BASELINING)
    parquet["Environment"]["dataset_format"] = '{"parquet": {}}'
    assert "preprocess" not in tree(parquet)["training"]
    assert f"the baselining job ran {SCRIPTS}/preprocessor.py" in told(parquet)["training"]


def test_a_batch_transform_has_no_endpoint() -> None:
    """Its captures are where the schedule says; its files are named by manifests."""
    definition = copy.deepcopy(DEFINITION)
    definition["DataQualityJobInput"] = {
        "BatchTransformInput": {
            "DataCapturedDestinationS3Uri": "s3://example-bucket/batch/",
            "DatasetFormat": {"Csv": {"Header": False}},
            "LocalPath": "/opt/ml/processing/input",
        }
    }
    schedule = {key: value for key, value in SCHEDULE.items() if key != "EndpointName"}
    found = tree(schedule, definition)

    captured = found["captures"]
    assert ("s3://example-bucket/batch", "csv") == (captured["uri"], captured["format"])
    assert (True, False) == (captured["manifests"], captured["header"])
    assert {"layout": "sagemaker", "uri": REPORTS} == found["outputs"]
    assert "GenerateInferenceId" in told(schedule, definition)["captures.inference_id"]


@pytest.mark.parametrize(("lines", "format_"), [(True, "jsonl"), (False, "json")])
def test_results_in_json_may_be_one_document(lines: bool, format_: str) -> None:  # noqa: FBT001
    """As the transform's description says; a training set may not."""
    definition = copy.deepcopy(DEFINITION)
    definition["DataQualityJobInput"] = {
        "BatchTransformInput": {
            "DataCapturedDestinationS3Uri": "s3://example-bucket/batch/",
            "DatasetFormat": {"Json": {"Line": lines}},
        }
    }
    assert format_ == tree(definition)["captures"]["format"]


def test_positions_to_exclude_are_names_of_columns_without_a_header() -> None:
    """They are marked: where columns have names, positions say nothing here."""
    execution = {**EXECUTION, "Environment": {"exclude_features_attribute": "0, 3"}}

    assert ["_c0", "_c3"] == tree(execution)["features"]["exclude"]
    assert "are positions" in told(execution)["features.exclude"]


@pytest.mark.parametrize("type_", ["ModelBias", "ModelExplainability"])
def test_another_type_of_monitor_is_told(type_: str) -> None:
    """Its captures and schedule serve data quality, its constraints do not."""
    schedule = copy.deepcopy(SCHEDULE)
    schedule["MonitoringScheduleConfig"]["MonitoringType"] = type_

    assert f"a monitor of the type {type_} is not carried over" in told(schedule)["MonitoringType"]
    assert "import baseline" not in imported(schedule, DEFINITION).conf


def test_data_that_ended_before_the_job_ran_is_told() -> None:
    """Nothing here makes a window of data quality wait."""
    schedule = copy.deepcopy(SCHEDULE)
    schedule["MonitoringScheduleConfig"]["ScheduleConfig"] |= {
        "DataAnalysisStartTime": "-PT2H",
        "DataAnalysisEndTime": "-PT1H",
    }
    assert "the data ended PT1H before the job ran" in told(schedule)["window"]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"features": []}, "describes no monitor"),
        ({**SCHEDULE, "EndpointName": 3}, "EndpointName: expected a text, found 3"),
        (
            job("b", "s3://o", [job_input("baseline_dataset_input", "u")], dataset_format="[1"),
            "dataset_format: expected the text of a JSON object",
        ),
    ],
)
def test_what_is_no_description_is_told(document: dict[str, Any], sentence: str) -> None:
    """With the name of the document and the place in it."""
    with pytest.raises(DocumentError, match=sentence):
        imported(document)
