"""Loading a conf: safe YAML, every fault at once with its place, and what `--set` overrides."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import cattrs
import yaml
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from tidegauge.config.consistency import VERSION, problems
from tidegauge.config.quality import with_class_names
from tidegauge.config.schema import Conf
from tidegauge.errors import UsageError, did_you_mean
from tidegauge.storage import NotFound, storage_for

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

# What does not shape the results: the same data gives the same documents wherever they are kept.
_PLAIN = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_NOT_DIGESTED = (
    "store", "s3", "engine", "row_rules", "on_violation", "outputs", "metrics", "max_catch_up",
    "alerts", "retention", "late",
)  # fmt: skip


def load_conf(path: str, overrides: Sequence[str] = ()) -> Conf:
    """The conf in a YAML file, here or on S3, with `key.path=value` overrides applied.

    Raises:
        UsageError: the file is missing, is not YAML, or says something that a conf cannot say;
            the message lists every fault with its place.
    """
    try:
        text = storage_for(path).read(path).decode("utf-8")
    except (NotFound, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read the conf {path!r} ({error}); give the path of a YAML file such as "
            "conf/flights.yaml"
        ) from error
    tree = _parse(text, path)
    for override in overrides:
        _apply(tree, override)
    return conf_from_tree(tree, path)


def conf_from_tree(tree: Mapping[str, Any], where: str) -> Conf:
    """The conf in a parsed document; `where` names it in messages."""
    try:
        conf = _converter().structure(with_class_names(tree), Conf)
    except BaseValidationError as error:
        faults = "".join(f"\n  - {fault}" for fault in _faults(error, ""))
        raise UsageError(f"{where} is not a valid conf:{faults}") from error
    if found := problems(conf):
        listed = "".join(f"\n  - {problem}" for problem in found)
        raise UsageError(f"{where} is not a valid conf:{listed}")
    return conf


def effective(conf: Conf) -> dict[str, Any]:
    """The conf as plain data, defaults included, keys in the order of the documentation."""
    plain: dict[str, Any] = _converter().unstructure(conf)
    return plain


def to_yaml(conf: Conf) -> str:
    """The effective conf as YAML."""
    return yaml.safe_dump(effective(conf), sort_keys=False, allow_unicode=True)


def digest(conf: Conf) -> str:
    """SHA-256 of the part of the effective conf that shapes the results."""
    shaping = {k: v for k, v in effective(conf).items() if k not in _NOT_DIGESTED}
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key that is given twice is an error, not the last one's value."""

    def construct_mapping(  # the signature is PyYAML's
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002
    ) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        tree = yaml.load(text, _Loader)  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise UsageError(f"{where} is not valid YAML: {told}") from error
    if not isinstance(tree, dict):
        raise UsageError(
            f"{where} holds no conf: expected a mapping that starts with 'version: {VERSION}'"
        )
    return tree


def _apply(tree: dict[str, Any], override: str) -> None:
    path, separator, value = override.partition("=")
    keys = path.split(".")
    if not separator or not all(keys):
        raise UsageError(
            f"--set {override!r} is not KEY=VALUE: expected a form like window=6h or "
            "captures.uri=data/captures"
        )
    for key in keys[:-1]:
        inner = tree.setdefault(key, {})
        if not isinstance(inner, dict):
            raise UsageError(f"--set {override!r}: {key!r} is not a section of the conf")
        tree = inner
    try:
        tree[keys[-1]] = yaml.load(value, _Loader)  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise UsageError(
            f"--set {override!r}: the value is not valid YAML: {told}; put it in quotes"
        ) from error


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in _PLAIN:
        converter.register_structure_hook(kind, _strict)
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _words)
    converter.register_structure_hook_func(lambda kind: kind == (float | str), _amount)
    converter.register_structure_hook_func(
        lambda kind: kind == (str | tuple[str, ...] | None), _columns
    )
    converter.register_structure_hook_factory(is_dataclass, lambda cls: _section(cls, converter))
    converter.register_unstructure_hook(StrEnum, lambda word: word.value)
    converter.register_unstructure_hook(tuple, list)
    converter.register_unstructure_hook_factory(
        is_dataclass, lambda cls: make_dict_unstructure_fn(cls, converter)
    )
    return converter


def _section(cls: type[Any], converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    """What is no section is told without its value: it may be a secret that is written out."""
    structure = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True)

    def section(value: object, kind: Any) -> Any:  # noqa: ANN401  (cattrs' own types)
        if not isinstance(value, dict):
            known = ", ".join(field.name for field in fields(cls))
            raise TypeError(f"expected a section, with keys among {known}")
        return structure(value, kind)

    return section


def _strict(value: object, kind: type) -> object:
    """cattrs would turn 3 into '3' and '0.5' into 0.5; a conf means what it says."""
    if issubclass(kind, StrEnum):  # a kind of str to cattrs
        return _word(value, kind)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"expected {_PLAIN[kind]}, found {value!r}")
    return value


def _word(value: object, kind: type[StrEnum]) -> StrEnum:
    known = [word.value for word in kind]
    if value not in known:
        hint = did_you_mean(str(value), known)
        raise ValueError(f"expected one of {', '.join(known)}; found {value!r}{hint}")
    return kind(value)


def _words(value: object, _: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise TypeError(f"expected a list of names, found {value!r}")
    return tuple(value)


def _amount(value: object, _: object) -> float | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"expected a number, or the name of a column, found {value!r}")
    return value if isinstance(value, str) else float(value)


def _columns(value: object, _: object) -> str | tuple[str, ...] | None:
    if value is None or isinstance(value, str):
        return value
    return _words(value, _)


def _faults(error: BaseException, path: str) -> list[str]:
    """One sentence a fault, with the dotted path of the key."""
    if isinstance(error, ForbiddenExtraKeysError):
        known = [f.name for f in fields(error.cl)]
        return [
            f"unknown key {_dotted(path, key)!r}{did_you_mean(key, known)}"
            for key in sorted(map(str, error.extra_fields))
        ]
    if isinstance(error, KeyError):
        return [f"the key {path!r} is missing"]
    if not isinstance(error, BaseExceptionGroup):
        return [f"{path}: {error}"]
    found = []
    for inner in error.exceptions:
        # A note names the field of a section, or, as `index`, the key of a mapping.
        names = (getattr(n, "name", None) or getattr(n, "index", None) for n in _notes(inner))
        name = next(filter(None, names), None)
        found += _faults(inner, _dotted(path, str(name)) if name else path)
    return found


def _notes(error: BaseException) -> Sequence[object]:
    return getattr(error, "__notes__", ())


def _dotted(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
