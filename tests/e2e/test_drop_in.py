"""What users of the service bring with them, run end to end: scripts, attributes, manifests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.e2e.world import BIN, HOURS, INPUTS, day_rows, hour_key, put, run_key

if TYPE_CHECKING:
    from tests.e2e.world import World

SCRIPT = """
def preprocess_handler(inference_record):
    carrier, miles, seats = inference_record.endpoint_input.data.split(",")
    if int(seats) % 2:
        return []
    return {"carrier": carrier, "miles": float(miles), "seats": int(seats), "score": None}
"""
DAY = "2024-03-01T00:00Z/P1D"


def capturing(made: World, **captures: object) -> None:
    """Change the conf's section `captures`."""
    path = Path(made.conf)
    conf = yaml.safe_load(path.read_text())
    conf["captures"] |= captures
    path.write_text(yaml.safe_dump(conf))


def script(made: World, name: str, text: str) -> str:
    """A script beside the conf."""
    path = Path(made.conf).parent / name
    path.write_text(text)
    return str(path)


def test_a_script_stands_between_captures_and_profile(fresh: World) -> None:
    """Dropped records are counted; another script is another input of the run."""
    capturing(fresh, preprocess=script(fresh, "pre.py", SCRIPT))
    told = fresh.run("monitor", "--window", DAY, "--variant", "blue")
    one = fresh.document(run_key("blue", 1))

    assert (0, "Completed") == (told.code, one["status"]), told.err
    asked = [row["seats"] % 2 for hour in HOURS for row in day_rows("blue", 1, hour)]
    counts = one["counts"]
    assert (len(asked), sum(asked)) == (counts["records"], counts["dropped"])
    assert len(asked) - sum(asked) == counts["rows"]

    script(fresh, "pre.py", SCRIPT + "# of another kind\n")
    fresh.run("monitor", "--window", DAY, "--variant", "blue")
    other = fresh.document(run_key("blue", 1))
    assert one["inputs"]["digest"] != other["inputs"]["digest"]
    assert one["counts"] == other["counts"]


def test_a_script_s_pyarrow_knows_pandas(fresh: World) -> None:
    """The job's own process does without, but not where there is a script: NaN would be a value."""
    lines = [
        "import pandas, pyarrow",
        "def preprocess_handler(inference_record):",
        "    carrier, miles, seats = inference_record.endpoint_input.data.split(',')",
        "    assert pyarrow.array(pandas.Series([float('nan')])).null_count",
        "    return {'carrier': carrier, 'miles': float(miles), 'seats': int(seats)}",
    ]
    capturing(fresh, preprocess=script(fresh, "pre.py", "\n".join(lines)), outputs=[])
    command = [BIN / "tidegauge", "monitor", fresh.conf, "--window", DAY, "--variant", "blue"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)

    assert 0 == told.returncode, told.stderr
    assert "Completed" == fresh.document(run_key("blue", 1))["status"]


def test_a_script_that_fails_fails_the_window(fresh: World) -> None:
    """The reason in run.json has the record's file and line, and the script's line."""
    path = script(fresh, "pre.py", "def preprocess_handler(record):\n    return record.nothing\n")
    capturing(fresh, preprocess=path)
    told = fresh.run("monitor", "--window", DAY, "--variant", "blue")
    run = fresh.document(run_key("blue", 1))

    assert (4, "Failed") == (told.code, run["status"])
    reason = f": the script {path}:2 raised AttributeError"
    assert f"blue/2024/03/01/05/0.jsonl:1{reason}" in run["reason"]


def test_a_postprocessor_runs_after_the_windows(fresh: World) -> None:
    """Its failure is a sentence, and the runs stay."""
    mark = Path(fresh.store, "mark")
    text = f"def postprocess_handler():\n    open({str(mark)!r}, 'w').close()\n    1 / 0\n"
    path = script(fresh, "post.py", text)
    capturing(fresh, postprocess=path)
    told = fresh.run("monitor", "--window", DAY, "--variant", "blue")

    assert (2, True) == (told.code, mark.exists())
    assert f"the script {path}:3 raised ZeroDivisionError: division by zero" in told.error
    assert "Completed" == fresh.document(run_key("blue", 1))["status"]


def test_custom_attributes_are_profiled_and_no_surprise(fresh: World) -> None:
    """A column of its own, and no violation."""
    key = hour_key("blue", 1, 5)
    path = Path(fresh.data, key)
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record in records:
        record["eventMetadata"]["customAttributes"] = ["tenant=a"]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    capturing(fresh, custom_attributes=True)
    told = fresh.run("monitor", "--window", DAY, "--variant", "blue")
    features = fresh.document(run_key("blue", 1, "statistics.json"))["features"]

    assert (0, "Completed") == (told.code, fresh.document(run_key("blue", 1))["status"]), told.err
    assert "custom.tenant" in [feature["name"] for feature in features]


