"""What Evidently's defaults say of some windows; run by its own environment, never by ours.

    .venv-evidently/bin/python benchmarks/evidently_windows.py FOLDER REFERENCE_ROWS

In the folder lie `<name>.reference.parquet` and `<name>.<number>.parquet`: windows, each judged by
`DataDriftPreset` as it comes against the reference of its name (its first REFERENCE_ROWS rows; 0:
all of them). Printed as JSON: its version, and by name for each window the columns that drift.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path


def main(folder: Path, rows: int) -> None:
    """Judge every window, and print what was found."""
    warnings.simplefilter("ignore")
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    found: dict[str, list[list[str]]] = {}
    for path in sorted(folder.glob("*.reference.parquet")):
        name = path.name.removesuffix(".reference.parquet")
        reference = pd.read_parquet(path)
        reference = reference.head(rows) if rows else reference
        windows = sorted(folder.glob(f"{name}.[0-9]*.parquet"), key=lambda p: p.name)
        found[name] = []
        for window in windows:
            report = Report([DataDriftPreset()], include_tests=True)
            told = report.run(pd.read_parquet(window), reference).dict()
            found[name].append(drifted(told))
    json.dump({"version": version("evidently"), "found": found}, sys.stdout)


def drifted(told: dict) -> list[str]:  # type: ignore[type-arg]
    """The columns whose own test has failed."""
    columns = {
        metric["id"]: metric["config"]["column"]
        for metric in told["metrics"]
        if "column" in metric["config"]
    }
    return [
        columns[test["metric_config"]["metric_id"]]
        for test in told["tests"]
        if test["status"] == "FAIL" and test["metric_config"]["metric_id"] in columns
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
