"""Packs in the jobs: what is in force, what became of it, and the rows that failed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.e2e.world import START, World, parquet_file, put, rows, run_key, training, world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

RULES = """\
version: 1
owner: us
rules:
  - {for: carrier, domain: [AA, B6, DL, UA]}
  - {for: miles, range: {max: 700}, severity: critical, description: miles and no other unit}
  - {for: "s*", completeness: 1}
  - {for: carrier, pattern: "^[A-Z]+$", keep_failing: 3}
  - {predicate: miles < 650, where: seats > 120, keep_failing: 2}
  - {predicate: nonsense > 1}
  - {for: miles, drift: off}
"""


def packed(folder: Path, text: str | Sequence[str], data: str, **changes: object) -> World:
    """A world on shared data whose conf names packs with these texts."""
    paths = []
    for number, one in enumerate([text] if isinstance(text, str) else text):
        path = folder / f"pack-{number}.yaml"
        path.write_text(one, encoding="utf-8")
        paths.append(str(path))
    return world(folder, data, packs=paths, **changes)


def pack_outcomes(made: World, variant: str, day: int) -> list[dict[str, Any]]:
    """The outcomes of one run that come from packs."""
    found = made.document(run_key(variant, day, "outcomes.json"))["outcomes"]
    return [outcome for outcome in found if "rule" in outcome["numbers"]]


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory, data: str, spark: SparkSession) -> World:
    """A world whose monitor has run with packs, on Spark."""
    assert spark
    made = packed(tmp_path_factory.mktemp("packs"), RULES, data, engine="spark")
    assert [0, 0] == [made.run(command).code for command in ("baseline", "monitor")]
    return made


def test_every_rule_has_an_outcome_in_every_run(ruled: World) -> None:
    """In the order of the pack; the drift rule has none of its own, and a broken one says why."""
    found = [(o["feature"], o["check"], o["verdict"]) for o in pack_outcomes(ruled, "green", 4)]

    assert [
        ("carrier", "categorical_values_check", "held"),
        ("miles", "range_check", "violated"),
        ("seats", "completeness_check", "held"),
        ("score", "completeness_check", "held"),
        ("carrier", "pattern_check", "violated"),
        ("_dataset", "predicate_check", "violated"),
        ("_dataset", "predicate_check", "not evaluated"),
    ] == found


def test_a_violation_of_a_rule_is_one_of_the_documents(ruled: World) -> None:
    """With the sentence that SageMaker's readers parse, and where the rule is written."""
    entries = ruled.document(run_key("green", 4, "constraint_violations.json"))["violations"]
    (found,) = [e for e in entries if e["constraint_check_type"] == "range_check"]

    assert found["description"].endswith("constraint requirement! miles and no other unit")
    assert ("critical", "us", "profile") == tuple(
        found["tidegauge"][key] for key in ("severity", "owner", "answered_by")
    )
    assert found["tidegauge"]["rule"].endswith("pack-0.yaml:5")


def test_a_rule_changes_the_settings_of_the_drift_check(ruled: World) -> None:
    """The planted kilometres are drift that the pack has switched off, and the report says so."""
    found = ruled.document(run_key("green", 4, "outcomes.json"))["outcomes"]
    (drift,) = [o for o in found if (o["feature"], o["check"]) == ("miles", "baseline_drift_check")]

    assert "not evaluated" == drift["verdict"]


def test_rows_that_fail_are_counted_and_some_are_kept(ruled: World) -> None:
    """Each names its rule; the run over all variants keeps its own."""
    key = run_key("green", 4).removesuffix("/run.json").removeprefix("runs/")
    for folder in (key, key.replace("variant=green", "variant=_all")):
        name = f"rejected/{folder}/rules/pack-0.8._dataset.jsonl"
        lines = [json.loads(line) for line in ruled.stored()[name].splitlines()]
        assert 2 == len(lines)
        assert all(line["record"]["miles"] >= 650 for line in lines)
        assert all(line["record"]["seats"] > 120 for line in lines)
        assert all(line["rule"].endswith("pack-0.yaml:8") for line in lines)
    counted = [o["numbers"] for o in pack_outcomes(ruled, "green", 4)][5]
    assert counted["failing"] > 2
    assert counted["answered_by"] == "Spark SQL"


def test_running_again_gives_the_same_bytes(ruled: World) -> None:
    """The kept rows among them: which ones are kept depends on the rows alone."""
    before = ruled.stored()

    assert 0 == ruled.run("monitor", "--window", "2024-03-04T00:00Z/P1D").code

    assert before == ruled.stored()


