"""HTTP itself: spelling of paths, compression, types, verbs, sizes."""

from __future__ import annotations

import gzip
import json

import pytest

from sandbox.client import DATA, Org
from sandbox.switching import switch


@pytest.mark.parametrize(
    "path",
    [
        "/services/data/v31.0/limits",
        "/services/data/v66.0/limits/",
        "/Services//Data/v62.0/LIMITS//",
        "/services/data/v62.0/QueryAll/?q=SELECT+Id+FROM+Account+LIMIT+1",
        "/services/data/v62.0/queryall?q=SELECT+Id+FROM+Account+LIMIT+1",
        "/services/data/v62.0/sobjects/account/Describe/",
        "/services/data/",
        "/services/data/v62.0/",
    ],
)
def test_slashes_and_case_do_not_matter(reading_org: Org, path: str) -> None:
    assert reading_org.http.get(path).status_code == 200


def test_answers_are_compressed_for_those_who_accept_it(org: Org) -> None:
    packed = org.get("/sobjects")
    plain = org.get("/sobjects", headers={"Accept-Encoding": "identity"})
    switch(org, compress_answers=False)
    never = org.get("/sobjects")

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in never.headers
    assert packed.json() == plain.json() == never.json()


def test_a_compressed_body_is_read_and_a_broken_one_refused(org: Org) -> None:
    body = gzip.compress(json.dumps({"LastName": "Packed", "Company": "Box"}).encode())

    def sent(content: bytes, coding: str) -> int:
        headers = {"Content-Type": "application/json", "Content-Encoding": coding}
        return org.post("/sobjects/Lead", content=content, headers=headers).status_code

    assert sent(body, "gzip") == 201
    assert sent(body[:-12], "gzip") == sent(b"no gzip", "gzip") == 400
    assert sent(body, "br") == 415


def test_a_chunked_body_is_read(org: Org) -> None:
    answer = org.post(
        "/sobjects/Lead",
        content=iter([b'{"LastName": "Chunk",', b' "Company": "Box"}']),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=UTF-8", 201),
        ("APPLICATION/JSON", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_says_what_it_is(org: Org, kind: str, status: int) -> None:
    answer = org.post(
        "/sobjects/Lead",
        content=b'{"LastName": "Kind", "Company": "Box"}',
        headers={"Content-Type": kind},
    )

    assert answer.status_code == status
    if status == 415:
        assert answer.json()[0]["errorCode"] == "UNSUPPORTED_MEDIA_TYPE"


def test_a_wrong_verb_is_told_the_right_ones(reading_org: Org) -> None:
    answer = reading_org.http.request("PUT", f"{DATA}/limits")
    site = reading_org.http.request("DELETE", "/services/oauth2/token")

    assert (answer.status_code, site.status_code) == (405, 405)
    assert answer.headers["allow"] == "HEAD,GET"
    assert site.headers["allow"] == "POST"


def test_head_answers_without_a_body(reading_org: Org) -> None:
    answer = reading_org.http.head(f"{DATA}/limits")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"


def test_an_address_and_headers_beyond_16_kb_are_refused(reading_org: Org) -> None:
    address = reading_org.get("/query", params={"q": "x" * 17_000})
    header = reading_org.get("/limits", headers={"X-Long": "x" * 17_000})

    assert (address.status_code, header.status_code) == (414, 431)
