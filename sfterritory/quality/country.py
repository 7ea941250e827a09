"""Countries from any spelling in any language: exact look-up of folded names, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sfterritory.quality.fold import fold_initials, fold_name

# Names people write that no table of country names holds.
_ALIASES = {
    "AE": "Emirates; UAE",
    "BA": "Bosnia",
    "CD": "DR Congo; DRC; Zaire; Democratic Republic of the Congo; Congo DR; RDC",
    "CG": "Republic of the Congo; Congo Brazzaville; Republic of Congo",
    "CH": "Swiss; Confoederatio Helvetica; Swiss Confederation",
    "CI": "Ivory Coast",
    "CN": "PRC; PR China; P R China; People's Republic of China; Mainland China",
    "CZ": "Czech; Czech Republic",
    "DE": "BRD; Federal Republic of Germany; Bundesrepublik Deutschland",
    "FR": "Republique Francaise; French Republic",
    "GB": (
        "UK; Great Britain; England; Scotland; Wales; Northern Ireland; Britain; GBR; "
        "United Kingdom of Great Britain and Northern Ireland; UK of GB; "
        "Großbritannien; Grande-Bretagne; Gran Bretagna; Gran Bretaña; Groot-Brittannië; "
        "Великобритания"
    ),
    "GR": "EL; Hellas; Hellenic Republic",
    "HK": "Hong Kong; Hongkong; Hong Kong SAR",
    "IE": "Eire; Republic of Ireland; Irish Republic",
    "IR": "Islamic Republic of Iran; Persia",
    "KP": "DPRK; Democratic People's Republic of Korea",
    "KR": "Korea; Republic of Korea; ROK; South Korea; S Korea; Korea South; Korea Republic of",
    "LA": "Lao PDR; Lao People's Democratic Republic",
    "MD": "Republic of Moldova",
    "MK": "Macedonia; FYROM; Former Yugoslav Republic of Macedonia",
    "MM": "Burma",
    "MO": "Macau; Macao",
    "NL": "Holland; The Netherlands; Netherlands The; Nederlands",
    "PS": "Palestine; State of Palestine",
    "RU": "Russian Federation",
    "SK": "Slovak Republic",
    "SY": "Syrian Arab Republic",
    "TR": "Turkey; Turkiye; Republic of Turkiye",
    "TW": "Taiwan ROC; Taiwan R O C; Republic of China; Chinese Taipei; Taiwan Province of China",
    "TZ": "United Republic of Tanzania",
    "US": (
        "US of A; USA; United States of America; The United States; America; U S; "
        "United States US; The States; EUA; EEUU; EE UU; Vereinigte Staaten von Amerika; США"
    ),
    "VA": "Holy See; Vatican",
    "VN": "Viet Nam",
}

# Names that more than one country bears today: no spelling table may settle them.
_SHARED_NAMES = {
    "congo": ("CD", "CG"),
    "kongo": ("CD", "CG"),
    "virgin islands": ("VG", "VI"),
    "saint martin": ("MF", "SX"),
    "st martin": ("MF", "SX"),
}

# A country that shares its name with a state: beside that country's states it may mean either.
STATE_NAMESAKES = {"georgia": "US"}

# `Myanmar (Burma)`. What stands inside is not a name by itself: `Virgin Islands (U.S.)`.
_PARENTHESES = re.compile("\\s*[(\uff08].+[)\uff09]\\s*$")  # full-width ones too


class CountryNames(Protocol):
    """What is read of a country's names."""

    @property
    def code(self) -> str:
        """Return the ISO 3166-1 alpha-2 code."""
        ...

    @property
    def code3(self) -> str:
        """Return the ISO 3166-1 alpha-3 code."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names in many languages, English first."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class CountryTable:
    """Countries by folded name or code.

    Attributes:
        codes_by_name: ISO 3166-1 alpha-2 codes that a folded name may mean; one, or several.
    """

    codes_by_name: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, countries: Iterable[CountryNames]) -> CountryTable:
        """Index names; where they clash, codes beat own aliases beat English beat other names."""
        listed = sorted(countries, key=lambda country: country.code)
        known = {country.code for country in listed}
        index: dict[str, tuple[str, ...]] = {}
        aliases = [
            (alias, code)
            for code, text in sorted(_ALIASES.items())
            if code in known
            for alias in text.split(";")
        ]
        _add(index, ((form, c.code) for c in listed for form in (c.code, c.code3) if form))
        index.update({name: codes for name, codes in _SHARED_NAMES.items() if known >= set(codes)})
        _add(index, aliases)
        _add(index, ((name, c.code) for c in listed for name in c.names[:1]))
        _add(index, ((name, c.code) for c in listed for name in c.names[1:]))
        _add(index, ((_PARENTHESES.sub("", name), c.code) for c in listed for name in c.names))
        return cls(index)

    def find(self, text: str) -> tuple[str, ...]:
        """Return the codes that a text may mean: none, one, or the several that share the name."""
        folded = fold_name(text)
        return self.codes_by_name.get(folded) or self.codes_by_name.get(fold_initials(folded), ())


def _add(index: dict[str, tuple[str, ...]], names: Iterable[tuple[str, str]]) -> None:
    """Add one rank of names: a name that a higher rank holds is left alone."""
    rank: dict[str, set[str]] = {}
    for name, code in names:
        folded = fold_name(name)
        for form in (folded, fold_initials(folded)):
            if form and form not in index:
                rank.setdefault(form, set()).add(code)
    index.update({name: tuple(sorted(codes)) for name, codes in rank.items()})
