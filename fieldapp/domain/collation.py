"""Norwegian order and forgiving search for names, as plain strings that a database can store.

Both functions are pure and return ordinary text, so the same key can live in an indexed column
(compared byte by byte) and be computed for what the user types.
"""

from __future__ import annotations

import unicodedata

# "{", "|" and "}" follow "z" in both ASCII and UTF-8 and do not occur in names or addresses.
# Norwegian order (CLDR "nb"): æ (ä), ø (ö, œ), å (aa) after z; ü sorts as y.
_PRIMARY = str.maketrans(
    {
        "æ": "{",
        "ä": "{",
        "ø": "|",
        "ö": "|",
        "ő": "|",
        "œ": "|",
        "å": "}",
        "ü": "y",
        "ű": "y",
        "đ": "d",
        "ð": "d",
        "ŋ": "n",
        "ŧ": "t",
        "þ": "th",
        "ł": "l",
        "ı": "i",
    }
)

# Letters that Unicode does not take apart into a base letter and a mark.
_UNDECOMPOSED = str.maketrans(
    {"đ": "d", "ð": "d", "ŋ": "n", "ŧ": "t", "þ": "th", "ł": "l", "ı": "i", "œ": "oe"}
)

_KEPT_LETTERS = frozenset("æøå")

# Sorts before the space, so "Ole" stands before "Ole Anders" whatever follows the mark.
_TIE_BREAK = "\x01"


def sort_key(text: str) -> str:
    """Return a key whose plain string order is Norwegian alphabetical order.

    Case and accents do not matter at first; æ, ø and å come after z; "aa" is sorted as å. Names
    that are then equal are told apart by spelling, with å before aa (Åse before Aase).
    """
    folded = _casefolded(text)
    primary = _without_marks(folded.translate(_PRIMARY)).replace("aa", "}")
    # å became one "}" above; writing aa as two keeps the modern spelling first.
    spelling = folded.replace("aa", "}}").replace("å", "}")
    return f"{primary}{_TIE_BREAK}{spelling}"


def fold(text: str) -> str:
    """Return the form of ``text`` that searching compares: ``fold(query) in fold(name)``.

    Case and accents are ignored ("Maret" finds "Máret"), runs of blanks count as one, and æ, ø
    and å stay letters of their own. å is written "aa", not the other way round, so that every
    beginning of a name goes on matching while it is typed ("Isa" must find "Isaac").
    Folding a folded text changes nothing.
    """
    folded = "".join(
        letter if letter in _KEPT_LETTERS else _without_marks(letter)
        for letter in _casefolded(text).translate(_UNDECOMPOSED)
    )
    return " ".join(folded.replace("å", "aa").split())


def _casefolded(text: str) -> str:
    # Case folding can undo composition, hence the second normalisation.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)
