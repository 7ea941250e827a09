"""What an org says of itself: is it production or a sandbox, and where does it live."""

from __future__ import annotations

from sfterritory.connectors.salesforce import soql
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.model.document import Document

ORGANIZATION = "Organization"
_FIELDS = ("Id", "Name", "IsSandbox", "InstanceName", "OrganizationType", "TimeZoneSidKey")
_FEW_FIELDS = ("Id", "IsSandbox")


class Organization(Document):
    """The one row of `Organization`; None or "" where the user may not read it.

    Attributes:
        is_sandbox: False is production, where a write is felt.
        time_zone: A name like `America/Los_Angeles`.
    """

    id: str
    name: str = ""
    is_sandbox: bool | None = None
    instance: str = ""
    edition: str = ""
    time_zone: str = ""

    @property
    def kind(self) -> str:
        """The org's kind in a word or two."""
        if self.is_sandbox is None:
            return "of unknown kind"
        return "a sandbox" if self.is_sandbox else "production"


def read_organization(org: SalesforceOrg) -> Organization:
    """Return what the signed-in user may read of the org, by one or two API calls.

    Raises:
        ConnectorError: Salesforce failed for good. A user who may not read it is no failure.
    """
    for fields in (_FIELDS, _FEW_FIELDS):
        try:
            return _read(org, fields)
        except RefusedError as error:
            if error.code not in {"INVALID_FIELD", "INVALID_TYPE"}:
                raise
    return Organization(id=org.org_id)


def _read(org: SalesforceOrg, fields: tuple[str, ...]) -> Organization:
    pages = org.query_pages(soql.select(ORGANIZATION, fields, limit=1))
    rows = [dict(zip(page.header, row, strict=True)) for page in pages for row in page.rows]
    if not rows:
        return Organization(id=org.org_id)
    row = rows[0]
    return Organization(
        id=org.org_id,
        name=row.get("Name", ""),
        is_sandbox={"true": True, "false": False}.get(row["IsSandbox"].lower()),
        instance=row.get("InstanceName", ""),
        edition=row.get("OrganizationType", ""),
        time_zone=row.get("TimeZoneSidKey", ""),
    )
