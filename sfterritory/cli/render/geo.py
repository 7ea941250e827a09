"""What `geo` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.cli.render.layout import render_facts, render_table

if TYPE_CHECKING:
    from rich.console import Console

    from sfterritory.pipeline.geo.area import AreaReport, AreaSetReport
    from sfterritory.pipeline.geo.barrier import BarrierReport
    from sfterritory.pipeline.geo.border import BorderReport
    from sfterritory.pipeline.geo.cluster import ClusterReport
    from sfterritory.pipeline.geo.detour import DetourLeg, DetourReport
    from sfterritory.pipeline.geo.zone import ZoneReport


def render_detour(report: DetourReport, console: Console, *, limit: int) -> None:
    """Print how roads compare with straight lines."""
    render_facts(
        [
            ("Drives from homes to accounts", report.legs),
            ("Compared with the road", report.compared),
            ("Only estimated, left out", report.estimated),
            ("Without any way", len(report.unreachable)),
            ("Real minutes to estimated", report.minutes_to_estimate or "no road is known"),
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


def render_clusters(report: ClusterReport, console: Console, *, limit: int) -> None:
    """Print the clusters, the largest first."""
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


def render_barriers(report: BarrierReport, console: Console, *, limit: int) -> None:
    """Print what lies beyond barriers and in restricted areas."""
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


def render_areas(report: AreaReport, console: Console, *, limit: int) -> None:
    """Print every set of areas."""
    for one in report.sets:
        _show_set(one, weighed=report.weighed, limit=limit, console=console)
    _show_notes(report.notes, console)


def render_zone(report: ZoneReport, console: Console, *, within: str, limit: int) -> None:
    """Print the members of a zone, nearest first."""
    render_table(
        f"Within {within} of {report.branch}: {report.accounts:,} accounts",
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


def render_borders(report: BorderReport, console: Console, *, limit: int) -> None:
    """Print the accounts that two territories claim."""
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


def _show_legs(title: str, legs: tuple[DetourLeg, ...], console: Console) -> None:
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
