"""Airflow DAGs of Tidegauge: for each monitor a baseline by hand, and a check of each interval.

Copy this file and scripts/submission.py into Airflow's folder of DAGs, and beside them
`tidegauge_monitors.json` (or name it by TIDEGAUGE_MONITORS); docs/schedules.md explains its keys.
For a monitor `churn` there will be

- `tidegauge_baseline_churn`: triggered by hand, when a model was trained;
- `tidegauge_monitor_churn`: the captures of each data interval are one window; then the report.

A window's exit code decides: 5 is tried again, the others are final. The report is made in any
case, since violations may be what failed the window.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.exceptions import AirflowException, AirflowFailException
from airflow.providers.amazon.aws.operators.emr import (
    EmrAddStepsOperator,
    EmrServerlessStartJobOperator,
)
from airflow.sdk import DAG, task
from airflow.timetables.interval import CronDataIntervalTimetable

from submission import Submission, job_driver, monitoring, step

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

MONITORS = os.environ.get("TIDEGAUGE_MONITORS", Path(__file__).with_name("tidegauge_monitors.json"))

_START = "data_interval_start"
_MINUTES = f"((data_interval_end - {_START}).total_seconds() // 60) | int"
_WINDOW = f"{{{{ {_START}.strftime('%Y-%m-%dT%H:%MZ') }}}}/PT{{{{ {_MINUTES} }}}}M"
_TRY_AGAIN = 5  # the exit code for a storage or an engine that failed


def dags(name: str, monitor: dict[str, Any]) -> tuple[DAG, DAG]:
    """The two DAGs of one monitor."""
    common = {
        "start_date": datetime.fromisoformat(monitor["start"]),
        "max_active_runs": 1,
        "tags": ["tidegauge"],
        "default_args": {"retries": 3, "retry_delay": timedelta(minutes=5)},
    }
    with DAG(f"tidegauge_baseline_{name}", schedule=None, **common) as by_hand:
        _job(monitor, "baseline")
    timetable = CronDataIntervalTimetable(monitor["schedule"], timezone="UTC")
    with DAG(
        f"tidegauge_monitor_{name}",
        schedule=timetable,
        catchup=True,  # intervals that were missed are run, oldest first
        **common,
    ) as scheduled:
        checked = _job(monitor, "monitor", "--window", _WINDOW)
        reported = _job(monitor, "report")
        reported.trigger_rule = "all_done"
        checked >> reported
        [checked, reported] >> _failure()
    return by_hand, scheduled


@task(task_id="failure", trigger_rule="one_failed", retries=0)
def _failure() -> None:
    """Else the run would be as good as its last task, the report."""
    raise AirflowFailException("the check or the report has failed: see the log of that task")


def _job(monitor: dict[str, Any], job: str, *arguments: str) -> BaseOperator:
    """One job, where the monitor runs."""
    on = monitor["run_on"]
    if on["kind"] == "local":
        return _spark_submit.override(task_id=job)(on, job, [monitor["conf"], *arguments]).operator
    submission = Submission(on["bundle"], job, monitor["conf"], arguments, on.get("spark", {}))
    if on["kind"] == "emr":
        return EmrAddStepsOperator(
            task_id=job,
            job_flow_id=on["cluster"],
            steps=[step(submission)],
            wait_for_completion=True,
            waiter_delay=on.get("poll_seconds", 30),
            waiter_max_attempts=_DAY_SECONDS // on.get("poll_seconds", 30),
        )
    return EmrServerlessStartJobOperator(
        task_id=job,
        application_id=on["application"],
        execution_role_arn=on["role"],
        job_driver=job_driver(submission),
        configuration_overrides=monitoring(on["logs"]),
        name=submission.name,
        waiter_delay=on.get("poll_seconds", 30),
        waiter_max_attempts=_DAY_SECONDS // on.get("poll_seconds", 30),
    )


_DAY_SECONDS = 24 * 3600


@task
def _spark_submit(on: dict[str, Any], job: str, arguments: list[str]) -> None:
    """Run the job on this machine; the exit code says whether trying again may help."""
    bin_, jobs = Path(on["bin"]), Path(on["jobs"])
    options = ["--master", on["master"]] if "master" in on else []
    python = {"PATH": f"{bin_}:{os.environ['PATH']}", "PYSPARK_PYTHON": str(bin_ / "python")}
    done = subprocess.run(
        [bin_ / "spark-submit", *options, jobs / f"{job}.py", *arguments],
        env=os.environ | python,
        check=False,
    )
    if done.returncode == _TRY_AGAIN:
        raise AirflowException(f"{job}: storage or engine failed (exit {done.returncode})")
    if done.returncode:
        raise AirflowFailException(f"{job} ended with exit code {done.returncode}")


for _name, _monitor in json.loads(Path(MONITORS).read_text(encoding="utf-8")).items():
    for _dag in dags(_name, _monitor):
        globals()[_dag.dag_id] = _dag
