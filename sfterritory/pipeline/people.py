"""Users and queues as each stage wants them: roster, directory of rules, owners of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.model.columns import Ids, RecordColumns, RosterColumns, TextColumn, taken
from sfterritory.model.ids import to_18
from sfterritory.model.store.people import QueueRecord, UserRecord
from sfterritory.model.store.store import Store
from sfterritory.pipeline.field_list import user_fields
from sfterritory.pipeline.people_sources import joined_people, with_attributes
from sfterritory.quality.people_join import Joined
from sfterritory.routing.conditions import Record, compile_mask
from sfterritory.routing.directory import Directory, Person, QueueEntry
from sfterritory.routing.field_kind import FieldKind, check_condition, field_kinds
from sfterritory.settings.project import Settings
from sfterritory.settings.territories import RosterParams
from sfterritory.settings.yaml_file import dotted
from sfterritory.writeback.owner import OrgFacts, Owner, OwnerKind

STANDARD_USER = "Standard"
TERRITORIES_FILE = "mappings/territories.yaml"


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who can own records, in the forms that stages ask for.

    Attributes:
        columns: The fields of users that conditions ask for, and what other sources say of them.
        joined: Those sources by person, and their conflicts.
        fields: The values of `columns` by user id.
        kinds: What those fields hold.
    """

    users: Sequence[UserRecord]
    queues: Sequence[QueueRecord]
    columns: RecordColumns
    joined: Joined
    fields: Mapping[str, Record]
    kinds: Mapping[str, FieldKind]

    @property
    def directory(self) -> Directory:
        """Return the look-up of rules."""
        return Directory.of(
            (
                Person(one.id, one.name, one.username, one.is_active, _is_standard(one))
                for one in self.users
            ),
            (
                QueueEntry(one.id, one.name, one.developer_name, frozenset(one.supported_objects))
                for one in self.queues
            ),
        )

    def org_facts(
        self, text_lengths: Mapping[str, Mapping[str, int]], *, territories: Mapping[str, str]
    ) -> OrgFacts:
        """Return what a plan needs to know of owners; `territories` are names by user id."""
        owners = {
            one.id: Owner(
                one.id,
                one.name,
                active=one.is_active,
                standard=_is_standard(one),
                territory=territories.get(one.id),
            )
            for one in self.users
        }
        owners |= {
            one.id: Owner(
                one.id,
                one.name,
                kind=OwnerKind.QUEUE,
                queue_objects=frozenset(one.supported_objects),
            )
            for one in self.queues
        }
        return OrgFacts(owners, text_lengths)

    @property
    def names(self) -> Mapping[str, str]:
        """Return the name of every owner by id."""
        users = {one.id: one.name for one in self.users}
        return users | {one.id: one.name for one in self.queues}


def load_people(settings: Settings, store: Store) -> People:
    """Read users and queues of the last pull.

    Raises:
        StepMissingError: Nothing was pulled yet.
    """
    users = store.mirror.users()
    if not users:
        raise StepMissingError(
            "the store holds no users yet", remedy="run `sfterritory pull` first"
        )
    pulled = store.mirror.columns("User", user_fields(settings))
    joined = joined_people(settings.people, users, pulled)
    columns = with_attributes(pulled, joined, settings.people.params.types)
    values = {
        name: column.values() if isinstance(column, TextColumn) else column.values.tolist()
        for name, column in columns.fields.items()
    }
    ids = columns.ids.tolist()
    fields = {
        record_id: {name: cells[row] for name, cells in values.items()}
        for row, record_id in enumerate(ids)
    }
    return People(users, store.mirror.queues(), columns, joined, fields, field_kinds(columns))


