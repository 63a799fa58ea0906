"""The error taxonomy: each class of bad news has one exit code.

A violation is a value, never an exception; what is raised here is either the world's fault (usage,
input, storage, engine) or, when it is anything else, a bug that deserves its traceback.
Errors hold strings only, so that they survive the way from a worker process to the driver.
"""

from __future__ import annotations

from difflib import get_close_matches
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExitCode(IntEnum):
    """What a job's process returns; YARN's cluster mode keeps only zero or non-zero."""

    DONE = 0
    BUG = 1
    USAGE = 2
    VIOLATIONS = 3
    INPUT = 4
    RETRY = 5


class TidegaugeError(Exception):
    """Base of all expected failures: one sentence that says what, where, found, and what to do."""

    exit_code = ExitCode.BUG


class UsageError(TidegaugeError):
    """An argument, a conf, a pack or a document is wrong; found before the engine starts."""

    exit_code = ExitCode.USAGE


class DocumentError(UsageError):
    """A JSON or YAML document does not have the shape that it must have."""


class InputError(TidegaugeError):
    """Input is missing or unreadable: no capture in the window, too many rejected records."""

    exit_code = ExitCode.INPUT


class StorageError(TidegaugeError):
    """The store or a source could not be reached or written; safe to try again."""

    exit_code = ExitCode.RETRY


class EngineError(TidegaugeError):
    """The engine failed for a reason that is not in the input; safe to try again."""

    exit_code = ExitCode.RETRY


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint `; did you mean 'x'?` for the nearest known word, or an empty string."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
