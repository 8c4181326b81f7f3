"""What the first-start page has been told, what is missing, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

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
    if "server_url" not in found and not is_address(form.server_url):
        found["server_url"] = translate(
            "setup", "Skriv hele adressen slik administratoren gav den; den begynner med https://."
        )
    if "passphrase" not in found and not is_long_enough(form.passphrase):
        found["passphrase"] = translate("setup", "Passfrasen er for kort.")
    if form.passphrase != form.passphrase_again:
        found["passphrase_again"] = translate("setup", "De to passfrasene er ikke like.")
    return found


def refused(code: str) -> str:
    """What a refusal means at a first start; "" where the usual sentence says it."""
    if code == "intercepted":
        return translate(
            "setup",
            "Koden og serveren hører ikke sammen. Ingenting er sendt, og koden er ikke brukt. Se "
            "etter skrivefeil i koden, også etter punktumet. Er den riktig, kan nettet være "
            "falskt: bytt nett, og si fra til administrator.",
        )
    if code in ("offline", "name_lookup", "connection_refused", "connect_timeout", "timeout"):
        return translate(
            "setup",
            "Serveren svarer ikke. Ingenting er slettet. Se at adressen er riktig og at maskinen "
            "har nett, og prøv en gang til.",
        )
    if code == "line_broken":
        return translate(
            "setup",
            "Forbindelsen ble brutt før maskinen var gjort kjent. Ingenting er slettet. Se at "
            "adressen er slik du fikk den, med https://, og prøv en gang til.",
        )
    return ""


def field_of(code: str) -> str:
    """The field that a refusal is about; "" for none."""
    fields = {
        "server_url": (
            "offline",
            "name_lookup",
            "connection_refused",
            "connect_timeout",
            "line_broken",
            "not_our_server",
            "insecure_address",
        ),
        "code": ("enrol_code", "enrol_code_pin", "intercepted"),
        "password": ("wrong_password",),
    }
    return next((name for name, codes in fields.items() if code in codes), "")


def is_address(text: str) -> bool:
    """True for the address of a web server."""
    try:
        parts = urlsplit(text.strip())
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def same_request(one: SetupForm | None, other: SetupForm) -> bool:
    """True when both ask the same server to make the same user's laptop known by the same code."""
    if one is None:
        return False
    return (one.server_url, one.code, one.username) == (
        other.server_url,
        other.code,
        other.username,
    )


def is_long_enough(passphrase: str) -> bool:
    """The vault's own rule, said before anything is sent."""
    return len(passphrase.strip()) >= 12 or len(passphrase.split()) >= 4