def load_roster(
    settings: Settings,
    store: Store,
    people: People,
    *,
    params: RosterParams | None = None,
    where: tuple[str | int, ...] = ("roster",),
) -> RosterColumns:
    """Return the reps who get one territory each, in ascending order of user id.

    Args:
        settings: Of the project.
        store: Where homes are kept.
        people: Everybody.
        params: Whose roster; the project's where none is given.
        where: Its place in the file, for messages.

    Raises:
        ConfigError: A condition on users is wrong, nobody answers to it, or a capacity names
            somebody who is not on the roster; every mistake is listed.
    """
    params = params or settings.territories.roster
    _check_conditions(settings, people)
    columns = people.columns
    chosen = compile_mask(params.where, columns, lists=settings.lists)
    by_id = {one.id: one for one in people.users}
    rows = [
        row
        for row in np.flatnonzero(chosen).tolist()
        if (user := by_id[str(columns.ids[row])]).is_active and _is_standard(user)
    ]
    reps = [by_id[str(columns.ids[row])] for row in rows]
    if not reps:
        raise ConfigError(
            f"{TERRITORIES_FILE}: {dotted(where)}.where matches no active standard user "
            f"of {len(people.users)} pulled",
            remedy="correct the condition, or pull users again",
        )
    share = _capacity(settings, reps, people, params=params, where=dotted(where))
    homes = _homes(store, columns.ids)
    return RosterColumns(
        ids=np.array([one.id for one in reps], dtype="U18"),
        names=tuple(one.name for one in reps),
        lon_deg=np.array([homes.get(one.id, (np.nan, np.nan))[0] for one in reps]),
        lat_deg=np.array([homes.get(one.id, (np.nan, np.nan))[1] for one in reps]),
        capacity_share=np.array([share.get(one.id, 1.0) for one in reps]),
        attributes={name: taken(column, np.array(rows)) for name, column in columns.fields.items()},
    )


def _check_conditions(settings: Settings, people: People) -> None:
    problems = [
        problem.under(*path)
        for path, condition in settings.territories.user_conditions
        for problem in check_condition(
            condition, object_name="User", fields=people.kinds, lists=settings.lists
        )
    ]
    if problems:
        raise ConfigError(
            "\n".join(f"{TERRITORIES_FILE}: {one}" for one in problems),
            remedy="correct the condition",
        )


def _capacity(
    settings: Settings,
    reps: Sequence[UserRecord],
    people: People,
    *,
    params: RosterParams,
    where: str,
) -> dict[str, float]:
    """Return the sizes that people.yaml gives, then those that territories.yaml does."""
    on_roster = {one.id for one in reps}
    problems: list[str] = []
    share: dict[str, float] = {}
    attribute = settings.people.params.capacity or ""
    for rep in reps:
        given = people.joined.attributes.get(rep.id, {}).get(attribute)
        if given is None:
            continue
        size = float(given.value)
        if size > 0:
            share[rep.id] = size
        else:
            problems.append(
                f"{attribute} of {rep.name} is {size:g} in {given.source}, line {given.line}; "
                "a rep of the roster needs a size above 0"
            )
    directory = people.directory
    for ref, size in params.capacity.items():
        found = directory.resolve_user(ref)
        if not isinstance(found, str):
            problems.append(f"{where}.capacity.{ref}: {found.text}; {found.remedy}")
        elif found not in on_roster:
            problems.append(f"{where}.capacity.{ref}: {ref} is not on the roster")
        elif size <= 0:
            problems.append(f"{where}.capacity.{ref}: {size} is not above 0")
        else:
            share[to_18(found)] = size
    if problems:
        raise ConfigError(
            "\n".join(f"{TERRITORIES_FILE}: {line}" for line in problems),
            remedy="name reps of the roster by username, with a size above 0; who gets no "
            "territory does not belong on the roster",
        )
    return share


def _homes(store: Store, user_ids: Ids) -> dict[str, tuple[float, float]]:
    places = store.locations.of("User")
    located = places.places.located
    known = set(user_ids.tolist())
    return {
        record_id: (lon_deg, lat_deg)
        for record_id, lon_deg, lat_deg in zip(
            places.ids[located].tolist(),
            places.places.lon_deg[located].tolist(),
            places.places.lat_deg[located].tolist(),
            strict=True,
        )
        if record_id in known
    }


def _is_standard(user: UserRecord) -> bool:
    return user.user_type == STANDARD_USER
