"""The documents of model quality: SageMaker's shapes, read and written."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tests.quality.folding import MULTICLASS, REGRESSION, statistics

from tidegauge.documents.quality import constraints as constraints_document
from tidegauge.documents.quality import statistics as statistics_document
from tidegauge.documents.quality import violations as violations_document
from tidegauge.documents.text import dump, load
from tidegauge.errors import DocumentError
from tidegauge.model.outcome import Violation
from tidegauge.model.quality import Costs, Problem, QualityPlan, QualityStatistics
from tidegauge.rules.quality.constraints import MetricConstraint, Operator, QualityConstraints
from tidegauge.rules.quality.suggest import as_service, suggest

RNG = np.random.default_rng(18)
LABEL = RNG.random(400) < 0.3
PRICED = QualityPlan(Problem.BINARY, costs=Costs(false_negative=40, false_positive=5))
FOUND = {
    Problem.BINARY: statistics(PRICED, label=LABEL, score=(RNG.random(400) + LABEL) / 2),
    Problem.MULTICLASS: statistics(MULTICLASS, label=LABEL, prediction=RNG.integers(0, 3, 400)),
    Problem.REGRESSION: statistics(REGRESSION, label=RNG.random(400), prediction=RNG.random(400)),
}
SUFFIX = "_best_constant_classifier"
SECTIONS = {
    Problem.BINARY: (
        "binary_classification_metrics",
        ["confusion_matrix", "recall", "precision", "accuracy", "recall" + SUFFIX,
         "precision" + SUFFIX, "accuracy" + SUFFIX, "true_positive_rate", "true_negative_rate",
         "false_positive_rate", "false_negative_rate", "receiver_operating_characteristic_curve",
         "precision_recall_curve", "auc", "au_prc", "f0_5", "f1", "f2", "f0_5" + SUFFIX,
         "f1" + SUFFIX, "f2" + SUFFIX],
    ),
    Problem.MULTICLASS: (
        "multiclass_classification_metrics",
        ["confusion_matrix", *(name + suffix for suffix in ("", SUFFIX) for name in (
            "accuracy", "weighted_recall", "weighted_precision", "weighted_f0_5", "weighted_f1",
            "weighted_f2"))],
    ),
    Problem.REGRESSION: ("regression_metrics", ["mae", "mse", "rmse", "r2"]),
}  # fmt: skip


def written(document: dict[str, Any]) -> dict[str, Any]:
    """What is read of the bytes that were written."""
    return load(dump(document), "statistics.json")


@pytest.mark.parametrize("problem", Problem)
def test_statistics_have_the_services_keys_in_its_order(problem: Problem) -> None:
    """What SageMaker's readers look up is there, and nothing else stands between it."""
    document = written(statistics_document.encode(FOUND[problem]))
    section, keys = SECTIONS[problem]

    assert ["version", "dataset", section, "tidegauge"] == list(document)
    assert (0.0, {"item_count": 400}) == (document["version"], document["dataset"])
    assert keys == list(document[section])
    for key in keys:
        if key.endswith("curve"):
            assert all(isinstance(points, list) for points in document[section][key].values())
        elif key != "confusion_matrix":
            assert {"value", "standard_deviation"} == set(document[section][key])


@pytest.mark.parametrize("problem", Problem)
def test_statistics_are_read_back_as_they_were(problem: Problem) -> None:
    """Every number, interval, curve and table."""
    document = written(statistics_document.encode(FOUND[problem]))

    assert FOUND[problem] == statistics_document.decode(document, "statistics.json")


def test_statistics_of_subsamples_are_the_services_standard_deviations() -> None:
    """On request its section has them, or null below 200 rows; ours stay under `tidegauge`."""
    plan = QualityPlan(Problem.REGRESSION, subsamples=True)
    for rows in (199, 400):
        found = statistics(plan, label=RNG.random(rows), prediction=RNG.random(rows))
        document = written(statistics_document.encode(found))
        service = document["regression_metrics"]["mae"]["standard_deviation"]
        ours = document["tidegauge"]["metrics"]["mae"]["standard_deviation"]

        assert (service is None) == (rows < 200)
        assert ours == found.metrics["mae"].standard_deviation != service
        assert found == statistics_document.decode(document, "statistics.json")


def test_the_services_older_statistics_are_read() -> None:
    """The text "NaN" for a deviation, no version, no number of rows, metrics of any name."""
    text = """{"binary_classification_metrics": {
        "confusion_matrix": {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 1}},
        "recall": {"value": 1.0, "standard_deviation": "NaN"},
        "auc": {"value": 1, "standard_deviation": null},
        "gini": {"value": 6.1e-1},
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": [0.0, 1.0], "true_positive_rates": [0, 1]}}}"""
    found = statistics_document.decode(load(text.encode(), "s.json"), "s.json")

    assert (Problem.BINARY, 4) == (found.problem, found.rows)
    assert (1.0, 1.0, 0.61) == tuple(map(found.value, ("recall", "auc", "gini")))
    assert found.metrics["recall"].standard_deviation is None
    assert 2 == found.confusion["0"]["1"]
    assert (0.0, 1.0) == found.curves["receiver_operating_characteristic_curve"][
        "true_positive_rates"
    ]


