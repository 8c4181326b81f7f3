"""What the giver has said about one dose, what is missing, and what will be recorded.

Nothing is filled in beforehand: identity and observed state are seen and said for every dose anew.
"As planned" (one key) means what the line above the button says: taken under observation, no other
dose in the last day and night, nothing to take home.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QLocale

from fieldapp.domain.handout_checks import needs_watching
from fieldapp.domain.medication import (
    CoSignature,
    Force,
    HandoutStatus,
    IdentityCheck,
    Injection,
    Intake,
    ObservedState,
    OtherDose,
    Part,
    Slot,
    SlotKey,
    SupplyUse,
    slots,
)
from fieldapp.domain.reference import HandoutReference
from fieldapp.domain.substances import SubstanceGroup
from fieldapp.services.medication import HandoutEntry
from ui.typed import parse_decimal
from ui.words import NO_BREAK, amount, dose_text, word

translate = QCoreApplication.translate

WHAT_WAS_SEEN = frozenset({"intoxicated", "sedated"})
"""Reasons that say too little while nobody has said what was seen."""


class Ask(StrEnum):
    """The question that stands open under the active dose."""

    REASON = "reason"
    PROPOSAL = "proposal"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class InjectionSaid:
    """What was typed and chosen about an injection; texts are as typed."""

    site: str | None = None
    side: str | None = None
    lot: str = ""
    expiry: str = ""
    needle: str = ""
    observed: str = ""
    legal_basis: str | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """What this dose asks for beyond identity and state, by its medicine and the organisation.

    `home_days` are the days that may be taken home, at most the order's; `home_planned` how many of
    them the order plans. `home_parts` are the later parts of this day that the order sends home
    with this dose. `ledgers` are the bags it may come from, as (id, words); `accounted`: a register
    is kept of it. `witness`: the organisation wants a second person's code, and without it the act
    waits for one.
    """

    dissolves: int | None = None
    home_days: tuple[date, ...] = ()
    home_planned: int = 0
    home_parts: tuple[Part, ...] = ()
    witness: bool = False
    ledgers: tuple[tuple[str, str], ...] = ()
    accounted: bool = False
    injection: bool = False
    observe_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class HandoutForm:
    """What the giver has said so far about one slot.

    `id` becomes the event's id, so that a double click is one event. `ask` is the open question:
    why a dose is not given (`status`), why event `reverses` was a mistake (for the team leader), or
    what has already happened. `problem` is what is missing, said beside the button pressed.
    """

    id: str
    slot: Slot
    needs: Needs = field(default_factory=Needs)
    identity: IdentityCheck | None = None
    observed: ObservedState | None = None
    other_dose: OtherDose | None = None
    other_text: str = ""
    seen: bool | None = None
    """Whether the intake was seen; None is what is planned: it was."""
    dissolve_began: datetime | None = None
    dissolve_text: str = ""
    mouth_checked: bool | None = None
    home_count: int | None = None
    home_today: bool | None = None
    """Whether the later parts of this day go home with this dose."""
    bottles_text: str = ""
    empties_text: str = ""
    witness: CoSignature | None = None
    ledger_id: str | None = None
    injection: InjectionSaid = field(default_factory=InjectionSaid)
    contact: str = ""
    ask: Ask | None = None
    status: HandoutStatus | None = None
    reason: str | None = None
    reason_text: str = ""
    past_day: date | None = None
    past_clock: tuple[int, int] | None = None
    past_dose: str = ""
    past_day_text: str = ""
    reverses: str | None = None
    problem: str = ""

    @property
    def home_days(self) -> tuple[date, ...]:
        """The days that are handed out to take home."""
        return self.needs.home_days[: self.home_count or 0]

    @property
    def home_parts(self) -> tuple[Part, ...]:
        """The later parts of this day that are handed out to take home."""
        return self.needs.home_parts if self.home_today else ()

    @property
    def home_slots(self) -> tuple[Slot, ...]:
        """Every dose that is handed out to take home."""
        order, today = self.slot.request, self.slot.key.day
        later = [slot for slot in slots([order], today) if slot.key.part in self.home_parts]
        return (*later, *(slot for day in self.home_days for slot in slots([order], day)))


# --- what a dose asks for


def home_days(slot: Slot) -> tuple[tuple[date, ...], int]:
    """The following days that may be handed out with this dose, and how many the order plans.

    One after the other without a gap between doses, at most as many as the order allows. A depot
    is never taken home.
    """
    order = slot.request
    found: list[date] = []
    if order.is_depot:
        return (), 0
    for offset in range(1, order.max_take_home_days + 1):
        day = slot.key.day + timedelta(days=offset)
        doses = slots([order], day)
        if doses and order.take_home_weekdays and not all(dose.take_home for dose in doses):
            break  # the next dose under observation
        if doses:
            found.append(day)
    return tuple(found), len(found) if order.take_home_weekdays else 0


def home_parts(slot: Slot) -> tuple[Part, ...]:
    """The later parts of a dose's own day that the order sends home with it."""
    if slot.take_home or slot.request.is_depot:
        return ()
    doses = slots([slot.request], slot.key.day)
    later = doses[[dose.key for dose in doses].index(slot.key) + 1 :] if slot in doses else []
    return tuple(dose.key.part for dose in later if dose.take_home)


