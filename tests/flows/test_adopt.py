"""A baseline that the service made goes on: kept as it is, and compared with."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.flows.endpoint import CALM, DRIFTED, Endpoint, make_endpoint, write_captures

from tidegauge.app import main
from tidegauge.config.loading import load_conf
from tidegauge.documents import violations
from tidegauge.documents.run import RunStatus
from tidegauge.documents.text import load
from tidegauge.errors import DocumentError
from tidegauge.flows.adopt import Adopted, adopt_baseline
from tidegauge.flows.job import DATA_QUALITY, Job
from tidegauge.flows.pinned import read_pinned
from tidegauge.model.statistics import Kind
from tidegauge.model.window import Window
from tidegauge.running import LocalEngine
from tidegauge.sinks.layout import RunKey
from tidegauge.sinks.runs import read_run, verify
from tidegauge.storage import NotFound, join

if TYPE_CHECKING:
    from tidegauge.model.outcome import Violation

SAMPLES = Path(os.environ.get("TIDEGAUGE_SAMPLES", "no samples"))


def job_of(endpoint: Endpoint) -> Job:
    """A call of the program on the endpoint's conf."""
    return Job(load_conf(endpoint.conf), LocalEngine())


def without_ours(value: Any) -> Any:  # noqa: ANN401
    """A document as the service would have written it: nothing under `tidegauge`."""
    match value:
        case dict():
            return {k: without_ours(v) for k, v in value.items() if k != "tidegauge"}
        case list():
            return list(map(without_ours, value))
        case _:
            return value


def found(job: Job, window: str) -> tuple[Violation, ...]:
    """The violations of one window's run."""
    key = RunKey(DATA_QUALITY, "AllTraffic", Window.parse(window))
    uri = join(job.layout.run(key), "constraint_violations.json")
    if not job.storage.exists(uri):
        return ()
    return violations.decode(load(job.storage.read(uri), uri), uri)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder with the two documents of a baseline, in the service's shape."""
    folder = tmp_path / "made"
    folder.mkdir()
    made = make_endpoint(folder)
    assert 0 == main(["baseline", made.conf])
    job = job_of(made)
    pinned = job.layout.baseline(
        read_pinned(job.storage, job.layout, DATA_QUALITY).id, DATA_QUALITY
    )
    for name in ("statistics.json", "constraints.json"):
        document = without_ours(json.loads(job.storage.read(join(pinned, name))))
        (folder / name).write_text(json.dumps(document, indent=2), encoding="utf-8")
    return folder


def adopt(job: Job, folder: Path) -> Adopted:
    """Import the two documents of a folder."""
    return adopt_baseline(job, str(folder / "statistics.json"), str(folder / "constraints.json"))


def test_documents_are_kept_byte_for_byte_and_pinned(theirs: Path, tmp_path: Path) -> None:
    """The record is that of a completed baseline; the same documents have the same id."""
    job = job_of(make_endpoint(tmp_path))
    adopted = adopt(job, theirs)

    for name in ("statistics.json", "constraints.json"):
        assert (theirs / name).read_bytes() == job.storage.read(join(adopted.folder, name))
    record = read_run(job.storage, adopted.folder)
    assert record is not None
    verify(job.storage, adopted.folder, record)
    assert (RunStatus.COMPLETED, adopted.id, 2) == (
        record.status,
        record.baseline,
        record.inputs.files,
    )
    assert {"rows": 600, "features": 4} == record.counts
    pinned = read_pinned(job.storage, job.layout, DATA_QUALITY)
    assert (adopted.id, adopted.rows) == (pinned.id, pinned.statistics.item_count)
    assert Kind.TEXT is pinned.kinds["carrier"]
    assert adopted.id == adopt(job, theirs).id


def test_windows_are_compared_with_it_as_with_one_of_our_own(theirs: Path, tmp_path: Path) -> None:
    """The sketches of the document are as good as the states; a drifted hour has violations."""
    endpoint = make_endpoint(tmp_path)
    theirs_decide = ("--set", "alarms.method=sagemaker")
    assert 0 == main(["monitor", str(theirs / "conf.yaml"), *theirs_decide])
    native = job_of(make_endpoint_again(theirs))
    job = job_of(endpoint)
    adopt(job, theirs)

    assert 0 == main(["monitor", endpoint.conf])

    assert () == found(job, CALM) == found(native, CALM)
    assert found(job, DRIFTED)
    assert found(native, DRIFTED) == found(job, DRIFTED)


