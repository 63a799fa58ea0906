"""What the users of SageMaker's monitor look at, beside the store: copies, metrics, the message.

They are told before the run is committed: a run that is killed in between is made, and told, again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.config.schema import CloudWatch
from tidegauge.flows.captured import ALL_VARIANTS
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
    """One call's road to the service's places, which know no variants.

    Of a window in `split` the run over all variants is told; where `part` is true the call is about
    one variant, and nothing is.
    """

    conf: Conf
    now: datetime
    split: Collection[Window]
    part: bool

    @property
    def names(self) -> ServiceNames:
        outputs = self.conf.outputs
        return ServiceNames(outputs.schedule or self.conf.monitor, outputs.endpoint)

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

        Raises:
            StorageError: a copy could not be written, or CloudWatch could not be reached.
        """
        if self.part or not self.is_whole(key):
            return
        outputs, metrics = self.conf.outputs, self.conf.metrics
        if outputs.uri is not None:
            folder = execution_folder(outputs.uri, self.names, key.window)
            publish_execution(storage_for(outputs.uri, self.conf.s3), folder, documents)
        if self._puts and METRICS in documents and is_accepted(key.window.start, self.now):
            space = metrics.namespace or namespace(DATA_QUALITY, self.names)
            put_metrics(documents[METRICS], space, self.conf.s3)

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
