"""`retention:` how old the documents of a store may become, by kind."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.model.window import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """What is older goes when `tidegauge clean` is called; None: it is kept for good.

    The age of what belongs to a window counts from the window's end.
    """

    runs: str | None = None
    details: str | None = None
    profiles: str | None = None
    merged: str | None = None
    rejected: str | None = None
    baselines: str | None = None

    def age(self, kind: str) -> timedelta | None:
        """How old documents of a kind may become."""
        text: str | None = getattr(self, kind)
        return None if text is None else parse_duration(text)


def retention_problems(retention: Retention, window: str | None) -> Iterator[str]:
    """What the types cannot say: each is a duration, and leaves what the next window needs."""
    for kind in (field.name for field in fields(retention)):
        try:
            age = retention.age(kind)
        except UsageError as error:
            yield f"retention.{kind}: {error}"
            continue
        try:
            length = parse_duration(window) if window else None
        except UsageError:
            return  # told of elsewhere
        if kind in {"runs", "profiles"} and age and length and age < length:
            yield f"retention.{kind}: expected at least one window ({window}), found {age}"
