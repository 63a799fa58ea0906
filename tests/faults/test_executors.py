"""Executors that are killed in a stage, on a standalone cluster of two workers."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.e2e.cluster import Cluster, standalone_cluster
from tests.e2e.world import World, program
from tests.faults.sound import runs_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.heavy


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers, for as long as the test runs."""
    with standalone_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def spark(cluster: Cluster) -> tuple[str, ...]:
    """The arguments that send a job there."""
    return ("--engine", "spark", "--master", f"spark://{cluster.address}")


KILLING = """\
import os, signal, time
from pathlib import Path

once = Path({mark!r})

def parent_of(process):
    return int(Path(f"/proc/{{process}}/stat").read_text().rpartition(")")[2].split()[1])

def preprocess_handler(record):
    try:
        once.touch(exist_ok=False)
    except FileExistsError:
        pass
    else:
        # This worker's parent is Spark's daemon of workers, whose parent is the executor.
        os.kill(parent_of(os.getppid()), signal.SIGKILL)
        time.sleep(60)
    values = record.endpoint_input.data.split(",")
    return dict(zip(("carrier", "miles", "seats"), values))
"""


def test_an_executor_that_is_killed_in_a_stage_is_replaced(
    cluster: Cluster, fresh: World, tmp_path: Path
) -> None:
    """Spark starts its tasks again elsewhere: the documents are those of an undisturbed run."""
    script, mark = tmp_path / "killing.py", tmp_path / "mark"
    script.write_text(KILLING.format(mark=str(mark)))
    settings = ("--set", f"captures.preprocess={script}", "--set", "captures.outputs=[]")
    told = program("monitor", fresh.conf, *settings, *spark(cluster), **cluster.environment)
    assert 0 == told.code, told.err
    assert mark.exists()
    disturbed = {key: json.loads(data)["counts"] for key, data in runs_of(fresh).items()
                 if key.endswith("/run.json")}  # fmt: skip
    documents = {key: data for key, data in runs_of(fresh).items() if not key.endswith("run.json")}

    twin = World(fresh.data, str(tmp_path / "twin"), fresh.conf)
    shutil.copytree(f"{fresh.store}/flights/baseline", f"{twin.store}/flights/baseline")
    assert 0 == twin.run("monitor", *settings, "--set", f"store={twin.store}").code
    assert documents == {k: d for k, d in runs_of(twin).items() if not k.endswith("run.json")}
    assert disturbed == {key: json.loads(data)["counts"] for key, data in runs_of(twin).items()
                         if key.endswith("/run.json")}  # fmt: skip
