"""Deeds of the user interface as documents, for the admin endpoint and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.interface import (
    convert_lead,
    delete_record,
    edit_record,
    merge_records,
    object_of,
    touch_record,
    undelete_record,
    user_named,
)
from sfterritory.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from sfterritory.sandbox.state import SandboxState

Told = dict[str, Any]


class _Act(BaseModel):
    """Something that a person does.

    Attributes:
        by: Username or id of the person; None is the API's own user.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    by: str | None = None


class Edit(_Act):
    """Change fields of a record."""

    act: Literal["edit"] = "edit"
    id: str
    values: dict[str, str | int | float | bool | None] = Field(min_length=1)
    with_children: bool = False

    def perform(self, state: SandboxState, user_id: str) -> Told:
        """Do it."""
        described = object_of(state, self.id)
        edit_record(
            state,
            described.name,
            self.id,
            self.values,
            by=user_id,
            with_children=self.with_children,
        )
        return {"id": self.id}


class Delete(_Act):
    """Put a record into the recycle bin."""

    act: Literal["delete"] = "delete"
    id: str

    def perform(self, state: SandboxState, user_id: str) -> Told:
        """Do it."""
        delete_record(state, self.id, by=user_id)
        return {"id": self.id}


class Undelete(_Act):
    """Take a record out of the recycle bin."""

    act: Literal["undelete"] = "undelete"
    id: str

    def perform(self, state: SandboxState, user_id: str) -> Told:
        """Do it."""
        undelete_record(state, self.id, by=user_id)
        return {"id": self.id}


class Merge(_Act):
    """Merge one or two records into another one."""

    act: Literal["merge"] = "merge"
    id: str
    losers: tuple[str, ...]

    def perform(self, state: SandboxState, user_id: str) -> Told:
        """Do it."""
        merge_records(state, self.id, self.losers, by=user_id)
        return {"id": self.id}


class Convert(_Act):
    """Convert a lead."""

    act: Literal["convert"] = "convert"
    id: str
    account: str | None = None
    opportunity: str | None = None

    def perform(self, state: SandboxState, user_id: str) -> Told:
        """Do it, and tell what the lead became."""
        made = convert_lead(
            state,
            self.id,
            by=user_id,
            account_id=self.account,
            opportunity_name=self.opportunity,
        )
        return {
            "id": self.id,
            "account": made.account_id,
            "contact": made.contact_id,
            "opportunity": made.opportunity_id,
        }


class Touch(_Act):
    """Move SystemModstamp alone, as background work does."""

    act: Literal["touch"] = "touch"
    id: str

    def perform(self, state: SandboxState, user_id: str) -> Told:  # noqa: ARG002 - nobody did it
        """Do it."""
        touch_record(state, self.id)
        return {"id": self.id}


Act: TypeAlias = Annotated[
    Edit | Delete | Undelete | Merge | Convert | Touch, Field(discriminator="act")
]
_ADAPTER: TypeAdapter[Act] = TypeAdapter(Act)


def perform(state: SandboxState, value: Any) -> Told:
    """Do what a JSON value says, and tell the ids concerned.

    Raises:
        SandboxError: It is no act, or the platform would not do it.
    """
    try:
        act = _ADAPTER.validate_python(value)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in one['loc']) or 'act'}: {one['msg']}"
            for one in error.errors()
        ]
        raise SandboxError(
            "\n".join(lines), remedy='write e.g. {"act": "delete", "id": "001..."}'
        ) from error
    try:
        return act.perform(state, user_named(state, act.by))
    except RefusedError as error:
        raise SandboxError(str(error), remedy="Salesforce would refuse it too") from error
