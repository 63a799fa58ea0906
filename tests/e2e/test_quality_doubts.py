"""A conf of model quality that does not fit its data: what a newcomer is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.e2e.quality_world import answers, ground_truth, quality_world, run_key, told
from tests.e2e.world import World, parquet_file, put, write_conf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.e2e.world import Told

SECOND = ("--window", "2024-03-02/P1D")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A monitor with a baseline."""
    world = quality_world(tmp_path_factory.mktemp("doubts"))
    assert 0 == world.run("baseline").code
    return world


def asked(world: World, command: str, *settings: str) -> Told:
    """The command with some settings."""
    window = SECOND if command == "monitor" else ()
    return world.run(command, *window, *(word for one in settings for word in ("--set", one)))


def in_parquet(folder: Path, rows: Sequence[Mapping[str, Any]]) -> World:
    """The same model with these captures of the second of March in Parquet."""
    world = quality_world(folder)
    put(world.data, {"table/blue/2024/03/02/05/0.parquet": parquet_file([dict(r) for r in rows])})
    conf = yaml.safe_load(Path(world.conf).read_text())
    layout = "{variant}/{yyyy}/{mm}/{dd}/{hh}"
    conf["captures"] = {
        "uri": f"{world.data}/table", "format": "parquet", "layout": layout, "id": "key",
    }  # fmt: skip
    made = World(world.data, world.store, write_conf(folder, conf))
    assert 0 == made.run("baseline").code
    return made


def second(**changes: object) -> list[dict[str, Any]]:
    """The answers of one hour of the second of March, as rows."""
    some = [a for a in answers() if a.id.startswith("blue-2-5-")]
    return [{"key": a.id, "amount": a.amount, "score": a.score} | changes for a in some]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("model_quality.threshold=2", "every answer of the baseline counts as '0'"),
        ("model_quality.threshold=-1", "every answer of the baseline counts as '1'"),
        ("model_quality.positive=Y", "every label of the baseline counts as '0'"),
        ("model_quality.baseline.time=unused", "the column 'unused' cuts the baseline's rows into"),
        ("model_quality.baseline.time=null", "the conf has no `model_quality.baseline.time`"),
    ],
)
def test_a_baseline_that_tells_little_is_warned_of(made: World, setting: str, told: str) -> None:
    """On stderr, and in the notes of its run.json."""
    world = World(made.data, made.store + "-other", made.conf)
    said = asked(world, "baseline", setting, f"store={world.store}")
    pin = world.document("baseline/current.json")["model_quality"]
    notes = world.document(f"baseline/{pin}/model_quality/run.json")["notes"]

    assert 0 == said.code
    assert 1 == sum(told in message for message in said.messages("warning"))
    assert 1 == sum(told in note for note in notes)


def test_a_baseline_that_fits_is_not_warned_of(tmp_path: Path) -> None:
    """Both classes are there, and ten days."""
    assert [] == quality_world(tmp_path).run("baseline").messages("warning")


def test_a_baseline_of_rows_without_answers_says_what_they_lack(made: World) -> None:
    """How many have no label, and how many no answer."""
    many = len(answers())
    rows = parquet_file([{"score": "high", "late": None if i % 4 else 1} for i in range(many)])
    place = put(f"{made.data}-text", {"rows.parquet": rows})
    said = asked(
        made,
        "baseline",
        f"model_quality.baseline={{uri: {place}, format: parquet}}",
        "model_quality.costs=null",
    )
    assert 4 == said.code
    assert f"none of the {many} rows" in said.error
    assert f"{many * 3 // 4} have no label in 'late', and {many // 4} of the others" in said.error


def test_other_settings_than_the_baselines_are_warned_of(made: World) -> None:
    """By `monitor`, `check` and `replay`: the constraints are of other answers."""
    words = ("model_quality.threshold=0.3", "model_quality.costs=null")
    for command in ("check", "monitor", "replay"):
        told = asked(made, command, *words)
        assert 0 == told.code
        assert [True] == [
            "another model_quality.threshold and costs than the conf has" in message
            for message in told.messages("warning")
        ]
        assert [] == asked(made, command).messages("warning")


def test_classes_that_yaml_takes_for_numbers_are_names(made: World) -> None:
    """`positive: 1` and `positive: true` are the default, and change nothing."""
    pin = made.document("baseline/current.json")
    for settings in (("positive=1", "negative=0"), ("positive=1.0",), ("positive=true",)):
        words = [f"model_quality.{setting}" for setting in settings]
        assert [] == asked(made, "monitor", "model_quality.positive=1").messages("warning")
        assert 0 == asked(made, "check", *words, "model_quality.classes=[0, 1]").code
    assert pin == made.document("baseline/current.json")


@pytest.mark.parametrize(
    ("command", "setting"),
    [
        ("baseline", "model_quality.baseline=null"),
        *((command, "ground_truth=null") for command in ("monitor", "report", "replay")),
    ],
)
def test_a_conf_that_has_nothing_for_a_command_is_refused(
    made: World, command: str, setting: str
) -> None:
    """Neither in silence nor with a traceback."""
    told = made.run(command, "--set", setting)
    assert (2, True) == (told.code, "has neither `training`" in told.error)


@pytest.mark.parametrize("key", ["captures.id", "model_quality.score"])
def test_a_column_that_captures_do_not_have_is_told(tmp_path: Path, key: str) -> None:
    """Exit 4 with the columns that there are, and nothing is committed."""
    made = in_parquet(tmp_path, second())
    told = made.run("monitor", "--set", f"{key}=nope")
    assert (4, True) == (told.code, "no column 'nope': there are key, amount, score" in told.error)
    assert not [k for k in made.stored() if k.startswith(("runs/", "merged/"))]


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"score": "high"}, "57 of 57 labelled rows have no answer that can be read"),
        ({"key": None}, "60 of 60 predictions have no id by which a label could be found"),
    ],
)
def test_rows_that_lack_what_counts_are_told(
    tmp_path: Path, changes: dict[str, object], lacks: str
) -> None:
    """Never as a model that did well: a warning, the run's reason, and its notes."""
    made = in_parquet(tmp_path, second(**changes))
    told = made.run("monitor")
    run = made.document(run_key("blue", 2))

    assert 0 == told.code
    assert [f"blue 2024-03-02T00:00Z/P1D: {run['reason']}"] == [
        message for message in told.messages("warning") if lacks in message
    ]
    assert (run["reason"],) == tuple(run["notes"])
    assert f"1 of them decide nothing: {run['reason']}" in told.out
    assert 0 == run["counts"]["held"]


def test_labels_that_find_no_prediction_are_told(made: World) -> None:
    """All of them are of other ids: nobody need wait for coverage."""
    others = [replace(label, id=f"other-{label.id}") for label in told()]
    place = put(f"{made.data}-others", ground_truth(others))
    said = asked(made, "monitor", f"ground_truth.uri={place}/truth")
    lost = [m for m in said.messages("warning") if "is of a prediction of" in m]

    assert (0, 1) == (said.code, len(lost))
    assert f"none of the {len({one.id for one in others})} labels that were read" in lost[0]
    assert "is of a prediction of" not in asked(made, "monitor").err


def test_a_few_answers_that_cannot_be_read_are_only_counted(tmp_path: Path) -> None:
    """As many as `max_rejected` allows of other records."""
    some = second()
    some[0]["score"] = None
    made = in_parquet(tmp_path, some)
    assert 0 == made.run("monitor", "--set", "max_rejected=0.05").code
    run = made.document(run_key("blue", 2))
    assert (1, "", []) == (run["counts"]["unanswered"], run["reason"], run["notes"])
