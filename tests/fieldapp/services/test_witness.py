"""A second person signs by a code, slowed down when it is wrong, or later in their own log-in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.handout_events import WitnessCode, WitnessStatement
from fieldapp.domain.medication import (
    CoSignature,
    HandoutStatus,
    MedicationAdministration,
    TakeHome,
)
from fieldapp.domain.patients import Patient, Practitioner, Role
from fieldapp.domain.supply import SupplyMovement, SupplyType
from fieldapp.domain.witness_codes import is_too_simple, is_verifier
from fieldapp.security import codes
from fieldapp.security.kdf import FAST
from fieldapp.services import medication, witness
from fieldapp.services.session import NotFoundError, Session
from fieldapp.services.witness import (
    NoWitnessCodeError,
    OwnWitnessError,
    Standing,
    WitnessCodeTooSimpleError,
    WitnessLockedOutError,
)
from fieldapp.store import audit, outbox, records
from tests.helpers.builders import ME, event, receive, request
from tests.helpers.stores import START

CODE = "fjell 47"
BERIT = Practitioner("u-berit", "berit", "Berit Åsheim", Role.LAR_STAFF)
CODE_OF_BERIT = WitnessCode(BERIT.id, codes.make_verifier(CODE, BERIT.id, FAST), START)


@pytest.fixture
def team(session: Session, kari: Patient) -> Session:
    """A session whose colleague Berit has a code."""
    receive(session, BERIT, CODE_OF_BERIT)
    return session


def try_codes(session: Session, number: int) -> None:
    for _ in range(number):
        assert not witness.verify(session, BERIT.id, "feil kode")


# --- the code


@pytest.mark.parametrize(
    "code", ["", "1234", "123456", "987654", "111111", "121212", "abcdef", "  47  ", "x" * 65]
)
def test_a_simple_code_is_refused(code: str) -> None:
    assert is_too_simple(code)
    with pytest.raises(WitnessCodeTooSimpleError):
        witness.new_verifier(ME.id, code, FAST)


def test_a_verifier_fits_one_code_of_one_person_and_does_not_show_it() -> None:
    verifier = witness.new_verifier(BERIT.id, CODE, FAST)

    assert is_verifier(verifier)
    assert CODE not in verifier
    assert codes.fits(" fjell 47 ", BERIT.id, verifier)
    assert not codes.fits("fjell 48", BERIT.id, verifier)
    assert not codes.fits(CODE, ME.id, verifier), "put under another's name it is worth nothing"
    assert witness.new_verifier(BERIT.id, CODE, FAST) != verifier


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fjell 47",
        "$argon2id$v=19$m=64,t=1,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=9999999,t=1,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2i$v=19$m=65536,t=3,p=4$" + "A" * 22 + "$" + "A" * 43,
    ],
)
def test_a_verifier_that_is_none_or_costs_too_little_or_too_much_fits_nothing(text: str) -> None:
    assert not is_verifier(text)
    assert not codes.fits(CODE, BERIT.id, text)


def test_the_right_code_is_recognised_without_a_line(team: Session) -> None:
    assert [person.id for person in witness.with_code(team)] == [BERIT.id]
    assert witness.verify(team, BERIT.id, CODE)
    assert not witness.verify(team, BERIT.id, "fjell 48")


def test_nobody_witnesses_their_own_act_and_an_unknown_or_former_witness_does_not_count(
    team: Session,
) -> None:
    receive(team, WitnessCode(ME.id, codes.make_verifier(CODE, ME.id, FAST), START))
    with pytest.raises(OwnWitnessError):
        witness.verify(team, ME.id, CODE)
    assert ME.id not in [person.id for person in witness.with_code(team)]
    with pytest.raises(NoWitnessCodeError):
        witness.verify(team, "u-nobody", CODE)
    receive(team, replace(BERIT, active=False))
    with pytest.raises(NoWitnessCodeError):
        witness.verify(team, BERIT.id, CODE)
    receive(team, BERIT, replace(CODE_OF_BERIT, active=False))
    with pytest.raises(NoWitnessCodeError):
        witness.verify(team, BERIT.id, CODE)
    assert witness.with_code(team) == []


def test_wrong_codes_are_slowed_down_for_that_witness_and_logged(
    team: Session, clock: FixedClock
) -> None:
    try_codes(team, 3)

    with pytest.raises(WitnessLockedOutError) as refusal:
        witness.verify(team, BERIT.id, CODE)
    assert refusal.value.seconds == 5
    clock.jump(timedelta(days=1))
    with pytest.raises(WitnessLockedOutError):
        witness.verify(team, BERIT.id, CODE)  # setting the clock gains nothing
    clock.advance(timedelta(seconds=5))
    assert witness.verify(team, BERIT.id, CODE)
    try_codes(team, 3)
    actions = [line.action for line in audit.lines(team.database)]
    assert actions.count("witness_code_refused") == 6


def test_the_wait_survives_a_restart_of_program_and_machine(
    team: Session, clock: FixedClock
) -> None:
    try_codes(team, 3)

    with pytest.raises(WitnessLockedOutError):
        witness.verify(replace(team, clock=_just_started(clock)), BERIT.id, CODE)


def _just_started(clock: FixedClock) -> FixedClock:
    started = FixedClock(clock.now())
    started._boots, started._since_boot = 9, timedelta(seconds=2)
    return started


def test_a_try_counts_although_the_program_ends_meanwhile(
    team: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("fieldapp.security.codes.fits", killed)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            witness.verify(team, BERIT.id, "feil kode")
    monkeypatch.undo()

    with pytest.raises(WitnessLockedOutError):
        witness.verify(team, BERIT.id, CODE)


# --- late


def handout(patient: Patient, signature: CoSignature | None) -> MedicationAdministration:
    given = event(request(patient))
    return replace(given, author_id=BERIT.id, device_id="d-2", witness=signature)


def test_what_names_this_person_waits_for_their_signature_and_is_then_late(
    team: Session, kari: Patient
) -> None:
    dose = handout(kari, CoSignature(ME.id, ME.name))
    receive(team, dose)
    (waiting,) = witness.waiting(team)
    assert (waiting.author_id, waiting.target_ids) == (BERIT.id, (dose.id,))
    assert witness.standing_of(dose) is Standing.WAITING

    witness.confirm(team, waiting, "sto ved siden av")

    assert witness.waiting(team) == []
    (statement,) = records.select(team.database, WitnessStatement)
    assert statement.late
    assert (statement.author_id, statement.target_id) == (ME.id, dose.id)
    assert (statement.patient_id, statement.note) == (kari.id, "sto ved siden av")
    assert [item.kind for item in outbox.items(team.database)] == ["witness_statement"]
    signed = witness.statements(team, [dose.id])
    assert witness.standing_of(dose, signed) is Standing.LATE
    (shown,) = medication.history(team, kari.id)
    assert shown.witness is Standing.LATE
    with pytest.raises(NotFoundError):
        witness.confirm(team, waiting)


def test_the_bottles_of_one_handing_over_are_signed_together(team: Session, kari: Patient) -> None:
    first = handout(kari, CoSignature(ME.id, ME.name))
    home = replace(
        first,
        id="home-1",
        day=first.day + timedelta(days=1),
        take_home=TakeHome(first.id),
        sequence=first.sequence + 1,
    )
    receive(team, first, home)

    (waiting,) = witness.waiting(team)

    assert waiting.target_ids == tuple(sorted((first.id, "home-1")))
    assert waiting.days == (first.day, home.day)
    witness.confirm(team, waiting)
    assert witness.waiting(team) == []


def test_a_typed_name_counts_as_not_witnessed_and_waits_for_nobody(
    team: Session, kari: Patient
) -> None:
    typed = handout(kari, CoSignature(name=ME.name))
    own = handout(kari, CoSignature(BERIT.id, BERIT.name, by_code=True))
    by_code = handout(kari, CoSignature(ME.id, ME.name, by_code=True))
    receive(team, typed, own, by_code)

    assert witness.standing_of(typed) is Standing.NAME_ONLY
    assert witness.standing_of(own) is Standing.NAME_ONLY, "one's own code is no second person"
    assert witness.standing_of(by_code) is Standing.BY_CODE
    assert witness.standing_of(handout(kari, None)) is Standing.NONE
    assert witness.waiting(team) == []


def test_what_was_taken_back_waits_no_more(team: Session, kari: Patient) -> None:
    dose = handout(kari, CoSignature(ME.id, ME.name))
    entry = replace(
        dose, id="back", status=HandoutStatus.ENTERED_IN_ERROR, reverses=dose.id, reason_text="feil"
    )
    receive(team, dose, entry)

    assert witness.waiting(team) == []


def test_a_line_of_the_register_waits_as_well(team: Session) -> None:
    line = SupplyMovement(
        "s-1",
        SupplyType.WASTE,
        "Metadon",
        "2 mg/ml",
        "ml",
        Decimal(5),
        "store:kontoret",
        "waste",
        START,
        START,
        BERIT.id,
        "d-2",
        1,
        "",
        "h",
        witness_id=ME.id,
    )
    receive(team, line)
    (waiting,) = witness.waiting(team)

    witness.confirm(team, waiting)

    (statement,) = records.select(team.database, WitnessStatement)
    assert (statement.target_kind, statement.patient_id) == ("supply_movement", None)
    assert witness.waiting(team) == []
