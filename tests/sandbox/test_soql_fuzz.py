# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Whatever is asked, the answer is a query's or a refusal in the platform's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.client import Org
from sandbox.soql_trees import QUERIES
from sandbox.soql_writer import written
from sfterritory.sandbox.soql.compile import compile_query
from sfterritory.sandbox.soql.parse import parse
from sfterritory.sandbox.soql.refusal import SoqlError
from sfterritory.sandbox.soql.run import Reading, grouped_records, records, row_numbers
from sfterritory.sandbox.soql.terms import Terms
from sfterritory.sandbox.soql.tree import Query
from sfterritory.sandbox.state import SandboxState

TERMS = Terms(now=datetime(2026, 9, 2, 12, tzinfo=UTC), user_id="005Sb0000000001IAA")
CODES = {
    "MALFORMED_QUERY",
    "INVALID_FIELD",
    "INVALID_TYPE",
    "INVALID_QUERY_FILTER_OPERATOR",
    "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS",
    "NUMBER_OUTSIDE_VALID_RANGE",
    "QUERY_TOO_COMPLICATED",
}


@pytest.fixture(scope="module")
def state(seeded: Path) -> Iterator[SandboxState]:
    opened = SandboxState(seeded)
    yield opened
    opened.close()


def outcome(state: SandboxState, soql: str) -> str:
    """Return the refusal's code, or `rows` after every row was read."""
    try:
        compiled = compile_query(parse(soql), state.schema, TERMS)
    except SoqlError as error:
        return error.code
    with state.reading() as connection:
        if compiled.grouped:
            grouped_records(connection, compiled, most=100)
            return "rows"
        reading = Reading(
            connection=connection,
            schema=state.schema,
            version="62.0",
            page_records=3,
            no_children_null=True,
            keep_children=lambda _place, _numbers: "/next",
        )
        records(reading, compiled, row_numbers(connection, compiled)[:20])
    return "rows"


@settings(max_examples=100, deadline=None)
@given(QUERIES)
def test_a_tree_written_as_text_is_read_as_the_same_tree(tree: Query) -> None:
    assert parse(written(tree)) == tree


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(QUERIES)
def test_every_tree_is_answered_or_refused(state: SandboxState, tree: Query) -> None:
    assert outcome(state, written(tree)) in {"rows", *CODES}


WORDS = st.lists(
    st.sampled_from([
        "SELECT", "FROM", "WHERE", "Id", "Name", "Account", "Contacts", "(", ")", ",", ".", "=",
        "AND", "OR", "NOT", "IN", "LIKE", "'x'", "'", "\\", "5", "-", ":", "LAST_N_DAYS", "null",
        "GROUP BY", "ORDER BY", "count()", "TYPEOF", "WHEN", "END", "LIMIT", "FOR VIEW", "\x00",
        "ALL ROWS", "🜁", "\n", "USD5", "2026-01-01", "FIELDS(ALL)", "WITH", "OFFSET 3",
    ]),
    max_size=14,
).map(" ".join)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.one_of(st.text(max_size=60), WORDS),
    tail=st.sampled_from(["", "SELECT Id FROM Account "]),
)
def test_no_text_makes_the_server_crash(reading_org: Org, text: str, tail: str) -> None:
    soql = tail + text.encode("utf-8", "replace").decode()

    answer = reading_org.get("/query", params={"q": soql})

    assert answer.status_code in {200, 400}, answer.text


@pytest.mark.parametrize(
    "soql",
    [
        pytest.param(
            f"SELECT Id FROM Account WHERE NumberOfEmployees IN ({'1,' * 45_000}2)", id="list"
        ),
        pytest.param(
            f"SELECT Id FROM Account WHERE {'(' * 9000}Id = null{')' * 9000}", id="brackets"
        ),
        pytest.param(f"SELECT Id FROM Account WHERE {'NOT ' * 20_000}Id = null", id="negations"),
        pytest.param(f"SELECT {'f(' * 20_000}{')' * 20_000} FROM Account", id="functions"),
        pytest.param(f"SELECT {'(SELECT ' * 5_000} FROM Account", id="sub-queries"),
        pytest.param(
            "SELECT " + ", ".join(f"toLabel(Type) a{n}" for n in range(4000)) + " FROM Account",
            id="columns",
        ),
        pytest.param(f"SELECT Id FROM Account ORDER BY {'Name, ' * 9000} Id", id="orderings"),
        pytest.param(f"SELECT count(Id) FROM Account GROUP BY {'Name, ' * 9000} Id", id="groups"),
        pytest.param(
            f"SELECT Id FROM Account WHERE NumberOfEmployees IN ({'1,' * 200}1e400)", id="infinite"
        ),
        pytest.param("SELECT Id FROM Account WHERE Name = '\\ud800'", id="half a character"),
        pytest.param("SELECT Id FROM Account WHERE Name LIKE '" + "%a_" * 1300 + "'", id="pattern"),
    ],
)
def test_no_size_makes_the_server_crash(state: SandboxState, soql: str) -> None:
    assert len(soql) <= 100_000
    assert outcome(state, soql) in {"rows", *CODES}
