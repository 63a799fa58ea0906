"""What the service's users look at: copies in its layout, metrics, the message; end to end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.flows.endpoint import CALM, DRIFTED, make_endpoint, rows, write_captures

from tidegauge.app import main
from tidegauge.sinks.aws import aws_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = {"endpoint": "late-arrival", "schedule": "quality"}
DAY = "late-arrival/quality/2024/06/23"
THREE = {"constraint_violations.json", "constraints.json", "statistics.json"}


def outputs_of(folder: Path, **more: str) -> dict[str, str]:
    """An `outputs` section with copies below the folder."""
    return {**NAMES, "layout": "sagemaker", "uri": str(folder / "reports"), **more}


def names(folder: Path) -> set[str]:
    """The names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


def run_folder(tmp_path: Path, window: str, variant: str = "AllTraffic") -> Path:
    """A run's folder in the store."""
    runs = tmp_path / "store/late-arrival-quality/runs/type=data_quality"
    key = window.replace(":", "").replace("/", "_")
    return runs / f"variant={variant}" / f"window={key}"


def test_copies_lie_under_the_hour_in_which_the_window_ends(tmp_path: Path) -> None:
    """The same bytes as in the store; no violations, no file."""
    endpoint = make_endpoint(tmp_path, outputs=outputs_of(tmp_path))
    assert 0 == main(["baseline", endpoint.conf])
    assert 0 == main(["monitor", endpoint.conf])

    day = tmp_path / "reports" / DAY
    assert {"03", "04"} == names(day)
    assert THREE - {"constraint_violations.json"} == names(day / "03")
    assert THREE == names(day / "04")
    for name in THREE:
        copied = (day / "04" / name).read_bytes()
        assert (run_folder(tmp_path, DRIFTED) / name).read_bytes() == copied


def test_without_the_section_there_are_no_copies(tmp_path: Path) -> None:
    """The store is where everything is; the monitor's name is the schedule's."""
    endpoint = make_endpoint(tmp_path)
    assert 0 == main(["baseline", endpoint.conf])
    assert 0 == main(["monitor", endpoint.conf])

    assert {"store", "captures", "training.csv", "conf.yaml"} == names(tmp_path)
    lines = (run_folder(tmp_path, CALM) / "cloudwatch_metrics.jsonl").read_text().splitlines()
    assert [{"Name": "MonitoringSchedule", "Value": "late-arrival-quality"}] == (
        json.loads(lines[0])["Dimensions"]
    )


def test_a_window_that_is_run_again_without_violations_has_none_left(tmp_path: Path) -> None:
    """The file of the former run is stale news."""
    endpoint = make_endpoint(tmp_path, outputs=outputs_of(tmp_path))
    assert 0 == main(["baseline", endpoint.conf])
    assert 0 == main(["monitor", endpoint.conf, "--window", DRIFTED])
    copies = tmp_path / "reports" / DAY / "04"
    assert THREE == names(copies)
    hour = tmp_path / "captures/late-arrival/AllTraffic/2024/06/23/03"
    hour.rename(tmp_path / "drifted")
    write_captures(hour, rows(4), "2024-06-23T03:10:00Z")

    assert 0 == main(["monitor", endpoint.conf, "--window", DRIFTED])
    assert THREE - {"constraint_violations.json"} == names(copies)


def test_of_several_variants_the_whole_is_told(tmp_path: Path) -> None:
    """The service knows none: it has one copy, and a part of the traffic is not copied."""
    message = tmp_path / "message"
    endpoint = make_endpoint(tmp_path, outputs=outputs_of(tmp_path, message=str(message)))
    canary = tmp_path / "captures/late-arrival/canary/2024/06/23/03"
    write_captures(canary, rows(5, drifted=True), "2024-06-23T03:20:00Z")
    assert 0 == main(["baseline", endpoint.conf])
    assert 0 == main(["monitor", endpoint.conf, "--window", DRIFTED])

    whole = run_folder(tmp_path, DRIFTED, "_all")
    copied = (tmp_path / "reports" / DAY / "04" / "statistics.json").read_bytes()
    assert (whole / "statistics.json").read_bytes() == copied
    violations = json.loads((whole / "constraint_violations.json").read_bytes())["violations"]
    assert f"with {len(violations)} violations." in message.read_text()
    assert 1200 == json.loads(copied)["dataset"]["item_count"]

    assert 0 == main(["monitor", endpoint.conf, "--window", DRIFTED, "--variant", "canary"])
    assert copied == (tmp_path / "reports" / DAY / "04" / "statistics.json").read_bytes()


def test_metrics_are_switched_off_by_the_constraints(tmp_path: Path) -> None:
    """`emit_metrics` of the pinned constraints.json, as people edit it."""
    endpoint = make_endpoint(tmp_path)
    assert 0 == main(["baseline", endpoint.conf])
    (pinned,) = tmp_path.glob("store/*/baseline/*/data_quality/constraints.json")
    document = json.loads(pinned.read_bytes())
    document["monitoring_config"]["emit_metrics"] = "Disabled"
    pinned.write_text(json.dumps(document), encoding="utf-8")

    assert 0 == main(["monitor", endpoint.conf])
    assert "cloudwatch_metrics.jsonl" not in names(run_folder(tmp_path, CALM))


