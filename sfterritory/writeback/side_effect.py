"""What Salesforce changed along with the accounts, although no line of the plan says so.

An owner change through REST leaves an account's contacts, opportunities and cases where they are,
and its team too; through other doors, or as an org may be set up, they follow. Pure: it compares
what was before with what is.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sfterritory.model.document import Document
from sfterritory.model.ids import RecordId


@dataclass(frozen=True, slots=True)
class Child:
    """A record below an account, and who owns it."""

    account_id: str
    owner_id: str | None


class MovedChild(Document):
    """A record below a written account whose owner is not the one that was pulled.

    Attributes:
        followed: It went where its account went: Salesforce moved it along. Otherwise somebody
            or something else moved it since the pull.
    """

    object_name: str
    record_id: RecordId
    account_id: RecordId
    before: str | None
    after: str | None
    followed: bool


class ChangedTeam(Document):
    """An account whose team has another number of members than before its owner changed."""

    account_id: RecordId
    before: int
    after: int


class SideEffects(Document):
    """What changed along with the accounts that a run wrote.

    Attributes:
        accounts: How many accounts were looked at.
        unchecked: Objects that could not be looked at, each with the reason.
    """

    accounts: int = 0
    children: tuple[MovedChild, ...] = ()
    teams: tuple[ChangedTeam, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def unplanned(self) -> int:
        """Return how many records Salesforce changed by itself: followers and teams."""
        return sum(child.followed for child in self.children) + len(self.teams)


def moved_children(
    object_name: str,
    before: Mapping[str, Child],
    after: Mapping[str, Child],
    *,
    new_owners: Mapping[str, str],
    planned: AbstractSet[str],
) -> tuple[MovedChild, ...]:
    """Return the records below written accounts that changed owner, in order of account and id.

    Args:
        object_name: What the records are.
        before: By record id, as pulled; one that is not in it is newer than the pull.
        after: By record id, as Salesforce has them now.
        new_owners: The owner that each account got, by account id.
        planned: Keys (`Contact:003...`) that the plan itself moves.
    """
    moved = [
        MovedChild(
            object_name=object_name,
            record_id=record_id,
            account_id=now.account_id,
            before=before[record_id].owner_id,
            after=now.owner_id,
            followed=now.owner_id == new_owners.get(now.account_id),
        )
        for record_id, now in after.items()
        if record_id in before
        and before[record_id].owner_id != now.owner_id
        and f"{object_name}:{record_id}" not in planned
    ]
    return tuple(sorted(moved, key=lambda one: (one.account_id, one.record_id)))


def changed_teams(
    before: Mapping[str, int], after: Mapping[str, int], *, accounts: AbstractSet[str]
) -> tuple[ChangedTeam, ...]:
    """Return the accounts whose number of team members changed, in order of id; absent is none."""
    return tuple(
        ChangedTeam(account_id=one, before=before.get(one, 0), after=after.get(one, 0))
        for one in sorted(accounts)
        if before.get(one, 0) != after.get(one, 0)
    )
