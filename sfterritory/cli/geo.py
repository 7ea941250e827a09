"""`geo`: reports on geography; nothing is changed by them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.errors import ConfigError

if TYPE_CHECKING:
    from sfterritory.model.store.store import Store
    from sfterritory.model.travel import TravelTime
    from sfterritory.pipeline.geo.book import GeoBook
    from sfterritory.pipeline.geo.zone import Branch
    from sfterritory.settings.project import Settings

_LIMIT = click.option(
    "--limit",
    type=click.IntRange(0, 100_000),
    default=20,
    show_default=True,
    help="How many lines of a list to show; --json answers with all.",
)


@click.group("geo", short_help="Report on geography: detours, clusters, barriers, areas, zones.")
def command() -> None:
    """Report on geography. Needs a pull; nothing is changed.

    Drives are asked of what `travel` in mappings/territories.yaml names.
    """


@command.command("detour")
@_LIMIT
@on_project
def detour(invocation: Invocation, *, limit: int) -> None:
    """Compare the road from each home to its accounts with the straight line.

    Only drives that an engine or a file knows are compared: an estimate is made from the line.
    """
    from sfterritory.pipeline.geo.detour import detour_report

    with _open(invocation) as open_, _travel(invocation, open_) as travel:
        report = detour_report(open_.book, travel, worst=limit)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.geo import render_detour

    render_detour(report, invocation.console(), limit=limit)


@command.command("clusters")
@click.option(
    "--minutes",
    type=click.FloatRange(0, 240, min_open=True),
    default=15.0,
    show_default=True,
    help="Longest drive from one place of a cluster to the next.",
)
@click.option(
    "--dense",
    type=click.IntRange(1, 1000),
    default=4,
    show_default=True,
    help="A place counts as dense if so many accounts, its own among them, lie within that drive.",
)
@click.option(
    "--least",
    type=click.IntRange(1, 1_000_000),
    default=20,
    show_default=True,
    help="Fewer accounts make no cluster.",
)
@_LIMIT
@on_project
def clusters(invocation: Invocation, *, minutes: float, dense: int, least: int, limit: int) -> None:
    """Find where accounts lie so close together that a rep drives from one to the next."""
    from sfterritory.geography.cluster import ClusterRules
    from sfterritory.pipeline.geo.cluster import cluster_report

    rules = ClusterRules(most_minutes=minutes, dense_accounts=dense, least_accounts=least)
    with _open(invocation) as open_, _travel(invocation, open_) as travel:
        report = cluster_report(open_.book, travel, rules=rules)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.geo import render_clusters

    render_clusters(report, invocation.console(), limit=limit)


@command.command("barriers")
@_LIMIT
@on_project
def barriers(invocation: Invocation, *, limit: int) -> None:
    """List accounts beyond a barrier from where their rep starts, and in restricted areas."""
    from sfterritory.pipeline.geo.barrier import barrier_report

    with _open(invocation) as open_:
        settings = open_.settings
        report = barrier_report(settings, settings.territories.geography, open_.book)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.geo import render_barriers

    render_barriers(report, invocation.console(), limit=limit)


@command.command("areas")
@_LIMIT
@on_project
def areas(invocation: Invocation, *, limit: int) -> None:
    """Show each set of areas: accounts and homes of each, gaps that none claims, overlaps."""
    from sfterritory.pipeline.geo.area import area_report

    with _open(invocation) as open_:
        settings = open_.settings
        report = area_report(settings, settings.territories.geography, open_.store, open_.book)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.geo import render_areas

    render_areas(report, invocation.console(), limit=limit)


@command.command("zone")
@click.option("--at", metavar="LON,LAT", help="The branch: a point of the map, longitude first.")
@click.option("--user", metavar="USER", help="The branch: a user's home, by username or id.")
@click.option("--account", metavar="ACCOUNT", help="The branch: an account, by id or name.")
@click.option(
    "--radius-km",
    type=click.FloatRange(0, 20_100, min_open=True),
    help="The zone is what lies within this straight distance.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, 1440, min_open=True),
    help="The zone is what lies within this drive.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the zone's outline and its branch here, as GeoJSON.",
)
@_LIMIT
@on_project
def zone(  # noqa: PLR0913 - one option for each way to name a branch
    invocation: Invocation,
    *,
    at: str | None,
    user: str | None,
    account: str | None,
    radius_km: float | None,
    minutes: float | None,
    out: Path | None,
    limit: int,
) -> None:
    """List the accounts within a distance or a drive of a branch, nearest first."""
    from sfterritory.pipeline.geo.zone import branch_of_account, branch_of_user, zone_report

    if sum(one is not None for one in (at, user, account)) != 1:
        raise click.UsageError("name one branch: --at, --user or --account")
    if (radius_km is None) == (minutes is None):
        raise click.UsageError("give one limit: --radius-km or --minutes")
    with _open(invocation) as open_:
        if user is not None:
            branch = branch_of_user(open_.book, open_.store, user)
        elif account is not None:
            branch = branch_of_account(open_.book, open_.store, account)
        else:
            branch = _point(at or "")
        with _travel(invocation, open_) as travel:
            report = zone_report(
                open_.book, travel, branch, radius_km=radius_km, within_minutes=minutes
            )
    if out is not None:
        named = {"name": f"Zone of {report.branch}", "accounts": report.accounts}
        _write_geojson(out, report.outline, properties=named)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.geo import render_zone

    within = f"{radius_km:g} km" if radius_km is not None else f"a drive of {minutes:g} minutes"
    render_zone(report, invocation.console(), within=within, limit=limit)


@command.command("borders")
@click.option(
    "--share",
    type=click.FloatRange(0, 10),
    default=0.1,
    show_default=True,
    help="Drives are alike if they differ by at most this share of the shorter,",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, 240),
    default=2.0,
    show_default=True,
    help="or by at most so many minutes.",
)
@_LIMIT
@on_project
def borders(invocation: Invocation, *, share: float, minutes: float, limit: int) -> None:
    """List accounts that two territories have nearly the same claim to. Needs a build."""
    from sfterritory.pipeline.geo.border import border_report

    with _open(invocation) as open_, _travel(invocation, open_) as travel:
        report = border_report(open_.book, travel, within_share=share, within_minutes=minutes)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.geo import render_borders

    render_borders(report, invocation.console(), limit=limit)


@dataclass(frozen=True, slots=True)
class _Opened:
    settings: Settings
    store: Store
    book: GeoBook


@contextmanager
def _open(invocation: Invocation) -> Iterator[_Opened]:
    """Open the store, and read the accounts."""
    from sfterritory.pipeline.geo.book import load_geo_book

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.progress():
        yield _Opened(settings, store, load_geo_book(settings, store, now=invocation.now))


@contextmanager
def _travel(invocation: Invocation, open_: _Opened) -> Iterator[TravelTime]:
    """Open what knows travel times; a report that asks for no drive needs no engine running."""
    from sfterritory.pipeline.travel import travel_time
    from sfterritory.pipeline.travel_report import places_by_id

    params, places = open_.settings.territories.travel, places_by_id(open_.store)
    root = open_.settings.root
    with travel_time(params, root=root, now=invocation.now, places=places) as travel:
        yield travel
        for note in travel.notes:
            click.echo(f"Note: {note}", err=True)


def _point(text: str) -> Branch:
    from sfterritory.pipeline.geo.zone import branch_at

    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigError(
            f"--at {text} is not two numbers", remedy="write longitude, a comma, latitude"
        ) from error
    return branch_at(lon, lat)


def _write_geojson(
    path: Path, geometry: dict[str, object], *, properties: dict[str, object]
) -> None:
    from sfterritory.cli.plan_output import write

    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    document = {"type": "FeatureCollection", "features": [feature]}
    write(path, json.dumps(document, ensure_ascii=False, allow_nan=False).encode())
