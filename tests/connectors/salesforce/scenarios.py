"""What the cassettes tell: each scenario is run once to record it, and ever after to replay it.

A scenario takes every id it sends from an earlier answer, so it plays the same against a
sandbox, a real org, and a tape whose ids were replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sfterritory.connectors.salesforce.bulk import BulkParams
from sfterritory.connectors.salesforce.credentials import Credentials
from sfterritory.connectors.salesforce.description import readable_fields
from sfterritory.connectors.salesforce.org import SalesforceOrg, sign_in
from sfterritory.connectors.salesforce.page import Page
from sfterritory.connectors.salesforce.soql import select
from sfterritory.model.ports import JobEnd, RecordWrite, WriteResult

FIELDS = ("Id", "OwnerId", "Owner.IsActive", "IsDeleted", "SystemModstamp")
WANTED = (*FIELDS, "No_Such_Field__c")
MISSING_ACCOUNT = "001999999999999AAA"
LONG_AGO = "2001-01-01T00:00:00.000+0000"
ROWS, ROWS_OF_A_PAGE = 5, 3


def _open(credentials: Credentials) -> SalesforceOrg:
    bulk = BulkParams(max_records=ROWS_OF_A_PAGE, first_poll_seconds=1)
    return sign_in(credentials, bulk=bulk)


def describe(credentials: Credentials) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the org id, and which of the wanted Account fields are readable and missing."""
    with _open(credentials) as org:
        return (org.org_id, *readable_fields(org.describe("Account"), WANTED, required=["OwnerId"]))


def bulk_pages(credentials: Credentials) -> list[tuple[Page, list[Sequence[str]]]]:
    """Return two pages of accounts with their rows."""
    query = select("Account", FIELDS, limit=ROWS)
    with _open(credentials) as org:
        return [(page, list(page.rows)) for page in org.bulk_pages(query)]


def collection_update(credentials: Credentials) -> Sequence[WriteResult]:
    """Give an account the owner it has, and fail to give one to an account that is none."""
    with _open(credentials) as org:
        return org.write(_two_writes(org))


def bulk_ingest(credentials: Credentials) -> JobEnd:
    """Give an account the owner it has by a Bulk job, and fail for an account that is none."""
    with _open(credentials) as org:
        return org.write_in_bulk(_two_writes(org), on_job=lambda _job_id, _rows: None)


def conditional_update(credentials: Credentials) -> Sequence[WriteResult]:
    """Give an account the owner it has, unless somebody modified it since long ago: refused."""
    with _open(credentials) as org:
        done, _ = _two_writes(org)
        return org.write_unmodified([replace(done, unmodified_since=LONG_AGO)], rows_per_request=1)


def _two_writes(org: SalesforceOrg) -> list[RecordWrite]:
    (page,) = org.query_pages(select("Account", ["Id", "OwnerId"], limit=1))
    ((account_id, owner_id),) = page.rows
    return [
        RecordWrite("Account", account_id, {"OwnerId": owner_id}),
        RecordWrite("Account", MISSING_ACCOUNT, {"OwnerId": owner_id}),
    ]


SCENARIOS: Mapping[str, Callable[[Credentials], object]] = {
    "describe": describe,
    "bulk_pages": bulk_pages,
    "bulk_ingest": bulk_ingest,
    "collection_update": collection_update,
    "conditional_update": conditional_update,
}
