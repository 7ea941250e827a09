"""Every kind of fault, by name, and how a fault is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.faults import body, drift, instead, rows, wire, world

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfterritory.sandbox.faults.document import Fault

_KINDS: tuple[type[Fault], ...] = (
    wire.Cut,
    wire.HangUp,
    wire.ShortBody,
    wire.Slow,
    instead.ServerError,
    instead.Limit,
    instead.Refuse,
    instead.RefuseSignIn,
    instead.Redirect,
    instead.LostAnswer,
    body.BrokenJson,
    body.WrongType,
    body.MissingColumn,
    body.NulBytes,
    body.DuplicatePage,
    body.WrongCount,
    body.RepeatedLocator,
    body.JobStuck,
    rows.LockRows,
    rows.FailRows,
    rows.RewriteRows,
    world.EndSessions,
    world.Edit,
    world.DeleteRecord,
    world.MergeRecord,
    world.DeactivateUser,
    world.DeleteQueue,
    world.JobEnded,
    world.ClockSkew,
    drift.FieldGone,
    drift.FieldRenamed,
    drift.FieldTypeChanged,
    drift.PicklistValue,
    drift.ObjectGone,
)
KINDS: Mapping[str, type[Fault]] = {one.model_fields["kind"].default: one for one in _KINDS}


def fault_from(values: Mapping[str, Any]) -> Fault:
    """Return a fault as it is written: its kind, and whatever differs from the defaults.

    Raises:
        SandboxError: Names every parameter that does not exist or does not take its value.
    """
    name = values.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise SandboxError(
            f"there is no fault {name!r}", remedy=f"use one of {', '.join(sorted(KINDS))}"
        )
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        known = sorted(set(kind.model_fields) - {"kind"})
        problems = [
            f"{'.'.join(map(str, one['loc'])) or name}: {one['msg']}, not {one['input']!r}"
            for one in error.errors()
        ]
        raise SandboxError(
            "\n".join(problems), remedy=f"{name} takes {', '.join(known)}"
        ) from error


def fault_values(fault: Fault) -> dict[str, Any]:
    """Return a fault as it is written."""
    return {"kind": fault.kind, **fault.model_dump(mode="json", exclude_defaults=True)}
