"""Which of the keys of `ground_truth:` and `model_quality:` go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.config.quality import LabelFormat, MergedForm
from tidegauge.errors import UsageError
from tidegauge.model.merged import COLUMNS
from tidegauge.model.quality import Problem
from tidegauge.model.window import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.config.quality import GroundTruth, ModelQuality
    from tidegauge.config.schema import Conf


def quality_problems(conf: Conf) -> Iterator[str]:
    """A sentence for each key that is missing, or that another one rules out."""
    if conf.ground_truth:
        yield from _ground_truth(conf.ground_truth)
        if conf.model_quality is None:
            yield "ground_truth: nothing uses the labels: expected the section `model_quality`, too"
        yield from _sensitive(conf, conf.ground_truth)
        yield from _merged(conf, conf.ground_truth)
    quality = conf.model_quality
    if quality is None:
        return
    yield from _model_quality(quality)
    captures = conf.captures
    plain = captures is not None and captures.format != "sagemaker" and not captures.manifests
    if conf.ground_truth and captures and plain and not captures.id:
        yield (
            "captures.id: expected the column by which a prediction is found again, since the conf "
            "has `ground_truth`"
        )
    if captures and captures.format == "sagemaker" and (unknown := _not_captured(conf)):
        yield (
            f"model_quality: {', '.join(map(repr, unknown))} is neither in `captures.outputs` nor "
            "in `captures.inputs`: name there what the endpoint answers, in order"
        )


def _sensitive(conf: Conf, truth: GroundTruth) -> Iterator[str]:
    """What would write a sensitive value as it is."""
    sensitive = conf.features.sensitive
    if sensitive and truth.merged is MergedForm.SAGEMAKER:
        yield (
            "ground_truth.merged: the service's merged records are the captures as they are, with "
            "the values of `features.sensitive`: expected parquet"
        )
    if conf.captures and conf.captures.id in sensitive:
        yield "captures.id: a label is found by the id itself, which cannot be sensitive"


def _merged(conf: Conf, truth: GroundTruth) -> Iterator[str]:
    captures = conf.captures
    if captures is None or captures.format == "sagemaker" or truth.merged is MergedForm.PARQUET:
        return
    if not captures.manifests or captures.format == "parquet":
        yield (
            "ground_truth.merged: the service merges records of an endpoint (`captures.format: "
            "sagemaker`) and rows of batch transforms in CSV or JSON (`captures.manifests`), and "
            "these captures have neither: expected parquet"
        )
    if captures.manifests and captures.preprocess:
        yield (
            "ground_truth.merged: a script makes the rows of the transform's lines, so that the "
            "rows which the service merges are not known: expected parquet"
        )


def _ground_truth(truth: GroundTruth) -> Iterator[str]:
    if truth.format is LabelFormat.SAGEMAKER:
        if truth.id or truth.time:
            yield "ground_truth: `id` and `time` are of the other formats; sagemaker has its own"
    else:
        missing = [key for key in ("id", "label") if getattr(truth, key) is None]
        if missing:
            keys = " and ".join(f"`{key}`" for key in missing)
            yield f"ground_truth: the format {truth.format} needs {keys}, names of columns"
        if truth.layout:
            yield "ground_truth.layout: only the format sagemaker has folders of hours"
    if truth.format is LabelFormat.TABLE and truth.time is None:
        yield (
            "ground_truth.time: a table has no order: expected the column that says when a label "
            "was collected, so that of two labels the last one counts"
        )
    if truth.coverage is not None and not 0 < truth.coverage <= 1:
        yield f"ground_truth.coverage: expected a share above 0, up to 1, found {truth.coverage}"
    for key in ("wait", "closes"):
        try:
            parse_duration(getattr(truth, key))
        except UsageError as error:
            yield f"ground_truth.{key}: {error}"


def _model_quality(quality: ModelQuality) -> Iterator[str]:
    if quality.score is None and quality.prediction is None:
        yield "model_quality: expected `score` or `prediction`, the column of the model's answer"
    if isinstance(quality.score, tuple) and len(quality.score) != len(quality.classes):
        yield "model_quality.score: expected as many columns as there are `classes`"
    if quality.classes and quality.problem is Problem.REGRESSION:
        yield "model_quality.classes: a regression has none"
    if quality.problem is not Problem.BINARY and quality.costs:
        yield "model_quality.costs: expected the problem binary"
    taken = [name for name in (quality.costs.columns if quality.costs else ()) if name in COLUMNS]
    if taken:
        yield f"model_quality.costs: {taken[0]!r} cannot be an amount's column: the name is taken"
    if not 0 <= quality.min_effect < 1:
        yield f"model_quality.min_effect: expected a share, 0 or more, found {quality.min_effect}"
    if quality.fewest_labels < 1:
        yield f"model_quality.fewest_labels: expected 1 or more, found {quality.fewest_labels}"


def _not_captured(conf: Conf) -> tuple[str, ...]:
    """The columns that are wanted of the captures, and that no list of theirs has."""
    quality, captures = conf.model_quality, conf.captures
    if quality is None or captures is None or captures.inputs is None or captures.preprocess:
        return ()
    score = quality.score if isinstance(quality.score, tuple) else (quality.score,)
    amounts = quality.costs.columns if quality.costs else ()
    known = (*captures.inputs, *captures.outputs)
    wanted = (*score, quality.prediction, *amounts)
    return tuple(name for name in wanted if name is not None and name not in known)
