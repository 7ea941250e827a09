"""The room of scenarios: territories that are tried out, and when some of them come to count."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from sfterritory.errors import StoreError
from sfterritory.model.document import canonical_json
from sfterritory.model.store.database import Database
from sfterritory.model.store.scenario_table import ScenarioRow
from sfterritory.model.store.tables import table_of
from sfterritory.model.store.territory import drop_version, is_overlay, overlay_versions
from sfterritory.model.store.territory_choice import (
    TerritoryChoice,
    insert_choice,
    was_chosen,
    withdraw_choices,
)
from sfterritory.model.what_if import WhatIf

_SCENARIO = table_of(ScenarioRow)


class ScenarioState(StrEnum):
    """How far a scenario has come."""

    DRAFT = "draft"
    CHOSEN = "chosen"
    """It has a date, and that lies ahead."""
    ACTIVATED = "activated"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One named scenario.

    Attributes:
        based_on: `live`, or the name of the scenario it was cloned from.
        version_id: The territories that came of it.
        built_at: When these were built; after `created_at` where it was built again.
        effective_at: From when on they count, None while nobody said so.
        accepted_limits: Why limits that it breaks were accepted, None where nobody had to.
        withdrawn_at: When it was taken back, None while it was not.
    """

    id: str
    name: str
    created_at: datetime
    created_by: str
    note: str
    based_on: str
    what_if: WhatIf
    version_id: str
    built_at: datetime
    effective_at: datetime | None = None
    chosen_at: datetime | None = None
    chosen_by: str | None = None
    accepted_limits: str | None = None
    withdrawn_at: datetime | None = None

    def state(self, now: datetime) -> ScenarioState:
        """Return how far it has come at a moment."""
        if self.withdrawn_at is not None:
            return ScenarioState.WITHDRAWN
        if self.effective_at is None:
            return ScenarioState.DRAFT
        return ScenarioState.CHOSEN if self.effective_at > now else ScenarioState.ACTIVATED


class ScenarioRoom:
    """The scenarios of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, scenario: Scenario) -> None:
        """Store a new scenario.

        Raises:
            StoreError: Its name is taken.
        """
        with self._database.write() as connection:
            if _find(connection, scenario.name) is not None:
                raise StoreError(
                    f"there is a scenario {scenario.name!r} already",
                    remedy="choose another name, or delete that one with "
                    f"`sfterritory scenario delete {scenario.name}`",
                )
            connection.execute(insert(_SCENARIO).values(**_values(scenario)))

    def list(self) -> tuple[Scenario, ...]:
        """Return every scenario, the oldest first."""
        query = select(_SCENARIO).order_by(_SCENARIO.c.created_at, _SCENARIO.c.name)
        with self._database.read() as connection:
            return tuple(_scenario(row) for row in connection.execute(query))

    def find(self, name: str) -> Scenario | None:
        """Return the scenario of that name, None where there is none."""
        with self._database.read() as connection:
            row = _find(connection, name)
        return None if row is None else _scenario(row)

    def rebuilt(
        self, scenario: Scenario, *, version_id: str, now: datetime, accepted: str | None
    ) -> None:
        """Give a scenario the territories of a new build, from its date on where it has one."""
        with self._database.write() as connection:
            _update(
                connection,
                scenario,
                version_id=version_id,
                built_at=now,
                accepted_limits=accepted,
            )
            if scenario.effective_at is not None and scenario.withdrawn_at is None:
                _choose(connection, scenario, version_id, at=scenario.effective_at, now=now)
            _drop_unused(connection, scenario.version_id)

    def activate(
        self, scenario: Scenario, *, at: datetime, now: datetime, by: str, accepted: str | None
    ) -> None:
        """Let a scenario's territories count from a moment on; an earlier date of it is void."""
        with self._database.write() as connection:
            _update(
                connection,
                scenario,
                effective_at=at,
                chosen_at=now,
                chosen_by=by,
                accepted_limits=accepted,
                withdrawn_at=None,
            )
            _choose(connection, scenario, scenario.version_id, at=at, now=now)

    def withdraw(self, scenario: Scenario, *, now: datetime) -> None:
        """Let a scenario's territories count no more; it stays, and so does its history."""
        with self._database.write() as connection:
            _update(connection, scenario, withdrawn_at=now)
            withdraw_choices(connection, scenario.name, now=now)

    def delete(self, scenario: Scenario) -> None:
        """Remove a scenario, and its territories where nothing else ever used them."""
        with self._database.write() as connection:
            connection.execute(delete(_SCENARIO).where(_SCENARIO.c.id == scenario.id))
            _drop_unused(connection, scenario.version_id)


def _choose(
    connection: Connection, scenario: Scenario, version_id: str, *, at: datetime, now: datetime
) -> None:
    withdraw_choices(connection, scenario.name, now=now)
    insert_choice(connection, TerritoryChoice(version_id, at, now, scenario.name))


def _drop_unused(connection: Connection, version_id: str) -> None:
    """Remove a version that no scenario has and that never counted, and then its overlays' too.

    An overlay's version is often the same for several versions: what is changed for the owners
    changes nothing for a further team.
    """
    query = select(_SCENARIO.c.id).where(_SCENARIO.c.version_id == version_id).limit(1)
    used = connection.execute(query).one_or_none() is not None
    if used or was_chosen(connection, version_id) or is_overlay(connection, version_id):
        return
    overlays = overlay_versions(connection, version_id)
    drop_version(connection, version_id)
    for overlay in sorted(overlays):
        _drop_unused(connection, overlay)


def _update(connection: Connection, scenario: Scenario, **values: Any) -> None:
    changed = update(_SCENARIO).where(_SCENARIO.c.id == scenario.id).values(**values)
    connection.execute(changed)


def _find(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(_SCENARIO).where(_SCENARIO.c.name == name)).one_or_none()


def _values(scenario: Scenario) -> dict[str, Any]:
    names = [column.name for column in _SCENARIO.columns]
    values = {name: getattr(scenario, name) for name in names}
    return {**values, "what_if": canonical_json(scenario.what_if.model_dump(mode="json"))}


def _scenario(row: Row[Any]) -> Scenario:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name has an underscore
    return Scenario(**{**values, "what_if": WhatIf.model_validate(json.loads(row.what_if))})
