"""Accepting proposals: calls for the next build, and overrides for accounts given to others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sfterritory.errors import ConfigError
from sfterritory.model.document import Document
from sfterritory.model.store.adjustment import NewAdjustment
from sfterritory.model.store.override import Ending, NewOverride
from sfterritory.model.store.store import Store
from sfterritory.optimize.proposal import AdjustmentKind
from sfterritory.pipeline.override_request import LEASE as OVERRIDES
from sfterritory.pipeline.override_request import OverrideRequest, check_overrides
from sfterritory.pipeline.proposal import ProposalReport, ProposedAdjustment, proposals, short_ids
from sfterritory.settings.project import Settings

LEASE = "proposals"
_NAMED = 5


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
    with store.lease(LEASE, decision.by), store.lease(OVERRIDES, decision.by):
        report = proposals(settings, store, now=decision.at)
        chosen = _chosen(report, ids, decision=decision, until=until)
        given = [one for one in chosen if one.kind is AdjustmentKind.GIVE]
        cut = [one for one in chosen if one.kind is AdjustmentKind.CADENCE]
        short = short_ids([one.id for one in report.proposals])
        overrides: tuple[NewOverride, ...] = ()
        if given and until is not None:
            rep_of = {
                one.name: one.rep_id or ""
                for one in store.territories.territories(report.territory_version)
            }
            requests = [
                OverrideRequest(
                    account=one.account_id,
                    rep=rep_of[one.to_territory],
                    reason=f"proposal {short[one.id]}: {decision.reason}",
                    until=until.isoformat(),
                )
                for one in given
            ]
            overrides = check_overrides(settings, store, requests, now=decision.at).new
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
            overrides,
            decision=decision,
        )
    return AcceptReport(
        adjustments=tuple(one.number for one in kept.adjustments),
        overrides=tuple(one.number for one in kept.overrides),
        hours_saved=round(sum(one.hours_saved for one in chosen), 2),
    )


def _chosen(
    report: ProposalReport, ids: Sequence[str], *, decision: Ending, until: date | None
) -> list[ProposedAdjustment]:
    """Return what has these ids, or ids that begin so; every mistake at once."""
    by_id = {one.id: one for one in report.proposals}
    found = {
        one: [by_id[one]] if one in by_id else _beginning(report, one) for one in sorted(set(ids))
    }
    problems = [_not_one(begun, several) for begun, several in found.items() if len(several) != 1]
    if not decision.reason.strip():
        problems.append("an adjustment is accepted with a reason: add --reason")
    named = {found[one][0].id: found[one][0] for one in ids if len(found[one]) == 1}
    chosen = list(named.values())
    short = short_ids([one.id for one in report.proposals])
    given = [short[one.id] for one in chosen if one.kind is AdjustmentKind.GIVE]
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


def _beginning(report: ProposalReport, begun: str) -> list[ProposedAdjustment]:
    """Return the proposals whose id begins so."""
    wanted = begun.strip().lower()
    return [one for one in report.proposals if wanted and one.id.startswith(wanted)]


def _not_one(begun: str, found: Sequence[ProposedAdjustment]) -> str:
    if not found:
        return f"{begun} is not proposed, or no longer"
    short = short_ids([one.id for one in found])
    some = ", ".join(
        f"{short[one.id]} ({one.account_name or one.account_id})" for one in found[:_NAMED]
    )
    more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    return (
        f"{begun} begins {len(found):,} ids: {some}{more}; write more letters of the one you mean"
    )
