"""Values and names as SQL has them, and as a column's values can be compared with them."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegauge.rules.packs.terms import Scalar


def quoted(column: str) -> str:
    """A column's name in SQL."""
    return "`" + column.replace("`", "``") + "`"


def text_literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def as_number(value: Scalar) -> float | None:
    """A domain's value as a finite number, whole ones with all their digits; None: it is none."""
    if isinstance(value, bool):
        return None
    try:
        return int(value) if not isinstance(value, float) else _finite(value)
    except ValueError:
        return _finite(value)


def _finite(value: Scalar) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) else None


def as_text(value: Scalar) -> str:
    """A domain's value as a column of texts would hold it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
