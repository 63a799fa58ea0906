"""Telling: after a report, each receiver that the conf names is told what it does not know yet.

A receiver that fails fails nothing else: it is told again by the next report. The ledger in the
store keeps who was told what, so that each change of an incident is told once. One report tells at
a time: whoever has slept over its claim tells nobody any more.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tidegauge.errors import StorageError, TidegaugeError
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.flows.report import known_of
from tidegauge.model.outcome import Severity
from tidegauge.model.window import parse_duration
from tidegauge.sinks.alerts.changes import news
from tidegauge.sinks.alerts.ledger import read_ledger, write_ledger
from tidegauge.sinks.alerts.mail import Mail
from tidegauge.sinks.alerts.mlflow import MLflow
from tidegauge.sinks.alerts.openlineage import OpenLineage
from tidegauge.sinks.alerts.prometheus import exposition
from tidegauge.sinks.alerts.secrets import from_environment, from_secrets_manager
from tidegauge.sinks.alerts.topics import EventBridge, Sns
from tidegauge.sinks.alerts.webhook import Shape, Webhook
from tidegauge.sinks.alerts.windows import window_told
from tidegauge.sinks.layout import MonitorType, run_path
from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from tidegauge.config.alerts import Secret
    from tidegauge.flows.job import Job
    from tidegauge.flows.report import Report
    from tidegauge.sinks.alerts.changes import Change
    from tidegauge.sinks.alerts.ledger import Ledger
    from tidegauge.sinks.alerts.secrets import Sealed
    from tidegauge.sinks.alerts.windows import WindowTold

log = logging.getLogger(__name__)


class Receiver(Protocol):
    """Who is told of changes."""

    @property
    def at_once(self) -> int:
        """How many changes one call may have."""
        ...

    def tell(self, changes: Sequence[Change]) -> None:
        """Tell all of them, or raise."""
        ...


class Keeper(Protocol):
    """Who keeps every window."""

    def record(self, window: WindowTold) -> None:
        """Keep the window, or raise."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """How many changes and windows a receiver was told of; `failure` is why not all, or ""."""

    receiver: str
    count: int
    failure: str = ""


def tell(
    job: Job, reports: Sequence[Report], now: datetime, alone: Callable[[], bool]
) -> tuple[Told, ...]:
    """Tell everyone of the reports' incidents and windows; by name, whoever had news.

    The reports are of one type of monitor each; who was told what is kept in one ledger. `alone`
    says whether this is still the one report of the monitor.

    Raises:
        StorageError: the ledger could not be read.
        DocumentError: the ledger is not one of ours.
    """
    ledger = read_ledger(job.storage, job.layout.ledger(DATA_QUALITY))
    telling = _Telling(job, reports, ledger, alone)
    told = [
        *(telling.changes(name, least, make) for name, least, make in _receivers(job)),
        *(telling.windows(name, make) for name, make in _keepers(job, now)),
    ]
    prometheus = job.conf.alerts.prometheus
    if prometheus is not None:
        told.append(telling.state(prometheus.file))
    return tuple(one for one in told if one.count or one.failure)


class _Telling:
    """One round through the receivers; the ledger grows with each delivery."""

    def __init__(
        self, job: Job, reports: Sequence[Report], ledger: Ledger, alone: Callable[[], bool]
    ) -> None:
        self._job, self._reports, self._ledger, self._alone = job, reports, ledger, alone
        self._types = {report.type for report in reports}
        self._incidents = tuple(story for report in reports for story in report.known.incidents)
        self._runs = tuple(run for report in reports for run in report.runs)

    def changes(self, name: str, least: Severity, make: Callable[[], Receiver]) -> Told:
        """Tell a receiver the news, as many at once as it takes."""
        conf = self._job.conf
        # What is missing in a report of one type only has not gone: it was not looked at.
        told = {i: last for i, last in self._ledger.told(name).items() if last.type in self._types}
        stories = self._incidents
        if least is Severity.CRITICAL:
            stories = tuple(story for story in stories if story.severity is least)
        waiting = tuple(news(conf.monitor, stories, told, parse_duration(conf.alerts.remind)))
        count = 0
        try:
            receiver = make() if waiting else None
            while receiver and count < len(waiting):
                some = waiting[count : count + receiver.at_once]
                self._must_be_alone()
                receiver.tell(some)
                self._keep(self._ledger.with_changes(name, some))
                count += len(some)
        except TidegaugeError as error:
            return _failed(name, count, error)
        return Told(name, count)

    def windows(self, name: str, make: Callable[[], Keeper]) -> Told:
        """Give a keeper each window that it does not have as it is now, oldest first."""
        job, recorded = self._job, self._ledger.recorded(name)
        count = 0
        try:
            waiting = [
                run
                for run in sorted(self._runs, key=lambda run: run.key.window)
                if recorded.get(run_path(run.key)) != run.digest
            ]
            keeper = make() if waiting else None
            while keeper and count < len(waiting):
                window = window_told(job.storage, job.layout, waiting[count].key)
                self._must_be_alone()
                keeper.record(window)
                self._keep(self._ledger.with_window(name, window.path, window.digest))
                count += 1
        except TidegaugeError as error:
            return _failed(name, count, error)
        return Told(name, count)

    def state(self, file: str) -> Told:
        """Write the file of metrics; it says how things are, whatever the reports are about."""
        job = self._job
        known = {report.type: report.known for report in self._reports}
        try:
            found = [known.get(type_) or known_of(job, type_) for type_ in MonitorType]
            runs = [run for one in found for run in one.runs]
            stories = [story for one in found for story in one.incidents]
            self._must_be_alone()
            text = exposition(job.conf.monitor, runs, stories)
            storage_for(file, job.conf.s3).write(file, text)
        except TidegaugeError as error:
            return _failed("prometheus", 0, error)
        return Told("prometheus", 0)

    def _must_be_alone(self) -> None:
        if not self._alone():
            raise StorageError(
                "another report has taken over, since this one gave no sign of life for longer "
                "than `s3.lease`; what is left is told by that one"
            )

    def _keep(self, ledger: Ledger) -> None:
        uri = self._job.layout.ledger(DATA_QUALITY)
        self._ledger = write_ledger(self._job.storage, uri, ledger)


def _failed(name: str, count: int, error: TidegaugeError) -> Told:
    log.warning(
        "alerts.%s was not told everything, and will be by the next report: %s",
        name, error, extra={"receiver": name},
    )  # fmt: skip
    return Told(name, count, str(error))


def _receivers(job: Job) -> Iterator[tuple[str, Severity, Callable[[], Receiver]]]:
    """Those who are told of changes: the name, the least severity, and how to make them.

    Making one asks for its secrets, which only those with news need.
    """
    alerts, s3 = job.conf.alerts, job.conf.s3
    if slack := alerts.slack:
        yield "slack", slack.severity, lambda: Webhook(Shape.SLACK, opened(slack.url, job))
    if teams := alerts.teams:
        yield "teams", teams.severity, lambda: Webhook(Shape.TEAMS, opened(teams.url, job))
    if hook := alerts.webhook:
        yield (
            "webhook",
            hook.severity,
            lambda: Webhook(Shape.JSON, opened(hook.url, job), _maybe(hook.authorization, job)),
        )
    if mail := alerts.email:
        yield "email", mail.severity, lambda: Mail(
            mail.host, mail.port, mail.tls, mail.sender, mail.to, mail.user,
            _maybe(mail.password, job),
        )  # fmt: skip
    if sns := alerts.sns:
        yield "sns", sns.severity, lambda: Sns(sns.topic, s3)
    if bridge := alerts.eventbridge:
        yield "eventbridge", bridge.severity, lambda: EventBridge(bridge.bus, s3)


def _keepers(job: Job, now: datetime) -> Iterator[tuple[str, Callable[[], Keeper]]]:
    """Those who keep every window."""
    conf, alerts = job.conf, job.conf.alerts
    if lineage := alerts.openlineage:
        sections = (conf.captures, conf.training)
        captures = next((section.uri for section in sections if section), "")
        yield "openlineage", lambda: OpenLineage(
            lineage.uri, lineage.namespace, captures, conf.store, now, conf.s3,
            _maybe(lineage.api_key, job),
        )  # fmt: skip
    if mlflow := alerts.mlflow:
        yield "mlflow", lambda: MLflow(mlflow.experiment or conf.monitor, mlflow.uri)


def opened(secret: Secret, job: Job) -> Sealed:
    """The secret itself.

    Raises:
        UsageError: it is not there, or not as the conf says.
        StorageError: Secrets Manager cannot be reached, or refuses.
    """
    if secret.env is not None:
        return from_environment(secret.env)
    return from_secrets_manager(secret.secret or "", secret.key, job.conf.s3)


def _maybe(secret: Secret | None, job: Job) -> Sealed | None:
    return None if secret is None else opened(secret, job)
