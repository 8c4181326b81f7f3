"""Rows of the sync page: what is unsent, and the checks before a trip, in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.clock import OSLO, from_iso
from fieldapp.services.sync_status import UnsentItem
from fieldapp.services.trip import TripCheck
from ui.sync.state import age
from ui.widgets import Row, RowTag
from ui.words import amount, kind_word

translate = QCoreApplication.translate

_ICONS = {
    "note": "file-text",
    "medication_administration": "pill",
    "screening_response": "clipboard-list",
    "rapid_test": "flask-conical",
    "encounter": "house",
    "appointment": "calendar",
    "flag": "shield-alert",
    "contact": "contact",
    "patient": "user",
}

_CHECKS: dict[str, tuple[object, object, object]] = {
    "issues": (
        QT_TRANSLATE_NOOP("sync", "Ingen åpne sikkerhetssaker"),
        QT_TRANSLATE_NOOP("sync", "En sikkerhetssak står åpen"),
        QT_TRANSLATE_NOOP("sync", "Åpne saken øverst på siden før du reiser."),
    ),
    "pull_complete": (
        QT_TRANSLATE_NOOP("sync", "Alt er hentet fra serveren"),
        QT_TRANSLATE_NOOP("sync", "Hentingen er ikke fullført"),
        QT_TRANSLATE_NOOP("sync", "Trykk «Synk nå» og vent til det står at alt er hentet."),
    ),
    "synced_recently": (
        QT_TRANSLATE_NOOP("sync", "Synket for kort tid siden"),
        QT_TRANSLATE_NOOP("sync", "Lenge siden siste fullførte synk"),
        QT_TRANSLATE_NOOP("sync", "Trykk «Synk nå» mens du har dekning."),
    ),
    "patients_present": (
        QT_TRANSLATE_NOOP("sync", "Dagens pasienter er på maskinen"),
        QT_TRANSLATE_NOOP("sync", "Noen av dagens pasienter mangler"),
        QT_TRANSLATE_NOOP("sync", "Synk. Mangler de fortsatt, be kontoret tildele dem til deg."),
    ),
    "doses_present": (
        QT_TRANSLATE_NOOP("sync", "Dagens forordninger er på maskinen"),
        QT_TRANSLATE_NOOP("sync", "Forordningene kan være ufullstendige"),
        QT_TRANSLATE_NOOP("sync", "Synk til alt er hentet, ellers kan en dose mangle i runden."),
    ),
    "doses_claimed": (
        QT_TRANSLATE_NOOP("sync", "Dagens doser er reservert"),
        QT_TRANSLATE_NOOP("sync", "Ikke alle dagens doser er reservert"),
        QT_TRANSLATE_NOOP(
            "sync", "Reserver de ledige her på siden mens du har dekning. Resten gir en kollega."
        ),
    ),
    "passphrase": (
        QT_TRANSLATE_NOOP("sync", "Passfrasen åpner maskinen uten nett"),
        QT_TRANSLATE_NOOP("sync", "Passfrasen er ikke prøvd den siste uken"),
        QT_TRANSLATE_NOOP("sync", "Prøv den her nå. Uten den kommer du ikke inn ute i felt."),
    ),
    "nothing_parked": (
        QT_TRANSLATE_NOOP("sync", "Ingenting er stoppet på vei til serveren"),
        QT_TRANSLATE_NOOP("sync", "Noe kunne ikke sendes"),
        QT_TRANSLATE_NOOP("sync", "Rett det i listen over det usendte, eller overlat det."),
    ),
    "nothing_unsent": (
        QT_TRANSLATE_NOOP("sync", "Alt herfra er sendt"),
        QT_TRANSLATE_NOOP("sync", "Noe er ikke sendt ennå"),
        QT_TRANSLATE_NOOP("sync", "Trykk «Synk nå», så finnes det også om maskinen blir borte."),
    ),
    "drafts_sent": (
        QT_TRANSLATE_NOOP("sync", "Utkastene er trygge på serveren"),
        QT_TRANSLATE_NOOP("sync", "Noen utkast finnes bare på denne maskinen"),
        QT_TRANSLATE_NOOP("sync", "Trykk «Synk nå», eller signer dem før du reiser."),
    ),
    "disk_space": (
        QT_TRANSLATE_NOOP("sync", "God plass på disken"),
        QT_TRANSLATE_NOOP("sync", "Lite plass på disken"),
        QT_TRANSLATE_NOOP("sync", "Slett filer du ikke trenger, eller kontakt brukerstøtte."),
    ),
    "clock": (
        QT_TRANSLATE_NOOP("sync", "Klokken stemmer"),
        QT_TRANSLATE_NOOP("sync", "Klokken går feil"),
        QT_TRANSLATE_NOOP("sync", "Still maskinens klokke før du reiser."),
    ),
    "battery": (
        QT_TRANSLATE_NOOP("sync", "Batteriet rekker"),
        QT_TRANSLATE_NOOP("sync", "Lite strøm på batteriet"),
        QT_TRANSLATE_NOOP("sync", "Sett maskinen til lading, eller ta med lader i bilen."),
    ),
    "disk_encrypted": (
        QT_TRANSLATE_NOOP("sync", "Disken er kryptert"),
        QT_TRANSLATE_NOOP("sync", "Disken er ikke kryptert av systemet"),
        QT_TRANSLATE_NOOP(
            "sync", "Pasientdata her er kryptert likevel. Be brukerstøtte slå på diskkryptering."
        ),
    ),
}
"""What is said when a check is fine, what when it is not, and what to do then."""

_COUNTED: dict[str, object] = {
    "patients_present": QT_TRANSLATE_NOOP("sync", "{0} planlagte i dag"),
    "doses_present": QT_TRANSLATE_NOOP("sync", "{0} doser i dag"),
    "doses_claimed": QT_TRANSLATE_NOOP("sync", "{0} doser reservert"),
}


def unsent_row(item: UnsentItem, now: datetime) -> Row:
    """Patient, kind, age and state of one unsent change."""
    tag = _state_tag(item)
    since = translate("sync", "akkurat nå")
    if now - item.created_at >= timedelta(minutes=1):
        since = translate("sync", "for {age} siden").format(age=age(item.created_at, now))
    detail = f"{kind_word(item.kind)} · {since}"
    return Row(
        id=item.change_id,
        title=item.patient_name or translate("sync", "Hele teamet"),
        detail=detail,
        icon=_ICONS.get(item.kind, "file-text"),
        tags=(tag,),
    )


def _state_tag(item: UnsentItem) -> RowTag:
    if item.decidable:
        return RowTag(translate("sync", "Konflikt"), "danger", "circle-alert")
    if item.handed_over:
        return RowTag(translate("sync", "Hos kontoret"), "warn", "clock")
    if item.state == "parked":
        return RowTag(translate("sync", "Stoppet"), "danger", "circle-alert")
    if item.waits_for is not None:
        return RowTag(translate("sync", "Venter på en annen"), "warn", "clock")
    if item.state == "in_flight":
        return RowTag(translate("sync", "Sendes"), "accent", "cloud-upload")
    return RowTag(translate("sync", "Venter"), "warn", "clock")


def waits_text(item: UnsentItem, blocker: UnsentItem, now: datetime) -> str:
    """Which stopped change this one waits for, by name and age."""
    return translate(
        "sync", "Venter på «{what}» for {who}, som ble stoppet. Den går av seg selv etterpå."
    ).format(
        what=f"{kind_word(blocker.kind)}, {age(blocker.created_at, now)}",
        who=blocker.patient_name or translate("sync", "hele teamet"),
    )


def place_of(item: UnsentItem) -> tuple[str, dict[str, object]]:
    """The page and its arguments where a change can be looked at and corrected."""
    where: dict[str, object] = {"patient_id": item.patient_id}
    if item.patient_id is None:
        return "today", {}
    if item.kind in ("encounter", "draft"):
        return "visit", where
    if item.kind == "medication_administration":
        return "handout", where
    tab = _TABS.get(item.kind)
    return "patient", {**where, "tab": tab} if tab else where


_TABS = {
    "contact": "contacts",
    "patient": "contacts",
    "note": "notes",
    "screening_response": "screening",
    "rapid_test": "screening",
    "proposal": "medication",
}


def trip_row(check: TripCheck) -> Row:
    """One check in words, with the figure or time behind it, and what to do when it is not fine."""
    fine, amiss, advice = _CHECKS[check.code]
    details = [_behind(check)]
    if not check.ok:
        details.append(translate("sync", str(advice)))
    return Row(
        id=check.code,
        title=translate("sync", str(fine if check.ok else amiss)),
        detail=" · ".join(detail for detail in details if detail),
        icon="circle-check" if check.ok else "triangle-alert",
        icon_tone="ok" if check.ok else "warn",
    )


def _behind(check: TripCheck) -> str:
    if check.code == "synced_recently" or (check.code == "passphrase" and check.detail):
        return _moment(check.detail)
    counted = _COUNTED.get(check.code)
    if counted is not None:
        return translate("sync", str(counted)).format(check.detail.replace("/", " av "))
    if check.code == "disk_space":
        gigabytes = round(Decimal(check.detail) / 1000, 1)
        return translate("sync", "{0} GB ledig").format(amount(gigabytes))
    if check.code == "battery":
        return translate("sync", "{0} % igjen").format(check.detail)
    if check.detail in ("", "0"):
        return ""
    if check.code in ("nothing_parked", "nothing_unsent"):
        return translate("sync", "{0} endringer").format(check.detail)
    if check.code == "drafts_sent":
        return translate("sync", "{0} utkast").format(check.detail)
    if check.code == "clock" and not check.ok:
        return translate("sync", "{0} minutter feil").format(int(check.detail) // 60)
    return ""


def _moment(text: str) -> str:
    if not text:
        return translate("sync", "aldri")
    try:
        moment = from_iso(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return f"{moment.astimezone(OSLO):%d.%m. %H:%M}"
