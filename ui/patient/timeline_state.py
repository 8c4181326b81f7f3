"""What the timeline says about each thing that happened, as plain items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.handout_events import CommunicationTopic, FollowUp, IncidentType
from fieldapp.domain.medication import HandoutStatus
from fieldapp.domain.visits import EncounterStatus, VisitKind
from fieldapp.services import reference
from fieldapp.services.corrections import MarkView
from fieldapp.services.patients import TimelineEntry
from ui.events.words import follow_up_word, incident_word, topic_word
from ui.widgets import TimelineItem, Tone
from ui.words import clock_text, day_text, dose_text, kind_word, word

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
    if entry.blocked or entry.hidden:
        return _blocked(entry, today)
    make = _MAKERS.get(entry.kind, _unknown)
    icon, title, facts, tone = make(entry)
    if entry.mark is not None and entry.mark.answered_at is not None:
        facts = (*facts, refused_text(entry.mark))
    detail = " · ".join(part for part in (*facts, entry.author_name) if part)
    struck = entry.status == "reversed"
    if struck:
        detail = f"{translate('patient', 'Feilført')} · {detail}"
    moment = short_moment(entry.at, today)
    return TimelineItem(entry.id, icon, title, detail, moment, tone, struck)


def _blocked(entry: TimelineEntry, today: date) -> TimelineItem:
    """An entry said to stand on the wrong patient; its words only where they may be read."""
    kind = kind_word(entry.kind)
    title = translate("patient", "Sperret, meldt feilført: {kind}").format(kind=kind.lower())
    facts = [blocked_text(entry.mark)] if entry.mark is not None else []
    if entry.hidden:
        facts.append(translate("patient", "innholdet er sperret"))
    else:
        _, own_title, own_facts, _ = _MAKERS.get(entry.kind, _unknown)(entry)
        facts += [own_title, *own_facts]
    detail = " · ".join(part for part in (*facts, entry.author_name) if part)
    moment = short_moment(entry.at, today)
    return TimelineItem(entry.id, "circle-slash", title, detail, moment, "neutral")


def blocked_text(mark: MarkView) -> str:
    """Who says so, since when, and why where that may be read."""
    said = translate("patient", "meldt av {name} {day}").format(
        name=mark.author_name or translate("patient", "ukjent"),
        day=day_text(mark.marked_at.astimezone(OSLO).date()),
    )
    return f"{said}: {excerpt(mark.words)}" if mark.words else said


def refused_text(mark: MarkView) -> str:
    """That it was marked, and why it was not deleted."""
    return translate("patient", "var meldt feilført av {name}, ikke slettet: {why}").format(
        name=mark.author_name, why=excerpt(mark.answer)
    )


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


def _incident(entry: TimelineEntry) -> _Words:
    detail, kind = entry.detail, IncidentType(entry.title_code)
    title = translate("patient", "Dose: {what}").format(what=incident_word(kind).lower())
    facts = []
    if detail.get("minutes") is not None:
        minutes = translate("patient", "{count} min etter dosen")
        facts.append(minutes.format(count=detail["minutes"]))
    if detail.get("witnessed") is False:
        facts.append(translate("patient", "ingen så det"))
    if detail.get("contact"):
        told = translate("patient", "rekvirent: {what}")
        facts.append(told.format(what=excerpt(str(detail["contact"]))))
    facts.append(excerpt(str(detail.get("text", ""))))
    return "circle-alert", title, tuple(facts), "warn"


def _pharmacy(entry: TimelineEntry) -> _Words:
    detail = entry.detail
    day = day_text(detail["day"])
    if entry.title_code == "collected":
        title = translate("patient", "Melding fra apotek: hentet for {day}").format(day=day)
    else:
        title = translate("patient", "Melding fra apotek: ikke hentet for {day}").format(day=day)
    told = translate("patient", "sagt av {who}").format(who=detail.get("told_by", ""))
    tone: Tone = "ok" if entry.title_code == "collected" else "warn"
    return "pill", title, (told, excerpt(str(detail.get("text", "")))), tone


def _communication(entry: TimelineEntry) -> _Words:
    detail = entry.detail
    title = translate("patient", "Kontakt med rekvirent: {who}")
    facts = [topic_word(CommunicationTopic(entry.title_code))]
    if entry.status == "not_reached":
        facts.append(translate("patient", "fikk ikke svar"))
    facts.append(excerpt(str(detail.get("text", ""))))
    return "phone", title.format(who=detail.get("contacted", "")), tuple(facts), "accent"


def _dispense(entry: TimelineEntry) -> _Words:
    detail = entry.detail
    kits = translate("patient", "{count} sett").format(count=detail.get("kits", 0))
    taught = translate("patient", "med opplæring")
    if not detail.get("training"):
        taught = translate("patient", "uten opplæring")
    title = translate("patient", "Nalokson delt ut: {what}").format(what=entry.title_code)
    return "package", title, (kits, taught), "accent"


def _overdose(entry: TimelineEntry) -> _Words:
    detail = entry.detail
    done = [follow_up_word(FollowUp(step)) for step in detail.get("done", ())]
    facts = [excerpt(str(detail.get("text", ""))), ", ".join(done)]
    if entry.status == "closed":
        facts.append(translate("patient", "oppfølgingen er avsluttet"))
    elif detail.get("due_on"):
        due = translate("patient", "følges opp innen {day}").format(day=day_text(detail["due_on"]))
        facts.append(due)
    else:
        facts.append(translate("patient", "følges opp"))
    return "siren", translate("patient", "Overdose"), tuple(facts), "danger"


def _reopening(entry: TimelineEntry) -> _Words:
    detail = entry.detail
    count = detail.get("doses", 0)
    opened = translate("patient", "{count} doser").format(count=count)
    if count == 1:
        opened = translate("patient", "én dose")
    title = translate("patient", "Kontoret åpnet dagen igjen")
    return "rotate-ccw", title, (opened, excerpt(str(detail.get("text", "")))), "warn"


def _unknown(entry: TimelineEntry) -> _Words:
    return "info", entry.kind, (), "neutral"


_MAKERS: dict[str, Callable[[TimelineEntry], _Words]] = {
    "encounter": _encounter,
    "note": _note,
    "medication_administration": _handout,
    "screening_response": _screening,
    "rapid_test": _rapid_test,
    "dose_incident": _incident,
    "pharmacy_report": _pharmacy,
    "communication": _communication,
    "medication_dispense": _dispense,
    "adverse_event": _overdose,
    "slot_reopening": _reopening,
}
