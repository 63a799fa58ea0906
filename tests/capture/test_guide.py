"""The guide's snippets: the server runs, the others are at least Python."""

from __future__ import annotations

import ast
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen
from wsgiref.simple_server import WSGIRequestHandler, make_server

import yaml
from tests.capture.written import records

if TYPE_CHECKING:
    import pytest

GUIDE = (Path(__file__).parents[2] / "docs" / "capture.md").read_text(encoding="utf-8")


class Quiet(WSGIRequestHandler):
    """Prints no line for a request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Say nothing."""


def snippets(language: str) -> list[str]:
    """The guide's blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_server_of_the_guide_captures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as it stands, asked over HTTP."""
    monkeypatch.chdir(tmp_path)
    server_code, _ = snippets("python")
    names: dict[str, Any] = {}
    exec(server_code, names)  # the guide is ours
    with make_server("127.0.0.1", 0, names["application"], handler_class=Quiet) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        request = Request(
            f"http://127.0.0.1:{server.server_port}/invocations",
            data=b"UA,1400\nAA,5500\n",
            headers={"Content-Type": "text/csv", "X-Inference-Id": "flight-1"},
        )
        with urlopen(request, timeout=10) as answer:
            assert b"0.2800\n1.0000\n" == answer.read()
        thread.join()
    assert names["captures"].close()
    (record,) = records(tmp_path / "build" / "captures")
    data = [side["data"] for side in record["captureData"].values()]
    assert ["UA,1400\nAA,5500\n", "0.2800\n1.0000\n"] == data
    assert "flight-1" == record["eventMetadata"]["inferenceId"]


def test_the_other_snippets_can_be_read() -> None:
    """Python that compiles, and YAML with the writer's folders."""
    _, fastapi = snippets("python")
    assert "captures.record" in ast.unparse(ast.parse(fastapi))
    (conf,) = snippets("yaml")
    assert "s3://my-bucket/captures/late-arrival" == yaml.safe_load(conf)["captures"]["uri"]
