"""Calls a year: those that somebody accepted, and those that territories were built with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, JsonValue

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Floats, Ids, taken
from sfterritory.model.document import Document
from sfterritory.model.store.adjustment import CadenceAdjustment
from sfterritory.model.store.override import Ending
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import TerritoryVersion
from sfterritory.pipeline.field_list import DERIVED_FIELDS
from sfterritory.pipeline.records import PlacedRecords
from sfterritory.pipeline.territory_metrics import VersionMetrics
from sfterritory.pipeline.what_if import Known, calls_as_changed
from sfterritory.settings.project import Settings


class AcceptedAdjustment(Document):
    """An adjustment that somebody accepted; `in_force` unless it was withdrawn."""

    number: int
    proposal_id: str
    account_id: str
    account_name: str
    calls_before: float
    calls_after: float
    hours_saved: float
    cause: str
    reason: str
    by: str
    at: AwareDatetime
    in_force: bool
    withdrawn_by: str = ""
    withdrawn_at: AwareDatetime | None = None
    withdrawal_reason: str = ""


def withdraw(store: Store, number: int, *, decision: Ending) -> CadenceAdjustment:
    """End an accepted adjustment: the next build takes the calls of Salesforce again.

    Raises:
        ConfigError: There is no reason.
        StoreError: There is no such adjustment, or it was withdrawn before.
    """
    if not decision.reason.strip():
        raise ConfigError("an adjustment is withdrawn with a reason", remedy="add --reason")
    ended = store.adjustments.withdraw(number, decision)
    facts: dict[str, JsonValue] = {"number": number, "reason": decision.reason}
    store.log.add("proposals withdraw", at=decision.at, by=decision.by, facts=facts)
    return ended


def accepted_adjustments(store: Store, *, now: datetime) -> tuple[AcceptedAdjustment, ...]:
    """Return every adjustment that was ever accepted, by number."""
    return tuple(
        AcceptedAdjustment(
            number=one.number,
            proposal_id=one.proposal_id,
            account_id=one.account_id,
            account_name=_name(store, one.account_id),
            calls_before=one.calls_before,
            calls_after=one.calls_after,
            hours_saved=one.hours_saved,
            cause=one.cause,
            reason=one.reason,
            by=one.by,
            at=one.at,
            in_force=one.counts(now),
            withdrawn_by=one.end.by if one.end else "",
            withdrawn_at=one.end.at if one.end else None,
            withdrawal_reason=one.end.reason if one.end else "",
        )
        for one in store.adjustments.list()
    )


def accepted_cadence(store: Store, account_ids: Ids, *, now: datetime) -> Floats:
    """Return the calls a year that somebody accepted for these accounts, NaN where nobody did.

    They are an upper limit: a build takes the smaller of these and the record's own calls, so that
    an account whose calls were lowered in Salesforce since is not raised again. Those of an account
    that was merged away count for the account it lives on in; the last one accepted counts.
    """
    calls = np.full(len(account_ids), np.nan)
    found = [one for one in store.adjustments.list() if one.counts(now)]
    if not found:
        return calls
    winners = store.mirror.masters("Account")
    rows = {account_id: row for row, account_id in enumerate(account_ids.tolist())}
    for one in found:
        row = rows.get(winners.get(one.account_id, one.account_id))
        if row is not None:
            calls[row] = one.calls_after
    return calls


@dataclass(frozen=True, slots=True)
class BuiltCalls:
    """What accounts asked for in the eyes of a version, defaults filled in; each array (n,)."""

    calls_per_year: Floats
    visit_minutes: Floats


def call_fields(settings: Settings, store: Store, version: TerritoryVersion) -> tuple[str, ...]:
    """Return the fields of Account that say how often a version's accounts are called on.

    A field of its what-if that is no longer pulled is left out: nobody can tell its values now.
    """
    meaning = settings.salesforce.account
    pulled = {*store.mirror.pulled()["Account"].fields, *DERIVED_FIELDS}
    asked = VersionMetrics.of(version.metrics).asked.account_fields
    named = (
        meaning.calls_per_year,
        meaning.visit_minutes,
        *(one for one in asked if one in pulled),
    )
    return tuple(dict.fromkeys(name for name in named if name))


def built_calls(  # noqa: PLR0913 - whose calls, and in whose eyes
    settings: Settings,
    store: Store,
    version: TerritoryVersion,
    *,
    placed: PlacedRecords,
    rows: NDArray[np.int64],
    accepted_at: datetime,
    overlay: str | None = None,
) -> BuiltCalls:
    """Return the calls that a version was built with: the records', as its what-if changed them.

    Args:
        settings: Of the project.
        store: Where accepted adjustments are kept.
        version: Whose what-if counts.
        placed: Accounts with the fields that `call_fields` names.
        rows: Which of them.
        accepted_at: Adjustments accepted until then count: the version's moment, or now.
        overlay: The further team that the version is of; it has a share of the owners' calls.
    """
    meaning, params = settings.salesforce.account, settings.territories.workload
    what_if = VersionMetrics.of(version.metrics).asked
    records = placed.records
    known = Known(
        usernames={},
        fields={
            name: taken(records.fields[name], rows)
            for name in what_if.account_fields
            if name in records.fields
        },
        calls_per_year=params.calls_per_year,
        visit_minutes=params.visit_minutes,
    )
    calls, minutes = calls_as_changed(
        _amounts(placed, meaning.calls_per_year, rows),
        _amounts(placed, meaning.visit_minutes, rows),
        what_if,
        known=known,
    )
    if overlay is None:
        calls = np.fmin(calls, accepted_cadence(store, records.ids[rows], now=accepted_at))
    share = next((o.calls_share for o in settings.territories.overlays if o.name == overlay), 1.0)
    return BuiltCalls(
        calls_per_year=np.where(np.isnan(calls), params.calls_per_year, calls) * share,
        visit_minutes=np.where(np.isnan(minutes), params.visit_minutes, minutes),
    )


def _amounts(placed: PlacedRecords, name: str | None, rows: NDArray[np.int64]) -> Floats:
    """Return a field's numbers as construction reads them: below 0 or without an end is missing."""
    values = placed.number(name)[rows]
    return np.where((values >= 0) & np.isfinite(values), values, np.nan)


def _name(store: Store, account_id: str) -> str:
    record = store.mirror.record("Account", account_id) or {}
    return str(record.get("Name") or "")
