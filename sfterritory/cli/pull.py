"""`pull`: bring what changed in Salesforce into the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from rich.console import Console

    from sfterritory.pipeline.pull import PulledObject, PullReport


@click.command("pull", short_help="Bring what changed in Salesforce into the store.")
@click.option("--full", is_flag=True, help="Read everything again, and find what is gone.")
@on_project
def command(invocation: Invocation, *, full: bool) -> None:
    """Pull accounts, leads and owners, and locate them.

    Only what changed since the last pull is fetched. A pull that was cut off goes on where it
    stopped. Nothing is written to Salesforce.
    """
    from sfterritory.pipeline.pull import pull

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.org(settings) as org:
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
        ("object", "by", "fetched", "changed", "gone", "remarks"),
        [
            (one.object_name, one.api, one.fetched, one.changed, one.gone, _remarks(one))
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
    console.print(
        f"{report.loaded:,} rows loaded. Snapshot {report.snapshot_id[:8]} of org {report.org_id}."
    )


def _remarks(one: PulledObject) -> str:
    remarks = [
        "everything" if one.full else "",
        "resumed" if one.resumed else "",
        f"without {', '.join(one.missing_fields)}" if one.missing_fields else "",
        f"skipped: {one.skipped}" if one.skipped else "",
    ]
    return "; ".join(filter(None, remarks))
