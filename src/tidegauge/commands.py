"""The commands: from parsed arguments through a flow to what people see."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tidegauge.config.loading import load_conf, to_yaml
from tidegauge.config.schema import Conf, EngineName
from tidegauge.engines.arrow.memory import forgo_pandas
from tidegauge.errors import ExitCode, UsageError
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY, Job
from tidegauge.flows.scripts import has_scripts
from tidegauge.flows.types import has_baseline, is_monitored, types_of
from tidegauge.model.window import Window, parse_time
from tidegauge.rules.packs.rows import RowRules
from tidegauge.running import AutoEngine, LocalEngine, SparkEngine
from tidegauge.showing import days_table, open_incidents_table, rules_table, tables
from tidegauge.showing_quality import quality_table
from tidegauge.sinks.layout import Layout, MonitorType
from tidegauge.storage import storage_for
from tidegauge.terminal import print_table, print_text, working

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tidegauge.flows.report import Report
    from tidegauge.rules.packs.overlay import InForce
    from tidegauge.shown import Shown

log = logging.getLogger(__name__)

_FEW_REASONS = 3


def baseline(arguments: argparse.Namespace) -> int:
    """`tidegauge baseline`: profile, suggest, pin; of each type that the conf has data for."""
    job = _job(arguments)
    for type_ in types_of(job.conf, arguments.type, has_baseline):
        if type_ is MODEL_QUALITY:
            _quality_baseline(job)
        else:
            _data_baseline(job)
    return int(ExitCode.DONE)


def _data_baseline(job: Job) -> None:
    from tidegauge.flows.baseline import make_baseline

    with working(f"profiling {job.conf.training.uri if job.conf.training else ''}"):
        made = make_baseline(job)
    log.info(
        "baseline %s of %s: %d rows, %d features, pinned",
        made.id, job.conf.monitor, made.profile.rows, len(made.profile.features),
        extra={"baseline": made.id, "rows": made.profile.rows},
    )  # fmt: skip
    print_text(f"baseline {made.id} is pinned: {made.folder}")


def _quality_baseline(job: Job) -> None:
    from tidegauge.flows.quality_baseline import make_quality_baseline

    with working("holding the baseline's answers against their labels"):
        made = make_quality_baseline(job)
    log.info(
        "model-quality baseline %s of %s: %d rows with label and answer, pinned",
        made.id, job.conf.monitor, made.profile.rows,
        extra={"baseline": made.id, "rows": made.profile.rows},
    )  # fmt: skip
    print_text(f"model-quality baseline {made.id} is pinned: {made.folder}")


def monitor(arguments: argparse.Namespace) -> int:
    """`tidegauge monitor`: check the due windows; the worst window's code is the job's."""
    job = _job(arguments)
    window = Window.parse(arguments.window) if arguments.window else None
    codes = [
        _monitored(job, type_, window, arguments.variant)
        for type_ in types_of(job.conf, arguments.type, is_monitored)
    ]
    return max(codes)


def _monitored(job: Job, type_: MonitorType, window: Window | None, variant: str | None) -> int:
    from tidegauge.flows.monitor import run_monitor
    from tidegauge.flows.quality import run_quality

    run = run_quality if type_ is MODEL_QUALITY else run_monitor
    with working(f"checking the captures at {job.conf.captures.uri if job.conf.captures else ''}"):
        runs = run(job, datetime.now(UTC), window, variant)
    of = "" if type_ is DATA_QUALITY else f"{type_.replace('_', ' ')}: "
    if not runs:
        print_text(f"{of}no complete window is waiting: nothing to do")
        return int(ExitCode.DONE)
    violated = sum(1 for run in runs if run.violations)
    failed = sum(1 for run in runs if run.status == "Failed")
    print_text(
        f"{of}{len(runs)} windows checked: {violated} with violations, {failed} failed; "
        f"documents are under {job.layout.variants(type_)}"
    )
    empty = Counter(run.reason for run in runs if run.reason and run.status != "Failed")
    for reason, count in empty.most_common(_FEW_REASONS):
        print_text(f"{of}{count} of them decide nothing: {reason}")
    return int(max(run.exit_code for run in runs))


def report(arguments: argparse.Namespace) -> int:
    """`tidegauge report`: partitions, summary, and the table of violations, of each type."""
    conf = load_conf(arguments.conf, arguments.overrides)
    since, until = (
        parse_time(text) if text else None for text in (arguments.since, arguments.until)
    )
    from tidegauge.flows.alerting import tell
    from tidegauge.flows.claiming import reporting

    job, now = Job(conf, LocalEngine()), datetime.now(UTC)
    types = types_of(conf, arguments.type, is_monitored)
    with reporting(job, now) as alone:
        made = [_reported(job, type_, since, until) for type_ in types]
        for told in tell(job, made, now, alone):
            failed = " (not all: it will be told by the next report)" if told.failure else ""
            print_text(f"{told.receiver} was told of {told.count}{failed}")
    return int(ExitCode.DONE)


def _reported(
    job: Job, type_: MonitorType, since: datetime | None, until: datetime | None
) -> Report:
    from tidegauge.flows.report import make_report

    made = make_report(job, type_, since, until)
    if made.rows:
        _print(days_table(made.rows))
    if any(story.closed is None for story in made.known.incidents):
        _print(open_incidents_table(made.known.incidents))
    for series in made.series:
        _print(quality_table(series))
    statuses = dict.fromkeys(("Completed", "CompletedWithViolations", "Failed"), 0)
    for run in made.runs:
        statuses[run.status] += 1
    counted = ", ".join(f"{count} {status}" for status, count in statuses.items() if count)
    print_text(
        f"{len(made.runs)} runs ({counted or 'none'}), {len(made.partitions)} partition files\n"
        f"violations, one JSON object a line   {job.layout.violations(type_)}\n"
        f"the same, counted                    {made.summary}\n"
        f"each window's documents              {job.layout.variants(type_)}"
    )
    return made


def check(arguments: argparse.Namespace) -> int:
    """`tidegauge check`: what is in force, and whether scripts and documents can be read."""
    from tidegauge.flows.packs import read_packs
    from tidegauge.flows.pinned import read_pinned, read_pins
    from tidegauge.flows.pinned_quality import read_pinned_quality
    from tidegauge.flows.scripts import capture_script, postprocess_script, training_script

    conf = load_conf(arguments.conf, arguments.overrides)
    print_text(to_yaml(conf))
    for script in (training_script(conf), capture_script(conf), postprocess_script(conf)):
        if script is not None:
            print_text(f"script {script.uri} defines {script.handler}")
    layout = Layout(conf.store, conf.monitor)
    storage = storage_for(conf.store, conf.s3)
    packs = read_packs(conf)
    pins = read_pins(storage, layout)
    if not pins:
        _print_rules(packs.in_force(()))
        log.warning("no baseline is pinned yet: run `tidegauge baseline %s`", arguments.conf)
        return int(ExitCode.DONE)
    if DATA_QUALITY in pins:
        pinned = read_pinned(storage, layout, DATA_QUALITY)
        print_text(
            f"baseline {pinned.id}: {pinned.statistics.item_count:,} rows, "
            f"{len(pinned.constraints.features)} features with constraints"
        )
        outputs = conf.captures.outputs if conf.captures else ()
        known = (*(feature.name for feature in pinned.statistics.features), *outputs)
        _print_rules(packs.in_force(known))
    if conf.model_quality is not None and MODEL_QUALITY in pins:
        quality = read_pinned_quality(Job(conf, LocalEngine()))
        quality.warn_of_other_settings()
        print_text(
            f"model-quality baseline {quality.id}: {quality.against.statistics.rows:,} rows, "
            f"{len(quality.against.constraints.metrics)} metrics with constraints"
        )
    return int(ExitCode.DONE)


def import_sagemaker(arguments: argparse.Namespace) -> int:
    """`tidegauge import sagemaker`: a conf from the service's descriptions of a monitor."""
    from tidegauge.config.sagemaker.importing import import_monitor
    from tidegauge.documents.text import load

    made = import_monitor([(uri, load(storage_for(uri).read(uri), uri)) for uri in arguments.paths])
    print_text(made.conf)
    for left in made.left_over:
        log.warning("%s", left)
    return int(ExitCode.DONE)


