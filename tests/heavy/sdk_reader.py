"""Loads a run's documents as users of the `sagemaker` SDK do; run by the SDK's own Python.

python sdk_reader.py FOLDER_URI JOB_ARN FEATURE ANSWER: the answer is a JSON file of what was seen.
`JOB_ARN` is a processing job whose output is the folder; `FEATURE` is switched off in constraints.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sagemaker.model_monitor import (
    Constraints,
    ConstraintViolations,
    MonitoringExecution,
    Statistics,
)
from sagemaker.session import Session


def main(folder: str, job_arn: str, feature: str, answer: str) -> None:
    """Every way in which the SDK reads the three documents, and writes constraints."""
    session = Session()
    statistics = Statistics.from_s3_uri(f"{folder}/statistics.json", sagemaker_session=session)
    uri = f"{folder}/constraints.json"
    untouched = Constraints.from_s3_uri(uri, sagemaker_session=session)
    off, one_off = (Constraints.from_s3_uri(uri, sagemaker_session=session) for _ in range(2))
    off.set_monitoring(enable_monitoring=False)
    one_off.set_monitoring(enable_monitoring=False, feature_name=feature)
    off.save(f"{folder}/off/constraints.json")
    one_off.save(f"{folder}/one_off/constraints.json")

    execution = MonitoringExecution.from_processing_arn(session, job_arn)
    violations = execution.constraint_violations()
    seen = {
        "statistics": statistics.body_dict,
        "constraints": untouched.body_dict,
        "statistics_of_execution": execution.statistics().body_dict,
        "violations_of_execution": violations.body_dict if violations else None,
        "violations": (
            ConstraintViolations.from_s3_uri(
                f"{folder}/constraint_violations.json", sagemaker_session=session
            ).body_dict
            if violations
            else None
        ),
    }
    Path(answer).write_text(json.dumps(seen), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
