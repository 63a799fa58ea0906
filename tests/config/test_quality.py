"""The sections of model quality: what they may say, and what they may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tidegauge.config.loading import conf_from_tree, to_yaml
from tidegauge.errors import UsageError
from tidegauge.flows.answers import answer_columns
from tidegauge.model.quality import Costs

if TYPE_CHECKING:
    from tidegauge.config.schema import Conf


def tree(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  (any section)
    """A conf with model quality alone; a dotted name changes a key of a section."""
    made: dict[str, Any] = {
        "version": 1,
        "monitor": "m",
        "store": "s",
        "captures": {"uri": "c", "format": "sagemaker", "outputs": ["score"]},
        "ground_truth": {"uri": "g", "format": "sagemaker"},
        "model_quality": {"problem": "binary", "score": "score"},
    }
    for name, value in changes.items():
        section, _, key = name.partition("__")
        if key:
            made[section][key] = value
        else:
            made[section] = value
    return made


def conf(**changes: Any) -> Conf:  # noqa: ANN401  (any section)
    """The conf of a tree."""
    return conf_from_tree(tree(**changes), "conf.yaml")


def test_a_conf_may_have_model_quality_alone() -> None:
    """Without training data; what is in force can be read again."""
    made = conf()
    assert made.training is None
    assert "ground_truth:\n  uri: g\n" in to_yaml(made)


def test_a_cost_is_an_amount_or_a_column() -> None:
    """Whole numbers are numbers, too."""
    costs = {"false_negative": 40, "false_positive": "score", "currency": "USD"}
    made = conf(model_quality__costs=costs).model_quality
    assert made is not None
    assert Costs(false_negative=40.0, false_positive="score", currency="USD") == made.costs


@pytest.mark.parametrize(
    ("section", "columns"),
    [
        ({"problem": "regression", "score": "y"}, [("prediction", ("y",), "number")]),
        ({"problem": "binary", "score": "p"}, [("score", ("p",), "number")]),
        (
            {"problem": "binary", "score": "p", "prediction": "c"},
            [("score", ("p",), "number"), ("prediction", ("c",), "text")],
        ),
        ({"problem": "multiclass", "score": "c"}, [("prediction", ("c",), "text")]),
        (
            {"problem": "multiclass", "score": "ps", "classes": ["a", "b"]},
            [("probabilities", ("ps",), "list")],
        ),
        (
            {"problem": "multiclass", "score": ["pa", "pb"], "classes": ["a", "b"]},
            [("probabilities", ("pa", "pb"), "list")],
        ),
    ],
)
def test_the_answer_is_what_the_problem_needs(
    section: dict[str, Any], columns: list[tuple[str, tuple[str, ...], str]]
) -> None:
    """A number, a class, or a list of probabilities."""
    made = conf(model_quality=section).model_quality
    assert made is not None
    assert columns == [(c.name, c.sources, c.form.value) for c in answer_columns(made)]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"model_quality": {"problem": "binary"}}, "expected `score` or `prediction`"),
        ({"model_quality": {"problem": "ranking"}}, "expected one of binary, multiclass"),
        ({"model_quality__costs": {"false_negative": True}}, "expected a number, or the name"),
        ({"model_quality__costs": {"false_negativ": 1}}, "did you mean 'false_negative'"),
        ({"model_quality__costs": {"false_negative": "id"}}, "'id' cannot be an amount's column"),
        ({"model_quality__fewest_labels": 0}, "expected 1 or more"),
        ({"model_quality__score": ["a", "b"]}, "expected as many columns as there are `classes`"),
        ({"ground_truth__wait": "soon"}, "ground_truth.wait: 'soon' is not a duration"),
        ({"ground_truth__coverage": 1.5}, "expected a share above 0, up to 1, found 1.5"),
        ({"ground_truth__id": "key"}, "`id` and `time` are of the other formats"),
        ({"ground_truth": {"uri": "g", "format": "csv"}}, "the format csv needs `id` and `label`"),
        (
            {"ground_truth": {"uri": "g", "format": "table", "id": "i", "label": "l"}},
            "a table has no order",
        ),
        ({"model_quality": None}, "expected `training`, the data that the model was trained on"),
        ({"captures": {"uri": "c", "format": "parquet", "time": "t"}}, "captures.id: expected"),
        ({"captures__inputs": ["x"], "captures__outputs": []}, "'score' is neither in"),
        (
            {
                "captures": {"uri": "c", "format": "parquet", "time": "t", "id": "i"},
                "ground_truth__merged": "sagemaker",
            },
            "these captures have neither: expected parquet",
        ),
    ],
)
def test_what_a_conf_cannot_say_is_named(changes: dict[str, Any], fault: str) -> None:
    """Each with its key, before anything is read."""
    with pytest.raises(UsageError) as raised:
        conf(**changes)
    assert fault in str(raised.value)
