"""Proposals: named adjustments where call frequencies do not fit the territories.

Nothing changes by itself, and nothing here reaches Salesforce: what somebody accepts is kept in the
store, and the next build reckons with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Floats, TextColumn
from sfterritory.model.document import Document, content_hash
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Territory
from sfterritory.optimize.capacity import capacity_hours_per_year
from sfterritory.optimize.proposal import (
    NOBODY,
    Adjustment,
    AdjustmentCause,
    AdjustmentKind,
    Adjustments,
    CallBook,
    TerritoryFit,
    propose,
)
from sfterritory.pipeline.cadence import call_fields
from sfterritory.pipeline.construction.refused import last_build
from sfterritory.pipeline.people import load_people, load_roster
from sfterritory.pipeline.proposal_book import call_book
from sfterritory.pipeline.records import latest_snapshot, load_placed
from sfterritory.pipeline.routing_facts import Territories, load_territories
from sfterritory.settings.project import Settings

_SHORT_ID_LENGTH = 8
_CAUSE_WORDS = {
    AdjustmentCause.OVER_CAPACITY: "{territory} needs {hours:,.0f} of {capacity:,.0f} hours a year",
    AdjustmentCause.TRAVEL: "most of its hours are travel, and it brings little for them",
}


class ProposedAdjustment(Document):
    """One adjustment that somebody may accept.

    Attributes:
        id: Hash of its content: the same adjustment has the same id after another build. People
            write its first letters, as `short_ids` shows them.
        to_territory: That would get the account; '' where only its calls change.
        hours_saved: A year, in the account's territory.
        value_at_risk: A year, at most, in the org's currency.
        words: What it is for.
    """

    id: str
    kind: AdjustmentKind
    cause: AdjustmentCause
    account_id: str
    account_name: str
    territory: str
    rep: str
    calls_before: float
    calls_after: float
    to_territory: str
    to_rep: str
    hours_saved: float
    value_at_risk: float
    words: str


class TerritoryNeed(Document):
    """How a territory's hours fit its rep, and what is proposed for its accounts.

    Attributes:
        fits: Its rep has the hours that it needs.
        hours_missing: What is over capacity even with every adjustment.
    """

    key: str
    territory: str
    rep: str
    hours_per_year: float
    capacity_hours_per_year: float
    fits: bool
    proposals: int
    hours_saved: float
    hours_missing: float


class ProposalReport(Document):
    """What would make frequencies fit.

    Attributes:
        territories: Every one that was asked for, those that fit too.
        pending: Adjustments and overrides since the build; they are in the hours already, by
            proportion.
    """

    territory_version: str
    territories: tuple[TerritoryNeed, ...]
    proposals: tuple[ProposedAdjustment, ...]
    hours_saved: float
    pending: int


def short_ids(ids: Sequence[str]) -> dict[str, str]:
    """Return the first letters of each id that tell them apart: as many of each, 8 or more."""
    length = _SHORT_ID_LENGTH
    while len({one[:length] for one in ids}) < len(set(ids)):
        length += 1
    return {one: one[:length] for one in ids}


def proposals(
    settings: Settings, store: Store, *, now: datetime, territory: str | None = None
) -> ProposalReport:
    """Return what is proposed for every territory of the last build, or for one.

    Raises:
        StepMissingError: No territories were built from the last pull.
        ConfigError: There is no such territory.
    """
    desk = _Desk.of(settings, store, now=now)
    found = propose(
        desk.book,
        desk.capacity_hours,
        params=settings.territories.proposals,
        loss_share=settings.territories.territories.loss_share,
    )
    return desk.report(found, only=desk.rows_called(territory))


def last_built(store: Store, *, snapshot_id: str, now: datetime) -> Territories:
    """Return the territories of the last build, also where nothing goes by them.

    A build that breaks a limit is kept and does not count: its territories are the very ones that
    adjustments are wanted for. A scenario that was activated later goes before it.

    Raises:
        StepMissingError: None were built from the last pull.
    """
    built = last_build(store, now=now)
    counting = store.territories.in_force(as_of=now)
    if built is None or (counting is not None and counting.chosen_at >= built.at):
        return load_territories(store, snapshot_id=snapshot_id, as_of=now)
    version = store.territories.get(str(built.facts["version"]))
    if version.snapshot_id != snapshot_id:
        return load_territories(store, snapshot_id=snapshot_id, as_of=now)
    return Territories(
        version, store.territories.territories(version.id), store.territories.alignment(version.id)
    )


@dataclass(frozen=True, slots=True)
class _Desk:
    """The last build as adjustments see it.

    Attributes:
        capacity_hours: Of each territory's rep, (k,); a full rep's where nobody has it.
        pending: Accounts that somebody decided on since the build.
    """

    book: CallBook
    territories: Territories
    capacity_hours: Floats
    names: list[str | None]
    rep_names: Mapping[str, str]
    pending: int

    @classmethod
    def of(cls, settings: Settings, store: Store, *, now: datetime) -> _Desk:
        snapshot = latest_snapshot(store)
        territories = last_built(store, snapshot_id=snapshot.id, now=now)
        people = load_people(settings, store)
        roster = load_roster(settings, store, people)
        terms = capacity_hours_per_year(settings.territories.workload, roster, as_of=now.date())
        hours_of = dict(zip(roster.ids.tolist(), terms.rep_hours.tolist(), strict=True))
        value = settings.salesforce.account.value
        asked = ("Name", value, *call_fields(settings, store, territories.version))
        placed = load_placed(store, "Account", (name for name in asked if name))
        taken = [one.rep_id in hours_of for one in territories.rows]
        book, pending = call_book(settings, store, territories, placed, taken, now=now)
        name, rows = placed.text("Name"), np.searchsorted(placed.records.ids, book.ids)
        return cls(
            book=book,
            territories=territories,
            capacity_hours=np.array(
                [hours_of.get(one.rep_id or "", terms.net_hours) for one in territories.rows]
            ),
            names=TextColumn(name.codes[rows], name.vocabulary).values(),
            rep_names=people.names,
            pending=pending,
        )

    def rows_called(self, name: str | None) -> frozenset[int]:
        """Return the territories with a name, key or rep; all of them without any."""
        if name is None:
            return frozenset(range(len(self.territories.rows)))
        wanted = name.strip().casefold()
        found = frozenset(
            row
            for row, one in enumerate(self.territories.rows)
            if wanted in {one.name.casefold(), one.key.casefold(), self._rep(row).casefold()}
        )
        if not found:
            raise ConfigError(
                f"no territory of the last build is called {name!r}",
                remedy="write its name, its key or its rep as `sfterritory build` shows them",
            )
        return found

    def report(self, found: Adjustments, *, only: frozenset[int]) -> ProposalReport:
        """Return what was found, in words, for some territories."""
        fits = {one.territory: one for one in found.territories}
        entries = [
            (one, self._entry(one, fits[one.territory]))
            for one in found.items
            if one.territory in only
        ]
        counts = {row: sum(one.territory == row for one, _ in entries) for row in only}
        return ProposalReport(
            territory_version=self.territories.version.id,
            territories=tuple(
                self._need(fit, counts[fit.territory])
                for fit in found.territories
                if fit.territory in only
            ),
            proposals=tuple(entry for _, entry in entries),
            hours_saved=round(sum(entry.hours_saved for _, entry in entries), 2),
            pending=self.pending,
        )

    def _entry(self, one: Adjustment, fit: TerritoryFit) -> ProposedAdjustment:
        account_id = str(self.book.ids[one.row])
        to = self.territories.rows[one.to_territory] if one.to_territory != NOBODY else None
        territory = self._territory(one.territory)
        return ProposedAdjustment(
            id=content_hash(
                {
                    "account": account_id,
                    "kind": one.kind,
                    "from": one.calls_before,
                    "to": (to.rep_id if to else None) or one.calls_after,
                }
            ),
            kind=one.kind,
            cause=one.cause,
            account_id=account_id,
            account_name=self.names[one.row] or "",
            territory=territory.name,
            rep=self._rep(one.territory),
            calls_before=one.calls_before,
            calls_after=one.calls_after,
            to_territory=to.name if to else "",
            to_rep=self._rep(one.to_territory) if to else "",
            hours_saved=round(one.hours_saved, 2),
            value_at_risk=round(one.value_at_risk_usd, 2),
            words=_CAUSE_WORDS[one.cause].format(
                territory=territory.name, hours=fit.hours, capacity=fit.capacity_hours
            ),
        )

    def _need(self, fit: TerritoryFit, count: int) -> TerritoryNeed:
        territory = self._territory(fit.territory)
        return TerritoryNeed(
            key=territory.key,
            territory=territory.name,
            rep=self._rep(fit.territory),
            hours_per_year=round(fit.hours, 2),
            capacity_hours_per_year=round(fit.capacity_hours, 2),
            fits=fit.fits,
            proposals=count,
            hours_saved=round(fit.hours_saved, 2),
            hours_missing=round(fit.hours_missing, 2),
        )

    def _territory(self, row: int) -> Territory:
        return self.territories.rows[row]

    def _rep(self, row: int) -> str:
        rep_id = self._territory(row).rep_id or ""
        return self.rep_names.get(rep_id, rep_id)