def test_run_json_has_the_packs_digest(ruled: World) -> None:
    """Which rules a run was held to can be told later."""
    versions = ruled.document(run_key("blue", 1))["versions"]

    assert {"tidegauge", "packs"} == set(versions)


def test_without_spark_row_rules_are_not_evaluated_and_the_others_are(
    tmp_path: Path, data: str
) -> None:
    """`engine: local` answers what the profile can, and says what it cannot."""
    made = packed(tmp_path, RULES, data)
    assert [0, 0] == [made.run(command).code for command in ("baseline", "monitor")]

    found = pack_outcomes(made, "blue", 1)

    assert ["held", "held", "held", "held", *["not evaluated"] * 3] == [
        outcome["verdict"] for outcome in found
    ]
    assert all("engine: spark" in outcome["description"] for outcome in found[4:])


def test_violations_of_rules_fail_a_job_that_is_to_fail(tmp_path: Path, data: str) -> None:
    """As those of suggestions do; the drift checks are switched off here."""
    codes = {}
    for most in (999, 1):
        text = f"version: 1\nrules:\n  - {{for: '*', drift: off}}\n  - {{rows: {{max: {most}}}}}\n"
        folder = tmp_path / str(most)
        folder.mkdir()
        made = packed(folder, text, data, on_violation="fail")
        made.run("baseline")
        codes[most] = made.run("monitor", "--window", "2024-03-01T00:00Z/P1D").code

    assert {999: 0, 1: 3} == codes


def test_check_prints_what_is_in_force_and_from_where(tmp_path: Path, data: str) -> None:
    """A later pack's rule stands in the place of the earlier one's."""
    later = (
        "version: 1\nrules:\n  - {for: miles, range: {max: 800}}\n  - {for: 'x*', sign: positive}\n"
    )
    made = packed(tmp_path, (RULES, later), data)
    made.run("baseline")

    told = made.run("check")

    assert 0 == told.code
    assert "range at most 800" in told.out
    assert "range at most 700" not in told.out
    assert ["no column matches 'x*'"] == [m.split(": ")[1] for m in told.messages("warning")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: 1\nrules: []\n", "at least one rule"),
        ("version: 1\nrules:\n  - {for: a, rang: {}}\n", "did you mean 'range'"),
    ],
)
def test_a_pack_that_is_wrong_stops_the_job_before_it_starts(
    tmp_path: Path, data: str, text: str, told: str
) -> None:
    """Exit 2, with the file and the line; nothing is taken back or written."""
    made = packed(tmp_path, text, data)
    made.run("baseline")
    before = made.stored()

    failed = made.run("monitor")

    assert 2 == failed.code
    assert told in failed.error
    assert before == made.stored()


def test_a_pack_that_is_not_there_is_told(tmp_path: Path, data: str) -> None:
    """With the key of the conf to be corrected."""
    made = packed(tmp_path, RULES, data)
    conf = yaml.safe_load(Path(made.conf).read_text(encoding="utf-8"))
    Path(made.conf).write_text(yaml.safe_dump({**conf, "packs": ["no.yaml"]}), encoding="utf-8")
    made.run("baseline")

    failed = made.run("monitor")

    assert 2 == failed.code
    assert "no.yaml" in failed.error
    assert "`packs`" in failed.error


@pytest.mark.parametrize("read", ["arrow", "spark"])
def test_rows_that_a_time_column_puts_into_windows_are_asked_as_well(
    tmp_path: Path, spark: SparkSession, read: str
) -> None:
    """Two days in one Parquet file, read by the workers or by Spark: each has its own answer."""
    assert spark
    asked = [
        {**row, "at": START + timedelta(days=i % 2, minutes=i)} for i, row in enumerate(rows(5, 80))
    ]
    data = put(str(tmp_path / "data"), training() | {"asked/0.parquet": parquet_file(asked)})
    text = "version: 1\nrules:\n  - {predicate: miles < 500, keep_failing: 99}\n"
    captures = {"uri": f"{data}/asked", "format": "parquet", "time": "at", "read": read}
    made = packed(tmp_path, text, data, engine="spark", captures=captures)

    assert [0, 0] == [made.run(command).code for command in ("baseline", "monitor")]

    for day in (1, 2):
        (found,) = pack_outcomes(made, "AllTraffic", day)
        failing = [row for row in asked if row["at"].day == day and not row["miles"] < 500]
        assert (40, len(failing)) == (found["numbers"]["n"], found["numbers"]["failing"])
        folder = f"rejected/{run_key('AllTraffic', day)[5:-9]}"
        kept = made.stored()[f"{folder}/rules/pack-0.3._dataset.jsonl"].splitlines()
        miles = sorted(json.loads(line)["record"]["miles"] for line in kept)
        assert sorted(row["miles"] for row in failing) == miles


