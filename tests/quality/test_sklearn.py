"""Every metric equals scikit-learn's on the same rows."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from tests.quality.folding import BINARY, MULTICLASS, REGRESSION, statistics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

EXACT = {"rel": 1e-11, "abs": 1e-12}

# Few different scores, so that there are ties, and any float in between.
PROBABILITIES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5000001, 0.9, 1.0]) | st.floats(0, 1)
TWO_CLASSES = st.lists(
    st.tuples(st.booleans(), PROBABILITIES), min_size=2, max_size=60
).filter(lambda rows: len({label for label, _ in rows}) == 2)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(rows=TWO_CLASSES)
def test_binary_metrics(rows: list[tuple[bool, float]]) -> None:
    """Counts, rates, F scores, areas, losses; 0/0 where scikit-learn puts 0 is None here."""
    y, s = (np.array(column) for column in zip(*rows, strict=True))
    answer = s >= 0.5
    found = statistics(BINARY, label=y, score=s)
    expected = {
        "accuracy": sk.accuracy_score(y, answer),
        "recall": sk.recall_score(y, answer),
        "true_positive_rate": sk.recall_score(y, answer),
        "false_negative_rate": 1 - sk.recall_score(y, answer),
        "true_negative_rate": sk.recall_score(y, answer, pos_label=0),
        "false_positive_rate": 1 - sk.recall_score(y, answer, pos_label=0),
        "f0_5": sk.fbeta_score(y, answer, beta=0.5),
        "f1": sk.f1_score(y, answer),
        "f2": sk.fbeta_score(y, answer, beta=2),
        "auc": sk.roc_auc_score(y, s),
        "average_precision": sk.average_precision_score(y, s),
        "au_prc": _spark_area(y, s),
        "ks": stats.ks_2samp(s[y], s[~y], method="asymp").statistic,
        "log_loss": sk.log_loss(y, s),
        "brier_score": sk.brier_score_loss(y, s),
    }
    if answer.any():
        expected["precision"] = sk.precision_score(y, answer)

    assert expected == pytest.approx({name: found.value(name) for name in expected}, **EXACT)
    assert answer.any() == (found.value("precision") is not None)
    matrix = [[found.confusion[a][p] for p in "01"] for a in "01"]
    assert sk.confusion_matrix(y, answer, labels=[False, True]).tolist() == matrix


@settings(max_examples=15, deadline=None)
@given(rows=TWO_CLASSES)
def test_curves(rows: list[tuple[bool, float]]) -> None:
    """The points of both curves; scikit-learn's other end of the second one is at precision 1."""
    y, s = (np.array(column) for column in zip(*rows, strict=True))
    found = statistics(BINARY, label=y, score=s)
    fpr, tpr, _ = sk.roc_curve(y, s, drop_intermediate=False)
    precisions, recalls, _ = sk.precision_recall_curve(y, s)
    roc = found.curves["receiver_operating_characteristic_curve"]
    prc = found.curves["precision_recall_curve"]

    assert fpr.tolist() == pytest.approx(roc["false_positive_rates"])
    assert tpr.tolist() == pytest.approx(roc["true_positive_rates"])
    assert recalls[-2::-1].tolist() == pytest.approx(prc["recalls"][1:])
    assert precisions[-2::-1].tolist() == pytest.approx(prc["precisions"][1:])
    assert (0.0, prc["precisions"][1]) == (prc["recalls"][0], prc["precisions"][0])


