"""USING SCOPE: whose records a query is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import ObjectDef

_TEAMS = {
    "Account": ("AccountTeamMember", "AccountId"),
    "Opportunity": ("OpportunityTeamMember", "OpportunityId"),
}


def record_scopes(schema: OrgSchema, described: ObjectDef) -> dict[str, tuple[str, str]]:
    """Return the scopes of an object by name: the label, and the condition in SQL.

    In the condition `{alias}` is the table, and `{user}` the user's id.
    """
    plural = described.label_plural
    scopes = {"everything": (f"All {plural}", "1")}
    owner = described.find("OwnerId")
    if owner is not None:
        mine = "{alias}.OwnerId = '{user}'"
        scopes["mine"] = (f"My {plural}", mine)
        if "Group" in owner.reference_to:
            groups = "SELECT GroupId FROM GroupMember WHERE UserOrGroupId = '{user}'"
            scopes["mine_and_my_groups"] = (
                f"My {plural} and My Groups' {plural}",
                f"({mine} OR {{alias}}.OwnerId IN ({groups}))",
            )
    team, key = _TEAMS.get(described.name, ("", ""))
    if schema.find(team) is not None:
        members = f'SELECT "{key}" FROM "{team}" WHERE UserId = \'{{user}}\''  # noqa: S608 - names of our own schema
        scopes["team"] = (f"My Team's {plural}", f"{{alias}}.Id IN ({members})")
    return scopes
