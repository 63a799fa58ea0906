"""Predictions joined with their labels and evaluated: ourselves, plain Spark SQL, scikit-learn.

Everybody reads the same two folders of Parquet, takes the last label of each id, and ends with the
numbers of a binary model: confusion counts, log loss, Brier score, calibration, the areas under the
curves, KS and costs. We count corrections, delays and labels of nobody besides. We and Spark SQL
come twice: with the numbers alone (`ground_truth.merged: none`), and with the merged rows kept.
"""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from contender import CORES, MASTER, Contender, Run
from peers import session_for_long_runs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_COSTS = {"false_negative": 40.0, "false_positive": 5.0, "true_positive": -10.0}
_CELLS = 4_096  # that a score falls into, for the curves
# At which Spark SQL is at its best here, with a hash join: 45 CPU seconds where 2 partitions and a
# sort-merge join take 62.
_PARTITIONS = 8
_COMPUTES = "last label an id; confusion, log loss, Brier, calibration, areas, KS, costs"


def _ours(data: Path, *, engine: str, kept: bool) -> Run:
    from tidegauge.engines.joins import Joined, Joining, Side
    from tidegauge.model.quality import Costs, Problem, QualityPlan
    from tidegauge.quality.profile import QualityProfile
    from tidegauge.quality.readout import read_out
    from tidegauge.sinks.layout import Layout
    from tidegauge.sinks.merged import RowsKeeper
    from tidegauge.sources.answers import AnswerColumn, Form
    from tidegauge.sources.groundtruth import (
        GroundTruthSource,
        label_groups,
        label_parts,
        label_reader,
    )
    from tidegauge.sources.listing import list_training
    from tidegauge.sources.parts import DEALT_BYTES, cut
    from tidegauge.sources.predictions import Canonical, Predictions
    from tidegauge.sources.source import Format, TrainingSource
    from tidegauge.sources.training import reader
    from tidegauge.storage import S3Settings

    settings, window, variant = S3Settings(), "2025-11-01T0000Z_P1D", "AllTraffic"
    store = data.parent / f"{data.name}-{engine}-store"
    captures = TrainingSource(
        str(data / "predictions"), Format.PARQUET, str(store / "rejected"), whole_rows=True
    )
    truth = GroundTruthSource(
        str(data / "labels"), Format.PARQUET, str(store / "rejected"), "label",
        numeric=False, id="id", time="collected",
    )  # fmt: skip
    plan = QualityPlan(Problem.BINARY, costs=Costs(**_COSTS))
    canonical = Canonical(
        (AnswerColumn("score", ("score",), Form.NUMBER),), numeric=False, id="id", time="time"
    )

    def joining(size: int) -> Joining:
        layout = Layout(str(store), "benchmark")
        keeper = RowsKeeper(layout, settings, {(window, variant): 0}) if kept else None
        buckets = 1 << (size // (64 << 20)).bit_length()
        return Joining(plan, buckets, keeper, {window: 1 << 62}, {})

    def joined() -> Joined:
        files = list_training(captures.uri, settings)
        parts = cut(files, Format.PARQUET, settings, window, variant, DEALT_BYTES)
        groups = label_groups(truth, settings)
        sides = [Side(parts, Predictions(reader(captures, settings), canonical))]
        labels = Side(label_parts(truth, groups, settings), label_reader(truth, groups, settings))
        if engine == "local":
            from tidegauge.engines import local_joins

            return local_joins.join_labels(sides, labels, joining(files.size_bytes), CORES)
        from tidegauge.engines import spark_joins
        from tidegauge.session import start

        buckets = joining(files.size_bytes)
        return spark_joins.join_labels(start(MASTER), sides, labels, buckets, lean=True)

    def run() -> object:
        shutil.rmtree(store, ignore_errors=True)
        states = joined().states[window, variant]
        return read_out(QualityProfile.merge_all(state.profile for state in states))

    return run


def _spark_sql(data: Path, *, kept: bool) -> Run:
    from pyspark.sql import functions as f

    spark = session_for_long_runs({"spark.sql.shuffle.partitions": str(_PARTITIONS)})
    rows_kept = str(data.parent / f"{data.name}-sql-rows")
    label, score = f.col("label"), f.col("score")
    bounded = f.greatest(f.least(score, f.lit(1 - 1e-15)), f.lit(1e-15))
    positive = (score >= 0.5).cast("int")
    sums = {
        "rows": f.count("*"),
        "positives": f.sum(label),
        "true_positive": f.sum(label * positive),
        "false_positive": f.sum((1 - label) * positive),
        "log_loss": f.sum(-(label * f.log(bounded) + (1 - label) * f.log(1 - bounded))),
        "brier": f.sum((score - label) * (score - label)),
        "scores": f.sum(score),
    }

    def run(rows: int | None = None) -> dict[str, float]:
        predictions = spark.read.parquet(str(data / "predictions"))
        labels = spark.read.parquet(str(data / "labels"))
        if rows is not None:
            predictions, labels = predictions.limit(rows), labels.limit(rows)
        last = labels.groupBy("id").agg(
            f.max_by("label", "collected").alias("label"), f.max("collected").alias("labelled_at")
        )
        joined = predictions.join(last.hint("shuffle_hash"), "id", "left" if kept else "inner")
        if kept:
            joined.write.mode("overwrite").parquet(rows_kept)
            joined = spark.read.parquet(rows_kept).where(label.isNotNull())
        cell = f.floor(score * _CELLS).alias("cell")
        columns = [value.alias(name) for name, value in sums.items()]
        cells = joined.groupBy(cell).agg(*columns).orderBy("cell").collect()
        return _numbers({name: np.array([row[name] for row in cells]) for name in sums})

    run(1_000)
    return run


def _numbers(sums: dict[str, NDArray[Any]]) -> dict[str, float]:
    """The metrics of sums by cells of the score, in order."""
    rows, positives = sums["rows"].sum(), sums["positives"].sum()
    hits, misses = sums["true_positive"].sum(), sums["false_positive"].sum()
    by_cell = sums["positives"][::-1], (sums["rows"] - sums["positives"])[::-1]
    tpr, fpr = (np.append(0, np.cumsum(side) / side.sum()) for side in by_cell)
    precision = np.cumsum(by_cell[0]) / np.cumsum(by_cell[0] + by_cell[1])
    costs = _COSTS["false_negative"] * (positives - hits) + _COSTS["false_positive"] * misses
    return {
        "accuracy": float((rows - positives - misses + 2 * hits) / rows),
        "precision": float(hits / (hits + misses)),
        "recall": float(hits / positives),
        "log_loss": float(sums["log_loss"].sum() / rows),
        "brier": float(sums["brier"].sum() / rows),
        "auc": float(np.trapezoid(tpr, fpr)),
        "au_prc": float((np.diff(tpr) * precision).sum()),
        "ks": float((tpr - fpr).max()),
        "cost": float(costs + _COSTS["true_positive"] * hits),
    }


def _scikit_learn(data: Path) -> Run:
    import pandas as pd
    from sklearn import metrics
    from sklearn.calibration import calibration_curve

    def run() -> dict[str, object]:
        predictions = pd.read_parquet(data / "predictions", columns=["id", "score"])
        labels = pd.read_parquet(data / "labels").sort_values("collected", kind="stable")
        last = labels.drop_duplicates("id", keep="last")[["id", "label"]]
        joined = predictions.merge(last, on="id")
        truth, score = joined["label"].to_numpy(), joined["score"].to_numpy()
        answers = (score >= 0.5).astype(int)
        false_positive_rate, true_positive_rate, _ = metrics.roc_curve(truth, score)
        return {
            "confusion": metrics.confusion_matrix(truth, answers),
            "accuracy": metrics.accuracy_score(truth, answers),
            "precision": metrics.precision_score(truth, answers),
            "recall": metrics.recall_score(truth, answers),
            "log_loss": metrics.log_loss(truth, score),
            "brier": metrics.brier_score_loss(truth, score),
            "auc": metrics.auc(false_positive_rate, true_positive_rate),
            "au_prc": metrics.average_precision_score(truth, score),
            "ks": (true_positive_rate - false_positive_rate).max(),
            "calibration": calibration_curve(truth, score, n_bins=10),
        }

    return run


JOINING = (
    Contender(
        "join",
        f"Tidegauge on Spark {MASTER}",
        f"{_COMPUTES}; intervals, curves, lift",
        ("tidegauge", "pyspark", "pyarrow", "numpy"),
        partial(_ours, engine="spark", kept=False),
    ),
    Contender(
        "join-local",
        f"Tidegauge without Spark, {CORES} processes",
        "the same",
        ("tidegauge", "pyarrow", "numpy"),
        partial(_ours, engine="local", kept=False),
    ),
    Contender(
        "join-kept",
        f"Tidegauge on Spark {MASTER}, merged rows kept",
        "the same",
        ("tidegauge", "pyspark", "pyarrow", "numpy"),
        partial(_ours, engine="spark", kept=True),
    ),
    Contender(
        "join-local-kept",
        f"Tidegauge without Spark, {CORES} processes, merged rows kept",
        "the same",
        ("tidegauge", "pyarrow", "numpy"),
        partial(_ours, engine="local", kept=True),
    ),
    Contender(
        "join-sql",
        "Spark SQL: join, one aggregation by cells of the score",
        _COMPUTES,
        ("pyspark",),
        partial(_spark_sql, kept=False),
        slow=True,
    ),
    Contender(
        "join-sql-kept",
        "Spark SQL: the same, merged rows kept",
        _COMPUTES,
        ("pyspark",),
        partial(_spark_sql, kept=True),
        slow=True,
    ),
    Contender(
        "join-sklearn",
        "pandas and scikit-learn, one process",
        f"{_COMPUTES} (no costs)",
        ("scikit-learn", "pandas"),
        _scikit_learn,
        slow=True,
    ),
)
