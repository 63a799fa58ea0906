"""What the README and the docs tell people to type works."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.e2e.world import ROOT, hour_key, parquet_file, put, rows, tidegauge
from tests.e2e.world import capture_file as captured

from tidegauge.app import _parser
from tidegauge.config.loading import conf_from_tree

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
JOBS = sorted((ROOT / "jobs").glob("*.py"))
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:tidegauge|spark-submit|make) [^`]+)`")
_END_OF_COMMAND = {"|", ">", ">>", "&&", ";"}


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in this language."""
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [content for _, name, content in found if name == language]


def commands(text: str) -> list[list[str]]:
    """The words of each command in some shell lines: no comments, no pipes."""
    lines = text.replace("\\\n", " ").splitlines()
    found = (shlex.split(line, comments=True) for line in lines)
    return [_first(words) for words in found if words]


def _first(words: list[str]) -> list[str]:
    end = next((i for i, word in enumerate(words) if word in _END_OF_COMMAND), len(words))
    return words[:end]


def documented() -> list[tuple[str, str]]:
    """Every page or entry file, with what it says in shell blocks and between backquotes."""
    pages = [
        (page, [*blocks(page, "sh"), *_INLINE.findall(page.read_text(encoding="utf-8"))])
        for page in PAGES
    ]
    jobs = [
        (job, re.findall(r"^    (spark-submit (?:.*\\\n)*.*)$", _docstring(job), re.MULTILINE))
        for job in JOBS
    ]
    return [(str(path.relative_to(ROOT)), text) for path, texts in pages + jobs for text in texts]


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def arguments(words: list[str]) -> list[str] | None:
    """The program's arguments in a command, by either door; None for other commands."""
    if Path(words[0]).name == "tidegauge":
        return words[1:]
    jobs = [word for word in words if word.startswith("jobs/")]
    if words[0] == "spark-submit" and jobs:
        return [Path(jobs[0]).stem, *words[words.index(jobs[0]) + 1 :]]
    return None


@pytest.mark.parametrize(("place", "text"), documented())
def test_every_documented_command_is_understood(place: str, text: str) -> None:
    """By the parser of the program, or by the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    for words in commands(text.replace("[", "").replace("]", "")):  # a synopsis has brackets
        given = arguments(words)
        if given is not None:
            assert is_understood(given), (place, words)
        elif words[0] == "make":
            assert set(words[1:]) <= targets, place


def is_understood(given: list[str]) -> bool:
    """Whether the program takes these arguments, or they are the beginning of such a call."""
    for more in ([], ["--help"]):
        try:
            _parser().parse_args(given + more)
        except SystemExit as stop:
            if stop.code == 0:
                return not any(word.startswith("-") for word in given)
        else:
            return True
    return False


def test_every_documented_conf_loads() -> None:
    """The YAML blocks that are whole confs: no unknown key, all that is required."""
    found = [(page, text) for page in PAGES for text in blocks(page, "yaml") if "monitor:" in text]

    assert found
    for page, text in found:
        conf_from_tree(yaml.safe_load(text), str(page))


def test_the_readme_s_road_for_your_own_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its conf and its commands, in its order; a folder stands for the bucket."""
    readme = ROOT / "README.md"
    (conf,) = (text for text in blocks(readme, "yaml") if "version:" in text)
    (shell,) = (text for text in blocks(readme, "sh") if "tidegauge baseline" in text)
    data = [row | {"churned": i % 2} for i, row in enumerate(rows(1, 200))]
    files = {
        "training/churn/a.parquet": parquet_file(data),
        hour_key("AllTraffic", 1, 5).replace("captures", "datacapture/churn-endpoint"): (
            captured(rows(2, 60), 1, 5)
        ),
    }
    put(str(tmp_path / "bucket"), files)
    local = conf.replace("s3://my-bucket", f"{tmp_path}/bucket") + "engine: local\n"
    put(str(tmp_path), {"conf/churn.yaml": local.encode()})
    monkeypatch.chdir(tmp_path)

    for words in commands(shell):
        if words[0] == "tidegauge":
            (shown,) = [*tmp_path.rglob("baseline/*/*/statistics.json")] or [Path("PATH")]
            told = tidegauge(*(str(shown) if word == "PATH" else word for word in words[1:]))
            assert 0 == told.code, (words, told.err)
    (run,) = tmp_path.rglob("variant=*/window=2024-03-01T0500Z_PT1H/run.json")
    assert run.is_relative_to(tmp_path / "bucket/monitoring/churn/runs/type=data_quality")


@pytest.mark.skipif("TIDEGAUGE_DEMO" not in os.environ, reason="TIDEGAUGE_DEMO is not set")
def test_the_demo_finds_what_was_planted() -> None:
    """`make demo`: kilometres on 2013-06-20, and not on the days before and after."""
    made = subprocess.run(
        ["make", "demo"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert 0 == made.returncode, made.stderr
    drifted = "build/flights/flights/violations/type=data_quality/feature=distance/date=*"
    assert ["date=2013-06-20"] == [path.name for path in ROOT.glob(drifted)]
