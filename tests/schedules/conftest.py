"""A monitor of the end-to-end tests, with a baseline."""

from __future__ import annotations

from tests.e2e.conftest import based, data, travelled

__all__ = ["based", "data", "travelled"]
