"""Cadences that somebody accepted: the calls a year that the next build reckons with."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from pydantic import AwareDatetime, JsonValue

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Floats, Ids
from sfterritory.model.document import Document
from sfterritory.model.store.adjustment import CadenceAdjustment
from sfterritory.model.store.override import Ending
from sfterritory.model.store.store import Store


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


def _name(store: Store, account_id: str) -> str:
    record = store.mirror.record("Account", account_id) or {}
    return str(record.get("Name") or "")
