"""What requests ask of IAM, and whether a policy allows it, as AWS evaluates what we write there.

Sources: "Actions, resources, and condition keys" for S3, EMR and EMR Serverless in the Service
Authorization Reference; "Policy evaluation logic" and "Condition operators" in IAM's guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.faults.proxy import Sent

DOCS = Path(__file__).parents[2] / "docs" / "cluster.md"
Policy = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """An action on a resource, with the prefix of a listing."""

    action: str
    resource: str
    prefix: str | None = None


def asked_of_s3(sent: Iterable[Sent]) -> Iterator[Asked]:
    """What requests of path style ask of S3."""
    for one in sent:
        url = urlsplit(one.path)
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        query = parse_qs(url.query, keep_blank_values=True)
        arn = f"arn:aws:s3:::{bucket}"
        match one.method:
            case "GET" | "HEAD" if not key:
                assert "location" not in query
                yield Asked("s3:ListBucket", arn, query.get("prefix", [None])[0])
            case "POST" if "delete" in query:
                for name in re.findall(r"<Key>(.*?)</Key>", one.body.decode()):
                    yield Asked("s3:DeleteObject", f"{arn}/{name}")
            case method:
                verbs = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "POST": "Put"}
                yield Asked(f"s3:{verbs.get(method, 'Delete')}Object", f"{arn}/{key}")


def asked_of_emr(sent: Iterable[Sent]) -> set[str]:
    """The actions that requests ask of EMR and EMR Serverless."""
    model = boto3.client("emr-serverless", region_name="us-east-1").meta.service_model
    known = {
        (operation.http["method"], re.sub(r"{\w+}", "[^/]+", operation.http["requestUri"])): name
        for name, operation in ((n, model.operation_model(n)) for n in model.operation_names)
    }
    found = set()
    for one in sent:
        if one.target:
            found.add(f"elasticmapreduce:{one.target.partition('.')[2]}")
            continue
        (name,) = (
            name for (method, path), name in known.items()
            if method == one.method and re.fullmatch(path, urlsplit(one.path).path)
        )  # fmt: skip
        found.add(f"emr-serverless:{name}")
    return found


def policies(bucket: str = "my-bucket") -> dict[str, Policy]:
    """The policies of the page, by the heading that stands before each; of this bucket."""
    import json

    found = {}
    for section in DOCS.read_text(encoding="utf-8").split("\n### ")[1:]:
        heading, _, rest = section.partition("\n")
        if "```json" in rest:
            text = rest.split("```json\n")[1].split("```")[0]
            found[heading] = json.loads(text.replace("my-bucket", bucket))
    return found


def actions(*some: Policy) -> set[str]:
    """All that policies allow to do."""
    return {a for policy in some for one in policy["Statement"] for a in one["Action"]}


def allowing(policy: Policy, asked: Asked) -> list[str]:
    """The statements that allow it; without one it is denied."""
    return [one["Sid"] for one in policy["Statement"] if _allows(one, asked)]


def _allows(statement: dict[str, Any], asked: Asked) -> bool:
    assert statement["Effect"] == "Allow"
    if asked.action not in statement["Action"]:
        return False
    if not any(fnmatchcase(asked.resource, pattern) for pattern in statement["Resource"]):
        return False
    for operator, keys in statement.get("Condition", {}).items():
        assert operator in {"StringLike", "StringLikeIfExists"}
        (patterns,) = (keys[key] for key in keys if key == "s3:prefix")
        if asked.prefix is None:
            if operator == "StringLike":
                return False
        elif not any(fnmatchcase(asked.prefix, pattern) for pattern in patterns):
            return False
    return True