def import_rules(arguments: argparse.Namespace) -> int:
    """`tidegauge import deequ|great-expectations|dqdl`: a pack from another tool's rules."""
    from tidegauge.documents.importing.deequ import read_deequ
    from tidegauge.documents.importing.dqdl import read_dqdl
    from tidegauge.documents.importing.great_expectations import read_suite
    from tidegauge.documents.packs.pack import encode
    from tidegauge.documents.text import load

    uri = arguments.path
    data = storage_for(uri).read(uri)
    match arguments.what:
        case "deequ":
            made = read_deequ(load(data, uri), uri)
        case "great-expectations":
            made = read_suite(load(data, uri), uri)
        case _:
            made = read_dqdl(data.decode("utf-8", "backslashreplace"), uri)
    print_text(encode(made.pack, [f"not carried over: {left}" for left in made.left_over]))
    for left in made.left_over:
        log.warning("not carried over: %s", left)
    return int(ExitCode.DONE)


def import_baseline(arguments: argparse.Namespace) -> int:
    """`tidegauge import baseline`: documents that were made elsewhere become the baseline."""
    from tidegauge.flows.adopt import adopt_baseline

    job = Job(load_conf(arguments.conf, arguments.overrides), LocalEngine())
    adopted = adopt_baseline(job, arguments.statistics, arguments.constraints)
    print_text(f"baseline {adopted.id} of {adopted.rows:,} rows is pinned: {adopted.folder}")
    return int(ExitCode.DONE)


def show(arguments: argparse.Namespace) -> int:
    """`tidegauge show`: a document as a table."""
    uri = arguments.path
    for table in tables(storage_for(uri).read(uri), uri):
        _print(table)
    return int(ExitCode.DONE)


def _print_rules(rules: Sequence[InForce]) -> None:
    if rules:
        _print(rules_table(rules))


def _print(table: Shown) -> None:
    print_table(table.title, table.columns, table.rows, table.right)


def _job(arguments: argparse.Namespace) -> Job:
    overrides = list(arguments.overrides)
    if arguments.engine:
        overrides.append(f"engine={arguments.engine}")
    conf = load_conf(arguments.conf, overrides)
    lean = arguments.alone and not has_scripts(conf)
    if lean:
        forgo_pandas()
    return Job(conf, _engine(conf, arguments.master, lean=lean))


def _engine(conf: Conf, master: str | None, *, lean: bool) -> LocalEngine | SparkEngine:
    if conf.engine is EngineName.LOCAL:
        if master:
            raise UsageError("--master chooses a Spark master, and the conf says engine: local")
        return LocalEngine()
    if conf.engine is EngineName.DEEQU:
        return SparkEngine(master, RowRules.DEEQU, lean=lean)
    engine = AutoEngine if conf.engine is EngineName.AUTO else SparkEngine
    return engine(master, conf.row_rules, lean=lean)
