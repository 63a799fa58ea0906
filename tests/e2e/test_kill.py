"""Killed at any point, a run leaves nothing half; started again, it ends as if undisturbed."""

from __future__ import annotations

import random
import shutil
from hashlib import sha256
from pathlib import Path
from signal import SIGINT, SIGKILL
from typing import TYPE_CHECKING

import pytest
from tests.e2e.killing import killed, killed_after
from tests.e2e.world import World, capture_file, hour_key, put, rows, strict_json, world

if TYPE_CHECKING:
    from tests.e2e.world import Files, Travelled

RUN = "run.json"
GREEN_4 = ("--window", "2024-03-04/P1D", "--variant", "green", "--set", "max_rejected=0.1")
NEVER = 1_000_000
KILLS = 10


def is_sound(store: str) -> None:
    """What a reader may rely on at any time, whoever was killed.

    Every document is whole; a run.json lists exactly what lies beside it, under its digest; the
    pinned baseline was committed.
    """
    found = visible(store)
    for key, data in found.items():
        if key.endswith(".json"):
            for text in data.splitlines() if "/violations/" in key else [data]:
                strict_json(text)
        folder, _, name = key.rpartition("/")
        if name == RUN:
            beside = {
                other.rpartition("/")[2]: sha256(content).hexdigest()
                for other, content in found.items()
                if other.startswith(f"{folder}/") and not other.endswith(f"/{RUN}")
            }
            assert strict_json(data)["documents"] == beside
    if pin := found.get("flights/baseline/current.json"):
        baseline = strict_json(pin)["baseline"]
        assert f"flights/baseline/{baseline}/data_quality/{RUN}" in found


def visible(store: str) -> Files:
    """All files of a store but the unfinished ones, whose names begin with a dot."""
    return {key: data for key, data in every(store).items() if "/." not in key}


def every(store: str) -> Files:
    """Really all files of a store."""
    paths = sorted(path for path in Path(store).rglob("*") if path.is_file())
    return {str(path.relative_to(store)): path.read_bytes() for path in paths}


def copied(source: Path, target: str) -> None:
    """A store as another one was."""
    shutil.rmtree(target, ignore_errors=True)
    if source.exists():
        shutil.copytree(source, target)


def killed_everywhere(made: World, command: str, *arguments: str) -> int:
    """Kill a command before each of its changes to the store, and run it again each time.

    Returns the number of changes that the undisturbed run makes.
    """
    before, log = Path(f"{made.store}-before"), Path(f"{made.store}.log")
    copied(Path(made.store), str(before))
    call = (command, made.conf, *arguments)
    assert 0 == killed(call, made.store, NEVER, log)
    undisturbed = every(made.store)
    change = 0
    while True:
        change += 1
        copied(before, made.store)
        code = killed(call, made.store, change, log)
        is_sound(made.store)
        if code != -SIGKILL:
            break
        assert 0 == made.run(command, *arguments).code
        assert undisturbed == every(made.store)
    assert 0 == code
    assert undisturbed == every(made.store)
    return change - 1


def test_a_baseline_killed_at_every_point(data: str, tmp_path: Path) -> None:
    """Four documents, the commit, and the pin."""
    assert 6 == killed_everywhere(world(tmp_path, data), "baseline")


def test_a_window_run_again_killed_at_every_point(fresh: World) -> None:
    """What the first run left is taken back, violations and their lines; there are new rejects."""
    fresh.run("monitor", *GREEN_4)
    fresh.run("report")
    mended = {hour_key("green", 4, 5): capture_file(rows(1, 30), 4, 5) + b"{broken\n",
              hour_key("green", 4, 17): capture_file(rows(2, 30), 4, 17)}  # fmt: skip
    put(fresh.data, mended)

    # Taken back: 7 documents and a file of lines. New: 6 documents and the rejected record.
    # And the claim is given back.
    assert 8 + 7 + 1 == killed_everywhere(fresh, "monitor", *GREEN_4)


def test_a_report_killed_at_every_point(fresh: World) -> None:
    """A file of lines comes, one that no run produces goes, incidents and summary are put.

    And the claim is given back.
    """
    fresh.run("monitor", "--window", "2024-03-04/P1D")
    fresh.run("report")
    stale = "violations/type=data_quality/feature=seats/date=2024-03-04/2024-03-04T0000Z_P1D_x.json"
    put(f"{fresh.store}/flights", {stale: b'{"feature_name": "seats"}\n'})
    for lines in Path(fresh.store).rglob("2024-03-04T0000Z_P1D_*n.json"):
        lines.unlink()

    assert 4 + 1 == killed_everywhere(fresh, "report")


def test_catching_up_killed_at_any_moment(travelled: Travelled, based: World) -> None:
    """Ten times in one catch-up, each time after a while; the end is the same."""
    draw = random.Random(4)  # the moments
    for _ in range(KILLS):
        killed_after(("monitor", based.conf), draw.uniform(0.0, 0.4))
        is_sound(based.store)
    assert 0 == based.run("monitor").code
    assert 0 == based.run("report").code

    assert travelled[0].stored() == based.stored()


@pytest.mark.parametrize("change", [1, 8, 20])
def test_ctrl_c_says_that_the_next_run_takes_up(
    travelled: Travelled, based: World, tmp_path: Path, change: int
) -> None:
    """Exit 5 with one sentence; nothing unfinished is left behind."""
    log = tmp_path / "log"
    assert 5 == killed(("monitor", based.conf), based.store, change, log, SIGINT)

    assert (
        '"message": "interrupted; the next run takes up what is missing"'
        in (log.read_text(encoding="utf-8").splitlines()[-1])
    )
    assert every(based.store) == visible(based.store)
    is_sound(based.store)
    based.run("monitor")
    based.run("report")
    assert travelled[0].stored() == based.stored()
