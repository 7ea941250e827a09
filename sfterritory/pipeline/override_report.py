"""Overrides as people read them: where each stands, what it costs, and if they are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import numpy as np
from pydantic import AwareDatetime

from sfterritory.model.document import Document
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Territory
from sfterritory.pipeline.override import StandingOverride, account_names, standing_overrides
from sfterritory.pipeline.people import load_people, load_roster
from sfterritory.settings.project import Settings

# Above this, the rules are wrong rather than the accounts; no published figure is known.
MANY_EXCEPTIONS_SHARE = 0.05


class OverrideState(StrEnum):
    """Where an override stands at a moment."""

    IN_FORCE = "in_force"
    OUTRANKED = "outranked"
    ACCOUNT_GONE = "account_gone"
    EXPIRED = "expired"
    ENDED = "ended"


OVER = frozenset({OverrideState.EXPIRED, OverrideState.ENDED})


class OverrideCost(Document):
    """What an exception costs.

    Attributes:
        territory: The name of the account's territory.
        hours_per_year: That the account needs there.
        extra_km: How much nearer the second-best territory's centre is; 0 where none is nearer.
    """

    territory: str
    hours_per_year: float
    extra_km: float


class OverrideEntry(Document):
    """One override as people read it.

    Attributes:
        account_id: The account that it stands for today, after merges.
        on_roster: The rep has a territory; an account of any other rep is in none.
        cost: By the territories in force; None until these give the account to the override's rep.
    """

    number: int
    state: OverrideState
    account_id: str
    account_name: str
    rep_id: str
    rep_name: str
    on_roster: bool
    until: date
    reason: str
    by: str
    at: AwareDatetime
    ended_by: str = ""
    ended_at: AwareDatetime | None = None
    end_reason: str = ""
    cost: OverrideCost | None = None


class OverrideReport(Document):
    """The exceptions that people made.

    Attributes:
        counts: Overrides by state, those that are not listed too.
        accounts: Live accounts, of which the exceptions are a part.
        exceptions_share: Accounts under an override in force, of those; 0 to 1.
        advice: What to do where exceptions are many; '' where they are few.
    """

    overrides: tuple[OverrideEntry, ...]
    counts: dict[OverrideState, int]
    accounts: int
    exceptions_share: float
    advice: str


def override_report(
    settings: Settings, store: Store, *, now: datetime, with_over: bool = False
) -> OverrideReport:
    """Return the overrides by number; those that are over only where asked for.

    Raises:
        StepMissingError: Nothing was pulled yet.
        ConfigError: The roster's condition is wrong.
    """
    people = load_people(settings, store)
    on_roster = {*load_roster(settings, store, people).ids.tolist()}
    names, accounts = people.names, account_names(store)
    costs = _Costs.of(store, now=now)
    standing = standing_overrides(store, now=now)
    states = [_state(one, accounts, now=now) for one in standing]
    counts = Counter(states)
    share = counts[OverrideState.IN_FORCE] / max(len(accounts), 1)
    return OverrideReport(
        overrides=tuple(
            OverrideEntry(
                number=one.override.number,
                state=state,
                account_id=one.account_id,
                account_name=accounts.get(one.account_id, ""),
                rep_id=one.override.rep_id,
                rep_name=names.get(one.override.rep_id, one.override.rep_id),
                on_roster=one.override.rep_id in on_roster,
                until=one.override.until,
                reason=one.override.reason,
                by=one.override.by,
                at=one.override.at,
                ended_by=one.override.end.by if one.override.end else "",
                ended_at=one.override.end.at if one.override.end else None,
                end_reason=one.override.end.reason if one.override.end else "",
                cost=costs.of_account(one.account_id, rep_id=one.override.rep_id),
            )
            for one, state in zip(standing, states, strict=True)
            if with_over or state not in OVER
        ),
        counts={state: counts[state] for state in OverrideState},
        accounts=len(accounts),
        exceptions_share=round(share, 6),
        advice=_advice(share),
    )


@dataclass(frozen=True, slots=True)
class _Costs:
    """What the last build says of each account: territory, hours, kilometres too many."""

    territories: Mapping[str, Territory]
    rows: Mapping[str, tuple[str | None, float, float]]

    @classmethod
    def of(cls, store: Store, *, now: datetime) -> _Costs:
        version = store.territories.latest(as_of=now)
        if version is None:
            return cls({}, {})
        alignment = store.territories.alignment(version.id)
        territories = {one.key: one for one in store.territories.territories(version.id)}
        extra = np.maximum(np.nan_to_num(alignment.distance_km - alignment.runner_up_km), 0.0)
        rows = zip(
            alignment.territory.values(),
            alignment.hours_per_year.tolist(),
            extra.tolist(),
            strict=True,
        )
        return cls(territories, dict(zip(alignment.account_ids.tolist(), rows, strict=True)))

    def of_account(self, account_id: str, *, rep_id: str) -> OverrideCost | None:
        key, hours, extra = self.rows.get(account_id, (None, 0.0, 0.0))
        if key is None or self.territories[key].rep_id != rep_id:
            return None
        return OverrideCost(
            territory=self.territories[key].name,
            hours_per_year=round(float(np.nan_to_num(hours)), 2),
            extra_km=round(extra, 1),
        )


def _state(one: StandingOverride, accounts: Mapping[str, str], *, now: datetime) -> OverrideState:
    override = one.override
    if override.end is not None and override.end.at <= now:
        return OverrideState.ENDED
    if override.expired(now):
        return OverrideState.EXPIRED
    if one.account_id not in accounts:
        return OverrideState.ACCOUNT_GONE
    return OverrideState.IN_FORCE if one.counts else OverrideState.OUTRANKED


def _advice(share: float) -> str:
    if share <= MANY_EXCEPTIONS_SHARE:
        return ""
    return (
        f"{share:.1%} of the accounts are exceptions, more than {MANY_EXCEPTIONS_SHARE:.0%}: "
        "review roster, scope, locks and balance in mappings/territories.yaml; the model no longer "
        "says how accounts are given out"
    )
