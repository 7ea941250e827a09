"""`reject`: keep a plan, or lines of it, from being applied."""

from sfterritory.cli.decision import decision_command

command = decision_command(
    "reject",
    "Reject PLAN (the start of its hash, or a plan file), or only some lines of it.\n\n"
    "Rejected lines stay listed with the reason and are never written.",
    short="Keep a plan, or lines of it, from being applied.",
)
