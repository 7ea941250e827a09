"""City names as they are compared: exact look-up of a short list of spellings, never a guess."""

from __future__ import annotations

import re
import unicodedata

_WHOLE_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe"})
_LONG_FORMS = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount", "pt": "point"}
_DIRECTIONS = {"n": "north", "s": "south", "e": "east", "w": "west"}
_TAIL = re.compile(r"\s*[,(/].*$|\s+(?:cedex\b.*|\d+\S*)$", re.IGNORECASE)
_KIND = re.compile(
    r"^(?:city|town|village|township) of | (?:city|township|twp|charter township|si|gun|gu)$"
)


def fold_city(name: str) -> str:
    """Return the form under which two spellings of a city are equal: `St. Louis` is `saint louis`.

    Accents and punctuation go, letters of other scripts stay, and the usual short forms of the
    first word and of compass directions are written out.
    """
    plain = unicodedata.normalize("NFKD", name.casefold()).translate(_WHOLE_LETTERS)
    letters = (
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else " "
        for character in plain.replace("'", "").replace("\u2019", "")
        if not "\u0300" <= character <= "\u036f"
    )
    words = unicodedata.normalize("NFC", "".join(letters)).split()
    if len(words) > 1:
        words[0] = _DIRECTIONS.get(words[0], words[0])
    return " ".join(_LONG_FORMS.get(word, word) for word in words)


def city_spellings(name: str) -> tuple[str, ...]:
    """Return the folded forms to try, the most exact first: whole, without tail, without kind.

    The tail is what follows a comma, a slash or a parenthesis, `CEDEX 08`, or a district number;
    the kind is `City of` and the like, and `-si` in Korea.
    """
    whole = fold_city(name)
    short = fold_city(_TAIL.sub("", name))
    return tuple(dict.fromkeys(form for form in (whole, short, _KIND.sub("", short)) if form))
