"""Facts of the descriptions that the service's interface prints.

Sources: the API reference's answers of DescribeMonitoringSchedule, Describe...JobDefinition,
DescribeProcessingJob, DescribeEndpoint and DescribeEndpointConfig; the names that the SDK gives
to a job's inputs; the developer guide's "Container Contract Inputs".
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidegauge.config.sagemaker.facts import (
    BASELINE_INPUT,
    ENDPOINT_INPUT,
    LABEL_INPUT,
    MODEL_QUALITY,
    POSTPROCESSOR_INPUT,
    PREPROCESSOR_INPUT,
    TYPES,
    Facts,
)
from tidegauge.config.sagemaker.schedules import Schedule
from tidegauge.documents.reader import Reader, UnfitError, flag, mapping, number, text
from tidegauge.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MERGED = "sagemakerMergeJson"
_TYPE_OF_ANALYSIS = {"MODEL_QUALITY": MODEL_QUALITY}
_HOUR = re.compile(r"/\d{4}/\d\d/\d\d/\d\d/?$")


def read_facts(document: Mapping[str, Any], where: str) -> Facts:
    """The facts of one description, as the AWS CLI or boto3 print it.

    Raises:
        DocumentError: it is none of the descriptions, or a value in it is unfit.
    """
    reader = Reader(document, where)
    if "MonitoringScheduleConfig" in document:
        return _of_schedule(reader)
    if "JobDefinitionName" in document:
        return _of_definition(reader)
    if "ProcessingJobName" in document:
        return _of_job(reader)
    if "EndpointConfigName" in document:
        return _of_endpoint(reader)
    raise DocumentError(
        f"{where} describes no monitor: expected the JSON that `aws sagemaker` prints for "
        "describe-monitoring-schedule, describe-data-quality-job-definition, "
        "describe-processing-job or describe-endpoint; its keys are "
        f"{', '.join(map(repr, document)) or 'none'}"
    )


def _of_schedule(reader: Reader) -> Facts:
    config = reader.section("MonitoringScheduleConfig")
    times = config.maybe_section("ScheduleConfig")
    schedule = (
        Schedule(
            times.maybe("ScheduleExpression", text),
            times.maybe("DataAnalysisStartTime", text),
            times.maybe("DataAnalysisEndTime", text),
        )
        if times
        else Schedule()
    )
    facts = Facts(
        name=reader.maybe("MonitoringScheduleName", text),
        type=config.maybe("MonitoringType", text) or reader.maybe("MonitoringType", text),
        endpoint=reader.maybe("EndpointName", text),
        schedule=schedule,
    )
    inline = config.maybe_section("MonitoringJobDefinition")
    return facts | _of_definition(inline) if inline else facts


def _of_definition(reader: Reader) -> Facts:
    """A job definition by itself, whose sections begin with its type, or one in a schedule."""
    facts = Facts(
        type=next((type_ for type_ in TYPES if f"{type_}JobInput" in reader.fields), None)
    )
    if app := _section(reader, "MonitoringAppSpecification", "AppSpecification"):
        facts |= _of_environment(app)
        facts |= Facts(
            problem=app.maybe("ProblemType", text),
            preprocessor=app.maybe("RecordPreprocessorSourceUri", text),
            postprocessor=app.maybe("PostAnalyticsProcessorSourceUri", text),
        )
    inputs = reader.objects("MonitoringInputs") if "MonitoringInputs" in reader.fields else ()
    for one in (*inputs, _section(reader, "", "JobInput")):
        facts |= _of_input(one) if one else Facts()
    if labels := _section(reader, "", "JobInput"):
        facts |= Facts(ground_truth=_s3_uri(labels, "GroundTruthS3Input"))
    if outputs := _section(reader, "MonitoringOutputConfig", "JobOutputConfig"):
        first = next(iter(outputs.objects("MonitoringOutputs")), None)
        facts |= Facts(output=_s3_uri(first, "S3Output"))
    if baseline := _section(reader, "BaselineConfig", "BaselineConfig"):
        facts |= Facts(
            baselining_job=baseline.maybe("BaseliningJobName", text),
            statistics=_s3_uri(baseline, "StatisticsResource"),
            constraints=_s3_uri(baseline, "ConstraintsResource"),
        )
    return facts | _of_environment(reader)


def _section(reader: Reader, inline: str, suffix: str) -> Reader | None:
    """A section by its name in a schedule, or by its name in a definition of any type."""
    names = (inline, *(f"{type_}{suffix}" for type_ in TYPES))
    return next((reader.section(name) for name in names if reader.fields.get(name)), None)


def _of_input(reader: Reader) -> Facts:
    if endpoint := reader.maybe_section("EndpointInput"):
        return _of_answers(endpoint) | Facts(
            endpoint=endpoint.maybe("EndpointName", text),
            exclude=endpoint.maybe("ExcludeFeaturesAttribute", text),
        )
    if batch := reader.maybe_section("BatchTransformInput"):
        return _of_answers(batch) | Facts(
            captures=batch.get("DataCapturedDestinationS3Uri", text).rstrip("/"),
            batch_format=batch.maybe("DatasetFormat", mapping) or {},
            exclude=batch.maybe("ExcludeFeaturesAttribute", text),
        )
    return Facts()


def _of_answers(reader: Reader) -> Facts:
    """Where the answers are, and how long a job waits for their labels: model quality's alone."""
    since, until = (reader.maybe(f"{end}TimeOffset", text) for end in ("Start", "End"))
    return Facts(
        inference=reader.maybe("InferenceAttribute", text),
        probability=reader.maybe("ProbabilityAttribute", text),
        threshold=reader.maybe("ProbabilityThresholdAttribute", number),
        offsets=(since, until) if since and until else None,
    )