def test_the_message_says_how_the_call_ended(tmp_path: Path) -> None:
    """In the service's words, over all windows of the call."""
    message = tmp_path / "message"
    endpoint = make_endpoint(tmp_path, outputs={"message": str(message)})
    assert 0 == main(["baseline", endpoint.conf])
    assert 0 == main(["monitor", endpoint.conf, "--window", CALM])
    assert "Completed: Job completed successfully with no violations.\n" == message.read_text()

    assert 0 == main(["monitor", endpoint.conf])
    found = run_folder(tmp_path, DRIFTED) / "constraint_violations.json"
    count = len(json.loads(found.read_bytes())["violations"])
    assert (
        f"CompletedWithViolations: Job completed successfully with {count} violations.\n"
        == message.read_text()
    )


def test_the_message_of_a_failed_window_is_its_reason(tmp_path: Path) -> None:
    """Too many bad records."""
    message = tmp_path / "message"
    endpoint = make_endpoint(tmp_path, outputs={"message": str(message)})
    hour = tmp_path / "captures/late-arrival/AllTraffic/2024/06/23/02"
    (hour / "bad.jsonl").write_text("no record\n" * 100)
    assert 0 == main(["baseline", endpoint.conf])
    assert 4 == main(["monitor", endpoint.conf, "--window", CALM])

    assert message.read_text().startswith("Failed: AllTraffic 2024-06-23T02:00Z/PT1H: 100 of 700")


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The endpoint of a CloudWatch of the test's own, which the product finds by itself."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tidegauge")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    aws_client.cache_clear()
    yield endpoint
    aws_client.cache_clear()
    server.stop()


def test_metrics_are_put_where_the_conf_says_so(tmp_path: Path, cloudwatch: str) -> None:
    """Of a window of the last two weeks, under the namespace of endpoints or one's own."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    endpoint = make_endpoint(
        tmp_path,
        outputs=NAMES,
        metrics={"cloudwatch": "put", "namespace": "put/here"},
        s3={"region": "eu-west-1"},
    )
    recent = tmp_path / f"captures/late-arrival/AllTraffic/{hour:%Y/%m/%d/%H}"
    write_captures(recent, rows(6, drifted=True), f"{hour:%Y-%m-%dT%H:%M:%SZ}")
    assert 0 == main(["baseline", endpoint.conf])
    assert 0 == main(["monitor", endpoint.conf, "--window", f"{hour:%Y-%m-%dT%H:%MZ}/PT1H"])

    client = boto3.client("cloudwatch", endpoint_url=cloudwatch, region_name="eu-west-1")
    answer = client.get_metric_statistics(
        Namespace="put/here",
        MetricName="feature_baseline_drift_distance",
        Dimensions=[
            {"Name": "Endpoint", "Value": "late-arrival"},
            {"Name": "MonitoringSchedule", "Value": "quality"},
        ],
        StartTime=hour,
        EndTime=hour + timedelta(hours=1),
        Period=3600,
        Statistics=["Sum"],
    )
    assert [True] == [point["Sum"] > 0.5 for point in answer["Datapoints"]]


def test_metrics_that_cannot_be_sent_wait_for_the_next_call(
    tmp_path: Path, cloudwatch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window is done all the same; the next call sends them, once."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    endpoint = make_endpoint(
        tmp_path,
        outputs=NAMES,
        metrics={"cloudwatch": "put", "namespace": "late"},
        s3={"region": "eu-west-1"},
    )
    recent = tmp_path / f"captures/late-arrival/AllTraffic/{hour:%Y/%m/%d/%H}"
    write_captures(recent, rows(6), f"{hour:%Y-%m-%dT%H:%M:%SZ}")
    window = f"{hour:%Y-%m-%dT%H:%MZ}/PT1H"
    assert 0 == main(["baseline", endpoint.conf])
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:9")
    aws_client.cache_clear()
    assert 0 == main(["monitor", endpoint.conf, "--window", window])
    assert (run_folder(tmp_path, window) / "run.json").exists()
    (waiting,) = tmp_path.rglob("unsent/*.jsonl")
    assert (
        waiting.read_bytes()
        == (run_folder(tmp_path, window) / "cloudwatch_metrics.jsonl").read_bytes()
    )

    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", cloudwatch)
    aws_client.cache_clear()
    for _ in range(2):
        assert 0 == main(["monitor", endpoint.conf])

    client = boto3.client("cloudwatch", endpoint_url=cloudwatch, region_name="eu-west-1")
    answer = client.get_metric_statistics(
        Namespace="late",
        MetricName="feature_non_null_distance",
        Dimensions=[
            {"Name": "Endpoint", "Value": "late-arrival"},
            {"Name": "MonitoringSchedule", "Value": "quality"},
        ],
        StartTime=hour,
        EndTime=hour + timedelta(hours=1),
        Period=3600,
        Statistics=["SampleCount"],
    )
    assert [600.0] == [point["SampleCount"] for point in answer["Datapoints"]]
    assert [] == list(tmp_path.rglob("unsent/*.jsonl"))


def test_metrics_of_long_ago_stay_in_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudWatch would refuse them, and there is no CloudWatch to be asked; it is told once."""
    endpoint = make_endpoint(tmp_path, metrics={"cloudwatch": "put"})
    assert 0 == main(["baseline", endpoint.conf])
    assert 0 == main(["monitor", endpoint.conf])

    assert "cloudwatch_metrics.jsonl" in names(run_folder(tmp_path, CALM))
    assert 1 == capsys.readouterr().err.count("those of 2 windows are not sent")
