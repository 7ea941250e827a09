"""What belongs to accounts, read before and after an apply: children and team members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

from sfterritory.connectors.salesforce import soql
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.page import Page
from sfterritory.model.columns import TextColumn
from sfterritory.model.plan import Applied, Outcome, OwnerChange, Plan
from sfterritory.model.store.store import Store
from sfterritory.pipeline.records import typed
from sfterritory.writeback.side_effect import (
    Child,
    MovedChild,
    SideEffects,
    changed_teams,
    moved_children,
)
from sfterritory.writeback.totals import ACCOUNT
from sfterritory.writeback.verify import OWNER

CHILD_OBJECTS = ("Case", "Contact", "Opportunity")
TEAM_MEMBER = "AccountTeamMember"
PARENT = "AccountId"
ACCOUNTS_PER_QUERY = 200
# An org may have a feature switched off, or hide it from the integration user.
_ABSENT = frozenset({"INVALID_TYPE", "INVALID_FIELD", "NOT_FOUND", "INSUFFICIENT_ACCESS"})


@dataclass(frozen=True, slots=True)
class Teams:
    """How many team members accounts have, by account id; absent is none.

    Attributes:
        unknown: Why that cannot be told, '' where it can.
    """

    sizes: Counter[str] = field(default_factory=Counter)
    unknown: str = ""


class QueryingOrg(Protocol):
    """The one thing that is asked of an org here."""

    def query_pages(self, query: soql.Query) -> Iterator[Page]:
        """Yield a result page by page."""


def account_ids(changes: Iterable[OwnerChange]) -> tuple[str, ...]:
    """Return the accounts among the changes, in ascending order."""
    subjects = (one.subject for one in changes)
    return tuple(sorted(one.record_id for one in subjects if one.object_name == ACCOUNT))


def teams_before(
    store: Store, org: QueryingOrg, accounts: Sequence[str], *, begun: AbstractSet[str]
) -> Teams:
    """Return the teams as they were before the accounts' owners changed.

    An earlier, interrupted call may have changed the owners of those in `begun`: theirs are
    taken from the last pull.
    """
    now = _teams(org, [one for one in accounts if one not in begun])
    if now.unknown or not begun:
        return now
    if TEAM_MEMBER not in store.mirror.pulled():
        return Teams(unknown="the run was cut off, and the last pull has none to compare with")
    members = store.mirror.columns(TEAM_MEMBER, [PARENT]).fields[PARENT]
    then = Counter(one for one in typed(members, TextColumn).values() if one in begun)
    return Teams(now.sizes + Counter({one: size for one, size in then.items() if one is not None}))


def _teams(org: QueryingOrg, accounts: Sequence[str]) -> Teams:
    """Return the teams as Salesforce has them now."""
    try:
        return Teams(Counter(row[1] for row in _below(org, TEAM_MEMBER, ("Id", PARENT), accounts)))
    except RefusedError as error:
        if error.code in _ABSENT:
            return Teams(unknown="the org has no account teams, or hides them")
        raise


def side_effects(
    store: Store,
    org: QueryingOrg,
    plan: Plan,
    outcomes: Sequence[Applied],
    *,
    before: Teams,
) -> SideEffects:
    """Compare what belongs to the accounts that a run wrote with what it was.

    Owners of children are compared with the last pull, teams with what was read before writing.
    """
    new_owners = {
        one.record_id: str(one.read_back.get(OWNER))
        for one in outcomes
        if one.object_name == ACCOUNT and one.outcome in {Outcome.DONE, Outcome.UNVERIFIED}
    }
    if not new_owners:
        return SideEffects()
    planned = {change.key for change in plan.changes}
    accounts = sorted(new_owners)
    children: list[MovedChild] = []
    unchecked = []
    for object_name in CHILD_OBJECTS:
        pulled = _pulled_children(store, object_name, new_owners.keys())
        present = None if pulled is None else _children(org, object_name, accounts)
        if pulled is None:
            unchecked.append(f"{object_name}: the last pull has none")
        elif present is None:
            unchecked.append(f"{object_name}: the integration user cannot see it")
        else:
            children += moved_children(
                object_name, pulled, present, new_owners=new_owners, planned=planned
            )
    after = before if before.unknown else _teams(org, accounts)
    if after.unknown:
        unchecked.append(f"{TEAM_MEMBER}: {after.unknown}")
        before = after
    return SideEffects(
        accounts=len(accounts),
        children=tuple(children),
        teams=changed_teams(before.sizes, after.sizes, accounts=new_owners.keys()),
        unchecked=tuple(unchecked),
    )


def _pulled_children(
    store: Store, object_name: str, accounts: AbstractSet[str]
) -> dict[str, Child] | None:
    """Return the accounts' children as the last pull has them; None where it has none."""
    pulled = store.mirror.pulled().get(object_name)
    if pulled is None or not {PARENT, OWNER} <= set(pulled.fields):
        return None
    columns = store.mirror.columns(object_name, [PARENT, OWNER])
    parents = typed(columns.fields[PARENT], TextColumn).values()
    owners = typed(columns.fields[OWNER], TextColumn).values()
    return {
        record_id: Child(parent, owner)
        for record_id, parent, owner in zip(columns.ids.tolist(), parents, owners, strict=True)
        if parent is not None and parent in accounts
    }


def _children(
    org: QueryingOrg, object_name: str, accounts: Sequence[str]
) -> dict[str, Child] | None:
    """Return the accounts' children as Salesforce has them now; None where it hides them."""
    try:
        rows = list(_below(org, object_name, ("Id", PARENT, OWNER), accounts))
    except RefusedError as error:
        if error.code in _ABSENT:
            return None
        raise
    return {row[0]: Child(row[1], row[2] or None) for row in rows}


def _below(
    org: QueryingOrg, object_name: str, fields: Sequence[str], accounts: Sequence[str]
) -> Iterator[Sequence[str]]:
    for start in range(0, len(accounts), ACCOUNTS_PER_QUERY):
        chunk = accounts[start : start + ACCOUNTS_PER_QUERY]
        query = soql.select(object_name, fields, where=soql.among_ids(PARENT, chunk))
        for page in org.query_pages(query):
            yield from page.rows
