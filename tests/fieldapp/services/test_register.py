"""A dose and its line in the register are one act; a bag belongs to the store that packed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fieldapp.clock import FixedClock
from fieldapp.domain.medication import (
    HandoutError,
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    SupplyUse,
)
from fieldapp.domain.patients import Patient
from fieldapp.domain.supply import SupplyError, SupplyMovement, SupplyType, item_of
from fieldapp.domain.supply_chain import breaks
from fieldapp.services import medication, register, register_acts, register_view
from fieldapp.services.register_acts import Taken
from fieldapp.services.session import Session
from fieldapp.store import medication as store_medication
from fieldapp.store import records
from fieldapp.store import supply as store
from fieldapp.store.db import IntegrityError
from tests.helpers.builders import COLLEAGUE, entry, event, receive, request
from tests.helpers.claims import grant

CUPBOARD = "store:Medisinskap"


@pytest.fixture
def order(session: Session, kari: Patient) -> MedicationRequest:
    """A daily dose of 60 mg in a liquid of 2 mg/ml: 30 ml."""
    made = request(kari)
    receive(session, made)
    grant(session, made)
    return made


@pytest.fixture
def bag(session: Session, order: MedicationRequest) -> str:
    """100 ml in a bag of one's own."""
    register_acts.receive(session, CUPBOARD, item_of(order), Decimal(500))
    taken = [Taken(item_of(order), Decimal(100), Decimal(100))]
    return register_acts.pack(session, CUPBOARD, taken).ledger


def lines(session: Session, kind: SupplyType) -> list[SupplyMovement]:
    return [line for line in store.all_lines(session.database) if line.type is kind]


def left(session: Session) -> Decimal:
    (found,) = register.open_bags(session)
    return found.items[0].balance


def test_a_dose_takes_its_millilitres_out_of_the_bag(
    session: Session, order: MedicationRequest, bag: str
) -> None:
    given = entry(order, supply=register.use_of(order, Decimal(60), bag))
    medication.record(session, given)
    (line,) = lines(session, SupplyType.HANDED_OUT)
    assert [line.units, line.source, line.target] == [30, bag, "patient"]
    assert line.administration_id == given.id
    assert left(session) == 70
    assert breaks(store.lines_and_bodies(session.database)[1]) == []


def test_the_same_entry_sent_twice_is_one_line(
    session: Session, order: MedicationRequest, bag: str
) -> None:
    given = entry(order, supply=register.use_of(order, Decimal(60), bag))
    medication.record(session, given)
    medication.record(session, given)
    assert len(lines(session, SupplyType.HANDED_OUT)) == 1


def test_a_dose_that_never_happened_gives_its_amount_back(
    session: Session, order: MedicationRequest, bag: str
) -> None:
    given = entry(order, supply=register.use_of(order, Decimal(60), bag))
    medication.record(session, given)
    medication.reverse(session, given.id, "feil pasient")
    (line,) = lines(session, SupplyType.REVERSED)
    assert [line.units, line.source, line.target] == [30, "patient", bag]
    assert left(session) == 100


@pytest.mark.parametrize(
    ("units", "code"),
    [
        (Decimal(60), "units_not_the_dose"),  # milligrams in place of millilitres
        (Decimal(0), "dose_not_positive"),
        (Decimal(-30), "dose_not_positive"),
    ],
)
def test_a_wrong_amount_saves_neither_the_dose_nor_a_line(
    session: Session, order: MedicationRequest, bag: str, units: Decimal, code: str
) -> None:
    event_count = len(records.select(session.database, MedicationAdministration))
    before = len(store.all_lines(session.database))
    with pytest.raises(HandoutError) as caught:
        medication.record(session, entry(order, supply=SupplyUse(bag, units)))
    assert caught.value.code == code
    assert len(records.select(session.database, MedicationAdministration)) == event_count
    assert len(store.all_lines(session.database)) == before


def _event(session: Session, order: MedicationRequest) -> MedicationAdministration:
    return event(order, author_id=session.user.id, device_id=session.device_id)


def test_more_than_the_bag_holds_is_recorded_and_shown(
    session: Session, order: MedicationRequest, bag: str
) -> None:
    register_acts.waste(session, bag, item_of(order), Decimal(90), "knust")
    medication.record(session, entry(order, supply=register.use_of(order, Decimal(60), bag)))
    assert left(session) == -20
    assert register_view.overview(session).negative


def test_nobody_hands_out_of_the_bag_of_another(
    session: Session, order: MedicationRequest, bag: str
) -> None:
    colleague = replace(session, user=COLLEAGUE)
    for other in (colleague, replace(session, device_id="d-9")):
        assert register.open_bags(other) == []
        with pytest.raises(HandoutError, match="bag_of_another"), other.write() as unit:
            register.hand_out(unit, _event(other, order), SupplyUse(bag, Decimal(30)))


