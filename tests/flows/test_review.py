"""explain, replay, accept and mark: what people do with an alarm, through the program's door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.flows.endpoint import CALM, DRIFTED, Endpoint, make_endpoint

from tidegauge.app import main

if TYPE_CHECKING:
    from collections.abc import Callable

Run = "Callable[..., str]"


@pytest.fixture
def endpoint(tmp_path: Path) -> Endpoint:
    """An endpoint whose two hours were run, the second of them drifted."""
    made = make_endpoint(tmp_path)
    assert 0 == main(["baseline", made.conf])
    assert 0 == main(["monitor", made.conf])
    return made


@pytest.fixture
def run(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A command that succeeds: what it prints."""

    def ran(command: str, *arguments: str) -> str:
        capsys.readouterr()
        code = main([command, endpoint.conf, *arguments])
        told = capsys.readouterr()
        assert 0 == code, told.err
        return told.out

    return ran


def violated(endpoint: Endpoint) -> dict[str, set[str]]:
    """The violated features by window."""
    files = Path(str(endpoint.tree["store"])).rglob("outcomes.json")
    return {
        path.parent.name.removeprefix("window="): {
            outcome["feature"]
            for outcome in json.loads(path.read_bytes())["outcomes"]
            if outcome["verdict"] == "violated"
        }
        for path in files
    }


def pinned(endpoint: Endpoint) -> dict[str, Any]:
    """The constraints that are in force."""
    root = Path(str(endpoint.tree["store"]), str(endpoint.tree["monitor"]), "baseline")
    baseline = json.loads((root / "current.json").read_bytes())["baseline"]
    path = root / baseline / "data_quality" / "constraints.json"
    constraints: dict[str, Any] = json.loads(path.read_bytes())
    return constraints


def test_explain_says_why_and_why_not(run: Callable[..., str]) -> None:
    """Every check of the feature, with p, alpha and floor."""
    why = run("explain", "--feature", "distance", "--window", DRIFTED)
    why_not = run("explain", "--feature", "distance", "--window", CALM)

    for words in (
        "baseline_drift_check: violated",
        "p = 2 exp(-2 gap^2 n m / (n + m))",
        "violated: p is below alpha, and the difference above its floor",
    ):
        assert words in why
        assert words not in why_not.replace(words, "", words.startswith("p = "))
    assert "not enough data: a difference at the floor would not have shown" in why_not


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--feature", "distanse", "--window", CALM), "did you mean 'distance'?"),
        (("--feature", "distance", "--window", "2024-06-25/P1D"), "there are 2, from 2024-06-23"),
    ],
)
def test_explain_of_nothing_names_what_there_is(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    """Usage, not a traceback."""
    assert 2 == main(["explain", endpoint.conf, *arguments])
    assert told in capsys.readouterr().err


def test_replay_tells_what_would_go_and_writes_nothing(
    endpoint: Endpoint, run: Callable[..., str]
) -> None:
    """With the same settings nothing changes; with floors beyond reach all go but a gap of 1."""
    store = Path(str(endpoint.tree["store"]))
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    same = run("replay")
    deaf = run("replay", "--set", "alarms.min_effect=0.999", "--set", "alarms.min_share=0.999")

    alarms = len(violated(endpoint)["2024-06-23T0300Z_PT1H"])
    assert alarms > 1
    assert "0 come, 0 go" in same
    assert f"{alarms} alarms before, 1 with these settings; 0 come, {alarms - 1} go" in deaf
    assert before == {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}


def test_accepting_makes_the_window_hold(endpoint: Endpoint, run: Callable[..., str]) -> None:
    """Feature by feature, until the drifted hour is no news; the history tells how."""
    drifted = "2024-06-23T0300Z_PT1H"
    found = violated(endpoint)[drifted]
    for feature in sorted(found):
        run("accept", "--feature", feature, "--window", DRIFTED)
    run("monitor", "--window", DRIFTED)

    assert found
    assert set() == violated(endpoint)[drifted]
    history = pinned(endpoint)["tidegauge"]["history"]
    assert sorted(found) == [entry["edits"][0]["feature"] for entry in history]
    assert {drifted} == {entry["window"] for entry in history}


def test_what_is_no_violation_cannot_be_accepted(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names the features that have one."""
    assert 2 == main(["accept", endpoint.conf, "--feature", "seats", "--window", DRIFTED])
    told = capsys.readouterr().err
    assert "has no violation of 'seats'" in told
    assert "distance" in told


def test_a_marked_window_calibrates_nothing(endpoint: Endpoint, run: Callable[..., str]) -> None:
    """It is listed until it is taken back; what is not marked cannot be."""
    marked = run("mark", "--window", DRIFTED, "--reason", "a bad deploy")
    good = run("mark", "--window", DRIFTED, "--good")

    assert "2024-06-23T03:00Z/PT1H  a bad deploy\n1 windows are marked" in marked
    assert "0 windows are marked" in good
    assert 2 == main(["mark", endpoint.conf, "--window", DRIFTED, "--good"])


def test_names_that_the_baseline_does_not_have_are_warned_of(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip in the conf's alarms would do nothing, in silence."""
    capsys.readouterr()
    for key in ("critical=[distanse]", "features={distanse: {power: 0.9}}"):
        assert 0 == main(["monitor", endpoint.conf, "--window", CALM, "--set", f"alarms.{key}"])
        assert "did you mean 'distance'?" in capsys.readouterr().err
