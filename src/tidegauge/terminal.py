"""What people see: log lines and progress on stderr, tables on stdout."""

from __future__ import annotations

import json
import logging
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_OWN_FIELDS = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class _JsonLines(logging.Formatter):
    """One JSON object a line: what a log collector wants of a batch job."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_extras(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _Plain(logging.Formatter):
    """For a person at a terminal: the message, and a word before bad news."""

    def format(self, record: logging.LogRecord) -> str:
        word = {"WARNING": "warning: ", "ERROR": "error: "}.get(record.levelname, "")
        return f"{word}{record.getMessage()}"


def set_up_logging() -> None:
    """One handler on stderr: plain on a terminal, JSON lines elsewhere."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain() if sys.stderr.isatty() else _JsonLines())
    logger = logging.getLogger("tidegauge")
    logger.handlers[:] = [handler]
    # A terminal has the progress and the closing lines; a log wants every window.
    logger.setLevel(logging.WARNING if sys.stderr.isatty() else logging.INFO)
    logger.propagate = False
    # What libraries have to say goes the same way, unless this is a part of another program.
    if not logging.root.handlers:
        logging.root.addHandler(handler)


@contextmanager
def working(what: str) -> Iterator[None]:
    """A line that lives while something takes its time; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(what):
        yield


def print_text(text: str) -> None:
    """A text on stdout, as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()
) -> None:
    """A table on stdout; the columns named in `right` hold numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        number = column in right
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_literal(cell) for cell in row))
    # Wide enough for the paths and sentences when the output goes to a file.
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def _literal(cell: str) -> str:
    """A cell as it is: rich would take brackets in it for styles."""
    return cell.replace("[", r"\[")


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _OWN_FIELDS}
