"""Orders and handouts in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.medication import HandoutStatus, MedicationRequest, PlannedDose
from fieldapp.domain.proposals import ProposalStatus
from fieldapp.services.medication import HandoutView
from fieldapp.services.proposals import ProposalView
from ui.patient.timeline_state import blocked_text, reason_text, short_moment
from ui.sync.state import when
from ui.widgets import Tone
from ui.words import day_text, dose_text, weekdays_text, word

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order. `origin` says where the information comes from and how old it is."""

    product: str
    doses: str
    schedule: str
    origin: str
    status: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class HandoutLine:
    title: str
    detail: str
    when: str
    status: str
    tone: Tone
    struck: bool


@dataclass(frozen=True, slots=True)
class WishLine:
    """One wish about an order: what, who and when, and what the office said."""

    title: str
    detail: str
    status: str
    tone: Tone


def wish(view: ProposalView, today: date) -> WishLine:
    """Put one wish into words. The doses wished for are shown with their parts of the day."""
    proposal = view.proposal
    said = [_wished_doses(view), proposal.reason]
    by = translate("patient", "{who}, {when}").format(
        who=view.author_name or translate("patient", "en kollega"),
        when=short_moment(proposal.proposed_at, today),
    )
    if proposal.decision:
        by = translate("patient", "{by} · svar: {answer}").format(by=by, answer=proposal.decision)
    tones: dict[ProposalStatus, Tone] = {
        ProposalStatus.OPEN: "warn",
        ProposalStatus.ACCEPTED: "ok",
        ProposalStatus.DECLINED: "danger",
    }
    what = " · ".join(part for part in said if part)
    title = view.product or translate("patient", "Ønske til kontoret")
    if proposal.target_kind in ("medication_administration", "dose_incident"):
        opens = translate("patient", "Åpne dagen igjen: {what}")
        title = opens.format(what=view.product or translate("patient", "en dose"))
    return WishLine(
        title=title,
        detail=f"{what}\n{by}" if what else by,
        status=word(proposal.status),
        tone=tones[proposal.status],
    )


def _wished_doses(view: ProposalView) -> str:
    doses = view.proposal.values.get("doses")
    if not isinstance(doses, list):
        return ""
    try:
        wished = [from_body(PlannedDose, dose) for dose in doses]
    except (BodyError, TypeError):
        return ""
    said = ", ".join(f"{word(dose.part).lower()} {dose_text(dose.dose_mg)}" for dose in wished)
    return translate("patient", "Ønsket: {doses}").format(doses=said)


def is_current(request: MedicationRequest, today: date) -> bool:
    """True for an order in force, also on a weekday on which it plans no dose."""
    ended = request.valid_to is not None and request.valid_to < today
    stopped = request.stopped_on is not None and request.stopped_on <= today
    return request.valid_from <= today and not ended and not stopped


def doses_text(request: MedicationRequest) -> str:
    """Every dose of a day: "Morgen 85 mg = 42,5 mL, kveld 40 mg = 20 mL"."""
    parts = [
        f"{word(dose.part).lower()} {dose_text(dose.dose_mg, request.volume_ml(dose.dose_mg))}"
        + (translate("patient", " (med hjem)") if dose.take_home else "")
        for dose in request.doses
    ]
    said = ", ".join(parts)
    return f"{said[:1].upper()}{said[1:]}"


def order(request: MedicationRequest, today: date) -> OrderView:
    """Put one order into words."""
    age = (today - request.valid_from).days
    origin = [request.source] if request.source else [translate("patient", "Kilde ikke oppgitt")]
    if request.recorded_at is not None:
        entered = day_text(request.recorded_at.astimezone(OSLO).date())
        origin.append(translate("patient", "ført {day}").format(day=entered))
    origin.append(translate("patient", "forordnet av {name}").format(name=request.prescriber))
    origin.append(
        translate("patient", "gjelder fra {day} ({count} dager siden)").format(
            day=day_text(request.valid_from), count=age
        )
        if age >= 0
        else translate("patient", "gjelder fra {day}").format(day=day_text(request.valid_from))
    )
    status, tone = _order_status(request, today)
    return OrderView(
        product=request.product,
        doses=doses_text(request),
        schedule=f"{weekdays_text(request.weekdays)} · {word(request.place)}",
        origin=" · ".join(origin),
        status=status,
        tone=tone,
    )


