"""What Salesforce changed along with an account, told apart from what others did."""

from __future__ import annotations

from factories import ANN, BEN, CAT, account_id

from sfterritory.model.ids import to_18
from sfterritory.writeback.side_effect import (
    ChangedTeam,
    Child,
    MovedChild,
    SideEffects,
    changed_teams,
    moved_children,
)

SHOP = account_id(1)


def contact_id(number: int) -> str:
    return to_18(f"003{number:012d}")


def test_followers_are_told_apart_from_others_and_from_what_was_planned_or_is_new() -> None:
    follower, foreign, planned, stays, new = (contact_id(number) for number in range(5))
    before = {one: Child(SHOP, ANN) for one in (follower, foreign, planned, stays)}
    after = {
        new: Child(SHOP, BEN),
        stays: Child(SHOP, ANN),
        planned: Child(SHOP, BEN),
        foreign: Child(SHOP, CAT),
        follower: Child(SHOP, BEN),
    }

    moved = moved_children(
        "Contact", before, after, new_owners={SHOP: BEN}, planned={f"Contact:{planned}"}
    )

    assert [(one.record_id, one.after, one.followed) for one in moved] == [
        (follower, BEN, True),
        (foreign, CAT, False),
    ]
    assert SideEffects(accounts=1, children=moved).unplanned == 1


def test_a_team_is_counted_although_nobody_is_left_of_it_or_was_there_before() -> None:
    gone, grown, same, foreign = (account_id(number) for number in range(4))

    changed = changed_teams(
        {gone: 2, same: 1, foreign: 5}, {grown: 1, same: 1}, accounts={gone, grown, same}
    )

    assert changed == (
        ChangedTeam(account_id=gone, before=2, after=0),
        ChangedTeam(account_id=grown, before=0, after=1),
    )
    assert SideEffects(teams=changed).unplanned == 2


def test_a_child_that_was_taken_from_everybody_is_shown_as_nobodys() -> None:
    (moved,) = moved_children(
        "Case",
        {contact_id(1): Child(SHOP, ANN)},
        {contact_id(1): Child(SHOP, None)},
        new_owners={SHOP: BEN},
        planned=set(),
    )

    assert moved == MovedChild(
        object_name="Case",
        record_id=contact_id(1),
        account_id=SHOP,
        before=ANN,
        after=None,
        followed=False,
    )
