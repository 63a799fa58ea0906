"""A pack's YAML to rules and back: strict, every fault at once with its line.

Unknown keys are refused with the nearest right one, since a rule that is misspelled checks nothing.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, get_args

import yaml

from tidegauge.documents.packs.fields import Field, fields_of, filled, names
from tidegauge.documents.packs.located import load_located
from tidegauge.documents.reader import UnfitError, count
from tidegauge.errors import UsageError, did_you_mean
from tidegauge.model.outcome import Severity
from tidegauge.rules.packs.checks import OF_SINGLE_ROWS, RuleCheck, problems
from tidegauge.rules.packs.of_values import Unique
from tidegauge.rules.packs.rule import Pack, Place, Rule
from tidegauge.rules.packs.terms import Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tidegauge.documents.packs.located import Located, Path

VERSION = 1
CHECKS: Mapping[str, type[Any]] = {check.word: check for check in get_args(RuleCheck)}
ABOUT = ("for", "name", "where", "severity", "description", "owner", "keep_failing", "disabled")
TOP = ("version", "description", "owner", "rules")
_MOST_KEPT = 10_000
_SHOWN = 60
# Checks of the column as it is profiled, or of settings: `where` cannot narrow them.
WITHOUT_WHERE = ("exists", "type", "drift")


class _Fault(Exception):
    """What is wrong with one value; the path below its rule, and the sentence."""

    def __init__(self, path: Path, told: str) -> None:
        super().__init__(told)
        self.path = path


def decode(text: str, where: str) -> Pack:
    """The pack in a YAML text; `where` names it in messages and in the rules' places.

    Raises:
        UsageError: it is not YAML, or says what a pack cannot say (every fault with its line), or
            has no rule.
    """
    located = load_located(text, where)
    tree = located.value
    if not isinstance(tree, dict):
        raise UsageError(f"{where} is no pack: expected a mapping with `version` and `rules`")
    faults = [*_top_faults(tree)]
    rules: list[Rule] = []
    entries = tree.get("rules")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        path: Path = ("rules", index)
        try:
            rules.append(_rule(entry, Place(where, located.lines[path]), tree))
        except _Fault as fault:
            faults.append(_Fault((*path, *fault.path), str(fault)))
    faults += _twice(rules)
    if faults:
        listed = "".join(f"\n  - {_told(fault, located)}" for fault in faults)
        raise UsageError(f"{where} is not a valid pack:{listed}")
    return Pack(tuple(rules), tree.get("description", ""), tree.get("owner", ""))


def encode(pack: Pack, comments: Iterable[str] = ()) -> str:
    """The pack as YAML that `decode` reads back, with comments at its top."""
    tree: dict[str, Any] = {"version": VERSION}
    tree |= {k: v for k in ("description", "owner") if (v := getattr(pack, k))}
    tree["rules"] = [_plain(rule, pack.owner) for rule in pack.rules]
    # Lists and mappings of plain values stand on one line each.
    body = yaml.safe_dump(
        tree, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    return "".join(f"# {line}\n" for text in comments for line in text.splitlines()) + body


def _top_faults(tree: Mapping[str, Any]) -> Iterator[_Fault]:
    yield from (_unknown(key, TOP) for key in tree if key not in TOP)
    if tree.get("version") != VERSION or isinstance(tree.get("version"), bool):
        yield _Fault(("version",), f"expected {VERSION}, found {_shown(tree.get('version'))}")
    for key in ("description", "owner"):
        if key in tree and not isinstance(tree[key], str):
            yield _Fault((key,), f"expected a text, found {_shown(tree[key])}")
    if not isinstance(tree.get("rules"), list) or not tree["rules"]:
        yield _Fault(
            ("rules",), "expected a list with at least one rule: a pack must check something"
        )


def _rule(entry: object, place: Place, tree: Mapping[str, Any]) -> Rule:
    if not isinstance(entry, dict):
        raise _Fault(
            (), f"expected a rule such as {{for: x, completeness: 1}}, found {_shown(entry)}"
        )
    for key in entry:
        if key not in ABOUT and key not in CHECKS:
            raise _unknown(key, (*CHECKS, *ABOUT))
    words = [key for key in entry if key in CHECKS]
    if len(words) != 1:
        found = ", ".join(words) or "none"
        raise _Fault(
            (), f"expected one check a rule, found {found}; the checks are {', '.join(CHECKS)}"
        )
    word = words[0]
    disabled = _maybe(entry, "disabled", _true_or_false, default=False)
    check = _check(CHECKS[word], entry[word], disabled=disabled)
    rule = Rule(
        check,
        place,
        columns=_maybe(entry, "for", names, default=()),
        name=_maybe(entry, "name", filled, default=""),
        where=_maybe(entry, "where", filled, default=""),
        severity=_maybe(entry, "severity", _severity, default=Severity.WARNING),
        description=_maybe(entry, "description", filled, default=""),
        owner=_maybe(entry, "owner", filled, default=tree.get("owner", "")),
        keep_failing=_maybe(entry, "keep_failing", _kept, default=0),
        disabled=disabled,
    )
    _refuse_misfit(rule, word)
    return rule


def _refuse_misfit(rule: Rule, word: str) -> None:
    """What the keys of a rule cannot say together."""
    scope = CHECKS[word].scope
    if scope is Scope.ROWS and rule.columns:
        raise _Fault(("for",), f"a {word} rule is about rows and has no columns: remove it")
    if scope is Scope.COLUMN and not rule.columns:
        raise _Fault((), f"a {word} rule needs `for`, the columns that it is about")
    if isinstance(rule.check, Unique) and not rule.columns and not rule.check.columns:
        raise _Fault((word,), "expected columns here or in `for`")
    if rule.where and word in WITHOUT_WHERE:
        raise _Fault(("where",), f"a {word} rule is about all rows: remove it")
    if rule.keep_failing and not isinstance(rule.check, OF_SINGLE_ROWS):
        raise _Fault(("keep_failing",), f"no single row fails a {word} rule: remove it")


def _check(kind: type[Any], value: object, *, disabled: bool) -> RuleCheck:
    word, known = kind.word, {field.name: field for field in fields_of(kind)}
    if not isinstance(value, dict):
        value = _long_form(kind, value)
    for key in value:
        if key not in known:
            raise _Fault(
                (word, key), f"unknown key{did_you_mean(key, known)}; known are {', '.join(known)}"
            )
    missing = [f.name for f in known.values() if f.required and f.name not in value]
    if missing:
        raise _Fault((word,), f"the key {missing[0]!r} is missing")
    made: RuleCheck = kind(**{k: _fitted(known[k], v, (word, k)) for k, v in value.items()})
    if not disabled:
        for problem in problems(made):
            raise _Fault((word,), problem)
    return made


def _long_form(kind: type[Any], value: object) -> dict[str, object]:
    """The mapping that a bare value stands for."""
    if kind is Unique and value is True:
        return {}
    if not kind.short:
        wanted = ", ".join(field.name for field in fields_of(kind))
        raise _Fault((kind.word,), f"expected a mapping of {wanted}; found {_shown(value)}")
    return {kind.short: value}


def _fitted(field: Field, value: object, path: Path) -> object:
    try:
        return field.fit(value)
    except UnfitError as error:
        hint = did_you_mean(value, error.known) if isinstance(value, str) else ""
        raise _Fault(path, f"expected {error}, found {_shown(value)}{hint}") from None


def _maybe(entry: Mapping[str, Any], key: str, fit: Any, *, default: Any) -> Any:  # noqa: ANN401
    return (
        _fitted(Field(key, fit, {}, required=False), entry[key], (key,))
        if key in entry
        else default
    )


def _true_or_false(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnfitError("true or false")
    return value


def _severity(value: object) -> Severity:
    if not isinstance(value, str) or value not in list(Severity):
        raise UnfitError("warning or critical", [word.value for word in Severity])
    return Severity(value)


def _kept(value: object) -> int:
    if count(value) > _MOST_KEPT:
        raise UnfitError(f"a number of rows up to {_MOST_KEPT:,}")
    return count(value)


def _twice(rules: Iterable[Rule]) -> Iterator[_Fault]:
    """Two rules of one pack that say the same of the same: one of them would never be seen."""
    seen: dict[object, Rule] = {}
    for index, rule in enumerate(rules):
        said = (rule.name, rule.columns, rule.where, rule.check)
        first = seen.setdefault(said, rule)
        if first is not rule:
            yield _Fault(("rules", index), f"the rule of line {first.place.line} says the same")


def _unknown(key: str, known: Collection[str]) -> _Fault:
    return _Fault((key,), f"unknown key{did_you_mean(key, known)}")


def _told(fault: _Fault, located: Located) -> str:
    path: Path = fault.path
    while path and path not in located.lines:
        path = path[:-1]
    dotted = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in fault.path).lstrip(".")
    return f"line {located.lines.get(path, 1)}: {dotted}: {fault}"


def _shown(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."


def _plain(rule: Rule, owner: str) -> dict[str, Any]:
    """A rule as its author would write it: what is a default is left out."""
    check = rule.check
    values = {
        f.name: _word(getattr(check, f.name))
        for f in fields(check)
        if f.default is MISSING or getattr(check, f.name) != f.default
    }
    said: Any = values or (True if isinstance(check, Unique) else {})
    if set(values) == {check.short}:
        said = values[check.short]
    about: dict[str, Any] = {}
    if rule.columns:
        about["for"] = rule.columns[0] if len(rule.columns) == 1 else list(rule.columns)
    about[check.word] = said
    for key in ("name", "where", "description", "owner", "keep_failing", "disabled"):
        value = getattr(rule, key)
        if value and (key != "owner" or value != owner):
            about[key] = value
    if rule.severity is not Severity.WARNING:
        about["severity"] = rule.severity.value
    return about


def _word(value: object) -> object:
    match value:
        case StrEnum():
            return value.value
        case tuple():
            return list(value)
        case _:
            return value
