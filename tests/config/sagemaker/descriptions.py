"""Descriptions of one monitor in the shape that `aws sagemaker describe-...` prints; made up."""

from __future__ import annotations

from typing import Any

ANALYZER = "159807026194.dkr.ecr.us-west-2.amazonaws.com/sagemaker-model-monitor-analyzer"
BUCKET = "s3://example-bucket"
CAPTURES = f"{BUCKET}/captures/late-arrival"
REPORTS = f"{BUCKET}/reports"
RESULTS = f"{BUCKET}/baselining/results"
SCRIPTS = f"{BUCKET}/scripts"
RESOURCES = {
    "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 20}
}
ROLE = "arn:aws:iam::000000000000:role/monitor"

SCHEDULE: dict[str, Any] = {
    "MonitoringScheduleArn": "arn:aws:sagemaker:us-west-2:000000000000:monitoring-schedule/x",
    "MonitoringScheduleName": "late-arrival-quality",
    "MonitoringScheduleStatus": "Scheduled",
    "MonitoringType": "DataQuality",
    "CreationTime": "2024-06-23T01:30:00.000000+00:00",
    "LastModifiedTime": "2024-06-23T03:05:00.000000+00:00",
    "MonitoringScheduleConfig": {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
        "MonitoringJobDefinitionName": "data-quality-job-definition-1",
        "MonitoringType": "DataQuality",
    },
    "EndpointName": "late-arrival",
    "LastMonitoringExecutionSummary": {"MonitoringExecutionStatus": "Completed"},
}

DEFINITION: dict[str, Any] = {
    "JobDefinitionArn": "arn:aws:sagemaker:us-west-2:000000000000:data-quality-job-definition/y",
    "JobDefinitionName": "data-quality-job-definition-1",
    "CreationTime": "2024-06-23T01:30:00.000000+00:00",
    "DataQualityBaselineConfig": {
        "BaseliningJobName": "baseline-suggestion-job-1",
        "ConstraintsResource": {"S3Uri": f"{RESULTS}/constraints.json"},
        "StatisticsResource": {"S3Uri": f"{RESULTS}/statistics.json"},
    },
    "DataQualityAppSpecification": {
        "ImageUri": ANALYZER,
        "RecordPreprocessorSourceUri": f"{SCRIPTS}/preprocessor.py",
        "PostAnalyticsProcessorSourceUri": f"{SCRIPTS}/postprocessor.py",
        "Environment": {"publish_cloudwatch_metrics": "Enabled"},
    },
    "DataQualityJobInput": {
        "EndpointInput": {
            "EndpointName": "late-arrival",
            "LocalPath": "/opt/ml/processing/input/endpoint",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "ExcludeFeaturesAttribute": "late, tail number",
        }
    },
    "DataQualityJobOutputConfig": {
        "MonitoringOutputs": [
            {
                "S3Output": {
                    "S3Uri": f"{REPORTS}/",
                    "LocalPath": "/opt/ml/processing/output",
                    "S3UploadMode": "Continuous",
                }
            }
        ]
    },
    "JobResources": RESOURCES,
    "NetworkConfig": {"EnableNetworkIsolation": False},
    "RoleArn": ROLE,
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}

# A schedule of 2019 to 2021: its job definition lies in it.
INLINE: dict[str, Any] = {
    **SCHEDULE,
    "MonitoringScheduleConfig": {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 12 ? * * *)"},
        "MonitoringJobDefinition": {
            "BaselineConfig": {
                "ConstraintsResource": {"S3Uri": f"{RESULTS}/constraints.json"},
                "StatisticsResource": {"S3Uri": f"{RESULTS}/statistics.json"},
            },
            "MonitoringInputs": [
                {
                    "EndpointInput": {
                        "EndpointName": "late-arrival",
                        "LocalPath": "/opt/ml/processing/input/endpoint",
                    }
                }
            ],
            "MonitoringOutputConfig": {
                "MonitoringOutputs": [
                    {"S3Output": {"S3Uri": REPORTS, "LocalPath": "/opt/ml/processing/output"}}
                ]
            },
            "MonitoringResources": RESOURCES,
            "MonitoringAppSpecification": {"ImageUri": ANALYZER},
            "Environment": {"publish_cloudwatch_metrics": "Disabled", "colour": "blue"},
            "RoleArn": ROLE,
        },
    },
}

ENDPOINT: dict[str, Any] = {
    "EndpointName": "late-arrival",
    "EndpointArn": "arn:aws:sagemaker:us-west-2:000000000000:endpoint/late-arrival",
    "EndpointConfigName": "late-arrival-1",
    "ProductionVariants": [{"VariantName": "AllTraffic"}],
    "DataCaptureConfig": {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 100,
        "DestinationS3Uri": f"{BUCKET}/captures",
    },
    "EndpointStatus": "InService",
}


