"""Why a value of an address was not accepted as it stands."""

from __future__ import annotations

from enum import StrEnum


class Field(StrEnum):
    """A part of an address."""

    COUNTRY = "country"
    SUBDIVISION = "subdivision"
    POSTAL_CODE = "postal_code"
    CITY = "city"


class Cause(StrEnum):
    """What is wrong with one value; `words` says it to a person."""

    PLACEHOLDER = "placeholder"
    COUNTRY_MISSING = "country_missing"
    COUNTRY_UNKNOWN = "country_unknown"
    COUNTRY_AMBIGUOUS = "country_ambiguous"
    COUNTRY_CONTRADICTED = "country_contradicts_subdivision_and_postal_code"
    SUBDIVISION_UNKNOWN = "subdivision_unknown"
    SUBDIVISION_NOT_LISTED = "subdivision_not_listed"
    SUBDIVISION_IS_COUNTRY = "subdivision_is_country"
    SUBDIVISION_IS_POSTAL_CODE = "subdivision_is_postal_code"
    POSTAL_CODE_IS_SUBDIVISION = "postal_code_is_subdivision"
    POSTAL_CODE_HAS_NO_DIGIT = "postal_code_has_no_digit"
    POSTAL_CODE_DOES_NOT_FIT_COUNTRY = "postal_code_does_not_fit_country"
    POSTAL_CODE_CONTRADICTS_SUBDIVISION = "postal_code_contradicts_subdivision"

    @property
    def words(self) -> str:
        """Return the sentence for reports."""
        return _WORDS[self]


_WORDS = {
    Cause.PLACEHOLDER: "The value only stands for 'nothing known'.",
    Cause.COUNTRY_MISSING: (
        "No country is given, and state and postal code do not point to exactly one."
    ),
    Cause.COUNTRY_UNKNOWN: "No country has this name or code.",
    Cause.COUNTRY_AMBIGUOUS: "Several countries, or a country and a state, have this name.",
    Cause.COUNTRY_CONTRADICTED: (
        "State and postal code both belong to exactly one other country; the country is kept."
    ),
    Cause.SUBDIVISION_UNKNOWN: "The country has no state or province of this name or code.",
    Cause.SUBDIVISION_NOT_LISTED: (
        "No list of states or provinces is at hand for this country, so the text got no code."
    ),
    Cause.SUBDIVISION_IS_COUNTRY: "The state field holds the country, which was missing.",
    Cause.SUBDIVISION_IS_POSTAL_CODE: "The state field holds a postal code.",
    Cause.POSTAL_CODE_IS_SUBDIVISION: "The postal code field holds a state or province.",
    Cause.POSTAL_CODE_HAS_NO_DIGIT: "The postal code field holds a word.",
    Cause.POSTAL_CODE_DOES_NOT_FIT_COUNTRY: (
        "The postal code does not have the form that the country's codes have."
    ),
    Cause.POSTAL_CODE_CONTRADICTS_SUBDIVISION: (
        "The postal code lies in another state; both values are kept."
    ),
}
