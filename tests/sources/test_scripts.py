"""Preprocessing scripts: what they are given, what becomes of it, and who is blamed."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.sources.reading import Everything, everything, kept, part_of

from tidegauge.errors import UsageError
from tidegauge.model.statistics import Kind
from tidegauge.sources import training
from tidegauge.sources.captures import reader
from tidegauge.sources.script import POSTPROCESS, PREPROCESS, load_script
from tidegauge.sources.source import CaptureSource, Format, TrainingSource
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD_AND_NEW = """
def preprocess_handler(inference_record):
    r = inference_record
    assert r.event_data.endpointInput.data == r.endpoint_input.data
    assert r.event_data.endpointOutput.encoding == r.endpoint_output.encoding == "CSV"
    assert r.as_dict() is r.event_dict and r.event_version == "0"
    assert r.endpoint_input.as_dict()["mode"] == r.endpoint_input.mode == "INPUT"
    assert not r.batch_transform_output and r.ground_truth.data is None
    return {
        "sent": r.endpoint_input.data,
        "type": r.endpoint_input.observedContentType,
        "id": r.event_metadata.event_id,
        "time": r.event_metadata.event_time,
        "custom": r.event_metadata.custom_attribute[0],
    }
"""
ZFILL = """
def preprocess_handler(inference_record):
    input_data = inference_record.endpoint_input.data
    output_data = inference_record.endpoint_output.data.rstrip("\\n")
    data = output_data + "," + input_data
    return {str(i).zfill(20): d for i, d in enumerate(data.split(","))}
