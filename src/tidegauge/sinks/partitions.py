"""The report's partitions: violations as JSON Lines under Hive keys, for Spark, DuckDB and Athena.

Every line has the same flat columns, so that a schema read from any of the files fits all; what
else is known of a violation is JSON text in `details`. The Hive keys type, feature and date are
not repeated in the line; `feature_name` is, since engines guess the type of a key's text.
"""

from __future__ import annotations

import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from math import isfinite
from typing import TYPE_CHECKING

from tidegauge.sinks.incidents import tested
from tidegauge.sinks.layout import violations_path, violations_window
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegauge.model.outcome import Violation
    from tidegauge.sinks.incidents import Incident
    from tidegauge.sinks.layout import Layout
    from tidegauge.sinks.reported import ReportedRun, ReportScope
    from tidegauge.storage import Entry, Storage

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_WRITERS = 8  # a small file is all waiting: for the disk, or for S3's answer


def partition_files(
    monitor: str, runs: Iterable[ReportedRun], stories: Iterable[Incident] = ()
) -> Mapping[str, bytes]:
    """The runs' violations, one JSON object a line, by path below `Layout.violations`.

    `stories` tell since when each has lasted, and of which incident it is a part.
    """
    of = {
        (story.variant, *story.test, window): story for story in stories for window in story.windows
    }
    lines = defaultdict[str, list[str]](list)
    for run in runs:
        for violation in run.violations:
            path = violations_path(run.key, violation.feature_name)
            story = of.get((run.key.variant, *tested(violation), run.key.window))
            lines[path].append(_line(monitor, run, violation, story))
    # A lone surrogate has no UTF-8; its backslash form is just the escape that JSON has for it.
    return {p: "".join(texts).encode("utf-8", "backslashreplace") for p, texts in lines.items()}


def publish(
    storage: Storage,
    layout: Layout,
    scope: ReportScope,
    runs: Iterable[ReportedRun],
    stories: Iterable[Incident] = (),
) -> tuple[str, ...]:
    """Make the partitions say what these runs, all those of the scope, found, and nothing else.

    A file of the scope that they no longer produce is removed, last, so that no violation is
    missing in between. Returns the locations of the files, sorted.
    """
    root = layout.violations(scope.type)
    files = partition_files(layout.monitor, runs, stories)
    present = {entry.key: entry for entry in storage.files(root)}

    def put(path: str) -> None:
        if not _same(storage, join(root, path), files[path], present.get(path)):
            storage.write(join(root, path), files[path])

    with ThreadPoolExecutor(_WRITERS) as writers:
        list(writers.map(put, files))
    storage.delete(
        join(root, path)
        for path in present.keys() - files.keys()
        if (window := violations_window(path)) and scope.covers(window)
    )
    return tuple(join(root, path) for path in sorted(files))


def _same(storage: Storage, uri: str, data: bytes, entry: Entry | None) -> bool:
    """Whether the file is there already; then readers that watch for changes are left in peace."""
    return entry is not None and entry.size == len(data) and storage.read(uri) == data


def _line(monitor: str, run: ReportedRun, violation: Violation, story: Incident | None) -> str:
    extension = violation.extension
    columns = {
        "monitor": monitor,
        "variant": run.key.variant,
        "window_start": f"{run.key.window.start:{_TIME}}",
        "window_end": f"{run.key.window.end:{_TIME}}",
        "baseline": run.baseline,
        "feature_name": violation.feature_name,
        "constraint_check_type": violation.constraint_check_type,
        "description": violation.description,
        "severity": extension.get("severity"),
        "incident": story.id if story else None,
        "since": f"{story.since.start:{_TIME}}" if story else None,
        "observed": _double(extension.get("observed", extension.get("value"))),
        "threshold": _double(extension.get("threshold")),
        "distance": _double(extension.get("distance")),
        "details": json.dumps(extension, sort_keys=True, ensure_ascii=False, allow_nan=False),
    }
    return json.dumps(columns, ensure_ascii=False, allow_nan=False) + "\n"


def _double(number: object) -> float | None:
    """The number as a double, `3.0` and not `3`; null where there is none, so the column stays."""
    if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
        return None
    return float(number)
