"""Packs as YAML: what is read, what is refused and where, and the schema for editors."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
import yaml
from tests.packs.row_cases import CASES

from tidegauge.documents.packs.pack import CHECKS, decode, encode
from tidegauge.documents.packs.schema import json_schema
from tidegauge.errors import UsageError
from tidegauge.model.outcome import Severity
from tidegauge.rules.packs.checks import RuleCheck
from tidegauge.rules.packs.of_batches import Drift, Quantile
from tidegauge.rules.packs.of_values import Range, Unique
from tidegauge.rules.packs.rule import Pack, Place

ROOT = Path(__file__).parents[2]
PACKS = sorted((ROOT / "constraints").glob("*.yaml"))
EVERY_KEY = """\
version: 1
description: all that a rule can say
owner: us
rules:
  - for: ["sched_*", distance]
    range: {min: 0, max: 1439, share: 0.99}
    name: minutes
    where: origin = 'JFK'
    severity: critical
    description: minutes after midnight
    owner: them
    keep_failing: 7
  - {for: distance, quantile: {at: 0.5, max: 3}}
  - unique: [carrier, flight]
  - {for: id, unique: true}
  - {for: temp, drift: off}
  - {for: temp, drift: {threshold: 0.3, method: Simple}}
  - {for: a, domain: [yes, 1, 2.5, "x"]}
  - {for: a, exists: true}
  - {for: a, type: {expected: Integral, share: 0.5}}
  - {for: a, freshness: 6h, disabled: true}
