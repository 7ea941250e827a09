"""What `approve` and `reject` share: they differ in the verdict only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from sfterritory.model.plan import Verdict


def decision_command(verdict_name: str, help_text: str, *, short: str) -> click.Command:
    """Return the command that records this verdict."""

    @click.command(verdict_name, help=help_text, short_help=short)
    @click.argument("plan")
    @click.option(
        "--by",
        "decided_by",
        help="Who decides.  [default: SFTERRITORY_USER, else the account on this machine]",
    )
    @click.option("--reason", default="", help="Why; it is kept with the decision.")
    @click.option("--only", "records", multiple=True, help="Only this record; may be repeated.")
    @click.option(
        "--territory", "territories", multiple=True, help="Only this territory; may be repeated."
    )
    @click.option(
        "--owner", "owners", multiple=True, help="Only what this owner would get; may be repeated."
    )
    @on_project
    def command(  # noqa: PLR0913 - one argument an option
        invocation: Invocation,
        *,
        plan: str,
        decided_by: str | None,
        reason: str,
        records: tuple[str, ...],
        territories: tuple[str, ...],
        owners: tuple[str, ...],
    ) -> None:
        from sfterritory.model.plan import Verdict
        from sfterritory.pipeline.review import Selection, find_plan, review

        settings = invocation.settings()
        verdict = Verdict(verdict_name)
        with invocation.store(settings) as store:
            state = review(
                settings,
                store,
                find_plan(store, plan),
                verdict=verdict,
                selection=Selection(records=records, territories=territories, owners=owners),
                decided_by=decided_by or invocation.user,
                now=invocation.now,
                reason=reason,
            )
        if invocation.as_json:
            invocation.answer(state)
            return
        short = state.plan_hash[:8]
        click.echo(
            f"{_past(verdict)} by {state.decided_by}: {state.lines:,} lines of plan {short}. "
            f"Now {state.approved:,} approved, {state.rejected:,} rejected, "
            f"{state.undecided:,} undecided."
        )
        if state.approved:
            click.echo(f"Next: sfterritory apply {short}", err=True)

    return command


def _past(verdict: Verdict) -> str:
    return "Approved" if verdict == "approve" else "Rejected"
