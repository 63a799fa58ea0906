"""Metrics to CloudWatch: the lines of `cloudwatch_metrics.jsonl`, in as few calls as it allows.

Source: CloudWatch's API reference, PutMetricData.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegauge.sinks.aws import aws_client, explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegauge.storage import S3Settings

_METRICS_A_CALL = 1000
_BYTES_A_CALL = 1_000_000
# No encoding that a client may choose for a datum takes more: the longest, a web form's, repeats
# the path of each field and writes a byte of a name as three.
_EXPANSION = 3
_OLDEST = timedelta(days=14)
_NEWEST = timedelta(hours=2)


def is_accepted(time: datetime, now: datetime) -> bool:
    """Whether CloudWatch takes metrics of this time: of the last two weeks."""
    return now - _OLDEST < time < now + _NEWEST


def put_metrics(document: bytes, namespace: str, settings: S3Settings) -> int:
    """Send the metrics of a document to CloudWatch; returns the number of calls.

    Region and profile are those of the settings, their endpoint is S3's own: CloudWatch's is
    `AWS_ENDPOINT_URL_CLOUDWATCH`. Sending a document again adds to Sum and SampleCount there.

    Raises:
        StorageError: CloudWatch cannot be reached, or refuses.
        UsageError: there is no boto3, no region, or no such profile.
    """
    lines = document.splitlines()
    if not lines:
        return 0
    client = aws_client("cloudwatch", settings.profile, settings.region)
    calls = 0
    for chunk in _chunks(lines):
        with explained(f"CloudWatch's namespace {namespace!r}", "cloudwatch:PutMetricData"):
            client.put_metric_data(Namespace=namespace, MetricData=list(map(json.loads, chunk)))
        calls += 1
    return calls


def _chunks(lines: list[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        size += _EXPANSION * len(line)
        if chunk and (len(chunk) == _METRICS_A_CALL or size > _BYTES_A_CALL):
            yield chunk
            chunk, size = [], _EXPANSION * len(line)
        chunk.append(line)
    yield chunk
