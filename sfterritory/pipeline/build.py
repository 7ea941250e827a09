"""Build: workload, territories and their areas, from the accounts of the last pull."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sfterritory.model.store.store import Store
from sfterritory.model.what_if import UNCHANGED, WhatIf
from sfterritory.optimize.commitment import Commitment, commitment_costs
from sfterritory.optimize.curve import PriceCurve, price_curve
from sfterritory.pipeline.construction.book import load_book
from sfterritory.pipeline.construction.findings import rolled_up, staffing, tier_figures, warnings
from sfterritory.pipeline.construction.layer import Layer, make_layer
from sfterritory.pipeline.construction.overlay import ask_overlay
from sfterritory.pipeline.construction.refused import BUILD, REFUSED
from sfterritory.pipeline.construction.report import (
    BuildReport,
    Told,
    build_report,
    overlay_summary,
)
from sfterritory.pipeline.construction.request import Asked, Circumstances, ask
from sfterritory.pipeline.construction.version import Made, make_version
from sfterritory.pipeline.merged import following_merges
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.travel import OpenTravel, travel_time
from sfterritory.pipeline.travel_report import places_by_id
from sfterritory.pipeline.workforce import ALONE, Workforce, at_work
from sfterritory.settings.project import Settings

LEASE = "build"


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How to build.

    Attributes:
        what_if: What to change, for this build alone.
        choose: Let routing and plans go by the answer; a scenario does not.
        accept_limits: Why broken limits are accepted; '' lets nobody go by such an answer.
        curve: Work out what other prices of change would give, what commitments cost, and how many
            reps are needed.
        workforce: Who does the work; never changes the answer.
    """

    what_if: WhatIf = UNCHANGED
    choose: bool = True
    accept_limits: str = ""
    curve: bool = True
    workforce: Workforce = ALONE


_USUAL = BuildOptions()


@dataclass(frozen=True, slots=True)
class _Layers:
    """All territories of one build; `notes` are about the travel times that were asked for."""

    owners: Layer
    teams: dict[str, Layer]
    notes: tuple[str, ...]


def build(
    settings: Settings,
    store: Store,
    *,
    now: datetime,
    holder: str,
    options: BuildOptions = _USUAL,
) -> BuildReport:
    """Build one territory per rep; the answer is the same for any number of workers.

    An answer that breaks a limit is kept, and nothing goes by it unless somebody accepted that.

    Raises:
        StepMissingError: Nothing was pulled, or no account is located.
        ConfigError: A mapping or a what-if does not fit the org.
    """
    with store.lease(LEASE, holder), at_work(options.workforce) as executor:
        snapshot = latest_snapshot(store)
        followed = following_merges(settings, store)
        settings = followed.settings
        given = Circumstances(snapshot.taken_at, now, options.what_if)
        layers = _layers(settings, store, given, executor)
        layer, overlays = layers.owners, layers.teams
        params = settings.territories.territories
        curve: PriceCurve | None = None
        commitments: tuple[Commitment, ...] = ()
        if options.curve:
            request, plan = layer.asked.request, layer.plan
            curve = price_curve(request, plan, loss_share=params.loss_share, executor=executor)
            commitments = commitment_costs(request, plan, executor=executor)
        teams = {
            name: make_version(settings, one, Made(snapshot.id, now))
            for name, one in overlays.items()
        }
        for name, one in overlays.items():
            store.territories.save(
                teams[name], one.territories, alignment=one.alignment, choose=False
            )
        team_ids = {name: one.id for name, one in teams.items()}
        made = Made(snapshot.id, now, options.what_if, curve, team_ids)
        version = make_version(settings, layer, made)
        chosen = options.choose and (layer.plan.feasible or bool(options.accept_limits))
        superseded = tuple(_superseded(store, now)) if chosen else ()
        store.territories.save(version, layer.territories, alignment=layer.alignment, choose=chosen)
    told = Told(
        commitments=commitments,
        staffing=staffing(settings, layer, search=options.curve),
        warnings=warnings(settings, layer),
        tiers=tier_figures(settings, layer),
        levels=rolled_up(settings, layer, search=options.curve),
        overlays={name: overlay_summary(teams[name], one) for name, one in overlays.items()},
        notes=(*followed.notes, *layers.notes, *superseded),
    )
    facts: dict[str, Any] = {
        "version": version.id,
        "moved": int(layer.plan.moved.sum()),
        "chosen": chosen,
    }
    if not layer.plan.feasible and options.accept_limits:
        facts["accept_limits"] = options.accept_limits
    if options.choose and not chosen:
        facts[REFUSED] = True
    store.log.add(BUILD, at=now, by=holder, facts=facts)
    return build_report(version, layer, chosen=chosen, told=told)


def _superseded(store: Store, now: datetime) -> Iterator[str]:
    """Tell of the scenario that counted until now."""
    counting = store.territories.in_force(as_of=now)
    if counting is not None and counting.scenario is not None:
        yield (
            f"scenario {counting.scenario} no longer counts: these territories were built without "
            "its changes"
        )


def _layers(
    settings: Settings, store: Store, given: Circumstances, executor: Executor | None
) -> _Layers:
    """Return the owners' territories, and those of further teams by name."""
    people = load_people(settings, store)
    book = load_book(settings, store, people, more_fields=given.what_if.account_fields)
    with _travel(settings, store, given.now) as travel:
        asked = ask(settings, store, book, people=people, given=given)
        teams = {
            one.name: ask_overlay(settings, store, one, people=people, given=given)
            for one in settings.territories.overlays
        }
        # who answers for travel times stays here: connections and caches cannot be sent
        away = executor if travel is None else None
        begun = {name: _begin(settings, one, away) for name, one in teams.items()}
        owners = make_layer(settings, asked, travel=travel, executor=executor)
        layers = {
            name: make_layer(settings, teams[name], travel=travel, executor=executor)
            if future is None
            else future.result()
            for name, future in begun.items()
        }
        notes = () if travel is None else tuple(travel.notes)
    return _Layers(owners, layers, notes)


def _begin(settings: Settings, asked: Asked, executor: Executor | None) -> Future[Layer] | None:
    """Have a team's territories made beside the others; None where nobody is there to do it."""
    if executor is None:
        return None
    return executor.submit(make_layer, settings, asked, travel=None, executor=None)


@contextmanager
def _travel(settings: Settings, store: Store, now: datetime) -> Iterator[OpenTravel | None]:
    """Open what knows travel times; the plain estimate follows from distances: nobody is asked."""
    params = settings.territories.travel
    if params.provider == "estimate" and {*params.factors, params.speed_factor} == {1.0}:
        yield None
        return
    places = places_by_id(store)
    with travel_time(params, root=settings.root, now=now, places=places) as travel:
        yield travel
