"""Rows left in a folder that all workers see: what travels between them is a ticket for them.

Workers of one machine need not send each other what lies on its disk: the processes of the engine
without Spark, and those of a local Spark, whose JVM would copy the rows ten times on the way.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.engines.packets import from_payload, to_payload, write_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pack = Callable[[pa.Table], pa.Buffer]

_ALIGNED = 64  # bytes, as Arrow's kernels like it
_REMOVED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Parking:
    """The folder, or None where there is no such one and rows travel themselves."""

    folder: str | None

    @contextmanager
    def opened(self) -> Iterator[Pack]:
        """What makes payloads of tables that are not empty, in a file of its own."""
        if self.folder is None:
            yield to_payload
            return
        with NamedTemporaryFile(dir=self.folder, delete=False) as file:
            path = file.name
        with pa.OSFile(path, "wb") as sink:
            yield lambda table: _parked(table, sink, Path(path).name)

    def rows(self, payload: pa.Buffer) -> pa.Table:
        """The rows again; those that were parked are read when they are looked at."""
        if self.folder is None:
            return from_payload(payload)
        ticket = json.loads(payload.to_pybytes())
        with pa.memory_map(str(Path(self.folder, ticket["file"]))) as file:
            file.seek(ticket["start"])
            return from_payload(file.read_buffer(ticket["bytes"]))


@contextmanager
def parking() -> Iterator[Parking]:
    """A new folder for rows, gone at the end.

    Its files are removed side by side: the pages of a gigabyte take one core a quarter of a second.
    """
    with TemporaryDirectory(prefix="tidegauge-") as folder:
        try:
            yield Parking(folder)
        finally:
            with ThreadPoolExecutor(_REMOVED_AT_ONCE) as threads:
                list(threads.map(Path.unlink, Path(folder).iterdir()))


def _parked(table: pa.Table, sink: pa.OSFile, name: str) -> pa.Buffer:
    sink.write(bytes(-sink.tell() % _ALIGNED))
    start = sink.tell()
    write_rows(sink, table)
    ticket = {"file": name, "start": start, "bytes": sink.tell() - start}
    return pa.py_buffer(json.dumps(ticket).encode())
