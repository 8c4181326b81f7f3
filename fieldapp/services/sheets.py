"""The round on paper, for when the laptop may fail: printed, and entered back by code.

A sheet holds only doses whose claims this store has. They stay with it until the sheet is entered
or declared void: whoever gives by paper is not seen by anybody else. The id of the event that a
line becomes is fixed when it is printed, so that one handout entered twice is one event.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.claims import LONGEST_TRIP, Claim
from fieldapp.domain.handout_events import PaperSheet, SheetLine, SheetStatus
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import (
    PART_ORDER,
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    OtherDose,
    Slot,
    SlotKey,
    closing,
    effective,
)
from fieldapp.domain.patients import Patient
from fieldapp.domain.readiness import Code, Verdict, in_the_way_of, units_of
from fieldapp.domain.rights import Right
from fieldapp.services import calendar, claims, lease, medication
from fieldapp.services.calendar import GroupDays
from fieldapp.services.medication import HandoutEntry, RoundPatient
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import calendar as store_calendar
from fieldapp.store import claims as store_claims
from fieldapp.store import medication as store_medication
from fieldapp.store import patients as store_patients
from fieldapp.store import records
from fieldapp.store import sheets as store

DAYS_SHOWN: Final = 7
"""Days before the sheet's first that are printed with each patient."""

_LINES: Final = uuid.UUID("0f3b9f56-6f0e-4c5e-9d0a-1f6a3f4f8a11")
_LETTERS: Final = "ABCDEFHJKLMNPRSTUVXYZ"
"""No letter that is read as a figure or as another one when written by hand."""

_IN_THE_WAY: Final = frozenset(
    {
        Code.GIVEN,
        Code.HELD_BY_OTHER,
        Code.UNKNOWN_DAY,
        Code.STOPPED,
        Code.ON_HOLD,
        Code.NOT_PLANNED,
        Code.MISSED_TOO_LONG,
        Code.PHARMACY,
        Code.NOT_CLAIMED,
        Code.ORDER_CHANGED,
        Code.NOT_PULLED,
        Code.PULL_TOO_OLD,
        Code.MARKED_DOSE,
        Code.POSSIBLE_DUPLICATE,
        Code.CLOCK,
        Code.STORE_SET_BACK,
    }
)
"""Findings that keep a dose off the paper, the gravest first in `Code`. The hour and the interval
are for whoever gives it: the last seven days stand on the sheet."""


