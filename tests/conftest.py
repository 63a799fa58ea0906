"""The fixtures that tests of several folders share."""

from __future__ import annotations

from tests.spark_session import spark

__all__ = ["spark"]
