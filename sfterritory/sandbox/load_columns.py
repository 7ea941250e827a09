"""Which column of a CSV fills which field: given by the user, or guessed from its heading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sfterritory.sandbox.objects.everything import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfterritory.sandbox.schema import ObjectDef

# What --map calls a file, and the object that its rows become.
KINDS = {"users": "User", "accounts": "Account", "leads": "Lead"}
# What an org has whose administrator switched no feature on.
_PLAIN = EVERYTHING.with_features(frozenset())
OWNER = "Owner"  # an id, a username or a unique name; becomes OwnerId

_ADDRESS = {
    "street": "Street",
    "address": "Street",
    "address1": "Street",
    "city": "City",
    "town": "City",
    "state": "State",
    "stateprovince": "State",
    "province": "State",
    "region": "State",
    "zip": "PostalCode",
    "zipcode": "PostalCode",
    "postalcode": "PostalCode",
    "postcode": "PostalCode",
    "plz": "PostalCode",
    "country": "Country",
    "countrycode": "Country",
    "latitude": "Latitude",
    "lat": "Latitude",
    "longitude": "Longitude",
    "lon": "Longitude",
    "lng": "Longitude",
    "long": "Longitude",
}
_COMMON = {
    "owner": OWNER,
    "ownername": OWNER,
    "ownerusername": OWNER,
    "ownerid": OWNER,
    "phone": "Phone",
    "telephone": "Phone",
    "website": "Website",
    "url": "Website",
    "industry": "Industry",
    "rating": "Rating",
    "revenue": "AnnualRevenue",
    "employees": "NumberOfEmployees",
    "email": "Email",
    "title": "Title",
    "source": "LeadSource",
}
# Several headings may fill one field: the first that is not blank in a row does.
_NAMES = {
    "User": {"name": "Name", "fullname": "Name"},
    "Account": {"name": "Name", "company": "Name", "companyname": "Name", "brand": "Name"},
    "Lead": {"name": "Company", "company": "Company", "companyname": "Company"},
}


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How one file is read.

    Attributes:
        sources: For each field (or `Owner`): positions of the columns, first not blank wins.
        unused: Headings that fill nothing.
    """

    sources: Mapping[str, tuple[int, ...]]
    unused: tuple[str, ...]


def plan_columns(
    kind: str, headings: Sequence[str], given: Mapping[str, str]
) -> tuple[ColumnPlan, list[str]]:
    """Return how to read a file with these headings, and every mistake in the given mapping.

    Args:
        kind: `users`, `accounts` or `leads`.
        headings: The first row.
        given: Field to heading, or to several headings joined by `|`.
    """
    described = _PLAIN.objects[KINDS[kind]]
    places = {heading: place for place, heading in reversed(list(enumerate(headings)))}
    sources: dict[str, tuple[int, ...]] = {}
    problems: list[str] = []
    for name, columns in given.items():
        field = _field_name(described, name)
        if field is None:
            problems.append(f"--map {kind}.{name}: {_unknown_field(described, name)}")
            continue
        wanted = [one.strip() for one in columns.split("|")]
        missing = [one for one in wanted if one not in places]
        problems += [
            f"--map {kind}.{name}={columns}: no column {one!r} among {', '.join(headings)}"
            for one in missing
        ]
        sources[field] = tuple(places[one] for one in wanted if one in places)
    taken = {place for columns in sources.values() for place in columns}
    for place, heading in enumerate(headings):
        field = _guessed(described, heading)
        if place in taken or field is None or field in given:
            continue
        present = sources.get(field, ())
        # A heading that is the field's own name comes before one that only means it.
        own_name = heading.strip().lower() == field.lower()
        sources[field] = (place, *present) if own_name else (*present, place)
        taken.add(place)
    unused = tuple(one for place, one in enumerate(headings) if place not in taken)
    return ColumnPlan(sources, unused), problems


def _field_name(described: ObjectDef, name: str) -> str | None:
    if name.lower() in {"owner", "ownerid"} and described.has("OwnerId"):
        return OWNER
    field = described.find(name)
    return field.name if field is not None and field.stored else None


def _unknown_field(described: ObjectDef, name: str) -> str:
    names = [field.name for field in described.columns]
    close = get_close_matches(name, names, n=1)
    hint = f", did you mean {close[0]}?" if close else ""
    return f"{described.name} has no field {name!r}{hint}"


def _guessed(described: ObjectDef, heading: str) -> str | None:
    """Return the field that a heading speaks of, or None."""
    exact = _field_name(described, heading.strip())
    if exact is not None and not (exact == "Name" and described.name == "Lead"):
        return exact
    plain = re.sub(r"[^a-z0-9]", "", heading.lower())
    prefix = described.name.lower()
    if plain.startswith(prefix) and plain not in {f"{prefix}id", prefix}:
        plain = plain.removeprefix(prefix)
    if plain in _ADDRESS:
        return f"{'Billing' if described.name == 'Account' else ''}{_ADDRESS[plain]}"
    guess = _NAMES[described.name].get(plain) or _COMMON.get(plain)
    return _field_name(described, guess) if guess else None
