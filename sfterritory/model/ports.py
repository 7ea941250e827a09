"""What the rooms ask of the world, as protocols: the real thing and a test's fake look alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sfterritory.errors import ConnectorError
from sfterritory.model.document import Scalar
from sfterritory.model.plan import Applied

MAX_COLLECTION_RECORDS = 200  # Salesforce rejects longer sObject Collections requests
MAX_COMPOSITE_REQUESTS = 25  # and more requests in one composite


class AmbiguousWriteError(ConnectorError):
    """A write was sent and no clear answer came: it may or may not have happened.

    Whoever catches this reads the records to learn which; sending again before is not safe.
    """


class JobAbortedError(ConnectorError):
    """Somebody ended a Bulk job in Salesforce; what it had not reached was not written."""


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """The fields to change on one record.

    Attributes:
        unmodified_since: The record's `LastModifiedDate` as it was read: a conditional write is
            refused where it has moved on. Other ways of writing cannot ask that, and ignore it.
    """

    object_name: str
    record_id: str
    fields: Mapping[str, Scalar]
    unmodified_since: str | None = None


class Refusal(StrEnum):
    """What a refused record asks of the one who sent it."""

    FINAL = "final"  # it will be refused each time
    PASSING = "passing"  # it was locked, or Salesforce was busy: it may go through a moment later
    CONFLICT = "conflict"  # it is no longer what the plan saw: edited, deleted, in an approval
    GENERAL = "general"  # every other record would be refused for the same cause


@dataclass(frozen=True, slots=True)
class WriteResult:
    """Salesforce's answer for one record: accepted, or its own code and text.

    Attributes:
        refusal: What a refusal means; without a meaning where the record was accepted.
        remedy: What a person can do about a refusal, '' where nothing is known.
    """

    record_id: str
    accepted: bool
    code: str = ""
    message: str = ""
    refusal: Refusal = Refusal.FINAL
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How Bulk jobs ended: one answer for each record, in the order of the records.

    Attributes:
        answers: None where the jobs tell nothing of a record: never reached, or not sent.
        aborted: Why it ended early, where a person in Salesforce ended it; '' otherwise.
    """

    answers: Sequence[WriteResult | None]
    aborted: str = ""


OnJob = Callable[[str, Sequence[RecordWrite]], None]


class OwnerGateway(Protocol):
    """Reads and writes single records of the system that owns the truth.

    No way of writing runs assignment rules. Each may raise `AmbiguousWriteError`; after any other
    `ConnectorError` it makes no sense to send anything more until a person has done something.
    """

    def read(
        self, object_name: str, record_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, Scalar]]:
        """Return the fields of each record by id; a record that is gone is absent."""

    def write(self, rows: Sequence[RecordWrite]) -> Sequence[WriteResult]:
        """Update at most 200 records one after the other, one answer each, in order."""

    def write_unmodified(
        self, rows: Sequence[RecordWrite], *, rows_per_request: int
    ) -> Sequence[WriteResult]:
        """Update each record only if nobody modified it since it was read, in order."""

    def write_in_bulk(self, rows: Sequence[RecordWrite], *, on_job: OnJob) -> JobEnd:
        """Update records of one object by Bulk jobs, one after the other.

        `on_job` is told of each job and its records before they are uploaded: whoever has kept
        that can ask `finish_job` after a crash.

        Raises:
            JobRunningError: A job outlasted the wait; it may still write.
        """

    def finish_job(self, job_id: str, rows: Sequence[RecordWrite]) -> JobEnd:
        """Bring a job of an earlier run to its end, and return what it says of these records.

        A job that was not closed is aborted, and one that Salesforce no longer knows tells
        nothing: after this call it writes no more.

        Raises:
            JobRunningError: It outlasted the wait again.
        """


@dataclass(frozen=True, slots=True)
class Intent:
    """One record that is about to be written: enough to settle it after a crash.

    Attributes:
        job_id: The Bulk job that it was handed to, '' where there was none.
    """

    object_name: str
    record_id: str
    sent: Mapping[str, Scalar]
    found: Mapping[str, Scalar] = field(default_factory=dict)
    job_id: str = ""


class Journal(Protocol):
    """The durable log of one apply run; every call has reached the disk when it returns."""

    def outcomes(self) -> Mapping[str, Applied]:
        """Return what is already settled, by `Account:001...`."""

    def unsettled(self) -> Sequence[Intent]:
        """Return what was about to be written when the run was cut off."""

    def sending(self, batch_id: int, intents: Sequence[Intent]) -> None:
        """Record a batch before it is sent; an `Intent.job_id` stands with its record."""

    def settle(self, applied: Sequence[Applied]) -> None:
        """Record how each record of a batch ended."""
