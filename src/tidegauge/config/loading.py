"""Loading a conf: safe YAML, every fault at once with its place, and what `--set` overrides."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cattrs
import yaml
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from tidegauge.config.alarms import alarm_problems
from tidegauge.config.capture_rules import capture_problems, training_problems
from tidegauge.config.s3_rules import s3_problems
from tidegauge.config.schema import CaptureFormat, Conf, EngineName
from tidegauge.errors import UsageError, did_you_mean
from tidegauge.model.window import parse_duration
from tidegauge.sources.source import ReadBy

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

VERSION = 1
_MONITOR_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
_HOUR = timedelta(hours=1)
# What does not shape the results: the same data gives the same documents wherever they are kept.
_PLAIN = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_NOT_DIGESTED = ("store", "s3", "engine", "on_violation", "outputs", "metrics", "late")


def load_conf(path: str, overrides: Sequence[str] = ()) -> Conf:
    """The conf in a YAML file, with `key.path=value` overrides applied.

    Raises:
        UsageError: the file is missing, is not YAML, or says something that a conf cannot say;
            the message lists every fault with its place.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
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
        conf = _converter().structure(tree, Conf)
    except BaseValidationError as error:
        faults = "".join(f"\n  - {fault}" for fault in _faults(error, ""))
        raise UsageError(f"{where} is not a valid conf:{faults}") from error
    problems = list(_problems(conf))
    if problems:
        listed = "".join(f"\n  - {problem}" for problem in problems)
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
    converter.register_structure_hook_factory(
        is_dataclass,
        lambda cls: make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True),
    )
    converter.register_unstructure_hook(StrEnum, lambda word: word.value)
    converter.register_unstructure_hook(tuple, list)
    converter.register_unstructure_hook_factory(
        is_dataclass, lambda cls: make_dict_unstructure_fn(cls, converter)
    )
    return converter


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


def _time_problems(conf: Conf) -> list[str]:
    """Durations must be some, and fit into each other: windows are merged from whole units."""
    lengths: dict[str, timedelta] = {}
    found = []
    for name in ("window", "every", "profile", "late"):
        try:
            if (text := getattr(conf, name)) is not None and (name, text) != ("late", "never"):
                lengths[name] = parse_duration(text)
        except UsageError as error:
            found.append(f"{name}: {error}")
    window, every, unit = (lengths.get(name) for name in ("window", "every", "profile"))
    if every and window and every < window and not unit:
        found.append(
            "every: windows that overlap are merged from profiles of shorter units: add `profile`, "
            "such as `profile: 1h`"
        )
    found += [
        f"{name}: expected a multiple of `profile` ({conf.profile}), found {getattr(conf, name)}"
        for name, length in (("window", window), ("every", every))
        if unit and length and length % unit
    ]
    return found


def _output_problems(conf: Conf) -> list[str]:
    """Copies need a place, and names that stay folders of their own."""
    outputs = conf.outputs
    names = {"outputs.endpoint": outputs.endpoint, "outputs.schedule": outputs.schedule}
    found = [
        f"{key}: expected letters, digits, '.', '_' and '-', found {name!r}"
        for key, name in names.items()
        if name is not None and not _MONITOR_NAME.match(name)
    ]
    if (outputs.layout is None) != (outputs.uri is None):
        found.append("outputs: expected `layout` and `uri` together, or neither")
    with suppress(UsageError):  # what is no duration is told of elsewhere
        if outputs.layout and parse_duration(conf.every or conf.window or "1h") % _HOUR:
            found.append("outputs.layout: its folders are of hours, so windows must be, too")
    if conf.metrics.namespace == "":
        found.append("metrics.namespace: expected a name, found ''")
    return found


def _problems(conf: Conf) -> list[str]:
    """What a type cannot say."""
    found = []
    if conf.version != VERSION:
        found.append(f"version: this release reads version {VERSION}, found {conf.version}")
    if not _MONITOR_NAME.match(conf.monitor):
        found.append(f"monitor: expected letters, digits, '.', '_' and '-', found {conf.monitor!r}")
    if not 0 <= conf.max_rejected <= 1:
        found.append(f"max_rejected: expected a share from 0 to 1, found {conf.max_rejected}")
    found += _time_problems(conf)
    found += _output_problems(conf)
    found += alarm_problems(conf.alarms)
    found += s3_problems(conf.s3)
    captures = conf.captures
    plain = captures is not None and captures.format is not CaptureFormat.SAGEMAKER
    plain = plain and not (captures and captures.manifests)  # these have a layout of their own
    if captures and plain and (captures.layout is None) == (captures.time is None):
        found.append(
            "captures: expected either `layout`, such as "
            '"{variant}/{yyyy}/{mm}/{dd}/{hh}", or `time`, the column that tells the window'
        )
    if captures:
        found += capture_problems(captures)
    found += training_problems(conf.training)
    if captures and captures.format is CaptureFormat.TABLE and captures.layout is not None:
        found.append("captures.layout: a table has no folders: expected `time` in its place")
    if conf.engine is EngineName.LOCAL:
        found += _spark_problems(conf)
    return found


def _spark_problems(conf: Conf) -> list[str]:
    """What cannot be read without Spark."""
    found = []
    for what, section in (("a training set", conf.training), ("captures", conf.captures)):
        if section and section.format == "table":
            found.append(f"engine: {what} of format 'table' needs engine 'spark'")
        elif section and section.read is ReadBy.SPARK:
            found.append(f"engine: {what} with read 'spark' needs engine 'spark'")
    return found
