"""`proposals`: named adjustments where call frequencies do not fit the territories."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.cli.override import by_option

if TYPE_CHECKING:
    from sfterritory.model.store.override import Ending
    from sfterritory.pipeline.cadence import AcceptedAdjustment
    from sfterritory.pipeline.proposal import ProposalReport, ProposedAdjustment

_COLUMNS = (
    "id",
    "kind",
    "account_id",
    "account_name",
    "territory",
    "rep",
    "calls_before",
    "calls_after",
    "to_territory",
    "to_rep",
    "hours_saved",
    "value_at_risk",
    "cause",
    "words",
)


_BECAUSE = {
    "over_capacity": "territory over capacity",
    "travel": "mostly travel, little value",
}


class _ListFirst(click.Group):
    """A group that lists where no verb is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` in front of options that stand alone."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(
    "proposals", cls=_ListFirst, short_help="List what would make calls fit, and accept it."
)
def command() -> None:
    """Adjustments that would make call frequencies fit the territories; without a verb, `list`.

    Nothing changes by itself, and nothing is written to Salesforce: what is accepted is kept in the
    store, and the next `build` reckons with it.
    """


@command.command(name="list")
@click.option("--territory", help="Only this territory: its name, its key, or its rep.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="How many proposals to print; --json and --csv hold all.",
)
@click.option("--accepted", is_flag=True, help="What was accepted, withdrawn or not, instead.")
@click.option(
    "--csv",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the proposals here, too.",
)
@on_project
def list_proposals(
    invocation: Invocation,
    *,
    territory: str | None,
    limit: int,
    accepted: bool,
    out: Path | None,
) -> None:
    """List what is proposed: who, from how many calls to how many, or to whom, and hours saved."""
    from sfterritory.pipeline.proposal import proposals

    settings = invocation.settings()
    if accepted:
        if territory is not None or out is not None:
            raise click.UsageError("--accepted lists all adjustments, and goes with neither option")
        _show_accepted(invocation)
        return
    with invocation.store(settings) as store:
        report = proposals(settings, store, now=invocation.now, territory=territory)
    if out is not None:
        _write(out, report)
    if invocation.as_json:
        replace(invocation, name="proposals").answer(report)
        return
    _show(invocation, report, limit=limit, asked_for=territory is not None)


@command.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--reason", required=True, help="Why.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Last day of the overrides, where accounts are given to another rep.",
)
@by_option
@on_project
def accept(
    invocation: Invocation,
    *,
    ids: tuple[str, ...],
    reason: str,
    until: datetime | None,
    by: str | None,
) -> None:
    """Accept the proposals with these IDs: the next `build` reckons with them.

    Fewer calls hold until they are withdrawn; an account given to another rep becomes an override.
    Nothing is written to Salesforce.
    """
    from sfterritory.pipeline.proposal_accept import accept as accept_proposals

    settings = invocation.settings()
    with invocation.store(settings) as store:
        report = accept_proposals(
            settings,
            store,
            ids,
            decision=_decision(invocation, by, reason),
            until=until.date() if until else None,
        )
    if invocation.as_json:
        replace(invocation, name="proposals").answer(report)
        return
    click.echo(
        f"Accepted: {len(report.adjustments):,} adjustments and {len(report.overrides):,} "
        f"overrides, {report.hours_saved:,.1f} hours a year. Nothing was written to Salesforce."
    )
    click.echo("Next: sfterritory build", err=True)


@command.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why.")
@by_option
@on_project
def withdraw(invocation: Invocation, *, number: int, reason: str, by: str | None) -> None:
    """Take back the accepted adjustment NUMBER: the next `build` takes Salesforce's calls again."""
    from sfterritory.pipeline.cadence import withdraw as withdraw_adjustment

    settings = invocation.settings()
    with invocation.store(settings) as store:
        ended = withdraw_adjustment(store, number, decision=_decision(invocation, by, reason))
    if invocation.as_json:
        replace(invocation, name="proposals").answer_json({"withdrawn": ended.number})
        return
    click.echo(f"Adjustment {ended.number} is withdrawn. Next: sfterritory build")


def _decision(invocation: Invocation, by: str | None, reason: str) -> Ending:
    from sfterritory.model.store.override import Ending

    return Ending(reason.strip(), by or invocation.user, invocation.now)


def _show(invocation: Invocation, report: ProposalReport, *, limit: int, asked_for: bool) -> None:
    from sfterritory.cli.render.layout import render_table
    from sfterritory.pipeline.proposal import short_ids
    from sfterritory.web.wording import counted

    console = invocation.console()
    listed = [one for one in report.territories if asked_for or not one.fits]
    heading = "Territory" if asked_for else "Territories that need more hours than their rep has"
    render_table(
        f"{heading}: {len(listed):,}",
        ("key", "territory", "rep", "hours a year", "capacity", "saved", "still missing"),
        [
            (
                one.key,
                one.territory,
                one.rep,
                round(one.hours_per_year),
                round(one.capacity_hours_per_year),
                one.hours_saved,
                one.hours_missing,
            )
            for one in listed
        ],
        console=console,
    )
    rest = [one for one in report.territories if one.fits]
    if rest and not asked_for:
        console.print(
            f"Territories that fit: {len(rest):,}; of them with a proposal for an account that is "
            f"mostly travel: {sum(one.proposals > 0 for one in rest):,}."
        )
    short = short_ids([one.id for one in report.proposals])
    render_table(
        f"Proposals: {len(report.proposals):,}, {report.hours_saved:,.1f} hours a year",
        ("id", "account", "territory", "rep", "proposal", "saves", "value at risk", "because"),
        [
            (
                short[one.id],
                f"{one.account_name} ({one.account_id})",
                one.territory,
                one.rep,
                _change(one),
                one.hours_saved,
                round(one.value_at_risk),
                _BECAUSE[one.cause],
            )
            for one in report.proposals[:limit]
        ],
        console=console,
    )
    if len(report.proposals) > limit:
        console.print(f"The first {limit:,}; all of them with --csv FILE or --limit.")
    if report.pending:
        console.print(
            f"Note: decided on since the build: {counted(report.pending, 'account')}; the hours "
            "here are estimates until `sfterritory build`."
        )
    if report.proposals:
        click.echo("Next: sfterritory proposals accept ID... --reason TEXT", err=True)


def _change(one: ProposedAdjustment) -> str:
    if one.to_territory:
        return f"to {one.to_rep} ({one.to_territory})"
    return f"calls a year {one.calls_before:g} -> {one.calls_after:g}"


def _show_accepted(invocation: Invocation) -> None:
    from sfterritory.pipeline.cadence import accepted_adjustments

    settings = invocation.settings()
    with invocation.store(settings) as store:
        accepted = accepted_adjustments(store, now=invocation.now)
    if invocation.as_json:
        replace(invocation, name="proposals").answer_json(
            {"accepted": [one.model_dump(mode="json") for one in accepted]}
        )
        return
    from sfterritory.cli.render.layout import render_table

    standing = [one for one in accepted if one.in_force]
    render_table(
        f"Accepted: {len(standing):,} in force, {len(accepted) - len(standing):,} withdrawn",
        ("nr", "account", "calls a year", "saves", "by", "on", "reason", "state"),
        [_accepted_row(one) for one in accepted],
        console=invocation.console(),
    )


def _accepted_row(one: AcceptedAdjustment) -> tuple[str | int | float, ...]:
    ended = f"withdrawn by {one.withdrawn_by}: {one.withdrawal_reason}"
    return (
        one.number,
        f"{one.account_name} ({one.account_id})",
        f"{one.calls_before:g} -> {one.calls_after:g}",
        one.hours_saved,
        one.by,
        one.at.date().isoformat(),
        one.reason,
        "in force" if one.in_force else ended,
    )


def _write(out: Path, report: ProposalReport) -> None:
    from sfterritory.cli.plan_output import write
    from sfterritory.cli.render.row_file import rows_csv

    rows = ([getattr(one, name) for name in _COLUMNS] for one in report.proposals)
    write(out, rows_csv(_COLUMNS, rows))
    click.echo(f"{out} holds {len(report.proposals):,} proposals.", err=True)
