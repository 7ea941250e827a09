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
    from rich.console import Console

    from sfterritory.model.store.store import Store
    from sfterritory.model.travel import TravelTime
    from sfterritory.pipeline.geo.area import AreaSetReport
    from sfterritory.pipeline.geo.book import GeoBook
    from sfterritory.pipeline.geo.detour import DetourLeg
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

    with _open(invocation) as open_:
        report = detour_report(open_.book, open_.travel, worst=limit)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.layout import render_facts, render_table

    console = invocation.console()
    render_facts(
        [
            ("Drives from homes to accounts", report.legs),
            ("Compared with the road", report.compared),
            ("Only estimated, left out", report.estimated),
            ("Without any way", len(report.unreachable)),
            ("Real minutes to estimated", report.minutes_to_estimate),
            ("Times from", report.source),
        ],
        console=console,
    )
    if report.compared:
        render_table(
            "Road km to straight km, by straight km",
            ("from km", "to km", "drives", "low 10 %", "median", "high 10 %", "minutes", "km/h"),
            [
                (
                    one.from_km,
                    one.to_km,
                    one.legs,
                    one.ratio_low,
                    one.ratio_median,
                    one.ratio_high,
                    one.minutes_to_estimate,
                    one.kmh,
                )
                for one in report.bands
                if one.legs
            ],
            console=console,
        )
        _show_legs(f"Longest ways round, from {report.least_km:g} km on", report.worst, console)
    if report.unreachable:
        _show_legs("Without any way", report.unreachable[:limit], console)
    _show_notes(report.notes, console)


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
    with _open(invocation) as open_:
        report = cluster_report(open_.book, open_.travel, rules=rules)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.layout import render_facts, render_table

    console = invocation.console()
    hours = "hours a year" if report.weighed else "weight"
    render_table(
        f"Clusters: {len(report.clusters):,}",
        ("no", "around", "accounts", hours, "min between", "tour min", "territories", "lon", "lat"),
        [
            (
                one.number,
                one.city,
                one.accounts,
                round(one.hours),
                one.link_minutes,
                round(one.tour_minutes),
                one.territories,
                one.lon_deg,
                one.lat_deg,
            )
            for one in report.clusters[:limit]
        ],
        console=console,
    )
    _show_rest(len(report.clusters), limit, console)
    console.print()
    render_facts(
        [
            ("Accounts in no cluster", f"{report.outside:,} ({report.outside_share:.1%})"),
            ("Drives asked for", report.asked),
            ("Times from", report.source),
            ("Method", report.method),
        ],
        console=console,
    )
    _show_notes(report.notes, console)


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
    from sfterritory.cli.render.layout import render_table

    console = invocation.console()
    hours = "hours a year" if report.weighed else "weight"
    render_table(
        "Barriers",
        ("barrier", "crossing", "accounts beyond", hours, "share"),
        [
            (
                one.name,
                "not allowed" if one.crossing_km is None else f"{one.crossing_km:g} km",
                one.accounts,
                round(one.hours),
                f"{one.hours_share:.1%}",
            )
            for one in report.barriers
        ],
        console=console,
    )
    render_table(
        "Accounts beyond a barrier",
        ("account", "driven to from", "barrier", "km", "km by bridge", hours),
        [
            (
                one.account,
                one.home,
                one.barrier,
                one.straight_km,
                "" if one.bridge_km is None else f"{one.bridge_km:,}",
                one.hours,
            )
            for one in report.across[:limit]
        ],
        console=console,
    )
    _show_rest(len(report.across), limit, console)
    if report.restricted:
        render_table(
            "Restricted areas",
            ("area", "open to", "accounts", hours),
            [
                (one.name, ", ".join(one.reps) or "nobody", one.accounts, round(one.hours))
                for one in report.restricted
            ],
            console=console,
        )
        render_table(
            "Accounts in restricted areas",
            ("account", "area", "rep"),
            [(one.account, one.area, one.rep) for one in report.inside[:limit]],
            console=console,
        )
        _show_rest(len(report.inside), limit, console)
    _show_notes(report.notes, console)


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
    console = invocation.console()
    for one in report.sets:
        _show_set(one, weighed=report.weighed, limit=limit, console=console)
    _show_notes(report.notes, console)


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
        report = zone_report(
            open_.book, open_.travel, branch, radius_km=radius_km, within_minutes=minutes
        )
    if out is not None:
        named = {"name": f"Zone of {report.branch}", "accounts": report.accounts}
        _write_geojson(out, report.outline, properties=named)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.layout import render_facts, render_table

    console = invocation.console()
    limit_words = (
        f"{radius_km:g} km" if radius_km is not None else f"a drive of {minutes:g} minutes"
    )
    render_table(
        f"Within {limit_words} of {report.branch}: {report.accounts:,} accounts",
        ("account", "minutes", "km by road", "km", "times", "rep"),
        [
            (one.account, one.minutes, one.road_km, one.straight_km, one.quality, one.rep)
            for one in report.members[:limit]
        ],
        console=console,
    )
    _show_rest(report.accounts, limit, console)
    console.print()
    render_facts(
        [
            ("Hours a year" if report.weighed else "Weight", round(report.hours)),
            ("Drives asked for", report.asked),
            ("Times from", report.source or "none was asked for"),
        ],
        console=console,
    )
    _show_notes(report.notes, console)


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

    with _open(invocation) as open_:
        report = border_report(open_.book, open_.travel, within_share=share, within_minutes=minutes)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.layout import render_facts, render_table

    console = invocation.console()
    render_table(
        "Border accounts, the closest contest first",
        ("account", "territory", "rep", "min", "km", "other", "its rep", "min", "km"),
        [
            (
                one.account,
                one.own,
                one.own_rep,
                one.own_minutes,
                one.own_km,
                one.other,
                one.other_rep,
                one.other_minutes,
                one.other_km,
            )
            for one in report.border[:limit]
        ],
        console=console,
    )
    _show_rest(report.accounts, limit, console)
    console.print()
    render_facts(
        [
            ("Border accounts", f"{report.accounts:,} ({report.share:.1%})"),
            ("Hours a year", round(report.hours)),
            ("Times from", report.source or "none was asked for"),
        ],
        console=console,
    )
    _show_notes(report.notes, console)


