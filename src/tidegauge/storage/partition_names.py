"""Names as Hive partition values: any text becomes one path segment that Spark and Hive read back.

The escapes are those of Hive's FileUtils.escapePathName and Spark's ExternalCatalogUtils.
"""

from __future__ import annotations

import re
from hashlib import sha256

DEFAULT_PARTITION = "__HIVE_DEFAULT_PARTITION__"

_ESCAPED = re.compile(r"""[\x00-\x1f\x7f"#%'*/:=?\\{[\]^]""")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_LONGEST_BYTES = 200  # a file name may have 255; room for what stands around the value
_DIGEST_CHARACTERS = 16


def escape_partition(value: str) -> str:
    """The value as it stands in `key=value`: special characters as `%XX`, the rest raw.

    Empty text is Hive's default partition.
    What has more than 200 UTF-8 bytes is cut, and what has no UTF-8 (a lone surrogate) replaced;
    a digest at the end keeps such values apart, but their way back is lost.
    """
    if not value:
        return DEFAULT_PARTITION
    encodable = value.encode("utf-8", "replace").decode()
    escaped = [_ESCAPED.sub(_percent, character) for character in encodable]
    if encodable == value and _size("".join(escaped)) <= _LONGEST_BYTES:
        return "".join(escaped)
    digest = sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARACTERS]
    room = _LONGEST_BYTES - len(digest) - 1
    kept = 0
    for character in escaped:
        room -= _size(character)
        if room < 0:
            break
        kept += 1
    return f"{''.join(escaped[:kept])}-{digest}"


def unescape_partition(text: str) -> str:
    """The value behind a partition's text, as Hive and Spark unescape it."""
    if text == DEFAULT_PARTITION:
        return ""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def escape_segment(name: str) -> str:
    """A name as a path segment of its own: escaped, and never `.` or `..`."""
    return name.replace(".", "%2E") if name in {".", ".."} else escape_partition(name)


def _percent(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _size(text: str) -> int:
    return len(text.encode())
