"""A user's script: Python text that the driver reads, and that each worker compiles once.

It runs as SageMaker's record preprocessor and post-analytics processor do, in our process and with
its rights.
"""

from __future__ import annotations

import inspect
import logging
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from traceback import walk_tb
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tidegauge.errors import UsageError
from tidegauge.sources.listing import File
from tidegauge.storage import NotFound, storage_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegauge.storage import S3Settings

PREPROCESS, POSTPROCESS = "preprocess_handler", "postprocess_handler"
_LONGEST = 300  # characters of an exception's own words

log = logging.getLogger(__name__)


class ScriptError(Exception):
    """What a script raised, and on which of its lines. It never leaves a reader or a flow."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script that defines `handler`; the text itself goes to the workers."""

    uri: str
    handler: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def file(self) -> File:
        """The script among the files that a run reads."""
        return File(self.handler, self.uri, len(self.text.encode()), self.digest)

    def call(self, *arguments: object) -> Any:  # noqa: ANN401  (whatever the script returns)
        """What the handler returns; it is given a logger as well if it takes one more argument.

        Raises:
            ScriptError: it failed.
        """
        function, places = _loaded(self)
        try:
            return function(*arguments, *([log] if places > len(arguments) else []))
        except (Exception, SystemExit) as error:  # noqa: BLE001  (a script may raise anything)
            raise ScriptError(self.blamed(error)) from None

    def blamed(self, error: BaseException) -> str:
        """Where in the script it went wrong, and what was raised, in one line."""
        lines = [line for frame, line in walk_tb(error.__traceback__) if self._is_of(frame)]
        line = error.lineno if isinstance(error, SyntaxError) else next(reversed(lines), None)
        place = self.uri if line is None else f"{self.uri}:{line}"
        words = " ".join(str(error).split())[:_LONGEST]
        return f"{place} raised {type(error).__name__}{': ' if words else ''}{words}"

    def _is_of(self, frame: Any) -> bool:  # noqa: ANN401  (a frame)
        return bool(frame.f_code.co_filename == self.uri)


def load_script(uri: str, handler: str, settings: S3Settings) -> Script:
    """The script at a URI, run once so that what is wrong with it is told before any work.

    Raises:
        UsageError: it is not there, is no Python, fails, or has no such function.
        StorageError: it cannot be fetched.
    """
    try:
        script = Script(uri, handler, storage_for(uri, settings).read(uri).decode())
    except NotFound:
        raise UsageError(
            f"there is no script {uri}: correct the conf, or put the file there"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"the script {uri} is not UTF-8; save it as such") from None
    try:
        _loaded(script)
    except ScriptError as error:
        raise UsageError(f"the script {error}; mend it") from None
    return script


@cache
def _loaded(script: Script) -> tuple[Callable[..., Any], int]:
    """The handler, and how many arguments it takes by their places.

    Raises:
        ScriptError: the script is no Python, fails, or has no such function.
    """
    module = ModuleType(f"tidegauge_script_{script.digest}")
    module.__file__ = script.uri
    sys.modules[module.__name__] = module  # where dataclasses and pickle look for a module
    try:
        code = compile(script.text, script.uri, "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102  (that is what it is for)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a script may raise anything)
        raise ScriptError(script.blamed(error)) from None
    function = getattr(module, script.handler, None)
    if not callable(function):
        raise ScriptError(f"{script.uri} defines no function {script.handler}")
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = inspect.signature(function).parameters.values()
    return function, sum(parameter.kind in by_place for parameter in taken)