@pytest.mark.parametrize("problem", Problem)
def test_constraints_are_read_back_as_they_were(problem: Problem) -> None:
    """Suggested ones with what they stand on, and the service's way."""
    for constraints in (
        suggest(FOUND[problem], alpha=1e-3, expected_rows=300),
        suggest(FOUND[problem], alpha=1e-9, expected_rows=2),
        as_service(FOUND[problem]),
    ):
        document = written(constraints_document.encode(constraints))
        assert constraints == constraints_document.decode(document, "constraints.json")


def test_constraints_have_the_services_shape() -> None:
    """Exactly the document that the service writes, where there is nothing of ours."""
    constraints = QualityConstraints(
        Problem.REGRESSION,
        (
            MetricConstraint("mae", 2.5, Operator.GREATER),
            MetricConstraint("r2", 0.75, Operator.LESS),
        ),
    )

    assert {
        "version": 0.0,
        "regression_constraints": {
            "mae": {"threshold": 2.5, "comparison_operator": "GreaterThanThreshold"},
            "r2": {"threshold": 0.75, "comparison_operator": "LessThanThreshold"},
        },
    } == written(constraints_document.encode(constraints))


def test_the_services_constraints_are_read() -> None:
    """Scientific notation, keys that say nothing, and metrics of a container of one's own."""
    text = """{"version": 0.0, "binary_classification_constraints": {
        "gini": {"threshold": 6.611e-1, "comparison_operator": "LessThanThreshold",
                 "additional_properties": null},
        "false_positive_rate": {"threshold": 1, "comparison_operator": "GreaterThanThreshold"}}}"""
    found = constraints_document.decode(load(text.encode(), "c.json"), "c.json")

    assert (
        MetricConstraint("gini", 0.6611, Operator.LESS),
        MetricConstraint("false_positive_rate", 1.0, Operator.GREATER),
    ) == found.metrics


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "c.json: expected one of 'binary_constraints'|found no keys"),
        ({"features": []}, "found 'features'"),
        ({"regression_constraints": {"mae": {"threshold": "2"}}},
         r"regression_constraints.mae.threshold: expected a finite number, found \"2\""),
        ({"regression_constraints": {"mae": {"threshold": 2, "comparison_operator": "Less"}}},
         "comparison_operator: expected one of 'LessThanThreshold', 'GreaterThanThreshold'"),
        ({"regression_constraints": {"mae": {"treshold": 2}}}, "did you mean 'threshold'"),
        ({"version": 2, "regression_constraints": {}}, "version: expected version 0.0"),
    ],
)  # fmt: skip
def test_unfit_constraints_say_where(document: dict[str, Any], message: str) -> None:
    """The path in the document, what was expected and what was found."""
    with pytest.raises(DocumentError, match=message):
        constraints_document.decode(document, "c.json")


def test_unfit_statistics_say_where() -> None:
    """So for a metric without a value."""
    with pytest.raises(DocumentError, match=r"regression_metrics.mae.value: expected a finite"):
        statistics_document.decode({"regression_metrics": {"mae": {}}}, "s.json")


def test_violations_name_the_metric() -> None:
    """The service's three keys, the feature's place taken by the metric; the list may be empty."""
    violation = Violation("recall", "LessThanThreshold", "Metric recall with 0.5 ...", {"n": 3})
    document = written(violations_document.encode([violation]))
    entry = dict(document["violations"][0])

    assert {"n": 3} == entry.pop("tidegauge")
    assert {
        "constraint_check_type": "LessThanThreshold",
        "description": "Metric recall with 0.5 ...",
        "metric_name": "recall",
    } == entry
    assert (violation,) == violations_document.decode(document, "v.json")
    assert () == violations_document.decode({"violations": []}, "v.json")


def test_an_undefined_metric_is_left_out_of_the_services_section() -> None:
    """Its reason stands under `tidegauge`; a reader of the service's keys finds none."""
    found: QualityStatistics = statistics(
        QualityPlan(Problem.BINARY), label=[0, 0], score=[0.1, 0.2]
    )
    document = json.loads(dump(statistics_document.encode(found)))

    assert "recall" not in document["binary_classification_metrics"]
    assert {"undefined": "no label is of the positive class"} == document["tidegauge"]["metrics"][
        "recall"
    ]
    assert found == statistics_document.decode(document, "s.json")
