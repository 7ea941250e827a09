"""Names as they are compared: without case, accents, punctuation and repeated blanks."""

from __future__ import annotations

import unicodedata

# Letters that Unicode does not take apart into a base letter and an accent.
_WHOLE_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe"})

# The combining accents of European scripts; vowel signs of other scripts carry meaning and stay.
FIRST_ACCENT = "\u0300"
LAST_ACCENT = "\u036f"


def fold_name(text: str) -> str:
    """Return the form under which two spellings of one name are equal.

    Full-width letters become plain ones (NFKC); every run of punctuation or blanks becomes one
    blank; scripts other than Latin keep their letters. `U.S.A.` and `USA` stay different on
    purpose (`u s a`, `usa`): tables hold both, see `fold_initials`.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_WHOLE_LETTERS)
    letters = (
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else " "
        for character in decomposed
        if not FIRST_ACCENT <= character <= LAST_ACCENT
    )
    return " ".join(unicodedata.normalize("NFC", "".join(letters)).split())


def fold_initials(folded: str) -> str:
    """Join a folded name that is nothing but single letters: `u s a` becomes `usa`."""
    words = folded.split()
    return "".join(words) if words and all(len(word) == 1 for word in words) else folded
