"""The JSON Schema of packs, for editors: made from the checks themselves."""

from __future__ import annotations

import re
from typing import Any

from tidegauge.documents.packs.fields import NAMES, fields_of
from tidegauge.documents.packs.pack import CHECKS, VERSION
from tidegauge.model.outcome import Severity
from tidegauge.rules.packs.terms import Scope

_TEXT = {"type": "string", "minLength": 1}
_ABOUT: dict[str, dict[str, Any]] = {
    "for": {
        "description": "the columns: a name, a pattern in which * stands for any characters, or a "
        "list of these; each column has the rule for itself",
        "anyOf": [_TEXT, NAMES],
    },
    "name": {
        **_TEXT,
        "description": "a later rule of the same name takes this one's place",
    },
    "where": {**_TEXT, "description": "a SQL predicate: only rows that make it true count"},
    "severity": {
        "enum": [word.value for word in Severity],
        "description": "how bad a violation is; a warning, unless this or the conf says otherwise",
    },
    "description": {**_TEXT, "description": "why, in people's words"},
    "owner": {**_TEXT, "description": "whom to ask; the pack's owner unless it is given"},
    "keep_failing": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10000,
        "description": "how many of the rows that fail are kept under rejected/",
    },
    "disabled": {"type": "boolean", "description": "true takes an earlier rule out of force"},
}


def json_schema() -> dict[str, Any]:
    """The schema of a pack, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A constraint pack of Tidegauge",
        "type": "object",
        "required": ["version", "rules"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": VERSION},
            "description": _TEXT,
            "owner": {**_TEXT, "description": "of every rule that names none of its own"},
            "rules": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/rule"}},
        },
        "$defs": {"rule": _rule()},
    }


def _rule() -> dict[str, Any]:
    needs_columns = [
        {"required": [word, "for"]} if kind.scope is Scope.COLUMN else {"required": [word]}
        for word, kind in CHECKS.items()
    ]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**_ABOUT, **{word: _check(kind) for word, kind in CHECKS.items()}},
        "oneOf": needs_columns,
    }


def _check(kind: type[Any]) -> dict[str, Any]:
    fields = fields_of(kind)
    long: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: field.schema for field in fields},
    }
    if required := [field.name for field in fields if field.required]:
        long["required"] = required
    forms = [long]
    if kind.short:
        short = next(field.schema for field in fields if field.name == kind.short)
        forms.append(short)
        if short == NAMES:
            forms += [{"const": True}, _TEXT]
    told = re.sub(r"\s+", " ", kind.__doc__ or "").strip()
    return (
        {"description": told, "anyOf": forms} if len(forms) > 1 else {**long, "description": told}
    )
