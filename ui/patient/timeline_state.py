"""What the timeline says about each thing that happened, as plain items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.medication import HandoutStatus
from fieldapp.domain.visits import EncounterStatus, VisitKind
from fieldapp.services import reference
from fieldapp.services.patients import TimelineEntry
from ui.widgets import TimelineItem, Tone
from ui.words import clock_text, day_text, dose_text, word

translate = QCoreApplication.translate

_LONGEST_EXCERPT = 140
_VISIT_ICONS = {
    VisitKind.HOME: "house",
    VisitKind.OUTDOORS: "map-pin",
    VisitKind.OFFICE: "door-open",
    VisitKind.PHONE: "phone",
    VisitKind.VIDEO: "monitor",
}


def items(entries: list[TimelineEntry], today: date) -> list[TimelineItem]:
    """One item per entry, in the same order."""
    return [item(entry, today) for entry in entries]


def item(entry: TimelineEntry, today: date) -> TimelineItem:
    """The words of one entry. A kind that this version does not know is shown by its name."""
    make = _MAKERS.get(entry.kind, _unknown)
    icon, title, facts, tone = make(entry)
    detail = " · ".join(part for part in (*facts, entry.author_name) if part)
    struck = entry.status == "reversed"
    if struck:
        detail = f"{translate('patient', 'Feilført')} · {detail}"
    moment = short_moment(entry.at, today)
    return TimelineItem(entry.id, icon, title, detail, moment, tone, struck)


def short_moment(moment: datetime, today: date) -> str:
    """When something happened, the short way: "i dag 09:05", "21.11. 11:20", "14.03.2025"."""
    day = moment.astimezone(OSLO).date()
    if day == today:
        return translate("patient", "i dag {clock}").format(clock=clock_text(moment))
    if day.year == today.year:
        return f"{day:%d.%m.} {clock_text(moment)}"
    return day_text(day)


def template_title(code: str) -> str:
    """The title of a note template; an unknown one is simply a note."""
    template = reference.note_template(code)
    return template.title if template is not None else translate("patient", "Notat")


def excerpt(text: str) -> str:
    """The first words of a note that are no heading."""
    lines = [line.strip() for line in text.splitlines()]
    words = " ".join(line for line in lines if line and not line.endswith(":"))
    if len(words) <= _LONGEST_EXCERPT:
        return words
    return words[:_LONGEST_EXCERPT].rsplit(" ", 1)[0] + " …"


def reason_text(status: HandoutStatus, code: str | None, text: str) -> str:
    """Why a dose was not given: the reason's own words and what was added to them."""
    known = reference.handout().reason(status, code) if code else None
    parts = (known.text if known else "", text.strip())
    return ": ".join(part for part in parts if part)


_Words = tuple[str, str, tuple[str, ...], Tone]


def _encounter(entry: TimelineEntry) -> _Words:
    kind, status = VisitKind(entry.title_code), EncounterStatus(entry.status)
    ended = entry.detail.get("ended_at")
    facts = [] if status is EncounterStatus.FINISHED else [word(status)]
    if isinstance(ended, datetime):
        minutes = round((ended - entry.at).total_seconds() / 60)
        facts.append(translate("patient", "{count} min").format(count=minutes))
    if entry.detail.get("reason"):
        facts.append(str(entry.detail["reason"]))
    tone: Tone = "warn" if status is EncounterStatus.NO_SHOW else "accent"
    return _VISIT_ICONS[kind], word(kind), tuple(facts), tone


def _note(entry: TimelineEntry) -> _Words:
    what, note = template_title(entry.title_code), translate("patient", "Notat")
    title = note if what == note else translate("patient", "Notat: {what}").format(what=what)
    if entry.status == "addendum":
        title = translate("patient", "Tillegg til notat")
    return "file-text", title, (excerpt(str(entry.detail.get("text", ""))),), "accent"


def _handout(entry: TimelineEntry) -> _Words:
    detail, status = entry.detail, HandoutStatus(entry.title_code)
    product = str(detail.get("product") or translate("patient", "Legemiddel"))
    if status is HandoutStatus.ENTERED_IN_ERROR:
        title = translate("patient", "Feilføring rettet: {what}").format(what=product)
        return "undo-2", title, (str(detail.get("reason_text", "")),), "neutral"
    facts = [reason_text(status, detail.get("reason"), str(detail.get("reason_text", "")))]
    if status is HandoutStatus.GIVEN and detail.get("dose_mg") is not None:
        facts = [dose_text(detail["dose_mg"], detail.get("dose_ml")), *facts]
    tone: Tone = "ok" if status is HandoutStatus.GIVEN else "warn"
    return "pill", f"{product}: {word(status).lower()}", tuple(facts), tone


def _screening(entry: TimelineEntry) -> _Words:
    detail: dict[str, Any] = entry.detail
    instrument = next((i for i in reference.instruments() if i.id == entry.title_code), None)
    name = instrument.title if instrument else entry.title_code.upper()
    if detail.get("total") is None:
        score = translate("patient", "{low}–{high} poeng, ufullstendig").format(
            low=detail.get("lowest"), high=detail.get("highest")
        )
    else:
        score = translate("patient", "{count} poeng").format(count=detail["total"])
    band = instrument.band(str(detail.get("band"))) if instrument else None
    return "clipboard-list", f"{name}: {score}", (band.label if band else "",), "accent"


def _rapid_test(entry: TimelineEntry) -> _Words:
    panel = reference.rapid_tests().panel(entry.title_code)
    labels = {analyte.code: analyte.label for analyte in panel.analytes} if panel else {}
    positive = [labels.get(code, code) for code in entry.detail.get("positive", ())]
    found = (
        translate("patient", "Utslag: {what}").format(what=", ".join(positive))
        if positive
        else translate("patient", "Ingen utslag")
    )
    title = translate("patient", "Hurtigtest, foreløpig svar")
    return "test-tube-diagonal", title, (found,), "warn" if positive else "accent"


def _unknown(entry: TimelineEntry) -> _Words:
    return "info", entry.kind, (), "neutral"


_MAKERS: dict[str, Callable[[TimelineEntry], _Words]] = {
    "encounter": _encounter,
    "note": _note,
    "medication_administration": _handout,
    "screening_response": _screening,
    "rapid_test": _rapid_test,
}
