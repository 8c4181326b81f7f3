"""Every public service of a session asks the table of rights, or is listed here with the reason.

Each guarded one is called by somebody without its right, with arguments that are nothing: the
refusal must come before anything is looked at.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

import fieldapp.services
from fieldapp.clock import FixedClock
from fieldapp.domain.patients import Patient, Role
from fieldapp.domain.rights import Right, may
from fieldapp.services import handouts, medication, patients, people, witness
from fieldapp.services.rights import NotAllowedError, needs
from fieldapp.services.session import Session
from fieldapp.store import audit
from tests.helpers.builders import COLLEAGUE, ME, assignment, entry, patient, receive, request

OPEN_TO_ALL: Final[dict[str, str]] = {
    # --- oneself
    "people.staff": "names of colleagues, which every role sees",
    "people.everyone": "names and telephones of colleagues",
    "people.names": "names of colleagues",
    "sync_status.drafts_unsent": "a count of one's own drafts",
    "visits.staff": "names of colleagues",
    "settings.get": "one's own look of the window",
    "settings.put": "one's own look of the window",
    "reauthentication.confirm_passphrase": "one's own passphrase",
    "reauthentication.note_confirmed": "one's own passphrase",
    "reauthentication.note_refused": "one's own passphrase",
    "reauthentication.stands": "one's own passphrase",
    "witness.own_code": "whether one has a code of one's own",
    "witness.with_code": "names of colleagues who may sign; those without the right are left out",
    "witness.verify": "a colleague's code typed here; the colleague's right is asked for inside",
    "witness.waiting": "answers nothing to a role that signs nothing",
    "witness.statements": "who signed, by the ids of acts that were read under a right",
    # --- what was written is kept and sent, whatever became of the role meanwhile
    "notes.save_draft": "what is typed is kept",
    "notes.close_draft": "what is typed is kept",
    "notes.discard_draft": "one's own unsigned text",
    "notes.draft": "one's own unsigned text",
    "screening.save_answers": "what is typed is kept",
    "sync_status.read": "counts of one's own store",
    "sync_status.unsent": "what one has written and is not sent",
    "sync_status.retry": "one's own change is sent again",
    "sync_status.hand_over": "one's own change is left to the office",
    "trip.checklist": "how the laptop stands: codes and counts",
    "trip.note_passphrase_verified": "one's own passphrase",
    # --- claims: letting go, and what the store holds, by ids
    "claims.own_store": "which store this is",
    "claims.held": "ids of claims; the sync needs them",
    "claims.is_pinned": "ids of claims; the sync needs them",
    "claims.wishes": "ids of claims; the sync needs them",
    "claims.withdraw_wish": "letting go is never refused",
    "claims.drop": "letting go is never refused",
    "claims.set_back": "the store was set back; claims are let go",
    # --- facts of the organisation and of the laptop
    "own_log.lines": "one's own lines of the log",
    "own_log.note_printed": "a line of the log is never refused",
    "own_log.note_report_printed": "a line of the log is never refused",
    "own_log.note_read": "a line of the log is never refused",
    "settings.language": "one's own look of the window",
    "lease.check": "is a guard of its own: how long the last log-in lasts",
    "lease.current": "how long the last log-in lasts",
    "lease.has_ended": "how long the last log-in lasts",
    "lease.is_closed": "whether the last log-in has run out; the screens ask it",
    "lease.narrowed": "whether the last log-in has run out; the reading services ask it",
    "lease.trip_patients": "ids of the trip's patients, for the guard",
    "corrections.can_mark": "says who may",
    "corrections.require_open": "is a guard of its own: an entry on the wrong patient",
    "rules.courier_allowed": "a rule of the organisation",
    "rules.longest_trip": "a rule of the organisation",
    "rules.decided": "rules of the organisation",
    "register_acts.two_persons": "a rule of the organisation",
    "register_view.folder_allowed": "a rule of the organisation",
    "register_view.may_open": "says who may",
    "register_view.may_see_all": "says who may",
    "rights.has": "says who may",
    "rights.require": "is the guard",
    "rights.may_use_register": "says who may",
    "register_gaps.dose_gaps": "narrows itself to one's own; read by the register's page",
    "register_gaps.of_month": "narrows itself to one's own; read by the register's page",
    "register_gaps.waits_for_witness": "how the witness of a dose stands that was read already",
    "situations.own_store": "which store this is",
    "situations.moment": "the clock",
    "situations.service_day": "the clock",
    "trust.is_set_back": "how the store stands",
    "trusted_time.now": "the clock",
    "trusted_time.pull_age": "the clock",
    "screening.instruments": "the forms themselves",
    "screening.instrument": "the forms themselves",
    "screening.install_text_pack": "the licensed words of a form",
    "incidents.advice": "advice of the reference files",
    "handouts.record": "asks inside: to give needs HAND_OUT, to record the past RECORD_CARE",
}
"""Services of a session without a right of their own. A new one needs a reason here or a guard."""

HOW: Final = (
    "{0} takes a session and asks for no right. Write `@needs(Right.…)` over it"
    " (fieldapp/services/rights.py), or list it in OPEN_TO_ALL with the reason."
)


def _services() -> Iterator[tuple[str, Callable[..., Any]]]:
    for info in pkgutil.iter_modules(fieldapp.services.__path__):
        module = importlib.import_module(f"fieldapp.services.{info.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                first = next(iter(inspect.signature(function).parameters.values()), None)
                if first is not None and first.annotation == "Session":
                    yield f"{info.name}.{name}", function


def _call_with_nothing(function: Callable[..., Any], session: Session) -> None:
    wanted = list(inspect.signature(function).parameters.values())[1:]
    positional = [None for one in wanted if one.kind is one.POSITIONAL_OR_KEYWORD]
    named = {one.name: None for one in wanted if one.kind is one.KEYWORD_ONLY}
    function(session, *positional, **named)


def _problem(function: Callable[..., Any], session: Session) -> str:
    try:
        _call_with_nothing(function, session)
    except NotAllowedError:
        return ""
    except Exception as error:
        return f"It went on and met {type(error).__name__}."
    return "It was done."


def test_every_service_refuses_somebody_without_the_right_before_it_looks(
    session: Session,
) -> None:
    nobody = replace(session, user=replace(ME, role="visitor"))  # type: ignore[arg-type]
    lines = len(audit.lines(session.database))
    guarded = {name: one for name, one in _services() if name not in OPEN_TO_ALL}
    found = {name: _problem(function, nobody) for name, function in guarded.items()}
    assert [f"{HOW.format(name)} {said}" for name, said in found.items() if said] == []
    assert len(guarded) > 90
    assert len(audit.lines(session.database)) == lines


def test_no_service_is_listed_that_is_gone() -> None:
    assert set(OPEN_TO_ALL) <= {name for name, _ in _services()}


@pytest.mark.parametrize("role", Role)
def test_reading_and_writing_of_patients_follows_the_table_for_every_role(
    session: Session, kari: Patient, role: Role
) -> None:
    someone = replace(session, user=replace(ME, role=role))
    for right, call in (
        (Right.READ_PATIENTS, lambda: patients.rows(someone)),
        (Right.READ_PATIENTS, lambda: patients.opened(someone, kari.id)),
        (Right.REGISTER_PATIENTS, lambda: patients.update(someone, replace(kari, phone="1"))),
    ):
        if may(role, right):
            call()
        else:
            with pytest.raises(NotAllowedError, match=right.value):
                call()


def test_what_was_given_before_is_recorded_by_somebody_who_no_longer_gives(
    session: Session, clock: FixedClock
) -> None:
    person = patient()
    order = request(person)
    receive(session, person, assignment(person), order)
    peer = replace(session, user=replace(ME, role=Role.PEER))
    with pytest.raises(NotAllowedError, match="hand_out"):
        medication.record(peer, entry(order))
    past = entry(order, retrospective=True, given_at=clock.now(), reason_text="fra papir")
    made = handouts.record(peer, past)
    assert made.created_id == past.id


def test_the_opening_of_a_patient_is_logged_with_its_reason(
    session: Session, kari: Patient
) -> None:
    patients.opened(session, kari.id)
    line = audit.lines(session.database)[-1]
    assert (line.action, line.patient_id, line.reason) == ("open", kari.id, "TREAT")


def test_a_colleague_whose_role_signs_nothing_is_not_offered_as_a_witness(
    session: Session,
) -> None:
    receive(session, replace(COLLEAGUE, role=Role.SECRETARY))
    assert COLLEAGUE.id in {person.id for person in people.staff(session)}
    assert witness.with_code(session) == []


def test_the_guard_names_the_first_right_and_lets_any_of_them_through(session: Session) -> None:
    @needs(Right.WITNESS, Right.RECORD_CARE)
    def sign(session: Session, word: str) -> str:
        return word

    assert sign(session, "ja") == "ja"
    with pytest.raises(NotAllowedError, match="witness"):
        sign(replace(session, user=replace(ME, role=Role.AUDITOR)), "nei")


def test_a_patient_outside_the_list_is_opened_with_the_reason_that_the_server_was_given(
    session: Session, clock: FixedClock
) -> None:
    person = patient()
    opened = replace(assignment(person, primary=False), access="BTG", until=clock.now())
    receive(session, person, opened)
    patients.opened(session, person.id)
    assert audit.lines(session.database)[-1].reason == "BTG"
    assert patients.outside_list(session, person.id) == opened
