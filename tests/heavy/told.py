"""What MLflow and OpenLineage's client make of what they were told; run by a Python that has them.

python told.py STORE_URI EXPERIMENT EVENTS_FOLDER ANSWER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    nominal_time_run,
)


def main(uri: str, experiment: str, events: str, answer: str) -> None:
    """Read everything back by the clients, and write what they saw."""
    client = MlflowClient(tracking_uri=uri)
    id_ = client.get_experiment_by_name(experiment).experiment_id
    runs = []
    for run in client.search_runs([id_]):
        names = [file.path for file in client.list_artifacts(run.info.run_id)]
        folder = client.download_artifacts(run.info.run_id, "")
        runs.append(
            {
                "tags": run.data.tags,
                "metrics": run.data.metrics,
                "status": run.info.status,
                "start": run.info.start_time,
                "artifacts": {name: Path(folder, name).stat().st_size for name in names},
            }
        )
    seen = [_event(json.loads(path.read_bytes())) for path in sorted(Path(events).iterdir())]
    Path(answer).write_text(json.dumps({"runs": runs, "events": seen}))


def _event(event: dict[str, Any]) -> dict[str, Any]:
    """The event by the client's own classes, which know no other fields."""
    (data,) = event["inputs"]
    facets = data["inputFacets"]
    asserted = _bare(facets["dataQualityAssertions"])
    measured = _bare(facets["dataQualityMetrics"])
    columns = {
        name: data_quality_metrics_input_dataset.ColumnMetrics(**column)
        for name, column in measured.pop("columnMetrics").items()
    }
    made = RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=Run(
            event["run"]["runId"],
            {
                "nominalTime": nominal_time_run.NominalTimeRunFacet(
                    **_bare(event["run"]["facets"]["nominalTime"])
                )
            },
        ),
        job=Job(**event["job"]),
        eventType=RunState[event["eventType"]],
        inputs=[
            InputDataset(
                data["namespace"],
                data["name"],
                inputFacets={
                    "dataQualityAssertions": (
                        data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
                            [
                                data_quality_assertions_dataset.Assertion(**one)
                                for one in asserted["assertions"]
                            ]
                        )
                    ),
                    "dataQualityMetrics": (
                        data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
                            columnMetrics=columns, **measured
                        )
                    ),
                },
            )
        ],
        outputs=[OutputDataset(**output) for output in event["outputs"]],
    )
    return {"time": made.eventTime, "run": made.run.runId, "columns": sorted(columns)}


def _bare(facet: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facet.items() if not key.startswith("_")}


if __name__ == "__main__":
    main(*sys.argv[1:])