def alarms(made: World, *, by_rows: bool) -> int:
    """The violated outcomes in the store; those that only rows can answer, too, or without them."""
    files = Path(made.store).rglob("outcomes.json")
    found = [o for path in files for o in json.loads(path.read_bytes())["outcomes"]]
    return sum(
        o["verdict"] == "violated" and (by_rows or "Spark" not in str(o["numbers"])) for o in found
    )


def test_replay_judges_by_the_packs_what_the_profile_answers(ruled: World) -> None:
    """With the same packs nothing changes, their drift settings among them; the rest is named."""
    told = ruled.run("replay")

    count = alarms(ruled, by_rows=False)
    assert 0 < count < alarms(ruled, by_rows=True)
    assert (0, True) == (told.code, f"{count} alarms before, {count} with these" in told.out)
    assert "0 come, 0 go" in told.out
    (left_out,) = [line for line in told.out.splitlines() if line.startswith("left out")]
    assert [True, True, True, False] == [
        f"pack-0.yaml:{line} (" in left_out for line in (7, 8, 9, 5)
    ]


def test_replay_tells_what_other_packs_would_say(ruled: World, tmp_path: Path) -> None:
    """A bound that is loosened takes its alarm away, a new rule brings one, of each run."""
    kept = [line for line in RULES.splitlines() if "range" not in line]
    for name, rule in (
        ("looser", "{for: miles, range: {max: 9999}}"),
        ("more", "{rows: {max: 9}, description: few}"),
    ):
        (tmp_path / f"{name}.yaml").write_text("\n".join([*kept, f"  - {rule}"]), encoding="utf-8")
    drifted = sum(
        o["check"] == "range_check" and o["verdict"] == "violated" and "rule" in o["numbers"]
        for path in Path(ruled.store).rglob("outcomes.json")
        for o in json.loads(path.read_bytes())["outcomes"]
    )
    before = ruled.stored()
    looser, more = (
        ruled.run("replay", "--set", f"packs=[{tmp_path}/{name}.yaml]").out
        for name in ("looser", "more")
    )
    records = [json.loads(data) for key, data in before.items() if key.endswith("/run.json")]
    runs = sum(record["window"] != "" and record["counts"]["rows"] > 9 for record in records)
    assert f"0 come, {drifted} go" in looser
    assert f"{runs} come, {drifted} go" in more
    assert before == ruled.stored()


def test_rules_of_one_feature_and_check_have_their_own_incidents(tmp_path: Path, data: str) -> None:
    """In the report and in its partitions; moving a rule to another line makes none anew."""
    text = (
        "version: 1\nrules:\n"
        "  - {for: miles, range: {max: 700}, name: far}\n"
        "  - {for: miles, range: {max: 650}, name: farther}\n"
    )
    made = packed(tmp_path, text, data)
    for command in ("baseline", "monitor", "report"):
        assert 0 == made.run(command).code

    def stories() -> dict[str, set[str]]:
        told = made.document("report/data_quality/incidents.json")["incidents"]
        own = [s for s in told if s["rule"] and s["variant"] == "green"]
        return {name: {s["id"] for s in own if s["rule"] == name} for name in ("far", "farther")}

    before = stories()
    assert [1, 1, 2] == [*map(len, before.values()), len(before["far"] | before["farther"])]
    (key,) = [k for k in made.stored() if "feature=miles" in k and "_green" in k]
    lines = [json.loads(line) for line in made.stored()[key].splitlines()]
    assert before["far"] | before["farther"] <= {line["incident"] for line in lines}
    shown = " ".join(made.run("status").out.split())
    assert "(far)" in shown
    assert "(farther)" in shown

    Path(tmp_path, "pack-0.yaml").write_text(text.replace("rules:", "\n\nrules:"), "utf-8")
    assert [0, 0] == [
        made.run("monitor", "--window", "2024-03-04/P1D").code, made.run("report").code,
    ]  # fmt: skip
    assert before == stories()
