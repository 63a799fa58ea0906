"""The fixtures that tests of several folders share."""

from __future__ import annotations

import signal

from tests.spark_session import spark

__all__ = ["spark"]

# A shell that runs the tests in the background has SIGINT ignored, and all processes inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
