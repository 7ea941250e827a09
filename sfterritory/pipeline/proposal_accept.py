"""Accepting proposals: calls for the next build, and overrides for accounts given to others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import JsonValue

from sfterritory.errors import ConfigError
from sfterritory.model.document import Document
from sfterritory.model.store.adjustment import NewAdjustment
from sfterritory.model.store.override import Ending
from sfterritory.model.store.store import Store
from sfterritory.optimize.proposal import AdjustmentKind
from sfterritory.pipeline.override_request import OverrideRequest, add_overrides
from sfterritory.pipeline.proposal import ProposalReport, ProposedAdjustment, proposals
from sfterritory.settings.project import Settings

LEASE = "proposals"


class AcceptReport(Document):
    """What `accept` did: numbers of adjustments, and of overrides for accounts given away."""

    adjustments: tuple[int, ...]
    overrides: tuple[int, ...]
    hours_saved: float


def accept(
    settings: Settings,
    store: Store,
    ids: Sequence[str],
    *,
    decision: Ending,
    until: date | None = None,
) -> AcceptReport:
    """Keep the adjustments with these ids: calls for the next build, overrides for given accounts.

    Args:
        settings: Of the project.
        store: Where they are kept.
        ids: Of what is proposed now.
        decision: Who accepts them, when and why.
        until: Last day of the overrides; needed where an account is given away.

    Raises:
        StepMissingError: No territories were built from the last pull.
        ConfigError: An id is not proposed, there is no reason, or a day is missing; each is named.
    """
    with store.lease(LEASE, decision.by):
        report = proposals(settings, store, now=decision.at)
        chosen = _chosen(report, ids, decision=decision, until=until)
        given = [one for one in chosen if one.kind is AdjustmentKind.GIVE]
        cut = [one for one in chosen if one.kind is AdjustmentKind.CADENCE]
        overrides: tuple[int, ...] = ()
        if given and until is not None:
            rep_of = {
                one.name: one.rep_id or ""
                for one in store.territories.territories(report.territory_version)
            }
            requests = [
                OverrideRequest(
                    account=one.account_id,
                    rep=rep_of[one.to_territory],
                    reason=f"proposal {one.id}: {decision.reason}",
                    until=until.isoformat(),
                )
                for one in given
            ]
            added = add_overrides(settings, store, requests, by=decision.by, now=decision.at)
            overrides = added.added
        kept = store.adjustments.accept(
            [
                NewAdjustment(
                    proposal_id=one.id,
                    territory_version=report.territory_version,
                    account_id=one.account_id,
                    calls_before=one.calls_before,
                    calls_after=one.calls_after,
                    hours_saved=one.hours_saved,
                    cause=one.words,
                )
                for one in cut
            ],
            reason=decision.reason,
            by=decision.by,
            at=decision.at,
        )
        facts: dict[str, JsonValue] = {
            "adjustments": len(kept),
            "overrides": len(overrides),
            "reason": decision.reason,
        }
        store.log.add("proposals accept", at=decision.at, by=decision.by, facts=facts)
    return AcceptReport(
        adjustments=tuple(one.number for one in kept),
        overrides=overrides,
        hours_saved=round(sum(one.hours_saved for one in chosen), 2),
    )


def _chosen(
    report: ProposalReport, ids: Sequence[str], *, decision: Ending, until: date | None
) -> list[ProposedAdjustment]:
    """Return what has these ids; every mistake at once."""
    by_id = {one.id: one for one in report.proposals}
    unknown = sorted({one for one in ids if one not in by_id})
    problems = [f"{one} is not proposed, or no longer" for one in unknown]
    if not decision.reason.strip():
        problems.append("an adjustment is accepted with a reason: add --reason")
    chosen = [by_id[one] for one in dict.fromkeys(ids) if one in by_id]
    given = [one.id for one in chosen if one.kind is AdjustmentKind.GIVE]
    if given and until is None:
        problems.append(
            f"{', '.join(given)} gives an account to another rep, which becomes an override: "
            "add its last day with --until"
        )
    if problems:
        raise ConfigError(
            "\n".join(problems), remedy="see `sfterritory proposals list`; nothing was accepted"
        )
    return chosen
