"""The DAGs in a real Airflow: they load, and their runs do what the exit codes and clusters say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.cluster.conftest import ServedCluster, application, control, emr_cluster, scripts
from tests.cluster.iam import actions, asked_of_emr, policies
from tests.e2e.world import (
    BIN,
    ROOT,
    World,
    captures,
    conf_of,
    put,
    run_key,
    tidegauge,
    training,
    world,
    write_conf,
)  # fmt: skip
from tests.faults.proxy import proxy

if TYPE_CHECKING:
    from tests.s3_server import S3Server

pytestmark = pytest.mark.heavy

__all__ = ["control", "scripts"]

ROLE = "arn:aws:iam::123456789012:role/tidegauge-job"
THE_FOURTH = "2024-03-05T00:00:00+00:00"  # an interval's run begins when it has ended
LOCAL = {"kind": "local", "bin": str(BIN), "jobs": str(ROOT / "jobs"), "master": "local[2]"}


@dataclass(frozen=True)
class Airflow:
    """An Airflow of the test's own, with the DAGs of some monitors."""

    python: str
    home: Path
    monitors: dict[str, Any]

    def __post_init__(self) -> None:
        dags = self.home / "dags"
        dags.mkdir(parents=True)
        for name in ("airflow/tidegauge_dags.py", "submission.py"):
            shutil.copy(ROOT / "scripts" / name, dags)
        (dags / "tidegauge_monitors.json").write_text(json.dumps(self.monitors))
        self.call("db", "migrate")
        self.call("dags", "reserialize")

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of Airflow's."""
        done = subprocess.run(
            [self.python, "-m", "airflow", *arguments],
            env=os.environ | self.environment, capture_output=True, text=True, check=False,
            timeout=600,
        )  # fmt: skip
        sys.stderr.write(done.stdout[-20_000:] + done.stderr[-20_000:])
        return done

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }

    def run(self, dag: str) -> int:
        """The run of the interval of the fourth; the exit code."""
        return self.call("dags", "test", dag, THE_FOURTH).returncode


def monitor(conf: str, **run_on: object) -> dict[str, Any]:
    """What the JSON file says of one monitor."""
    return {"conf": conf, "schedule": "0 0 * * *", "start": "2024-03-01", "run_on": run_on}


def of_the_page() -> dict[str, Any]:
    """The monitors that docs/schedules.md shows."""
    page = (ROOT / "docs" / "schedules.md").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(page.split("```json\n")[1].split("```")[0])
    return found


def test_baseline_monitor_and_report_by_spark_submit(airflow_python: str, tmp_path: Path) -> None:
    """The DAG bag has no errors; an interval is a window; violations fail it after the report."""
    made = world(tmp_path / "world", engine="spark")
    failing = world(tmp_path / "failing", made.data, on_violation="fail")
    monitors = {"flights": monitor(made.conf, **LOCAL), "strict": monitor(failing.conf, **LOCAL)}
    airflow = Airflow(airflow_python, tmp_path / "airflow", monitors | of_the_page())
    listed = json.loads(airflow.call("dags", "list", "--output", "json").stdout.splitlines()[-1])
    errors = airflow.call("dags", "list-import-errors", "--output", "json").stdout
    names = {f"tidegauge_{what}_{n}" for what in ("baseline", "monitor") for n in airflow.monitors}
    assert names == {dag["dag_id"] for dag in listed}, errors

    assert 0 == airflow.run("tidegauge_baseline_flights")
    assert 0 == airflow.run("tidegauge_monitor_flights")
    windows = {key for key in made.stored() if key.startswith("runs/") and key.endswith("run.json")}
    assert {run_key(variant, 4) for variant in ("_all", "blue", "green")} == windows
    assert "report/data_quality/summary.json" in made.stored()

    tidegauge("baseline", failing.conf)
    assert 0 != airflow.run("tidegauge_monitor_strict")
    assert "report/data_quality/summary.json" in failing.stored()


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("kind", ["emr", "emr-serverless"])
def test_a_window_on_a_cluster(
    kind: str, airflow_python: str, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operators submit the window, wait for the cluster, and go on with the report.

    They ask no more than the page's policies allow.
    """
    bucket = s3.make_bucket(f"airflow-{kind}")
    data = put(f"{bucket}/data", training() | captures(), s3.settings)
    settings = {"endpoint": s3.endpoint, "region": s3.region}
    conf = write_conf(tmp_path, conf_of(data, f"{bucket}/store", s3=settings))
    made = World(data, f"{bucket}/store", conf, s3.settings)
    made.run("baseline")
    logs = f"{bucket}/logs"
    on: dict[str, object] = {"kind": kind, "bundle": f"{bucket}/bundle", "poll_seconds": 1}
    served = ServedCluster(run_job, logs, jobs=2)
    id_ = emr_cluster(logs) if kind == "emr" else application()
    on |= {"cluster": id_, "application": id_, "role": ROLE, "logs": logs}
    thread = served.serve_emr(id_) if kind == "emr" else served.serve_serverless(id_)
    with proxy(os.environ["AWS_ENDPOINT_URL_EMR"]) as planes:
        for service in ("EMR", "EMR_SERVERLESS"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", planes.endpoint)
        airflow = Airflow(airflow_python, tmp_path / "airflow", {"flights": monitor(conf, **on)})
        assert 0 == airflow.run("tidegauge_monitor_flights")
    thread.join()
    page = policies()
    more = [page["What Airflow adds"]] if kind == "emr-serverless" else []
    assert asked_of_emr(planes.sent) <= actions(page["Who submits"], *more)
    assert ["--window", "2024-03-04T00:00Z/PT1440M"] == served.told[0][-2:]
    assert run_key("green", 4) in made.stored()
    assert "report/data_quality/summary.json" in made.stored()


def run_job(words: list[str]) -> int:
    """What the cluster's driver does, but for Spark."""
    entry = next(place for place, word in enumerate(words) if "/jobs/" in word)
    return tidegauge(Path(words[entry]).stem, *words[entry + 1 :]).code
