"""The commands of those who run monitors for years: status, doctor, clean, athena."""

from __future__ import annotations

import platform
from contextlib import nullcontext
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from tidegauge.config.loading import load_conf
from tidegauge.config.schema import EngineName
from tidegauge.errors import ExitCode
from tidegauge.flows.job import Job
from tidegauge.running import LocalEngine
from tidegauge.showing_upkeep import removed_table, status_tables
from tidegauge.sinks.layout import Layout
from tidegauge.terminal import print_table, print_text

if TYPE_CHECKING:
    import argparse

_PACKAGES = ("pyarrow", "numpy", "scipy", "boto3", "pyspark", "pandas")


def status(arguments: argparse.Namespace) -> int:
    """`tidegauge status`: last runs, open incidents, missed windows, the store's size."""
    from tidegauge.flows.status import status_of

    found = status_of(_job(arguments), datetime.now(UTC))
    pins = ", ".join(f"{id_} ({type_})" for type_, id_ in found.pins.items())
    print_text(f"baseline {pins or 'none: run `tidegauge baseline`'}")
    for table in status_tables(found):
        if table.rows:
            print_table(table.title, table.columns, table.rows, table.right)
        else:
            print_text(table.title)
    return int(ExitCode.DONE)


def doctor(arguments: argparse.Namespace) -> int:
    """`tidegauge doctor`: what the jobs will need, each with what is wrong; the worst's code."""
    from tidegauge.flows.doctor import Finding, examinations, examine
    from tidegauge.session import java_version, probe

    job = _job(arguments)
    findings = [Finding("Python", f"{platform.python_version()}, {_packages()}")]
    if job.conf.engine is not EngineName.LOCAL:
        findings.append(examine("Java", java_version))
        findings.append(examine("Spark", lambda: probe(arguments.master)))
    findings += examinations(job, lambda: datetime.now(UTC))
    for finding in findings:
        print_text(f"{'FAULT' if finding.code else 'ok':5} {finding.what}: {finding.found}")
    return int(max(finding.code for finding in findings))


def _packages() -> str:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)


def clean(arguments: argparse.Namespace) -> int:
    """`tidegauge clean`: remove what is older than the conf's `retention` allows."""
    from tidegauge.flows.claiming import reporting
    from tidegauge.flows.cleaning import clean as cleaned

    job, now = _job(arguments), datetime.now(UTC)
    with nullcontext() if arguments.dry_run else reporting(job, now):
        removed = cleaned(job, now, dry=arguments.dry_run)
    if not removed:
        print_text("the conf has no `retention`: everything is kept")
        return int(ExitCode.DONE)
    table = removed_table(removed, dry=arguments.dry_run)
    print_table(table.title, table.columns, table.rows, table.right)
    return int(ExitCode.DONE)


def athena(arguments: argparse.Namespace) -> int:
    """`tidegauge athena`: the statements for a table of the violations."""
    from tidegauge.sinks.athena import violations_ddl

    conf = load_conf(arguments.conf, arguments.overrides)
    print_text(violations_ddl(Layout(conf.store, conf.monitor), arguments.database))
    return int(ExitCode.DONE)


def _job(arguments: argparse.Namespace) -> Job:
    return Job(load_conf(arguments.conf, arguments.overrides), LocalEngine())