def _of_job(reader: Reader) -> Facts:
    """A processing job: one that made a baseline, or one execution of a schedule."""
    inputs = reader.objects("ProcessingInputs") if "ProcessingInputs" in reader.fields else ()
    uris = {one.get("InputName", text): _s3_uri(one, "S3Input") for one in inputs}
    outputs = reader.section("ProcessingOutputConfig").objects("Outputs")
    output = _s3_uri(next(iter(outputs), None), "S3Output")
    facts = _of_environment(reader) | Facts(
        preprocessor=uris.get(PREPROCESSOR_INPUT), postprocessor=uris.get(POSTPROCESSOR_INPUT)
    )
    if BASELINE_INPUT in uris:
        others = replace(
            facts, metrics=None, preprocessor=None, postprocessor=None, inference=None,
            probability=None,
        )  # fmt: skip
        return others | Facts(
            baselining_job=reader.get("ProcessingJobName", text),
            baselining_script=facts.preprocessor,
            baseline_label=_variable(reader, "ground_truth_attribute"),
            baseline_inference=facts.inference,
            baseline_probability=facts.probability,
            training=uris[BASELINE_INPUT],
            training_format=_described_format(reader),
            statistics=f"{output}/statistics.json" if output else None,
            constraints=f"{output}/constraints.json" if output else None,
        )
    captures = next((uri for name, uri in uris.items() if name.startswith(ENDPOINT_INPUT)), None)
    if _MERGED in (_described_format(reader) or {}):  # these are captures with their labels
        captures = None
    labels = next((uri for name, uri in uris.items() if name.startswith(LABEL_INPUT)), None)
    return facts | Facts(
        ground_truth=labels,
        captures=_above_variants(captures),
        statistics=uris.get("baseline"),
        constraints=uris.get("constraints"),
        output=_above_executions(output, facts),
    )


def _of_endpoint(reader: Reader) -> Facts:
    """An endpoint, or the configuration of one, which does not name it."""
    capture = reader.maybe_section("DataCaptureConfig")
    destination = capture.maybe("DestinationS3Uri", text) if capture else None
    return Facts(
        endpoint=reader.maybe("EndpointName", text),
        destination=destination.rstrip("/") if destination else None,
    )


def _of_environment(reader: Reader) -> Facts:
    environment = reader.maybe_section("Environment")
    if environment is None:
        return Facts()
    since, until = (environment.maybe(name, text) for name in ("start_time", "end_time"))
    return Facts(
        name=environment.maybe("sagemaker_monitoring_schedule_name", text),
        type=_TYPE_OF_ANALYSIS.get(environment.maybe("analysis_type", text) or ""),
        problem=environment.maybe("problem_type", text),
        endpoint=environment.maybe("sagemaker_endpoint_name", text),
        span=(since, until) if since and until else None,
        exclude=environment.maybe("exclude_features_attribute", text),
        inference=environment.maybe("inference_attribute", text),
        probability=environment.maybe("probability_attribute", text),
        threshold=environment.maybe("probability_threshold_attribute", _number_text),
        positive=environment.maybe("positive_label", text),
        metrics=environment.maybe("publish_cloudwatch_metrics", flag),
    )


def _variable(reader: Reader, name: str) -> str | None:
    environment = reader.maybe_section("Environment")
    return environment.maybe(name, text) if environment else None


def _number_text(value: object) -> float:
    """The number that a variable of an environment, always a text, says."""
    try:
        return float(text(value))
    except ValueError:
        raise UnfitError("the text of a number") from None


def _described_format(reader: Reader) -> Mapping[str, Any] | None:
    environment = reader.maybe_section("Environment")
    return environment.maybe("dataset_format", _json_object) if environment else None


def _json_object(value: object) -> dict[str, Any]:
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UnfitError("the text of a JSON object")
    return found


def _s3_uri(reader: Reader | None, key: str) -> str | None:
    holder = reader.maybe_section(key) if reader else None
    uri = holder.maybe("S3Uri", text) if holder else None
    return uri.rstrip("/") if uri else None


def _above_variants(uri: str | None) -> str | None:
    """The folder above `{variant}/{yyyy}/{mm}/{dd}/{hh}`, where a job was given one hour's."""
    if uri is None or not _HOUR.search(uri):
        return uri
    return _HOUR.sub("", uri).rpartition("/")[0]


def _above_executions(uri: str | None, facts: Facts) -> str | None:
    """The folder above `{endpoint}/{schedule}/{yyyy}/{mm}/{dd}/{hh}`, where a job wrote."""
    if uri is None or not _HOUR.search(uri):
        return uri
    above = _HOUR.sub("", uri).removesuffix(f"/{facts.name}")
    return above.removesuffix(f"/{facts.endpoint}")
