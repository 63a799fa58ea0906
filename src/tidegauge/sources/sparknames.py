"""Files as Spark names them: absolute, with a scheme, percent-encoded where it names them to us."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from tidegauge.storage import filesystem, join

_GLOB = re.compile(r"[\\\[\]{}*?]")
_LOCAL = re.compile(r"^file:/+")


@dataclass(frozen=True, slots=True)
class SparkNames:
    """The names of what lies at or below `root`; `location` is how Spark calls that place."""

    root: str
    location: str

    @classmethod
    def of(cls, root: str) -> SparkNames:
        return cls(join(root).rstrip("/"), _location(root).rstrip("/"))

    def uri(self, path: str) -> str:
        """Our location of the file that Spark calls `path`.

        Raises:
            ValueError: the file does not lie below the root.
        """
        plain = _LOCAL.sub("file:/", unquote(path))
        key = plain.removeprefix(self.location)
        if not plain.startswith(self.location) or key[:1] not in ("", "/"):
            raise ValueError(f"Spark has read {path}, which is not below {self.location}")
        return self.root + key


def spark_path(uri: str) -> str:
    """A location as Spark's readers take it, which would otherwise look for wildcards in it."""
    return _GLOB.sub(r"\\\g<0>", _location(uri))


def _location(uri: str) -> str:
    """With a scheme: without one it would lie on the cluster's own file system."""
    return uri if uri.startswith("s3://") else f"file:{filesystem(uri)[1]}"
