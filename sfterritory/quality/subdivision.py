"""States, provinces and regions (ISO 3166-2) from their codes and names, one country at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sfterritory.quality.fold import fold_initials, fold_name
from sfterritory.quality.postal import fits_area

# Regions of countries whose address forms have no state line, so that the form rules list none.
_REGIONS = {
    "AT": (
        "1 Burgenland; 2 Kärnten, Carinthia; 3 Niederösterreich, Lower Austria; "
        "4 Oberösterreich, Upper Austria; 5 Salzburg; 6 Steiermark, Styria; 7 Tirol, Tyrol; "
        "8 Vorarlberg; 9 Wien, Vienna"
    ),
    "BE": (
        "BRU Brussels, Bruxelles, Brussel, Brussels Capital, Région de Bruxelles Capitale, "
        "Brussels Hoofdstedelijk Gewest; "
        "VLG Vlaanderen, Flanders, Flandre, Vlaams Gewest, Région flamande; "
        "WAL Wallonie, Wallonia, Wallonië, Waals Gewest, Région wallonne; "
        "VAN Antwerpen, Antwerp, Anvers; VBR Vlaams Brabant, Flemish Brabant; "
        "VLI Limburg; VOV Oost Vlaanderen, East Flanders; VWV West Vlaanderen, West Flanders; "
        "WBR Brabant wallon, Walloon Brabant; WHT Hainaut, Henegouwen; WLG Liège, Luik; "
        "WLX Luxembourg, Luxemburg; WNA Namur, Namen"
    ),
    "CH": (
        "AG Aargau, Argovia; AI Appenzell Innerrhoden; AR Appenzell Ausserrhoden; "
        "BE Bern, Berne; BL Basel Landschaft, Baselland; BS Basel Stadt; FR Fribourg, Freiburg; "
        "GE Genève, Geneva, Genf; GL Glarus; GR Graubünden, Grisons; JU Jura; "
        "LU Luzern, Lucerne; NE Neuchâtel, Neuenburg; NW Nidwalden; OW Obwalden; "
        "SG St. Gallen, Saint Gallen, Sankt Gallen; SH Schaffhausen; SO Solothurn; SZ Schwyz; "
        "TG Thurgau; TI Ticino, Tessin; UR Uri; VD Vaud, Waadt; VS Valais, Wallis; ZG Zug; "
        "ZH Zürich, Zurich"
    ),
    "DE": (
        "BB Brandenburg; BE Berlin; BW Baden-Württemberg; BY Bayern, Bavaria; "
        "HB Bremen; HE Hessen, Hesse; HH Hamburg; MV Mecklenburg-Vorpommern; "
        "NI Niedersachsen, Lower Saxony; NW Nordrhein-Westfalen, North Rhine-Westphalia, NRW; "
        "RP Rheinland-Pfalz, Rhineland-Palatinate; SH Schleswig-Holstein; SL Saarland; "
        "SN Sachsen, Saxony; ST Sachsen-Anhalt, Saxony-Anhalt; TH Thüringen, Thuringia"
    ),
    "FR": (
        "ARA Auvergne-Rhône-Alpes; BFC Bourgogne-Franche-Comté; BRE Bretagne, Brittany; "
        "CVL Centre-Val de Loire; 20R Corse, Corsica; GES Grand Est; HDF Hauts-de-France; "
        "IDF Île-de-France; NOR Normandie, Normandy; NAQ Nouvelle-Aquitaine; OCC Occitanie; "
        "PDL Pays de la Loire; PAC Provence-Alpes-Côte d'Azur, PACA"
    ),
    "GB": "ENG England; NIR Northern Ireland; SCT Scotland; WLS Wales, Cymru",
    "NL": (
        "DR Drenthe; FL Flevoland; FR Friesland, Fryslân; GE Gelderland; GR Groningen; "
        "LI Limburg; NB Noord-Brabant, North Brabant; NH Noord-Holland, North Holland; "
        "OV Overijssel; UT Utrecht; ZE Zeeland; ZH Zuid-Holland, South Holland"
    ),
    "NZ": (
        "AUK Auckland; BOP Bay of Plenty; CAN Canterbury; GIS Gisborne; HKB Hawke's Bay; "
        "MBH Marlborough; MWT Manawatu-Whanganui; NSN Nelson; NTL Northland; OTA Otago; "
        "STL Southland; TAS Tasman; TKI Taranaki; WGN Wellington; WKO Waikato; WTC West Coast"
    ),
    "ZA": (
        "EC Eastern Cape; FS Free State; GP Gauteng; KZN KwaZulu-Natal; LP Limpopo; "
        "MP Mpumalanga; NC Northern Cape; NW North West; WC Western Cape"
    ),
}

# Short forms in daily use beside the official codes and names.
_SHORT_FORMS = {
    "CA": "NL Newfoundland, NF, Nfld; ON Ont; PE PEI; QC PQ, Que; BC B C; SK Sask",
    "US": (
        "AL Ala; AZ Ariz; CA Calif; CO Colo; CT Conn; DC Washington DC, Washington D C; "
        "DE Del; FL Fla; IL Ill; IN Ind; KS Kans; MA Mass; MI Mich; MN Minn; "
        "MS Miss; MT Mont; NE Nebr; NV Nev; ND N Dak; OK Okla; OR Ore; PA Penn, Penna; SD S Dak; "
        "TN Tenn; TX Tex; WA Wash; WI Wis, Wisc; WV W Va; WY Wyo"
    ),
}

# Words that say what kind of area follows; without them `Co. Dublin` and `Dublin` are one name.
_KIND_WORDS = frozenset(
    {"canton", "co", "county", "province", "prov", "region", "state", "of", "the", "gewest"}
)


class SubdivisionFacts(Protocol):
    """What is read of a subdivision."""

    @property
    def code(self) -> str:
        """Return the code as in `US-CA`."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names in local and Latin script."""
        ...

    @property
    def postal_pattern(self) -> str:
        """Return how its postal codes begin, empty where that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Subdivision:
    """One state or province.

    Attributes:
        country: ISO 3166-1 alpha-2.
        code: ISO 3166-2, as in `US-CA`.
        postal_pattern: Regular expression of how its postal codes begin; empty where not known.
    """

    country: str
    code: str
    postal_pattern: str


@dataclass(frozen=True, slots=True)
class SubdivisionTable:
    """The subdivisions of one country.

    Attributes:
        all: In ascending order of code; empty where no list is at hand.
        by_name: By folded code and name; names that two of them share are left out.
    """

    all: tuple[Subdivision, ...]
    by_name: Mapping[str, Subdivision]

    @classmethod
    def of(cls, country: str, facts: Iterable[SubdivisionFacts]) -> SubdivisionTable:
        """Index a country's list, or the built-in regions where the list is empty."""
        areas: dict[str, Subdivision] = {}
        names: list[tuple[str, str]] = []
        for fact in facts:
            areas[fact.code] = Subdivision(country, fact.code, fact.postal_pattern)
            names += [(name, fact.code) for name in fact.names]
        if not areas:
            for name, code in _parsed(country, _REGIONS.get(country, "")):
                areas[code] = Subdivision(country, code, "")
                names.append((name, code))
        names += _parsed(country, _SHORT_FORMS.get(country, ""))
        names = [pair for pair in names if pair[1] in areas]
        codes = [(form, code) for code in areas for form in (code, code.partition("-")[2])]
        by_name: dict[str, Subdivision] = {}
        kindless = [(_without_kind(name), code) for name, code in names]
        joined = [(fold_name(name).replace(" ", ""), code) for name, code in names]
        for rank in (codes, names, kindless, joined):
            _add(by_name, rank, areas=areas)
        return cls(tuple(areas[code] for code in sorted(areas)), by_name)

    def find(self, text: str) -> Subdivision | None:
        """Return the subdivision of this code or name, None where there is none."""
        folded = fold_name(text)
        for form in (folded, fold_initials(folded), _without_kind(text)):
            if form in self.by_name:
                return self.by_name[form]
        return None

    def holding(self, postal_code: str) -> tuple[Subdivision, ...]:
        """Return the subdivisions whose postal codes begin as this one does."""
        return tuple(
            area
            for area in self.all
            if area.postal_pattern and fits_area(postal_code, area.postal_pattern)
        )


def _parsed(country: str, text: str) -> list[tuple[str, str]]:
    """Read `CODE name, name; CODE name` as pairs of name and full code."""
    pairs = []
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        local, _, names = entry.partition(" ")
        pairs += [(name.strip(), f"{country}-{local}") for name in names.split(",")]
    return pairs


def _add(
    index: dict[str, Subdivision],
    pairs: Iterable[tuple[str, str]],
    *,
    areas: Mapping[str, Subdivision],
) -> None:
    rank: dict[str, set[str]] = {}
    for name, code in pairs:
        folded = fold_name(name)
        for form in {folded, fold_initials(folded)} - set(index) - {""}:
            rank.setdefault(form, set()).add(code)
    index.update({form: areas[min(codes)] for form, codes in rank.items() if len(codes) == 1})


def _without_kind(text: str) -> str:
    words = fold_name(text).split()
    return " ".join([word for word in words if word not in _KIND_WORDS] or words)
