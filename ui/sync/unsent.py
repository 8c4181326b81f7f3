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

_CHECKS: dict[str, tuple[object, object]] = {
    "pull_complete": (
        QT_TRANSLATE_NOOP("sync", "Alt er hentet fra serveren"),
        QT_TRANSLATE_NOOP("sync", "Hentingen er ikke fullført. Synk på nytt."),
    ),
    "synced_recently": (
        QT_TRANSLATE_NOOP("sync", "Synket for kort tid siden"),
        QT_TRANSLATE_NOOP("sync", "Lenge siden siste fullførte synk"),
    ),
    "patients_present": (
        QT_TRANSLATE_NOOP("sync", "Dagens pasienter er på maskinen"),
        QT_TRANSLATE_NOOP("sync", "Noen av dagens pasienter mangler"),
    ),
    "doses_present": (
        QT_TRANSLATE_NOOP("sync", "Dagens forordninger er på maskinen"),
        QT_TRANSLATE_NOOP("sync", "Forordningene kan være ufullstendige"),
    ),
    "nothing_parked": (
        QT_TRANSLATE_NOOP("sync", "Ingenting er stoppet på vei til serveren"),
        QT_TRANSLATE_NOOP("sync", "Noe kunne ikke sendes. Se listen."),
    ),
    "nothing_unsent": (
        QT_TRANSLATE_NOOP("sync", "Alt herfra er sendt"),
        QT_TRANSLATE_NOOP("sync", "Noe er ikke sendt ennå"),
    ),
    "disk_space": (
        QT_TRANSLATE_NOOP("sync", "God plass på disken"),
        QT_TRANSLATE_NOOP("sync", "Lite plass på disken"),
    ),
    "clock": (
        QT_TRANSLATE_NOOP("sync", "Klokken stemmer"),
        QT_TRANSLATE_NOOP("sync", "Klokken går bak. Still den før du reiser."),
    ),
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
    "note": "notes",
    "screening_response": "screening",
    "rapid_test": "screening",
    "proposal": "medication",
}


def trip_row(check: TripCheck) -> Row:
    """One check in words, with the figure or time behind it."""
    fine, amiss = _CHECKS[check.code]
    words = fine if check.ok else amiss
    return Row(
        id=check.code,
        title=translate("sync", str(words)),
        detail=_behind(check),
        icon="circle-check" if check.ok else "triangle-alert",
        icon_tone="ok" if check.ok else "warn",
    )


def _behind(check: TripCheck) -> str:
    if check.code == "synced_recently":
        return _moment(check.detail)
    if check.code == "patients_present":
        return translate("sync", "{0} planlagte i dag").format(check.detail.replace("/", " av "))
    if check.code == "doses_present":
        return translate("sync", "{0} doser i dag").format(check.detail)
    if check.code == "disk_space":
        gigabytes = round(Decimal(check.detail) / 1000, 1)
        return translate("sync", "{0} GB ledig").format(amount(gigabytes))
    if check.code in ("nothing_parked", "nothing_unsent") and check.detail != "0":
        return translate("sync", "{0} endringer").format(check.detail)
    return ""


def _moment(text: str) -> str:
    if not text:
        return translate("sync", "aldri")
    try:
        moment = from_iso(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return f"{moment.astimezone(OSLO):%d.%m. %H:%M}"
