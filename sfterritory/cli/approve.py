"""`approve`: let a plan, or lines of it, be applied."""

from sfterritory.cli.decision import decision_command

command = decision_command(
    "approve",
    "Approve PLAN (the start of its hash, or a plan file), or only some lines of it.\n\n"
    "An approval is bound to the hash: whatever changes the plan voids it. Approving the whole "
    "plan does not lift a rejection that named a line.",
    short="Let a plan, or lines of it, be applied.",
)