@dataclass(frozen=True, slots=True)
class _Opened:
    settings: Settings
    store: Store
    book: GeoBook
    travel: TravelTime


@contextmanager
def _open(invocation: Invocation) -> Iterator[_Opened]:
    """Open the store and what knows travel times, and read the accounts."""
    from sfterritory.pipeline.geo.book import load_geo_book
    from sfterritory.pipeline.travel import travel_time
    from sfterritory.pipeline.travel_report import places_by_id

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.progress():
        book = load_geo_book(settings, store, now=invocation.now)
        params, places = settings.territories.travel, places_by_id(store)
        with travel_time(params, root=settings.root, now=invocation.now, places=places) as travel:
            yield _Opened(settings, store, book, travel)


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
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    document = {"type": "FeatureCollection", "features": [feature]}
    try:
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", remedy="name another file with --out"
        ) from error


def _show_legs(title: str, legs: tuple[DetourLeg, ...], console: Console) -> None:
    from sfterritory.cli.render.layout import render_table

    render_table(
        title,
        ("account", "from", "km", "road km", "ratio", "minutes", "estimate"),
        [
            (
                one.account,
                one.home,
                one.straight_km,
                one.road_km,
                one.ratio,
                one.minutes,
                one.estimated_minutes,
            )
            for one in legs
        ],
        console=console,
    )


def _show_set(one: AreaSetReport, *, weighed: bool, limit: int, console: Console) -> None:
    from sfterritory.cli.render.layout import render_table

    drawn = any(area.km2 is not None for area in one.areas)
    columns = ("area", "accounts", "hours a year" if weighed else "weight", "homes")
    render_table(
        f"{one.name} (by {one.by.replace('_', ' ')})",
        (*columns, "km2") if drawn else columns,
        [
            (
                area.name,
                area.accounts,
                round(area.hours),
                area.homes,
                *([area.km2] if drawn else []),
            )
            for area in one.areas[:limit]
        ],
        console=console,
    )
    _show_rest(len(one.areas), limit, console)
    if one.gaps:
        render_table(
            f"Gaps in {one.name}: accounts that no area claims",
            ("why", "accounts"),
            list(one.gaps.items()),
            console=console,
        )
        render_table(
            "",
            ("account", "address", "why"),
            [(gap.account, gap.address, gap.why) for gap in one.gap_accounts[:limit]],
            console=console,
        )
        _show_rest(len(one.gap_accounts), limit, console)
    if one.overlaps:
        render_table(
            f"Overlaps in {one.name}",
            ("area", "and", "accounts", "km2") if drawn else ("area", "and", "accounts"),
            [
                (pair.first, pair.second, pair.accounts, *([pair.km2] if drawn else []))
                for pair in one.overlaps[:limit]
            ],
            console=console,
        )
        _show_rest(len(one.overlaps), limit, console)
    if not one.gaps and not one.overlaps:
        console.print(f"Every account lies in exactly one area of {one.name}.")
    if one.unused:
        some = ", ".join(one.unused[:limit])
        console.print(f"Named and met by no account: {some}")
    _show_notes(one.notes, console)


def _show_rest(count: int, limit: int, console: Console) -> None:
    if count > limit:
        console.print(f"  and {count - limit:,} more: --limit, or --json for all")


def _show_notes(notes: tuple[str, ...], console: Console) -> None:
    for note in notes:
        console.print(f"Note: {note}")
