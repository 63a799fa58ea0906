"""What is to be read: the training data, and the captures of a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.model.statistics import Kind

DEFAULT_LAYOUT = "{variant}/{yyyy}/{mm}/{dd}/{hh}"
DEFAULT_VARIANT = "AllTraffic"  # SageMaker's own, for captures whose layout names no variant


class Format(StrEnum):
    """How the files of a source are written; `table` is anything that Spark reads by name."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    SAGEMAKER = "sagemaker"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class TrainingSource:
    """The data that a model was trained on.

    `uri` is a file, a folder or a glob. `skip` names the columns that are never decoded: excluded
    ones, the label, the column that orders the rows. `kinds` are the columns' kinds where they are
    known; the others are inferred. `rejected` is the folder of the records that cannot be read.
    """

    uri: str
    format: Format
    rejected: str
    header: bool = True  # CSV only; without one the columns are _c0, _c1 ...
    skip: frozenset[str] = frozenset()
    kinds: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaptureSource:
    """The recorded batches of a model, by hour folders (`layout`) or by a column (`time`).

    `inputs` and `outputs` name the columns of a SageMaker payload, in order; `kinds` are those of
    the baseline. `rejected` is a folder in which `{window}` and `{variant}` are replaced.
    """

    uri: str
    format: Format
    rejected: str
    layout: str = DEFAULT_LAYOUT
    time: str | None = None
    header: bool = True
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    skip: frozenset[str] = frozenset()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