def dissolve_minutes(slot: Slot, group: SubstanceGroup) -> int | None:
    """How long this tablet is watched at least, None for anything else."""
    return group.dissolve_minutes if needs_watching(group, slot.request) else None


def empty_again(form: HandoutForm, slot: Slot, needs: Needs) -> HandoutForm:
    """The same event with nothing said: what was seen was about another dose."""
    return HandoutForm(form.id, slot, needs)


# --- what is missing


_MISSING: dict[str, object] = {
    "identity": QT_TRANSLATE_NOOP("handout", "identitet"),
    "state": QT_TRANSLATE_NOOP("handout", "tilstand"),
    "other": QT_TRANSLATE_NOOP("handout", "svaret om annen dose siste døgn"),
    "other_text": QT_TRANSLATE_NOOP("handout", "hva den andre dosen var"),
    "dissolve": QT_TRANSLATE_NOOP("handout", "hvor mange minutter tabletten løste seg opp"),
    "mouth": QT_TRANSLATE_NOOP("handout", "om munnen ble sjekket"),
    "home_count": QT_TRANSLATE_NOOP("handout", "hvor mange dager som tas med hjem"),
    "home_today": QT_TRANSLATE_NOOP("handout", "om resten av dagens dose tas med hjem"),
    "seen_first": QT_TRANSLATE_NOOP("handout", "inntak sett, for den første dosen av flere dager"),
    "bottles": QT_TRANSLATE_NOOP("handout", "antall flasker eller esker som tas med"),
    "empties": QT_TRANSLATE_NOOP("handout", "antall tomme som kom tilbake (0 for ingen)"),
    "ledger": QT_TRANSLATE_NOOP("handout", "hvilken veske dosen tas fra"),
    "site": QT_TRANSLATE_NOOP("handout", "injeksjonssted"),
    "side": QT_TRANSLATE_NOOP("handout", "side"),
    "lot": QT_TRANSLATE_NOOP("handout", "batchnummer"),
    "expiry": QT_TRANSLATE_NOOP("handout", "utløpsdato (dd.mm.åååå eller mm.åååå)"),
    "observation": QT_TRANSLATE_NOOP("handout", "observasjonstid i minutter"),
    "reason": QT_TRANSLATE_NOOP("handout", "årsak"),
    "reason_text": QT_TRANSLATE_NOOP("handout", "årsaken med egne ord"),
    "seen_text": QT_TRANSLATE_NOOP("handout", "hva du så"),
    "past_text": QT_TRANSLATE_NOOP("handout", "hvem som ga dosen, hvor, og hvorfor det føres nå"),
    "past_clock": QT_TRANSLATE_NOOP("handout", "klokkeslett"),
    "reversal_text": QT_TRANSLATE_NOOP("handout", "hva som ble ført feil"),
}


def missing_to_give(form: HandoutForm) -> tuple[str, ...]:
    """Codes of what must be said before the dose is recorded as given, in the form's order."""
    needs, home = form.needs, (*form.home_parts, *form.home_days)
    injection = form.injection
    said = {
        "identity": form.identity is not None,
        "state": form.observed is not None,
        "other_text": form.other_dose is not OtherDose.YES or bool(form.other_text.strip()),
        "dissolve": needs.dissolves is None
        or form.seen is False
        or (whole(form.dissolve_text) or 0) > 0,
        "mouth": needs.dissolves is None or form.seen is False or form.mouth_checked is not None,
        "home_today": not needs.home_parts or form.home_today is not None,
        "home_count": needs.home_planned == 0 or form.home_count is not None,
        "seen_first": not home or form.seen is not False,
        "bottles": not home or (whole(form.bottles_text) or 0) > 0,
        "empties": not home or whole(form.empties_text) is not None,
        "site": not needs.injection or injection.site is not None,
        "side": not needs.injection or injection.side is not None,
        "lot": not needs.injection or bool(injection.lot.strip()),
        "expiry": not needs.injection or parse_expiry(injection.expiry) is not None,
        "observation": needs.observe_minutes is None or whole(injection.observed) is not None,
        "ledger": not needs.ledgers or form.ledger_id is not None,
    }
    return tuple(code for code, known in said.items() if not known)


