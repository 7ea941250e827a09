"""Scenarios side by side, each beside today's owners."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.model.document import Document
from sfterritory.model.store.store import Store
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.scenario_entry import LIVE, find_scenario
from sfterritory.pipeline.scenario_figures import VersionFigures, version_figures
from sfterritory.pipeline.scenario_moves import load_today
from sfterritory.settings.project import Settings


class Compared(Document):
    """One scenario and what it comes to.

    Attributes:
        changes: What it changes, one sentence each; nothing for the territories that count.
    """

    name: str
    changes: tuple[str, ...]
    figures: VersionFigures


class ComparisonReport(Document):
    """Scenarios in the order they were asked for.

    Attributes:
        snapshot_id: The last pull, by whose owners everything is measured.
        notes: What has to be known to compare them.
    """

    snapshot_id: str
    compared: tuple[Compared, ...]
    notes: tuple[str, ...]


def compare(
    settings: Settings, store: Store, names: Sequence[str], *, now: datetime
) -> ComparisonReport:
    """Return the figures of scenarios side by side; `live` is what counts now.

    Raises:
        StepMissingError: Nothing was pulled, or `live` was asked for and nothing was built.
        ConfigError: There is no such scenario, or one is named twice.
    """
    snapshot = latest_snapshot(store)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{twice[0]!r} is named twice", remedy="name each scenario once")
    today = load_today(settings, store, load_people(settings, store))
    compared = []
    for name in names:
        version_id, changes = _version_of(store, name, now)
        figures = version_figures(store, store.territories.get(version_id), today)
        compared.append(Compared(name=name, changes=changes, figures=figures))
    return ComparisonReport(
        snapshot_id=snapshot.id,
        compared=tuple(compared),
        notes=tuple(_notes(compared, snapshot.id)),
    )


def _version_of(store: Store, name: str, now: datetime) -> tuple[str, tuple[str, ...]]:
    if name != LIVE:
        scenario = find_scenario(store, name)
        return scenario.version_id, scenario.what_if.sentences
    counting = store.territories.in_force(as_of=now)
    if counting is None:
        raise StepMissingError(
            "the construction step has no result: no territories count yet",
            remedy="run `sfterritory build` first, or compare scenarios only",
        )
    active = None if counting.scenario is None else store.scenarios.find(counting.scenario)
    return counting.version_id, () if active is None else active.what_if.sentences


def _notes(compared: Sequence[Compared], snapshot_id: str) -> Iterator[str]:
    for one in compared:
        figures = one.figures
        if figures.snapshot_id != snapshot_id:
            again = "build" if one.name == LIVE else f"scenario rebuild {one.name}"
            gone = f"; {figures.gone:,} of its accounts are gone since" if figures.gone else ""
            yield (
                f"{one.name} was built from snapshot {figures.snapshot_id[:8]}, and the last pull "
                f"is {snapshot_id[:8]}{gone}: run `sfterritory {again}` to compare like for like."
            )
        if not figures.balance:
            yield f"{one.name} was built without figures of balance: build it again to have them."
