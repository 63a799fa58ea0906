"""What a conf may say: one frozen dataclass a section, with the defaults.

Every key is documented in docs/conf.md; unknown keys are refused when a conf is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tidegauge.config.alarms import Alarms
from tidegauge.config.alerts import Alerts
from tidegauge.config.quality import (  # cattrs reads the annotations
    GroundTruth,  # noqa: TC001
    ModelQuality,  # noqa: TC001
)
from tidegauge.config.retention import Retention
from tidegauge.rules.packs.rows import RowRules
from tidegauge.sources.source import NumberRules, ReadBy
from tidegauge.storage import S3Settings


class TrainingFormat(StrEnum):
    """How the training data is written."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    TABLE = "table"


class CaptureFormat(StrEnum):
    """How the captures are written."""

    SAGEMAKER = "sagemaker"
    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    TABLE = "table"


class OnViolation(StrEnum):
    """What violations do to the exit code: nothing, or 3."""

    REPORT = "report"
    FAIL = "fail"


class OutputLayout(StrEnum):
    """How copies of a run's documents are laid out."""

    SAGEMAKER = "sagemaker"


class CloudWatch(StrEnum):
    """What becomes of a run's metrics: a document beside the others, or also CloudWatch's."""

    FILE = "file"
    PUT = "put"


class EngineName(StrEnum):
    """Who does the work: Spark, processes of this machine, or whichever suits the size."""

    SPARK = "spark"
    LOCAL = "local"
    AUTO = "auto"
    DEEQU = "deequ"


@dataclass(frozen=True, slots=True)
class Training:
    """`training:` the data that the model was trained on."""

    uri: str
    format: TrainingFormat
    read: ReadBy = ReadBy.ARROW
    time: str | None = None
    header: bool = True
    preprocess: str | None = None


@dataclass(frozen=True, slots=True)
class Captures:
    """`captures:` the inference batches; a folder layout or a time column finds a window's rows."""

    uri: str
    format: CaptureFormat
    read: ReadBy = ReadBy.ARROW
    layout: str | None = None
    time: str | None = None
    id: str | None = None
    header: bool = True
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] = ()
    custom_attributes: bool = False
    manifests: bool = False
    inference_id: bool = False
    preprocess: str | None = None
    postprocess: str | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """`features:` what is monitored and what is not; `sensitive` columns are only seen hashed.

    `sensitive_key` names the environment variable that has the key of the hash.
    """

    exclude: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    sensitive_key: str = "TIDEGAUGE_KEY"


@dataclass(frozen=True, slots=True)
class Outputs:
    """`outputs:` the names that SageMaker has for the monitor, and copies where its users look.

    Without an endpoint the captures are a batch transform's; without a schedule the monitor's name
    is the schedule's.
    """

    endpoint: str | None = None
    schedule: str | None = None
    layout: OutputLayout | None = None
    uri: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """`metrics:` where a run's metrics go, beside the store."""

    cloudwatch: CloudWatch = CloudWatch.FILE
    namespace: str | None = None


class SketchForm(StrEnum):
    """Whether statistics.json carries the quantile sketches, its bulk."""

    KLL = "kll"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Documents:
    """`documents:` what the documents carry; profile.parquet has the sketches in any case."""

    sketch: SketchForm = SketchForm.KLL


@dataclass(frozen=True, slots=True)
class Conf:
    """The whole conf of one monitored model."""

    version: int
    monitor: str
    store: str
    training: Training | None = None
    captures: Captures | None = None
    ground_truth: GroundTruth | None = None
    model_quality: ModelQuality | None = None
    features: Features = field(default_factory=Features)
    numbers: NumberRules = NumberRules.PRACTICAL
    window: str | None = None
    every: str | None = None
    packs: tuple[str, ...] = ()
    row_rules: RowRules = RowRules.AUTO
    profile: str | None = None
    late: str | None = None
    max_catch_up: int | None = None
    documents: Documents = field(default_factory=Documents)
    alarms: Alarms = field(default_factory=Alarms)
    on_violation: OnViolation = OnViolation.REPORT
    max_rejected: float = 0.01
    outputs: Outputs = field(default_factory=Outputs)
    metrics: Metrics = field(default_factory=Metrics)
    alerts: Alerts = field(default_factory=Alerts)
    retention: Retention = field(default_factory=Retention)
    engine: EngineName = EngineName.SPARK
    s3: S3Settings = field(default_factory=S3Settings)
