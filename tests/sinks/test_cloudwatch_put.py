"""Metrics reach CloudWatch, in calls that its limits allow."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tidegauge.errors import StorageError, UsageError
from tidegauge.sinks.aws import aws_client
from tidegauge.sinks.cloudwatch_put import is_accepted, put_metrics
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.client import BaseClient

NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
DIMENSIONS = [
    {"Name": "Endpoint", "Value": "late-arrival"},
    {"Name": "MonitoringSchedule", "Value": "daily"},
]
SETTINGS = S3Settings(region="eu-west-1")


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[BaseClient]:
    """A client of a CloudWatch of the test's own, which the product finds by the environment."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tidegauge")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    put_client_is_made_anew()
    yield boto3.client("cloudwatch", region_name="eu-west-1")
    put_client_is_made_anew()
    server.stop()


def put_client_is_made_anew() -> None:
    """The process's client keeps the endpoint that it was made for."""
    aws_client.cache_clear()


def document(*data: dict[str, Any], time: datetime | None = None) -> bytes:
    """Lines of a document, of one endpoint and one time."""
    stamp = (time or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    common = {"Timestamp": stamp, "Dimensions": DIMENSIONS}
    return "".join(
        json.dumps({**common, **datum}, ensure_ascii=False) + "\n" for datum in data
    ).encode()


def test_metrics_are_found_under_their_names_and_dimensions(cloudwatch: BaseClient) -> None:
    """A value and a statistic set, as an alarm asks for them."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    numbers = {"SampleCount": 4.0, "Sum": 10.0, "Minimum": 1.0, "Maximum": 4.0}
    data = document(
        {"MetricName": "feature_baseline_drift_größe", "Value": 0.25},
        {"MetricName": "feature_data_distance", "StatisticValues": numbers},
        time=now,
    )

    assert 1 == put_metrics(data, NAMESPACE, SETTINGS)

    def asked(name: str, statistic: str) -> list[float]:
        answer = cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            Dimensions=DIMENSIONS,
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=[statistic],
        )
        return [point[statistic] for point in answer["Datapoints"]]

    assert [0.25] == asked("feature_baseline_drift_größe", "Sum")
    assert [2.5] == asked("feature_data_distance", "Average")
    assert [4.0] == asked("feature_data_distance", "SampleCount")


def test_a_call_has_at_most_a_thousand_metrics(cloudwatch: BaseClient) -> None:
    """The rest goes into the next one, and nothing is lost."""
    data = document(*({"MetricName": f"feature_data_{i}", "Value": i} for i in range(2001)))

    assert 3 == put_metrics(data, "many", SETTINGS)

    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace="many")
    assert 2001 == len({m["MetricName"] for page in pages for m in page["Metrics"]})


@pytest.mark.usefixtures("cloudwatch")
def test_a_call_has_at_most_a_megabyte() -> None:
    """Long names of 255 characters count with the three bytes a character of a web form."""
    names = (f"feature_data_{i:03}_".ljust(255, "ü") for i in range(900))

    assert 2 == put_metrics(
        document(*({"MetricName": name, "Value": 1.0} for name in names)), NAMESPACE, SETTINGS
    )


def test_no_metrics_are_no_call() -> None:
    """An empty document needs neither a region nor credentials."""
    assert 0 == put_metrics(b"", NAMESPACE, S3Settings(profile="nobody"))


@pytest.mark.usefixtures("cloudwatch")
def test_what_cloudwatch_refuses_is_told() -> None:
    """The error names the namespace, and can be tried again."""
    wrong = document({"MetricName": "feature_data_x", "Value": float("nan")})

    with pytest.raises(StorageError, match="Endpoints/data-metrics"):
        put_metrics(wrong, NAMESPACE, SETTINGS)


def test_a_profile_that_is_not_there_is_told() -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError, match=r"correct `s3\.region` and `s3\.profile`"):
        put_metrics(
            document({"MetricName": "m", "Value": 1.0}), NAMESPACE, S3Settings(profile="nobody")
        )


def test_cloudwatch_takes_the_last_two_weeks() -> None:
    """Catching up with an old year is for the document, not for CloudWatch."""
    now = datetime(2013, 6, 20, 12, tzinfo=UTC)

    assert [False, True, True, False] == [
        is_accepted(now + timedelta(hours=hours), now) for hours in (-14 * 24, -335, 1, 2)
    ]
