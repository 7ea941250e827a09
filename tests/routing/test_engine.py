from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.sample import (
    ANN,
    BEN,
    CAT,
    POOLS,
    RECORDS,
    REVIEW,
    book,
    leads,
    owners,
    rule,
    rule_books,
    table,
)
from sfterritory.errors import ConfigError
from sfterritory.model.columns import RecordColumns
from sfterritory.model.document import Scalar
from sfterritory.routing.engine import Routed, route
from sfterritory.routing.explain import explain
from sfterritory.routing.pools import PoolState
from sfterritory.routing.rules import RuleBook
from sfterritory.routing.table import FALLBACK, NOT_ELIGIBLE, DestinationKind

ALWAYS = {"always": True}
STATES = st.sampled_from([{}, {"inbound": BEN, "named": ANN}, {"inbound": CAT}]).map(PoolState)


def run(
    rules: RuleBook,
    rows: list[dict[str, Any]],
    *,
    territory: list[str] | None = None,
    pools: PoolState | None = None,
) -> Routed:
    in_territory = owners([""] * len(rows) if territory is None else territory)
    return route(
        leads(rows), table(rules), territory_owner=in_territory, pools=pools or PoolState()
    )


def test_the_first_rule_that_matches_wins_and_the_second_is_the_runner_up() -> None:
    rules = book(
        eligible={"field": "IsHot", "is": False},
        rules=[
            rule({"user": "Ann Abel"}, when={"field": "Country", "is": "US"}),
            rule({"user": "Ben Bold"}, when={"field": "Employees", "above": 100}),
        ],
    )
    rows: list[dict[str, Any]] = [
        {"Country": "US", "Employees": 500},
        {"Country": "US"},
        {"Country": "DE", "Employees": 500},
        {"Country": "DE"},
        {"Country": "US", "IsHot": True},
    ]

    routed = run(rules, rows)

    assert routed.owner_id.tolist() == [ANN, ANN, BEN, REVIEW, ""]
    assert routed.rule.tolist() == [0, 0, 1, FALLBACK, NOT_ELIGIBLE]
    assert routed.runner_up_id.tolist() == [BEN, REVIEW, REVIEW, "", ""]
    assert routed.runner_up_rule.tolist() == [1, FALLBACK, FALLBACK, -1, -1]
    assert routed.destination.tolist() == [
        DestinationKind.USER,
        DestinationKind.USER,
        DestinationKind.USER,
        DestinationKind.QUEUE,
        DestinationKind.LEFT_ALONE,
    ]


def test_a_record_in_no_territory_falls_through_to_the_next_rule() -> None:
    rules = book(
        rules=[
            rule({"territory_owner": True}, when=ALWAYS),
            rule({"keep_owner": True}, when={"field": "Country", "is": "US"}),
        ]
    )
    rows = [{"OwnerId": CAT, "Country": "US"}, {"OwnerId": CAT, "Country": "US"}, {"OwnerId": CAT}]

    routed = run(rules, rows, territory=[BEN, "", ""])

    assert routed.owner_id.tolist() == [BEN, CAT, REVIEW]
    assert routed.unanswered.tolist() == [-1, 0, 0]
    assert routed.runner_up_id.tolist() == [CAT, REVIEW, ""]


def test_a_pool_deals_in_turn_after_the_stored_pointer() -> None:
    rules = book(pools=POOLS, fallback={"pool": "inbound"})

    routed = run(rules, [{}] * 4, pools=PoolState({"inbound": ANN, "other": CAT}))

    assert routed.owner_id.tolist() == [BEN, CAT, ANN, BEN]
    assert routed.pools.last_served == {"inbound": BEN, "other": CAT}


def test_routing_again_moves_nothing_and_costs_no_turn() -> None:
    rules = book(pools=POOLS, fallback={"pool": "inbound"})
    once = run(rules, [{}] * 5)

    again = run(rules, [{"OwnerId": owner} for owner in once.owner_id.tolist()], pools=once.pools)

    assert again.owner_id.tolist() == once.owner_id.tolist()
    assert again.pools == once.pools


def test_inactive_members_are_skipped() -> None:
    routed = run(book(pools=POOLS, fallback={"pool": "named"}), [{}, {}])

    assert routed.owner_id.tolist() == [CAT, CAT]


@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=8, unique=True).map(sorted), st.integers(0, 7)
)
def test_a_leaving_member_does_not_restart_the_round(numbers: list[int], at: int) -> None:
    members = [f"{number:018d}" for number in numbers]
    served = members[at % len(members)]
    state = PoolState({"pool": served})

    next_in_line = members[state.first_turn("pool", members)]
    without = [member for member in members if member != served]

    assert without[state.first_turn("pool", without)] == next_in_line


