"""Predictions merged with their labels: the names of the columns, and what was counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

ID = "id"
"""What a prediction is found again by: its inference id, else its event id."""
ROW = "row"
"""The row's place within its record, from 0."""
ROWS = "rows"
"""How many rows the record has: a label of another number of rows is not its label."""
PREDICTED_AT = "predicted_at"
LABEL = "label"
LABELLED_AT = "labelled_at"
"""When the label was collected; of SageMaker's files the start of that hour."""
RECORD = "record"
"""The capture's own line, with its first row, where the service's merged lines are asked for."""

COLUMNS = (ID, ROW, ROWS, PREDICTED_AT, LABEL, LABELLED_AT, RECORD)

HOUR_MICROSECONDS = 3_600_000_000


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What was counted while labels were joined; sums over parts are sums of these.

    `corrected` labels took the place of another value, `repeated` ones said the same again.
    `delay_hours` counts labels by the whole hours from prediction to label.
    """

    predictions: int = 0
    labelled: int = 0
    corrected: int = 0
    repeated: int = 0
    unequal: int = 0
    unidentified: int = 0
    predicted_twice: int = 0
    delay_hours: Mapping[int, int] = field(default_factory=dict)

    @property
    def coverage(self) -> float:
        """The share of predictions that have a label; 0 where there is no prediction."""
        return self.labelled / self.predictions if self.predictions else 0.0

    def merge(self, other: Self) -> Self:
        names = [f.name for f in fields(self) if f.name != "delay_hours"]
        delays = Counter(self.delay_hours) + Counter(other.delay_hours)
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return type(self)(**sums, delay_hours=dict(sorted(delays.items())))

    def delay(self, share: float) -> int | None:
        """The delay in hours that this share of the labels does not exceed; None: none is known."""
        total = sum(self.delay_hours.values())
        seen = 0
        for hours, count in sorted(self.delay_hours.items()):
            seen += count
            if seen >= share * total:
                return hours
        return None

    def as_json(self) -> dict[str, Any]:
        """The counts as JSON values."""
        delays = {str(hours): count for hours, count in self.delay_hours.items()}
        return {**asdict(self), "delay_hours": delays}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The counts that `as_json` wrote."""
        delays = {int(hours): count for hours, count in values["delay_hours"].items()}
        return cls(**{**values, "delay_hours": delays})
