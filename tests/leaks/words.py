"""The words of the day that may stand nowhere but in the encrypted store and on the screen."""

from __future__ import annotations

from tests.helpers.stores import PASSPHRASE

NOTE = "Tyttebærnotatet om samtalen ved kjøkkenbordet"
DRAFT = "Multekladden som ikke er signert ennå"
SEARCH = "Blåklokkesøket"
WRONG_PASSPHRASE = "feil passfrase i kulden"
PIN = "73914682"
FAILURE = "Unntaket navnga Kornelius Tyriheim"
COPIED = "Utklippet om Tyriheim"

WORDS = {
    "a signed note": NOTE,
    "a draft": DRAFT,
    "a search": SEARCH,
    "the passphrase": PASSPHRASE,
    "a wrong passphrase": WRONG_PASSPHRASE,
    "the PIN": PIN,
    "an error's text": FAILURE,
    "what was copied": COPIED,
    "a family name": "Ødegård",
    "a given name": "Máret Inger",
    "an address": "Gamle Riksvei 205",
    "an allergy": "anafylaksi 2019",
    "a telephone number": "900 45 601",
    "an order": "Buprenorfin/nalokson resoriblett",
}


def spellings(text: str) -> list[bytes]:
    """The text as programs may have written it: as it is or folded, for Python or for Qt."""
    forms = {text, text.casefold(), text.upper()}
    return [form.encode(code) for form in forms for code in ("utf-8", "utf-16-le")]


def found_in(contents: bytes) -> list[str]:
    """What of the day's words stands in these bytes."""
    return [name for name, text in WORDS.items() if any(s in contents for s in spellings(text))]
