"""How fields are declared: constructors, and the fields that many objects share."""

from __future__ import annotations

from sfterritory.sandbox.country import COUNTRY_CODES, STATE_CODES
from sfterritory.sandbox.objects.values import CURRENCIES, GEOCODE_ACCURACIES
from sfterritory.sandbox.schema import FieldDef, FieldType

PERSONS = "person_accounts"
PLACES = "state_country_picklists"
MONEY = "multi_currency"
TERRITORIES = "territories"


def field(name: str, label: str, kind: FieldType, **facts: object) -> FieldDef:
    """Return a field."""
    return FieldDef(name=name, label=label, type=kind, **facts)  # type: ignore[arg-type]  # checked by the dataclass's own names


def text(name: str, label: str, length: int, **facts: object) -> FieldDef:
    """Return a text field of so many characters."""
    return field(name, label, "string", length=length, **facts)


def picklist(name: str, label: str, values: tuple[str, ...], **facts: object) -> FieldDef:
    """Return a picklist field."""
    facts.setdefault("length", 255)
    return field(name, label, "picklist", picklist=values, **facts)


def reference(name: str, label: str, to: tuple[str, ...], **facts: object) -> FieldDef:
    """Return a lookup; its relationship is called as the field without `Id`."""
    relationship = name.removesuffix("Id") if name.endswith("Id") else None
    facts.setdefault("relationship_name", relationship)
    return field(name, label, "reference", length=18, reference_to=to, **facts)


READ_ONLY = {"createable": False, "updateable": False}
ID = field("Id", "Record ID", "id", length=18, nillable=False, **READ_ONLY)
DELETED = field("IsDeleted", "Deleted", "boolean", nillable=False, default=0, **READ_ONLY)
STAMPS = (
    field("CreatedDate", "Created Date", "datetime", nillable=False, **READ_ONLY),
    reference("CreatedById", "Created By ID", ("User",), nillable=False, **READ_ONLY),
    field("LastModifiedDate", "Last Modified Date", "datetime", nillable=False, **READ_ONLY),
    reference("LastModifiedById", "Last Modified By ID", ("User",), nillable=False, **READ_ONLY),
    field("SystemModstamp", "System Modstamp", "datetime", nillable=False, **READ_ONLY),
)


CURRENCY = picklist(
    "CurrencyIsoCode",
    "Currency ISO Code",
    CURRENCIES,
    length=3,
    default="USD",
    restricted=True,
    feature=MONEY,
)


def owner(*to: str) -> FieldDef:
    """Return the field that names the owner, tracked in history as `Owner`."""
    return reference(
        "OwnerId", "Owner ID", to, nillable=False, tracked=True, name_in_history="Owner"
    )


def address(prefix: str, label: str, *, feature: str = "") -> tuple[FieldDef, ...]:
    """Return the parts of an address and the compound field over them."""
    spoken = f"{label} " if label else ""
    coded = f"{feature}+{PLACES}" if feature else PLACES

    def part(name: str, spoken_name: str, kind: FieldType, **facts: object) -> FieldDef:
        facts.setdefault("feature", feature)
        return field(f"{prefix}{name}", f"{spoken}{spoken_name}", kind, **facts)

    parts = {
        "street": part("Street", "Street", "textarea", length=255),
        "city": part("City", "City", "string", length=40),
        "state": part("State", "State/Province", "string", length=80),
        "postalCode": part("PostalCode", "Zip/Postal Code", "string", length=20),
        "country": part("Country", "Country", "string", length=80),
        "latitude": part("Latitude", "Latitude", "double", precision=18, scale=15),
        "longitude": part("Longitude", "Longitude", "double", precision=18, scale=15),
        "geocodeAccuracy": part(
            "GeocodeAccuracy",
            "Geocode Accuracy",
            "picklist",
            length=40,
            picklist=GEOCODE_ACCURACIES,
            restricted=True,
        ),
        "stateCode": part(
            "StateCode",
            "State/Province Code",
            "picklist",
            length=10,
            picklist=STATE_CODES,
            controller=f"{prefix}CountryCode",
            feature=coded,
        ),
        "countryCode": part(
            "CountryCode",
            "Country Code",
            "picklist",
            length=10,
            picklist=COUNTRY_CODES,
            feature=coded,
        ),
    }
    compound = part(
        "Address",
        "Address",
        "address",
        components=tuple((name, one.name) for name, one in parts.items()),
        filterable=False,
        **READ_ONLY,
    )
    return (*parts.values(), compound)
