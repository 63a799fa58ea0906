"""Which of the keys of `captures:`, and of `training:`, go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.config.schema import CaptureFormat, TrainingFormat
from tidegauge.sources.source import ReadBy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.config.schema import Captures, Training

_TEXTS = (CaptureFormat.CSV, CaptureFormat.JSONL, CaptureFormat.JSON)
_FILES = (*_TEXTS, CaptureFormat.PARQUET)


def training_problems(training: Training) -> Iterator[str]:
    """A sentence for each key of `training` that another one rules out."""
    by_lines = training.format is TrainingFormat.CSV and training.read is not ReadBy.SPARK
    if training.preprocess and not by_lines:
        yield "training.preprocess: expected the format csv, and no `read: spark`"


def capture_problems(captures: Captures) -> Iterator[str]:
    """A sentence for each key that another one rules out."""
    is_sagemaker = captures.format is CaptureFormat.SAGEMAKER
    if captures.manifests and (captures.format not in _FILES or captures.time):
        yield "captures.manifests: expected the format csv, jsonl, json or parquet, and no `time`"
    if captures.format is CaptureFormat.JSON and not captures.manifests:
        yield "captures.format: json is that of a batch transform's results: add `manifests: true`"
    if captures.inference_id and not (captures.manifests and captures.format is CaptureFormat.CSV):
        yield "captures.inference_id: expected `manifests: true` and the format csv"
    if captures.custom_attributes and (not is_sagemaker or captures.preprocess):
        yield (
            "captures.custom_attributes: expected the format sagemaker and no `preprocess`, whose "
            "script has event_metadata.custom_attribute"
        )
    of_lines = is_sagemaker or (captures.manifests and captures.format in _TEXTS)
    if captures.preprocess and not of_lines:
        yield (
            "captures.preprocess: expected the format sagemaker, or `manifests: true` with the "
            "format csv, jsonl or json"
        )
    if captures.read is ReadBy.SPARK:
        for key in ("preprocess", "custom_attributes", "manifests"):
            if getattr(captures, key):
                yield f"captures.{key}: Spark cannot read such captures itself; remove `read`"
