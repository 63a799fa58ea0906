"""The scripts that a conf names, read and compiled before any work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.sources.script import POSTPROCESS, PREPROCESS, ScriptError, load_script

if TYPE_CHECKING:
    from tidegauge.config.schema import Conf
    from tidegauge.sources.script import Script


def training_script(conf: Conf) -> Script | None:
    """What makes rows of the lines of the training data, if the conf names one.

    Raises:
        UsageError: it cannot be used.
        StorageError: it cannot be fetched.
    """
    return _script(conf, conf.training.preprocess if conf.training else None, PREPROCESS)


def capture_script(conf: Conf) -> Script | None:
    """What makes rows of captured records; otherwise as `training_script`."""
    return _script(conf, conf.captures.preprocess if conf.captures else None, PREPROCESS)


def postprocess_script(conf: Conf) -> Script | None:
    """What is run after the windows; otherwise as `training_script`."""
    return _script(conf, conf.captures.postprocess if conf.captures else None, POSTPROCESS)


def call_after(script: Script | None) -> None:
    """Call what is run after the windows, if there is such a script.

    Raises:
        UsageError: it failed; the runs are done.
    """
    if script is None:
        return
    try:
        script.call()
    except ScriptError as error:
        raise UsageError(
            f"the runs are done and in the store, but the script {error}; mend it, or remove "
            "`captures.postprocess`"
        ) from None


def has_scripts(conf: Conf) -> bool:
    """Whether the conf names code of its user's."""
    training, captures = conf.training, conf.captures
    named = (
        training and training.preprocess,
        captures and (captures.preprocess or captures.postprocess),
    )
    return any(named)


def _script(conf: Conf, uri: str | None, handler: str) -> Script | None:
    return load_script(uri, handler, conf.s3) if uri else None
