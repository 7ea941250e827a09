"""`pull`: bring what changed in Salesforce into the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from rich.console import Console

    from sfterritory.pipeline.pull.fetch import PulledObject
    from sfterritory.pipeline.pull.forecast import ObjectForecast, PullForecast
    from sfterritory.pipeline.pull.job import PullReport


@click.command("pull", short_help="Bring what changed in Salesforce into the store.")
@click.option("--full", is_flag=True, help="Read everything again, and find what is gone.")
@click.option(
    "--dry-run", is_flag=True, help="Only tell what would be read, and its cost in API calls."
)
@on_project
def command(invocation: Invocation, *, full: bool, dry_run: bool) -> None:
    """Pull accounts, leads and owners, and locate them.

    Only what changed since the last pull is fetched. A pull that was cut off goes on where it
    stopped. Nothing is written to Salesforce.
    """
    from sfterritory.pipeline.pull.job import forecast_pull, pull

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.org(settings) as org:
        if dry_run:
            forecast = forecast_pull(settings, store, org, full=full)
            if invocation.as_json:
                invocation.answer(forecast)
            else:
                _show_forecast(forecast, invocation.console())
            return
        with invocation.progress():
            report = pull(
                settings, store, org, now=invocation.now, holder=invocation.holder, full=full
            )
        if invocation.as_json:
            invocation.answer(report)
        else:
            _show(report, invocation.console())


def _show(report: PullReport, console: Console) -> None:
    from sfterritory.cli.render.layout import render_table

    render_table(
        "Pulled",
        ("object", "by", "fetched", "changed", "gone", "API calls", "remarks"),
        [
            (
                one.object_name,
                one.api,
                one.fetched,
                one.changed,
                one.gone,
                one.calls_used,
                _remarks(one),
            )
            for one in report.objects
        ],
        console=console,
    )
    render_table(
        "Located",
        ("object", "records", "address", "street", "postal code", "city", "not located"),
        [
            (
                one.object_name,
                one.records,
                *(one.accuracy[name] for name in ("address", "street", "postal_code", "city")),
                one.accuracy["none"],
            )
            for one in report.located
        ],
        console=console,
    )
    causes = [
        (one.object_name, kind, cause.replace("_", " "), count)
        for one in report.located
        for kind, counts in (
            ("not located", one.causes),
            ("value refused", one.rejects),
            ("coordinate doubted", one.doubts),
        )
        for cause, count in counts.items()
    ]
    if causes:
        render_table("Why", ("object", "what", "cause", "records"), causes, console=console)
        console.print("List them one by one with: sfterritory status --unlocated")
    if report.redirected:
        console.print(f"{report.redirected:,} references to merged records name the winner now.")
    console.print(_calls(report))
    console.print(
        f"{report.loaded:,} rows loaded. Snapshot {report.snapshot_id[:8]} of org {report.org_id}."
    )


def _calls(report: PullReport) -> str:
    said = f"{report.calls_used:,} API calls, {report.calls_predicted:,} were predicted."
    if report.api_calls_used is None or report.api_calls_allowed is None:
        return said
    return (
        f"{said} The org used {report.api_calls_used:,} of {report.api_calls_allowed:,} "
        "in 24 hours."
    )


def _show_forecast(forecast: PullForecast, console: Console) -> None:
    from sfterritory.cli.render.layout import render_table

    render_table(
        "A pull would read",
        ("object", "by", "rows", "API calls", "remarks"),
        [
            (
                one.object_name,
                "" if one.skipped else one.api,
                "" if one.rows is None else one.rows,
                one.calls,
                _remarks(one),
            )
            for one in forecast.objects
        ],
        console=console,
    )
    fits = "This fits." if forecast.fits else "This does not fit: a pull would stop in time."
    console.print(
        f"About {forecast.calls:,} API calls. The org used {forecast.api_calls_used:,} of "
        f"{forecast.api_calls_allowed:,} in 24 hours, and {forecast.api_calls_kept:,} are kept "
        f"for others. {fits}"
    )


def _remarks(one: PulledObject | ObjectForecast) -> str:
    without = [name for name in one.missing_fields if name not in one.kept_fields]
    unseen = getattr(one, "unseen", 0)
    remarks = [
        "everything" if one.full else "",
        f"{unseen:,} rows were not seen before" if unseen else "",
        "resumed" if one.resumed else "",
        f"without {', '.join(without)}" if without else "",
        f"old values kept of {', '.join(one.kept_fields)}" if one.kept_fields else "",
        f"other type: {', '.join(one.type_changes)}" if one.type_changes else "",
        f"skipped: {one.skipped}" if one.skipped else "",
    ]
    return "; ".join(filter(None, remarks))
