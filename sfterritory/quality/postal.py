"""Postal codes: one spelling per code, by the rules of each country."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

# Countries where valid codes begin with 0, which spreadsheets cut off.
_LEADING_ZERO = frozenset(
    [
        "AU",
        "BR",
        "CN",
        "DE",
        "ES",
        "FI",
        "FR",
        "IT",
        "JP",
        "KR",
        "MX",
        "NO",
        "PR",
        "RO",
        "SG",
        "TR",
        "UA",
    ]
)

# The front part of a code that is in use on its own, or that is left when the rest was cut off.
_FRONT = {
    "CA": re.compile(r"([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z])[0-9A-Z]{0,2}"),
    "GB": re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)"),
    "IE": re.compile(r"([A-Z]\d[\dW])"),
    "NL": re.compile(r"([1-9]\d{3})"),
}

# ZIP, ZIP+4 in any dress, a state in front of it, and the ends that typing leaves behind.
_US_ZIP = re.compile(
    r"(?:[A-Z]{2}\b)?[^A-Z0-9]*(?:(\d{5})\d{4}|(\d{4})\d{4}|(\d{3,5})(?:[^A-Z0-9]+[A-Z0-9]*)?)\W*"
)
_COUNTRY_MARK = re.compile(r"^[A-Z]{1,3}[-\s]+(?=\d)")
_DECIMAL_TAIL = re.compile(r"(?<=\d)\.0+$")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Most countries of the world never occur in one org: compiling all takes half a second.
    return re.compile(pattern)


@dataclass(frozen=True, slots=True)
class PostalRule:
    """The form of a country's postal codes.

    Attributes:
        country: ISO 3166-1 alpha-2.
        pattern: Regular expression of a whole code; empty where the country has no codes.
        examples: Valid codes; they show where blanks and hyphens stand.
    """

    country: str
    pattern: str
    examples: tuple[str, ...]

    def fits(self, code: str) -> bool:
        """Return whether this is a whole code."""
        return bool(self.pattern) and _compiled(self.pattern).fullmatch(code) is not None

    def spellings(self, compact: str) -> list[str]:
        """Return the code with separators where the examples have them, and without any."""
        found = [compact]
        for example in self.examples:
            spelled = _spell_like(example, compact)
            if spelled not in found:
                found.insert(0, spelled)
        return found


def fits_area(code: str, area_pattern: str) -> bool:
    """Return whether a canonical code begins as the codes of an area do; empty pattern: it may."""
    return not area_pattern or _compiled(area_pattern).match(code) is not None


def canonical_postal_code(
    text: str, rule: PostalRule, *, area_pattern: str, all_area_patterns: tuple[str, ...]
) -> str | None:
    """Return the one spelling of a postal code, None where the text is not one of the country.

    US codes have 5 digits. A cut-off leading zero is restored only if the result belongs to the
    area, or to any area of the country where the area is not known. Countries without postal
    codes keep the text as it is. A front part in use on its own (Canada, Great Britain, Ireland,
    the Netherlands) is returned as such.

    Args:
        text: Trimmed text, not empty.
        rule: The country's form.
        area_pattern: How codes of the address's own state begin; empty where not known.
        all_area_patterns: The same for all states of the country; empty where not known.
    """
    if not rule.pattern:
        return text
    plain = _DECIMAL_TAIL.sub("", unicodedata.normalize("NFKC", text).upper().strip())
    areas = (area_pattern,) if area_pattern else all_area_patterns
    if rule.country == "US":
        return _us_zip(plain, areas)
    for candidate in (plain, _COUNTRY_MARK.sub("", plain, count=1)):
        compact = "".join(character for character in candidate if character.isalnum())
        for code in rule.spellings(compact):
            if rule.fits(code):
                return code
    return _with_zero(compact, rule, areas) or _front(compact, rule.country)


def _us_zip(plain: str, areas: tuple[str, ...]) -> str | None:
    match = _US_ZIP.fullmatch(plain)
    if match is None:
        return None
    digits = match[1] or match[2] or match[3]
    if len(digits) == 5:
        return digits
    padded = digits.zfill(5)
    return padded if _in_any(padded, areas) else None


def _with_zero(compact: str, rule: PostalRule, areas: tuple[str, ...]) -> str | None:
    if rule.country not in _LEADING_ZERO or not compact.isdigit():
        return None
    for code in rule.spellings("0" + compact):
        if rule.fits(code) and _in_any(code, areas):
            return code
    return None


def _front(compact: str, country: str) -> str | None:
    pattern = _FRONT.get(country)
    match = pattern.fullmatch(compact) if pattern else None
    return match[1] if match else None


def _in_any(code: str, areas: tuple[str, ...]) -> bool:
    return not areas or any(fits_area(code, area) for area in areas)


def _spell_like(example: str, compact: str) -> str:
    """Put the example's separators in, counted from the end: British fronts differ in length."""
    spelled = compact
    from_end = 0
    for character in reversed(example):
        if character.isalnum():
            from_end += 1
        elif 0 < from_end < len(compact):
            at = len(compact) - from_end
            spelled = spelled[:at] + character + spelled[at:]
    return spelled
