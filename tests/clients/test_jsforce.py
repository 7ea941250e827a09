"""jsforce 3, unmodified, over plain HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.client import Org

from clients.node import run_jsforce

pytestmark = pytest.mark.slow


def jsforce(org: Org, scenario: str, **more: str) -> Any:
    handle = org.handle
    return run_jsforce(
        scenario,
        url=handle.url,
        clientId=handle.client_id,
        clientSecret=handle.client_secret,
        **more,
    )


def test_jsforce_signs_in_and_learns_who_it_is_and_what_is_left(org: Org) -> None:
    got = jsforce(org, "sign-in")

    assert got["organization"] == got["identity"] == org.handle.org_id
    assert got["usage"]["limit"] == got["daily"]
    assert got["usage"]["used"] > 0
    assert got["versions"] == sorted(got["versions"], key=float)


def test_jsforce_pages_through_queries_and_child_records_and_names_what_is_wrong(org: Org) -> None:
    got = jsforce(org, "query")

    assert (got["first"], got["second"], got["done"], got["all"]) == (200, 50, True, 250)
    assert got["owner"]
    assert got["contacts"] > 0
    assert got["malformed"]["errorCode"] == "MALFORMED_QUERY"
    assert got["hidden"]["errorCode"] == "INVALID_FIELD"


def test_jsforce_describes_the_org(org: Org) -> None:
    got = jsforce(org, "describe")

    assert {"Account", "Lead", "User"} <= set(got["objects"])
    assert (got["prefix"], got["owner"]) == ("001", ["User"])
    assert got["missing"]["errorCode"] == "NOT_FOUND"


def test_jsforce_writes_single_rows_and_collections(org: Org) -> None:
    got = jsforce(org, "rows")

    assert got["created"]["success"]
    assert got["updated"]["success"]
    assert got["upserted"]["success"]
    assert got["city"] == "York"
    assert [one["success"] for one in got["several"]] == [True, True, False]
    assert all(one["success"] for one in (*got["changed"], *got["gone"], got["deleted"]))
    assert got["after"]["errorCode"] in {"NOT_FOUND", "ENTITY_IS_DELETED"}


def test_jsforce_loads_and_reads_in_bulk_and_gets_the_failed_row_back(
    org: Org, inactive_owner: str
) -> None:
    got = jsforce(org, "bulk", rep=org.reps()[0], inactiveOwner=inactive_owner)

    assert got["rows"] == got["names"] == 250
    assert got["description"] == 'two\nlines, "quoted"'
    assert len(got["successful"]) == 1
    (failed,) = got["failed"]
    assert failed["sf__Error"].startswith("INACTIVE_OWNER_OR_USER")
    assert got["unprocessed"] == []
    assert got["inserted"] == 1


def test_jsforce_is_told_that_a_session_has_ended(org: Org) -> None:
    assert jsforce(org, "expired")["errorCode"] == "INVALID_SESSION_ID"
