"""Reports tell everyone once; who fails is told later; no secret is written anywhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.alerts.conftest import receiving
from tests.e2e.world import World, capture_file, hour_key, put, rows, strict_json

if TYPE_CHECKING:
    from tests.alerts.conftest import Receiver

LEDGER = "alerts/data_quality/delivered.json"


def alert(made: World, **alerts: object) -> None:
    """Put the section into the conf."""
    path = Path(made.conf)
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"alerts": alerts}))


def changes(receiver: Receiver) -> list[tuple[str, str, str]]:
    """What a plain webhook was told: the change, the variant, the feature."""
    return [
        (told["change"], told["variant"], told["feature"])
        for message in receiver.got
        for told in message["changes"]
    ]


@pytest.fixture
def drifted(moved: World) -> World:
    """The captures up to the fourth were checked, on which green sent kilometres."""
    return moved


def test_an_incident_is_told_when_it_opens_and_when_it_closes(
    drifted: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And by no report in between."""
    monkeypatch.setenv("HOOK", receiver.url)
    alert(drifted, webhook={"url": {"env": "HOOK"}})
    first = drifted.run("report")
    opened = changes(receiver)
    drifted.run("report")
    assert "webhook was told of" in first.out
    assert ("opened", "green", "miles") in opened
    assert opened == changes(receiver)

    put(drifted.data, {hour_key("green", 5, 3): capture_file(rows(7, 90), 5, 3)})
    drifted.run("monitor")
    drifted.run("report")
    drifted.run("report")

    assert [("closed", "green", "miles")] == [
        told for told in changes(receiver) if told[1:] == ("green", "miles") and told not in opened
    ]
    assert len(set(changes(receiver))) == len(changes(receiver))


