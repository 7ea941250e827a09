"""How an answer is sent, seen by two HTTP clients and by a bare socket."""

from __future__ import annotations

import csv
import io
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
import requests

from sandbox.client import DATA, Org

QUERY = {"q": "SELECT Id, Name FROM Account ORDER BY Id"}


@pytest.fixture
def org(writing_org: Org) -> Iterator[Org]:
    yield writing_org
    writing_org.handle.clear_faults()


def raw_answer(org: Org, path: str = f"{DATA}/sobjects") -> bytes:
    """Return every byte of an answer."""
    parts = urlsplit(org.handle.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        lines = (
            f"GET {path} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Authorization: Bearer {org.handle.access_token}",
        )
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        chunks = []
        while chunk := connection.recv(65_536):
            chunks.append(chunk)
    return b"".join(chunks)


def with_requests(org: Org, path: str, **params: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {org.handle.access_token}"}
    with requests.Session() as session:
        session.trust_env = False
        return session.get(org.handle.url + DATA + path, params=params, headers=headers, timeout=5)


@pytest.mark.parametrize("at_byte", [0, 1, 117])
def test_a_body_is_cut_at_the_byte_that_was_named(org: Org, at_byte: int) -> None:
    whole = org.get("/sobjects").content
    org.handle.fault("cut", at_byte=at_byte)

    head, _, body = raw_answer(org).partition(b"\r\n\r\n")

    assert f"content-length: {len(whole)}".encode() in head.lower()
    assert body == whole[:at_byte]


@pytest.mark.parametrize(
    ("reset", "error"),
    [
        pytest.param(False, httpx.RemoteProtocolError, id="FIN"),
        pytest.param(True, httpx.ReadError, id="RST"),
    ],
)
def test_both_clients_notice_a_cut(org: Org, *, reset: bool, error: type[Exception]) -> None:
    number = org.handle.fault("cut", at_byte=100, reset=reset)

    with pytest.raises(error):
        org.get("/query", params=QUERY)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        with_requests(org, "/query", **QUERY)

    assert org.handle.fired(number) == 2


def test_a_cut_of_a_drawn_byte_is_the_same_for_the_same_seed(org: Org) -> None:
    lengths = []
    for seed in (3, 3, 4):
        org.handle.fault("cut", seed=seed)
        lengths.append(len(raw_answer(org)))
        org.handle.clear_faults()

    assert lengths[0] == lengths[1] != lengths[2]


@pytest.mark.parametrize("framing", ["chunked", "close", "gzip"])
def test_a_short_body_goes_unnoticed_by_both_clients(org: Org, framing: str) -> None:
    whole = org.get("/sobjects").content
    org.handle.fault("short_body", on="data", framing=framing, at_byte=60)

    ours, theirs = org.get("/sobjects"), with_requests(org, "/sobjects")

    assert (ours.status_code, theirs.status_code) == (200, 200)
    for body in (ours.content, theirs.content):
        assert len(body) < len(whole)
        assert whole.startswith(body)


def test_a_short_page_of_whole_rows_reads_as_good_csv(org: Org) -> None:
    job = org.post("/jobs/query", json={"operation": "query", "query": QUERY["q"]}).json()["id"]
    while org.get(f"/jobs/query/{job}").json()["state"] != "JobComplete":
        pass
    whole = org.get(f"/jobs/query/{job}/results")
    org.handle.fault("short_body", whole_rows=True, at_byte=900)

    short = org.get(f"/jobs/query/{job}/results")

    rows = list(csv.reader(io.StringIO(short.text)))
    assert {len(row) for row in rows} == {2}
    assert len(rows) - 1 < int(short.headers["Sforce-NumberOfRecords"])
    assert short.headers["Sforce-NumberOfRecords"] == whole.headers["Sforce-NumberOfRecords"]


@pytest.mark.parametrize("processed", [False, True], ids=["before", "after"])
def test_a_connection_ends_without_an_answer_before_or_after_a_write(
    org: Org, *, processed: bool
) -> None:
    account, phone = org.ids("SELECT Id FROM Account LIMIT 1")[0], f"+1 {time.monotonic_ns()}"
    org.handle.fault("hang_up", on="write", processed=processed)

    with pytest.raises(httpx.RemoteProtocolError):
        org.patch(f"/sobjects/Account/{account}", json={"Phone": phone})

    assert (org.get(f"/sobjects/Account/{account}").json()["Phone"] == phone) is processed


def test_an_answer_comes_late_and_then_drips(org: Org) -> None:
    whole = org.get("/limits/recordCount", params={"sObjects": "Account"}).content
    org.handle.fault("slow", before_s=0.05, piece_bytes=100, pause_s=0.02)

    begun = time.monotonic()
    with org.http.stream("GET", f"{DATA}/limits/recordCount?sObjects=Account") as answer:
        pieces = list(answer.iter_raw())
    took = time.monotonic() - begun

    assert b"".join(pieces) == whole
    assert took >= 0.05 + 2 * 0.02


def test_a_stalled_answer_ends_only_when_the_client_leaves(org: Org) -> None:
    org.handle.fault("slow", stall_at_byte=10)

    with pytest.raises(httpx.ReadTimeout):
        org.get("/limits", timeout=0.1)


def test_after_a_fault_the_next_request_of_the_same_client_is_answered(org: Org) -> None:
    org.handle.fault("hang_up", nth=1)

    with pytest.raises(httpx.RemoteProtocolError):
        org.get("/limits")

    assert org.get("/limits").status_code == 200
