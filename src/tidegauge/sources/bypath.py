"""Rows to windows and variants by the folder of their file, for what Spark has read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.model.window import Window, window_at
from tidegauge.sources.listing import relative
from tidegauge.sources.source import DEFAULT_VARIANT

if TYPE_CHECKING:
    from tidegauge.sources.layout import Layout
    from tidegauge.sources.sparknames import SparkNames

Owner = tuple[str, str]  # the key of a window, and a variant


@dataclass(frozen=True, slots=True)
class ByPath:
    """A row is of the window, of those asked for, and of the variant that its file's folder names.

    `windows` are in order and do not overlap.
    """

    names: SparkNames
    layout: Layout
    windows: tuple[Window, ...]

    def owner(self, path: str) -> Owner | None:
        """Whose rows are in the file that Spark calls `path`; None: no window's."""
        place = self.layout.place(relative(self.names.uri(path), self.names.root))
        window = window_at(self.windows, place.hour) if place else None
        if place is None or window is None:
            return None
        return window.key, place.variant or DEFAULT_VARIANT
