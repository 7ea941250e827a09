"""What we send and how we read it, pinned by tapes; and that the tapes tell nobody's secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from sfterritory.connectors.salesforce.credentials import ClientCredentials
from sfterritory.model.ports import Refusal, WriteResult

from . import scenarios
from .cassette import FOLDER, HOST, Scrubber, leftovers, replaying, signs_in

CREDENTIALS = ClientCredentials(
    instance_url=HOST, client_id="scrubbed", client_secret=SecretStr("scrubbed")
)
TAPES = sorted(FOLDER.glob("*.yaml"))


def test_a_sign_in_and_a_describe_play_from_tape() -> None:
    with replaying("describe") as tape:
        org_id, present, missing = scenarios.describe(CREDENTIALS)

    assert org_id.startswith("00D0000")
    assert present == ("OwnerId", "Id", "Owner.IsActive", "IsDeleted", "SystemModstamp")
    assert missing == ("No_Such_Field__c",)
    assert tape.all_played
    assert signs_in(tape) == 1


def test_two_bulk_pages_play_from_tape() -> None:
    with replaying("bulk_pages") as tape:
        pages = scenarios.bulk_pages(CREDENTIALS)

    assert [len(rows) for _, rows in pages] == [3, 2]
    assert [page.position.rows_so_far for page, _ in pages] == [3, 5]
    assert pages[-1][0].position.next_locator is None
    assert {row[3] for _, rows in pages for row in rows} == {"false"}
    assert len({row[0] for _, rows in pages for row in rows}) == 5
    assert tape.all_played


def test_a_collection_with_one_failure_plays_from_tape() -> None:
    with replaying("collection_update") as tape:
        done, failed = scenarios.collection_update(CREDENTIALS)

    assert done.accepted
    assert failed == WriteResult(
        scenarios.MISSING_ACCOUNT,
        accepted=False,
        code="INVALID_CROSS_REFERENCE_KEY",
        message="invalid cross reference id",
        remedy="pull again: the record or its new owner is gone",
    )
    assert tape.all_played


def test_a_bulk_job_with_one_failure_plays_from_tape() -> None:
    with replaying("bulk_ingest") as tape:
        end = scenarios.bulk_ingest(CREDENTIALS)

    done, failed = end.answers
    assert done is not None
    assert done.accepted
    assert failed is not None
    assert (failed.record_id, failed.code) == (
        scenarios.MISSING_ACCOUNT,
        "INVALID_CROSS_REFERENCE_KEY",
    )
    assert tape.all_played


def test_a_conditional_write_of_a_modified_record_plays_from_tape() -> None:
    with replaying("conditional_update") as tape:
        (refused,) = scenarios.conditional_update(CREDENTIALS)

    assert not refused.accepted
    assert refused.refusal is Refusal.CONFLICT
    assert tape.all_played


def test_there_is_a_tape_for_every_scenario() -> None:
    assert [tape.stem for tape in TAPES] == sorted(scenarios.SCENARIOS)


@pytest.mark.parametrize("tape", TAPES, ids=lambda tape: tape.stem)
def test_a_tape_says_what_it_was_recorded_against_and_tells_no_secret(tape: Path) -> None:
    text = tape.read_text(encoding="utf-8")

    assert text.startswith("# Recorded against ")
    assert leftovers(text) == []


def test_the_scan_finds_what_a_tape_must_not_tell() -> None:
    secrets = [
        "00DdM0000012345!AQEAQ.abc_DEF",
        "https://acme.my.salesforce.com",
        "ann@acme.example.com",
        "001dM00003kS3tNQAS",
    ]
    text = " ".join([*secrets, "Authorization"])

    assert {*secrets, "Authorization"} <= set(leftovers(text))
    assert leftovers(Scrubber().text(" ".join(secrets))) == []
