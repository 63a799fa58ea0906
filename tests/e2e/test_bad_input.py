"""What is wrong is told in one sentence that says what to do, with the exit code of its kind."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import BIN, World, parquet_file, program, put, rows, tidegauge, world

if TYPE_CHECKING:
    from tests.e2e.world import Told


@pytest.mark.parametrize(
    ("arguments", "code", "sentences"),
    [
        (
            ("monitor", "--window", "2024-05-01T00:00Z/P1D"),
            4,
            ("there are no captures in 2024-05-01T00:00Z/P1D", "look at `captures.uri`"),
        ),
        (
            ("monitor", "--window", "2024-03-02/P1D", "--variant", "green"),
            4,
            ("there are no captures of the variant 'green' in 2024-03-02T00:00Z/P1D",),
        ),
        (
            ("monitor", "--variant", "gren"),
            4,
            ("there are no captures of the variant 'gren'", "did you mean 'green'?"),
        ),
        (
            ("monitor", "--set", "captures.uri=nowhere/at/all"),
            4,
            ("there are no captures at nowhere/at/all", "correct `captures.uri`"),
        ),
        (
            ("baseline", "--set", "training.uri=nowhere/at/all"),
            4,
            ("there is no training data at nowhere/at/all", "correct `training.uri`"),
        ),
        (("check", "--set", "windw=1d"), 2, ("unknown key 'windw'; did you mean 'window'?",)),
        (
            ("monitor", "--set", "captures.inputts=[a]"),
            2,
            ("unknown key 'captures.inputts'; did you mean 'inputs'?",),
        ),
        (("monitor", "--set", "window=daily"), 2, ("'daily' is not a duration",)),
        (("monitor", "--set", "captures=null"), 2, ("the conf has no `captures`",)),
        (("monitor", "--set", "window=null"), 2, ("the conf has no `window`", "--window")),
        (("monitor", "--window", "2024-03-01"), 2, ("is not a window: expected START/DURATION",)),
        (("monitor", "--window", "2024-02-30/P1D"), 2, ("'2024-02-30' is not a time",)),
        (("monitor", "--window", "2024-03-01/1 day"), 2, ("'1 day' is not a duration",)),
        (("report", "--from", "yesterday"), 2, ("'yesterday' is not a time",)),
        (("monitor", "--master", "local[2]"), 2, ("--master", "engine: local")),
        (
            ("baseline", "--set", "training.format=table"),
            2,
            ("a training set of format 'table' needs engine 'spark'",),
        ),
        (
            ("monitor", "--set", "store=elsewhere/store"),
            2,
            ("there is no baseline", "elsewhere/store", "run `tidegauge baseline CONF` first"),
        ),
        (("report", "--set", "store=gs://bucket"), 2, ("has the scheme gs",)),
    ],
)
def test_what_is_wrong_is_one_sentence(
    based: World, arguments: tuple[str, ...], code: int, sentences: tuple[str, ...]
) -> None:
    """Usage is 2, missing input is 4; nothing is printed, and the store stays as it was."""
    before = based.stored()
    told = based.run(*arguments)

    assert (code, "") == (told.code, told.out)
    assert [] == [sentence for sentence in sentences if sentence not in told.error]
    assert before == based.stored()


def test_a_conf_that_is_not_there(tmp_path: Path) -> None:
    """The path, and what was expected."""
    told = tidegauge("monitor", str(tmp_path / "missing.yaml"))

    assert 2 == told.code
    assert "cannot read the conf" in told.error
    assert "missing.yaml" in told.error


@pytest.mark.parametrize(
    "arguments",
    [("monitor", "CONF", "--widow", "x"), ("monitr", "CONF"), ("monitor",), (), ("show",)],
)
def test_a_wrong_flag_teaches_the_usage(arguments: tuple[str, ...]) -> None:
    """argparse's own words on stderr, exit code 2."""
    told = tidegauge(*arguments)

    assert (2, "") == (told.code, told.out)
    assert told.err.startswith("usage: tidegauge")


def test_an_empty_training_set_is_missing_input(data: str, tmp_path: Path) -> None:
    """A file with a schema and no rows; no baseline is pinned."""
    made = world(tmp_path, data)
    put(str(tmp_path / "none"), {"training/empty.parquet": parquet_file(rows(1, 3)[:0])})
    told = made.run("baseline", "--set", f"training.uri={tmp_path}/none/training")

    assert (4, True) == (told.code, "has no rows" in told.error)
    assert {} == made.stored()


