"""accept, replay and mark of model quality, through the program's door."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.e2e.quality_world import DAYS, quality_world, run_key
from tests.e2e.world import World, tidegauge, write_conf

if TYPE_CHECKING:
    from collections.abc import Mapping

BUDGET = "30 per 30d"
THIRD = "2024-03-03/P1D"


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Four days of two variants, of which green answers badly; nobody changes it."""
    made = quality_world(
        tmp_path_factory.mktemp("review"), alarms={"false_alarms": BUDGET, "critical": ["auc"]}
    )
    for command in ("baseline", "monitor"):
        assert 0 == made.run(command).code
    return made


@pytest.fixture
def world(evaluated: World, tmp_path: Path) -> World:
    """The same with a store of its own."""
    store = str(tmp_path / "store")
    shutil.copytree(evaluated.store, store)
    conf = yaml.safe_load(Path(evaluated.conf).read_text())
    return World(evaluated.data, store, write_conf(tmp_path, conf | {"store": store}))


def violated(made: World, variant: str = "green", day: int = 3) -> set[str]:
    """The violated metrics of a run."""
    outcomes = made.document(run_key(variant, day, "outcomes.json"))["outcomes"]
    return {one["feature"] for one in outcomes if one["verdict"] == "violated"}


def alarms(made: World, day: int | None = None) -> int:
    """The violations of all runs, or of a day's."""
    window = "" if day is None else f"window=2024-03-{day:02}T"
    listed = [key for key in made.stored() if key.endswith("constraint_violations.json")]
    keys = [key for key in listed if window in key]
    return sum(len(made.document(key)["violations"]) for key in keys)


def pinned(made: World) -> dict[str, Any]:
    """The constraints that are in force."""
    pin = made.document("baseline/current.json")["model_quality"]
    return made.document(f"baseline/{pin}/model_quality/constraints.json")


def accept(made: World, metric: str, *arguments: str) -> str:
    """What the command says."""
    told = made.run("accept", "--feature", metric, "--window", THIRD, *arguments)
    assert 0 == told.code, told.err
    return told.out


def replay(made: World, *arguments: str) -> str:
    """What the command says, at the end of what it prints."""
    told = made.run("replay", *arguments)
    assert 0 == told.code, told.err
    return told.out[told.out.index("model quality:") :]


def test_accepting_a_metric_makes_its_window_hold(world: World) -> None:
    """A margin around what was seen, of all variants; other metrics and documents are as before."""
    before, others = pinned(world), violated(world) - {"auc"}
    former = world.document("baseline/current.json")["model_quality"]
    said = accept(world, "auc")
    after = pinned(world)

    assert {"auc"} == {
        metric
        for metric, constraint in after["binary_classification_constraints"].items()
        if constraint != before["binary_classification_constraints"][metric]
    }
    assert f"which follows {former}" in said
    worst = world.document(run_key("green", 3, "statistics.json"))["tidegauge"]["metrics"]["auc"]
    basis = after["tidegauge"]["metrics"]["auc"]
    assert ("2024-03-03T0000Z_P1D", worst["value"], worst["n"]) == (
        basis["accepted"], basis["value"], basis["n"]
    )  # fmt: skip
    new = after["binary_classification_constraints"]["auc"]["threshold"]
    assert new < worst["value"]
    assert [
        {
            "former": former,
            "window": "2024-03-03T0000Z_P1D",
            "edits": [{"feature": "auc", "setting": "threshold", "value": new}],
        }
    ] == after["tidegauge"]["history"]

    assert 0 == world.run("monitor", "--window", THIRD).code
    assert others == violated(world)
    assert "auc" not in violated(world, "blue") | violated(world, "_all")
    explained = world.run("explain", "--feature", "auc", "--window", THIRD).out
    assert "accepted_in: 2024-03-03T0000Z_P1D" in explained


def test_the_violation_suggests_what_accepting_does(world: World) -> None:
    """To the last digit; a metric that people call critical is told as such."""
    listed = world.document(run_key("green", 3, "constraint_violations.json"))["violations"]
    told: Mapping[str, Any] = {one["metric_name"]: one["tidegauge"] for one in listed}
    accept(world, "auc", "--variant", "green")

    new = pinned(world)["binary_classification_constraints"]["auc"]["threshold"]
    assert {"feature": "auc", "setting": "threshold", "value": new} == told["auc"]["suggested_edit"]
    assert ("critical", "warning") == (told["auc"]["severity"], told["accuracy"]["severity"])


def test_every_metric_of_a_bad_day_can_be_accepted(world: World) -> None:
    """One after the other, until the day is no news; the history has them all."""
    found = sorted(violated(world))
    for metric in found:
        accept(world, metric)
    assert 0 == world.run("monitor", "--window", THIRD).code

    assert len(found) > 5
    assert set() == violated(world)
    history = pinned(world)["tidegauge"]["history"]
    assert found == [entry["edits"][0]["feature"] for entry in history]


