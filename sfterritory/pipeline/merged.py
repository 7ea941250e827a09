"""Ids in `mappings/` of records merged away: each stands for the record that it lives on in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sfterritory.model.ids import looks_like_id
from sfterritory.model.store.merges import MERGED_OBJECTS
from sfterritory.model.store.store import Store
from sfterritory.settings.project import Settings
from sfterritory.settings.reader import MAPPINGS

_LISTED = 3


@dataclass(frozen=True, slots=True)
class Followed:
    """Settings whose lists name the winners of merges too.

    Attributes:
        notes: A line for each list that names a record merged away.
    """

    settings: Settings
    notes: tuple[str, ...] = ()


def following_merges(settings: Settings, store: Store) -> Followed:
    """Return the settings with the winner beside every losing id of lists and locked accounts."""
    named = {**settings.lists}
    locks = settings.territories.locks.list
    if locks is not None:
        named[locks] = settings.locked_ids
    if not any(named.values()):
        return Followed(settings)
    winners = {
        loser: winner
        for object_name in MERGED_OBJECTS
        for loser, winner in store.mirror.masters(object_name).items()
    }
    found = {name: _merged(values, winners) for name, values in sorted(named.items())}
    lists = {name: values | {*found[name].values()} for name, values in settings.lists.items()}
    locked = settings.locked_ids | {*found[locks].values()} if locks else settings.locked_ids
    return Followed(
        replace(settings, lists=lists, locked_ids=locked),
        tuple(_note(name, merged) for name, merged in found.items() if merged),
    )


def _merged(values: Iterable[str], winners: Mapping[str, str]) -> dict[str, str]:
    """Return the winner of each value that is the id of a record merged away, in order of id."""
    asked = {value[:15] for value in values if looks_like_id(value)}
    return {loser: winners[loser] for loser in sorted(winners) if loser[:15] in asked}


def _note(name: str, merged: Mapping[str, str]) -> str:
    listed = ", ".join(f"{loser} into {winner}" for loser, winner in [*merged.items()][:_LISTED])
    more = len(merged) - _LISTED
    return (
        f"{MAPPINGS}/{name} names records that were merged away: {listed}"
        f"{f' and {more:,} more' if more > 0 else ''}; each stands for the one it lives on in"
    )
