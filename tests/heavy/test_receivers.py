"""A real MLflow store and OpenLineage's own client read what the report tells them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.e2e.world import ROOT, World, capture_file, hour_key, put, rows, tidegauge, world

if TYPE_CHECKING:
    from tests.e2e.world import Told

pytestmark = pytest.mark.heavy

RUN = "import sys; from tidegauge.app import main; sys.exit(main(sys.argv[1:]))"
READER = Path(__file__).with_name("told.py")
WINDOWS = 4 + 4 + 4  # of blue, green and both together


@pytest.fixture
def kept(tmp_path: Path) -> tuple[World, str]:
    """A monitor with the runs of four days, whose conf names an MLflow store; and that store."""
    store = f"sqlite:///{tmp_path}/mlflow.db"
    made = world(tmp_path / "world")
    conf = Path(made.conf)
    alerts = {"mlflow": {"uri": store}, "openlineage": {"uri": str(tmp_path / "events")}}
    conf.write_text(yaml.safe_dump(yaml.safe_load(conf.read_text()) | {"alerts": alerts}))
    made.run("baseline")
    made.run("monitor")
    return made, store


def report(python: str, made: World) -> Told:
    """The command, by a Python that has MLflow."""
    from tests.e2e.world import Told

    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [python, "-c", RUN, "report", made.conf], cwd=Path(made.conf).parent, env=environment,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return Told(done.returncode, done.stdout, done.stderr)


def seen(python: str, made: World, store: str) -> Any:  # noqa: ANN401  (JSON)
    """What the clients read."""
    answer = Path(made.conf).with_name("answer.json")
    events = Path(made.conf).parents[1] / "events"
    command = [python, str(READER), store, "flights", str(events), str(answer)]
    subprocess.run(command, check=True, timeout=300, env=os.environ | {"PYTHONPATH": ""})
    return json.loads(answer.read_bytes())


def test_mlflow_has_a_run_a_window(receivers_python: str, kept: tuple[World, str]) -> None:
    """With metrics, documents and the window's time; when run again it takes the old's place."""
    made, store = kept
    told = report(receivers_python, made)
    assert 0 == told.code, told.err
    assert f"mlflow was told of {WINDOWS}" in told.out, told.err

    found = seen(receivers_python, made, store)
    assert WINDOWS == len(found["runs"]) == len(found["events"])
    runs = {
        (r["tags"]["tidegauge.variant"], r["tags"]["tidegauge.window"]): r for r in found["runs"]
    }
    drifted = runs["green", "2024-03-04T0000Z_P1D"]
    record = made.document(
        "runs/type=data_quality/variant=green/window=2024-03-04T0000Z_P1D/run.json"
    )
    assert {name: float(n) for name, n in record["counts"].items()} == {
        name: drifted["metrics"][name] for name in record["counts"]
    }
    assert (
        drifted["metrics"]["mean/miles"]
        > runs["blue", "2024-03-04T0000Z_P1D"]["metrics"]["mean/miles"]
    )
    assert {*record["documents"], "run.json"} == set(drifted["artifacts"])
    assert ("FINISHED", 1709510400000) == (drifted["status"], drifted["start"])

    put(made.data, {hour_key("green", 4, 5): capture_file(rows(7, 10), 4, 5)})
    tidegauge("monitor", made.conf, "--window", "2024-03-04T00:00Z/P1D", "--variant", "green")
    report(receivers_python, made)
    again = seen(receivers_python, made, store)["runs"]
    (renewed,) = [
        run for run in again
        if (run["tags"]["tidegauge.variant"], run["tags"]["tidegauge.window"])
        == ("green", "2024-03-04T0000Z_P1D")
    ]  # fmt: skip
    assert 40.0 == renewed["metrics"]["rows"]
