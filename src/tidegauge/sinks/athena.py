"""Athena's view of the report's partitions, as the statements that make it.

Source: the Athena user guide, "CREATE TABLE", "OpenX JSON SerDe" and "MSCK REPAIR TABLE".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.storage import join
from tidegauge.storage.uri import scheme

if TYPE_CHECKING:
    from tidegauge.sinks.layout import Layout

# The columns of a line, as sinks/partitions.py writes it.
_COLUMNS = {
    "monitor": "string",
    "variant": "string",
    "window_start": "string",
    "window_end": "string",
    "baseline": "string",
    "feature_name": "string",
    "constraint_check_type": "string",
    "description": "string",
    "severity": "string",
    "incident": "string",
    "since": "string",
    "observed": "double",
    "threshold": "double",
    "distance": "double",
    "details": "string",
}
_KEYS = {"type": "string", "feature": "string", "date": "date"}


def violations_ddl(layout: Layout, database: str) -> str:
    """The statements for the table `<monitor>_violations`, whose partitions the report writes.

    Times are ISO 8601 texts, which sort as they are; `from_iso8601_timestamp` makes them times.

    Raises:
        UsageError: the store is not on S3, or the database's name is none.
    """
    if scheme(layout.store) != "s3":
        raise UsageError(f"Athena reads S3, and the store is {layout.store}: expected s3://")
    if not re.fullmatch(r"[a-z0-9_]+", database):
        raise UsageError(f"--database: expected small letters, digits and '_', found {database!r}")
    table = f"`{database}`.`{re.sub(r'[^a-z0-9_]', '_', layout.monitor.lower())}_violations`"
    location = join(layout.root, "violations").replace("'", "''")
    return f"""\
CREATE EXTERNAL TABLE IF NOT EXISTS {table} (
{_listed(_COLUMNS)}
)
PARTITIONED BY (
{_listed(_KEYS)}
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
LOCATION '{location}/';

-- after each report, which may have made new partitions
MSCK REPAIR TABLE {table};
"""


def _listed(columns: dict[str, str]) -> str:
    return ",\n".join(f"  `{name}` {kind}" for name, kind in columns.items())
