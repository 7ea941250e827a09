"""`travel`: what knows travel times, how well, and what asking it would cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from sfterritory.pipeline.travel_report import CalibrationReport, TravelReport


@click.group("travel", invoke_without_command=True, short_help="Show what knows travel times.")
@on_project
def command(invocation: Invocation) -> None:
    """Show what knows travel times, a few drives of it, its error, and what asking it would cost.

    The drives are those to some accounts from their nearest home. An engine is asked for them; the
    cost of all accounts is forecast and not asked for.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    from sfterritory.pipeline.travel_report import travel_report

    settings = invocation.settings()
    with invocation.store(settings) as store:
        report = travel_report(settings, store, now=invocation.now)
    if invocation.as_json:
        invocation.answer(report)
    else:
        _show(invocation, report)


@command.command("calibrate", short_help="Correct the estimate by real drives.")
@click.option(
    "--legs",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="CSV of real drives: from_lon, from_lat, to_lon, to_lat, minutes; or from_id, to_id.",
)
@on_project
def calibrate(invocation: Invocation, *, legs: Path) -> None:
    """Compare the estimate with real drives, and print the factor of each band of distance.

    Nothing is changed: the last line goes into mappings/territories.yaml.
    """
    from sfterritory.pipeline.travel_report import calibration_report

    settings = invocation.settings()
    with invocation.store(settings) as store:
        report = calibration_report(legs, store=store)
    if invocation.as_json:
        invocation.answer(report)
    else:
        _show_factors(invocation, report)


def _show(invocation: Invocation, report: TravelReport) -> None:
    from sfterritory.cli.render.layout import render_table

    console = invocation.console()
    console.print(f"Travel times come from: {report.source}")
    render_table(
        "Some drives from the nearest home",
        ("account", "rep", "km by air", "km", "minutes", "estimate", "quality"),
        [
            (
                one.account,
                one.rep,
                one.crow_km,
                one.km,
                one.minutes,
                one.estimated_minutes,
                one.quality,
            )
            for one in report.checks
        ],
        console=console,
    )
    render_table(
        "Error of the estimate where it was measured",
        ("km by air", "mean %", "90 % below %", "median %"),
        [
            (
                one.band,
                round(100 * one.mean_share),
                round(100 * one.p90_share),
                round(100 * one.bias_share),
            )
            for one in report.estimate_error
        ],
        console=console,
    )
    console.print()
    for note in report.notes:
        console.print(f"Note: {note}", soft_wrap=True)
    console.print(
        f"Every account from its nearest homes: {report.legs:,} drives, {report.known:,} known, "
        f"{report.requests:,} requests, about {report.seconds:,.0f} s "
        f"({'by its answers just now' if report.measured else 'by the usual speed'})."
    )


def _show_factors(invocation: Invocation, report: CalibrationReport) -> None:
    from sfterritory.cli.render.layout import render_table

    console = invocation.console()
    render_table(
        f"Real over estimated minutes of {report.legs:,} drives",
        ("km by air", "drives", "factor", "from"),
        [
            (one.band, one.legs, one.factor, "its drives" if one.own else "all drives")
            for one in report.bands
        ],
        console=console,
    )
    console.print()
    console.print(f"travel: {{calibration: [{', '.join(map(str, report.calibration))}]}}")
