"""Whom a scenario concerns: for each rep the accounts that come and go, to be told of in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sfterritory.model.store.store import Store
from sfterritory.pipeline.override import account_names
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.scenario_entry import ScenarioEntry, entry
from sfterritory.pipeline.scenario_moves import Moves, load_today, moves_of, rounded
from sfterritory.settings.project import Settings

NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class HandOver:
    """One account that changes hands.

    Attributes:
        before: Who has it today, by name.
        after: Who would have it, by name; a territory without a rep is named as vacant.
        value_usd: None where no field of value is configured.
        pipeline: Amount of its open opportunities; None where they were not pulled.
    """

    account_id: str
    account_name: str
    before: str
    after: str
    hours_per_year: float
    value_usd: float | None
    pipeline: float | None


@dataclass(frozen=True, slots=True)
class Concerned:
    """One person, or vacant territory, and the accounts that come and go, by name."""

    name: str
    gained: tuple[HandOver, ...]
    lost: tuple[HandOver, ...]


@dataclass(frozen=True, slots=True)
class ScenarioPeople:
    """The scenario, and everybody whose book it changes, by name."""

    scenario: ScenarioEntry
    people: tuple[Concerned, ...]

    @property
    def hand_overs(self) -> tuple[HandOver, ...]:
        """Return every account that changes hands once, in the order of who gets it."""
        return tuple(one for person in self.people for one in person.gained)


def scenario_people(
    settings: Settings, store: Store, name: str, *, now: datetime
) -> ScenarioPeople:
    """Return whom a scenario concerns, measured against the owners of the last pull.

    Routing rules are not asked: an account that one of them keeps with its owner is listed all the
    same. The plan that is made on the day is what counts.

    Raises:
        ConfigError: There is no such scenario.
    """
    found = entry(store, name, now=now)
    version = store.territories.get(found.version)
    territories = store.territories.territories(version.id)
    today = load_today(settings, store, load_people(settings, store))
    moves = moves_of(store, version, territories, today)
    gained: dict[int, list[HandOver]] = {}
    lost: dict[int, list[HandOver]] = {}
    for row, one in _hand_overs(store, moves):
        gained.setdefault(int(moves.after[row]), []).append(one)
        lost.setdefault(int(moves.before[row]), []).append(one)
    # two people may have one name
    people = sorted((moves.owners[owner][1], owner) for owner in {*gained, *lost} if owner >= 0)
    return ScenarioPeople(
        found,
        tuple(
            Concerned(name, tuple(gained.get(owner, ())), tuple(lost.get(owner, ())))
            for name, owner in people
        ),
    )


def _hand_overs(store: Store, moves: Moves) -> Iterator[tuple[int, HandOver]]:
    """Yield every account that changes hands, by name and id, each with its row."""
    called = account_names(store)
    owners = [*(name for _, name in moves.owners), NOBODY]
    rows = moves.moved.nonzero()[0].tolist()
    ids = moves.ids[rows].tolist()
    for account_name, account_id, row in sorted(
        (called.get(one, ""), one, row) for one, row in zip(ids, rows, strict=True)
    ):
        yield (
            row,
            HandOver(
                account_id=account_id,
                account_name=account_name,
                before=owners[moves.before[row]],
                after=owners[moves.after[row]],
                hours_per_year=rounded(moves.hours[row]),
                value_usd=None if moves.value_usd is None else rounded(moves.value_usd[row]),
                pipeline=None if moves.pipeline is None else rounded(moves.pipeline[row]),
            ),
        )
