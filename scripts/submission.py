"""What EMR and EMR Serverless are asked for: from a job and a bundle to their arguments.

Nothing but the standard library, so that an Airflow DAG can have this file beside it. A bundle is
what scripts/bundle.py has put below one location.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "environment.tar.gz"
LIBRARY = "tidegauge.zip"
JOBS = ("baseline", "monitor", "report")

_PYTHON = "./environment/bin/python"  # in the folder into which a container unpacks the archive
_ON_EMR = {
    "spark.yarn.appMasterEnv.PYSPARK_PYTHON": _PYTHON,
    "spark.executorEnv.PYSPARK_PYTHON": _PYTHON,
}
_ON_SERVERLESS = {
    "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": _PYTHON,
    "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": _PYTHON,
    "spark.executorEnv.PYSPARK_PYTHON": _PYTHON,
}


@dataclass(frozen=True, slots=True)
class Submission:
    """One call of a job: `conf` is where the job finds it, `arguments` are what follows it.

    `spark` are settings of Spark such as `spark.executor.memory`.
    """

    bundle: str
    job: str
    conf: str
    arguments: tuple[str, ...] = ()
    spark: Mapping[str, str] = field(default_factory=dict)

    @property
    def entry_point(self) -> str:
        return f"{self.bundle}/jobs/{self.job}.py"

    @property
    def name(self) -> str:
        return f"tidegauge {self.job} {self.conf.rpartition('/')[2]}"

    @property
    def job_arguments(self) -> list[str]:
        return [self.conf, *self.arguments]

    def options(self, settings: Mapping[str, str]) -> list[str]:
        """The options of spark-submit that every cluster is given."""
        shipped = [
            "--archives", f"{self.bundle}/{ENVIRONMENT}#environment",
            "--py-files", f"{self.bundle}/{LIBRARY}",
        ]  # fmt: skip
        pairs = {**settings, **self.spark}.items()
        return [*shipped, *(word for key, value in pairs for word in ("--conf", f"{key}={value}"))]


def step_arguments(submission: Submission) -> list[str]:
    """What EMR's command-runner.jar runs: spark-submit, whose driver is a container of YARN."""
    return [
        "spark-submit", "--deploy-mode", "cluster", *submission.options(_ON_EMR),
        submission.entry_point, *submission.job_arguments,
    ]  # fmt: skip


def step(submission: Submission) -> dict[str, Any]:
    """A step of EMR, as AddJobFlowSteps takes it; the cluster goes on when it has failed."""
    return {
        "Name": submission.name,
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": step_arguments(submission)},
    }


def job_driver(submission: Submission) -> dict[str, Any]:
    """The job of EMR Serverless, as StartJobRun takes it."""
    return {
        "sparkSubmit": {
            "entryPoint": submission.entry_point,
            "entryPointArguments": submission.job_arguments,
            "sparkSubmitParameters": shlex.join(submission.options(_ON_SERVERLESS)),
        }
    }


def monitoring(logs: str) -> dict[str, Any]:
    """The configuration by which EMR Serverless keeps a run's logs in S3."""
    return {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": logs}}}