def make_endpoint_again(folder: Path) -> Endpoint:
    """The endpoint that lies in the folder already."""
    return Endpoint(str(folder / "conf.yaml"), {})


def test_the_command_imports_and_says_what_is_pinned(
    theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`tidegauge import baseline CONF --statistics URI --constraints URI`."""
    endpoint = make_endpoint(tmp_path)
    documents = [f"--{name}={theirs / name}.json" for name in ("statistics", "constraints")]

    assert 0 == main(["import", "baseline", endpoint.conf, *documents])
    assert "is pinned" in capsys.readouterr().out
    assert 0 == main(["check", endpoint.conf])


def test_what_will_not_be_compared_is_told(
    theirs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No sketch, no statistics, and the test whose direction nobody knows."""
    statistics = json.loads((theirs / "statistics.json").read_bytes())
    constraints = json.loads((theirs / "constraints.json").read_bytes())
    statistics["features"] = [f for f in statistics["features"] if f["name"] != "seats"]
    for feature in statistics["features"]:
        feature.get("numerical_statistics", {}).pop("distribution", None)
    options = constraints["monitoring_config"]["distribution_constraints"]
    options["categorical_drift_method"] = "ChiSquared"
    (theirs / "statistics.json").write_text(json.dumps(statistics), encoding="utf-8")
    (theirs / "constraints.json").write_text(json.dumps(constraints), encoding="utf-8")

    with caplog.at_level("WARNING", "tidegauge.flows.adopt"):
        adopt(job_of(make_endpoint(tmp_path)), theirs)

    absent, blunt, direction = caplog.messages
    assert "the statistics lack 'seats'" in absent
    assert "no sketch of 'score', 'distance'" in blunt
    assert "a p-value below the threshold is drift" in direction


def test_what_is_no_baseline_is_told(theirs: Path, tmp_path: Path) -> None:
    """A document that is not there, or of another kind; nothing is pinned then."""
    job = job_of(make_endpoint(tmp_path))
    (theirs / "constraints.json").write_text('{"violations": []}', encoding="utf-8")

    with pytest.raises(DocumentError, match=r"constraints\.json"):
        adopt(job, theirs)
    (theirs / "constraints.json").unlink()
    with pytest.raises(NotFound, match=r"constraints\.json"):
        adopt(job, theirs)
    assert not job.storage.exists(job.layout.pin)


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="TIDEGAUGE_SAMPLES does not name the folder of real files"
)
@pytest.mark.parametrize(
    ("constraints", "drifts"),
    [("good_cases", False), ("bad_cases", True)],
)
def test_a_real_baseline_is_evaluated(constraints: str, drifts: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """What the service saw in the dataset holds in the dataset; the spoilt constraints do not."""
    quality = SAMPLES / "sdk_quality_check/data_quality"
    lines = (quality / "baseline_dataset.csv").read_text(encoding="utf-8").splitlines()
    captures = tmp_path / "real"
    records = [(0, *line.split(",")) for line in lines]
    write_captures(captures / "AllTraffic/2024/06/23/02", records, "2024-06-23T02:10:00Z")
    endpoint = make_endpoint(tmp_path, captures={"uri": str(captures), "format": "sagemaker"})
    job = job_of(endpoint)
    adopt_baseline(
        job, str(quality / "statistics.json"), str(quality / constraints / "constraints.json")
    )

    assert 0 == main(["monitor", endpoint.conf])
    assert drifts == bool(found(job, CALM))


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="TIDEGAUGE_SAMPLES does not name the folder of real files"
)
def test_a_real_baseline_of_2019_is_imported(tmp_path: Path) -> None:
    """Its shapes are read; a feature that the statistics lack is told."""
    job = job_of(make_endpoint(tmp_path))
    adopted = adopt(job, SAMPLES / "sdk_legacy_monitor")
    pinned = read_pinned(job.storage, job.layout, DATA_QUALITY)

    assert (adopted.id, 418) == (pinned.id, adopted.rows)
    assert ["message", "second_message"] == [f.name for f in pinned.constraints.features]
