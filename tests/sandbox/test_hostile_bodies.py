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
])  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["Account", "Lead", "query", "001Sb0000000001IAA", "\ud800", "9" * 400])
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
