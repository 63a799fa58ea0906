"""What SageMaker's descriptions of a monitor say that a conf can say, too."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.config.sagemaker.schedules import Schedule

DATA_QUALITY = "DataQuality"
MODEL_QUALITY = "ModelQuality"
TYPES = (DATA_QUALITY, MODEL_QUALITY, "ModelBias", "ModelExplainability")
BASELINE_INPUT = "baseline_dataset_input"
ENDPOINT_INPUT = "endpoint_input"  # and a number
LABEL_INPUT = "groundtruth_input"  # and a number
PREPROCESSOR_INPUT = "record_preprocessor_script_input"
POSTPROCESSOR_INPUT = "post_analytics_processor_script_input"


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one description or of several; None: they do not say.

    `captures` is the folder that holds an endpoint's variants, or the destination of a batch
    transform's captures where `batch_format` is there; `destination` is that of an endpoint's
    data capture, above the folders of endpoints. `output` is above the folders of executions.
    `inference` and `probability` are columns of what is answered, by name, position or JMESPath;
    those of the baseline's rows have names of their own. `offsets` are the ends of the data that a
    job looks at, from its start.
    """

    name: str | None = None
    type: str | None = None
    problem: str | None = None
    endpoint: str | None = None
    schedule: Schedule | None = None
    span: tuple[str, str] | None = None
    captures: str | None = None
    batch_format: Mapping[str, Any] | None = None
    destination: str | None = None
    baselining_job: str | None = None
    training: str | None = None
    training_format: Mapping[str, Any] | None = None
    statistics: str | None = None
    constraints: str | None = None
    baselining_script: str | None = None
    preprocessor: str | None = None
    postprocessor: str | None = None
    exclude: str | None = None
    ground_truth: str | None = None
    inference: str | None = None
    probability: str | None = None
    threshold: float | None = None
    positive: str | None = None
    offsets: tuple[str, str] | None = None
    baseline_label: str | None = None
    baseline_inference: str | None = None
    baseline_probability: str | None = None
    output: str | None = None
    metrics: bool | None = None

    def __or__(self, other: Facts) -> Facts:
        """What either says; where both do, the first."""
        ours = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(other, **{name: fact for name, fact in ours.items() if fact is not None})

    def contradictions(self, other: Facts) -> tuple[str, ...]:
        """The names of the facts on which the two differ."""
        pairs = ((f.name, getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return tuple(name for name, a, b in pairs if None not in (a, b) and a != b)