def test_each_user_of_a_laptop_has_a_chain_of_their_own(
    session: Session, order: MedicationRequest, bag: str
) -> None:
    colleague = replace(session, user=COLLEAGUE)
    register_acts.receive(colleague, CUPBOARD, item_of(order), Decimal(10))
    (own,) = (line for line in store.all_lines(session.database) if line.author_id == COLLEAGUE.id)
    assert [own.sequence, own.previous] == [1, ""]
    assert breaks(store.lines_and_bodies(session.database)[1]) == []


def test_a_line_is_never_changed_or_deleted_by_the_schema_itself(
    session: Session, bag: str
) -> None:
    for sql in (
        "UPDATE supply_movement SET body = json_set(body, '$.units', '1')",
        "DELETE FROM supply_movement",
    ):
        with pytest.raises(IntegrityError), session.database.transaction() as connection:
            connection.execute(sql)


def test_a_trip_ends_with_everything_in_the_bag_counted(
    session: Session, order: MedicationRequest, bag: str
) -> None:
    tablets = replace(item_of(order), product="Buprenorfin", strength="8 mg", unit="tablet")
    register_acts.receive(session, CUPBOARD, tablets, Decimal(28))
    register_acts.pack(session, CUPBOARD, [Taken(tablets, Decimal(7), Decimal(7))], bag=bag)
    with pytest.raises(SupplyError, match="count_missing"):
        register_acts.count_in(session, bag, CUPBOARD, [(item_of(order), Decimal(100))])
    counted = [(item_of(order), Decimal(98)), (tablets, Decimal(7))]
    done = register_acts.count_in(session, bag, CUPBOARD, counted)
    assert [told.difference for told in done.told] == [-2, 0]
    assert register.open_bags(session) == []
    (open_one,) = register_view.overview(session).differences
    assert open_one[1].open == -2  # the bag is in; what is missing is still to be explained


def test_a_bag_that_was_counted_in_opens_again_when_something_comes_back(
    session: Session, order: MedicationRequest, bag: str
) -> None:
    register_acts.count_in(session, bag, CUPBOARD, [(item_of(order), Decimal(100))])
    assert register.open_bags(session) == []
    brought = register_acts.take_in(session, bag, item_of(order), Decimal(30), "ikke brukt")
    assert [one.id for one in register.open_bags(session)] == [bag]
    register_acts.reverse(session, brought.change_set.changes[0].id, "feil veske")
    assert register.open_bags(session) == []
    (returned,) = lines(session, SupplyType.FROM_BAG)
    register_acts.reverse(session, returned.id, "ble ikke lagt tilbake")
    assert [one.id for one in register.open_bags(session)] == [bag]


def test_t10_a_colleagues_line_cannot_be_taken_back(session: Session, bag: str) -> None:
    line = lines(session, SupplyType.TO_BAG)[0]
    with pytest.raises(SupplyError, match="not_own_line"):
        register_acts.reverse(replace(session, user=COLLEAGUE), line.id, "min")


def test_the_line_of_a_handout_stands_as_long_as_the_handout(
    session: Session, order: MedicationRequest, bag: str
) -> None:
    medication.record(session, entry(order, supply=register.use_of(order, Decimal(60), bag)))
    (line,) = lines(session, SupplyType.HANDED_OUT)
    with pytest.raises(SupplyError, match="handout_line"):
        register_acts.reverse(session, line.id, "feil")


def test_every_document_that_leaves_is_logged_without_a_name(
    session: Session, clock: FixedClock
) -> None:
    clock.advance(timedelta(minutes=1))
    register_view.logged(session, "month", "2026-11", to_folder=True)
    row = session.database.connection.execute(
        "SELECT action, kind, record_id, patient_id FROM audit ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    assert tuple(row) == ("export", "register_month", "2026-11", None)


def test_a_month_on_paper_has_its_own_doses_and_knows_what_was_taken_back_later(
    session: Session, order: MedicationRequest
) -> None:
    """The first moment of a month is its own in Norway's time, the first of the next is not."""
    hour = timedelta(hours=1)
    first, last = register_view.month_limits(2025, 3)  # the clocks go forward in it
    moments = {"a": first - hour, "b": first, "c": last - hour, "d": last, "e": first + hour}
    doses = [
        event(order, moment.date(), id=name, given_at=moment) for name, moment in moments.items()
    ]
    taken_back = event(
        order,
        doses[-1].day,
        HandoutStatus.ENTERED_IN_ERROR,
        reverses="e",
        given_at=last + hour,
    )
    receive(session, *doses, taken_back)
    read = store_medication.events_given_between(session.database, first, last)
    assert {one.id for one in read} == {"b", "c", "e", taken_back.id}
    (counted,) = register_view.place_counts(session, 2025, 3)
    assert counted.given == 2
    assert len(register_view.slips(session, first.date())) == 1
