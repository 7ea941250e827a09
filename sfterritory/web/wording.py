r"""The words, signs and number forms that every rendering of a plan shares.

Text that comes from Salesforce is shown through `visible`: what would steer a terminal, hide, or
turn the reading direction is spelled out instead (`\x1b`, `\u202e`); everything else is shown as
it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from math import floor

from sfterritory.model.document import Scalar
from sfterritory.model.plan import Action, FieldRole, FieldWrite, Fill, Outcome

BLOCKED_SYMBOL = "!"
SYMBOL_OF = {Action.REASSIGN: "~", Action.ASSIGN: "+", Action.UNASSIGN: "-"}
LEGEND = (
    ("~", "owner changes"),
    ("+", "gets a first owner"),
    ("-", "goes to a queue"),
    (BLOCKED_SYMBOL, "blocked"),
)
ROLE_WORD = {
    FieldRole.WRITE_ONCE: "filled once",
    FieldRole.ROLLED: "rolled",
    FieldRole.RESTORED: "restored",
}
FILL_WORD = {Fill.APPLIED_AT: "time of apply", Fill.PLAN_HASH: "hash of this plan"}
OUTCOME_WORD = {
    Outcome.DONE: "changed",
    Outcome.ALREADY_DONE: "already had the planned owner",
    Outcome.DRIFTED: "skipped: changed since the plan",
    Outcome.FAILED: "rejected by Salesforce",
    Outcome.UNVERIFIED: "written, but read back differently",
}
NOBODY = "nobody"

# Control characters; marks, embeddings, overrides and isolates of direction; line and paragraph
# separators; invisible blanks. The joiners U+200C and U+200D stay: names are spelled with them.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\ufffe\uffff]"  # no characters at all: no file of text may hold them
)


def visible(text: str) -> str:
    """Return the text on one line, with every hidden or steering character spelled out."""
    return _HIDDEN.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def count(number: int) -> str:
    """Return 1204 as `1,204`."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """Return `1 account` or `1,204 accounts`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def whole(number: float) -> str:
    """Return an amount without decimals: `1,710`."""
    return f"{floor(number + 0.5):,}"


def short_amount(number: float) -> str:
    """Return an amount in at most six characters: `950`, `12.3k`, `2.41M`, `1.20B`."""
    size = abs(number)
    for limit, unit, suffix in ((999.5, 1.0, ""), (999.5e3, 1e3, "k"), (999.5e6, 1e6, "M")):
        if size < limit:
            return _three_digits(number / unit) + suffix if suffix else str(round(number))
    return _three_digits(number / 1e9) + "B"


def _three_digits(number: float) -> str:
    decimals = 2 if abs(number) < 9.995 else 1 if abs(number) < 99.95 else 0
    return f"{number:,.{decimals}f}"


def percent(share: float | None) -> str:
    """Return a share of 0 to 1 as `31 %`, `4.6 %` below ten, and `n/a` where there is none."""
    if share is None:
        return "n/a"
    return (
        f"{share:.1%}".replace("%", " %")
        if abs(share) < 0.0995
        else f"{share:.0%}".replace("%", " %")
    )


def instant(moment: datetime) -> str:
    """Return a moment as `2026-11-22 04:36 UTC`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def scalar(value: Scalar) -> str:
    """Return a field's value as people read it: `empty`, `true`, `12,000`, text as it is."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    return visible(value) if isinstance(value, str) else f"{value:,}"


def written_value(write: FieldWrite) -> str:
    """Return what a field will hold after apply."""
    return scalar(write.after) if write.fill is None else FILL_WORD[write.fill]
