"""What a reader of a plan has to know before trusting it, each thing with its cause."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sfterritory.model.columns import Ids
from sfterritory.optimize.alignment import Note, NoteCode, TerritoryPlan
from sfterritory.optimize.band import written
from sfterritory.optimize.mode import homes_of, shared_homes
from sfterritory.optimize.params import Mode
from sfterritory.optimize.request import TerritoryRequest

_NAMED = 5
_NOTED_REPS = 50


def empty_note() -> Note:
    """Return the note of a plan without accounts."""
    return Note(NoteCode.NO_ACCOUNTS, "no located account: every territory is empty")


def plan_notes(request: TerritoryRequest, plan: TerritoryPlan) -> tuple[Note, ...]:
    """Return the notes of a plan, facts about the whole book first, then by rep."""
    return (
        *_book_notes(request, plan),
        *_travel_notes(request, plan),
        *_home_notes(request),
        *_empty_notes(request, plan),
        *_limit_notes(request, plan),
    )


def some(names: Ids | list[str], *, most: int = _NAMED) -> str:
    """Return the first names and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(str(one) for one in names[:most]) + more


def _book_notes(request: TerritoryRequest, plan: TerritoryPlan) -> Iterator[Note]:
    n, k = len(plan.territory), len(request.roster)
    if n < k:
        yield Note(
            NoteCode.FEWER_ACCOUNTS_THAN_REPS,
            f"{n} accounts for {k} reps: at least {k - n} territories stay empty",
        )
    if plan.hours.sum() <= 0:
        yield Note(NoteCode.NO_HOURS, "no account needs hours: only distance and limits decide")


def _travel_notes(request: TerritoryRequest, plan: TerritoryPlan) -> Iterator[Note]:
    ids = request.accounts.ids
    no_way = np.flatnonzero(np.isinf(plan.minutes))
    if len(no_way):
        yield Note(
            NoteCode.UNREACHABLE,
            f"{len(no_way):,} accounts have no road from the centre of their territory: "
            f"{some(ids[no_way])}",
        )
    far = np.flatnonzero(plan.km > request.max_km[plan.territory])
    if len(far):
        yield Note(
            NoteCode.BEYOND_REACH,
            f"{len(far):,} accounts lie beyond the longest distance of their rep: "
            f"{some(ids[far[np.argsort(-plan.km[far], kind='stable')]])}",
        )
    if request.gap_km is not None and plan.travel_source:
        yield Note(
            NoteCode.PIECES_NOT_JOINED,
            "territories in one piece were asked for together with driving times: the times "
            "decide, and territories may lie in several pieces",
        )


def _home_notes(request: TerritoryRequest) -> Iterator[Note]:
    if request.mode is not Mode.HOMES:
        return
    homes = homes_of(request)
    unknown = np.flatnonzero(np.isnan(homes[:, 0])).tolist()
    if unknown:
        names = some([request.roster.names[rep] for rep in unknown])
        yield Note(
            NoteCode.HOME_UNKNOWN,
            f"the homes of {len(unknown):,} of {len(homes):,} reps are not located ({names}): the "
            "centres of their territories were chosen freely",
        )
    shared = np.flatnonzero(shared_homes(homes)).tolist()
    for rep in shared[:_NOTED_REPS]:
        yield Note(
            NoteCode.SHARED_HOME,
            f"{request.roster.names[rep]} lives within a kilometre of another rep: the centre lies "
            f"between home and the middle of the accounts",
            rep=rep,
        )


def _empty_notes(request: TerritoryRequest, plan: TerritoryPlan) -> Iterator[Note]:
    held = np.bincount(plan.territory, minlength=len(request.roster))
    for rep in np.flatnonzero(held == 0).tolist()[:_NOTED_REPS]:
        yield Note(
            NoteCode.EMPTY_TERRITORY, f"{request.roster.names[rep]} gets no account", rep=rep
        )


def _limit_notes(request: TerritoryRequest, plan: TerritoryPlan) -> Iterator[Note]:
    for band in plan.bands:
        for rep in np.flatnonzero(band.outside).tolist():
            load, over = float(band.load[rep]), float(band.over[rep])
            side = (
                f"{written(over, band.unit)} above"
                if over > 0
                else (f"{written(float(band.under[rep]), band.unit)} below")
            )
            cause = (
                "see the conflicts"
                if plan.conflicts
                else f"no arrangement of whole accounts inside was found; all loads keep to a "
                f"tolerance of {band.tolerance_needed:.3f}"
            )
            yield Note(
                NoteCode.OUTSIDE_LIMITS,
                f"{request.roster.names[rep]} has {written(load, band.unit)} of {band.name}, "
                f"{side} the limits of {written(float(band.lo[rep]), band.unit)} to "
                f"{written(float(band.hi[rep]), band.unit)}: {cause}",
                rep=rep,
            )
