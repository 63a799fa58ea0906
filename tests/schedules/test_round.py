"""What cron and systemd start: locks, time-outs, exit codes, and a bare environment."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.e2e.world import BIN, ROOT, World, run_key

ROUND = ROOT / "scripts" / "round.sh"
UNITS = sorted((ROOT / "scripts" / "systemd").iterdir())
CRON = ROOT / "scripts" / "cron" / "tidegauge"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """As cron has it, and the variables that the crontab sets."""
    locks = {"TIDEGAUGE_BIN": str(BIN), "TIDEGAUGE_LOCKS": str(folder)}
    path = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    return path | locks | more


def run(made: World, folder: Path, **more: str) -> int:
    """The exit code of one round."""
    return subprocess.run(
        [ROUND, made.conf], env=environment(folder, **more), capture_output=True, check=False
    ).returncode


def append(made: World, line: str) -> None:
    """Another line of the conf."""
    with Path(made.conf).open("a") as file:
        file.write(line)


def test_violations_fail_the_round_after_the_report(based: World, tmp_path: Path) -> None:
    """The exit code is the monitor's, and the violations are in the partitions."""
    append(based, "on_violation: fail\n")

    assert 3 == run(based, tmp_path)
    assert "report/data_quality/summary.json" in based.stored()


def test_no_round_hangs_and_none_meets_another(based: World, tmp_path: Path) -> None:
    """Exit code 124 in time; 75 while the lock is held, which goes with who held it."""
    soon = {"TIDEGAUGE_TIMEOUT": "0.01"}
    assert 124 == run(based, tmp_path, **soon)
    assert run_key("blue", 1) not in based.stored()
    (lock,) = tmp_path.glob("*.lock")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert 75 == run(based, tmp_path)
    assert 124 == run(based, tmp_path, **soon)


def test_a_wrong_conf_is_told_and_not_reported(tmp_path: Path) -> None:
    """Exit code 2."""
    conf = tmp_path / "conf.yaml"
    conf.write_text("version: 1\n")

    assert 2 == run(World("", "", str(conf)), tmp_path)


def cron_command() -> str:
    """What cron hands to /bin/sh: the line without its times and its user."""
    text = CRON.read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith("15 "))
    return line.split(maxsplit=6)[6]


def test_the_scripts_and_the_line_for_cron_are_sound(tmp_path: Path) -> None:
    """shellcheck has nothing to say of them."""
    (tmp_path / "cron.sh").write_text(f"#!/bin/sh\n{cron_command()}\n")
    scripts = [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci" / "run", tmp_path / "cron.sh"]
    done = subprocess.run(
        [BIN / "shellcheck", *scripts], capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stdout)


def test_the_line_for_cron_runs_as_cron_runs_it(based: World, tmp_path: Path) -> None:
    """By /bin/sh, with nothing but what the file sets; it tells only what is news."""
    command = cron_command()
    places = {
        "/opt/tidegauge/scripts": str(ROOT / "scripts"),
        "/etc/tidegauge/churn.yaml": based.conf,
        "/var/log/tidegauge": str(tmp_path),
    }
    for old, new in places.items():
        command = command.replace(old, new)
    (tmp_path / "locks").mkdir()
    assert "%" not in command  # to cron it is a new line
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=environment(tmp_path / "locks"), capture_output=True,
        check=False, text=True,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stdout)
    assert run_key("green", 4) in based.stored()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.suffix)
def test_the_units_are_right(unit: Path, tmp_path: Path) -> None:
    """systemd has nothing to say of them; it ends with 0 on unknown keys, so every word counts."""
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace("/opt/tidegauge", str(ROOT))
        text = re.sub(r"^User=.*$", "User=daemon", text, flags=re.MULTILINE)
        (tmp_path / path.name.replace("@", "@churn")).write_text(text)
    name = unit.name.replace("@", "@churn")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stderr)
