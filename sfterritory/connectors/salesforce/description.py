"""What the signed-in user may see and change of an object, from Salesforce's describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from sfterritory.connectors.salesforce.address import CHECK_ADDRESS
from sfterritory.connectors.salesforce.faults import BadAnswerError
from sfterritory.errors import ConnectorError
from sfterritory.model.document import Document

# Compound fields exist beside their parts; Bulk API refuses them and the parts say the same.
COMPOUND_TYPES = frozenset({"address", "location"})


class FieldDescription(Document):
    """One field, as the signed-in user sees it."""

    name: str
    type: str
    updateable: bool
    nillable: bool
    length: int
    reference_to: tuple[str, ...] = ()


class ObjectDescription(Document):
    """One object, with the fields that the signed-in user may read, by their API name."""

    name: str
    queryable: bool
    updateable: bool
    fields: Mapping[str, FieldDescription]


def description_from(answer: Mapping[str, Any]) -> ObjectDescription:
    """Return the part of a describe answer that we rely on.

    Raises:
        BadAnswerError: The answer lacks something that every describe has.
    """
    try:
        return ObjectDescription(
            name=answer["name"],
            queryable=answer["queryable"],
            updateable=answer["updateable"],
            fields={
                field["name"]: FieldDescription(
                    name=field["name"],
                    type=field["type"],
                    updateable=field["updateable"],
                    nillable=field["nillable"],
                    length=field["length"],
                    reference_to=tuple(field.get("referenceTo") or ()),
                )
                for field in answer["fields"]
            },
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise BadAnswerError(
            f"the description of {answer.get('name', 'an object')} is not in the agreed form: "
            f"{error}",
            remedy=CHECK_ADDRESS,
        ) from error


def readable_fields(
    description: ObjectDescription, wanted: Iterable[str], *, required: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split the wanted fields into (present, missing), in the order wanted.

    A parent path (`Owner.Name`) is present when its lookup (`OwnerId`, or `Custom__c` for
    `Custom__r`) is. Names are matched without regard to case and come back as the org writes them.
    Compound fields count as missing.

    Raises:
        ConnectorError: A required field is not readable; all of them are named.
    """
    by_lowered = {
        name.casefold(): field.name
        for name, field in description.fields.items()
        if field.type not in COMPOUND_TYPES
    }
    present: list[str] = []
    missing: list[str] = []
    for field in dict.fromkeys((*required, *wanted)):
        lookup, dot, rest = field.partition(".")
        found = by_lowered.get(_lookup_field(lookup) if dot else field.casefold())
        if found is None:
            missing.append(field)
        else:
            present.append(f"{lookup}.{rest}" if dot else found)
    lost = [field for field in required if field in missing]
    if lost:
        raise ConnectorError(
            "\n".join(f"{description.name}.{field} is not readable" for field in lost),
            remedy="give the integration user read access to the field (field-level security in "
            "its permission set), or correct the name in mappings/",
        )
    return tuple(dict.fromkeys(present)), tuple(missing)


def _lookup_field(relationship: str) -> str:
    """Return the lookup behind a relationship name, in lower case."""
    lowered = relationship.casefold()
    return f"{lowered[:-1]}c" if lowered.endswith("__r") else f"{lowered}id"
