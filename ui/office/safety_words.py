"""Safety items of all patients in words: rows, and the facts of the one that is open. Pure."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.medication import Part
from fieldapp.domain.readiness import Code
from fieldapp.services import reference
from sync.client.safety_messages import EvidenceRow, ForceFacts, HolderRow, SafetyRow
from ui.office.state import Fact, ago
from ui.sync.issue_dialog import issue_title, unit_text
from ui.widgets import Row, RowTag
from ui.words import day_text, dose_text, word

translate = QCoreApplication.translate

_IN_THE_WAY: dict[str, object] = {
    Code.GIVEN: QT_TRANSLATE_NOOP("safety", "dosen var gitt"),
    Code.HELD_BY_OTHER: QT_TRANSLATE_NOOP("safety", "en annen hadde dagen"),
    Code.STOPPED: QT_TRANSLATE_NOOP("safety", "ordinasjonen var stanset"),
    Code.ON_HOLD: QT_TRANSLATE_NOOP("safety", "ordinasjonen var på vent"),
    Code.NOT_PLANNED: QT_TRANSLATE_NOOP("safety", "dosen var ikke planlagt"),
    Code.NOT_SERVED_NOW: QT_TRANSLATE_NOOP("safety", "dagen var ikke begynt eller var over"),
    Code.OUTSIDE_WINDOW: QT_TRANSLATE_NOOP("safety", "utenfor depotets vindu"),
    Code.MISSED_TOO_LONG: QT_TRANSLATE_NOOP("safety", "for mange dager uten medisin"),
    Code.INTERVAL: QT_TRANSLATE_NOOP("safety", "for kort tid siden forrige dose"),
    Code.PHARMACY: QT_TRANSLATE_NOOP("safety", "apotekets dag"),
    Code.NOT_CLAIMED: QT_TRANSLATE_NOOP("safety", "dagen var ikke reservert"),
    Code.ORDER_CHANGED: QT_TRANSLATE_NOOP("safety", "ordinasjonen var endret"),
    Code.NOT_PULLED: QT_TRANSLATE_NOOP("safety", "ikke synket etter reservasjonen"),
    Code.PULL_TOO_OLD: QT_TRANSLATE_NOOP("safety", "for lenge siden synk"),
    Code.MARKED_DOSE: QT_TRANSLATE_NOOP("safety", "en dose var meldt feilført"),
    Code.POSSIBLE_DUPLICATE: QT_TRANSLATE_NOOP("safety", "kan være registrert to ganger"),
    Code.CLOCK: QT_TRANSLATE_NOOP("safety", "klokken var ikke til å stole på"),
    Code.STORE_SET_BACK: QT_TRANSLATE_NOOP("safety", "lageret var satt tilbake"),
}


def safety_row(row: SafetyRow, now: datetime) -> Row:
    """One item for the list: whose, what, and whether this person may answer it."""
    if not row.open:
        tag = RowTag(translate("safety", "Besvart"), "ok", "check")
    elif row.may_answer:
        tag = RowTag(translate("safety", "Må sees på"), "danger", "shield-alert")
    else:
        tag = RowTag(translate("safety", "En annen må svare"), "warn", "user")
    return Row(
        id=row.id,
        title=row.patient_name or translate("safety", "Pasient uten navn"),
        detail=f"{issue_title(row.code)} · {ago(row.raised_at, now)}",
        icon="shield-alert",
        icon_tone="danger" if row.open else "neutral",
        tags=(tag,),
    )


def fits(row: SafetyRow, words: str, code: str) -> bool:
    """True when the item is of this code ("" for any) and every word stands in a name."""
    names = " ".join((row.patient_name, *row.involved)).casefold()
    return (not code or row.code == code) and all(one in names for one in words.casefold().split())


def evidence_rows(row: SafetyRow) -> list[Row]:
    """The events that an item is about."""
    return [_evidence(one) for one in row.evidence if one.kind != "claim"]


def _evidence(one: EvidenceRow) -> Row:
    if one.kind == "pharmacy_report":
        said = translate("safety", "Apoteket meldte hentet for {day}")
        title = said.format(day=_day(one.day))
        detail = [translate("safety", "sagt av {who}").format(who=one.told_by)]
    elif one.kind:
        parts = [one.product, _dose(one.dose_mg)]
        if one.forced is not None:
            parts.append(translate("safety", "nødutdeling"))
        if one.retrospective:
            parts.append(translate("safety", "ført i etterkant"))
        title = " · ".join(part for part in parts if part)
        planned = translate("safety", "for {day}, {part}").format(
            day=_day(one.day), part=_part(one.part)
        )
        detail = [planned]
    else:
        title, detail = translate("safety", "Hendelsen er ikke på serveren"), []
    if one.given_at is not None:
        local = one.given_at.astimezone(OSLO)
        given = translate("safety", "{day} kl. {clock}")
        detail.insert(0, given.format(day=day_text(local.date()), clock=f"{local:%H:%M}"))
    detail.append(_person(one.author_name, one.author_phone))
    if one.device_name:
        detail.append(one.device_name)
    return Row(
        id=one.id,
        title=title,
        detail=" · ".join(part for part in detail if part),
        icon="pill",
        icon_tone="danger",
    )


def force_facts(row: SafetyRow) -> list[Fact]:
    """Why the dose was forced, line by line; nothing for other items."""
    found: list[Fact] = []
    for one in row.evidence:
        if one.forced is not None and not found:
            found = _forced(one.forced)
    return found


def _forced(force: ForceFacts) -> list[Fact]:
    known = {reason.code: reason.text for reason in reference.handout().force_reasons}
    why = ": ".join(p for p in (known.get(force.reason, force.reason), force.reason_text) if p)
    facts = [
        Fact(translate("safety", "Grunn"), why),
        Fact(translate("safety", "Det som sto i veien"), ", ".join(map(_code, force.findings))),
    ]
    if force.holder_called is not None:
        who = force.holder_name or translate("safety", "den som hadde dagen")
        said = translate("safety", "{who} ble ikke ringt")
        if force.holder_called and force.holder_answered:
            said = translate("safety", "{who} ble ringt og svarte")
        elif force.holder_called:
            said = translate("safety", "{who} ble ringt, svarte ikke")
        words = said.format(who=who)
        if force.holder_answer:
            words = f"{words}: {force.holder_answer}"
        facts.append(Fact(translate("safety", "Ringt, svar"), words))
    if force.prescriber:
        facts.append(Fact(translate("safety", "Rekvirent som sa det"), force.prescriber))
    return facts


def holder_facts(row: SafetyRow) -> list[Fact]:
    """Who holds the days now, with the number to ring."""
    label = translate("safety", "Har dagen nå")
    return [Fact(label, _holder(one), "warn") for one in row.holders]


def _holder(one: HolderRow) -> str:
    who = _person(one.holder_name or translate("safety", "ukjent ansatt"), one.holder_phone)
    return " · ".join(part for part in (unit_text(one.unit), who, one.device_name) if part)


def answer_facts(row: SafetyRow) -> list[Fact]:
    """Who answered and what; nothing while it is open."""
    if row.open:
        return []
    when = ""
    if row.answered_at is not None:
        local = row.answered_at.astimezone(OSLO)
        when = f"{day_text(local.date())} {local:%H:%M}"
    by = " · ".join(part for part in (row.answered_by, when) if part)
    return [
        Fact(translate("safety", "Besvart av"), by),
        Fact(translate("safety", "Svar"), row.answer),
    ]


def _person(name: str, phone: str) -> str:
    if not phone:
        return name
    return translate("safety", "{name}, tlf. {phone}").format(name=name, phone=phone)


def _code(code: str) -> str:
    text = _IN_THE_WAY.get(code)
    return translate("safety", str(text)) if text is not None else code


def _dose(text: str) -> str:
    try:
        return dose_text(Decimal(text)) if text else ""
    except InvalidOperation:
        return ""


def _day(text: str) -> str:
    try:
        return day_text(date.fromisoformat(text))
    except ValueError:
        return text


def _part(code: str) -> str:
    try:
        return word(Part(code)).lower()
    except ValueError:
        return code
