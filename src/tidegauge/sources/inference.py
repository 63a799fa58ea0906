"""What a preprocessing script is given: one inference record, by the names of the service's guide.

Source: the developer guide's "Preprocessing and postprocessing"; scripts of 2019 to 2021 reach the
payloads by `event_data.endpointInput`, later ones by `endpoint_input`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH_OUTPUT = "batchTransformOutput"


@dataclass(frozen=True, slots=True)
class Payload:
    """One side of a record; a side that the record has not is false, and each field of it None."""

    fields: Mapping[str, Any]

    @property
    def data(self) -> str | None:
        return self.fields.get("data")

    @property
    def encoding(self) -> str | None:
        return self.fields.get("encoding")

    @property
    def observedContentType(self) -> str | None:  # noqa: N802  (the service's name)
        return self.fields.get("observedContentType")

    @property
    def mode(self) -> str | None:
        return self.fields.get("mode")

    def as_dict(self) -> dict[str, Any]:
        return dict(self.fields)

    def __bool__(self) -> bool:
        return bool(self.fields)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Whose record it is and when it was made."""

    fields: Mapping[str, Any]

    @property
    def event_id(self) -> str | None:
        return self.fields.get("eventId")

    @property
    def event_time(self) -> str | None:
        return self.fields.get("inferenceTime")

    @property
    def inference_id(self) -> str | None:
        return self.fields.get("inferenceId")

    @property
    def custom_attribute(self) -> list[str] | None:
        return self.fields.get("customAttributes")

    def as_dict(self) -> dict[str, Any]:
        return dict(self.fields)


@dataclass(frozen=True, slots=True)
class EventData:
    """The payloads by the names that they have in the record: the old path."""

    fields: Mapping[str, Any]

    @property
    def endpointInput(self) -> Payload:  # noqa: N802  (the service's name)
        return Payload(part_of(self.fields, "endpointInput"))

    @property
    def endpointOutput(self) -> Payload:  # noqa: N802  (the service's name)
        return Payload(part_of(self.fields, "endpointOutput"))

    @property
    def batchTransformOutput(self) -> Payload:  # noqa: N802  (the service's name)
        return Payload(part_of(self.fields, BATCH_OUTPUT))

    def as_dict(self) -> dict[str, Any]:
        return dict(self.fields)


@dataclass(frozen=True, slots=True)
class InferenceRecord:
    """A captured record; `event_dict` is the whole of it."""

    event_dict: dict[str, Any]

    @property
    def event_data(self) -> EventData:
        return EventData(part_of(self.event_dict, "captureData"))

    @property
    def endpoint_input(self) -> Payload:
        return self.event_data.endpointInput

    @property
    def endpoint_output(self) -> Payload:
        return self.event_data.endpointOutput

    @property
    def batch_transform_output(self) -> Payload:
        return self.event_data.batchTransformOutput

    @property
    def ground_truth(self) -> Payload:
        return Payload(part_of(self.event_dict, "groundTruthData"))

    @property
    def event_metadata(self) -> Metadata:
        return Metadata(part_of(self.event_dict, "eventMetadata"))

    @property
    def event_version(self) -> str | None:
        return self.event_dict.get("eventVersion")

    def as_dict(self) -> dict[str, Any]:
        return self.event_dict


def part_of(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object within a record; empty where there is none.

    Raises:
        BadRecord: there is something else.
    """
    found = record.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadRecord(f"{key} is not an object")
    return found
