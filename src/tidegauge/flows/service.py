"""What the users of SageMaker's monitor look at, beside the store: copies, metrics, the message.

They are told before the run is committed: a run that is killed in between is made, and told, again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.config.schema import CloudWatch
from tidegauge.errors import StorageError
from tidegauge.flows.captured import ALL_VARIANTS
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.sinks.cloudwatch import METRICS, Series, namespace
from tidegauge.sinks.cloudwatch_put import is_accepted, put_metrics
from tidegauge.sinks.layout import Layout
from tidegauge.sinks.service_layout import (
    ServiceNames,
    execution_folder,
    exit_message,
    publish_execution,
)
from tidegauge.sinks.unsent import keep_unsent, unsent
from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from tidegauge.config.schema import Conf
    from tidegauge.model.window import Window
    from tidegauge.sinks.layout import MonitorType, RunKey
    from tidegauge.storage import Storage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """One call's road to the service's places, which know no variants.

    Of a window in `split` the run over all variants is told; where `part` is true the call is about
    one variant, and nothing is.
    """

    conf: Conf
    now: datetime
    split: Collection[Window]
    part: bool
    type: MonitorType = DATA_QUALITY

    @property
    def names(self) -> ServiceNames:
        """To the service each type is a monitor of its own, so that two have two names."""
        outputs = self.conf.outputs
        schedule = outputs.schedule or self.conf.monitor
        if self.type is not DATA_QUALITY and self.conf.training is not None:
            schedule = f"{schedule}-{self.type.value.replace('_', '-')}"
        return ServiceNames(schedule, outputs.endpoint)

    def is_whole(self, key: RunKey) -> bool:
        """Whether no other run of the call looks at more of the same window."""
        return key.variant == ALL_VARIANTS or key.window not in self.split

    def series(self, key: RunKey) -> Series:
        """What the metrics of a run have in common."""
        return Series(self.names, key.window.start)

    def warn_of_old(self, windows: Collection[Window]) -> None:
        """Say once how many windows are too old for CloudWatch, which would refuse them."""
        old = sum(not is_accepted(window.start, self.now) for window in windows)
        if self._puts and old:
            log.warning(
                "CloudWatch takes no metrics of more than two weeks ago: those of %d windows are "
                "not sent; they are in %s beside each run",
                old, METRICS,
            )  # fmt: skip

    @property
    def _puts(self) -> bool:
        return self.conf.metrics.cloudwatch is CloudWatch.PUT

    def tell(self, key: RunKey, documents: Mapping[str, bytes]) -> None:
        """Copy the run's documents and send its metrics, where the conf asks for it.

        Metrics that CloudWatch does not take wait for the next call: they fail no run.

        Raises:
            StorageError: a copy could not be written.
        """
        if self.part or not self.is_whole(key):
            return
        outputs = self.conf.outputs
        if outputs.uri is not None:
            folder = execution_folder(outputs.uri, self.names, key.window)
            publish_execution(storage_for(outputs.uri, self.conf.s3), folder, documents)
        due = self._puts and METRICS in documents and is_accepted(key.window.start, self.now)
        if due and not self._put(documents[METRICS]):
            keep_unsent(self._storage, self._layout, key, documents[METRICS])

    def send_unsent(self) -> None:
        """Send the metrics that earlier calls could not, as long as CloudWatch takes them.

        Raises:
            StorageError: the store could not be read or written.
        """
        if not self._puts:
            return
        for uri, window in unsent(self._storage, self._layout, self.type):
            accepted = is_accepted(window.start, self.now)
            if accepted and not self._put(self._storage.read(uri)):
                return
            self._storage.delete([uri])

    def _put(self, document: bytes) -> bool:
        space = self.conf.metrics.namespace or namespace(self.type, self.names)
        try:
            put_metrics(document, space, self.conf.s3)
        except StorageError as error:
            log.warning("metrics were not sent, and will be by the next call: %s", error)
            return False
        return True

    @property
    def _layout(self) -> Layout:
        return Layout(self.conf.store, self.conf.monitor)

    @property
    def _storage(self) -> Storage:
        return storage_for(self.conf.store, self.conf.s3)

    def close(self, windows: int, violations: int, failure: str) -> None:
        """Say how the call ended in the service's words: in the log, and where the conf asks.

        Raises:
            StorageError: the message could not be written.
        """
        message = exit_message(violations, failure)
        if windows:
            log.info("%s", message)
        if uri := self.conf.outputs.message:
            storage_for(uri, self.conf.s3).write(uri, f"{message}\n".encode())
