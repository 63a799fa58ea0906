"""The demo's late labels: held back and delivered without a trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "demo_labels.py"
HOURS = "ground_truth/late-arrival/2013/06/21"


def run(action: str, data: Path) -> str:
    """What the script says."""
    command = [sys.executable, str(SCRIPT), action, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def files(data: Path) -> dict[str, int]:
    """The files of the labels, with the times of their modification."""
    root = data / "ground_truth"
    return {str(p.relative_to(root)): p.stat().st_mtime_ns for p in root.rglob("*.jsonl")}


def test_labels_are_held_back_and_delivered_as_they_were(tmp_path: Path) -> None:
    """Those of some hours; doing it twice changes nothing."""
    for hour in range(24):
        path = tmp_path / HOURS / f"{hour:02}" / "0.jsonl"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"{}\n")
        os.utime(path, (hour, hour))
    before = files(tmp_path)

    assert "6 label files moved" in run("hold", tmp_path)
    assert "0 label files moved" in run("hold", tmp_path)
    held = {hour for hour in range(24) if not list((tmp_path / HOURS / f"{hour:02}").glob("*"))}
    assert {12, 13, 14, 15, 16, 17} == held
    assert "6 label files moved" in run("deliver", tmp_path)
    assert before == files(tmp_path)