def test_who_fails_is_told_by_the_next_report(
    drifted: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is well, the others are told, and the secret is in no log and no document."""
    monkeypatch.setenv("HOOK", receiver.url)
    monkeypatch.setenv("SLACK", receiver.url.replace("T0-", "T1-"))
    url = {"env": "HOOK"}
    alert(
        drifted, webhook={"url": url}, slack={"url": {"env": "SLACK"}}, teams={"url": {"env": "NO"}}
    )
    receiver.status = 503
    told = drifted.run("report")
    receiver.status = 200
    again = drifted.run("report")

    assert (0, 0) == (told.code, again.code)
    assert "the webhook webhook" not in told.err
    assert any("alerts.webhook" in warning for warning in told.messages("warning"))
    assert any("NO is not set" in warning for warning in again.messages("warning"))
    assert ["webhook", "slack"] == [
        "webhook" if "changes" in message else "slack" for message in receiver.got
    ][::-1]
    written = b"".join(drifted.stored().values()).decode("utf-8", "replace")
    assert "s3cr3t" not in told.out + told.err + again.out + again.err + written


def test_an_incident_whose_windows_are_run_again_is_withdrawn(
    drifted: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the captures were wrong and are mended, those who were told hear of it, once."""
    monkeypatch.setenv("HOOK", receiver.url)
    alert(drifted, webhook={"url": {"env": "HOOK"}})
    drifted.run("report")
    for hour in (5, 17):
        put(drifted.data, {hour_key("green", 4, hour): capture_file(rows(hour, 30), 4, hour)})
    drifted.run("monitor", "--window", "2024-03-04T00:00Z/P1D")
    drifted.run("report")
    drifted.run("report")

    of_miles = [told[0] for told in changes(receiver) if told[1:] == ("green", "miles")]
    assert ["opened", "withdrawn"] == of_miles


def test_only_critical_features_reach_the_pager(
    drifted: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`severity: critical` keeps the others from a receiver."""
    monkeypatch.setenv("HOOK", receiver.url)
    alert(drifted, webhook={"url": {"env": "HOOK"}, "severity": "critical"})
    drifted.run("report")

    assert [] == receiver.got


def test_prometheus_reads_the_state(drifted: World, tmp_path: Path) -> None:
    """Its own parser reads the file; names are escaped, and open incidents are counted."""
    file = tmp_path / "metrics" / "tidegauge.prom"
    alert(drifted, prometheus={"file": str(file)})
    drifted.run("report")
    samples = [
        sample
        for family in text_string_to_metric_families(file.read_text(encoding="utf-8"))
        for sample in family.samples
    ]

    def value(name: str, **labels: str) -> float:
        (found,) = [
            s.value for s in samples
            if s.name == f"tidegauge_{name}" and labels.items() <= s.labels.items()
        ]  # fmt: skip
        return float(found)

    stories = drifted.document("report/data_quality/incidents.json")["incidents"]
    assert sum(s["status"] == "open" for s in stories) == value(
        "open_incidents", severity="warning"
    )
    assert 1.0 == value("incident_open", variant="green", feature="miles")
    assert datetime(2024, 3, 5, tzinfo=UTC).timestamp() == value(
        "last_window_end_seconds", variant="green"
    )
    assert 60.0 == value("last_window_rows", variant="green")

    # Whatever a report is about, the file tells the newest state of everything.
    newest = file.read_bytes()
    for some in (("--to", "2024-03-02"), ("--type", "model_quality")):
        assert 0 == drifted.run("report", *some).code
        assert newest == file.read_bytes()


def test_each_window_is_an_event_of_openlineage_once(drifted: World, tmp_path: Path) -> None:
    """In a folder or by HTTP, with the assertions of its data; a window run again comes again."""
    with receiving() as receiver:
        alert(drifted, openlineage={"uri": str(tmp_path / "events")})
        drifted.run("report")
        events = {path.name: path.read_bytes() for path in (tmp_path / "events").iterdir()}
        alert(drifted, openlineage={"uri": receiver.url})
        drifted.run("report")
        assert 0 == len(receiver.got)  # the same receiver by its name, which has them
        put(drifted.data, {hour_key("blue", 4, 5): capture_file(rows(7, 10), 4, 5)})
        drifted.run("monitor", "--window", "2024-03-04T00:00Z/P1D", "--variant", "blue")
        drifted.run("report")

    name = "type=data_quality.variant=green.window=2024-03-04T0000Z_P1D.json"
    event: Any = strict_json(events[name])
    (data,) = event["inputs"]
    metrics, asserted = (
        data["inputFacets"][f"dataQuality{what}"] for what in ("Metrics", "Assertions")
    )
    assert 60 == metrics["rowCount"] == metrics["columnMetrics"]["miles"]["count"]
    assert False in {a["success"] for a in asserted["assertions"] if a["column"] == "miles"}
    assert {"2024-03-04T00:00:00.000Z"} == {
        event["run"]["facets"]["nominalTime"]["nominalStartTime"]
    }
    variants = {path.split("variant=")[1].split(".")[0] for path in events}
    assert {"_all", "blue", "green"} == variants
    assert ["blue"] == [
        e["outputs"][0]["name"].split("variant=")[1].split("/")[0] for e in receiver.got
    ]


def test_nothing_is_told_and_no_ledger_made_without_receivers(drifted: World) -> None:
    """The store is as it was before there were alerts."""
    drifted.run("report")

    assert LEDGER not in drifted.stored()


def test_a_report_of_one_type_says_nothing_of_the_others(
    drifted: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has not looked at has not gone: nothing is withdrawn, and the ledger keeps it."""
    monkeypatch.setenv("HOOK", receiver.url)
    alert(drifted, webhook={"url": {"env": "HOOK"}})
    drifted.run("report")
    path = Path(drifted.store, "flights", LEDGER)
    ledger = strict_json(path.read_bytes())
    other = dict(next(iter(ledger["incidents"]["webhook"].values())))
    other |= {"type": "model_quality", "incident": "0ther"}
    ledger["incidents"]["webhook"]["0ther"] = other
    path.write_text(json.dumps(ledger))
    told = len(receiver.got)
    assert 0 == drifted.run("report", "--type", "data_quality").code

    assert told == len(receiver.got)
    assert "0ther" in strict_json(path.read_bytes())["incidents"]["webhook"]
