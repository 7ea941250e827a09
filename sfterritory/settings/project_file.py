"""What `sfterritory.yaml` and the files of `mappings/` may say, but the rules."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sfterritory.model.document import Document
from sfterritory.model.ids import RecordId
from sfterritory.settings.mapping import AccountMeaning, PullParams
from sfterritory.settings.profile import Profile, ProfileName
from sfterritory.writeback.approvals import ApprovalPolicy
from sfterritory.writeback.history import HistoryFields
from sfterritory.writeback.method import ApplyParams


class OrgParams(Document):
    """Which org this project is about."""

    id: RecordId | None = None
    api_version: str = Field(default="66.0", pattern=r"^\d\d\.0$")
    profile: ProfileName | None = None


class PlanParams(Document):
    """When a plan expires, and what blocks it as a whole."""

    expires_after_hours: float = Field(default=72, gt=0, le=87_600)
    max_share_moved: float = Field(default=0.6, gt=0, le=1)


class ProjectFile(Document):
    """`sfterritory.yaml`."""

    version: Literal[1]
    org: OrgParams = OrgParams()
    profiles: dict[ProfileName, Profile] = Field(default_factory=dict)
    store: str = "sqlite:///.sfterritory/store.db"
    seed: int = Field(default=0, ge=0)
    plan: PlanParams = PlanParams()
    approval: ApprovalPolicy = ApprovalPolicy()
    apply: ApplyParams = ApplyParams()


class SalesforceFile(Document):
    """`mappings/salesforce.yaml`."""

    version: Literal[1]
    pull: PullParams = PullParams()
    extra_fields: dict[Literal["Account", "Lead", "User"], tuple[str, ...]] = Field(
        default_factory=dict
    )
    account: AccountMeaning = AccountMeaning()
    history: dict[Literal["Account", "Lead"], HistoryFields] = Field(default_factory=dict)
