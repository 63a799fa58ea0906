"""EMR and EMR Serverless: to submit a job, to know how it ended, to find its logs.

Sources: the API references of EMR and EMR Serverless; the folders of logs are those that both put
into S3 ("View log files", "Storing logs").
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from typing import Any, Protocol

from submission import Submission, job_driver, monitoring, step
from tidegauge.storage import join, storage_for

_APPLICATION = re.compile(rb"\bapplication_\d+_\d+\b")
_STEP_ENDS = {"COMPLETED": True, "FAILED": False, "CANCELLED": False, "INTERRUPTED": False}
_RUN_ENDS = {"SUCCESS": True, "FAILED": False, "CANCELLED": False}


@dataclass(frozen=True, slots=True)
class End:
    """How a submitted job ended, in the cluster's words; `done`: its exit code was 0."""

    state: str
    done: bool
    reason: str = ""


class Cluster(Protocol):
    """Where a job is submitted to."""

    def submit(self, submission: Submission) -> str:
        """Submit the job; returns the id by which the cluster knows it."""
        ...

    def end(self, id_: str) -> End | None:
        """How it ended; None: it goes on."""
        ...

    def logs(self, id_: str) -> tuple[str, ...]:
        """Where its logs lie; nothing as long as they are not there."""
        ...


@dataclass(frozen=True, slots=True)
class Emr:
    """A running EMR cluster, by boto3's client of EMR."""

    client: Any
    cluster: str

    def submit(self, submission: Submission) -> str:
        answer = self.client.add_job_flow_steps(JobFlowId=self.cluster, Steps=[step(submission)])
        return str(answer["StepIds"][0])

    def end(self, id_: str) -> End | None:
        status = self.client.describe_step(ClusterId=self.cluster, StepId=id_)["Step"]["Status"]
        state = status["State"]
        if state not in _STEP_ENDS:
            return None
        reason = status.get("FailureDetails", {}).get("Message", "")
        return End(state, _STEP_ENDS[state], reason)

    def logs(self, id_: str) -> tuple[str, ...]:
        """The step's own, and those of the containers of YARN that it had."""
        logs = self.client.describe_cluster(ClusterId=self.cluster)["Cluster"].get("LogUri")
        if not logs:
            return ()
        # EMR answers with the scheme of Hadoop's old file system.
        folder = join(re.sub(r"^s3n://", "s3://", logs), self.cluster)
        found = _listed(join(folder, "steps", id_))
        told = next((uri for uri in found if uri.endswith("/stderr.gz")), None)
        if told is None:
            return ()
        applications = set(_APPLICATION.findall(gzip.decompress(storage_for(told).read(told))))
        for name in sorted(applications):
            found += _listed(join(folder, "containers", name.decode()))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class EmrServerless:
    """An application of EMR Serverless, by boto3's client of it."""

    client: Any
    application: str
    role: str
    log_folder: str

    def submit(self, submission: Submission) -> str:
        answer = self.client.start_job_run(
            applicationId=self.application,
            executionRoleArn=self.role,
            name=submission.name,
            jobDriver=job_driver(submission),
            configurationOverrides=monitoring(self.log_folder),
        )
        return str(answer["jobRunId"])

    def end(self, id_: str) -> End | None:
        answer = self.client.get_job_run(applicationId=self.application, jobRunId=id_)["jobRun"]
        state = answer["state"]
        if state not in _RUN_ENDS:
            return None
        done = _RUN_ENDS[state]
        return End(state, done, "" if done else answer.get("stateDetails", ""))

    def logs(self, id_: str) -> tuple[str, ...]:
        folder = join(self.log_folder, "applications", self.application, "jobs", id_)
        return tuple(_listed(folder))


def _listed(folder: str) -> list[str]:
    return [join(folder, entry.key) for entry in storage_for(folder).files(folder)]
