"""OpenLineage: a run event for each window, with what was measured and asserted of its data.

Source: the OpenLineage specification 2-0-2, and its facets DataQualityMetricsInputDatasetFacet,
DataQualityAssertionsDatasetFacet, NominalTimeRunFacet and ErrorMessageRunFacet.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from tidegauge import __version__
from tidegauge.documents.run import RunStatus
from tidegauge.model.outcome import Severity, Verdict
from tidegauge.sinks.alerts.http import post
from tidegauge.storage import join, storage_for

if TYPE_CHECKING:
    from datetime import datetime

    from tidegauge.model.statistics import FeatureStatistics
    from tidegauge.sinks.alerts.secrets import Sealed
    from tidegauge.sinks.alerts.windows import WindowTold
    from tidegauge.storage import S3Settings

_PRODUCER = f"urn:tidegauge:{__version__}"
_SPEC = "https://openlineage.io/spec"
_EVENT = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_TIME = "%Y-%m-%dT%H:%M:%S.000Z"
_ASSERTED = (Verdict.HELD, Verdict.VIOLATED)


@dataclass(frozen=True, slots=True)
class OpenLineage:
    """A receiver of events by HTTP, or a folder in which each is a file.

    `captures` is the location of the input; `now` is when the events are said to happen.
    """

    uri: str
    namespace: str
    captures: str
    store: str
    now: datetime
    settings: S3Settings
    api_key: Sealed | None = None

    def record(self, window: WindowTold) -> None:
        """Send the window's event.

        Raises:
            StorageError: the receiver, or the folder, cannot be reached or refuses.
        """
        event = self._event(window)
        if self.uri.startswith(("http://", "https://")):
            key = {"Authorization": f"Bearer {self.api_key.value}"} if self.api_key else {}
            post("the receiver of OpenLineage events", self.uri, event, key)
            return
        name = f"{window.path.replace('/', '.')}.json"
        data = json.dumps(event, ensure_ascii=False, allow_nan=False)
        encoded = f"{data}\n".encode("utf-8", "backslashreplace")
        storage_for(self.uri, self.settings).write(join(self.uri, name), encoded)

    def _event(self, window: WindowTold) -> dict[str, Any]:
        record = window.record
        failed = record.status is RunStatus.FAILED
        output = _dataset(self.store)
        output["name"] = f"{output['name'].rstrip('/')}/{record.monitor}/runs/{window.path}"
        return {
            "eventType": "FAIL" if failed else "COMPLETE",
            "eventTime": f"{self.now:{_TIME}}",
            "producer": _PRODUCER,
            "schemaURL": _EVENT,
            "run": {"runId": self._run_id(window), "facets": _run_facets(window, failed=failed)},
            "job": {"namespace": self.namespace, "name": f"{record.monitor}.monitor"},
            "inputs": [{**_dataset(self.captures), "inputFacets": _input_facets(window)}],
            "outputs": [output],
        }

    def _run_id(self, window: WindowTold) -> str:
        """The same for the same result of the same window, so that an event may come twice."""
        record = window.record
        return str(uuid5(NAMESPACE_URL, f"{record.monitor}/{window.path}/{window.digest}"))


def _dataset(uri: str) -> dict[str, Any]:
    """A location as OpenLineage names it: `s3://bucket` and the key, or `file` and the path."""
    parts = urlsplit(uri)
    if parts.scheme == "s3":
        return {"namespace": f"s3://{parts.netloc}", "name": parts.path.lstrip("/") or "/"}
    return {"namespace": "file", "name": parts.path or uri}


def _facet(name: str, **content: object) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": f"{_SPEC}/facets/{name}", **content}


def _run_facets(window: WindowTold, *, failed: bool) -> dict[str, Any]:
    interval = window.key.window
    facets = {
        "nominalTime": _facet(
            "1-0-1/NominalTimeRunFacet.json#/$defs/NominalTimeRunFacet",
            nominalStartTime=f"{interval.start:{_TIME}}",
            nominalEndTime=f"{interval.end:{_TIME}}",
        )
    }
    if failed:
        facets["errorMessage"] = _facet(
            "1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet",
            message=window.record.reason,
            programmingLanguage="PYTHON",
        )
    return facets


def _input_facets(window: WindowTold) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    if window.statistics is not None:
        facets["dataQualityMetrics"] = _facet(
            "1-0-2/DataQualityMetricsInputDatasetFacet.json#/$defs/"
            "DataQualityMetricsInputDatasetFacet",
            rowCount=window.record.counts.get("rows", 0),
            bytes=window.record.inputs.bytes,
            fileCount=window.record.inputs.files,
            columnMetrics={f.name: _column(f) for f in window.statistics.features},
        )
    if window.outcomes:
        facets["dataQualityAssertions"] = _facet(
            "1-0-1/DataQualityAssertionsDatasetFacet.json#/$defs/DataQualityAssertionsDatasetFacet",
            assertions=[
                {
                    "assertion": outcome.check,
                    "success": outcome.verdict is Verdict.HELD,
                    "column": outcome.feature,
                    **_severity(outcome.numbers.get("severity")),
                }
                for outcome in window.outcomes
                if outcome.verdict in _ASSERTED  # of the others nobody knows
            ],
        )
    return facets


def _severity(severity: object) -> dict[str, str]:
    if severity is None:
        return {}
    return {"severity": "error" if severity == Severity.CRITICAL else "warn"}


def _column(feature: FeatureStatistics) -> dict[str, Any]:
    """Counts of any feature; sum and extremes of the finite numbers, where there are some."""
    found: dict[str, Any] = {"nullCount": feature.num_missing, "count": feature.num_present}
    numeric = feature.numeric
    if numeric is not None:
        numbers = {"sum": numeric.sum, "min": numeric.min, "max": numeric.max}
        found |= {k: v for k, v in numbers.items() if v is not None and math.isfinite(v)}
        if numeric.approximate_num_distinct_values is not None:
            found["distinctCount"] = numeric.approximate_num_distinct_values
    elif feature.text is not None:
        found["distinctCount"] = int(feature.text.distinct_count)
    return found
