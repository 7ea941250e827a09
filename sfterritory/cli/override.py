"""`override`: accounts that a person puts to a rep, with a reason, an author and a last day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from sfterritory.pipeline.override_report import OverrideEntry, OverrideReport
    from sfterritory.pipeline.override_request import AddedOverrides

by_option = click.option(
    "--by", help="Who decides.  [default: SFTERRITORY_USER, else the account on this machine]"
)


@click.group("override", short_help="Put accounts to reps by hand, with a reason and a last day.")
def command() -> None:
    """Put accounts to reps by hand: with a reason, an author and a last day.

    Overrides act from the next `build` on. Nothing is written to Salesforce.
    """


@command.command()
@click.argument("account")
@click.option("--to", "rep", required=True, metavar="REP", help="Username, id or name.")
@click.option("--reason", required=True, help="Why; it stands in the plan.")
@click.option("--until", required=True, metavar="DATE", help="Last day, 2026-12-31 (UTC).")
@by_option
@on_project
def add(
    invocation: Invocation, *, account: str, rep: str, reason: str, until: str, by: str | None
) -> None:
    """Put ACCOUNT, an id of 15 or 18 characters, to a rep until a day."""
    from sfterritory.pipeline.override_request import OverrideRequest, add_overrides

    settings = invocation.settings()
    request = OverrideRequest(account=account, rep=rep, reason=reason, until=until)
    with invocation.store(settings) as store:
        added = add_overrides(
            settings, store, [request], by=by or invocation.user, now=invocation.now
        )
    _told(invocation, added)


@command.command(name="import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@by_option
@on_project
def import_file(invocation: Invocation, *, file: Path, by: str | None) -> None:
    """Put the accounts of FILE to reps: a CSV or XLSX with account, rep, reason and until.

    Every mistake of the file is listed with its line, and then nothing is kept. A row that is in
    force already is left as it is.
    """
    from sfterritory.pipeline.override_file import import_overrides

    settings = invocation.settings()
    with invocation.store(settings) as store:
        added = import_overrides(
            settings, store, file, by=by or invocation.user, now=invocation.now
        )
    _told(invocation, added)


@command.command(name="list")
@click.option("--expired", is_flag=True, help="Those that expired or were ended, too.")
@on_project
def list_overrides(invocation: Invocation, *, expired: bool) -> None:
    """List the overrides, what each costs, and how many exceptions there are."""
    report = _report(invocation, with_over=expired)
    if invocation.as_json:
        replace(invocation, name="override").answer(report)
        return
    from sfterritory.cli.render.layout import render_table

    console = invocation.console()
    counts = ", ".join(
        f"{count:,} {state.replace('_', ' ')}" for state, count in report.counts.items() if count
    )
    render_table(
        f"Overrides: {counts or 'none'}",
        ("nr", "account", "rep", "until", "by", "reason", "state", "territory", "hours", "km more"),
        [_row(one) for one in report.overrides],
        console=console,
    )
    console.print(f"Exceptions: {report.exceptions_share:.1%} of {report.accounts:,} accounts.")
    if report.advice:
        console.print(f"Note: {report.advice}")


@command.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why.")
@by_option
@on_project
def end(invocation: Invocation, *, number: int, reason: str, by: str | None) -> None:
    """End the override NUMBER before its last day; it stays in the list with --expired."""
    from sfterritory.pipeline.override import end_override

    settings = invocation.settings()
    with invocation.store(settings) as store:
        ended = end_override(
            store, number, by=by or invocation.user, reason=reason, now=invocation.now
        )
    if invocation.as_json:
        replace(invocation, name="override").answer_json({"ended": ended.number})
        return
    click.echo(f"Override {ended.number} is ended. Next: sfterritory build")


@command.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it here instead of on stdout.",
)
@on_project
def export(invocation: Invocation, *, out: Path | None) -> None:
    """Write the overrides in force as CSV, as `import` takes them."""
    from sfterritory.cli.plan_output import write
    from sfterritory.cli.render.row_file import rows_csv
    from sfterritory.pipeline.override_file import COLUMNS
    from sfterritory.pipeline.override_report import OverrideState

    report = _report(invocation, with_over=False)
    kept = [one for one in report.overrides if one.state is OverrideState.IN_FORCE]
    if invocation.as_json:
        replace(invocation, name="override").answer(
            report.model_copy(update={"overrides": tuple(kept)})
        )
        return
    content = rows_csv(
        (*COLUMNS, "account_name", "rep_name", "by"),
        [
            (
                one.account_id,
                one.rep_id,
                one.reason,
                one.until.isoformat(),
                one.account_name,
                one.rep_name,
                one.by,
            )
            for one in kept
        ],
    )
    if out is None:
        click.echo(content.decode(), nl=False)
        return
    write(out, content)
    click.echo(f"{out} holds {len(kept):,} overrides.", err=True)


def _report(invocation: Invocation, *, with_over: bool) -> OverrideReport:
    from sfterritory.pipeline.override_report import override_report

    settings = invocation.settings()
    with invocation.store(settings) as store:
        return override_report(settings, store, now=invocation.now, with_over=with_over)


def _told(invocation: Invocation, added: AddedOverrides) -> None:
    if invocation.as_json:
        replace(invocation, name="override").answer(added)
        return
    from sfterritory.web.wording import counted

    numbers = ", ".join(str(number) for number in added.added[:20])
    click.echo(
        f"{counted(len(added.added), 'override')} kept"
        + (f": {numbers}{' ...' if len(added.added) > 20 else ''}" if numbers else "")
        + (f"; {added.unchanged:,} were in force already" if added.unchanged else "")
        + "."
    )
    for note in added.notes:
        click.echo(f"Note: {note}", err=True)
    if added.added:
        click.echo("Next: sfterritory build", err=True)


def _row(one: OverrideEntry) -> tuple[str | int | float | None, ...]:
    rep = one.rep_name if one.on_roster else f"{one.rep_name} (not on the roster)"
    state = one.state.replace("_", " ")
    if one.ended_by:
        state = f"ended by {one.ended_by}: {one.end_reason}"
    return (
        one.number,
        f"{one.account_name} ({one.account_id})",
        rep,
        one.until.isoformat(),
        one.by,
        one.reason,
        state,
        one.cost.territory if one.cost else "",
        one.cost.hours_per_year if one.cost else None,
        one.cost.extra_km if one.cost else None,
    )
