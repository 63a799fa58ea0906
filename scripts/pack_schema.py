"""Writes the JSON Schema of constraint packs, for editors: python scripts/pack_schema.py."""

from __future__ import annotations

import json
from pathlib import Path

from tidegauge.documents.packs.schema import json_schema

SCHEMA = Path(__file__).parents[1] / "constraints" / "pack.schema.json"


def text() -> str:
    """The file's content."""
    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(text(), encoding="utf-8")
