"""Values can become part of a query only as values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.connectors.salesforce import soql

ID_15 = "001dM00003kS3tN"


@given(st.text())
def test_no_text_ends_its_own_quotes(text: str) -> None:
    written = soql.literal(text)

    inside = written[1:-1].replace("\\\\", "").replace("\\'", "")
    assert (written[0], written[-1]) == ("'", "'")
    assert "'" not in inside
    assert not inside.endswith("\\")
    assert "\n" not in written


@given(st.text().filter(lambda text: not text.replace("_", "").isalnum()))
def test_what_is_not_a_name_never_becomes_one(text: str) -> None:
    if "." in text:
        return

    with pytest.raises(ValueError, match="is not the name"):
        soql.select(text, ["Id"])


def test_ids_are_checked_and_written_in_their_long_form() -> None:
    assert soql.among_ids("Id", [ID_15]) == f"Id IN ('{ID_15}QAS')"
    with pytest.raises(ValueError, match="wrong checksum"):
        soql.among_ids("Id", [f"{ID_15.upper()}QAS"])


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (1.39e8, "139000000.0"),
        (1e-7, "0.0000001"),
        (Decimal("0.10"), "0.10"),
        (date(2026, 3, 8), "2026-03-08"),
        ("O'Neil \\ Söhne\n", "'O\\'Neil \\\\ Söhne\\n'"),
    ],
)
def test_every_kind_of_value_has_one_form(value: soql.Value, written: str) -> None:
    assert soql.literal(value) == written


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: soql.literal(float("nan")), id="not-a-number"),
        pytest.param(lambda: soql.condition("Id", "= '' OR Id !=", ""), id="operator"),
        pytest.param(lambda: soql.among("Id", []), id="empty-list"),
        pytest.param(lambda: soql.select("Account", []), id="no-field"),
        pytest.param(lambda: soql.select("Account", ["Id", "id"]), id="field-twice"),
        pytest.param(
            lambda: str(soql.select("A", ["Id"], where=soql.among("Name", ["x" * 100_000]))),
            id="too-long",
        ),
    ],
)
def test_what_soql_cannot_say_is_refused(ask: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        ask()


def test_moments_are_written_in_utc_and_need_a_zone() -> None:
    berlin = timezone(timedelta(hours=2))

    assert soql.literal(datetime(2026, 5, 1, 9, 25, 37, tzinfo=berlin)) == "2026-05-01T07:25:37Z"
    with pytest.raises(ValueError, match="no time zone"):
        soql.literal(datetime(2026, 5, 1))  # noqa: DTZ001 - the mistake under test


def test_a_query_reads_as_soql() -> None:
    query = soql.select(
        "Account",
        ["Id", "Owner.Name"],
        where=soql.every(
            [
                soql.condition("SystemModstamp", ">=", datetime(2026, 5, 1, tzinfo=UTC)),
                soql.among_ids("Id", [ID_15]),
            ]
        ),
        order_by=["SystemModstamp", "Id"],
    )

    assert str(query) == (
        "SELECT Id, Owner.Name FROM Account WHERE (SystemModstamp >= 2026-05-01T00:00:00Z) AND "
        "(Id IN ('001dM00003kS3tNQAS')) "
        "ORDER BY SystemModstamp, Id"
    )
