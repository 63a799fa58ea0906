"""The kernel of model quality: labels and answers of any types, the counts are the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tidegauge.engines.arrow.answers import class_name
from tidegauge.engines.arrow.quality import fold_quality
from tidegauge.errors import InputError, UsageError
from tidegauge.model.quality import Costs, Problem, QualityPlan
from tidegauge.quality.readout import read_out

BINARY = QualityPlan(Problem.BINARY)
MULTICLASS = QualityPlan(Problem.MULTICLASS)
REGRESSION = QualityPlan(Problem.REGRESSION)
SCORES = [0.9, 0.2, 0.5, 0.4]


def matrix(plan: QualityPlan, **columns: object) -> dict[str, dict[str, int]]:
    """The confusion matrix of these columns."""
    found = read_out(fold_quality(pa.table(columns), plan)).confusion
    return {actual: dict(row) for actual, row in found.items()}


@pytest.mark.parametrize(
    "label",
    [
        pa.array([1, 0, 1, 0], pa.int8()),
        pa.array([1, 0, 1, 0], pa.uint64()),
        pa.array([1.0, 0.0, 1.0, -0.0], pa.float32()),
        pa.array([True, False, True, False]),
        pa.array(["1", "0", "1.0", " 0 "]),
        pa.array(["true", "False", "TRUE", "false"], pa.large_string()),
        pa.array(["1", "0", "1", "0"]).dictionary_encode(),
        pa.array([Decimal("1.0"), Decimal("0.0"), Decimal("1.0"), Decimal("0.0")]),
    ],
    ids=lambda array: str(array.type),
)
def test_labels_of_any_type_name_the_same_classes(label: pa.Array) -> None:
    """1, 1.0, "1" and true are one class."""
    assert {"0": {"0": 2, "1": 0}, "1": {"0": 0, "1": 2}} == matrix(
        BINARY, label=label, score=SCORES
    )


@pytest.mark.parametrize(
    "score",
    [
        pa.array(SCORES, pa.float32()),
        pa.array(["0.9", "2e-1", ".5", " 0.4 "]),
        pa.array([Decimal("0.9"), Decimal("0.2"), Decimal("0.5"), Decimal("0.4")]),
        pa.chunked_array([[0.9, 0.2], [0.5, 0.4]]),
        pa.chunked_array([pa.array(SCORES).dictionary_encode()]),
    ],
    ids=lambda array: str(array.type),
)
def test_scores_of_any_type(score: pa.Array) -> None:
    """A score at the threshold is a positive answer."""
    assert {"0": {"0": 2, "1": 0}, "1": {"0": 0, "1": 2}} == matrix(
        BINARY, label=[1, 0, 1, 0], score=score
    )


def test_the_answer_is_the_prediction_where_there_is_one() -> None:
    """The matrix counts what the model answered, the curve is that of its scores."""
    table = pa.table({"label": [1, 0], "score": [0.9, 0.1], "prediction": [0, 1]})
    found = read_out(fold_quality(table, BINARY))

    assert {"0": {"0": 0, "1": 1}, "1": {"0": 1, "1": 0}} == found.confusion
    assert 1.0 == found.value("auc")


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.large_list(pa.float32())])
def test_lists_of_probabilities(kind: pa.DataType) -> None:
    """The likeliest class is the answer, the first of equals; a list of another length is none."""
    plan = QualityPlan(Problem.MULTICLASS, classes=("a", "b", "c"))
    lists = pa.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4], [0.5, 0.5], None, [0.1, 0.1, 0.8]], kind)
    profile = fold_quality(pa.table({"label": list("baabb"), "probabilities": lists}), plan)

    assert (3, 2) == (profile.rows, profile.unanswered)
    assert {
        "a": {"a": 1, "b": 0, "c": 0}, "b": {"a": 0, "b": 1, "c": 1}, "c": {"a": 0, "b": 0, "c": 0}
    } == read_out(profile).confusion  # fmt: skip


def test_the_score_is_the_positive_class_among_probabilities() -> None:
    """A list with both classes' probabilities, the positive one second."""
    plan = QualityPlan(Problem.BINARY, positive="late", negative="on time",
                       classes=("on time", "late"))  # fmt: skip
    lists = pa.array([[0.1, 0.9], [0.8, 0.2]], pa.list_(pa.float64(), 2))
    found = matrix(plan, label=["late", "on time"], probabilities=lists)

    assert {"late": {"late": 1, "on time": 0}, "on time": {"late": 0, "on time": 1}} == found