def test_a_long_curve_is_thinned_to_points_of_its_own() -> None:
    """Of 5,000 scores at most 258 points are listed, both ends among them, each one exact."""
    rng = np.random.default_rng(22)
    y, s = rng.random(5_000) < 0.02, rng.random(5_000)
    found = statistics(BINARY, label=y, score=s).curves
    fpr, tpr, _ = sk.roc_curve(y, s, drop_intermediate=False)
    points = list(zip(*found["receiver_operating_characteristic_curve"].values(), strict=True))
    recalls = found["precision_recall_curve"]["recalls"]

    assert 200 < len(points) <= 257
    assert len(recalls) <= 258
    assert ((0.0, 0.0), (1.0, 1.0)) == (points[0], points[-1])
    assert (0.0, 1.0) == (recalls[0], recalls[-1])
    assert set(points) <= set(zip(fpr.tolist(), tpr.tolist(), strict=True))


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abce")), min_size=1),
)
def test_multiclass_metrics(rows: list[tuple[str, str]]) -> None:
    """The weighted means, and each class; classes without a label or an answer among them."""
    y, answer = (list(column) for column in zip(*rows, strict=True))
    found = statistics(MULTICLASS, label=y, prediction=answer)
    labels = sorted({*y, *answer})
    weighted: dict[str, Any] = {"average": "weighted", "zero_division": 0}
    each: dict[str, Any] = {"labels": labels, "average": None, "zero_division": np.nan}
    expected = {
        "accuracy": sk.accuracy_score(y, answer),
        "weighted_recall": sk.recall_score(y, answer, **weighted),
        "weighted_precision": sk.precision_score(y, answer, **weighted),
        "weighted_f0_5": sk.fbeta_score(y, answer, beta=0.5, **weighted),
        "weighted_f1": sk.f1_score(y, answer, **weighted),
        "weighted_f2": sk.fbeta_score(y, answer, beta=2, **weighted),
    }
    constant = [max(sorted(set(y)), key=y.count)] * len(y)
    expected |= {
        "accuracy_best_constant_classifier": sk.accuracy_score(y, constant),
        "weighted_precision_best_constant_classifier": sk.precision_score(y, constant, **weighted),
        "weighted_f2_best_constant_classifier": sk.fbeta_score(y, constant, beta=2, **weighted),
    }
    classes = found.detail["classes"]

    assert expected == pytest.approx({name: found.value(name) for name in expected}, **EXACT)
    for name, metric in (("precision", sk.precision_score), ("recall", sk.recall_score)):
        by_class = [classes[label][name]["value"] for label in labels]
        assert _none_as_nan(by_class) == pytest.approx(metric(y, answer, **each), nan_ok=True)
    f1 = [classes[label]["f1"]["value"] for label in labels]
    assert f1 == pytest.approx(sk.f1_score(y, answer, **each), nan_ok=True)
    matrix = [[found.confusion[a][p] for p in labels] for a in labels]
    assert sk.confusion_matrix(y, answer, labels=labels).tolist() == matrix


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(-50, 50).map(float), st.floats(-1e3, 1e3)), min_size=2, max_size=60
    ).filter(lambda rows: len({y for y, _ in rows}) > 1)
)
def test_regression_metrics(rows: list[tuple[float, float]]) -> None:
    """Mean errors, r2 and the quantiles of the errors."""
    y, answer = (np.array(column) for column in zip(*rows, strict=True))
    found = statistics(REGRESSION, label=y, prediction=answer)
    expected = {
        "mae": sk.mean_absolute_error(y, answer),
        "mse": sk.mean_squared_error(y, answer),
        "rmse": sk.root_mean_squared_error(y, answer),
        "r2": sk.r2_score(y, answer),
        "mean_error": float(np.mean(answer - y)),
    }

    assert expected == pytest.approx({name: found.value(name) for name in expected}, **EXACT)
    for key, errors in (
        ("error_quantiles", answer - y),
        ("absolute_error_quantiles", np.abs(answer - y)),
    ):
        table = found.detail[key]
        shares = [row["quantile"] for row in table]
        assert np.quantile(errors, shares, method="inverted_cdf").tolist() == [
            row["value"] for row in table
        ]