class SheetError(ValueError):
    """A sheet is not printed, or a line not entered; nothing is written.

    Codes: sheet_nothing_to_print, sheet_not_open, sheet_unknown_code, sheet_line_open,
    sheet_reason_missing, sheet_reason_code_missing, sheet_slot_filled,
    sheet_has_doses. `event_id` names the dose that fills the slot already.
    """

    def __init__(self, code: str, event_id: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.event_id = event_id


class LeftOut(StrEnum):
    """Why a planned dose is not on the paper, besides what the light says."""

    INJECTION = "injection"
    ON_OTHER_SHEET = "on_other_sheet"


@dataclass(frozen=True, slots=True)
class Planned:
    """A dose that goes on the paper. `claims` are the own ones that it is given by."""

    patient: Patient
    slot: Slot
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class NotOnPaper:
    """A planned dose that does not; `reason` is a code of `LeftOut` or of `readiness.Code`."""

    patient: Patient
    slot: Slot
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a sheet of some days would hold."""

    days: tuple[date, ...]
    planned: tuple[Planned, ...]
    left_out: tuple[NotOnPaper, ...]


@dataclass(frozen=True, slots=True)
class LineView:
    """A line with what is known here. `patient` and `order` are None when they are not here.

    `event` is what was entered of it. `others` are doses that close the slot all the same: entering
    this line would be a second one.
    """

    line: SheetLine
    patient: Patient | None
    order: MedicationRequest | None
    event: MedicationAdministration | None
    others: tuple[MedicationAdministration, ...]


@dataclass(frozen=True, slots=True)
class SheetView:
    """A sheet with its lines in the order of the paper. `mine`: this store printed it."""

    sheet: PaperSheet
    lines: tuple[LineView, ...]
    mine: bool

    @property
    def entered(self) -> int:
        return sum(line.event is not None for line in self.lines)


@dataclass(frozen=True, slots=True)
class LineEntry:
    """What the paper says of one line.

    `dose_mg` None is the planned dose. `second_dose`: a dose stands in the slot already and this
    one was given beside it, by somebody's explicit word. `taken_home_with` is the code of the line
    that it was handed over with.
    """

    code: str
    status: HandoutStatus
    given_at: datetime
    dose_mg: Decimal | None = None
    witnessed: bool = False
    reason: str | None = None
    reason_text: str = ""
    taken_home_with: str | None = None
    second_dose: bool = False
    other_dose: OtherDose | None = None


# --- printing


@needs(Right.HAND_OUT)
def draft(session: Session, days: int) -> Draft:
    """Return what a sheet for this service day and the following, `days` in all, would hold.

    Raises ValueError for fewer than 1 or more than `LONGEST_TRIP` days.
    """
    if not 1 <= days <= LONGEST_TRIP:
        raise ValueError("a trip has 1 to 7 days")
    first = medication.service_day(session)
    wanted = tuple(first + timedelta(days=offset) for offset in range(days))
    own = {claim.id: claim for claim in claims.held(session)}
    on_paper = _slots_on_paper(store.printed(session.database))
    planned: list[Planned] = []
    left_out: list[NotOnPaper] = []
    seen: set[SlotKey] = set()
    for day in wanted:
        for row in medication.round_for(session, day):
            for slot, verdict in _doses(row):
                if slot.key in seen:
                    continue
                seen.add(slot.key)
                needed = _own_claims(own, slot, day)
                reason = _kept_off(slot, verdict, needed, on_paper)
                if reason is None:
                    planned.append(Planned(row.patient, slot, needed))
                else:
                    left_out.append(NotOnPaper(row.patient, slot, reason))
    return Draft(wanted, tuple(planned), tuple(left_out))


@needs(Right.HAND_OUT)
def print_sheet(session: Session, days: int) -> ChangeSet:
    """Make a sheet of these days and keep its claims here until it is settled.

    It is made before it is printed: no paper may be out there that nobody knows of. Raises
    SheetError sheet_nothing_to_print.
    """
    with session.write() as unit:
        found = draft(session, days)
        if not found.planned:
            raise SheetError("sheet_nothing_to_print")
        sheet_id = session.new_id()
        sheet = PaperSheet(
            id=sheet_id,
            printed_at=unit.now,
            printed_by=session.user.id,
            device_id=session.device_id,
            lines=tuple(
                _line(sheet_id, number, one.slot) for number, one in enumerate(found.planned, 1)
            ),
            claim_ids=tuple(sorted({claim.id for one in found.planned for claim in one.claims})),
        )
        unit.save(sheet, "print")
    session.settle()
    return unit.changes(sheet_id)


@needs(Right.HAND_OUT)
def reprinted(session: Session, sheet_id: str) -> None:
    """Log that the same sheet was printed once more."""
    with session.write() as unit:
        unit.audit("print", "paper_sheet", sheet_id)


@needs(Right.HAND_OUT)
def exported(session: Session, sheet_id: str) -> None:
    """Log that a sheet became a file."""
    with session.write() as unit:
        unit.audit("export", "paper_sheet", sheet_id)


def short_name(sheet: PaperSheet) -> str:
    """Return what a sheet is called on its head: six signs that nobody confuses."""
    return sheet.id.replace("-", "")[-6:].upper()


@needs(Right.READ_PATIENTS)
@lease.reads(Area.HANDOUTS)
def last_days(session: Session, patient_id: str, before: date) -> tuple[GroupDays, ...]:
    """Return the seven days before a day, for the sheet."""
    first = before - timedelta(days=DAYS_SHOWN)
    return calendar.read(session, patient_id, first, before - timedelta(days=1)).groups


def _doses(row: RoundPatient) -> Iterable[tuple[Slot, Verdict | None]]:
    return ((entry.slot, entry.verdict) for entry in row.slots)


def _own_claims(own: dict[str, Claim], slot: Slot, day: date) -> tuple[Claim, ...]:
    group = medication.group_of(slot.request)
    ids = [
        store_claims.Name(slot.key.patient_id, group, unit).claim_id for unit in units_of(slot, day)
    ]
    return tuple(own[claim_id] for claim_id in ids if claim_id in own)


def _kept_off(
    slot: Slot,
    verdict: Verdict | None,
    needed: tuple[Claim, ...],
    on_paper: Collection[SlotKey],
) -> str | None:
    if slot.occurrence is not None:
        # Site, batch and expiry belong to it; it is written on the screen, or by hand and told.
        return LeftOut.INJECTION.value
    if slot.key in on_paper:
        return LeftOut.ON_OTHER_SHEET.value
    codes = {finding.code for finding in verdict.findings} if verdict is not None else set()
    found = next((code for code in Code if code in codes and code in _IN_THE_WAY), None)
    if found is None and not needed:
        found = Code.NOT_CLAIMED
    return None if found is None else found.value


def _slots_on_paper(sheets: Iterable[PaperSheet]) -> set[SlotKey]:
    return {_key(line) for sheet in sheets for line in sheet.lines}


def _line(sheet_id: str, number: int, slot: Slot) -> SheetLine:
    code = f"{number:02d}{_LETTERS[(uuid.UUID(sheet_id).int + number * 8) % len(_LETTERS)]}"
    return SheetLine(
        code=code,
        administration_id=administration_id(sheet_id, code),
        patient_id=slot.key.patient_id,
        request_id=slot.key.request_id,
        day=slot.key.day,
        part=slot.key.part.value,
        dose_mg=slot.dose_mg,
    )


def administration_id(sheet_id: str, code: str) -> str:
    """Return the id of the event that a line becomes, whoever enters it."""
    return str(uuid.uuid5(_LINES, f"{sheet_id}|{code}"))


# --- looking


@needs(Right.READ_PATIENTS)
def open_sheets(session: Session) -> list[SheetView]:
    """Return the sheets that wait to be entered, the team's all, own ones first."""
    found = [_view(session, sheet) for sheet in store.printed(session.database)]
    return sorted(found, key=lambda one: (not one.mine, one.sheet.printed_at, one.sheet.id))


@needs(Right.READ_PATIENTS)
def view(session: Session, sheet_id: str) -> SheetView:
    """Return a sheet, settled or not. Raises NotFoundError."""
    return _view(session, _sheet(session, sheet_id))


def _view(session: Session, sheet: PaperSheet) -> SheetView:
    database = session.database
    own = claims.own_store(session)
    patients = store_patients.by_ids(database, {line.patient_id for line in sheet.lines})
    lines = tuple(_line_view(session, line, patients.get(line.patient_id)) for line in sheet.lines)
    mine = (sheet.device_id, sheet.printed_by) == (own.device_id, own.practitioner_id)
    return SheetView(sheet, lines, mine)


def _line_view(session: Session, line: SheetLine, patient: Patient | None) -> LineView:
    database = session.database
    order = records.get(database, MedicationRequest, line.request_id)
    event = records.get(database, MedicationAdministration, line.administration_id)
    others: tuple[MedicationAdministration, ...] = ()
    if event is None and order is not None:
        others = _others(session, line, order)
    return LineView(line, patient, order, event, others)


def _others(
    session: Session, line: SheetLine, order: MedicationRequest
) -> tuple[MedicationAdministration, ...]:
    """Return the doses that close the line's slot, or that its day's orders do not plan."""
    database = session.database
    group = medication.group_of(order)
    orders = medication.orders_of(session, line.patient_id)
    same_group = {one.id: one for one in orders if medication.group_of(one) == group}
    events = store_medication.events_on_day(database, line.patient_id, line.day)
    reopened = store_calendar.reopened(database, line.patient_id)
    doses = [dose for dose in closing(events, reopened) if dose.request_id in same_group]
    return tuple(in_the_way_of(_key(line), same_group.values(), doses))


def _sheet(session: Session, sheet_id: str) -> PaperSheet:
    found = records.get(session.database, PaperSheet, sheet_id)
    if found is None:
        raise NotFoundError(sheet_id)
    return found


def _open_sheet(session: Session, sheet_id: str) -> PaperSheet:
    sheet = _sheet(session, sheet_id)
    if sheet.status is not SheetStatus.PRINTED:
        raise SheetError("sheet_not_open")
    return sheet


def _key(line: SheetLine) -> SlotKey:
    part = next(part for part in PART_ORDER if part.value == line.part)
    return SlotKey(line.patient_id, line.request_id, line.day, part)


# --- entering back


@needs(Right.RECORD_CARE)
def enter(session: Session, sheet_id: str, entry: LineEntry) -> ChangeSet:
    """Record what the paper says of one line, as something that has happened.

    The same line entered again is the same event. Raises SheetError, and HandoutError for what the
    entry itself lacks; nothing is written then.
    """
    sheet = _open_sheet(session, sheet_id)
    line = line_of(sheet, entry.code)
    given = entry.status is HandoutStatus.GIVEN
    if not given and not entry.reason:
        raise SheetError("sheet_reason_code_missing")
    found = view(session, sheet_id)
    known = next(one for one in found.lines if one.line == line)
    if given and known.event is None and known.others and not entry.second_dose:
        raise SheetError("sheet_slot_filled", known.others[0].id)
    first = None
    if entry.taken_home_with is not None:
        first = line_of(sheet, entry.taken_home_with).administration_id
    return medication.record(
        session,
        HandoutEntry(
            id=line.administration_id,
            slot=_key(line),
            status=entry.status,
            dose_mg=(entry.dose_mg or line.dose_mg) if given else None,
            witnessed=entry.witnessed and given,
            reason=None if given else entry.reason,
            reason_text=_reason_text(sheet, entry),
            given_at=entry.given_at,
            retrospective=True,
            sheet_id=sheet.id,
            taken_home_with=first,
            other_dose=entry.other_dose if given else None,
        ),
    )


def line_of(sheet: PaperSheet, code: str) -> SheetLine:
    """Return the line of a code as somebody types it. Raises SheetError sheet_unknown_code."""
    wanted = code.strip().upper()
    found = next((line for line in sheet.lines if line.code == wanted), None)
    if found is None:
        raise SheetError("sheet_unknown_code")
    return found


@needs(Right.RECORD_CARE)
def settle(session: Session, sheet_id: str, unused: Iterable[str]) -> ChangeSet:
    """Declare a sheet entered: every line was, or is among the codes that nothing came of.

    Its claims can be given up from now on. Raises SheetError sheet_line_open.
    """
    nothing = {code.strip().upper() for code in unused}
    with session.write() as unit:
        sheet = _open_sheet(session, sheet_id)
        here = {
            line.code
            for line in sheet.lines
            if records.exists(session.database, MedicationAdministration, line.administration_id)
        }
        if any(line.code not in here | nothing for line in sheet.lines):
            raise SheetError("sheet_line_open")
        said = ", ".join(sorted(nothing - here))
        unit.save(_settled(unit.now, session, sheet, SheetStatus.ENTERED, said), "enter")
    session.settle()
    return unit.changes(sheet_id)


@needs(Right.RECORD_CARE)
def void(session: Session, sheet_id: str, reason: str) -> ChangeSet:
    """Declare that nothing was given by a sheet. Its claims can be given up from now on.

    Raises SheetError without a reason, or when a line of it was entered as given.
    """
    if not reason.strip():
        raise SheetError("sheet_reason_missing")
    with session.write() as unit:
        sheet = _open_sheet(session, sheet_id)
        ids = [line.administration_id for line in sheet.lines]
        entered = medication.store_events(session, ids)
        if effective(entered):
            raise SheetError("sheet_has_doses")
        unit.save(_settled(unit.now, session, sheet, SheetStatus.VOID, reason.strip()), "void")
    session.settle()
    return unit.changes(sheet_id)


def _settled(
    now: datetime, session: Session, sheet: PaperSheet, status: SheetStatus, reason: str
) -> PaperSheet:
    return replace(sheet, status=status, settled_at=now, settled_by=session.user.id, reason=reason)


def _reason_text(sheet: PaperSheet, entry: LineEntry) -> str:
    """A record of the past has its reason: the sheet, and what the paper or the enterer says."""
    said: Sequence[str] = (f"Papirark {short_name(sheet)}, {entry.code}", entry.reason_text.strip())
    return ". ".join(part for part in said if part)
