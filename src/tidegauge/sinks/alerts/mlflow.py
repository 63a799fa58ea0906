"""MLflow: a run for each window, with its metrics, and its documents as artifacts.

The package mlflow is needed only here; where its store is, and who asks, is its own business
(`MLFLOW_TRACKING_URI`, `MLFLOW_TRACKING_TOKEN` ...), unless the conf names a URI.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tidegauge.documents.run import RunStatus
from tidegauge.errors import StorageError, UsageError
from tidegauge.sinks.alerts.windows import window_metrics

if TYPE_CHECKING:
    from datetime import datetime

    from tidegauge.sinks.alerts.windows import WindowTold

_METRICS_A_CALL = 1000
_LONGEST_TAG = 5000
_RUN_KEY = "tidegauge.run"


@dataclass(frozen=True, slots=True)
class MLflow:
    """An experiment of a tracking server or store; None: the one of the environment."""

    experiment: str
    uri: str | None = None

    def record(self, window: WindowTold) -> None:
        """Make the window's run; a former one of the same window is marked as replaced.

        Raises:
            UsageError: the package mlflow is not installed.
            StorageError: MLflow cannot be reached, or refuses.
        """
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        try:
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException
        except ImportError as error:
            raise UsageError("`alerts.mlflow` needs the package: pip install mlflow") from error
        try:
            self._record(MlflowClient(tracking_uri=self.uri), window)
        except (MlflowException, OSError) as error:
            told = " ".join(str(error).split())
            raise StorageError(
                f"MLflow did not take the run of {window.path}: {told}; check `alerts.mlflow` and "
                "its credentials, then try again"
            ) from None

    def _record(self, client: Any, window: WindowTold) -> None:  # noqa: ANN401  (mlflow has it)
        from mlflow.entities import Metric

        experiment = self._experiment(client)
        # A delivery that was cut short, or an earlier result, must not pass for this one.
        former = client.search_runs([experiment], f"tags.`{_RUN_KEY}` = '{_quoted(window.path)}'")
        for run in former:
            client.delete_run(run.info.run_id)
        interval, record = window.key.window, window.record
        start, end = (_milliseconds(time) for time in (interval.start, interval.end))
        tags = {
            _RUN_KEY: _quoted(window.path),
            "tidegauge.monitor": record.monitor,
            "tidegauge.type": record.type,
            "tidegauge.variant": record.variant,
            "tidegauge.window": record.window,
            "tidegauge.status": record.status.value,
            "tidegauge.baseline": record.baseline,
            "mlflow.note.content": record.reason[:_LONGEST_TAG],
        }
        name = f"{record.variant} {interval}"
        made = client.create_run(experiment, start_time=start, tags=tags, run_name=name)
        run_id = made.info.run_id
        metrics = [Metric(key, v, end, 0) for key, v in window_metrics(window).items()]
        for first in range(0, len(metrics), _METRICS_A_CALL):
            client.log_batch(run_id, metrics=metrics[first : first + _METRICS_A_CALL])
        with TemporaryDirectory() as folder:
            for document, data in window.documents().items():
                Path(folder, document).write_bytes(data)
            client.log_artifacts(run_id, folder)
        status = "FAILED" if record.status is RunStatus.FAILED else "FINISHED"
        client.set_terminated(run_id, status, end_time=end)

    def _experiment(self, client: Any) -> str:  # noqa: ANN401  (mlflow has it)
        found = client.get_experiment_by_name(self.experiment)
        made = found.experiment_id if found else client.create_experiment(self.experiment)
        return str(made)


def _quoted(path: str) -> str:
    """The path as a filter's literal can hold it."""
    return path.replace("%", "%25").replace("'", "%27")


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
