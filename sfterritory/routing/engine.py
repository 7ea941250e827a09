"""Route records to owners: ordered rules, first match wins, one result for every record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Flags, Ids, Ints, RecordColumns, TextColumn
from sfterritory.routing.conditions import Matcher, Rows
from sfterritory.routing.pools import PoolState
from sfterritory.routing.table import (
    FALLBACK,
    NO_RUNNER_UP,
    NOT_ELIGIBLE,
    DestinationKind,
    RoutingTable,
    Target,
)

OWNER_FIELD = "OwnerId"
OPEN = -3  # no rule has answered yet; never leaves this module
NEVER_UNANSWERED = -1


@dataclass(frozen=True, slots=True)
class Routed:
    """One result for each record, in the order of the records (ascending id).

    Attributes:
        object_name: The routed object.
        ids: The records, shape (n,).
        owner_id: Who should own the record next; empty where it is left alone, and where it is
            to keep an owner it does not have.
        rule: Number of the rule that answered, `FALLBACK` (-2) or `NOT_ELIGIBLE` (-1).
        destination: Values of `DestinationKind`, int8.
        runner_up_id: Who the next rule with an answer would have given, empty where there is none.
        runner_up_rule: That rule's number, `FALLBACK`, or `NO_RUNNER_UP` (-1).
        unanswered: Number of the first rule that matched but had no answer (no territory, no
            owner to keep) before one had, -1 where that did not happen.
        pools: The pointers after this run. Store them only when the plan is applied.
    """

    object_name: str
    ids: Ids
    owner_id: Ids
    rule: Ints
    destination: NDArray[np.int8]
    runner_up_id: Ids
    runner_up_rule: Ints
    unanswered: Ints
    pools: PoolState

    def __len__(self) -> int:
        return len(self.ids)


def route(
    records: RecordColumns, table: RoutingTable, *, territory_owner: Ids, pools: PoolState
) -> Routed:
    """Return who should own each record next, and who would have been next in line.

    Pools deal in ascending record id. A record that a member of the pool owns already stays with
    that member and costs no turn, so routing twice moves nothing.

    Args:
        records: The object's records, with `OwnerId` where a rule keeps owners or deals from a
            pool.
        table: The object's rules with every destination looked up.
        territory_owner: Owner of the territory each record lies in, empty where it lies in none
            or the territory has no owner who can take records; shape (n,).
        pools: The stored pointers.

    Raises:
        ConfigError: A rule asks for a field that the records do not have.
    """
    owner = _OwnerColumn.of(records, table)
    chosen = _choose(records, table, has_territory=territory_owner != "", owner=owner)
    deal = _Deal(table, pools, owner)
    owner_id, after = deal.winners(chosen.first, territory_owner)
    kinds = np.array([target.kind for target in table.targets], dtype=np.int8)
    return Routed(
        object_name=records.object_name,
        ids=records.ids,
        owner_id=owner_id,
        rule=chosen.first,
        destination=kinds[chosen.first],
        runner_up_id=deal.runners_up(chosen.first, chosen.second, territory_owner),
        runner_up_rule=chosen.second,
        unanswered=chosen.unanswered,
        pools=after,
    )


@dataclass(frozen=True, slots=True)
class _Chosen:
    first: Ints
    second: Ints
    unanswered: Ints


@dataclass(frozen=True, slots=True)
class _OwnerColumn:
    """Today's owners as codes; `ids[code]` is the owner, the last one (code -1) is empty."""

    codes: Ints
    ids: Ids

    @classmethod
    def of(cls, records: RecordColumns, table: RoutingTable) -> _OwnerColumn:
        column = records.fields.get(OWNER_FIELD)
        if isinstance(column, TextColumn):
            return cls(column.codes, np.array([*column.vocabulary, ""], dtype="U18"))
        needed = {DestinationKind.KEEP_OWNER, DestinationKind.POOL}
        if any(target.kind in needed for target in table.targets):
            raise ConfigError(
                f"routing {records.object_name} needs {OWNER_FIELD}, which was not pulled",
                remedy=f"add {OWNER_FIELD} to the pulled fields of {records.object_name}",
            )
        return cls(np.full(len(records), -1, np.int32), np.array([""], dtype="U18"))

    def at(self, rows: Rows) -> Ids:
        owners: Ids = self.ids[self.codes[rows]]
        return owners

    def is_one_of(self, members: tuple[str, ...], rows: Rows) -> Flags:
        flags: Flags = np.isin(self.ids, members)[self.codes[rows]]
        return flags


