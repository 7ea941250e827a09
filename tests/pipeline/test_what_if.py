"""Accounts and roster as a what-if wants them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from factories import account_id, user_id

from sfterritory.errors import ConfigError
from sfterritory.model.columns import (
    AccountColumns,
    FlagColumn,
    NumberColumn,
    RosterColumns,
    TextColumn,
    TimeColumn,
)
from sfterritory.model.what_if import WhatIf
from sfterritory.pipeline.what_if import OUTSIDE, Changed, Known, change

ANN, BEN, CAT = user_id(1), user_id(2), user_id(3)
# Six accounts: two of each of Ann (west) and Ben (west), one of Cat (east), one of nobody there.
REP = [0, 0, 1, 1, 2, -1]
LON = [-120.0, -119.0, -118.0, -117.0, -80.0, -80.1]


def accounts() -> AccountColumns:
    return AccountColumns(
        ids=np.array([account_id(number) for number in range(1, 7)]),
        lon_deg=np.array(LON),
        lat_deg=np.full(6, 40.0),
        value_usd=np.arange(6.0),
        calls_per_year=np.array([10.0, np.nan, 20.0, 4.0, 8.0, 2.0]),
        visit_minutes=np.array([30.0, np.nan, 60.0, 60.0, 60.0, 60.0]),
        rep=np.array(REP, dtype=np.int32),
        locked=np.zeros(6, dtype=np.bool_),
    )


def roster() -> RosterColumns:
    return RosterColumns(
        ids=np.array([ANN, BEN, CAT]),
        names=("Ann Bell", "Ben Cho", "Cat Diaz"),
        lon_deg=np.array([-120.0, -118.0, -80.0]),
        lat_deg=np.full(3, 40.0),
        capacity_share=np.array([1.0, 1.0, 0.5]),
        attributes={
            "region": TextColumn.of(["West", "West", "East"]),
            "level": NumberColumn(np.array([1.0, 2.0, 3.0])),
            "remote": FlagColumn(np.array([True, False, False])),
            "since": TimeColumn(np.array(["2020-01-01"] * 3, dtype="datetime64[ms]")),
        },
    )


KNOWN = Known(
    usernames={ANN: "ann@example.com", BEN: "ben@example.com", CAT: "cat@example.com"},
    fields={"Tier__c": TextColumn.of(["A", "C", "c ", "B", "C", None])},
    calls_per_year=6.0,
    visit_minutes=45.0,
)


def changed(given: AccountColumns | None = None, /, **what: object) -> Changed:
    return change(given or accounts(), roster(), WhatIf.model_validate(what), known=KNOWN)


def refusal(**what: object) -> str:
    with pytest.raises(ConfigError) as caught:
        changed(None, **what)
    return caught.value.problem


def test_nothing_asked_for_changes_nothing() -> None:
    found = changed()

    assert found.roster.ids.tolist() == [ANN, BEN, CAT]
    assert found.accounts.rep.tolist() == REP
    np.testing.assert_array_equal(found.accounts.calls_per_year, accounts().calls_per_year)
    assert found.settled.tolist() == [-1] * 6
    assert not found.frozen.any()
    assert not found.left_out.any()
    assert found.changes == ()


@pytest.mark.parametrize("ref", ["Ann Bell", "ann@EXAMPLE.com", ANN, ANN[:15], " ann bell "])
def test_the_accounts_of_a_rep_who_leaves_are_nobodys(ref: str) -> None:
    found = changed(without=[ref])

    assert found.roster.names == ("Ben Cho", "Cat Diaz")
    assert found.accounts.rep.tolist() == [-1, -1, 0, 0, 1, -1]
    assert found.changes == ("Without Ann Bell: 2 accounts to give to others.",)


def test_locked_accounts_of_a_rep_who_leaves_are_listed_unless_they_are_set_free() -> None:
    locked = replace(accounts(), locked=np.array([True, False, True, False, False, False]))

    with pytest.raises(ConfigError) as caught:
        changed(locked, without=["Ann Bell"])
    freed = changed(locked, without=["Ann Bell"], unlock=True)

    assert f"Ann Bell has 1 locked account ({account_id(1)})" in caught.value.problem
    assert freed.accounts.locked.tolist() == [False, False, True, False, False, False]


def test_planned_reps_start_in_the_middles_of_parts_of_their_region() -> None:
    found = changed(add=["2@region=west", "1@-100,45*0.5", "1"])

    new = found.roster
    assert new.ids.tolist()[3:] == ["NEW-001", "NEW-002", "NEW-003", "NEW-004"]
    assert new.vacant.tolist() == [False] * 3 + [True] * 4
    assert new.names[3:] == ("New rep 1 (West)", "New rep 2 (West)", "New rep 3", "New rep 4")
    np.testing.assert_allclose(new.lon_deg[3:], [-119.5, -117.5, -100.0, np.nan])
    assert new.capacity_share.tolist() == [1.0, 1.0, 0.5, 1.0, 1.0, 0.5, 1.0]
    region = new.attributes["region"]
    assert isinstance(region, TextColumn)
    assert region.values()[3:] == ["West", "West", None, None]
    assert all(len(column_values(column)) == 7 for column in new.attributes.values())
    assert found.accounts.rep.tolist() == REP
    assert found.changes[2] == "Plus New rep 3, of size 0.5."


def column_values(column: object) -> list[object]:
    if isinstance(column, TextColumn):
        return [*column.values()]
    assert isinstance(column, NumberColumn | FlagColumn | TimeColumn)
    return [*column.values]


def test_a_planned_rep_near_another_takes_after_them_and_a_bare_value_means_its_attribute() -> None:
    found = changed(add=["1@Cat Diaz", "1@East"])

    region = found.roster.attributes["region"]
    assert isinstance(region, TextColumn)
    assert region.values()[3:] == ["East", "East"]
    np.testing.assert_allclose(found.roster.lon_deg[3:], -80.0)
    assert found.roster.names[3:] == ("New rep 1 (Cat Diaz)", "New rep 2 (East)")


def test_a_middle_across_the_date_line_lies_on_it() -> None:
    across = replace(accounts(), lon_deg=np.array([179.0, -179.0, 0.0, 0.0, 0.0, 0.0]))

    found = changed(across, add=["1@Ann Bell"])

    assert abs(found.roster.lon_deg[3]) == pytest.approx(180.0)


def test_cadence_changes_one_after_the_other_from_the_default_where_there_is_none() -> None:
    found = changed(cadence=["Tier__c=C*0.5", "Tier__c=B:12", "all*2"])

    assert found.accounts.calls_per_year.tolist() == [20.0, 6.0, 20.0, 24.0, 8.0, 4.0]
    assert found.changes[0] == "3 accounts with Tier__c C: 34 calls a year become 17."


def test_longer_visits_start_from_the_default_where_there_is_none() -> None:
    found = changed(visit_minutes_factor=2)

    assert found.accounts.visit_minutes.tolist() == [60.0, 90.0, 120.0, 120.0, 120.0, 120.0]


def test_another_size_is_told_with_the_one_before() -> None:
    found = changed(capacity={"cat@example.com": 1})

    assert found.roster.capacity_share.tolist() == [1.0, 1.0, 1.0]
    assert found.changes == ("Cat Diaz gets a territory of size 1; it was 0.5.",)


def test_outside_the_region_reps_keep_what_they_have_and_get_nothing() -> None:
    found = changed(only="region=West", without=["Ann Bell"], add=["1@region=West"])

    assert found.roster.names == ("Ben Cho", "Cat Diaz", "New rep 1 (West)")
    assert found.frozen.tolist() == [False, True, False]
    assert found.settled.tolist() == [-1, -1, -1, -1, 1, -1]
    assert found.cause.values() == [None] * 4 + [OUTSIDE, None]
    assert found.left_out.tolist() == [False] * 5 + [True]
    assert found.changes[-2:] == (
        "Only 2 of 3 reps, those with region West, are planned again; the others keep 1 account.",
        "In no territory: 1 account of nobody among theirs.",
    )


def test_everything_that_means_nothing_is_reported_at_once_with_the_nearest_name() -> None:
    said = refusal(
        without=["Ann Bel", "Zoe"],
        add=["1@regoin=West", "1@region=Wset", "1@Ben Co"],
        capacity={"cat@exampl.com": 1},
        cadence=["Tier=C*0.5", "Tier__c=D*0.5"],
        only="region=Est",
    ).splitlines()

    assert [line.split(":")[0] for line in said] == [
        "without",
        "without",
        "capacity",
        "cadence",
        "cadence",
        "only",
        "add",
        "add",
        "add",
    ]
    hints = ["Ann Bell", None, "cat@example.com", "Tier__c", None, "East", "region", "West"]
    for line, hint in zip(said, [*hints, "Ben Cho"], strict=True):
        assert ("did you mean" in line) == (hint is not None)
        assert hint is None or f"did you mean {hint!r}?" in line


def test_a_rep_outside_the_region_can_neither_leave_nor_change_size() -> None:
    said = refusal(only="region=West", without=["Cat Diaz"], capacity={CAT: 1})

    assert said.count("Cat Diaz is not among the reps with region West") == 2


@pytest.mark.parametrize(
    ("only", "frozen"),
    [
        ("level=3.0", [True, True, False]),
        ("remote=TRUE", [False, True, True]),
        ("since=2020-01-01", [False, False, False]),
    ],
)
def test_attributes_of_every_kind_are_compared(only: str, frozen: list[bool]) -> None:
    assert changed(only=only).frozen.tolist() == frozen


@pytest.mark.parametrize("only", ["level=high", "remote=2", "since=yesterday"])
def test_a_value_of_another_kind_is_no_value(only: str) -> None:
    assert f"no {only.split('=', maxsplit=1)[0]} of reps is" in refusal(only=only)


def test_a_name_of_two_reps_is_asked_for_by_username() -> None:
    twins = replace(roster(), names=("Ann Bell", "Ann Bell", "Cat Diaz"))

    with pytest.raises(ConfigError, match=r"several reps: ann@example.com, ben@example.com"):
        change(accounts(), twins, WhatIf(without=("Ann Bell",)), known=KNOWN)


def test_somebody_has_to_be_left() -> None:
    assert "nobody is left" in refusal(without=["Ann Bell", "Ben Cho", "Cat Diaz"])
    assert changed(without=[ANN, BEN, CAT], add=["1"]).roster.ids.tolist() == ["NEW-001"]


def test_the_order_of_the_words_never_changes_the_answer() -> None:
    one = changed(without=["Ann Bell", "Cat Diaz"])
    other = changed(without=["Cat Diaz", "Ann Bell"])

    assert one.roster.ids.tolist() == other.roster.ids.tolist() == [BEN]
    assert one.accounts.rep.tolist() == other.accounts.rep.tolist()
