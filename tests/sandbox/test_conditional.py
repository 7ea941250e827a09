"""Optimistic locking: ETag, Last-Modified, and the four headers that compare with them."""

from __future__ import annotations

import pytest

from sandbox.client import Org
from sandbox.conftest import Ticking
from sandbox.switching import switch

STAMP = "Tue, 01 Sep 2026 12:00:00 GMT"
EARLIER = "Tue, 01 Sep 2026 11:59:59 GMT"


@pytest.fixture
def account(org: Org) -> str:
    """An account changed at the very start of the clock."""
    (found,) = org.ids("SELECT Id FROM Account LIMIT 1")
    assert org.change("Account", {"id": found, "Site": "old"})[0]["success"]
    return f"/sobjects/Account/{found}"


@pytest.mark.parametrize(
    ("headers", "read", "written"),
    [
        ({}, 200, 204),
        ({"If-Unmodified-Since": STAMP}, 200, 204),
        ({"If-Unmodified-Since": EARLIER}, 412, 412),
        ({"If-Modified-Since": EARLIER}, 200, 204),
        ({"If-Modified-Since": STAMP}, 304, 304),
        ({"If-Match": '"other", ETAG'}, 200, 204),
        ({"If-Match": "*"}, 200, 204),
        ({"If-Match": '"other"'}, 412, 412),
        ({"If-Match": "ETAG", "If-Unmodified-Since": EARLIER}, 200, 204),
        ({"If-None-Match": '"other"'}, 200, 204),
        ({"If-None-Match": "ETAG"}, 304, 412),
        ({"If-None-Match": '"other"', "If-Modified-Since": STAMP}, 200, 204),
        ({"If-Unmodified-Since": "yesterday"}, 400, 400),
        ({"If-Match": "no quotes"}, 400, 400),
    ],
)
def test_a_condition_decides_reading_and_writing(
    org: Org, account: str, headers: dict[str, str], read: int, written: int
) -> None:
    etag = org.get(account).headers["etag"]
    filled = {name: value.replace("ETAG", etag) for name, value in headers.items()}

    reading = org.get(account, headers=filled)
    heading = org.http.head(f"/services/data/v62.0{account}", headers=filled)
    writing = org.patch(account, json={"Site": "new"}, headers=filled)

    assert (reading.status_code, heading.status_code) == (read, read)
    assert writing.status_code == written
    assert org.get(account).json()["Site"] == ("new" if written == 204 else "old")
    if read == 304:
        assert (reading.content, reading.headers["etag"]) == (b"", etag)
        assert reading.headers["last-modified"] == STAMP
    if written == 412:
        (error,) = writing.json()
        assert error["errorCode"] == "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"


def test_an_etag_tells_two_writes_of_one_second_apart_and_a_time_does_not(
    org: Org, account: str
) -> None:
    before = org.get(account).headers
    org.patch(account, json={"Site": "somebody else's"})

    by_time = org.patch(
        account, json={"Phone": "1"}, headers={"If-Unmodified-Since": before["last-modified"]}
    )
    by_tag = org.patch(account, json={"Phone": "2"}, headers={"If-Match": before["etag"]})

    assert (by_time.status_code, by_tag.status_code) == (204, 412)


def test_an_etag_carries_the_content_coding_of_its_answer(org: Org, account: str) -> None:
    packed = org.get(account).headers["etag"]
    plain = org.get(account, headers={"Accept-Encoding": "identity"}).headers["etag"]
    switch(org, etag_carries_coding=False)

    assert packed == plain[:-1] + '--gzip"'
    assert org.get(account).headers["etag"] == plain


def test_only_accounts_have_etags_and_deleting_knows_no_conditions(
    org: Org, clock: Ticking
) -> None:
    (lead,) = org.ids("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 1")
    path = f"/sobjects/Lead/{lead}"
    read = org.get(path, headers={"If-Match": '"anything"'})

    gone = org.delete(path, headers={"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"})

    assert read.status_code == 200
    assert "etag" not in read.headers
    assert "last-modified" in read.headers
    assert gone.status_code == 204


def test_a_part_of_a_composite_obeys_its_own_condition(org: Org, account: str) -> None:
    url = f"/services/data/v62.0{account}"
    parts = [
        {"method": "PATCH", "url": url, "referenceId": name, "body": {"Site": name},
         "httpHeaders": {"If-Unmodified-Since": moment}}
        for name, moment in (("late", EARLIER), ("right", STAMP))
    ]  # fmt: skip

    answer = org.post("/composite", json={"compositeRequest": parts}).json()

    late, right = answer["compositeResponse"]
    assert (late["httpStatusCode"], right["httpStatusCode"]) == (412, 204)
    assert right["body"] is None
    assert org.get(account).json()["Site"] == "right"
