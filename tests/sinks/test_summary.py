"""The report's summary."""

from __future__ import annotations

from tidegauge.documents.run import RunStatus
from tidegauge.model.outcome import Violation
from tidegauge.model.window import Window
from tidegauge.sinks.layout import MonitorType, RunKey
from tidegauge.sinks.reported import ReportedRun
from tidegauge.sinks.summary import SummaryRow, summarise, summary_rows

DRIFT, LACK = "baseline_drift_check", "completeness_check"


def ran(hour: str, *found: tuple[str, str], status: str = "Completed") -> ReportedRun:
    """The run of one hour that found these checks of these features violated."""
    key = RunKey(MonitorType.DATA_QUALITY, "A", Window.parse(f"2013-06-{hour}:00Z/PT1H"))
    violations = tuple(Violation(feature, check, f"at {hour}") for feature, check in found)
    return ReportedRun(key, RunStatus(status), "ab12", violations)


RUNS = (
    ran("21T00", ("distance", DRIFT), ("origin", LACK), status="CompletedWithViolations"),
    ran("20T05", ("distance", LACK), ("distance", DRIFT), status="CompletedWithViolations"),
    ran("20T03", ("distance", DRIFT), status="CompletedWithViolations"),
    ran("20T04"),
    ran("20T06", status="Failed"),
)


def test_rows_count_by_feature_day_and_check() -> None:
    """In that order, with the sentence of the first window."""
    assert (
        SummaryRow("distance", "2013-06-20", DRIFT, 2, "at 20T03"),
        SummaryRow("distance", "2013-06-20", LACK, 1, "at 20T05"),
        SummaryRow("distance", "2013-06-21", DRIFT, 1, "at 21T00"),
        SummaryRow("origin", "2013-06-21", LACK, 1, "at 21T00"),
    ) == summary_rows(RUNS)


def test_the_summary_has_totals_statuses_features_and_days() -> None:
    """The whole document."""
    assert {
        "monitor": "flights",
        "type": "data_quality",
        "runs": {"Completed": 1, "CompletedWithViolations": 3, "Failed": 1},
        "incidents": {"open": 0, "closed": 0},
        "violations": 5,
        "checks": {DRIFT: 3, LACK: 2},
        "features": [
            {
                "feature_name": "distance",
                "violations": 4,
                "checks": {DRIFT: 3, LACK: 1},
                "days": [
                    {"date": "2013-06-20", "violations": 3, "checks": {DRIFT: 2, LACK: 1}},
                    {"date": "2013-06-21", "violations": 1, "checks": {DRIFT: 1}},
                ],
            },
            {
                "feature_name": "origin",
                "violations": 1,
                "checks": {LACK: 1},
                "days": [{"date": "2013-06-21", "violations": 1, "checks": {LACK: 1}}],
            },
        ],
    } == summarise("flights", MonitorType.DATA_QUALITY, RUNS)


def test_no_runs_are_a_summary_of_nothing() -> None:
    """An empty report is a report."""
    summary = summarise("flights", MonitorType.DATA_QUALITY, ())
    assert (0, {}, {}, []) == tuple(
        summary[key] for key in ("violations", "checks", "runs", "features")
    )


def test_the_order_of_the_runs_does_not_matter() -> None:
    """The same runs give the same summary."""
    assert summarise("m", MonitorType.DATA_QUALITY, RUNS) == summarise(
        "m", MonitorType.DATA_QUALITY, RUNS[::-1]
    )