def test_a_batch_transform_is_monitored_by_its_manifests(fresh: World) -> None:
    """The files that they name are what the run read; a missing one fails its window alone."""
    lines = "".join(
        ",".join([*map(str, row.values()), "0.5", "id", "2024-03-01T00:00:00Z"]) + "\n"
        for row in day_rows("blue", 1, 0)
    )
    place = f"{fresh.data}/transform/"
    named = json.dumps([{"prefix": f"{fresh.data}/results/"}, "a.csv.out"]).encode()
    missing = json.dumps([{"prefix": f"{fresh.data}/results/"}, "b.csv.out"]).encode()
    put(
        fresh.data,
        {
            "results/a.csv.out": lines.encode(),
            "transform/output/2024/03/01/00/m.json": named,
            "transform/output/2024/03/02/00/m.json": missing,
        },
    )
    capturing(
        fresh, uri=place, format="csv", manifests=True, header=False, inputs=list(INPUTS),
        inference_id=True,
    )  # fmt: skip
    told = fresh.run("monitor")
    one, two = (fresh.document(run_key("AllTraffic", day)) for day in (1, 2))

    assert (4, "Completed", "Failed") == (told.code, one["status"], two["status"]), told.err
    assert (len(lines.splitlines()), 0) == (one["counts"]["rows"], one["counts"]["rejected"])
    assert f"{fresh.data}/results/b.csv.out, which is not there" in two["reason"]


LINES = """
def preprocess_handler(csv_line):
    if csv_line == "miles;seats":
        return []
    miles, seats = csv_line.split(";")
    return {"miles": float(miles), "seats": int(seats)}
"""


def test_a_script_stands_between_training_data_and_baseline(fresh: World, tmp_path: Path) -> None:
    """Of CSV, a header's line too; the script is an input, and its failures name the lines."""
    pre = script(fresh, "lines.py", LINES)
    data = put(f"{tmp_path}/csv", {"a.csv": b"miles;seats\n4.5e2;100\n460;120\n"})
    conf = ("training.format=csv", f"training.uri={data}", f"training.preprocess={pre}")
    sets = [word for one in conf for word in ("--set", one)]
    told = fresh.run("baseline", *sets)
    pinned = fresh.document("baseline/current.json")["baseline"]
    folder = f"baseline/{pinned}/data_quality"

    assert 0 == told.code, told.err
    features = fresh.document(f"{folder}/statistics.json")["features"]
    assert [("miles", "Fractional"), ("seats", "Integral")] == [
        (feature["name"], feature["inferred_type"]) for feature in features
    ]
    run = fresh.document(f"{folder}/run.json")
    assert (2, 1) == (run["inputs"]["files"], run["counts"]["dropped"])

    put(f"{tmp_path}/csv", {"a.csv": b"miles;seats\n450;many\n"})
    told = fresh.run("baseline", *sets)
    assert 4 == told.code
    assert f"a.csv:2: the script {pre}:6 raised ValueError: invalid literal" in told.error


@pytest.mark.parametrize("key", ["captures.preprocess", "captures.postprocess"])
def test_check_reads_the_scripts(fresh: World, key: str) -> None:
    """A broken one is told before anything is run; so is one that is not there."""
    handler = key.rpartition(".")[2] + "_handler"
    good = script(fresh, "good.py", f"def {handler}(): ...\n")
    told = fresh.run("check", "--set", f"{key}={good}")
    assert (0, True) == (told.code, f"script {good} defines {handler}" in told.out)

    broken = script(fresh, "broken.py", "import json\nprint(undefined)\n")
    told = fresh.run("check", "--set", f"{key}={broken}")
    assert 2 == told.code
    assert f"the script {broken}:2 raised NameError: name 'undefined' is not defined" in told.error

    told = fresh.run("check", "--set", f"{key}={broken}.gone")
    assert (2, True) == (told.code, f"there is no script {broken}.gone" in told.error)


def test_keys_that_rule_each_other_out_are_told(fresh: World) -> None:
    """Before anything is read."""
    capturing(fresh, manifests=True, custom_attributes=True, preprocess="x.py")
    told = fresh.run("monitor")

    assert 2 == told.code
    for key in ("manifests", "custom_attributes"):
        assert f"captures.{key}: expected" in told.error

    told = fresh.run("baseline", "--set", "training.preprocess=x.py")
    assert 2 == told.code
    assert "training.preprocess: expected the format csv" in told.error