"""


def line(data: str = "1,2", **changes: Any) -> str:  # noqa: ANN401  (JSON)
    """One capture record."""
    sides = {
        "endpointInput": {
            "observedContentType": "text/csv", "mode": "INPUT", "data": data, "encoding": "CSV",
        },
        "endpointOutput": {"mode": "OUTPUT", "data": "0.5\n", "encoding": "CSV"},
    }  # fmt: skip
    metadata = {
        "eventId": "e-1",
        "customAttributes": ["k=v"],
        "inferenceTime": "2024-03-01T00:00:00Z",
    }
    record = {"captureData": sides, "eventMetadata": metadata, "eventVersion": "0"}
    return json.dumps(record | changes)


def read(
    folder: Path, script: str, *lines: str, kinds: Mapping[str, Kind] | None = None
) -> Everything:
    """What a script makes of some lines, after the way to a worker process."""
    (folder / "script.py").write_text(script)
    captures = folder / "captures" / "blue" / "2024" / "03" / "01" / "00" / "a.jsonl"
    captures.parent.mkdir(parents=True)
    captures.write_text("".join(f"{x}\n" for x in lines))
    source = CaptureSource(
        str(folder / "captures"),
        Format.SAGEMAKER,
        str(folder / "rejected"),
        kinds=kinds or {},
        preprocess=load_script(str(folder / "script.py"), PREPROCESS, S3Settings()),
    )
    reads = pickle.loads(pickle.dumps(reader(source, S3Settings())))
    return everything(reads(part_of(captures, variant="blue")))


def test_a_script_finds_the_record_by_both_paths(tmp_path: Path) -> None:
    """The names of the guide, and those of the scripts of 2019."""
    found = read(tmp_path, OLD_AND_NEW, line())

    assert [
        {
            "sent": "1,2", "type": "text/csv", "id": "e-1", "custom": "k=v",
            "time": found.rows[0]["time"],
        }
    ] == found.rows  # fmt: skip
    assert (1, 0) == (found.tally.records, found.tally.rejected)


def test_the_script_of_the_guide_runs_unchanged(tmp_path: Path) -> None:
    """Keys in the order in which it gives them, the values of their kind."""
    found = read(tmp_path, ZFILL, line("7,x"))

    assert [{"0" * 20: 0.5, "0" * 19 + "1": 7, "0" * 19 + "2": "x"}] == found.rows
    assert sorted(found.rows[0]) == list(found.rows[0])


@pytest.mark.parametrize(
    ("returned", "rows"),
    [
        ("{'b': 1, 'a': 'x'}", [{"b": 1, "a": "x"}]),
        ("[{'a': 1}, {'a': 2}]", [{"a": 1}, {"a": 2}]),
        ("{'a': None, 'b': 2.5}", [{"a": None, "b": 2.5}]),
        ("{'a': {'b': {'c': 1}}, 'd': True}", [{"a.b.c": 1, "d": True}]),
        ("{'a': __import__('numpy').float32(0.25)}", [{"a": 0.25}]),
        ("{'day': __import__('datetime').date(2024, 3, 1)}", [{"day": "2024-03-01"}]),
        ("{1: 2}", [{"1": 2}]),
        ("{'a': [1.5, 'x']}", [{"a": '[1.5, "x"]'}]),
    ],
)
def test_what_a_script_returns_becomes_rows(
    returned: str, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    """A dict, several, nested ones by their paths, None for missing."""
    found = read(tmp_path, f"def preprocess_handler(record):\n    return {returned}\n", line())

    assert rows == found.rows
    assert (1, 0, 0) == (found.tally.records, found.tally.rejected, found.tally.dropped)


def test_an_empty_list_drops_the_record(tmp_path: Path) -> None:
    """Sampling: dropped records are counted, and not rejected."""
    script = (
        "def preprocess_handler(record):\n"
        "    return {'no': [], 'nothing': {}, 'yes': {'a': 1}}[record.endpoint_input.data]\n"
    )
    found = read(tmp_path, script, line("no"), line("yes"), line("nothing"))

    assert [{"a": 1}] == found.rows
    assert (3, 0, 2) == (found.tally.records, found.tally.rejected, found.tally.dropped)


def test_a_handler_of_two_arguments_has_a_logger(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As some of the service's examples are written."""
    script = (
        "def preprocess_handler(inference_record, logger):\n"
        "    logger.warning('seen %s', inference_record.event_metadata.event_id)\n"
        "    return {'a': 1}\n"
    )
    assert [{"a": 1}] == read(tmp_path, script, line()).rows
    assert "seen e-1" in caplog.text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return inner(record)", "script.py:2 raised KeyError: 'x'"),
        ("exit(3)", "script.py:5 raised SystemExit: 3"),
        ("return None", "returned NoneType: expected a dict, a list of dicts, or [] to drop"),
        ("return {'a': {1}}", "returned no values: a set in the place of one"),
        ("return {'a': '\\ud800'}", "returned no values: 'utf-8' codec can't encode"),
        ("a = {}; a['a'] = a; return a", "returned no values: maximum recursion depth exceeded"),
        ("return preprocess_handler(record)", "raised RecursionError"),
        ("return __import__('json').loads('{')", "script.py:5 raised JSONDecodeError"),
    ],
)
def test_a_script_that_fails_is_named_by_its_line(body: str, reason: str, tmp_path: Path) -> None:
    """The record is rejected, its neighbours are read."""
    script = (
        "def inner(record):\n    return {}['x']\n"
        "def preprocess_handler(record):\n"
        "    if record.endpoint_input.data == 'good': return {'a': 1}\n"
        f"    {body}\n"
    )
    found = read(tmp_path, script, line("good"), line("bad"), line("good"))

    assert [{"a": 1}, {"a": 1}] == found.rows
    assert (3, 1) == (found.tally.records, found.tally.rejected)
    (rejected,) = kept(tmp_path / "rejected")
    assert ("blue/2024/03/01/00/a.jsonl", 2) == (rejected["file"], rejected["line"])
    assert reason in rejected["reason"]
    assert found.tally.reasons[0].startswith("blue/2024/03/01/00/a.jsonl:2: the script")


def test_a_line_that_is_no_record_never_reaches_the_script(tmp_path: Path) -> None:
    """Broken lines are rejected with their own reasons."""
    script = "def preprocess_handler(record):\n    return {'a': record.endpoint_input.data}\n"
    found = read(tmp_path, script, "{", "[]", '{"captureData": 3}', line("7"))

    assert [{"a": 7}] == found.rows
    assert (4, 3) == (found.tally.records, found.tally.rejected)


