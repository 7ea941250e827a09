"""The ways in which a run writes, which of them it takes, and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby

from pydantic import Field

from sfterritory.model.document import Document
from sfterritory.model.plan import OwnerChange
from sfterritory.model.ports import MAX_COLLECTION_RECORDS, MAX_COMPOSITE_REQUESTS


class Method(StrEnum):
    """How records reach Salesforce; docs/decisions/0016 weighs them."""

    AUTO = "auto"  # collections, or conditional for few records where that was configured
    COLLECTIONS = "collections"  # up to 200 records a request, one after the other
    BULK = "bulk"  # a file for each job; Salesforce decides in what order it works
    CONDITIONAL = "conditional"  # each record only if nobody modified it since it was read


class ApplyParams(Document):
    """How a run writes, and when it stops by itself."""

    method: Method = Method.AUTO
    batch_size: int = Field(
        default=MAX_COLLECTION_RECORDS, ge=1, le=MAX_COLLECTION_RECORDS, description="records"
    )
    conditional_below: int = Field(
        default=0, ge=0, description="records; auto writes smaller sets under a condition"
    )
    conditional_rows: int = Field(
        default=1,
        ge=1,
        le=MAX_COMPOSITE_REQUESTS,
        description="records a request; more than one go as a composite",
    )
    bulk_rows: int = Field(default=10_000, ge=1, le=10_000, description="records a Bulk job")
    max_failure_share: float = Field(
        default=0.10, gt=0, le=1, description="stop when a larger share of the run failed ..."
    )
    min_failures: int = Field(default=50, ge=1, description="... once at least so many failed")
    api_floor_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="stop when a smaller share of the org's daily API calls is left",
    )

    def method_for(self, changes: int) -> Method:
        """Return the way to write so many approved changes; never `AUTO`."""
        if self.method is not Method.AUTO:
            return self.method
        return Method.CONDITIONAL if changes < self.conditional_below else Method.COLLECTIONS

    def rows_at_once(self, method: Method) -> int:
        """Return how many records are read, compared and sent before they are read back."""
        return self.bulk_rows if method is Method.BULK else self.batch_size


def batches(changes: Sequence[OwnerChange], size: int) -> Iterator[list[OwnerChange]]:
    """Cut sorted changes into batches, each of one object.

    Siblings stay in one batch where their family fits into one: Salesforce locks the parent for
    each transaction that writes a child.
    """
    for _, of_object in groupby(changes, key=lambda change: change.subject.object_name):
        batch: list[OwnerChange] = []
        for _, family in groupby(of_object, key=_family):
            members = list(family)
            if batch and len(batch) + len(members) > size:
                yield batch
                batch = []
            batch += members
            while len(batch) > size:
                yield batch[:size]
                batch = batch[size:]
        if batch:
            yield batch


def _family(change: OwnerChange) -> str:
    return change.parent_id or change.subject.record_id
