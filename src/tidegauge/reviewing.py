"""The commands of people who review alarms: explain, replay, accept, mark."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tidegauge.config.loading import load_conf
from tidegauge.errors import ExitCode
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY, Job
from tidegauge.flows.types import is_monitored, types_of
from tidegauge.model.window import Window, parse_time
from tidegauge.running import LocalEngine
from tidegauge.showing import changes_table
from tidegauge.sinks.reported import ReportScope
from tidegauge.terminal import print_table, print_text

if TYPE_CHECKING:
    import argparse

    from tidegauge.flows.replaying import Replayed
    from tidegauge.sinks.layout import MonitorType

log = logging.getLogger(__name__)


def explain(arguments: argparse.Namespace) -> int:
    """`tidegauge explain`: why a feature alarmed in a window, or why it did not."""
    from tidegauge.flows.review import outcomes_of
    from tidegauge.rules.alarms.explain import explained

    window = Window.parse(arguments.window)
    for told in outcomes_of(_job(arguments), arguments.feature, window, arguments.variant):
        print_text(f"{arguments.feature}, {told.key.variant}, {window}")
        for outcome in told.outcomes:
            first, *steps = explained(outcome)
            print_text("\n".join((f"\n  {first}", *(f"    - {step}" for step in steps))))
        print_text("")
    return int(ExitCode.DONE)


def replay(arguments: argparse.Namespace) -> int:
    """`tidegauge replay`: which alarms of past windows other settings would bring or take."""
    from tidegauge.flows.replaying import replayed
    from tidegauge.flows.replaying_quality import replayed_quality

    since, until = (
        parse_time(text) if text else None for text in (arguments.since, arguments.until)
    )
    job = _job(arguments)
    for type_ in types_of(job.conf, arguments.type, is_monitored):
        again = replayed_quality if type_ is MODEL_QUALITY else replayed
        _print_replayed(again(job, ReportScope(type_, since, until)), type_)
    return int(ExitCode.DONE)


def _print_replayed(made: Replayed, type_: MonitorType) -> None:
    if made.changes:
        shown = changes_table(made.changes)
        print_table(shown.title, shown.columns, shown.rows, shown.right)
    come = sum(change.comes for change in made.changes)
    of = "" if type_ is DATA_QUALITY else f"{type_.replace('_', ' ')}: "
    print_text(
        f"{of}{made.runs} runs judged again: {made.before} alarms before, {made.now} with these "
        f"settings; {come} come, {len(made.changes) - come} go. Nothing was written"
    )
    if made.left_out:
        rules = ", ".join(f"{one.rule.place} ({one.feature})" for one in made.left_out)
        print_text(f"left out, since only the rows can answer them: {rules}")
    if made.of_other_plans:
        print_text(
            f"left out: {made.of_other_plans} runs whose states were folded by another threshold, "
            "classes or costs than the conf has now; run their windows again with --window"
        )


def accept(arguments: argparse.Namespace) -> int:
    """`tidegauge accept`: a new baseline that allows what a window has shown of a feature."""
    from tidegauge.flows.accept import accept as accepted

    job, window = _job(arguments), Window.parse(arguments.window)
    types = types_of(job.conf, arguments.type, is_monitored)
    made = accepted(job, arguments.feature, window, arguments.variant, types)
    for edit in made.edits:
        print_text(f"{edit.feature}: {edit.setting} = {edit.value}")
    of = "" if made.type is DATA_QUALITY else f"{made.type.replace('_', '-')} "
    print_text(f"{of}baseline {made.id}, which follows {made.former}, is pinned: {made.folder}")
    return int(ExitCode.DONE)


def mark(arguments: argparse.Namespace) -> int:
    """`tidegauge mark`: a window is bad, and never calibrates anything; or it is not."""
    from tidegauge.flows.marks import bad_windows, mark_bad, mark_good

    job, window = _job(arguments), Window.parse(arguments.window)
    if arguments.good:
        mark_good(job, window)
    else:
        mark_bad(job, window, arguments.reason)
    marks = bad_windows(job)
    for bad in sorted(marks):
        print_text(f"{bad}  {marks[bad]}".rstrip())
    print_text(f"{len(marks)} windows are marked as bad; the next baseline leaves their blocks out")
    return int(ExitCode.DONE)


def _job(arguments: argparse.Namespace) -> Job:
    return Job(load_conf(arguments.conf, arguments.overrides), LocalEngine())