def _choose(
    records: RecordColumns, table: RoutingTable, *, has_territory: Flags, owner: _OwnerColumn
) -> _Chosen:
    """Return for each record the first and the second rule with an answer."""
    matcher = Matcher(records, table.lists)
    everyone = np.arange(len(records))
    eligible = table.rules.eligible
    rows = everyone if eligible is None else np.flatnonzero(matcher.match(eligible, everyone))
    first = np.full(len(records), NOT_ELIGIBLE, np.int32)
    second = np.full(len(records), NO_RUNNER_UP, np.int32)
    unanswered = np.full(len(records), NEVER_UNANSWERED, np.int32)
    first[rows] = OPEN
    second[rows] = OPEN
    has_owner = owner.ids[owner.codes] != ""
    for index, rule in enumerate(table.rules.rules):
        hits = rows[matcher.match(rule.when, rows)]
        answer = _answers(table.targets[index], has_territory, has_owner)
        if answer is not None:
            silent = hits[~answer[hits]]
            silent = silent[(first[silent] == OPEN) & (unanswered[silent] == NEVER_UNANSWERED)]
            unanswered[silent] = index
            hits = hits[answer[hits]]
        fresh = first[hits] == OPEN
        first[hits[fresh]] = index
        settled = hits[~fresh]
        if settled.size:
            second[settled] = index
            rows = rows[second[rows] == OPEN]
    # Whoever still lacks an answer gets the fallback; whoever got it there has no runner-up.
    second[(first >= 0) & (second == OPEN)] = FALLBACK
    second[first == OPEN] = NO_RUNNER_UP
    first[first == OPEN] = FALLBACK
    return _Chosen(first, second, unanswered)


def _answers(target: Target, has_territory: Flags, has_owner: Flags) -> Flags | None:
    """Return which records the target has an answer for, None for all."""
    if target.kind is DestinationKind.TERRITORY_OWNER:
        return has_territory
    return has_owner if target.kind is DestinationKind.KEEP_OWNER else None


class _Deal:
    """Turns rule numbers into owners."""

    def __init__(self, table: RoutingTable, pools: PoolState, owner: _OwnerColumn) -> None:
        self._table = table
        self._pools = pools
        self._owner = owner
        self._fixed = np.array([target.owner_id for target in table.targets], dtype="U18")
        self._kinds = np.array([target.kind for target in table.targets], dtype=np.int8)
        self._pool_names = sorted({target.pool for target in table.targets if target.pool})

    def winners(self, first: Ints, territory_owner: Ids) -> tuple[Ids, PoolState]:
        """Return each record's owner, and the pointers after all turns."""
        owners = self._without_pools(first, territory_owner)
        after = self._pools
        for name in self._pool_names:
            members = self._table.pools[name]
            rows = self._dealt_from(name, first)
            if not rows.size:
                continue
            stays = self._owner.is_one_of(members, rows)
            owners[rows[stays]] = self._owner.at(rows[stays])
            dealt = rows[~stays]
            if dealt.size:
                turns = self._pools.first_turn(name, members) + np.arange(len(dealt))
                owners[dealt] = np.array(members)[turns % len(members)]
                after = after.after(name, str(owners[dealt[-1]]))
        return owners, after

    def runners_up(self, first: Ints, second: Ints, territory_owner: Ids) -> Ids:
        """Return each record's runner-up; from a pool, who would have been dealt the record."""
        owners = self._without_pools(second, territory_owner)
        for name in self._pool_names:
            members = self._table.pools[name]
            rows = self._dealt_from(name, second)
            if not rows.size:
                continue
            winners = self._dealt_from(name, first)
            served = winners[~self._owner.is_one_of(members, winners)]
            # Turns taken by records with a smaller id come first.
            turns = self._pools.first_turn(name, members) + np.searchsorted(served, rows)
            stays = self._owner.is_one_of(members, rows)
            dealt = np.array(members)[turns % len(members)]
            owners[rows] = np.where(stays, self._owner.at(rows), dealt)
        return owners

    def _without_pools(self, rule: Ints, territory_owner: Ids) -> Ids:
        owners: Ids = self._fixed[rule]
        kinds = self._kinds[rule]
        by_territory = np.flatnonzero(kinds == DestinationKind.TERRITORY_OWNER)
        owners[by_territory] = territory_owner[by_territory]
        kept = np.flatnonzero(kinds == DestinationKind.KEEP_OWNER)
        owners[kept] = self._owner.at(kept)
        return owners

    def _dealt_from(self, pool: str, rule: Ints) -> Rows:
        of_pool = np.array([target.pool == pool for target in self._table.targets])
        return np.flatnonzero(of_pool[rule])
