"""Sensitive columns in the jobs: the key, the baseline's columns, errors that quote no value."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidegauge.documents import sensitive as document
from tidegauge.documents.text import dump, load
from tidegauge.errors import EngineError, InputError, UsageError
from tidegauge.sources.sensitive import NOT_SHOWN, Hashing
from tidegauge.storage import NotFound, join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegauge.config.schema import Conf
    from tidegauge.flows.job import Job

SENSITIVE = "sensitive.json"
_LEAST_CHARACTERS = 16


def hashing_of(conf: Conf) -> Hashing | None:
    """How sensitive columns are hashed; None where the conf names none.

    Raises:
        UsageError: the environment has no key, or a short one, which could be tried out.
    """
    if not conf.features.sensitive:
        return None
    variable = conf.features.sensitive_key
    key = os.environ.get(variable, "")
    if len(key) < _LEAST_CHARACTERS:
        found = f"{len(key)} characters" if key else "nothing"
        raise UsageError(
            f"features.sensitive needs a key in the environment variable {variable}: expected at "
            f"least {_LEAST_CHARACTERS} characters, found {found}; make one once, such as by "
            "`openssl rand -hex 32`, and keep it: with another key nothing compares"
        )
    return Hashing(frozenset(conf.features.sensitive), key.encode())


def sensitive_document(hashing: Hashing | None) -> Mapping[str, bytes]:
    """What a baseline says of its sensitive columns: their names, and the key's fingerprint."""
    if hashing is None:
        return {}
    return {SENSITIVE: dump(document.encode(sorted(hashing.columns), hashing.fingerprint))}


def refuse_other_hashes(job: Job, baseline_folder: str, hashing: Hashing | None) -> None:
    """Values hashed otherwise, or not at all, are not to be compared, nor written anew.

    Raises:
        UsageError: the baseline was made with other sensitive columns, or another key.
    """
    at = join(baseline_folder, SENSITIVE)
    try:
        made = document.decode(load(job.storage.read(at), at), at)
    except NotFound:
        made = ((), "")
    asked = (tuple(sorted(hashing.columns)), hashing.fingerprint) if hashing else ((), "")
    if made != asked:
        what = "another key" if made[0] == asked[0] else "other sensitive columns"
        raise UsageError(
            f"the baseline was made with {what}: it has {', '.join(made[0]) or 'none'}, the conf "
            f"{', '.join(asked[0]) or 'none'}; run `tidegauge baseline CONF` again"
        )


@contextmanager
def quoting_nothing(conf: Conf) -> Iterator[None]:
    """Errors of what was read, without what they quote of it, where columns are sensitive."""
    if not conf.features.sensitive:
        yield
        return
    try:
        yield
    except InputError as error:
        raise InputError(_cut(str(error))) from None
    except EngineError as error:
        raise EngineError(_cut(str(error))) from None


def _cut(told: str) -> str:
    for phrase in (" cannot be read", "the Spark job failed"):
        before, found, _ = told.partition(phrase)
        if found:
            return f"{before}{found}; {NOT_SHOWN}"
    return told
