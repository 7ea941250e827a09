"""Whose an account is, team by team: the owners' territories, and those of every overlay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isnan

from sfterritory.model.document import Document
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import AlignedAccount, Territory, TerritoryVersion
from sfterritory.pipeline.override import account_names
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.territory_book import find_version, team_version
from sfterritory.pipeline.territory_metrics import VersionMetrics
from sfterritory.settings.project import Settings
from sfterritory.settings.territories import OWNERS

_ELSEWHERE = "not among this team's accounts: outside its scope, without a place, or new"


class TeamTerritory(Document):
    """The territory that an account has in one team.

    Attributes:
        team: `owners`, or the name of the overlay.
        key: Of the territory; '' where the account is in none, and `reason` says why.
        rep_id: '' where nobody has the territory.
        reason: Why it belongs there, as the build says.
        runner_up: The name of the next best territory, '' where there is none; `runner_up_rep`
            is whose it is.
        would_change: What would have to be different for the runner-up to get it.
    """

    team: str
    account_id: str
    account_name: str
    key: str
    territory: str
    rep_id: str
    rep: str
    hours_per_year: float | None
    distance_km: float | None
    locked: bool
    reason: str
    runner_up: str
    runner_up_rep: str
    runner_up_km: float | None
    would_change: str

    @property
    def cells(self) -> tuple[str | float | None, ...]:
        """Return it as a row under `COLUMNS`."""
        return tuple(getattr(self, name) for name in COLUMNS)


COLUMNS = tuple(TeamTerritory.model_fields)


def team_versions(version: TerritoryVersion) -> dict[str, str]:
    """Return the version of each team that was built together, the owners' first."""
    return {OWNERS: version.id, **VersionMetrics.of(version.metrics).overlays}


def teams_of_account(
    store: Store, version: TerritoryVersion, account: tuple[str, str], names: Mapping[str, str]
) -> tuple[TeamTerritory, ...]:
    """Return whose an account is in every team of a version.

    Args:
        store: Where territories are kept.
        version: The owners'.
        account: Id and name.
        names: Of people, by id.
    """
    account_id, account_name = account
    found = []
    for team, version_id in team_versions(version).items():
        line = store.territories.aligned(version_id, account_id) or AlignedAccount(
            account_id, None, None, None, None, None, locked=False, reason=None, would_change=None
        )
        desk = _Team.of(store, team, version_id, names)
        found.append(desk.line(line, account_name))
    return tuple(found)


def team_accounts(
    settings: Settings,
    store: Store,
    *,
    now: datetime,
    scenario: str | None = None,
    overlay: str | None = None,
    key: str | None = None,
) -> Iterator[TeamTerritory]:
    """Yield whose every account is, team after team, the owners first.

    Args:
        settings: Of the project.
        store: Where territories are kept.
        now: Decides which territories count.
        scenario: Those of a scenario instead.
        overlay: Of this team alone.
        key: Of this territory alone: of the overlay's, or else of the owners'.

    Raises:
        StepMissingError: No territories were built yet.
        ConfigError: There is no such scenario or overlay.
    """
    version, names = (
        find_version(store, now=now, scenario=scenario),
        load_people(settings, store).names,
    )
    teams = team_versions(version)
    if overlay is not None:
        teams = {overlay: team_version(store, version, overlay=overlay).id}
    elif key is not None:
        teams = {OWNERS: version.id}
    called = account_names(store)
    for team, version_id in teams.items():
        for one in _lines(store, team, version_id, names, called):
            if key is None or one.key == key:
                yield one


def _lines(
    store: Store, team: str, version_id: str, names: Mapping[str, str], called: Mapping[str, str]
) -> Iterator[TeamTerritory]:
    """Yield whose each account of one team is, in ascending order of id."""
    desk = _Team.of(store, team, version_id, names)
    found = store.territories.alignment(version_id)
    rows = zip(
        found.account_ids.tolist(),
        found.territory.values(),
        found.hours_per_year.tolist(),
        found.distance_km.tolist(),
        found.runner_up.values(),
        found.runner_up_km.tolist(),
        found.locked.tolist(),
        found.reason.values(),
        found.would_change.values(),
        strict=True,
    )
    for row in rows:
        yield desk.line(AlignedAccount(*row), called.get(row[0], ""))


@dataclass(frozen=True, slots=True)
class _Team:
    """One team's territories by key, and who has them."""

    name: str
    territories: Mapping[str, Territory]
    names: Mapping[str, str]

    @classmethod
    def of(cls, store: Store, name: str, version_id: str, names: Mapping[str, str]) -> _Team:
        rows = store.territories.territories(version_id)
        return cls(name, {one.key: one for one in rows}, names)

    def line(self, aligned: AlignedAccount, account_name: str) -> TeamTerritory:
        """Return one account of this team with names for keys."""
        key, second = aligned.territory or "", aligned.runner_up or ""
        return TeamTerritory(
            team=self.name,
            account_id=aligned.account_id,
            account_name=account_name,
            key=key,
            territory=self._called(key),
            rep_id=self._rep_id(key),
            rep=self._rep(key),
            hours_per_year=_known(aligned.hours_per_year, 2) if key else None,
            distance_km=_known(aligned.distance_km, 1),
            locked=aligned.locked,
            reason=aligned.reason or ("" if key else _ELSEWHERE),
            runner_up=self._called(second),
            runner_up_rep=self._rep(second),
            runner_up_km=_known(aligned.runner_up_km, 1),
            would_change=aligned.would_change or "",
        )

    def _called(self, key: str) -> str:
        return self.territories[key].name if key else ""

    def _rep_id(self, key: str) -> str:
        rep_id = (self.territories[key].rep_id or "") if key else ""
        return rep_id if rep_id in self.names else ""

    def _rep(self, key: str) -> str:
        return self.names.get(self._rep_id(key), "")


def _known(number: float | None, digits: int) -> float | None:
    return None if number is None or isnan(number) else round(number, digits)
