"""Why a change was not taken by the server, in plain bokmål, and what the two sides say."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.services.sync_status import UnsentItem
from ui import errors
from ui.words import field_word as field_word

translate = QCoreApplication.translate

_REASONS: dict[str, object] = {
    "same_field": QT_TRANSLATE_NOOP(
        "sync",
        "Dette er endret både her og av en kollega. Begge er tatt vare på. Velg hva som skal "
        "gjelde.",
    ),
    "event_differs": QT_TRANSLATE_NOOP(
        "sync",
        "Serveren har noe annet under samme nummer. Det herfra er tatt vare på og står på "
        "maskinen. Kontakt brukerstøtte.",
    ),
    "server_owned": QT_TRANSLATE_NOOP(
        "sync",
        "Dette kan bare endres på kontoret. Endringen er tatt vare på; be kontoret gjøre den.",
    ),
    "not_assigned": QT_TRANSLATE_NOOP(
        "sync",
        "Du følger ikke denne pasienten lenger, så serveren tok ikke imot endringen. Den er tatt "
        "vare på. Be kontoret tildele pasienten eller overta endringen.",
    ),
    "without_right": QT_TRANSLATE_NOOP(
        "sync",
        "Rollen din har ikke rett til å endre dette, så serveren tok ikke imot endringen. Den er "
        "tatt vare på. Be kontoret overta den.",
    ),
    "review": QT_TRANSLATE_NOOP(
        "sync",
        "Denne maskinen er stengt. Endringen kom fram med sendefilen og venter på kontoret, som "
        "avgjør om den lagres. Den er tatt vare på.",
    ),
    "unreadable": QT_TRANSLATE_NOOP(
        "sync",
        "Serveren kunne ikke lese dette. Det er tatt vare på og står på maskinen. Rett det og prøv "
        "igjen, eller kontakt brukerstøtte.",
    ),
    "too_large": QT_TRANSLATE_NOOP(
        "sync",
        "Teksten er for stor til å sendes i ett. Den er tatt vare på. Skriv resten som et tillegg.",
    ),
}

_SAME = {
    "conflict": "same_field",
    "change_id_reused": "event_differs",
    "other_patient": "unreadable",
    "bad_id": "unreadable",
    "bad_body": "unreadable",
    "not_storable": "unreadable",
}
"""Codes of the server that mean the same to the person who reads them."""


def reason_text(item: UnsentItem) -> str:
    """Say why a parked change waits for a person."""
    detail = (item.reason_detail or "").partition(":")[0]
    code = (item.reason_code or "").partition(":")[0]
    for known in (detail, code):
        sentence = _REASONS.get(_SAME.get(known, known))
        if sentence is not None:
            return translate("sync", str(sentence))
    return errors.sentence(item.reason_code or "refused")


def differences(item: UnsentItem) -> list[str]:
    """One line for every field on which the two sides differ: "Telefon: her 1 · serveren 2"."""
    if item.servers is None:
        return []
    named = (item.reason_detail or "").rpartition(":")[2].split(",")
    fields = [field for field in named if field in item.mine] or sorted(item.mine)
    both = translate("sync", "{field}: her «{mine}» · på serveren «{servers}»")
    return [
        both.format(
            field=field_word(field),
            mine=_shown(item.mine.get(field)),
            servers=_shown(item.servers.get(field)),
        )
        for field in fields
        if item.mine.get(field) != item.servers.get(field)
    ]


def _shown(value: object) -> str:
    if value is None or value == "":
        return translate("sync", "tomt")
    if isinstance(value, bool):
        return translate("sync", "ja") if value else translate("sync", "nei")
    return str(value)
