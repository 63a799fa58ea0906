"""How a baselining job's rows, or a batch transform's results, are written, as they say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def dataset_format(
    described: Mapping[str, Any] | None, *, transform: bool = False
) -> tuple[str | None, bool, str]:
    """The format of a `dataset_format`, whether a CSV has a header, and what is to be said of it.

    Only a batch transform's results may be a JSON document over several lines.

    Source: the SDK's `DatasetFormat`; the guide's examples spell `lines` as `line`.
    """
    match described:
        case None:
            return None, True, "the baselining job does not say how its data are written"
        case {"csv": {**options}}:
            position = options.get("output_columns_position")
            note = f"the model's outputs stand at the {position} of each row" if position else ""
            return "csv", bool(options.get("header", True)), note
        case {"parquet": _}:
            return "parquet", True, ""
        case {"json": {"lines": True} | {"line": True}}:
            return "jsonl", True, ""
        case {"json": _} if transform:
            return "json", True, ""
        case _:
            return None, True, f"{described} is not read: expected CSV, Parquet or JSON Lines"
