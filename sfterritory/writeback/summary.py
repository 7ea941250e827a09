"""The one-line summaries. Their wording is frozen: scripts and people search for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sfterritory.errors import ExitCode
from sfterritory.model.plan import Applied, Outcome, Plan


def summary_line(plan: Plan) -> str:
    """Return what a plan would do, in one line."""
    counts = plan.counts
    if not counts.changes and not counts.blocked:
        return "No changes. Salesforce matches the rules."
    return (
        f"Plan: {counts.reassign:,} to reassign, {counts.assign:,} to assign, "
        f"{counts.unassign:,} to unassign; {counts.blocked:,} blocked. Hash {plan.short_hash}."
    )


def apply_line(applied: Iterable[Applied], *, left: int = 0) -> str:
    """Return how a run ended, in one line.

    What is rare is named only where it happened: records that already had the planned owner,
    and records that the read-back did not confirm.

    Args:
        applied: Every outcome of the run, those before an interruption too.
        left: Approved changes that were not looked at yet.
    """
    counts = Counter(one.outcome for one in applied)
    parts = [
        f"{counts[Outcome.DONE]:,} changed",
        f"{counts[Outcome.DRIFTED]:,} skipped (changed since plan)",
        f"{counts[Outcome.FAILED]:,} rejected",
    ]
    if counts[Outcome.ALREADY_DONE]:
        parts.append(f"{counts[Outcome.ALREADY_DONE]:,} already done")
    if counts[Outcome.UNVERIFIED]:
        parts.append(f"{counts[Outcome.UNVERIFIED]:,} not as planned when read back")
    if left:
        return f"Apply stopped. {', '.join(parts)}, {left:,} left."
    return f"Apply complete! {', '.join(parts)}."


def apply_exit_code(applied: Iterable[Applied], *, left: int = 0) -> ExitCode:
    """Return DONE where every change is in Salesforce, else PARTLY_APPLIED."""
    fine = all(one.outcome in {Outcome.DONE, Outcome.ALREADY_DONE} for one in applied)
    return ExitCode.DONE if fine and not left else ExitCode.PARTLY_APPLIED