def missing_to_confirm(form: HandoutForm, reference: HandoutReference) -> tuple[str, ...]:
    """Codes of what the open question still needs."""
    blank = not form.reason_text.strip()
    if form.ask is Ask.PROPOSAL:
        return ("reversal_text",) if blank else ()
    if form.ask is Ask.PAST:
        said = {
            "past_clock": form.past_clock is not None,
            "past_text": not blank,
            "expiry": not form.needs.injection or parse_expiry(form.injection.expiry) is not None,
        }
        return tuple(code for code, known in said.items() if not known)
    if form.reason is None:
        return ("reason",)
    if not blank or not needs_text(form, reference):
        return ()
    return ("seen_text",) if form.reason in WHAT_WAS_SEEN else ("reason_text",)


def needs_text(form: HandoutForm, reference: HandoutReference) -> bool:
    """True when the chosen reason says too little by itself.

    Of somebody who was intoxicated it is kept what was seen: the state that was chosen, or words.
    """
    if form.status is None or form.reason is None:
        return False
    if form.reason in WHAT_WAS_SEEN and form.status is HandoutStatus.WITHHELD:
        return form.observed in (None, ObservedState.UNAFFECTED)
    found = reference.reason(form.status, form.reason)
    return found is not None and found.needs_text


def missing_words(codes: Iterable[str]) -> str:
    """ "Mangler: identitet og tilstand."; empty for nothing."""
    words = [translate("handout", str(_MISSING[code])) for code in codes]
    if not words:
        return ""
    return translate("handout", "Mangler: {what}.").format(what=listed(words))


def listed(words: Sequence[str]) -> str:
    """ "a, b og c"."""
    if len(words) < 2:
        return "".join(words)
    return translate("handout", "{most} og {last}").format(
        most=", ".join(words[:-1]), last=words[-1]
    )


# --- what the button will record


def as_recorded(form: HandoutForm) -> str:
    """What pressing "Gitt" records: dose, intake, the other dose, days to take home, the bag."""
    slot = form.slot
    parts = [dose_text(slot.dose_mg, slot.dose_ml)]
    if not form.needs.injection:
        parts.append(
            translate("handout", "inntak ikke sett")
            if form.seen is False
            else translate("handout", "inntak sett")
        )
    parts.append(_other_words(form))
    if form.home_parts:
        parts.append(home_parts_words(form.home_parts))
    if form.home_days:
        parts.append(home_words(form.home_days))
    bag = dict(form.needs.ledgers).get(form.ledger_id or "")
    if bag:
        parts.append(translate("handout", "fra vesken {bag}").format(bag=bag))
    return translate("handout", "«Gitt» fører: {what}.").format(what=" · ".join(parts))


def not_accounted_words(form: HandoutForm) -> str:
    """Said before giving: the register will not have this dose; empty where it will."""
    if not form.needs.accounted or form.ledger_id is not None or form.needs.ledgers:
        return ""
    return translate(
        "handout",
        "Ikke ført i narkotikaregnskapet: ingen åpen veske på denne maskinen har legemiddelet.",
    )


def witness_wanted_words(form: HandoutForm) -> str:
    """Said before giving: the organisation wants a second person's code, and there is none."""
    signed = form.witness is not None and form.witness.by_code
    if not form.needs.witness or signed:
        return ""
    return translate(
        "handout",
        "Skal bekreftes av en annen person med kode. Uten den føres dosen som «venter på vitne»; "
        "bare et navn teller ikke.",
    )


def _other_words(form: HandoutForm) -> str:
    if form.other_dose is OtherDose.YES:
        return translate("handout", "har fått annen dose siste døgn")
    if form.other_dose is OtherDose.UNKNOWN:
        return translate("handout", "annen dose siste døgn: vet ikke")
    return translate("handout", "sier nei til annen dose siste døgn")


def home_parts_words(parts: Sequence[Part]) -> str:
    """ "kveld i dag med hjem"."""
    words = listed([word(part).lower() for part in parts])
    return translate("handout", "{parts} i dag med hjem").format(parts=words)


def home_words(days: Sequence[date]) -> str:
    """ "med hjem: tir. 24.–tor. 26. (3 dager)"."""
    if len(days) == 1:
        return translate("handout", "med hjem: {day}").format(day=short_day(days[0]))
    return translate("handout", "med hjem: {first}–{last} ({count} dager)").format(
        first=short_day(days[0]), last=short_day(days[-1]), count=len(days)
    )


def short_day(day: date) -> str:
    """ "tir. 24."."""
    name = QLocale().dayName(day.isoweekday(), QLocale.FormatType.ShortFormat).rstrip(".")
    return f"{name}.{NO_BREAK}{day.day}."


