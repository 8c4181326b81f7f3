"""Opening patients outside one's list, the end of it, and who judges it.

Words of why stand in the table of openings; the log has ids and the reason's code alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.access_log import AccessReason
from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.collation import fold
from fieldapp.domain.patients import Patient
from fieldapp.domain.rights import Right, may
from sync.protocol.access import (
    MOST_FOUND,
    FindPatientRequest,
    FoundAnswer,
    FoundPatient,
    OpenedAnswer,
    OpeningRow,
    OpeningsAnswer,
    OpenPatientRequest,
    ReviewOpeningRequest,
    Verdict,
)
from sync.protocol.errors import BadRequestError, NotAllowedError, NotFoundError_
from sync.protocol.office import MAX_LISTED
from sync.server import assignments, limits
from sync.server.identity import Identity
from sync.server.office_rows import name_in, patient_names
from sync.server.overview import staff_names
from sync.server.rules import rules
from sync.server.storage.access import Opening
from sync.server.storage.office import OfficeLine
from sync.server.storage.storage import Transaction
from sync.server.world import World

REASONS: Final = frozenset({AccessReason.ETREAT, AccessReason.BTG})
"""By which somebody outside one's list is opened. How long it lasts is a rule."""
"""How long the patient stays on the list. Verified by nobody yet; the organisation's to decide."""

_NATIONAL_DIGITS: Final = 11
_FEWEST_LETTERS: Final = 2


def find_patient(world: World, who: Identity, request: FindPatientRequest) -> FoundAnswer:
    """Find by an exact number, or by name and birth date. Every look is logged, a vain one too.

    Raises NotAllowedError, BadRequestError ("national_id", "name_and_birth_date").
    """
    _ask(world, who, "access_find")
    limits.take(world, limits.FIND, who.user_id)
    now = world.clock.now()
    with world.storage.read() as transaction:
        people = _people(transaction)
        standing = transaction.scope.standing(who.user_id)
    found = [person for person in people if _fits(person, request)]
    found.sort(key=lambda person: (fold(person.name), person.id))
    shown = found[:MOST_FOUND]
    with world.storage.write() as transaction:
        line = _line(who, now, "access_find")
        for person in shown:
            transaction.office.add_line(replace(line, patient_id=person.id, count=1))
        if not shown:
            transaction.office.add_line(replace(line, count=0))
    return FoundAnswer(
        patients=[
            FoundPatient(
                patient_id=person.id,
                name=person.name,
                birth_year=person.birth_date.year if person.birth_date else None,
                followed=person.id in standing,
            )
            for person in shown
        ],
        more=len(found) > len(shown),
    )


def _lasts(transaction: Transaction, reason: AccessReason) -> timedelta:
    decided = rules(transaction)
    hours = decided.etreat_hours if reason is AccessReason.ETREAT else decided.btg_hours
    return timedelta(hours=hours)


def open_patient(world: World, who: Identity, request: OpenPatientRequest) -> OpenedAnswer:
    """Put a patient on the user's list for some hours; safe to repeat.

    Raises NotAllowedError, NotFoundError_, BadRequestError ("access_reason", "words_missing",
    "followed", "access_id").
    """
    _ask(world, who, "access_open")
    limits.take(world, limits.OPEN, who.user_id)
    now, words = world.clock.now(), request.words.strip()
    if request.reason not in REASONS:
        raise BadRequestError("access_reason")
    if request.reason.needs_words and not words:
        raise BadRequestError("words_missing")
    with world.storage.write() as transaction:
        transaction.records.take_turn()
        present = transaction.access.get(request.id)
        if present is not None:
            same = (present.user_id, present.patient_id) == (who.user_id, request.patient_id)
            if not same:
                raise BadRequestError("access_id")
            return OpenedAnswer(until=from_iso(present.until))
        record = transaction.records.get("patient", request.patient_id)
        if record is None or record.body.get("replaced_by"):
            raise NotFoundError_("patient")
        running = [
            one
            for one in transaction.access.running(who.user_id)
            if one.patient_id == request.patient_id
        ]
        if not running and request.patient_id in transaction.scope.standing(who.user_id):
            raise BadRequestError("followed")
        ends = now + _lasts(transaction, request.reason)
        until = max([to_iso(ends), *(one.until for one in running)])
        transaction.access.add(
            Opening(
                id=request.id,
                user_id=who.user_id,
                device_id=who.device_id,
                patient_id=request.patient_id,
                reason=request.reason.value,
                words=words,
                at=to_iso(now),
                until=until,
            )
        )
        assignments.assign_for_a_while(
            transaction,
            user_id=who.user_id,
            patient_id=request.patient_id,
            access=request.reason.value,
            until=from_iso(until),
            now=now,
            new_id=world.new_id,
        )
        line = _line(who, now, "access_open")
        transaction.office.add_line(
            replace(line, patient_id=request.patient_id, reason=request.reason.value)
        )
    return OpenedAnswer(until=from_iso(until))


# --- the end


