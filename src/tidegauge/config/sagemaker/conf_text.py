"""The text of a conf that was made and not written: YAML with a word on where values are from."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

_HOURS_OF_DAY = 24
_WIDTH = 44  # of a key and its value, where there is a comment


class Entry(NamedTuple):
    """One key, by its dotted path, with its value and what is to be said of it."""

    path: str
    value: bool | float | str | list[str]
    comment: str = ""


def conf_text(preamble: Iterable[str], entries: Iterable[Entry]) -> str:
    """The YAML of the entries, in their order; a section's entries stand together."""
    lines = [f"# {line}".rstrip() for line in preamble]
    for _, group in groupby(entries, lambda entry: entry.path.rpartition(".")[0].split(".")[0]):
        lines += ["", *_lines([(entry.path.split("."), entry) for entry in group], "")]
    return "\n".join(lines) + "\n"


def _lines(entries: Iterable[tuple[list[str], Entry]], indent: str) -> Iterator[str]:
    for key, group in groupby(entries, lambda entry: entry[0][0]):
        below = [(keys[1:], entry) for keys, entry in group]
        if below[0][0]:
            yield f"{indent}{key}:"
            yield from _lines(below, f"{indent}  ")
        else:
            yield _line(key, below[0][1], indent)


def _line(key: str, entry: Entry, indent: str) -> str:
    text = yaml.safe_dump(
        {key: entry.value},
        default_flow_style=isinstance(entry.value, list) and None,
        allow_unicode=True,
        width=float("inf"),
    )
    line = indent + text.strip()
    return f"{line:{_WIDTH}}  # {entry.comment}" if entry.comment else line


def short(window: timedelta) -> str:
    """`6h`, `1d`: windows are of whole hours there."""
    hours = round(window.total_seconds() / 3600)
    days, rest = divmod(hours, _HOURS_OF_DAY)
    return f"{hours}h" if rest else f"{days}d"
