"""Conflicts, stopped changes and safety items in a small team's store, for tests of the screens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from fieldapp.domain.codec import to_body
from fieldapp.domain.issues import DetectedIssue
from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    MedicationAdministration,
    ObservedState,
    Part,
)
from fieldapp.domain.patients import Contact, Flag, FlagCategory, FlagState, Patient
from fieldapp.services import notes, patients
from fieldapp.services.session import Session
from fieldapp.store import outbox, records
from tests.helpers.ward import AASE, BERIT, NILS, NOW, TODAY, Ward, receive

ISSUE = "i-double"


def newest_change(session: Session) -> str:
    """The id of the change that was written last."""
    return outbox.items(session.database)[-1].change_id


def phone_in_conflict(ward: Ward, *, street: bool = False) -> str:
    """Åse's telephone was changed here and by Berit; with `street` the address as well."""
    session = ward.session
    before = records.get(session.database, Patient, AASE)
    assert before is not None
    here = {"phone": "911 11 111", **({"address": "Lia 1"} if street else {})}
    there = {"phone": "922 22 222", **({"address": "Lia 2"} if street else {})}
    patients.update(session, replace(before, **here))  # type: ignore[arg-type]
    change_id = newest_change(session)
    named = ",".join(sorted(there))
    servers = {**to_body(before), **there}
    outbox.park(session.database, change_id, "conflict", f"same_field:{named}", servers, 900)
    return change_id


def allergy_in_conflict(ward: Ward, *, ended_there: bool = False) -> str:
    """Åse's allergy was changed here and by Berit, who wrote another text or took it away."""
    session = ward.session
    before = next(
        flag for flag in patients.page(session, AASE).flags if flag.category is FlagCategory.ALLERGY
    )
    there = replace(before, text="Penicillin og latex", confirmed_by=BERIT.id, confirmed_on=TODAY)
    if ended_there:
        there = replace(before, active=False)
    patients.set_flag(
        session, FlagCategory.ALLERGY, FlagState.PRESENT, "Penicillin, mild", AASE, before.id
    )
    change_id = newest_change(session)
    body = to_body(there)
    outbox.park(session.database, change_id, "conflict", "same_field:text", body, 900)
    return change_id


def stopped_note(ward: Ward, reason: str = "too_large") -> str:
    """An addendum that the server refused."""
    notes.addendum(ward.session, "n-new", "Ikke tatt imot")
    change_id = newest_change(ward.session)
    outbox.park(ward.session.database, change_id, "refused", reason)
    return change_id


def double_handout(ward: Ward, *, mine: bool = False) -> str:
    """Åse's morning dose stands as given by two laptops; one of them is ours when `mine`."""
    author = NILS.id if mine else "u-else"
    events = [
        MedicationAdministration(
            id=f"h-double-{number}",
            patient_id=AASE,
            request_id="r-aase",
            request_revision=1,
            day=TODAY - timedelta(days=1),
            part=Part.MORNING,
            status=HandoutStatus.GIVEN,
            given_at=NOW - timedelta(hours=24, minutes=number),
            recorded_at=NOW - timedelta(hours=24, minutes=number),
            author_id=who,
            device_id=f"d-{number + 2}",
            sequence=500 + number,
            dose_mg=Decimal("85"),
            dose_ml=Decimal("42.5"),
            witnessed=True,
            identity_check=IdentityCheck.KNOWN,
            observed_state=ObservedState.UNAFFECTED,
        )
        for number, who in enumerate((BERIT.id, author))
    ]
    issue = DetectedIssue(
        ISSUE,
        AASE,
        "double_handout",
        tuple(event.id for event in events),
        NOW - timedelta(minutes=40),
        involved=(BERIT.id, author),
    )
    receive(ward.session, [*events, issue])
    return ISSUE


def flag_of(session: Session, category: FlagCategory) -> Flag:
    """Åse's flag of a category."""
    return next(f for f in patients.page(session, AASE).flags if f.category is category)


def contact_of(session: Session, contact_id: str) -> Contact:
    """A contact as it stands in the store."""
    found = records.get(session.database, Contact, contact_id)
    assert found is not None
    return found