def test_a_constraint_of_people_gets_the_value_itself(world: World) -> None:
    """It has no margin, neither before nor after: who edits a document means the number."""
    pin = world.document("baseline/current.json")["model_quality"]
    path = Path(world.store, f"flights/baseline/{pin}/model_quality/constraints.json")
    document = json.loads(path.read_bytes())
    document["binary_classification_constraints"]["auc"]["threshold"] = 0.99
    path.write_text(json.dumps(document))
    assert 0 == world.run("monitor", "--window", THIRD).code
    accept(world, "auc")

    metrics = (
        world.document(run_key(variant, 3, "statistics.json"))["binary_classification_metrics"]
        for variant in ("blue", "green", "_all")
    )
    worst = min(one["auc"]["value"] for one in metrics)
    assert worst == pinned(world)["binary_classification_constraints"]["auc"]["threshold"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--feature", "acu", "--window", THIRD), "did you mean 'auc'?"),
        (("--feature", "auc", "--window", "2024-03-09/P1D"), "violations of nothing"),
        (("--feature", "auc", "--window", THIRD, "--type", "data_quality"), "of nothing"),
    ],
)
def test_what_is_no_violation_cannot_be_accepted(
    evaluated: World, arguments: tuple[str, ...], told: str
) -> None:
    """The sentence says what there is."""
    refused = evaluated.run("accept", *arguments)
    assert (2, True) == (refused.code, told in refused.err), refused.err


def test_what_was_accepted_is_not_tightened(world: World) -> None:
    """A window that an earlier baseline judged, and this one allows, changes nothing."""
    accept(world, "auc")
    before = pinned(world)
    again = world.run("accept", "--feature", "auc", "--window", THIRD)
    milder = world.run("accept", "--feature", "auc", "--window", "2024-03-01/P1D")

    assert (2, 2) == (again.code, milder.code)
    assert "allows what the window has shown already" in again.err
    assert before == pinned(world)


def test_replay_with_the_same_settings_changes_nothing(evaluated: World) -> None:
    """And writes nothing."""
    before = evaluated.stored()
    found = alarms(evaluated)

    assert found > 20
    assert (
        f"model quality: 12 runs judged again: {found} alarms before, {found} with these settings; "
        "0 come, 0 go. Nothing was written\n"
    ) == replay(evaluated)
    assert before == evaluated.stored()


@pytest.mark.parametrize(
    "settings",
    [
        ("alarms.false_alarms=0.5 per 30d", "model_quality.min_effect=0.1"),
        ("alarms.persistence=2 of 3",),
        ("alarms.method=sagemaker",),
        ("model_quality.fewest_labels=200",),
    ],
)
def test_replay_says_what_the_jobs_would_have_said(world: World, settings: tuple[str, ...]) -> None:
    """The baseline made, and a window evaluated, with other settings."""
    words = [word for one in settings for word in ("--set", one)]
    said = replay(world, "--from", "2024-03-03", "--to", "2024-03-04", *words)
    before = alarms(world, day=3)
    assert 0 == world.run("baseline", *words).code
    assert 0 == world.run("monitor", "--window", THIRD, *words).code

    assert f"3 runs judged again: {before} alarms before, {alarms(world, day=3)} with" in said
    assert before != alarms(world, day=3)


def test_replay_holds_windows_against_what_is_pinned_now(world: World) -> None:
    """An accepted metric alarms no more, in any window that was no worse."""
    runs = [(variant, day) for variant in ("blue", "green", "_all") for day in DAYS]
    auc = sum("auc" in violated(world, *run) for run in runs)
    accept(world, "auc")

    assert auc > 5
    assert f"0 come, {auc} go" in replay(world)


def test_states_of_another_threshold_are_left_out(evaluated: World) -> None:
    """They do not tell the other threshold's counts; the sentence says what to do."""
    said = replay(evaluated, "--set", "model_quality.threshold=0.4")
    assert "0 runs judged again" in said
    assert "left out: 12 runs whose states were folded by another threshold" in said


def test_a_marked_window_is_left_out_of_the_swings(world: World) -> None:
    """The baseline's ten days have eight whole ones, the fewest that tell a swing."""
    blocks = pinned(world)["tidegauge"]["metrics"]["auc"]["blocks"]
    assert 0 == world.run("mark", "--window", "2024-02-25T12:00Z/PT1H").code
    assert 0 == world.run("baseline").code
    assert (8, 0) == (blocks, pinned(world)["tidegauge"]["metrics"]["auc"]["blocks"])


def test_show_tells_what_a_threshold_stands_on(world: World) -> None:
    """The baseline, or the window that was accepted."""
    accept(world, "auc")
    pin = world.document("baseline/current.json")["model_quality"]
    path = Path(world.store, f"flights/baseline/{pin}/model_quality/constraints.json")
    told = tidegauge("show", str(path))
    lines = {line.split()[1]: line for line in told.out.splitlines() if line.startswith("│")}
    assert "2024-03-03T00:00Z/P1D, accepted" in lines["auc"]
    assert "the baseline" in lines["accuracy"]