def job_input(name: str, uri: str) -> dict[str, Any]:
    """One input of a processing job."""
    local = f"/opt/ml/processing/{name}"
    return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": local}}


def job(name: str, output: str, inputs: list[dict[str, Any]], **env: str) -> dict[str, Any]:
    """A processing job of the analyzer."""
    s3 = {"S3Uri": output, "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
    return {
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "result", "S3Output": s3}]},
        "ProcessingJobName": name,
        "ProcessingJobArn": f"arn:aws:sagemaker:us-west-2:000000000000:processing-job/{name}",
        "ProcessingJobStatus": "Completed",
        "ProcessingResources": RESOURCES,
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
        "AppSpecification": {"ImageUri": ANALYZER},
        "Environment": env,
        "RoleArn": ROLE,
    }


BASELINING = job(
    "baseline-suggestion-job-1",
    RESULTS,
    [
        job_input("baseline_dataset_input", f"{BUCKET}/training/flights.csv"),
        job_input("record_preprocessor_script_input", f"{SCRIPTS}/preprocessor.py"),
    ],
    dataset_format='{"csv": {"header": false, "output_columns_position": "START"}}',
    dataset_source="/opt/ml/processing/input/baseline_dataset_input",
    output_path="/opt/ml/processing/output",
    publish_cloudwatch_metrics="Disabled",
    categorical_drift_method="ChiSquared",
)

EXECUTION = job(
    "model-monitoring-202406230300-1",
    f"{REPORTS}/late-arrival/late-arrival-quality/2024/06/23/03",
    [
        job_input("constraints", f"{RESULTS}/constraints.json"),
        job_input("baseline", f"{RESULTS}/statistics.json"),
        job_input("endpoint_input_1", f"{CAPTURES}/AllTraffic/2024/06/23/02"),
    ],
    dataset_format='{"sagemakerCaptureJson":{"captureIndexNames":["endpointInput"]}}',
    publish_cloudwatch_metrics="Enabled",
    sagemaker_endpoint_name="late-arrival",
    sagemaker_monitoring_schedule_name="late-arrival-quality",
    start_time="2024-06-23T02:00:00Z",
    end_time="2024-06-23T03:00:00Z",
)

QUALITY_SCHEDULE: dict[str, Any] = {
    **SCHEDULE,
    "MonitoringScheduleName": "late-arrival-answers",
    "MonitoringType": "ModelQuality",
    "MonitoringScheduleConfig": {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 0 ? * * *)"},
        "MonitoringJobDefinitionName": "model-quality-job-definition-1",
        "MonitoringType": "ModelQuality",
    },
}


def quality_definition(
    problem: str = "BinaryClassification", labels: str = f"{BUCKET}/truth", **answers: object
) -> dict[str, Any]:
    """A job definition of model quality; `answers` are keys of its EndpointInput."""
    given = {
        "ProbabilityAttribute": "0",
        "ProbabilityThresholdAttribute": 0.5,
        "StartTimeOffset": "-P3D",
        "EndTimeOffset": "-P2D",
    }
    return {
        "JobDefinitionArn": "arn:aws:sagemaker:us-west-2:000000000000:model-quality-definition/z",
        "JobDefinitionName": "model-quality-job-definition-1",
        "ModelQualityBaselineConfig": {
            "BaseliningJobName": "baseline-suggestion-job-2",
            "ConstraintsResource": {"S3Uri": f"{RESULTS}/constraints.json"},
        },
        "ModelQualityAppSpecification": {"ImageUri": ANALYZER, "ProblemType": problem},
        "ModelQualityJobInput": {
            "EndpointInput": {
                "EndpointName": "late-arrival",
                "LocalPath": "/opt/ml/processing/input/endpoint",
                **(answers or given),
            },
            "GroundTruthS3Input": {"S3Uri": labels},
        },
        "ModelQualityJobOutputConfig": {
            "MonitoringOutputs": [
                {"S3Output": {"S3Uri": REPORTS, "LocalPath": "/opt/ml/processing/output"}}
            ]
        },
        "JobResources": RESOURCES,
        "RoleArn": ROLE,
    }


def quality_baselining(
    rows: str = f"{BUCKET}/validation/rows.csv", format_: str = '{"csv": {"header": true}}'
) -> dict[str, Any]:
    """A job that made a baseline of model quality."""
    return job(
        "baseline-suggestion-job-2",
        RESULTS,
        [job_input("baseline_dataset_input", rows)],
        analysis_type="MODEL_QUALITY",
        problem_type="BinaryClassification",
        dataset_format=format_,
        inference_attribute="answer",
        probability_attribute="score",
        ground_truth_attribute="late",
        probability_threshold_attribute="0.500000",
    )