def test_columns_have_the_kinds_of_the_baseline(tmp_path: Path) -> None:
    """What is not of the kind is kept apart, as with other captures."""
    script = "def preprocess_handler(record):\n    return {'a': record.endpoint_input.data}\n"
    kinds = {"a": Kind.INTEGRAL}
    found = read(tmp_path, script, line("7"), line("x"), kinds=kinds)

    assert ([7, None], {"a": ["x"]}) == (found.column("a"), found.mismatched)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def preprocess_handler(:\n", "script.py:1 raised SyntaxError"),
        ("import os\nimport no_such_module\n", "script.py:2 raised ModuleNotFoundError"),
        ("x = 1\n", "script.py defines no function preprocess_handler"),
    ],
)
def test_a_script_that_cannot_be_used_is_told_before_any_work(
    text: str, reason: str, tmp_path: Path
) -> None:
    """One sentence, with the line."""
    (tmp_path / "script.py").write_text(text)

    with pytest.raises(UsageError, match="mend it") as raised:
        load_script(str(tmp_path / "script.py"), PREPROCESS, S3Settings())
    assert reason in str(raised.value)


def test_a_script_that_is_not_there_is_the_confs_fault(tmp_path: Path) -> None:
    """Not the storage's: trying again does not help."""
    with pytest.raises(UsageError, match=f"there is no script {tmp_path}/none.py"):
        load_script(f"{tmp_path}/none.py", PREPROCESS, S3Settings())


LINES = """
def preprocess_handler(csv_line, logger):
    if csv_line.startswith("when,"):
        return []
    when, value, wear = csv_line.split(",")
    return {"value": float(value), "wear": wear or None}
"""


def trained(folder: Path, script: str, text: str) -> Everything:
    """What a script makes of a CSV of training data, after the way to a worker process."""
    (folder / "script.py").write_text(script)
    path = folder / "training.csv"
    path.write_text(text)
    source = TrainingSource(
        str(path),
        Format.CSV,
        str(folder / "rejected"),
        skip=frozenset(["when"]),
        preprocess=load_script(str(folder / "script.py"), PREPROCESS, S3Settings()),
    )
    reads = pickle.loads(pickle.dumps(training.reader(source, S3Settings())))
    return everything(reads(part_of(path)))


def test_a_line_of_training_data_is_given_as_it_stands_there(tmp_path: Path) -> None:
    """The header too, which a script drops; numbers in scientific notation are the guide's case."""
    found = trained(tmp_path, LINES, "when,value,wear\n1,2.5e-3,new\r\n\n2,4E2,\n")

    assert [{"value": 0.0025, "wear": "new"}, {"value": 400.0, "wear": None}] == found.rows
    assert (3, 0, 1) == (found.tally.records, found.tally.rejected, found.tally.dropped)


def test_a_line_on_which_the_script_fails_is_named(tmp_path: Path) -> None:
    """The file and line of the record, the script's file and line, and what was raised."""
    found = trained(tmp_path, LINES, "when,value,wear\n1,2,3\n1,two,3\n")

    assert [{"value": 2.0, "wear": 3}] == found.rows
    (reason,) = found.tally.reasons
    assert "training.csv:3: the script" in reason
    assert "script.py:6 raised ValueError: could not convert string to float: 'two'" in reason


def test_a_script_may_have_dataclasses_of_its_own(tmp_path: Path) -> None:
    """They look for the module that they are in."""
    (tmp_path / "script.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass A:\n    x: int\n"
        "def postprocess_handler():\n    return A(3).x\n"
    )
    assert 3 == load_script(str(tmp_path / "script.py"), POSTPROCESS, S3Settings()).call()


def test_the_samples_scripts_run(tmp_path: Path) -> None:
    """The SDK's own pre- and postprocessor, unchanged, on its own captures."""
    folder = Path(os.environ.get("TIDEGAUGE_SAMPLES", ""), "sdk_legacy_monitor")
    if not folder.is_dir():
        pytest.skip("TIDEGAUGE_SAMPLES names no folder with the service's files")
    captured = (folder / "captured-data.jsonl").read_text().splitlines()
    found = read(tmp_path, (folder / "preprocessor.py").read_text(), *captured)

    assert (len(captured), ()) == (len(found.rows), found.tally.reasons)
    load_script(str(folder / "postprocessor.py"), POSTPROCESS, S3Settings()).call()
