"""The files being filled: one for each UTC hour, until it is large or old enough to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from tidegauge.model.window import HOUR

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

# So long after an hour the last of its records may still be on their way through the queue.
_STRAGGLERS_SECONDS = 1.0


@dataclass(slots=True)
class OpenFile:
    """The lines of one hour that will become one file, due when the hour or its time is over.

    Opened and due in seconds since the epoch, by the clock; `first` is an inference time.
    """

    first: datetime
    opened: float
    due: float
    records: int = 0
    # Hands over its content without a copy, which would stop all threads for as long as it takes.
    buffer: BytesIO = field(default_factory=BytesIO)

    @property
    def size_bytes(self) -> int:
        return self.buffer.tell()

    def key(self, file_id: str) -> str:
        """`yyyy/mm/dd/hh/MM-SS-mmm-<id>.jsonl`, from the time of the first record (UTC)."""
        milliseconds = self.first.microsecond // 1000
        return f"{self.first:%Y/%m/%d/%H/%M-%S}-{milliseconds:03d}-{file_id}.jsonl"


@dataclass(slots=True)
class OpenFiles:
    """All the files being filled, by the hour of their records' inference time.

    None of them grows far beyond `rotate_bytes`, nor all together beyond `room_bytes`.
    """

    rotate_bytes: int
    rotate_seconds: float
    room_bytes: int
    _files: dict[datetime, OpenFile] = field(default_factory=dict)

    def add(self, time: datetime, line: Iterable[bytes], now: float) -> None:
        """Append the record of that time (UTC); the first of its hour opens a file."""
        hour = time.replace(minute=0, second=0, microsecond=0)
        file = self._files.get(hour)
        if file is None:
            file = self._files[hour] = OpenFile(time, now, self._due(hour, now))
        file.buffer.writelines(line)
        file.records += 1

    def take_due(self, now: float) -> tuple[OpenFile, ...]:
        """Take out the files that are to be written now: large, old, or of an hour that is over."""
        if sum(file.size_bytes for file in self._files.values()) >= self.room_bytes:
            return self.take_all()
        return self._take(
            hour
            for hour, file in self._files.items()
            # A clock that was set back would leave a file open for as long.
            if file.size_bytes >= self.rotate_bytes or not file.opened <= now < file.due
        )

    def take_all(self) -> tuple[OpenFile, ...]:
        """Take out all the files."""
        return self._take(self._files)

    def _take(self, hours: Iterable[datetime]) -> tuple[OpenFile, ...]:
        return tuple(self._files.pop(hour) for hour in tuple(hours))

    def _due(self, hour: datetime, now: float) -> float:
        old = now + self.rotate_seconds
        over = (hour + HOUR).timestamp() + _STRAGGLERS_SECONDS
        return min(old, over) if over > now else old