def test_rows_without_a_label_or_an_answer_are_counted_and_left_out() -> None:
    """Null, NaN, infinity and unreadable text; a row without both counts as unlabelled."""
    table = pa.table(
        {
            "label": pa.array(["1", None, "0", "0", "1", None]),
            "score": pa.array(["0.5", "0.1", None, "NaN", "much", None]),
        }
    )
    profile = fold_quality(table, BINARY)
    numbers = pa.table(
        {
            "label": pa.array([1.0, float("nan"), 3.0, float("inf")]),
            "prediction": pa.array([1.0, 2.0, float("-inf"), 4.0]),
        }
    )
    measured = fold_quality(numbers, REGRESSION)

    assert (1, 2, 3) == (profile.rows, profile.unlabelled, profile.unanswered)
    assert (1, 2, 1) == (measured.rows, measured.unlabelled, measured.unanswered)


def test_every_other_label_is_negative() -> None:
    """One class against the rest."""
    plan = QualityPlan(Problem.BINARY, positive="cat", negative="no cat")

    assert {"cat": {"cat": 1, "no cat": 0}, "no cat": {"cat": 1, "no cat": 1}} == matrix(
        plan, label=["cat", "dog", "bird"], prediction=["cat", "cat", "dog"]
    )


def test_numbers_sort_as_numbers_in_the_matrix() -> None:
    """2 before 10, and both before words."""
    found = matrix(MULTICLASS, label=["10", "2", "x"], prediction=["2.0", "10", "10"])

    assert ["2", "10", "x"] == list(found)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (1, "1"), (1.0, "1"), (-0.0, "0"), ("1e2", "100"), ("-3.0", "-3"), ("0.5", "0.5"),
        (True, "1"), ("007", "007"), (" a ", "a"), ("1e400", "inf"), ("", ""), (2**60, str(2**60)),
    ],
)  # fmt: skip
def test_names_of_classes(value: object, name: str) -> None:
    """A number's name is its shortest; a text with leading zeros is no number."""
    assert name == class_name(value)


@pytest.mark.parametrize("plan", [BINARY, MULTICLASS, REGRESSION], ids=lambda p: p.problem.value)
def test_an_empty_table_gives_an_empty_profile(plan: QualityPlan) -> None:
    """No rows, typed columns or columns of nulls."""
    for kind in (pa.float64(), pa.null()):
        columns = {name: pa.array([], kind) for name in ("label", "prediction", "score")}
        assert 0 == fold_quality(pa.table(columns), plan).rows


@pytest.mark.parametrize(
    ("plan", "columns", "message"),
    [
        (BINARY, {"label": [1]}, "'score', 'prediction' or 'probabilities'"),
        (BINARY, {"score": [1.0]}, "no column 'label'"),
        (REGRESSION, {"label": [1.0]}, "no column 'prediction'"),
        (MULTICLASS, {"label": ["a"]}, "no column 'probabilities'|needs `classes`"),
        (REGRESSION, {"label": [[1.0]], "prediction": [1.0]}, "expected numbers, found"),
        (MULTICLASS, {"label": [str(i) for i in range(1_001)], "prediction": ["1"] * 1_001},
         "1001 different classes"),
        (MULTICLASS, {"label": [str(i) for i in range(9_001)], "prediction": ["1"] * 9_001},
         "9001 different values: is the column an id"),
        (QualityPlan(Problem.BINARY, costs=Costs(false_negative="loss")),
         {"label": [1], "score": [0.5]}, "no column 'loss'"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_was_expected(
    plan: QualityPlan, columns: dict[str, Any], message: str
) -> None:
    """A missing or unfit column, or an id where classes are expected."""
    with pytest.raises((InputError, UsageError), match=message):
        fold_quality(pa.table(columns), plan)


def test_probabilities_need_the_positive_class() -> None:
    """Classes without it are a mistake in the conf."""
    plan = QualityPlan(Problem.BINARY, classes=("a", "b"))
    table = pa.table({"label": ["a"], "probabilities": [[0.5, 0.5]]})

    with pytest.raises(UsageError, match="positive class '1' is none of the classes"):
        fold_quality(table, plan)


def test_two_classes_of_one_name_are_refused() -> None:
    """A positive class called 0 needs another name for the negative one."""
    with pytest.raises(UsageError, match="both called '0'"):
        QualityPlan(Problem.BINARY, positive="0")


def test_a_plan_is_kept_as_json() -> None:
    """With costs, columns and classes."""
    plan = QualityPlan(Problem.BINARY, 0.3, "yes", "no", ("no", "yes"),
                       Costs(false_negative="loss", currency="EUR"), subsamples=True)  # fmt: skip

    assert plan == QualityPlan.from_json(plan.as_json())
    assert ("loss",) == Costs(false_negative="loss", true_positive="loss").columns
