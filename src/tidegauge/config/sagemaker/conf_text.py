"""The text of a conf that was made and not written: YAML with a word on where values are from."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WIDTH = 44  # of a key and its value, where there is a comment


class Entry(NamedTuple):
    """One key, `section.key` where it lies in one, with its value and what is to be said of it."""

    path: str
    value: bool | float | str | list[str]
    comment: str = ""

    @property
    def section(self) -> str:
        return self.path.rpartition(".")[0]

    @property
    def key(self) -> str:
        return self.path.rpartition(".")[2]


def conf_text(preamble: Iterable[str], entries: Iterable[Entry]) -> str:
    """The YAML of the entries, in their order; a section's entries stand together."""
    lines = [f"# {line}".rstrip() for line in preamble]
    for section, group in groupby(entries, lambda entry: entry.section):
        lines += ["", f"{section}:"] if section else [""]
        lines += _lines(group, "  " if section else "")
    return "\n".join(lines) + "\n"


def _lines(entries: Iterable[Entry], indent: str) -> Iterator[str]:
    for entry in entries:
        text = yaml.safe_dump(
            {entry.key: entry.value},
            default_flow_style=isinstance(entry.value, list) and None,
            allow_unicode=True,
            width=float("inf"),
        )
        line = indent + text.strip()
        yield f"{line:{_WIDTH}}  # {entry.comment}" if entry.comment else line
