"""getUpdated and getDeleted."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.client import Org
from sandbox.conftest import Ticking
from sandbox.switching import switch

START, END = "2026-09-01T12:00:30+00:00", "2026-09-01T13:00:59Z"


def asked(org: Org, what: str, start: str = START, end: str = END) -> Any:
    path = f"/sobjects/Account/{what}/"
    return org.get(path, params={"start": start, "end": end}).json()


def test_changes_and_deletions_are_told_by_the_minute(org: Org, clock: Ticking) -> None:
    before, changed, gone = org.ids("SELECT Id FROM Account ORDER BY Id LIMIT 3")
    clock.advance(minutes=-1)
    org.change("Account", {"id": before, "Site": "x"})
    clock.advance(minutes=1)  # 12:00:00: seconds of the start do not count
    org.change("Account", {"id": changed, "Site": "x"})
    assert org.delete(f"/sobjects/Account/{gone}").status_code == 204
    clock.advance(minutes=30, seconds=20)

    updated, deleted = asked(org, "updated"), asked(org, "deleted")

    assert updated == {"ids": [changed], "latestDateCovered": "2026-09-01T12:30:00.000+0000"}
    assert deleted == {
        "deletedRecords": [{"id": gone, "deletedDate": "2026-09-01T12:00:00.000+0000"}],
        "earliestDateAvailable": "2026-08-17T12:30:00.000+0000",
        "latestDateCovered": "2026-09-01T12:30:00.000+0000",
    }


@pytest.mark.parametrize(
    ("what", "start", "end"),
    [
        ("updated", END, START),
        ("updated", "2026-09-01T12:00:59Z", "2026-09-01T12:01:00Z"),
        ("updated", "2026-08-01T00:00:00Z", END),
        ("deleted", "2026-08-17T00:00:00Z", END),
        ("deleted", "yesterday", END),
        ("updated", "2026-09-01T12:00:30 00:00", END),
    ],
)
def test_a_time_that_cannot_be_served_is_refused(
    reading_org: Org, what: str, start: str, end: str
) -> None:
    (error,) = asked(reading_org, what, start, end)

    assert error["errorCode"] == "INVALID_REPLICATION_DATE"


def test_a_purged_log_says_from_when_on_it_knows(org: Org, clock: Ticking) -> None:
    (gone,) = org.ids("SELECT Id FROM Account LIMIT 1")
    org.delete(f"/sobjects/Account/{gone}")
    clock.advance(minutes=90)
    switch(org, delete_log_hours=1)

    deleted = asked(org, "deleted", end="2026-09-01T16:00:00Z")

    assert deleted["deletedRecords"] == []
    assert deleted["earliestDateAvailable"] == "2026-09-01T12:30:00.000+0000"


def test_too_many_ids_are_refused(org: Org) -> None:
    first, second = org.ids("SELECT Id FROM Account LIMIT 2")
    org.change("Account", {"id": first, "Site": "x"}, {"id": second, "Site": "x"})
    switch(org, replication_max_ids=1)

    assert asked(org, "updated")[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