def test_an_exclusion_of_nothing_is_a_warning(data: str, tmp_path: Path) -> None:
    """A name that does not exist: the nearest one is named, and the job goes on."""
    made = world(tmp_path, data)
    told = made.run("baseline", "--set", "features.exclude=[late, carier]")

    assert 0 == told.code
    warning = told.messages("warning")[0]
    assert "'carier', which the training data does not have; did you mean 'carrier'?" in warning
    assert "3 features" in told.messages("info")[0]


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ('{"version": 0.0', "line 1"),
        ('{"version": 0.0, "features": [{"name": "miles", "completeness": "all"}]}', "features[0]"),
    ],
)
def test_a_constraint_that_a_person_broke_is_named(based: World, broken: str, place: str) -> None:
    """The document, and the place in it; found before anything is run."""
    pinned = based.document("baseline/current.json")["baseline"]
    key = f"baseline/{pinned}/data_quality/constraints.json"
    put(based.store, {f"flights/{key}": broken.encode()})
    for command in ("check", "monitor"):
        told = based.run(command)

        assert 2 == told.code
        assert key in told.error
        assert place in told.error
    assert [] == [key for key in based.stored() if key.startswith("runs/")]


def test_a_baseline_that_lost_a_document_is_told(based: World) -> None:
    """Pinned, but gone: the sentence names the file."""
    pinned = based.document("baseline/current.json")["baseline"]
    shutil.rmtree(f"{based.store}/flights/baseline/{pinned}")
    told = based.run("monitor")

    assert (2, True) == (told.code, "constraints.json: there is no such file" in told.error)


def test_a_store_that_cannot_be_written_is_safe_to_try_again(data: str, tmp_path: Path) -> None:
    """A file is where the folder must be: exit 5."""
    made = world(tmp_path, data)
    Path(made.store).write_text("in the way", encoding="utf-8")
    told = made.run("baseline")

    assert (5, True) == (told.code, f"cannot write {made.store}/flights" in told.error)
    assert "a file is where a folder must be" in told.error


def test_no_java_is_one_sentence(based: World, tmp_path: Path) -> None:
    """Engine spark on a machine without Java: usage, not a stack trace."""
    (tmp_path / "bin").mkdir()
    told = program(
        "baseline", based.conf, "--engine", "spark", PATH=f"{tmp_path}/bin", JAVA_HOME=""
    )

    assert (2, "") == (told.code, told.out)
    assert "engine 'spark' needs Java 17" in told.error
    assert "engine: local" in told.error


def test_java_is_not_looked_for_before_it_is_needed(based: World, tmp_path: Path) -> None:
    """A small input with engine auto, and windows that were all run; both on a machine without."""
    (tmp_path / "bin").mkdir()
    without = {"PATH": f"{tmp_path}/bin", "JAVA_HOME": ""}

    assert 0 == program("monitor", based.conf, "--engine", "auto", **without).code
    told = program("monitor", based.conf, "--engine", "spark", **without)
    assert (0, "no complete window is waiting: nothing to do\n") == (told.code, told.out)
    told = program("monitor", based.conf, "--engine", "spark", "--set", "wndow=1d", **without)
    assert (2, True) == (told.code, "unknown key 'wndow'" in told.error)


def test_show_says_what_it_cannot_show(based: World, tmp_path: Path) -> None:
    """A missing file is missing input; a file that is no document is usage."""
    (tmp_path / "text.json").write_text("hello", encoding="utf-8")
    (tmp_path / "other.json").write_text('{"a": 1}', encoding="utf-8")
    missing = tidegauge("show", str(tmp_path / "missing.json"))

    assert (4, True) == (missing.code, "there is no such file" in missing.error)
    assert "not JSON" in shown(tmp_path / "text.json").error
    assert "its keys are 'a'" in shown(tmp_path / "other.json").error
    assert "its keys are 'version', 'baseline'" in (
        shown(Path(based.store, "flights/baseline/current.json")).error
    )


def shown(path: Path) -> Told:
    """What `show` tells of a file that it cannot show."""
    told = tidegauge("show", str(path))
    assert (2, "") == (told.code, told.out)
    return told


def test_a_reader_that_goes_away_is_no_failure(based: World) -> None:
    """`tidegauge check CONF | head -1` ends quietly."""
    command = f"{BIN}/tidegauge check {based.conf} | head -c 1"
    found = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False, timeout=60
    )

    assert (0, b"v", b"") == (found.returncode, found.stdout, found.stderr)