def list_age(requests: Sequence[MedicationRequest], fetched: datetime | None, now: datetime) -> str:
    """How old the list of orders is: when the newest was entered and confirmed, and when this
    laptop last fetched everything.
    """
    entered = [one.recorded_at for one in requests if one.recorded_at is not None]
    confirmed = [one.confirmed_at for one in requests if one.confirmed_at is not None]
    parts = []
    if entered:
        parts.append(translate("patient", "Sist ført {0}").format(when(max(entered), now)))
    if confirmed:
        parts.append(translate("patient", "sist godkjent {0}").format(when(max(confirmed), now)))
    if fetched is None:
        parts.append(translate("patient", "aldri hentet helt fra serveren"))
    else:
        parts.append(translate("patient", "hentet fra serveren {0}").format(when(fetched, now)))
    said = " · ".join(parts)
    return said[:1].upper() + said[1:]


def _order_status(request: MedicationRequest, today: date) -> tuple[str, Tone]:
    if is_current(request, today):
        if request.on_hold:
            return translate("patient", "På vent: gis ikke"), "danger"
        return translate("patient", "Gjelder"), "ok"
    if request.stopped_on is not None and request.stopped_on <= today:
        day = day_text(request.stopped_on)
        return translate("patient", "Stanset {day}").format(day=day), "danger"
    if request.valid_from > today:
        return translate("patient", "Ikke begynt"), "neutral"
    return translate("patient", "Avsluttet"), "neutral"


_TONES: dict[HandoutStatus, Tone] = {
    HandoutStatus.GIVEN: "ok",
    HandoutStatus.ENTERED_IN_ERROR: "neutral",
}


def _blocked_handout(view: HandoutView, today: date) -> HandoutLine:
    """A dose that is said to be somebody else's. It counts, and nothing else of it is told."""
    facts = [f"{word(view.event.part)} {view.event.day:%d.%m.}"]
    facts.append(translate("patient", "regnes som gitt til det er avgjort"))
    if view.mark is not None:
        facts.append(blocked_text(view.mark))
    return HandoutLine(
        title=translate("patient", "Sperret, meldt feilført på feil pasient"),
        detail=" · ".join(facts),
        when=short_moment(view.event.given_at, today),
        status=translate("patient", "Sperret"),
        tone="warn",
        struck=False,
    )


def handout(view: HandoutView, today: date) -> HandoutLine:
    """One event of the history. What was taken back stays readable and says so."""
    event = view.event
    if view.hidden or (view.mark is not None and view.mark.blocked):
        return _blocked_handout(view, today)
    product = view.request.product if view.request else translate("patient", "Legemiddel")
    struck = view.reversed_by is not None
    facts = [f"{word(event.part)} {event.day:%d.%m.}"]
    if event.dose_mg is not None:
        facts.append(dose_text(event.dose_mg, event.dose_ml))
    facts.append(reason_text(event.status, event.reason, event.reason_text))
    if event.retrospective:
        facts.append(translate("patient", "ført i etterkant"))
    if view.reversed_by is not None:
        why = view.reversed_by.reason_text
        facts.append(translate("patient", "feilført: {why}").format(why=why))
    facts.append(view.author_name)
    status = word(event.status)
    if event.status is HandoutStatus.ENTERED_IN_ERROR:
        status = translate("patient", "Rettelse")
    elif struck:
        status = translate("patient", "{status}, feilført").format(status=status)
    return HandoutLine(
        title=product,
        detail=" · ".join(fact for fact in facts if fact),
        when=short_moment(event.given_at, today),
        status=status,
        tone="neutral" if struck else _TONES.get(event.status, "warn"),
        struck=struck,
    )
