"""Rows as Salesforce delivers them, for the tests of the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sfterritory.model.ids import to_18
from sfterritory.model.store.pull_state import Bookmark

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
ORG = to_18("00D000000000001")
MODSTAMP = "2026-05-01T07:25:37.000Z"
ACCOUNT_FIELDS = (
    "Id",
    "Name",
    "OwnerId",
    "IsDeleted",
    "AnnualRevenue",
    "CreatedDate",
    "SystemModstamp",
)


def record_id(prefix: str, number: int) -> str:
    return to_18(f"{prefix}{number:012d}")


def account(
    number: int,
    *,
    name: str = "Acme",
    owner: int = 1,
    deleted: str = "false",
    revenue: str = "",
    created: str = "2020-02-29T00:00:00.000+0000",
    modstamp: str = MODSTAMP,
) -> tuple[str, ...]:
    return (
        record_id("001", number),
        name,
        record_id("005", owner),
        deleted,
        revenue,
        created,
        modstamp,
    )


def bookmark(*, job: str = "750A", locator: str | None = None) -> Bookmark:
    return Bookmark(job, locator, None, NOW)


def accounts(numbers: Sequence[int]) -> list[tuple[str, ...]]:
    return [account(number, name=f"Account {number}") for number in numbers]
