"""What an org's administrator declares: checks on save, locks, permissions, history tracking.

Each is a frozen document, told apart by `kind`; the state file keeps them as JSON. Names of
objects and fields are checked against the schema when a rule is added.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

Operator = Literal[
    "equals", "not_equals", "less", "greater", "contains", "empty", "filled", "changed"
]


class _Document(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")


class Condition(_Document):
    """One comparison of a record's field; `empty`, `filled` and `changed` take no value."""

    field: str
    operator: Operator = "equals"
    value: str | float | bool | None = None


class ValidationRule(_Document):
    """Refuse a save whose record meets every condition: FIELD_CUSTOM_VALIDATION_EXCEPTION.

    Attributes:
        error_field: The field that the error names; None puts it on top of the page.
    """

    kind: Literal["validation"] = "validation"
    object: str
    name: str = "rule"
    conditions: tuple[Condition, ...] = Field(min_length=1)
    message: str = Field(min_length=1)
    error_field: str | None = None


class TriggerFailure(_Document):
    """Refuse a save as an Apex trigger that throws does: CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY.

    Attributes:
        message: What the trigger throws; a text that begins with a status code wraps it.
    """

    kind: Literal["trigger"] = "trigger"
    object: str
    name: str = "OwnerGuard"
    conditions: tuple[Condition, ...] = ()
    message: str = "System.NullPointerException: Attempt to de-reference a null object"
    when: Literal["Before", "After"] = "Before"


class DuplicateRule(_Document):
    """Find records that have the same values in all named fields; blank values match nothing.

    Attributes:
        action: `alert` yields to `Sforce-Duplicate-Rule-Header: allowSave=true`, `block` never.
        on_update: Whether it looks at updates too.
    """

    kind: Literal["duplicate"] = "duplicate"
    object: str
    name: str = "Duplicates"
    fields: tuple[str, ...] = Field(min_length=1)
    action: Literal["alert", "block"] = "block"
    on_update: bool = True
    message: str = "You're creating a duplicate record. We recommend you use an existing record."


class RowLock(_Document):
    """Refuse saves of a record and of its children: UNABLE_TO_LOCK_ROW.

    Attributes:
        record_id: The locked record, often the parent of those that are saved.
        until: The server's time at which the lock ends.
        attempts: Refusals after which it ends, counted since the server started.
    """

    kind: Literal["row_lock"] = "row_lock"
    record_id: str
    until: AwareDatetime | None = None
    attempts: int | None = Field(default=None, ge=1)


class Approval(_Document):
    """A record is locked while it waits for approval: ENTITY_IS_LOCKED."""

    kind: Literal["approval"] = "approval"
    record_id: str


class FieldPermission(_Document):
    """What users of a profile may do with a field; `profile` is its name or id."""

    kind: Literal["field_permission"] = "field_permission"
    profile: str
    object: str
    field: str
    access: Literal["hidden", "read_only"] = "hidden"


class ObjectPermission(_Document):
    """What users of a profile may do with an object; `profile` is its name or id."""

    kind: Literal["object_permission"] = "object_permission"
    profile: str
    object: str
    access: Literal["hidden", "read_only"] = "hidden"


class Tracking(_Document):
    """Whether history keeps the changes of a field."""

    kind: Literal["tracking"] = "tracking"
    object: str
    field: str
    tracked: bool


Rule: TypeAlias = Annotated[
    ValidationRule
    | TriggerFailure
    | DuplicateRule
    | RowLock
    | Approval
    | FieldPermission
    | ObjectPermission
    | Tracking,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[Rule] = TypeAdapter(Rule)
KINDS = (
    "validation",
    "trigger",
    "duplicate",
    "row_lock",
    "approval",
    "field_permission",
    "object_permission",
    "tracking",
)


def parsed_rule(value: Any) -> Rule:
    """Return a rule from its JSON value.

    Raises:
        pydantic.ValidationError: It is no rule.
    """
    return _ADAPTER.validate_python(value)


def rule_from_text(text: str) -> Rule:
    """Return a rule from its JSON text.

    Raises:
        pydantic.ValidationError: It is no rule.
    """
    return _ADAPTER.validate_json(text)
