"""Where the captures of an hour lie: a template of folders as `{variant}/{yyyy}/{mm}/{dd}/{hh}`."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_TIMES = {"yyyy": "%Y", "mm": "%m", "dd": "%d", "hh": "%H"}
_PATTERNS = {"yyyy": r"\d{4}", "mm": r"\d\d", "dd": r"\d\d", "hh": r"\d\d", "variant": ".+"}
_DAY = ("yyyy", "mm", "dd")
_HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Place:
    """What a folder's path says: the variant (empty: none is named) and the first hour in it."""

    variant: str
    hour: datetime


@dataclass(frozen=True, slots=True)
class Layout:
    """A template of folders below the captures' URI; without `{hh}` a folder holds a day."""

    segments: tuple[str, ...]

    @classmethod
    def parse(cls, template: str) -> Layout:
        """The layout that a template describes.

        Raises:
            UsageError: it has an unknown placeholder, one twice, or no year, month and day.
        """
        names = _PLACEHOLDER.findall(template)
        for name in names:
            if name not in _PATTERNS:
                known = ", ".join(f"{{{known}}}" for known in _PATTERNS)
                raise UsageError(
                    f"the layout {template!r} has the placeholder {{{name}}}: expected some of "
                    f"{known}{did_you_mean(name, _PATTERNS)}"
                )
        if len(names) != len(set(names)) or not set(_DAY) <= set(names):
            raise UsageError(
                f"the layout {template!r} does not name a day: expected {{yyyy}}, {{mm}} and "
                "{dd}, and each placeholder once"
            )
        return cls(tuple(template.strip("/").split("/")))

    @property
    def begins_with_variant(self) -> bool:
        return _PLACEHOLDER.findall(self.segments[0]) == ["variant"]

    @property
    def _hourly(self) -> bool:
        return any("{hh}" in segment for segment in self.segments)

    def place(self, key: str) -> Place | None:
        """The place of a file from its key below the captures' URI; None if it lies elsewhere."""
        folders = key.split("/")[:-1]
        found = self.matches(folders) if len(folders) >= len(self.segments) else None
        return None if found is None else place_of(found)

    def matches(self, folders: Iterable[str]) -> dict[str, str] | None:
        """The placeholders' values in a path's first folders; None if they have another form."""
        found: dict[str, str] = {}
        for segment, folder in zip(self.segments, folders, strict=False):
            match = re.fullmatch(_pattern(segment), folder)
            if match is None:
                return None
            found |= match.groupdict()
        return found

    def folders(self, variant: str | None, hours: Sequence[datetime]) -> Iterator[str]:
        """The folders of these hours, with what lies below them; whole days where all is wanted.

        Without a variant they are the folders above the variants'.
        """
        wanted = Counter(hour.date() for hour in dict.fromkeys(hours))
        days = len(self.segments) - 1 if self.segments[-1] == "{hh}" else len(self.segments)
        for hour in hours:
            whole = wanted[hour.date()] == _HOURS_A_DAY
            yield self._folder(variant, hour, days if whole else len(self.segments))

    def _folder(self, variant: str | None, hour: datetime, levels: int) -> str:
        names = {name: f"{hour:{code}}" for name, code in _TIMES.items()}
        if variant is not None:
            names["variant"] = variant
        known = []
        for segment in self.segments[:levels]:
            if not names.keys() >= set(_PLACEHOLDER.findall(segment)):
                break
            known.append(_PLACEHOLDER.sub(lambda match: names[match[1]], segment))
        return "/".join(known)

    def prefix(self, hour: datetime) -> str:
        """What the ISO 8601 text of every time in the folder of this hour begins with."""
        return f"{hour:%Y-%m-%dT%H}" if self._hourly else f"{hour:%Y-%m-%dT}"


def place_of(found: Mapping[str, str]) -> Place | None:
    """The place that the placeholders' values name; None if there is no such hour."""
    year, month, day = (int(found[name]) for name in _DAY)
    try:
        hour = datetime(year, month, day, int(found.get("hh", "0")), tzinfo=UTC)
    except ValueError:
        return None
    return Place(found.get("variant", ""), hour)


def _pattern(segment: str) -> str:
    """A regular expression for the folders of one level."""
    pattern, end = "", 0
    for match in _PLACEHOLDER.finditer(segment):
        literal = re.escape(segment[end : match.start()])
        pattern += f"{literal}(?P<{match[1]}>{_PATTERNS[match[1]]})"
        end = match.end()
    return pattern + re.escape(segment[end:])
