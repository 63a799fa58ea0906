"""What a newcomer's machine may lack: `make` says it in one sentence, and what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that `make env` needs, without an environment."""
    for name in ("Makefile", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("scripts", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def program(path: Path, body: str) -> Path:
    """A shell script that stands for a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def java(home: Path, version: str) -> str:
    """A JAVA_HOME whose Java is of this version."""
    program(home / "bin" / "java", f"echo 'openjdk version \"{version}\" 2025-01-01' >&2")
    return str(home)


def complaint(clone: Path, **environment: str) -> str:
    """What `make env` says on stderr before make's own line, when it fails."""
    made = subprocess.run(
        ["make", "env"],
        cwd=clone,
        env={"PATH": os.environ["PATH"]} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 2 == made.returncode
    *said, last = made.stderr.splitlines()
    assert last.startswith("make: ***")
    return "\n".join(said)


def test_a_machine_without_java(clone: Path) -> None:
    """The sentence names what was looked for."""
    missing = clone / "nowhere"
    assert (
        f"Spark 3.5 needs Java 17 to 22, but there is no '{missing}/bin/java': "
        "install a JDK 17, or set JAVA_HOME to one"
    ) == complaint(clone, JAVA_HOME=str(missing))


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.2", "23.0.1", "25-ea"])
def test_a_java_that_spark_does_not_start_on(clone: Path, version: str) -> None:
    """Too old for the jobs, or too new for the Hadoop inside Spark 3.5."""
    home = java(clone / "jdk", version)
    assert f"'{home}/bin/java' is {version.removesuffix('-ea')}: " in complaint(
        clone, JAVA_HOME=home
    )


def test_a_python_that_is_too_old(clone: Path) -> None:
    """The sentence names the version that was found."""
    home = java(clone / "jdk", "17.0.15")
    python = program(
        clone / "python", 'case "$2" in *platform*) echo 3.9.2 ;; *exit*) exit 1 ;; esac'
    )
    assert (
        f"Tidegauge needs Python 3.11 or newer, but '{python}' is 3.9.2: "
        "install one, or name it with PYTHON=..."
    ) == complaint(clone, JAVA_HOME=home, PYTHON=str(python))


def test_a_python_that_is_not_there(clone: Path) -> None:
    """Not found is another case than too old."""
    home = java(clone / "jdk", "21")
    assert "there is no 'python4'" in complaint(clone, JAVA_HOME=home, PYTHON="python4")


def test_a_machine_without_network(clone: Path) -> None:
    """pip's pages of retries stay in a log, which the sentence names."""
    home = java(clone / "jdk", "17.0.15")
    pip = program(clone / "pip", "echo 'WARNING: Retrying ... NewConnectionError(...)'; exit 1")
    venv = f"mkdir -p .venv/bin; cp {pip} .venv/bin/python"
    python = program(
        clone / "python", f'[ "$2" = venv ] && {{ {venv}; exit; }}; exec {sys.executable} "$@"'
    )
    assert (
        "pip could not reach its package index: is there a network? "
        "Its own words are in .venv/install.log"
    ) == complaint(clone, JAVA_HOME=home, PYTHON=str(python))
