"""What a conf cannot say of SageMaker's descriptions: every key that is not carried over is named.

A key that this release does not know is named, too: nothing is dropped in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegauge.config.sagemaker.facts import (
    BASELINE_INPUT,
    ENDPOINT_INPUT,
    POSTPROCESSOR_INPUT,
    PREPROCESSOR_INPUT,
    TYPES,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Something that the conf does not say: where it stands, and why it is not in the conf."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


_ANALYZER = "sagemaker-model-monitor-"
_UNKNOWN = "this release does not know it"
_OWN_CONTAINER = "the checks are Tidegauge's own; this container is not run"
_MODEL_QUALITY = "it is for model quality; this conf monitors data quality"
_NO_FEATURES = "what was sent is not looked at: the answers and their labels are"
_ENVIRONMENT = "Environment"

# Sections that are looked into.
_OPENED = {
    *("MonitoringScheduleConfig", "ScheduleConfig", "MonitoringJobDefinition"),
    *("MonitoringAppSpecification", "AppSpecification", "MonitoringInputs", "EndpointInput"),
    *("BatchTransformInput", "MonitoringOutputConfig", "MonitoringOutputs", "S3Output"),
    *("BaselineConfig", "ProcessingOutputConfig", "Outputs", "DataCaptureConfig"),
    *(f"{t}{s}" for t in TYPES for s in ("AppSpecification", "JobInput", "JobOutputConfig")),
    *(f"{t}BaselineConfig" for t in TYPES),
}
# Carried over (facts.py), or nothing that could be: names, times, states, paths in a container.
_DONE = {
    *("MonitoringScheduleName", "MonitoringType", "EndpointName", "ScheduleExpression"),
    *("DataAnalysisStartTime", "DataAnalysisEndTime", "S3Uri", "ExcludeFeaturesAttribute"),
    *("DataCapturedDestinationS3Uri", "DatasetFormat", "BaseliningJobName", "StatisticsResource"),
    *("ConstraintsResource", "RecordPreprocessorSourceUri", "PostAnalyticsProcessorSourceUri"),
    *("DestinationS3Uri", "ProblemType", "MonitoringScheduleArn", "MonitoringScheduleStatus"),
    *("FailureReason", "CreationTime", "LastModifiedTime", "LastMonitoringExecutionSummary"),
    *("MonitoringJobDefinitionName", "JobDefinitionName", "JobDefinitionArn", "LocalPath"),
    *("S3InputMode", "S3DataDistributionType", "S3UploadMode", "OutputName", "AppManaged"),
    *("ProcessingJobName", "ProcessingJobArn", "ProcessingJobStatus", "ExitMessage"),
    *("ProcessingStartTime", "ProcessingEndTime", "EndpointArn", "EndpointConfigName"),
    *("EndpointConfigArn", "EndpointStatus", "EnableCapture", "CaptureStatus"),
    *("CurrentSamplingPercentage", "InitialSamplingPercentage", "CaptureOptions"),
    *("CaptureContentTypeHeader", "ProductionVariants", "ShadowProductionVariants"),
    *("LastDeploymentConfig", "AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig"),
    *("PendingDeploymentSummary", "ResponseMetadata", "AutoMLJobArn", "TrainingJobArn"),
}
_REASONS = {
    "RoleArn": "jobs use the credentials of where they run (`s3.profile` chooses a profile)",
    "NetworkConfig": "the network is that of the machine or the cluster on which the jobs run",
    "VpcConfig": "the network is that of the machine or the cluster on which the jobs run",
    "EnableNetworkIsolation": "it is the machine's or the cluster's",
    "ExecutionRoleArn": "it is the endpoint's",
    "StoppingCondition": "the scheduler that starts the jobs limits their time",
    "KmsKeyId": "objects are encrypted as the default of their bucket says",
    "ContainerEntrypoint": _OWN_CONTAINER,
    "ContainerArguments": _OWN_CONTAINER,
    "ExperimentConfig": "runs are in the store, not in experiments",
    "ConfigUri": "it is the analysis configuration of bias or attribution; this conf monitors "
    "data quality",
    "GroundTruthS3Input": _MODEL_QUALITY,
    "StartTimeOffset": _MODEL_QUALITY,
    "EndTimeOffset": _MODEL_QUALITY,
    "FeaturesAttribute": _MODEL_QUALITY,
    "InferenceAttribute": _MODEL_QUALITY,
    "ProbabilityAttribute": _MODEL_QUALITY,
    "ProbabilityThresholdAttribute": _MODEL_QUALITY,
    **dict.fromkeys(
        ("MonitoringResources", "JobResources", "ProcessingResources"),
        "Spark's own settings choose machines and their number (`spark-submit --master ...`)",
    ),
}
_DONE_VARIABLES = {
    *("dataset_format", "dataset_source", "output_path", "publish_cloudwatch_metrics"),
    *("baseline_constraints", "baseline_statistics", "start_time", "end_time", "metric_time"),
    *("record_preprocessor_script", "post_analytics_processor_script", "monitoring_input_type"),
    *("sagemaker_endpoint_name", "sagemaker_monitoring_schedule_name", "problem_type"),
    *("sagemaker_endpoint_datacapture_prefix", "exclude_features_attribute", "analysis_type"),
}
_VARIABLES = {
    "categorical_drift_method": "it is in constraints.json, as `categorical_drift_method`",
    **dict.fromkeys(
        (
            *("inference_attribute", "probability_attribute", "ground_truth_attribute"),
            *("probability_threshold_attribute", "positive_label", "ground_truth_source"),
        ),
        _MODEL_QUALITY,
    ),
}
_DONE_INPUTS = {BASELINE_INPUT, PREPROCESSOR_INPUT, POSTPROCESSOR_INPUT, "baseline", "constraints"}


def left_over(
    document: Mapping[str, Any], where: str, *, quality: bool = False
) -> tuple[LeftOver, ...]:
    """Everything that stands in a description and is not carried over, in its order.

    With `quality` the conf is of model quality, and what is for that is carried over.
    """
    found = _walk(document, "")
    return tuple(
        LeftOver(f"{where}: {path}", reason)
        for path, reason in (_quality_left_over(found) if quality else found)
    )


def _quality_left_over(found: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for path, reason in found:
        if path.endswith("FeaturesAttribute"):
            yield path, _NO_FEATURES
        elif reason != _MODEL_QUALITY:
            yield path, reason


def _walk(section: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, value in section.items():
        at = f"{path}.{key}" if path else key
        if key in _DONE or value in (None, [], {}):
            continue
        if key == _ENVIRONMENT:
            yield from _of_environment(value, at)
        elif key == "ProcessingInputs":
            yield from _of_inputs(value, at)
        elif key == "ImageUri":
            if _ANALYZER not in value:
                yield at, _OWN_CONTAINER
        elif key in _OPENED:
            for inner in value if isinstance(value, list) else (value,):
                yield from _walk(inner, at)
        else:
            yield at, _REASONS.get(key, _UNKNOWN)


def _of_environment(variables: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name in variables:
        if name not in _DONE_VARIABLES:
            yield f"{path}.{name}", _VARIABLES.get(name, _UNKNOWN)


def _of_inputs(inputs: list[Mapping[str, Any]], path: str) -> Iterator[tuple[str, str]]:
    for one in inputs:
        name = str(one.get("InputName"))
        if name not in _DONE_INPUTS and not name.startswith(ENDPOINT_INPUT):
            ours = name.startswith("groundtruth_input")
            yield f"{path}[{name}]", _MODEL_QUALITY if ours else _UNKNOWN
