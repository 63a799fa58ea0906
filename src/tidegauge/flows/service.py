"""What the users of SageMaker's monitor look at, beside the store: copies, metrics, the message.

They are told before the run is committed: a run that is killed in between is made, and told, again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.config.schema import CloudWatch
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.sinks.cloudwatch import METRICS, Series, namespace
from tidegauge.sinks.cloudwatch_put import is_accepted, put_metrics
from tidegauge.sinks.service_layout import (
    ServiceNames,
    execution_folder,
    exit_message,
    publish_execution,
)
from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from tidegauge.config.schema import Conf
    from tidegauge.model.window import Window
    from tidegauge.sinks.layout import RunKey

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """One call's road to the service's places.

    The service knows no variants: of a window in `split` only the run over all variants is told.
    """

    conf: Conf
    now: datetime
    split: Collection[Window]

    @property
    def names(self) -> ServiceNames:
        outputs = self.conf.outputs
        return ServiceNames(outputs.schedule or self.conf.monitor, outputs.endpoint)

    def is_whole(self, key: RunKey) -> bool:
        """Whether the run looks at all that the endpoint answered in the window."""
        return key.variant == "_all" or key.window not in self.split

    def series(self, key: RunKey) -> Series:
        """What the metrics of a run have in common."""
        return Series(self.names, key.window.start, "" if self.is_whole(key) else key.variant)

    def tell(self, key: RunKey, documents: Mapping[str, bytes]) -> None:
        """Copy the run's documents and send its metrics, where the conf asks for it.

        Raises:
            StorageError: a copy could not be written, or CloudWatch could not be reached.
        """
        if not self.is_whole(key):
            return
        outputs, metrics = self.conf.outputs, self.conf.metrics
        if outputs.uri is not None:
            folder = execution_folder(outputs.uri, self.names, key.window)
            publish_execution(storage_for(outputs.uri, self.conf.s3), folder, documents)
        if metrics.cloudwatch is CloudWatch.PUT and METRICS in documents:
            if is_accepted(key.window.start, self.now):
                space = metrics.namespace or namespace(DATA_QUALITY, self.names)
                put_metrics(documents[METRICS], space, self.conf.s3)
            else:
                log.warning(
                    "%s: CloudWatch takes no metrics of more than two weeks ago; they are in %s",
                    key.window,
                    METRICS,
                )

    def close(self, violations: int, failure: str) -> None:
        """Say how the call ended in the service's words: in the log, and where the conf asks.

        Raises:
            StorageError: the message could not be written.
        """
        message = exit_message(violations, failure)
        log.info("%s", message)
        if uri := self.conf.outputs.message:
            storage_for(uri, self.conf.s3).write(uri, f"{message}\n".encode())