# --- the entry


def entry(
    form: HandoutForm,
    status: HandoutStatus,
    *,
    given_at: datetime | None = None,
    forced: Force | None = None,
    injection: Injection | None = None,
    supply: SupplyUse | None = None,
    sheet_id: str | None = None,
) -> HandoutEntry:
    """Return what the service shall record. Only call it when nothing is missing."""
    given = status is HandoutStatus.GIVEN
    past = form.ask is Ask.PAST
    act = given and not past
    days, parts = (form.home_days, form.home_parts) if act else ((), ())
    home = bool(days or parts)
    return HandoutEntry(
        id=form.id,
        slot=past_slot(form) if past else form.slot.key,
        status=status,
        dose_mg=dose_of(form) if given else None,
        witnessed=act and form.seen is not False,
        identity_check=None if past else form.identity,
        observed_state=None if past else form.observed,
        reason=form.reason if not given else None,
        reason_text=form.reason_text if form.ask is not None else "",
        given_at=given_at,
        retrospective=past,
        request_revision=form.slot.request.revision,
        take_home_days=days,
        take_home_parts=parts,
        bottles=whole(form.bottles_text) if home else None,
        empties_returned=whole(form.empties_text) if home else None,
        intake=_intake(form) if act else None,
        other_dose=(form.other_dose or OtherDose.NO) if act else None,
        other_dose_text=form.other_text.strip() if act else "",
        witness=form.witness if act else None,
        forced=forced,
        injection=injection,
        supply=supply,
        sheet_id=sheet_id,
        prescriber_contact=form.contact.strip() if not given else "",
    )


def dose_of(form: HandoutForm) -> Decimal:
    """What was given, or is about to be: as planned, or as told of the past."""
    if form.ask is Ask.PAST and form.past_dose.strip():
        found = milligrams(form.past_dose)
        if found is not None:
            return found
    return form.slot.dose_mg


def _intake(form: HandoutForm) -> Intake | None:
    if form.needs.dissolves is None or form.seen is False:
        return None
    return Intake(whole(form.dissolve_text), form.mouth_checked)


def past_slot(form: HandoutForm) -> SlotKey:
    """The slot of what has already happened: of the day that was named."""
    key = form.slot.key
    return key if form.past_day is None else replace(key, day=form.past_day)


# --- figures as typed


def whole(text: str) -> int | None:
    """A whole number of 0 or more as typed, None for anything else."""
    plain = text.strip()
    return int(plain) if plain.isdecimal() and len(plain) < 5 else None


def milligrams(text: str) -> Decimal | None:
    """ "85", "85,5" or "85 mg"; None for anything else, another unit too."""
    plain = text.strip().lower().replace(NO_BREAK, " ")
    if plain.endswith("mg"):
        plain = plain[:-2].strip()
    return parse_decimal(plain)


def dose_problem(text: str) -> str:
    """What is wrong with a typed dose, in a sentence; empty for nothing."""
    if not text.strip():
        return ""
    found = milligrams(text)
    if found is None:
        return translate(
            "handout", "Skriv dosen i milligram, for eksempel 85 eller 7,5. Ingenting er skrevet."
        )
    if found <= 0:
        return translate("handout", "Dosen må være mer enn 0 mg. Ingenting er skrevet.")
    return ""


def parse_expiry(text: str) -> date | None:
    """A date of expiry as packs show it: "31.08.2027", or "08.2027" for that month's last day."""
    parts = text.strip().replace("/", ".").replace("-", ".").split(".")
    if not all(part.isdecimal() and part.isascii() for part in parts):
        return None
    numbers = [int(part) for part in parts]
    try:
        if len(numbers) == 3:
            return date(_year(numbers[2]), numbers[1], numbers[0])
        if len(numbers) == 2:
            first = date(_year(numbers[1]), numbers[0], 1)
            return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    except (ValueError, OverflowError):
        pass
    return None


def _year(number: int) -> int:
    return 2000 + number if number < 100 else number


def parse_day(text: str, today: date) -> date | None:
    """A day as typed: "21.11.2026" or "21.11" of the last twelve months; None otherwise."""
    parts = [part for part in text.strip().split(".") if part]
    if len(parts) not in (2, 3) or not all(p.isdecimal() and p.isascii() for p in parts):
        return None
    try:
        if len(parts) == 3:
            return date(_year(int(parts[2])), int(parts[1]), int(parts[0]))
        found = date(today.year, int(parts[1]), int(parts[0]))
        return found if found <= today else found.replace(year=today.year - 1)
    except ValueError:
        return None


def units_text(units: Decimal, unit: str) -> str:
    """ "42,5 mL"."""
    return f"{amount(units)}{NO_BREAK}{unit}"