def test_calibration_bins() -> None:
    """The bins that have rows, as scikit-learn's; an edge belongs to the bin above it here."""
    rng = np.random.default_rng(2)
    s = rng.random(2_000)
    y = rng.random(2_000) < s**2
    true, predicted = calibration_curve(y, s, n_bins=20)
    table = statistics(BINARY, label=y, score=s).detail["calibration"]

    assert true.tolist() == pytest.approx([row["share_positive"] for row in table])
    assert predicted.tolist() == pytest.approx([row["mean_score"] for row in table])
    assert 2_000 == sum(row["rows"] for row in table)


def test_lift_by_decile() -> None:
    """Tenths of the rows by falling score, counted the plain way."""
    rng = np.random.default_rng(3)
    s = rng.random(1_000)
    y = rng.random(1_000) < s
    tenths = y[np.argsort(-s)].reshape(10, 100).mean(axis=1)
    table = statistics(BINARY, label=y, score=s).detail["lift"]

    assert tenths.tolist() == pytest.approx([row["rate"] for row in table])
    assert (tenths / y.mean()).tolist() == pytest.approx([row["lift"] for row in table])
    assert (np.cumsum(tenths) / tenths.sum()).tolist() == pytest.approx(
        [row["gain"] for row in table]
    )


def test_ties_are_spread_over_the_deciles() -> None:
    """All scores equal: no row is ranked before another, so that every decile is average."""
    table = statistics(BINARY, label=[1, 0, 0, 0] * 5, score=[0.3] * 20).detail["lift"]

    assert [1.0] * 10 == pytest.approx([row["lift"] for row in table])


@pytest.mark.parametrize("cells", [64, 1024])
@pytest.mark.parametrize("skew", [1.0, 6.0])
def test_what_cells_lose_stays_within_the_stated_error(
    monkeypatch: pytest.MonkeyPatch, cells: int, skew: float
) -> None:
    """Areas and the gap from scores in few cells, against scikit-learn's from all scores."""
    rng = np.random.default_rng(4)
    y = rng.random(20_000) < 0.05
    s = 1 / (1 + np.exp(-skew * (rng.normal(size=20_000) + y)))
    exact = statistics(BINARY, label=y, score=s)
    monkeypatch.setattr("tidegauge.states.scores.MOST_CELLS", cells)
    found = statistics(BINARY, label=y, score=s)
    expected = {
        "auc": sk.roc_auc_score(y, s),
        "average_precision": sk.average_precision_score(y, s),
        "au_prc": _spark_area(y, s),
        "ks": stats.ks_2samp(s[y], s[~y], method="asymp").statistic,
    }
    for name, value in expected.items():
        metric = found.metrics[name]
        assert metric.value is not None
        assert abs(metric.value - value) <= metric.error
        assert metric.error > 0.0
    assert exact.value("accuracy") == found.value("accuracy")
    assert exact.value("log_loss") == found.value("log_loss")


@settings(max_examples=25, deadline=None)
@given(rows=TWO_CLASSES, cells=st.integers(1, 6))
def test_the_stated_error_holds_for_the_coarsest_cells(
    rows: list[tuple[bool, float]], cells: int
) -> None:
    """Any few scores in one to six cells: no area is further off than it says."""
    y, s = (np.array(column) for column in zip(*rows, strict=True))
    exact = statistics(BINARY, label=y, score=s)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tidegauge.states.scores.MOST_CELLS", cells)
        found = statistics(BINARY, label=y, score=s)
    for name in ("auc", "average_precision", "au_prc", "ks"):
        value, metric = exact.value(name), found.metrics[name]
        assert value is not None
        assert metric.value is not None
        assert abs(metric.value - value) <= metric.error + 1e-12, name


def _spark_area(y: NDArray[np.bool_], s: NDArray[np.float64]) -> float:
    """scikit-learn's points with the first one as Spark MLlib has it, and its trapezoids."""
    precisions, recalls, _ = sk.precision_recall_curve(y, s)
    precisions[-1] = precisions[-2]
    return float(sk.auc(recalls, precisions))


def _none_as_nan(values: list[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """scikit-learn warns of what is tested here on purpose: nothing to divide by."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
