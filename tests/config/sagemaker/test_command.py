"""`tidegauge import sagemaker PATH...`: the conf on stdout, what it lacks on stderr."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.config.sagemaker.descriptions import BASELINING, DEFINITION, ENDPOINT, SCHEDULE

from tidegauge.app import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_descriptions_become_a_conf_that_check_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The output is a file that works; stderr has a line for each thing that is left over."""
    documents = {"s": SCHEDULE, "d": DEFINITION, "b": BASELINING, "e": ENDPOINT}
    paths = []
    for name, document in documents.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        paths.append(str(path))

    assert 0 == main(["import", "sagemaker", *paths])
    out, err = capsys.readouterr()
    conf = tmp_path / "conf.yaml"
    script = tmp_path / "script.py"
    script.write_text("preprocess_handler = postprocess_handler = print\n", encoding="utf-8")
    named = r"s3://example-bucket/scripts/\w+\.py$"
    conf.write_text(re.sub(named, str(script), out, flags=re.MULTILINE), encoding="utf-8")

    assert 0 == main(["check", str(conf), "--set", f"store={tmp_path}/store"])
    told = [json.loads(line) for line in err.splitlines()]
    assert {"warning"} == {line["level"] for line in told}
    assert any("RoleArn: jobs use the credentials" in line["message"] for line in told)


def test_a_file_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not there, or no description: one sentence, and no conf."""
    other = tmp_path / "other.json"
    other.write_text('{"violations": []}', encoding="utf-8")

    assert 4 == main(["import", "sagemaker", str(tmp_path / "nowhere.json")])
    assert 2 == main(["import", "sagemaker", str(other)])
    out, err = capsys.readouterr()
    assert "" == out
    assert "describes no monitor" in err
