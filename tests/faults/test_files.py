"""Disks and files that fail: full, growing while they are read, cut off."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import (
    World,
    capture_file,
    conf_of,
    day_rows,
    hour_key,
    parquet_file,
    put,
    rows,
    run_key,
    training,
    world,
    write_conf,
)
from tests.faults.sound import runs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.world import Travelled

FOURTH = ("--window", "2024-03-04/P1D")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own, with room for 200 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_once_there_is_room_the_next_run_mends_it(
    travelled: Travelled, small_disk: Path, tmp_path: Path
) -> None:
    """Exit 5 and what to do; no run is half; nothing that was there before is lost."""
    store = str(small_disk / "store")
    made = World(travelled[0].data, store, write_conf(tmp_path, conf_of(travelled[0].data, store)))
    assert 0 == made.run("baseline").code
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 4096)
    while _room(small_disk) > 12_288:
        with ballast.open("ab") as file:
            file.write(b"x" * 4096)

    told = made.run("monitor", *FOURTH)
    assert (5, True) == (told.code, told.error.endswith("free some space on the disk"))
    assert {} == {key: data for key, data in runs_of(made).items() if key.endswith("/run.json")}
    assert 0 == made.run("check").code

    ballast.unlink()
    assert 0 == made.run("monitor", *FOURTH).code
    expected = {k: d for k, d in runs_of(travelled[0]).items() if _is_of_fourth(k)}
    assert expected == {k: d for k, d in runs_of(made).items() if _is_of_fourth(k)}


def _room(folder: Path) -> int:
    import os

    found = os.statvfs(folder)
    return found.f_bavail * found.f_bsize


def _is_of_fourth(key: str) -> bool:
    return "window=2024-03-04" in key and not key.endswith("/run.json")


GROWING = """\
from pathlib import Path

once = Path({mark!r})

def preprocess_handler(record):
    if not once.exists():
        once.touch()
        with open({file!r}, "ab") as capture:
            capture.write({line!r})
    values = record.endpoint_input.data.split(",")
    return dict(zip(("carrier", "miles", "seats"), values))
"""


def test_a_capture_file_that_grows_while_it_is_read_is_read_again(
    fresh: World, tmp_path: Path
) -> None:
    """The file's window fails with exit 5 and is not committed; the next run has all its rows."""
    file = Path(fresh.data, hour_key("green", 1, 5))
    line = capture_file(rows(7, 1), 1, 5)
    script = tmp_path / "growing.py"
    script.write_text(GROWING.format(mark=str(tmp_path / "mark"), file=str(file), line=line))
    settings = ("--set", f"captures.preprocess={script}", "--set", "captures.outputs=[]")

    told = fresh.run("monitor", *settings)
    assert 5 == told.code, told.err
    assert any(f"{file} was written while it was read" in m for m in told.messages("error"))
    assert "Failed" == fresh.document(run_key("green", 1))["status"]
    assert "Failed" == fresh.document(run_key("_all", 1))["status"]
    assert "Completed" == fresh.document(run_key("blue", 1))["status"]
    runs_of(fresh)

    assert 0 == fresh.run("monitor", *settings).code
    assert 61 == fresh.document(run_key("green", 1))["counts"]["rows"]
    assert 121 == fresh.document(run_key("_all", 1))["counts"]["rows"]


def test_a_kept_unit_is_never_of_a_file_that_grew(fresh: World, tmp_path: Path) -> None:
    """With `profile` the unit's profile would stay, under the digest of what was not read."""
    file = Path(fresh.data, hour_key("green", 1, 5))
    line = capture_file(rows(7, 1), 1, 5)
    script = tmp_path / "growing.py"
    script.write_text(GROWING.format(mark=str(tmp_path / "mark"), file=str(file), line=line))
    settings = ("--set", f"captures.preprocess={script}", "--set", "captures.outputs=[]",
                "--set", "profile=1d")  # fmt: skip
    assert 5 == fresh.run("monitor", *settings).code
    kept = [key for key in fresh.stored() if key.startswith("profiles/")]
    assert not [key for key in kept if "variant=green/window=2024-03-01" in key]
    assert 0 == fresh.run("monitor", *settings).code
    assert 61 == fresh.document(run_key("green", 1))["counts"]["rows"]


def test_training_data_that_changes_while_it_is_read_makes_no_baseline(tmp_path: Path) -> None:
    """Exit 5; nothing is pinned."""
    lines = b"".join(b"AA,%d,100\n" % miles for miles in range(400, 500))
    made = world(tmp_path, put(str(tmp_path / "data"), {"training/a.csv": b"c,m,s\n" + lines}))
    file, mark = Path(made.data, "training/a.csv"), str(tmp_path / "mark")
    script = tmp_path / "growing.py"
    script.write_text(
        GROWING.format(mark=mark, file=str(file), line=b"AA,1,1\n").replace(
            "record.endpoint_input.data", "record"
        )
    )
    settings = ("--set", "training.format=csv", "--set", f"training.preprocess={script}",
                "--set", "training.time=null", "--set", "features.exclude=[]")  # fmt: skip
    told = made.run("baseline", *settings)
    assert (5, True) == (told.code, "was written while it was read" in told.error), told.err
    assert "baseline/current.json" not in made.stored()
    assert 0 == made.run("baseline", *settings).code


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_truncated_parquet_file_fails_its_window_alone(tmp_path: Path, kept: float) -> None:
    """Exit 4 with the file's name; the other days are done; once replaced, the next run has it."""
    layout = "{yyyy}/{mm}/{dd}"
    days = {d: parquet_file(day_rows("blue", d, 5)) for d in (1, 2)}
    files = {f"captures/2024/03/0{day}/a.parquet": data for day, data in days.items()}
    made = world(tmp_path, put(str(tmp_path / "data"), training() | files))
    captured = {"uri": f"{made.data}/captures", "format": "parquet", "layout": layout}
    made = World(
        made.data, made.store,
        write_conf(tmp_path, conf_of(made.data, made.store, captures=captured)),
    )  # fmt: skip
    made.run("baseline")
    file = Path(made.data, "captures/2024/03/01/a.parquet")
    file.write_bytes(days[1][: int(kept * len(days[1]))])

    told = made.run("monitor")
    assert (4, True) == (told.code, str(file) in told.error), told.err
    assert "replace the file, or remove it" in told.error
    assert ["Failed", "Completed"] == [
        made.document(run_key("AllTraffic", day))["status"] for day in (1, 2)
    ]
    file.write_bytes(days[1])
    assert 0 == made.run("monitor").code
    assert 30 == made.document(run_key("AllTraffic", 1))["counts"]["rows"]


def test_truncated_training_data_makes_no_baseline(tmp_path: Path) -> None:
    """Exit 4, and nothing is pinned."""
    files = training()
    cut = {key: data[: len(data) // 2] for key, data in files.items()}
    made = world(tmp_path, put(str(tmp_path / "data"), cut))
    told = made.run("baseline")
    assert (4, True) == (told.code, "part-0.parquet" in told.error)
    assert {} == made.stored()
