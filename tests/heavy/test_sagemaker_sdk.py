"""Users of the `sagemaker` SDK load what Tidegauge writes, and Tidegauge reads what they save."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.flows.endpoint import make_endpoint

from tidegauge.app import main
from tidegauge.documents import constraints
from tidegauge.documents.text import load
from tidegauge.storage import join, storage_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.s3_server import S3Server

pytestmark = pytest.mark.heavy

READER = Path(__file__).with_name("sdk_reader.py")
OUTPUT = "late-arrival/late-arrival-quality/2024/06/23"  # the hours are those of the windows' ends
CALM, DRIFTED = f"{OUTPUT}/03", f"{OUTPUT}/04"


@pytest.fixture
def sagemaker_api() -> Iterator[str]:
    """The service's API, which knows that jobs ran and where their output is."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def reports(bucket: str, s3: S3Server, tmp_path: Path) -> str:
    """The location of the outputs of two windows, the second with violations."""
    outputs = {"layout": "sagemaker", "uri": f"{bucket}/reports", "endpoint": "late-arrival"}
    settings = {"endpoint": s3.endpoint, "region": s3.region}
    endpoint = make_endpoint(tmp_path, outputs=outputs, s3=settings)
    assert 0 == main(["baseline", endpoint.conf])
    assert 0 == main(["monitor", endpoint.conf])
    return outputs["uri"]


def job_of(folder: str, api: str, region: str) -> str:
    """The ARN of a completed processing job whose output is the folder."""
    s3_output = {"S3Uri": folder, "LocalPath": "/opt/ml/output", "S3UploadMode": "EndOfJob"}
    client = boto3.client("sagemaker", endpoint_url=api, region_name=region)
    created = client.create_processing_job(
        ProcessingJobName=f"job-{folder[-2:]}",
        ProcessingInputs=[],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "result", "S3Output": s3_output}]},
        ProcessingResources={
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.xlarge",
                "VolumeSizeInGB": 1,
            }
        },
        AppSpecification={"ImageUri": "analyzer"},
        RoleArn="arn:aws:iam::000000000000:role/monitor",
    )
    arn: str = created["ProcessingJobArn"]
    return arn


def test_the_sdk_loads_every_document(
    sdk_python: str, reports: str, s3: S3Server, sagemaker_api: str, tmp_path: Path
) -> None:
    """As it is in S3; without a violations file the execution says that there are none."""
    storage = storage_for(reports, s3.settings)

    for hour, violated in ((CALM, False), (DRIFTED, True)):
        folder = join(reports, hour)
        seen = _seen(sdk_python, folder, s3, sagemaker_api, tmp_path / f"{hour[-2:]}.json")

        def document(name: str, folder: str = folder) -> Any:  # noqa: ANN401
            return json.loads(storage.read(join(folder, name)))

        assert document("statistics.json") == seen["statistics"] == seen["statistics_of_execution"]
        assert document("constraints.json") == seen["constraints"]
        if violated:
            found = document("constraint_violations.json")
            assert found == seen["violations"] == seen["violations_of_execution"]
            assert {"baseline_drift_check"} <= {
                violation["constraint_check_type"] for violation in found["violations"]
            }
        else:
            assert None is seen["violations_of_execution"]


def test_what_the_sdk_switches_off_is_off(
    sdk_python: str, reports: str, s3: S3Server, sagemaker_api: str, tmp_path: Path
) -> None:
    """`set_monitoring` for all, and for one feature of texts, saved and read again by ours."""
    storage, folder = storage_for(reports, s3.settings), join(reports, CALM)
    _seen(sdk_python, folder, s3, sagemaker_api, tmp_path / "seen.json")

    def saved(name: str) -> constraints.Constraints:
        uri = join(folder, name, "constraints.json")
        return constraints.decode(load(storage.read(uri), uri), uri)

    assert not saved("off").config.evaluate_constraints
    one_off = saved("one_off")
    assert one_off.config.evaluate_constraints
    assert {"carrier": {"evaluate_constraints": False}} == {
        feature.name: feature.overrides for feature in one_off.features if feature.overrides
    }


def _seen(python: str, folder: str, s3: S3Server, api: str, answer: Path) -> dict[str, Any]:
    """What the SDK sees of the documents in a folder; it switches `carrier` off in copies."""
    arn = job_of(folder, api, s3.region)
    environment = os.environ | s3.credentials
    environment |= {"AWS_ENDPOINT_URL_S3": s3.endpoint, "AWS_ENDPOINT_URL_SAGEMAKER": api}
    command = [python, str(READER), folder, arn, "carrier", str(answer)]
    subprocess.run(command, check=True, env=environment, timeout=300)
    seen: dict[str, Any] = json.loads(answer.read_bytes())
    return seen
