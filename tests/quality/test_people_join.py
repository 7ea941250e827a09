"""Joining people of other systems to users: believed only where every key agrees."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.quality.people_join import (
    AttributeType,
    ConflictKind,
    Joined,
    OrgPerson,
    PeopleSource,
    SourceRow,
    join_people,
    typed,
)

ANN, BEN, OLD_BEN = "005000000000001AAA", "005000000000002AAA", "005000000000003AAA"
USERS = (
    OrgPerson(ANN, "Ann Lee", True, {"Id": ANN, "Email": "ann@x.org", "EmployeeNumber": "7"}),
    OrgPerson(BEN, "Ben Ito", True, {"Id": BEN, "Email": "ben@x.org", "EmployeeNumber": "8"}),
    OrgPerson(OLD_BEN, "Ben Ito", False, {"Id": OLD_BEN, "Email": "ben@x.org"}),
)


def source(*rows: SourceRow, name: str = "hr", complete: bool = False) -> PeopleSource:
    types = {"region": AttributeType.TEXT, "fte": AttributeType.NUMBER}
    return PeopleSource(name, f"{name}.csv", types, rows, complete)


def row(
    line: int,
    keys: Mapping[str, str],
    attributes: Mapping[str, str] | None = None,
    compared: Mapping[str, str] | None = None,
) -> SourceRow:
    return SourceRow(line, keys, attributes or {}, compared or {})


def values(joined: Joined, user_id: str) -> dict[str, str | float]:
    return {name: one.value for name, one in joined.attributes.get(user_id, {}).items()}


def kinds(joined: Joined) -> list[ConflictKind]:
    return [one.kind for one in joined.conflicts]


def test_a_row_gives_its_attributes_to_the_user_that_its_keys_name_in_any_case() -> None:
    joined = join_people(
        USERS, [source(row(2, {"Email": " ANN@x.org "}, {"region": "South", "fte": "80%"}))]
    )

    assert values(joined, ANN) == {"region": "South", "fte": 0.8}
    assert joined.conflicts == ()


def test_a_row_of_somebody_with_an_old_login_is_about_the_active_one() -> None:
    joined = join_people(USERS, [source(row(2, {"Email": "ben@x.org"}, {"region": "North"}))])

    assert values(joined, BEN) == {"region": "North"}
    assert values(joined, OLD_BEN) == {}


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        pytest.param({"Email": "eve@x.org"}, ConflictKind.NOBODY, id="a stranger"),
        pytest.param({}, ConflictKind.NOBODY, id="no key is filled"),
        pytest.param(
            {"Email": "ann@x.org", "EmployeeNumber": "8"},
            ConflictKind.KEYS_DISAGREE,
            id="two people",
        ),
    ],
)
def test_a_row_that_leads_to_no_one_user_gives_nothing_and_is_listed(
    keys: dict[str, str], kind: ConflictKind
) -> None:
    joined = join_people(USERS, [source(row(5, keys, {"region": "South"}))])

    assert joined.attributes == {}
    (conflict,) = joined.conflicts
    assert (conflict.kind, conflict.line) == (kind, 5)


def test_two_users_with_one_key_are_several_until_another_key_tells_them_apart() -> None:
    twins = (
        OrgPerson(ANN, "Ann", True, {"Email": "desk@x.org", "EmployeeNumber": "7"}),
        OrgPerson(BEN, "Ben", True, {"Email": "desk@x.org", "EmployeeNumber": "8"}),
    )

    shared = join_people(twins, [source(row(2, {"Email": "desk@x.org"}))])
    told = join_people(twins, [source(row(2, {"Email": "desk@x.org", "EmployeeNumber": "8"}))])

    assert kinds(shared) == [ConflictKind.SEVERAL]
    assert told.rows == {BEN: {"hr": 2}}


def test_where_two_sources_differ_the_first_one_counts_and_the_difference_is_listed() -> None:
    hr = source(row(2, {"Email": "ann@x.org"}, {"region": "South"}))
    regional = source(row(9, {"EmployeeNumber": "7"}, {"region": "East"}), name="regional")

    joined = join_people(USERS, [hr, regional])

    assert values(joined, ANN) == {"region": "South"}
    (conflict,) = joined.conflicts
    assert conflict.kind is ConflictKind.SOURCES_DIFFER
    assert (conflict.source, conflict.found, conflict.other) == ("regional", "East", "South (hr)")


def test_a_second_row_a_bad_number_a_difference_and_an_absent_rep_are_all_listed() -> None:
    hr = source(
        row(2, {"Email": "ann@x.org"}, {"fte": "half"}, {"EmployeeNumber": "77"}),
        row(3, {"EmployeeNumber": "7"}, {"fte": "1"}),
        complete=True,
    )

    joined = join_people(USERS, [hr], reps=[ANN, BEN])

    assert kinds(joined) == [
        ConflictKind.BAD_VALUE,
        ConflictKind.ORG_DIFFERS,
        ConflictKind.TWICE,
        ConflictKind.NOT_IN_SOURCE,
    ]
    assert joined.conflicts[-1].user_id == BEN
    assert values(joined, ANN) == {}


@given(st.text())
def test_any_cell_is_a_finite_number_or_none(text: str) -> None:
    number = typed(text, AttributeType.NUMBER)

    assert number is None or (isinstance(number, float) and abs(number) < 1e15)
