"""Safe YAML as plain values, with the line on which each of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from tidegauge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

_MOST_VALUES = 200_000  # anchors may stand for more than memory holds


@dataclass(frozen=True, slots=True)
class Located:
    """A document's value; `lines` has the line of every value in it by its path, from 1 on."""

    value: Any
    lines: Mapping[Path, int]


class _TooMuch(Exception):
    """The document has more values than any pack."""


def load_located(text: str, where: str) -> Located:
    """The document with its lines; dates stay texts, as they are written.

    Raises:
        UsageError: it is not YAML, names a key twice in one mapping, or is far too large.
    """
    loader = yaml.SafeLoader(text)
    lines: dict[Path, int] = {}
    try:
        node = loader.get_single_node()
        value = None if node is None else _value(loader, node, (), lines)
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise UsageError(f"{where} is not valid YAML: {told}") from None
    except (_TooMuch, RecursionError):
        raise UsageError(f"{where} is no pack: it is nested too deeply, or far too large") from None
    finally:
        loader.dispose()
    return Located(value, lines)


def _value(loader: yaml.SafeLoader, node: yaml.Node, path: Path, lines: dict[Path, int]) -> object:
    lines[path] = node.start_mark.line + 1
    if len(lines) > _MOST_VALUES:
        raise _TooMuch
    if isinstance(node, yaml.MappingNode):
        return {key: _value(loader, v, (*path, key), lines) for key, v in _items(loader, node)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, i), lines) for i, item in enumerate(node.value)]
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    return loader.construct_object(node)


def _items(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    seen: set[str] = set()
    for key_node, value in node.value:
        # YAML reads a bare `on` and `off` as booleans, also where they are keys.
        is_scalar = isinstance(key_node, yaml.ScalarNode)
        key = key_node.value if is_scalar else str(loader.construct_object(key_node, deep=True))
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is given twice", key_node.start_mark
            )
        seen.add(key)
        yield key, value
