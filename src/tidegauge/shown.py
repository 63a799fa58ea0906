"""What is shown on the terminal: a table of texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """One table: a title, columns, and rows of text; `right` names the columns of numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()


def check_told(check: str, rule: str) -> str:
    """A check by its word, and by the rule of a pack that made it, if one did."""
    return f"{check} ({rule})" if rule else check
