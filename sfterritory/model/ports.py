"""What the rooms ask of the world, as protocols: the real thing and a test's fake look alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sfterritory.model.document import Scalar
from sfterritory.model.plan import Applied

MAX_COLLECTION_RECORDS = 200  # Salesforce rejects longer sObject Collections requests


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """The fields to change on one record."""

    object_name: str
    record_id: str
    fields: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class WriteResult:
    """Salesforce's answer for one record: accepted, or its own code and text."""

    record_id: str
    accepted: bool
    code: str = ""
    message: str = ""


class OwnerGateway(Protocol):
    """Reads and writes single records of the system that owns the truth."""

    def read(
        self, object_name: str, record_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, Scalar]]:
        """Return the fields of each record by id; a record that is gone is absent."""

    def write(self, rows: Sequence[RecordWrite]) -> Sequence[WriteResult]:
        """Update at most 200 records, one answer each, in order; never run assignment rules."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One record that is about to be written: enough to settle it after a crash."""

    object_name: str
    record_id: str
    sent: Mapping[str, Scalar]
    found: Mapping[str, Scalar] = field(default_factory=dict)


class Journal(Protocol):
    """The durable log of one apply run; every call has reached the disk when it returns."""

    def outcomes(self) -> Mapping[str, Applied]:
        """Return what is already settled, by `Account:001...`."""

    def unsettled(self) -> Sequence[Intent]:
        """Return what was about to be written when the run was cut off."""

    def sending(self, batch_id: int, intents: Sequence[Intent]) -> None:
        """Record a batch before it is sent."""

    def settle(self, applied: Sequence[Applied]) -> None:
        """Record how each record of a batch ended."""