def end_what_is_over(world: World, who: Identity) -> None:
    """Take away what the user may no longer hold: access that has run out, and everything from a
    role that reads no patients. Called before a user is told what they may see.
    """
    now = world.clock.now()
    reads = may(who.role, Right.READ_PATIENTS)
    with world.storage.glance() as transaction:
        overdue = transaction.access.is_overdue(who.user_id, to_iso(now))
        if not overdue and (reads or not transaction.scope.standing(who.user_id)):
            return
    with world.storage.write() as transaction:
        transaction.records.take_turn()
        _end_access(transaction, who.user_id, now)
        if not reads:
            for patient_id in sorted(transaction.scope.standing(who.user_id)):
                assignments.unassign(
                    transaction, user_id=who.user_id, patient_id=patient_id, now=now
                )


def _end_access(transaction: Transaction, user_id: str, now: datetime) -> None:
    at = to_iso(now)
    running = transaction.access.running(user_id)
    still = {transaction.joins.owner_of(one.patient_id) for one in running if one.until > at}
    for one in running:
        if one.until > at:
            continue
        transaction.access.end(one.id, at)
        # Two records of one person may have been joined meanwhile.
        patient_id = transaction.joins.owner_of(one.patient_id)
        if patient_id not in still:
            assignments.unassign(transaction, user_id=user_id, patient_id=patient_id, now=now)


# --- judged at the office


def openings(transaction: Transaction, who: Identity) -> OpeningsAnswer:
    """List the openings, what waits for a judgement first."""
    found = transaction.access.listed(MAX_LISTED + 1)
    shown = found[:MAX_LISTED]
    names = staff_names(transaction)
    users = {user.id: user.role for user in transaction.accounts.users()}
    devices = {device.id: device.name for device in transaction.accounts.devices()}
    patients = patient_names(transaction, [one.patient_id for one in shown])
    return OpeningsAnswer(
        openings=[
            OpeningRow(
                id=one.id,
                user_id=one.user_id,
                user_name=names.get(one.user_id, ""),
                role=users.get(one.user_id, ""),
                device_name=devices.get(one.device_id, ""),
                patient_id=one.patient_id,
                patient_name=name_in(patients, one.patient_id),
                reason=one.reason,
                words=one.words,
                at=from_iso(one.at),
                until=from_iso(one.until),
                own=one.user_id == who.user_id,
                verdict=Verdict(one.verdict) if one.verdict is not None else None,
                reviewed_by=names.get(one.reviewed_by or "", ""),
                reviewed_at=from_iso(one.reviewed_at) if one.reviewed_at else None,
                review_words=one.review_words,
            )
            for one in shown
        ],
        more=len(found) > len(shown),
    )


def review(
    transaction: Transaction, who: Identity, request: ReviewOpeningRequest, now: datetime
) -> Opening:
    """Judge an opening; return it. What was found in order stays so.

    Raises NotFoundError_, BadRequestError ("own_opening", "words_missing", "reviewed").
    """
    opening = transaction.access.get(request.id)
    if opening is None:
        raise NotFoundError_("opening")
    words = request.words.strip()
    if opening.user_id == who.user_id:
        raise BadRequestError("own_opening")
    if opening.verdict == Verdict.IN_ORDER:
        raise BadRequestError("reviewed")
    if request.verdict is Verdict.FOLLOW_UP and not words:
        raise BadRequestError("words_missing")
    if opening.review_words:
        # What was asked for when it was followed up is part of the story.
        words = f"{opening.review_words}\n{words}".strip()
    transaction.access.review(opening.id, request.verdict.value, who.user_id, to_iso(now), words)
    return opening


# --- small helpers


def _ask(world: World, who: Identity, act: str) -> None:
    if may(who.role, Right.ACCESS_OTHERS):
        return
    with world.storage.write() as transaction:
        line = _line(who, world.clock.now(), act)
        transaction.office.add_line(replace(line, allowed=False))
    raise NotAllowedError(Right.ACCESS_OTHERS.value)


def _line(who: Identity, now: datetime, act: str) -> OfficeLine:
    return OfficeLine(to_iso(now), who.user_id, who.device_id, act)


def _people(transaction: Transaction) -> list[Patient]:
    found = []
    for record in transaction.records.of_kind("patient"):
        try:
            person = from_body(Patient, record.body)
        except BodyError:
            continue  # from a newer program
        if person.active and person.replaced_by is None:
            found.append(person)
    return found


def _fits(person: Patient, request: FindPatientRequest) -> bool:
    number = "".join(request.national_id.split())
    if number:
        if len(number) != _NATIONAL_DIGITS or not number.isdigit():
            raise BadRequestError("national_id")
        return person.national_id == number
    words = fold(request.name).split()
    typed = "".join(request.name.split())
    if request.birth_date is None or len(typed) < _FEWEST_LETTERS or not words:
        raise BadRequestError("name_and_birth_date")
    names = fold(f"{person.given_name} {person.family_name}").split()
    return person.birth_date == request.birth_date and all(
        any(name.startswith(word) for name in names) for word in words
    )
