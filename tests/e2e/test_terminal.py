"""What people and log collectors see: a terminal, a pipe, the help; and what is not started."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from signal import SIGINT, default_int_handler, getsignal
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import BIN, World, hour_key, program, put, tidegauge

from tidegauge import __version__

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """The exit code, and all that the program shows on a terminal."""
    here, there = pty.openpty()
    with subprocess.Popen(
        [BIN / "tidegauge", *arguments], stdin=there, stdout=there, stderr=there
    ) as process:
        os.close(there)
        shown = b""
        while chunk := _read(here):
            shown += chunk
    os.close(here)
    return process.returncode, shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other side is closed
        return b""


def test_a_person_sees_sentences(based: World) -> None:
    """On a terminal: no JSON, the warnings, and the closing line."""
    code, shown = on_a_terminal("monitor", based.conf)

    assert 0 == code
    assert '{"time"' not in shown
    assert "warning: blue: no captures since 2024-03-04T17:00Z" in shown
    assert "12 windows checked: 2 with violations, 0 failed" in shown


def test_a_person_sees_what_is_wrong(based: World) -> None:
    """One sentence, with a word before it."""
    code, shown = on_a_terminal("monitor", based.conf, "--window", "2024-05-01/P1D")

    assert (4, True) == (code, "error: there are no captures in 2024-05-01T00:00Z/P1D" in shown)


def test_a_log_collector_sees_json_lines(based: World) -> None:
    """Elsewhere: an object a line on stderr, with the run's facts; stdout has the closing lines."""
    told = program("monitor", based.conf)

    closing, empty = told.out.splitlines()
    assert (0, True) == (told.code, closing.startswith("12 windows checked"))
    assert "4 of them decide nothing: no captures in this window" == empty
    assert all({"time", "level", "message"} <= set(line) for line in told.log)
    runs = [line for line in told.log if "rows" in line]
    assert (12, {"variant", "window", "status", "rows", "violations"}) == (
        len(runs),
        set(runs[0]) - {"time", "level", "message"},
    )


@pytest.mark.parametrize("command", ["", "baseline", "monitor", "report", "check", "show"])
def test_the_help_teaches(command: str) -> None:
    """Every command has one; the program's own has the exit codes and a first road."""
    told = tidegauge(*command.split(), "--help")

    assert (0, "") == (told.code, told.err)
    assert told.out.startswith(f"usage: tidegauge {command}".rstrip())
    if not command:
        for words in ("exit codes:", "tidegauge check conf/flights.yaml", "safe to try again"):
            assert words in told.out


def test_the_version_is_told() -> None:
    """`--version` and nothing else."""
    assert (0, f"tidegauge {__version__}\n") == (
        tidegauge("--version").code,
        tidegauge("--version").out,
    )


def test_what_needs_no_spark_does_not_load_it(based: World) -> None:
    """check, report, and the jobs with engine local; nor boto3, where nothing is on S3."""
    commands = [[name, based.conf] for name in ("check", "baseline", "monitor", "report")]
    code = (
        "import json, sys\n"
        "from tidegauge.app import main\n"
        f"codes = [main(command) for command in json.loads({json.dumps(json.dumps(commands))})]\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "sys.exit(any(codes) or bool(loaded & {'pyspark', 'py4j', 'boto3'}))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert 0 == found.returncode, found.stderr


def test_a_job_of_its_own_does_without_pandas(based: World) -> None:
    """Where pandas is installed, pyarrow would load it: half a second of a window's time."""
    code = (
        "import sys\n"
        "from tidegauge.app import main\n"
        f"code = main(['monitor', {based.conf!r}], alone=True)\n"
        "sys.exit(code or 'pandas' in sys.modules)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert 0 == found.returncode, found.stderr


def test_ctrl_c_stays_python_s_while_spark_runs(spark: SparkSession) -> None:
    """pyspark's handler would ask the JVM amid another answer: a stack trace and exit code 1."""
    assert not spark.sparkContext._jsc.sc().isStopped()
    assert getsignal(SIGINT) is default_int_handler


def test_the_worst_exit_code_is_returned(fresh: World) -> None:
    """A window that failed (4) and one with violations (3): the others ran all the same."""
    put(fresh.data, {hour_key("blue", 2, 5): b"{broken\n"})
    told = fresh.run("monitor", "--set", "on_violation=fail")

    assert (4, True) == (told.code, "12 windows checked: 2 with violations, 2 failed" in told.out)
    assert (
        3 == fresh.run("monitor", "--window", "2024-03-04/P1D", "--set", "on_violation=fail").code
    )
