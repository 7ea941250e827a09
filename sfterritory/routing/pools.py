"""Round robin: who is in a pool, and whose turn is next.

Turns go round in ascending user id, and the pointer is the member who was served last, not a
position. So a member who joins, leaves or is inactive for a while never restarts the round, even
when it is the one who was served last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sfterritory.routing.conditions import ID_FIELD, Record, compile_predicate
from sfterritory.routing.directory import Directory
from sfterritory.routing.leaf import Lists
from sfterritory.routing.problem import Problem
from sfterritory.routing.rules import Pool


@dataclass(frozen=True, slots=True)
class PoolState:
    """The stored pointers: the 18-character id of the member served last, by pool name."""

    last_served: Mapping[str, str] = field(default_factory=dict)

    def first_turn(self, pool: str, members: Sequence[str]) -> int:
        """Return the position in `members` (ascending, not empty) of whoever is next."""
        return bisect_right(members, self.last_served.get(pool, "")) % len(members)

    def after(self, pool: str, member: str) -> PoolState:
        """Return the pointers after the member was served."""
        return PoolState({**self.last_served, pool: member})


def pool_members(
    pool: Pool, *, directory: Directory, users: Mapping[str, Record], lists: Lists
) -> tuple[str, ...]:
    """Return the ids of the members who can own records now, ascending.

    Args:
        pool: Members by name, or a condition.
        directory: Who is active.
        users: Field values of every user by 18-character id; only asked where the pool has a
            condition.
        lists: Named lists of values.
    """
    if pool.where is not None:
        holds = compile_predicate(pool.where, lists=lists)
        found = {
            user_id for user_id, record in users.items() if holds({ID_FIELD: user_id, **record})
        }
    else:
        refs = (directory.find_user(ref) for ref in pool.members or ())
        found = {ref for ref in refs if not isinstance(ref, Problem)}
    people = directory.people
    return tuple(sorted(one for one in found if one in people and people[one].is_assignable))
