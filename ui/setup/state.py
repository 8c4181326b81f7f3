"""What the first-start page has been told, what is missing, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class SetupForm:
    """The fields as typed."""

    server_url: str = ""
    code: str = ""
    username: str = ""
    password: str = ""
    passphrase: str = ""
    passphrase_again: str = ""


def problems(form: SetupForm) -> dict[str, str]:
    """Return a sentence for every field that cannot be used, by the field's name."""
    found: dict[str, str] = {}
    required = {
        "server_url": translate("setup", "Skriv adressen til serveren."),
        "code": translate("setup", "Skriv engangskoden fra administrator."),
        "username": translate("setup", "Skriv brukernavnet ditt."),
        "password": translate("setup", "Skriv passordet ditt på serveren."),
        "passphrase": translate("setup", "Velg en passfrase for denne maskinen."),
    }
    for name, sentence in required.items():
        if not getattr(form, name).strip():
            found[name] = sentence
    if "passphrase" not in found and not is_long_enough(form.passphrase):
        found["passphrase"] = translate("setup", "Minst tolv tegn eller fire ord.")
    if form.passphrase != form.passphrase_again:
        found["passphrase_again"] = translate("setup", "De to passfrasene er ikke like.")
    return found


def is_long_enough(passphrase: str) -> bool:
    """The vault's own rule, said before anything is sent."""
    return len(passphrase.strip()) >= 12 or len(passphrase.split()) >= 4
