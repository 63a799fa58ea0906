"""Schedules of the service as windows, and what is different about them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tidegauge.config.sagemaker.schedules import Schedule, Windows, windows_of

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("cron(0 * ? * * *)", 1),
        ("cron(0 0 ? * * *)", 24),
        ("cron(0 0/6 ? * * *)", 6),
        ("cron(0 18/6 ? * * *)", 6),
        ("cron(0 0/24 ? * * *)", 24),
        ("cron(0 5/1 ? * * *)", 1),
    ],
)
def test_what_the_service_schedules_is_a_window(expression: str, hours: int) -> None:
    """Each job looks at the time since the one before."""
    assert Windows(hours * HOUR) == windows_of(Schedule(expression))


@pytest.mark.parametrize(
    ("expression", "hours", "note"),
    [
        ("cron(0 12 ? * * *)", 24, "the service's began PT12H later than ours"),
        ("cron(0 17/12 ? * * *)", 12, "the service's began PT5H later than ours"),
        ("cron(0 0/7 ? * * *)", 7, "it does not divide a day"),
        (None, 24, "the service chose the hour of the day"),
    ],
)
def test_windows_that_lie_elsewhere_on_the_clock_are_told(
    expression: str | None, hours: int, note: str
) -> None:
    """Ours are counted from the Unix epoch."""
    found = windows_of(Schedule(expression))

    assert (hours * HOUR, None) == (found.length, found.every)
    assert note in found.notes[0]


@pytest.mark.parametrize(
    "expression",
    ["cron(5 * ? * * *)", "rate(1 hour)", "cron(0 0/0 ? * * *)", "cron(0 0/25 ? * * *)"],
)
def test_an_expression_that_the_service_would_not_take_is_no_window(expression: str) -> None:
    """It is told, not guessed at."""
    found = windows_of(Schedule(expression))

    assert found.length is None
    assert "is none of the service's" in found.notes[0]


def test_a_job_that_runs_once_has_the_window_of_its_offsets() -> None:
    """`NOW` needs both, as the service does."""
    found = windows_of(Schedule("NOW", "-PT5H", "-PT0H"))

    assert (5 * HOUR, None) == (found.length, found.every)
    assert "--window START/DURATION" in found.notes[0]
    assert None is windows_of(Schedule("NOW")).length


def test_offsets_of_a_recurring_job_are_its_window() -> None:
    """Where they are the schedule's own there is nothing to tell."""
    hourly = "cron(0 * ? * * *)"

    assert Windows(HOUR) == windows_of(Schedule(hourly, "-PT1H", "-PT0H"))
    assert Windows(3 * HOUR, HOUR) == windows_of(Schedule(hourly, "-PT3H", "-PT0H"))
    assert Windows(HOUR, delay=HOUR) == windows_of(Schedule(hourly, "-PT2H", "-PT1H"))


@pytest.mark.parametrize(
    ("since", "until"),
    [("-PT1H", "-PT2H"), ("-PT1H", "-PT1H"), ("soon", "-PT0H"), ("-PT1H", "-P0Y")],
)
def test_offsets_that_leave_no_time_are_told(since: str, until: str) -> None:
    """The schedule's own window is kept."""
    schedule = Schedule("cron(0 * ? * * *)", since, until)

    assert Windows(HOUR, None, (f"{since} to {until} is no span of time",)) == windows_of(schedule)