def test_the_runner_up_of_a_pool_is_who_would_have_been_dealt_the_record() -> None:
    us = {"field": "Country", "is": "US"}
    rules = book(
        pools=POOLS, rules=[rule({"user": "Ann Abel"}, when=us)], fallback={"pool": "inbound"}
    )

    routed = run(rules, [{}, {"Country": "US"}, {}, {}, {"Country": "US"}])

    assert routed.owner_id.tolist() == [ANN, ANN, BEN, CAT, ANN]
    assert routed.runner_up_id.tolist() == ["", BEN, "", "", ANN]


def test_owners_are_asked_for_only_where_a_rule_needs_them() -> None:
    bare = RecordColumns("Lead", owners(["00Q000000000001AAA"]), {})
    nowhere = owners([""])

    routed = route(bare, table(book()), territory_owner=nowhere, pools=PoolState())

    assert routed.owner_id.tolist() == [REVIEW]
    keep = table(book(fallback={"keep_owner": True}))
    with pytest.raises(ConfigError, match="OwnerId"):
        route(bare, keep, territory_owner=nowhere, pools=PoolState())


def test_an_empty_org_routes_to_an_empty_result() -> None:
    assert len(run(book(pools=POOLS, fallback={"pool": "inbound"}), [])) == 0


@given(rule_books(), RECORDS, st.sampled_from(["", BEN]), STATES)
def test_the_explanation_agrees_with_the_engine(
    rules: RuleBook, record: dict[str, Any], territory: str, state: PoolState
) -> None:
    routed = run(rules, [record], territory=[territory], pools=state)

    told = explain(
        {"Id": str(routed.ids[0]), **record}, table(rules), territory_owner=territory, pools=state
    )

    assert (told.rule_index, told.owner_id) == (routed.rule[0], routed.owner_id[0])
    earlier = [f"rule {at}" for at in range(len(table(rules).rules.rules))]
    if told.rule_index >= 0:
        earlier = earlier[: told.rule_index]
    elif told.rule_index == NOT_ELIGIBLE:
        earlier = ["not eligible"]
    assert [passed.rule for passed in told.passed] == earlier
    assert told.destination == DestinationKind(routed.destination[0]).name.lower()
    runner_up = (-1, "")
    if told.runner_up is not None:
        runner_up = (told.runner_up.rule_index, told.runner_up.owner_id)
    assert runner_up == (routed.runner_up_rule[0], routed.runner_up_id[0])


@given(rule_books(), st.lists(RECORDS, max_size=12), STATES)
def test_every_record_gets_exactly_one_result_and_other_records_do_not_change_its_rule(
    rules: RuleBook, rows: list[dict[str, Any]], state: PoolState
) -> None:
    together = run(rules, rows, pools=state)

    alone = [run(rules, [row], pools=state) for row in rows]
    assert together.rule.tolist() == [one.rule[0] for one in alone]
    assert len(together.owner_id) == len(rows)
    left_alone = together.rule == NOT_ELIGIBLE
    np.testing.assert_array_equal(together.owner_id == "", left_alone)


def test_the_explanation_names_the_first_condition_that_failed_and_what_would_change_it() -> None:
    rules = book(
        eligible={"field": "IsHot", "is": False},
        rules=[
            rule(
                {"user": "Ann Abel"},
                when={
                    "all": [
                        {"field": "Country", "is": "US"},
                        {"field": "Employees", "at_least": 500},
                    ]
                },
                name="Large US",
            ),
            rule({"territory_owner": True}, when=ALWAYS, name="By territory"),
            rule({"user": "Ben Bold"}, when={"field": "Country", "is": "US"}, name="US"),
        ],
    )
    record: dict[str, Scalar] = {
        "Id": "00Q000000000001AAA",
        "Country": "US",
        "Employees": 20,
        "IsHot": False,
        "Extra": 1,
    }

    told = explain(record, table(rules), territory_owner="", pools=PoolState())

    assert (told.rule, told.owner_id) == ("US", BEN)
    assert [(passed.rule, passed.cause, passed.found) for passed in told.passed] == [
        ("Large US", "needs employees is at least 500", "employees is 20"),
        ("By territory", "no territory", ""),
    ]
    assert told.runner_up is not None
    assert told.runner_up.rule == "fallback"
    assert told.runner_up.change == (
        "rule 'US' would have to pass: country is not US (or is empty)"
    )
    assert told.inputs == {"Country": "US", "Employees": 20, "IsHot": False}


def test_a_record_that_is_left_alone_says_why() -> None:
    rules = book(eligible={"field": "IsHot", "is": False})

    told = explain(
        {"Id": "00Q000000000001AAA", "IsHot": True},
        table(rules),
        territory_owner="",
        pools=PoolState(),
    )

    assert (told.rule, told.owner_id, told.runner_up) == ("not eligible", "", None)
    assert told.passed[0].cause == "needs hot is not ticked"
    assert told.passed[0].found == "hot is ticked"
