"""Whatever JSON is sent, the server answers in its own words and never with a crash."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.client import DATA, Org

KEYS = st.sampled_from([
    "attributes", "type", "id", "Id", "OwnerId", "Name", "NumberOfEmployees", "CloseDate",
    "records", "allOrNone", "operation", "query", "contentType", "lineEnding", "ids", "fields",
    "compositeRequest", "batchRequests", "graphs", "graphId", "referenceId", "method", "url",
    "body", "richInput", "httpHeaders", "haltOnError", "Email", "LastName", "Contacts",
])  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["Account", "Lead", "query", "001Sb0000000001IAA", "\ud800", "9" * 400, "\0",
                       "POST", "PATCH", "a", "@{a.id}", "@{a.records[0].Id}", "@{}", "@{[0]}",
                       "/services/data/v62.0/sobjects/Account", "v62.0/limits"])
)  # fmt: skip
BODIES = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/composite/sobjects"),
        ("POST", "/composite/sobjects"),
        ("POST", "/composite/sobjects/Account"),
        ("POST", "/sobjects/Opportunity"),
        ("PATCH", "/sobjects/Account/001Sb0000000001IAA"),
        ("POST", "/jobs/query"),
        ("PATCH", "/composite/sobjects/Contact/Email"),
        ("PATCH", "/sobjects/Contact/Email/x@example.org"),
        ("POST", "/composite"),
        ("POST", "/composite/batch"),
        ("POST", "/composite/graph"),
        ("POST", "/composite/tree/Account"),
    ],
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
def test_no_body_makes_the_server_crash(
    writing_org: Org, method: str, path: str, body: dict[str, object]
) -> None:
    answer = writing_org.http.request(
        method,
        DATA + path,
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code < 500, answer.text
    assert answer.status_code == 204 or answer.json() is not None


# Well-formed at the top and anything below: what lies behind the first checks.
PARTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT"]),
        "url": st.sampled_from(
            [
                f"{DATA}/sobjects/Account",
                f"{DATA}/sobjects/Contact/Email/@{{a.id}}",
                f"{DATA}/composite/sobjects",
                f"{DATA}/sobjects/Account/@{{a.id}}",
                f"{DATA}/query?q=@{{a.body}}",
                f"{DATA}/composite/sobjects/Account?ids=@{{a.id}}",
                f"{DATA}/sobjects/Account/updated?start=@{{a}}&end=%00",
                f"{DATA}//[",
                "/services/data/v%",
            ]
        ),
        "referenceId": st.sampled_from(["a", "b", "c"]),
        "body": st.none() | BODIES,
        "httpHeaders": st.none()
        | st.dictionaries(
            st.sampled_from(["If-Match", "If-Modified-Since", "Sforce-Auto-Assign"]),
            st.sampled_from(['"x"', "Tue, 01 Sep 2026 12:00:00 GMT", "", "@{a.id}", "\0"]),
        ),
    }
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    parts=st.lists(PARTS, max_size=3, unique_by=lambda one: str(one["referenceId"])),
    whole=st.booleans(),
)
def test_no_part_of_a_composite_makes_the_server_crash(
    writing_org: Org, *, parts: list[dict[str, object]], whole: bool
) -> None:
    for path, body in (
        ("/composite", {"compositeRequest": parts, "allOrNone": whole}),
        ("/composite/graph", {"graphs": [{"graphId": "g", "compositeRequest": parts}]}),
        ("/composite/batch", {"batchRequests": parts, "haltOnError": whole}),
    ):
        answer = writing_org.post(path, content=json.dumps(body).encode())
        assert answer.status_code < 500, answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"true",
        b"1e999",
        b'{"a":NaN}',
        b"\xff\xfe",
        b'{"Name":"\xed\xa0\x80"}',
        b'{"Name":"\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 90 + b"1" + b"}" * 90,
        b'{"Name":' + b"9" * 5000 + b"}",
        b'{"Name":"a\\u0000b"}',
        b'{"compositeRequest":[{"method":"GET","url":"/services/\\ud800"}]}',
    ],
    ids=range(14),
)
@pytest.mark.parametrize("path", ["/sobjects/Account", "/composite", "/composite/tree/Account"])
def test_no_bytes_make_the_server_crash(writing_org: Org, path: str, body: bytes) -> None:
    answer = writing_org.post(path, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code < 500, answer.text
    assert answer.json()


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("token", b"grant_type=client_credentials&client_id=%ED%A0%80&client_secret=%00"),
        (
            "token",
            b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c",
        ),
        ("token", b"grant_type=refresh_token&refresh_token=%FF&client_id=\xff"),
        ("token", b"&&==&%"),
        ("revoke", b"token=%ED%A0%80"),
        ("introspect", b"token=%00"),
        ("authorize", b"redirect_uri=http%3A%2F%2F%5B&response_type=code"),
        ("authorize", b"redirect_uri=http%3A%2F%2Flocalhost%2F%0D%0AX%3A1&response_type=code"),
    ],
)
@pytest.mark.parametrize(
    "authorization", ["", "Basic \xff", "Basic YQ==", "Basic /w==", "Bearer \xff"]
)
def test_no_form_makes_the_sign_in_crash(
    writing_org: Org, path: str, form: bytes, authorization: str
) -> None:
    if path == "authorize":
        form += b"&client_id=" + writing_org.handle.client_id.encode()
    answer = writing_org.http.post(
        f"/services/oauth2/{path}",
        content=form,
        headers={b"Authorization": authorization.encode("latin-1")},
    )

    assert answer.status_code in {200, 400, 403}, answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/sobjects/Account/%ED%A0%80",
        "/sobjects/%00/x",
        "/sobjects/Contact/Email/%00",
        "/query/%FF-1",
        "/sobjects/Contact/Email/%ED%A0%80",
        "/composite/sobjects/Account?ids=%ED%A0%80&fields=Id",
        "/limits/recordCount?sObjects=%00,%FF",
        "/sobjects/Account/updated?start=%00&end=9999-12-31T23:59:59-14:00",
    ],
)
def test_no_path_makes_the_server_crash(writing_org: Org, path: str) -> None:
    assert writing_org.get(path).status_code < 500
