"""The judgement on one combination of country, state and postal code."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sfterritory.quality.cause import Cause, Field
from sfterritory.quality.country import STATE_NAMESAKES
from sfterritory.quality.fold import fold_initials, fold_name
from sfterritory.quality.postal import canonical_postal_code, fits_area
from sfterritory.quality.reference import AddressReference, Country
from sfterritory.quality.subdivision import Subdivision

# Not `NA`: Namibia, and the province of Naples.
_PLACEHOLDERS = frozenset(
    {"n/a", "n.a.", "#n/a", "none", "null", "nil", "unknown", "tbd", "tba", "not available", "test"}
)
_NOTHING = re.compile(r"[\W_]*|0{3,}|9{4,}|[xX]{2,}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a combination of country, state and postal code stands for.

    Attributes:
        country: ISO 3166-1 alpha-2.
        subdivision: ISO 3166-2.
        postal_code: The country's spelling, or the trimmed text where the country is not known.
        contradicts: The postal code lies in another subdivision.
        rejects: (field, value as typed, cause) for each value refused.
    """

    country: str | None
    subdivision: str | None
    postal_code: str | None
    contradicts: bool
    rejects: tuple[tuple[str, str | None, str], ...]


@dataclass(slots=True)
class _Case:
    """One combination while it is judged: the texts as typed, and the complaints so far."""

    country: str | None
    subdivision: str | None
    postal_code: str | None
    rejects: list[tuple[str, str | None, str]] = field(default_factory=list)

    def reject(self, part: Field, cause: Cause) -> None:
        value: str | None = getattr(self, part.value)
        self.rejects.append((part, value, cause))


@dataclass(frozen=True, slots=True)
class _Texts:
    """The trimmed texts, None where they stand for nothing."""

    country: str | None
    area: str | None
    code: str | None


def judge(
    country: str | None,
    subdivision: str | None,
    postal_code: str | None,
    *,
    reference: AddressReference,
    among: Collection[str] | None = None,
) -> Verdict:
    """Normalise the coded parts of an address.

    A country that is given and known is never overruled: if state and postal code both belong
    to exactly one other, that is reported. A country that is missing, unknown or ambiguous is
    told from the two where they agree on exactly one.

    Args:
        country: As typed, None where nothing is given; so are the others.
        subdivision: As typed.
        postal_code: As typed.
        reference: What is known of the world.
        among: Countries that may be told from state and postal code; None is any.
    """
    case = _Case(country, subdivision, postal_code)
    texts = _Texts(
        _meaningful(case, Field.COUNTRY),
        _meaningful(case, Field.SUBDIVISION),
        _meaningful(case, Field.POSTAL_CODE),
    )
    texts = _in_place(case, texts, reference)
    home = _country(case, texts, reference, among=among)
    if home is None:
        code = texts.code
        if code is not None and not _has_digit(code):
            case.reject(Field.POSTAL_CODE, Cause.POSTAL_CODE_HAS_NO_DIGIT)
            code = None
        return Verdict(None, None, code, contradicts=False, rejects=tuple(case.rejects))
    area = _area(case, home, texts.area)
    code = _code(case, home, area, texts.code)
    if area is None and code is not None:
        holding = home.subdivisions.holding(code)
        area = holding[0] if len(holding) == 1 else None
    contradicts = bool(area and code and not fits_area(code, area.postal_pattern))
    if contradicts:
        case.reject(Field.POSTAL_CODE, Cause.POSTAL_CODE_CONTRADICTS_SUBDIVISION)
    return Verdict(
        home.code,
        area.code if area else None,
        code,
        contradicts=contradicts,
        rejects=tuple(case.rejects),
    )


def tidy_city(text: str) -> tuple[str | None, Cause | None]:
    """Return the city with single blanks, in title case if it was all capitals, or its cause."""
    if _says_nothing(text):
        return None, Cause.PLACEHOLDER if text.strip() else None
    trimmed = " ".join(text.split())
    if len(trimmed) < 4 or not trimmed.isupper():
        return trimmed, None
    return _WORD.sub(lambda word: word[0][0] + word[0][1:].lower(), trimmed), None


# A letter after an apostrophe begins a word (O'Fallon), unless it is a lone `s` (St. Mary's).
_WORD = re.compile("[^\\W\\d_]+(?:['\u2019][Ss]\\b)?")


def _says_nothing(text: str) -> bool:
    folded = text.strip().casefold()
    return folded in _PLACEHOLDERS or _NOTHING.fullmatch(folded) is not None


def _meaningful(case: _Case, part: Field) -> str | None:
    """Return the trimmed text, None where it stands for nothing."""
    text: str | None = getattr(case, part.value)
    if text is None or not text.strip():
        return None
    if _says_nothing(text):
        case.reject(part, Cause.PLACEHOLDER)
        return None
    return " ".join(text.split())