"""


def test_every_key_of_a_rule_is_read() -> None:
    """The first rule has them all; what it does not say comes from the pack or is a default."""
    pack = decode(EVERY_KEY, "p.yaml")
    first = pack.rules[0]

    assert first.check == Range(0.0, 1439.0, 0.99)
    assert first.place == Place("p.yaml", 5)
    assert ("sched_*", "distance") == first.columns
    assert ("minutes", "origin = 'JFK'", Severity.CRITICAL) == (
        first.name, first.where, first.severity
    )  # fmt: skip
    assert ("minutes after midnight", "them", 7) == (
        first.description, first.owner, first.keep_failing
    )  # fmt: skip
    assert pack.rules[1].check == Quantile(0.5, None, 3.0)
    assert ("us", Severity.WARNING) == (pack.rules[1].owner, pack.rules[1].severity)
    assert [Unique(("carrier", "flight")), Unique()] == [rule.check for rule in pack.rules[2:4]]
    assert pack.rules[4].check == Drift(compare=False)
    assert pack.rules[9].disabled


def test_what_is_written_is_read_back() -> None:
    """Encoding loses nothing but the places."""
    pack = decode(EVERY_KEY, "p.yaml")

    again = decode(encode(pack, ("made by hand", "two\nlines")), "q.yaml")

    assert _nowhere(pack) == _nowhere(again)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["{for: a, rnage: {}}"], "line 3: rules[0].rnage: unknown key; did you mean 'range'?"),
        (["{for: a, range: {mim: 1}}"], "rules[0].range.mim: unknown key; did you mean 'min'?"),
        (["{for: a, range: {}}"], "rules[0].range: expected `min`, `max` or both"),
        (["{for: a, range: {min: 2, max: 1}}"], "rules[0].range: expected min <= max"),
        (["{for: a, range: 3}"], "rules[0].range: expected a mapping of min, max, share; found 3"),
        (["{for: a, range: {min: .nan}}"], "rules[0].range.min: expected a finite number"),
        (["{for: a, completeness: '1'}"], "rules[0].completeness.min: expected a share"),
        (["{for: a, completeness: 1.1}"], "rules[0].completeness.min: expected a share"),
        (["{for: a, completeness: true}"], "rules[0].completeness.min: expected a share"),
        (["{for: a, type: integral}"], "found \"integral\"; did you mean 'Integral'?"),
        (["{for: a, sign: postive}"], "did you mean 'positive'?"),
        (["{for: a, freshness: soon}"], "rules[0].freshness.max_age: expected a duration"),
        (["{for: a, domain: []}"], "rules[0].domain: expected at least one value"),
        (["{for: a, drift: on}"], "rules[0].drift: expected a threshold"),
        (["{for: a, length: {min: -1}}"], "rules[0].length.min: expected a count"),
        (["{for: a}"], "expected one check a rule, found none"),
        (["{for: a, completeness: 1, sign: positive}"], "found completeness, sign"),
        (["{completeness: 1}"], "a completeness rule needs `for`"),
        (["{for: a, rows: {min: 1}}"], "rules[0].for: a rows rule is about rows"),
        (["{unique: true}"], "rules[0].unique: expected columns here or in `for`"),
        (["{for: a, type: Integral, where: b}"], "rules[0].where: a type rule is about all rows"),
        (["{for: a, mean: {min: 1}, keep_failing: 1}"], "no single row fails a mean rule"),
        (["{for: a, sign: positive, severity: fatal}"], "severity: expected warning or critical"),
        (["{for: [], sign: positive}"], "rules[0].for: expected a column's name"),
        (["{for: a, sign: positive}", "{for: a, sign: positive}"], "line 4: rules[1]: the rule of"),
        (["7"], "line 3: rules[0]: expected a rule such as"),
        ([], "expected a list with at least one rule"),
    ],
)  # fmt: skip
def test_what_a_pack_cannot_say_is_refused_with_its_place(lines: list[str], told: str) -> None:
    """Line, path, what was expected and found, and the nearest right word."""
    text = "version: 1\nrules:\n" + "".join(f"  - {line}\n" for line in lines)

    with pytest.raises(UsageError) as refused:
        decode(text, "p.yaml")

    assert str(refused.value).startswith("p.yaml is not a valid pack:")
    assert told in str(refused.value)


def test_all_faults_are_told_at_once() -> None:
    """Nobody wants to mend a pack one line at a time."""
    with pytest.raises(UsageError) as refused:
        decode("version: 2\nrules: [{for: a, x: 1}, {for: b, y: 1}]\nz: 1\n", "p.yaml")

    assert 4 == str(refused.value).count("\n  - ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: [", "not valid YAML"),
        ("- a", "expected a mapping"),
        ("", "expected a mapping"),
        ("version: 1\nversion: 1\n", "given twice"),
        ("a: &a [1]\nb: !!python/name:os.system x", "not valid YAML"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{c}: &{c} [*{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}]\n"
                      for p, c in zip("abcdefg", "bcdefgh", strict=True)),
            "far too large",
        ),
    ],
)  # fmt: skip
def test_what_is_no_pack_at_all_is_refused(text: str, told: str) -> None:
    """Broken, hostile and empty documents."""
    with pytest.raises(UsageError, match=told):
        decode(text, "p.yaml")


def test_the_schema_in_the_repository_is_that_of_the_code() -> None:
    """`python scripts/pack_schema.py` writes it anew."""
    written = json.loads((ROOT / "constraints" / "pack.schema.json").read_text(encoding="utf-8"))

    assert json_schema() == written


def test_the_schema_accepts_what_is_read_and_refuses_what_is_not() -> None:
    """An editor says the same as `tidegauge check`."""
    validator = jsonschema.Draft202012Validator(json_schema())
    rules = "".join(f"  - {case.rule}\n" for case in CASES)

    assert [] == list(validator.iter_errors(yaml.safe_load(EVERY_KEY)))
    assert [] == list(validator.iter_errors(yaml.safe_load(f"version: 1\nrules:\n{rules}")))
    for wrong in ("{for: a, rnage: {min: 1}}", "{completeness: 1}", "{for: a, completeness: 2}"):
        bad = yaml.safe_load(f"version: 1\nrules:\n  - {wrong}\n")
        assert list(validator.iter_errors(bad)), wrong


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.name)
def test_every_pack_in_the_repository_loads(path: Path) -> None:
    """And an editor finds nothing wrong with it."""
    text = path.read_text(encoding="utf-8")

    assert decode(text, str(path)).rules
    jsonschema.validate(yaml.safe_load(text), json_schema())


def test_every_check_is_in_the_language() -> None:
    """One list: what rules know, packs can say."""
    assert set(get_args(RuleCheck)) == set(CHECKS.values())


def _nowhere(pack: Pack) -> Pack:
    return replace(pack, rules=tuple(replace(r, place=Place("", 0)) for r in pack.rules))


def test_the_guide_shows_packs_that_load_and_names_every_check() -> None:
    """docs/packs.md."""
    guide = (ROOT / "docs" / "packs.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)

    assert [3] == [len(decode(text, "docs/packs.md").rules) for text in blocks if "rules:" in text]
    named = {word for line in guide.splitlines() for word in re.findall(r"`(\w+)`", line[:40])}
    assert set(CHECKS) <= named
