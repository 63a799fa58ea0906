"""Scripts of the service in the monitor of a model's answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn import metrics
from tests.e2e.quality_world import (
    answers,
    baseline,
    captures,
    conf_of,
    ground_truth,
    quality_world,
    run_key,
    told,
    truth,
)
from tests.e2e.world import DAY, START, World, put, write_conf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.e2e.quality_world import Answer

# One of ten answers is dropped; what was sent is named by the script.
PREPROCESS = """
def preprocess_handler(inference_record):
    sent = inference_record.endpoint_input.data.split(",")
    score = float(inference_record.endpoint_output.data)
    if inference_record.event_metadata.event_id.endswith("7"):
        return []
    return {"score": score, "amount": float(sent[0]), "seats": sent[1]}
"""
POSTPROCESS = """
import pathlib

def postprocess_handler():
    with pathlib.Path({path!r}).open("a") as file:
        file.write("called\\n")
"""


def scripted(folder: Path, preprocess: str, **conf: object) -> World:
    """The world of late labels, whose captures are read by a script."""
    (folder / "pre.py").write_text(preprocess, encoding="utf-8")
    (folder / "post.py").write_text(
        POSTPROCESS.format(path=str(folder / "called")), encoding="utf-8"
    )
    data = put(str(folder / "data"), captures() | ground_truth(told()) | baseline())
    tree = conf_of(data, str(folder / "store"), **conf)
    tree["captures"] = {
        "uri": f"{data}/captures",
        "format": "sagemaker",
        "preprocess": str(folder / "pre.py"),
        "postprocess": str(folder / "post.py"),
    }
    return World(data, str(folder / "store"), write_conf(folder, tree))


def of_day(day: int) -> tuple[Sequence[Answer], dict[str, int]]:
    """Blue's answers of a day of which the script makes a row and which have a label."""
    last = truth()
    ids = {a.id: a.id if i % 3 == 0 else f"event-{i}" for i, a in enumerate(answers())}
    rows = [a for a in answers() if a.variant == "blue" and (a.time - START) // DAY + 1 == day]
    return [a for a in rows if not ids[a.id].endswith("7")], last


@pytest.mark.parametrize("engine", ["local", "spark"])
def test_rows_of_a_preprocessing_script_are_held_against_their_labels(
    tmp_path: Path, engine: str
) -> None:
    """By the names that it gives; records that it drops are counted, and are no predictions."""
    made = scripted(tmp_path, PREPROCESS, engine=engine)
    assert 0 == made.run("baseline").code
    assert 0 == made.run("monitor").code
    kept, last = of_day(2)
    counts = made.document(run_key("blue", 2))["counts"]
    labelled = [a for a in kept if a.id in last]
    assert (len(kept), len(labelled), 120 - len(kept)) == tuple(
        counts[name] for name in ("predictions", "labelled", "dropped")
    )
    found = made.document(run_key("blue", 2, "statistics.json"))["tidegauge"]["metrics"]
    y = np.array([last[a.id] for a in labelled])
    score = np.array([a.score for a in labelled])
    assert metrics.roc_auc_score(y, score) == pytest.approx(found["auc"]["value"])
    wrong = (y == 0) & (score >= 0.5)
    amounts = np.array([a.amount for a in labelled])[wrong].sum()
    cost = 40 * ((y == 1) & (score < 0.5)).sum() - 10 * ((y == 1) & (score >= 0.5)).sum()
    assert amounts + cost == pytest.approx(found["total_cost"]["value"])


def test_the_postprocessing_script_is_called_once_the_windows_are_done(tmp_path: Path) -> None:
    """And not where there was nothing to do."""
    made = scripted(tmp_path, PREPROCESS)
    assert 0 == made.run("baseline").code
    for _ in range(2):
        assert 0 == made.run("monitor").code
    assert "called\n" == (tmp_path / "called").read_text(encoding="utf-8")


def test_a_postprocessing_script_that_fails_is_told_after_the_runs(tmp_path: Path) -> None:
    """Exit 2, and the runs stay."""
    made = scripted(tmp_path, PREPROCESS)
    (tmp_path / "post.py").write_text("def postprocess_handler():\n    raise KeyError('x')\n")
    assert 0 == made.run("baseline").code
    stopped = made.run("monitor")
    assert (2, True) == (stopped.code, "the runs are done and in the store" in stopped.error)
    assert "Completed" in made.document(run_key("blue", 1))["status"]
    assert "nothing to do" in made.run("monitor").out


def test_a_record_that_a_script_makes_several_rows_of(tmp_path: Path) -> None:
    """Each row has the label at its place, as with payloads of several rows."""
    pairs = [(f"e{i}", [i / 50, 1 - i / 50], [i % 2, (i + 1) % 2]) for i in range(50)]
    records = [
        {
            "captureData": {"endpointOutput": {"data": json.dumps(scores), "encoding": "JSON"}},
            "eventMetadata": {"eventId": id_, "inferenceTime": "2024-03-01T05:00:00Z"},
        }
        for id_, scores, _ in pairs
    ]
    labels = [
        {
            "groundTruthData": {"data": "\n".join(map(str, late)), "encoding": "CSV"},
            "eventMetadata": {"eventId": id_},
        }
        for id_, _, late in pairs
    ]
    made = scripted(
        tmp_path,
        "import json\n\n\ndef preprocess_handler(record):\n"
        "    return [{'score': one} for one in json.loads(record.endpoint_output.data)]\n",
        quality={"costs": None},
    )
    files = {
        "captures/AllTraffic/2024/03/01/05/0.jsonl": records,
        "truth/2024/03/02/05/0.jsonl": labels,
    }
    for path in Path(made.data, "captures").glob("*"):
        path.rename(tmp_path / path.name)
    put(made.data, {k: "".join(f"{json.dumps(r)}\n" for r in f).encode() for k, f in files.items()})
    assert 0 == made.run("baseline").code
    assert 0 == made.run("monitor").code
    found = made.document(run_key("AllTraffic", 1, "statistics.json"))["tidegauge"]["metrics"]
    y, p = (np.array([one for pair in pairs for one in pair[i]]) for i in (2, 1))
    assert metrics.roc_auc_score(y, p) == pytest.approx(found["auc"]["value"])


def test_a_script_that_raises_rejects_its_records(tmp_path: Path) -> None:
    """Too many of them fail the window, with the script's line; the labels are not to blame."""
    made = scripted(tmp_path, "def preprocess_handler(record):\n    return record.nonsense\n")
    assert 0 == made.run("baseline").code
    assert 4 == made.run("monitor").code
    record = made.document(run_key("blue", 1))
    assert ("Failed", True) == (record["status"], "pre.py:2 raised" in record["reason"])


def test_without_a_script_the_columns_must_be_named(tmp_path: Path) -> None:
    """A payload of CSV does not say what is where."""
    made = quality_world(tmp_path, captures={"uri": f"{tmp_path}/c", "format": "sagemaker"})
    assert 2 == made.run("monitor").code