def _in_place(case: _Case, texts: _Texts, reference: AddressReference) -> _Texts:
    """Put values that stand in a neighbour's field where they belong, if that is empty."""
    country, area, code = texts.country, texts.area, texts.code
    if country is None and area is not None and _is_country(area, code, reference):
        case.reject(Field.SUBDIVISION, Cause.SUBDIVISION_IS_COUNTRY)
        country, area = area, None
    code_in_area = area is not None and sum(letter.isdigit() for letter in area) >= 4
    area_in_code = code is not None and _is_area(code, reference)
    if code_in_area:
        case.reject(Field.SUBDIVISION, Cause.SUBDIVISION_IS_POSTAL_CODE)
    if area_in_code:
        case.reject(Field.POSTAL_CODE, Cause.POSTAL_CODE_IS_SUBDIVISION)
    elif code_in_area and code is not None and not _has_digit(code):
        case.reject(Field.POSTAL_CODE, Cause.POSTAL_CODE_HAS_NO_DIGIT)
        code = None
    moved_area = code if area_in_code else None
    moved_code = area if code_in_area else None
    return _Texts(
        country,
        moved_area if area is None or code_in_area else area,
        moved_code if code is None or area_in_code else code,
    )


def _is_country(text: str, code: str | None, reference: AddressReference) -> bool:
    """Tell a country in the state field from a state: `US` is also Usulután in El Salvador."""
    found = reference.names.find(text)
    if len(found) != 1:
        return False
    shifted = code is not None and reference.countries[found[0]].subdivisions.find(code) is not None
    return shifted or not _areas_anywhere(text, reference)


def _is_area(text: str, reference: AddressReference) -> bool:
    return not _has_digit(text) and bool(_areas_anywhere(text, reference))


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _areas_anywhere(text: str, reference: AddressReference) -> Sequence[Subdivision]:
    folded = fold_name(text)
    areas = reference.areas_by_name
    return areas.get(folded) or areas.get(fold_initials(folded)) or ()


def _country(
    case: _Case, texts: _Texts, reference: AddressReference, *, among: Collection[str] | None
) -> Country | None:
    """Return the country as given, else the one that state and postal code agree on."""
    if texts.country is None:
        told = _agreed(texts, reference, among=among)
        if told is None and (texts.area is not None or texts.code is not None):
            case.reject(Field.COUNTRY, Cause.COUNTRY_MISSING)
        return told
    found = reference.names.find(texts.country)
    if not found:
        case.reject(Field.COUNTRY, Cause.COUNTRY_UNKNOWN)
        return _agreed(texts, reference, among=among)
    if len(found) > 1 or _may_be_state(texts, reference):
        case.reject(Field.COUNTRY, Cause.COUNTRY_AMBIGUOUS)
        return _agreed(texts, reference, among=among)
    home = reference.countries[found[0]]
    if texts.area is None or texts.code is None or home.subdivisions.find(texts.area):
        return home
    if _spelled(home, None, texts.code) is None and _agreed(texts, reference, among=None):
        case.reject(Field.COUNTRY, Cause.COUNTRY_CONTRADICTED)
    return home


def _agreed(
    texts: _Texts, reference: AddressReference, *, among: Collection[str] | None
) -> Country | None:
    """Return the one country in which the postal code lies in the state, None if not just one."""
    if texts.area is None or texts.code is None:
        return None
    agreeing = set()
    for area in _areas_anywhere(texts.area, reference):
        if among is None or area.country in among:
            code = _spelled(reference.countries[area.country], area, texts.code)
            if code is not None and fits_area(code, area.postal_pattern):
                agreeing.add(area.country)
    return reference.countries[agreeing.pop()] if len(agreeing) == 1 else None


def _may_be_state(texts: _Texts, reference: AddressReference) -> bool:
    namesake = STATE_NAMESAKES.get(fold_name(texts.country or ""))
    if namesake is None or texts.area is None or namesake not in reference.countries:
        return False
    return reference.countries[namesake].subdivisions.find(texts.area) is not None


def _area(case: _Case, home: Country, area_text: str | None) -> Subdivision | None:
    if area_text is None:
        return None
    area = home.subdivisions.find(area_text)
    if area is None:
        listed = bool(home.subdivisions.all)
        unknown, unlisted = Cause.SUBDIVISION_UNKNOWN, Cause.SUBDIVISION_NOT_LISTED
        case.reject(Field.SUBDIVISION, unknown if listed else unlisted)
    return area


def _code(
    case: _Case, home: Country, area: Subdivision | None, code_text: str | None
) -> str | None:
    if code_text is None:
        return None
    code = _spelled(home, area, code_text)
    if code is None:
        case.reject(Field.POSTAL_CODE, Cause.POSTAL_CODE_DOES_NOT_FIT_COUNTRY)
    return code


def _spelled(home: Country, area: Subdivision | None, code_text: str) -> str | None:
    return canonical_postal_code(
        code_text,
        home.postal,
        area_pattern=area.postal_pattern if area else "",
        all_area_patterns=home.area_patterns,
    )
