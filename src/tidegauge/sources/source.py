"""What is to be read: the training data, and the captures of a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tidegauge.sources.listing import Inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.model.statistics import Kind
    from tidegauge.sources.script import Script
    from tidegauge.sources.sensitive import Hashing

DEFAULT_LAYOUT = "{variant}/{yyyy}/{mm}/{dd}/{hh}"
MANIFEST_LAYOUT = "output/{yyyy}/{mm}/{dd}/{hh}"  # of a batch transform's data capture
DEFAULT_VARIANT = "AllTraffic"  # SageMaker's own, for captures whose layout names no variant


class Format(StrEnum):
    """How the files of a source are written; `table` is anything that Spark reads by name.

    `json` is a document that is not one line, as a batch transform may write its results.
    """

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    SAGEMAKER = "sagemaker"
    TABLE = "table"


class ReadBy(StrEnum):
    """Who reads the data: the workers themselves, with Arrow, or Spark, which hands them rows."""

    ARROW = "arrow"
    SPARK = "spark"


class NumberRules(StrEnum):
    """Which texts of a CSV are numbers: what tools commonly read, or the service's patterns."""

    PRACTICAL = "practical"
    SAGEMAKER = "sagemaker"


@dataclass(frozen=True, slots=True)
class Marks:
    """What a reader is to say of each row; with `records` a record's first row has it as text."""

    records: bool = False


@dataclass(frozen=True, slots=True)
class TrainingSource:
    """The data that a model was trained on.

    `uri` is a file, a folder or a glob. `skip` names the columns that are never decoded: excluded
    ones, the label, the column that orders the rows. `kinds` are the columns' kinds where they are
    known; the others are inferred. `rejected` is the folder of the records that cannot be read.
    `preprocess` is the script that makes rows of the lines of a CSV, its header's too. With
    `whole_rows` a wide table does not come a group of columns at a time.
    """

    uri: str
    format: Format
    rejected: str
    read: ReadBy = ReadBy.ARROW
    header: bool = True  # CSV only; without one the columns are _c0, _c1 ...
    skip: frozenset[str] = frozenset()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    sensitive: Hashing | None = None
    preprocess: Script | None = None
    whole_rows: bool = False
    numbers: NumberRules = NumberRules.PRACTICAL

    def read_with(self, inputs: Inputs) -> Inputs:
        """All that a baseline read: its files, and the script that they were read with."""
        return _with_script(inputs, self.preprocess)

    @property
    def is_strict(self) -> bool:
        """Whether its texts are numbers by the service's patterns only."""
        return self.format is Format.CSV and self.numbers is NumberRules.SAGEMAKER

    @property
    def by_spark(self) -> bool:
        """Whether Spark reads it."""
        return self.read is ReadBy.SPARK or self.format is Format.TABLE


@dataclass(frozen=True, slots=True)
class CaptureSource:
    """The recorded batches of a model, by hour folders (`layout`) or by a column (`time`).

    `inputs` and `outputs` name the columns of a SageMaker payload, in order; `kinds` are those of
    the baseline. `rejected` is a folder in which `{window}` and `{variant}` are replaced.
    With `manifests` the files in the folders name the batch transform's files, of `format`, whose
    CSV rows end with what GenerateInferenceId adds if `inference_id` says so.
    With `marks` the rows of SageMaker's captures say which record they are of.
    """

    uri: str
    format: Format
    rejected: str
    read: ReadBy = ReadBy.ARROW
    layout: str = DEFAULT_LAYOUT
    time: str | None = None
    header: bool = True
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    skip: frozenset[str] = frozenset()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    preprocess: Script | None = None
    custom_attributes: bool = False
    manifests: bool = False
    inference_id: bool = False
    marks: Marks | None = None
    sensitive: Hashing | None = None
    numbers: NumberRules = NumberRules.PRACTICAL

    def read_with(self, inputs: Inputs) -> Inputs:
        """All that a run read: its files, and the script that they were read with."""
        return _with_script(inputs, self.preprocess)

    @property
    def is_strict(self) -> bool:
        """Whether their texts are numbers by the service's patterns only; marked ones never are."""
        written = self.format in (Format.CSV, Format.SAGEMAKER)
        return written and self.marks is None and self.numbers is NumberRules.SAGEMAKER

    @property
    def by_spark(self) -> bool:
        """Whether Spark reads them."""
        return self.read is ReadBy.SPARK or self.format is Format.TABLE


def _with_script(inputs: Inputs, script: Script | None) -> Inputs:
    if script is None or not inputs.files:
        return inputs
    return Inputs.of((*inputs.files, script.file))
