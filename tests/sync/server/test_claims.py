"""Giving out claims, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fieldapp.domain.claims import (
    Claim,
    ClaimState,
    claim_id,
    day_unit,
    occurrence_unit,
)
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.issues import DetectedIssue
from fieldapp.domain.medication import (
    HandoutStatus,
    Injection,
    MedicationAdministration,
    MedicationRequest,
    Part,
    PlannedDose,
)
from fieldapp.domain.patients import Place, Practitioner, Role
from fieldapp.ids import new_id
from sync.protocol.claims import (
    ClaimName,
    ClaimsAnswer,
    ClaimsRequest,
    DenialReason,
    HeldClaim,
)
from sync.protocol.errors import BadRequestError
from sync.protocol.messages import Outcome, PushRecord, PushRequest
from sync.server.claims import declare_restored
from sync.server.identity import Identity
from sync.server.join import JoinError, join_patients
from sync.server.rules import set_rules
from sync.server.storage.storage import Storage
from tests.helpers import server_backup
from tests.helpers.sync_world import Office

OPIOID = "opioid"
TODAY = date(2026, 11, 22)
TOMORROW = TODAY + timedelta(days=1)
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


class Ward:
    """One patient with a daily order, two nurses with a laptop each, on a real server."""

    def __init__(self, storage: Storage) -> None:
        self.office = Office(storage)
        self.office.clock.advance(NOON - self.office.clock.now())
        self.storage = storage
        self.first, self.second = self.office.new_user(), self.office.new_user()
        for number, who in enumerate((self.first, self.second)):
            self.office.put(_nurse(who, number), "practitioner", None)
        self.patient_id = self.office.add_patient(self.first, self.second).id
        self.order = self.add_order()

    def add_order(self, **fields: Any) -> MedicationRequest:
        order = replace(_order(self.patient_id), id=new_id(), **fields)
        self.office.put(order, "medication_request", self.patient_id)
        return order

    def change_order(self, **fields: Any) -> None:
        self.order = replace(self.order, **fields)
        self.office.put(self.order, "medication_request", self.patient_id)

    def name(self, unit: date | str = TODAY, group: str = OPIOID) -> ClaimName:
        text = unit if isinstance(unit, str) else day_unit(unit)
        return ClaimName(patient_id=self.patient_id, group=group, unit=text)

    def held(self, grant: int, unit: date | str = TODAY, since: int = 0) -> HeldClaim:
        return HeldClaim(**self.name(unit).model_dump(), grant=grant, held_since=since)

    def call(self, who: Identity, **parts: Any) -> ClaimsAnswer:
        epoch = parts.pop("epoch", None)
        if epoch is None:
            with self.storage.read() as transaction:
                epoch = transaction.records.state().epoch
        request = ClaimsRequest(now=NOON, epoch=epoch, **parts)
        return self.office.service(who).claims(request)

    def want(self, who: Identity, unit: date | str = TODAY, **parts: Any) -> ClaimsAnswer:
        return self.call(who, wanted=[self.name(unit)], **parts)

    def take(self, who: Identity, unit: date | str = TODAY) -> HeldClaim:
        (granted,) = self.want(who, unit).granted
        return granted

    def refusal(self, who: Identity, unit: date | str = TODAY) -> DenialReason:
        answer = self.want(who, unit)
        assert not answer.granted
        return answer.denied[0].reason

    def claim(self, unit: date | str = TODAY) -> Claim:
        text = unit if isinstance(unit, str) else day_unit(unit)
        body = self.office.body("claim", claim_id(self.patient_id, OPIOID, text))
        assert body is not None
        return from_body(Claim, body)

    def give(self, who: Identity, **fields: Any) -> MedicationAdministration:
        event = replace(_dose(self.order, who), **fields)
        record = PushRecord(
            change_id=event.id,
            kind="medication_administration",
            id=event.id,
            patient_id=self.patient_id,
            base_version=0,
            sequence=1,
            body=to_body(event),
        )
        (result,) = self.office.service(who).push(PushRequest(records=[record])).results
        assert result.outcome is Outcome.ACCEPTED
        return event

    def issues(self) -> list[DetectedIssue]:
        with self.storage.read() as transaction:
            found = transaction.records.of_patient(self.patient_id, "detected_issue")
        return [from_body(DetectedIssue, one.body) for one in found]

    def restored(self) -> None:
        with self.storage.write() as transaction:
            declare_restored(transaction, self.office.clock.now())


def _nurse(who: Identity, number: int) -> Practitioner:
    name = ("Åse Lien", "Per Moe")[number]
    return Practitioner(who.user_id, who.user_id, name, Role.LAR_STAFF, f"9000000{number}")


def _order(patient_id: str) -> MedicationRequest:
    return MedicationRequest(
        id="order",
        patient_id=patient_id,
        product="Metadon",
        atc="N07BC02",
        form="mikstur",
        strength="2 mg/ml",
        doses=(PlannedDose(Part.MORNING, Decimal(80)),),
        weekdays=(1, 2, 3, 4, 5, 6, 7),
        place=Place.HOME,
        valid_from=date(2026, 1, 1),
        prescriber="Hanne Rud",
    )


def _dose(order: MedicationRequest, who: Identity) -> MedicationAdministration:
    return MedicationAdministration(
        id=new_id(),
        patient_id=order.patient_id,
        request_id=order.id,
        request_revision=order.revision,
        day=TODAY,
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=NOON,
        recorded_at=NOON,
        author_id=who.user_id,
        device_id=who.device_id,
        sequence=1,
        dose_mg=Decimal(80),
        group=OPIOID,
    )


@pytest.fixture
def ward(storage: Storage) -> Ward:
    return Ward(storage)


# --- given out


def test_a_day_is_given_to_the_one_who_asks_first(ward: Ward) -> None:
    granted = ward.take(ward.first)
    claim = ward.claim()
    assert claim.state is ClaimState.HELD
    assert claim.grant == granted.grant == 1
    assert claim.held_since == 1
    assert claim.orders == {ward.order.id: 1}
    assert (claim.holder_device_id, claim.holder_id) == (
        ward.first.device_id,
        ward.first.user_id,
    )


def test_another_is_told_who_holds_it_and_how_to_reach_them(ward: Ward) -> None:
    ward.take(ward.first)
    (denied,) = ward.want(ward.second).denied
    assert denied.reason is DenialReason.HELD
    assert (denied.holder_id, denied.holder_name) == (ward.first.user_id, "Åse Lien")
    assert (denied.holder_phone, denied.holder_device) == ("90000000", "laptop")
    assert ward.claim().grant == 1


def test_the_same_person_on_another_laptop_is_another_store(ward: Ward) -> None:
    ward.take(ward.first)
    elsewhere = replace(ward.first, device_id=new_id())
    ward.office.add_device(elsewhere)
    assert ward.refusal(elsewhere) is DenialReason.HELD


def test_asking_again_renews_the_number_and_not_the_beginning(ward: Ward) -> None:
    ward.take(ward.first)
    again = ward.take(ward.first)
    assert (again.grant, again.held_since) == (2, 1)


def test_what_is_held_and_unchanged_is_not_given_anew(ward: Ward) -> None:
    granted = ward.take(ward.first)
    version = ward.office.version("claim", ward.claim().id)
    answer = ward.want(ward.first, held=[ward.held(granted.grant)])
    assert answer.granted == [granted]
    assert ward.office.version("claim", ward.claim().id) == version


def test_two_laptops_that_ask_at_the_same_moment_get_one_holder(ward: Ward) -> None:
    units = [TODAY + timedelta(days=number) for number in range(7)]
    start = threading.Barrier(2)
    answers: dict[str, ClaimsAnswer] = {}

    def ask(who: Identity) -> None:
        start.wait()
        answers[who.user_id] = ward.call(who, wanted=[ward.name(unit) for unit in units])

    threads = [threading.Thread(target=ask, args=(who,)) for who in (ward.first, ward.second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = answers[ward.first.user_id], answers[ward.second.user_id]
    assert sorted((len(first.granted), len(second.granted))) == [0, 7]
    assert len(first.denied) + len(second.denied) == 7
    holders = {ward.claim(unit).holder_device_id for unit in units}
    assert len(holders) == 1


def test_two_threads_that_ask_for_one_day_each_round_never_share_it(ward: Ward) -> None:
    for number in range(7):
        unit = TODAY + timedelta(days=number)
        start = threading.Barrier(2)
        granted: list[str] = []

        def ask(
            who: Identity,
            unit: date = unit,
            start: threading.Barrier = start,
            granted: list[str] = granted,
        ) -> None:
            start.wait()
            granted.extend(who.user_id for _ in ward.want(who, unit).granted)

        pair = [threading.Thread(target=ask, args=(who,)) for who in (ward.first, ward.second)]
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join()
        assert len(granted) == 1


# --- not given out


def test_a_day_that_is_over_or_too_far_away_is_not_given_out(ward: Ward) -> None:
    assert ward.refusal(ward.first, TODAY - timedelta(days=1)) is DenialReason.TOO_FAR
    assert ward.refusal(ward.first, TODAY + timedelta(days=7)) is DenialReason.TOO_FAR
    assert ward.take(ward.first, TODAY + timedelta(days=6))


def test_before_six_in_the_morning_it_is_still_yesterday(ward: Ward) -> None:
    early = datetime(2026, 11, 22, 4, 59, tzinfo=UTC)
    ward.office.clock.advance(early - ward.office.clock.now())
    assert ward.take(ward.first, TODAY - timedelta(days=1))
    ward.office.clock.advance(timedelta(minutes=1))
    assert ward.refusal(ward.second, TODAY - timedelta(days=1)) is DenialReason.TOO_FAR


def test_the_longest_trip_is_the_organisations_rule(ward: Ward) -> None:
    with ward.storage.write() as transaction:
        set_rules(transaction, longest_trip_days=2)
    assert ward.take(ward.first, TOMORROW)
    assert ward.refusal(ward.first, TODAY + timedelta(days=2)) is DenialReason.TOO_FAR


def test_a_patient_who_is_not_followed_cannot_be_claimed(ward: Ward) -> None:
    stranger = ward.office.new_user()
    assert ward.refusal(stranger) is DenialReason.NOT_ASSIGNED


def test_a_day_without_a_dose_is_not_given_out(ward: Ward) -> None:
    ward.change_order(weekdays=(TODAY.isoweekday(),))
    assert ward.refusal(ward.first, TOMORROW) is DenialReason.NOT_PLANNED


def test_a_stopped_or_held_order_is_not_given_out(ward: Ward) -> None:
    ward.change_order(stopped_on=TOMORROW)
    assert ward.take(ward.first, TODAY)
    assert ward.refusal(ward.first, TOMORROW) is DenialReason.STOPPED
    ward.change_order(stopped_on=None, on_hold=True)
    assert ward.refusal(ward.second, TOMORROW) is DenialReason.STOPPED


def test_a_pharmacys_day_cannot_be_claimed_and_a_handout_points_can(ward: Ward) -> None:
    ward.change_order(place=Place.PHARMACY)
    assert ward.refusal(ward.first) is DenialReason.PHARMACY
    point = next(place for place in Place if place not in (Place.PHARMACY, Place.HOME))
    ward.change_order(place=point)
    assert ward.take(ward.first)


def test_a_day_that_was_given_is_not_given_out(ward: Ward) -> None:
    ward.give(ward.second)
    assert ward.refusal(ward.first) is DenialReason.GIVEN


def test_a_day_with_a_part_left_is_given_out(ward: Ward) -> None:
    doses = (PlannedDose(Part.MORNING, Decimal(40)), PlannedDose(Part.EVENING, Decimal(40)))
    ward.change_order(doses=doses)
    ward.give(ward.second)
    assert ward.take(ward.first)


def test_all_opioids_are_one_group_and_another_medicine_is_not(ward: Ward) -> None:
    ward.add_order(product="Buprenorfin", atc="N07BC01")
    ward.take(ward.first)
    assert len(ward.claim().orders) == 2
    other = ClaimName(patient_id=ward.patient_id, group="no-such-group", unit=day_unit(TODAY))
    (denied,) = ward.call(ward.first, wanted=[other]).denied
    assert denied.reason is DenialReason.UNKNOWN_GROUP


def test_a_unit_that_is_none_is_refused_without_an_error(ward: Ward) -> None:
    for unit in ("2026-02-30", "#0", "today", "2026-1-1"):
        assert ward.refusal(ward.first, unit) is DenialReason.NOT_PLANNED


def test_someone_who_may_be_registered_twice_is_not_given_out(ward: Ward) -> None:
    twin = ward.office.add_patient(ward.first, birth_date=date(1980, 1, 1))
    first = ward.office.body("patient", ward.patient_id)
    assert first is not None
    ward.office.put_body({**first, "birth_date": "1980-01-01"}, "patient", ward.patient_id)
    assert ward.refusal(ward.first) is DenialReason.POSSIBLE_DUPLICATE
    body = ward.office.body("patient", twin.id)
    assert body is not None
    ward.office.put_body({**body, "birth_date": "1981-01-01"}, "patient", twin.id)
    assert ward.take(ward.first)


def test_the_same_national_number_written_otherwise_is_the_same_person(ward: Ward) -> None:
    ward.office.add_patient(ward.first, national_id="01018012345")
    body = ward.office.body("patient", ward.patient_id)
    assert body is not None
    ward.office.put_body({**body, "national_id": "010180 12345"}, "patient", ward.patient_id)
    assert ward.refusal(ward.first) is DenialReason.POSSIBLE_DUPLICATE


def test_an_identity_that_two_laptops_have_shown_gets_nothing(ward: Ward) -> None:
    with ward.storage.write() as transaction:
        transaction.accounts.mark_forked(ward.first.device_id)
    assert ward.refusal(ward.first) is DenialReason.STORE_IN_DOUBT


# --- depots


def _with_depot(ward: Ward) -> None:
    ward.change_order(interval_days=28, atc="N07BC01", product="Buprenorfin depot")


def _inject(ward: Ward, who: Identity, number: int) -> None:
    injection = Injection(number, "abdomen", "left", "L1", date(2027, 1, 1))
    ward.give(who, injection=injection)


def test_an_injection_is_claimed_by_its_number(ward: Ward) -> None:
    _with_depot(ward)
    assert ward.take(ward.first, occurrence_unit(1))
    assert ward.refusal(ward.second, occurrence_unit(1)) is DenialReason.HELD
    assert ward.refusal(ward.second, occurrence_unit(2)) is DenialReason.TOO_FAR


def test_an_injection_that_was_given_is_not_given_out_and_the_next_one_is(ward: Ward) -> None:
    _with_depot(ward)
    granted = ward.take(ward.first, occurrence_unit(1))
    _inject(ward, ward.first, 1)
    ward.call(ward.first, released=[ward.held(granted.grant, occurrence_unit(1))], all_sent=True)
    assert ward.claim(occurrence_unit(1)).state is ClaimState.ENDED
    assert ward.refusal(ward.second, occurrence_unit(1)) is DenialReason.GIVEN
    assert ward.take(ward.second, occurrence_unit(2))


def test_injections_of_another_group_do_not_count(ward: Ward) -> None:
    _with_depot(ward)
    other = ward.add_order(
        interval_days=28, atc="N05AX13", product="Paliperidon depot", depot="paliperidone_monthly"
    )
    injection = Injection(1, "deltoid", "left", "L1", date(2027, 1, 1))
    ward.give(ward.second, request_id=other.id, group="paliperidone", injection=injection)
    granted = ward.take(ward.first, occurrence_unit(1))
    assert ward.refusal(ward.second, occurrence_unit(2)) is DenialReason.TOO_FAR
    ward.call(ward.first, released=[ward.held(granted.grant, occurrence_unit(1))], all_sent=True)
    assert ward.claim(occurrence_unit(1)).state is ClaimState.FREE


def test_an_injection_that_never_happened_can_be_given_by_another(ward: Ward) -> None:
    _with_depot(ward)
    injection = Injection(1, "abdomen", "left", "L1", date(2027, 1, 1))
    event = ward.give(ward.first, injection=injection)
    ward.give(
        ward.first,
        status=HandoutStatus.ENTERED_IN_ERROR,
        reverses=event.id,
        reopens=True,
        reason_text="Feil pasient",
    )
    assert ward.take(ward.second, occurrence_unit(1))


def test_an_injection_with_a_code_of_a_newer_program_was_given_all_the_same(ward: Ward) -> None:
    _with_depot(ward)
    injection = Injection(1, "abdomen", "left", "L1", date(2027, 1, 1))
    body = {**to_body(replace(_dose(ward.order, ward.second), injection=injection))}
    body["identity_check"] = "retina"
    record = PushRecord(
        change_id=body["id"],
        kind="medication_administration",
        id=body["id"],
        patient_id=ward.patient_id,
        base_version=0,
        sequence=1,
        body=body,
    )
    (result,) = ward.office.service(ward.second).push(PushRequest(records=[record])).results
    assert result.outcome is Outcome.ACCEPTED
    assert ward.refusal(ward.first, occurrence_unit(1)) is DenialReason.GIVEN


def test_the_day_of_an_injection_is_claimed_as_well(ward: Ward) -> None:
    _with_depot(ward)
    assert ward.take(ward.first, TODAY)


# --- given up


def test_a_day_that_was_given_up_goes_to_the_next_who_asks(ward: Ward) -> None:
    granted = ward.take(ward.first)
    answer = ward.call(ward.first, released=[granted], all_sent=True)
    assert [one.grant for one in answer.released] == [granted.grant]
    assert ward.claim().state is ClaimState.FREE
    taken = ward.take(ward.second)
    assert taken.grant > granted.grant
    assert taken.held_since == taken.grant


def test_while_events_wait_on_the_laptop_nothing_is_freed(ward: Ward) -> None:
    granted = ward.take(ward.first)
    answer = ward.call(ward.first, released=[granted], all_sent=False)
    assert not answer.released
    assert ward.refusal(ward.second) is DenialReason.HELD


def test_an_older_word_frees_nothing(ward: Ward) -> None:
    older = ward.take(ward.first)
    newer = ward.take(ward.first)
    answer = ward.call(ward.first, released=[older], all_sent=True)
    assert answer.released
    assert ward.claim().state is ClaimState.HELD
    assert ward.claim().grant == newer.grant


def test_a_late_repetition_does_not_free_what_another_holds_now(ward: Ward) -> None:
    granted = ward.take(ward.first)
    ward.call(ward.first, released=[granted], all_sent=True)
    ward.take(ward.second)
    answer = ward.call(ward.first, released=[granted], all_sent=True)
    assert answer.released
    assert ward.claim().holder_device_id == ward.second.device_id


def test_nobody_frees_what_another_holds(ward: Ward) -> None:
    granted = ward.take(ward.first)
    ward.call(ward.second, released=[granted], all_sent=True)
    assert ward.claim().state is ClaimState.HELD


def test_time_frees_nothing(ward: Ward) -> None:
    ward.take(ward.first)
    ward.office.clock.advance(timedelta(days=400))
    assert ward.claim().state is ClaimState.HELD
    ward.call(ward.second, wanted=[ward.name(TODAY)])
    assert ward.claim().state is ClaimState.HELD


def test_a_day_given_up_after_it_was_over_has_ended(ward: Ward) -> None:
    granted = ward.take(ward.first)
    ward.office.clock.advance(timedelta(days=1))
    ward.call(ward.first, released=[granted], all_sent=True)
    assert ward.claim().state is ClaimState.ENDED


def test_numbers_are_never_given_out_twice(ward: Ward) -> None:
    numbers = []
    for who in (ward.first, ward.second) * 3:
        granted = ward.take(who)
        numbers.append(granted.grant)
        ward.call(who, released=[granted], all_sent=True)
    assert numbers == sorted(set(numbers))


# --- a laptop that was set back


def test_the_days_of_a_store_that_was_set_back_are_unknown_to_everybody(ward: Ward) -> None:
    granted = ward.take(ward.first)
    ward.call(ward.first, set_back=True, released=[granted], all_sent=True)
    assert ward.claim().state is ClaimState.UNKNOWN
    (denied,) = ward.want(ward.second).denied
    assert denied.reason is DenialReason.UNKNOWN_DAY
    assert denied.holder_name == "Åse Lien"
    assert ward.refusal(ward.first) is DenialReason.UNKNOWN_DAY
    ward.call(ward.first, released=[granted], all_sent=True)
    assert ward.claim().state is ClaimState.UNKNOWN


def test_a_store_that_was_set_back_gets_nothing_in_the_same_call(ward: Ward) -> None:
    answer = ward.want(ward.first, TOMORROW, set_back=True)
    assert answer.denied[0].reason is DenialReason.STORE_IN_DOUBT


# --- a server that was set back


def test_after_a_restore_nothing_is_given_out_before_every_store_has_reported(
    ward: Ward,
) -> None:
    backup = server_backup.take(ward.storage)
    granted = ward.take(ward.first)
    server_backup.restore(ward.storage, backup)
    ward.restored()
    assert ward.refusal(ward.second) is DenialReason.SERVER_RESTORED
    answer = ward.call(ward.first, held=[granted])
    assert answer.waits_for == 0
    assert not answer.denied
    claim = ward.claim()
    assert claim.holder_device_id == ward.first.device_id
    assert (claim.state, claim.grant) == (ClaimState.HELD, granted.grant)
    assert ward.refusal(ward.second) is DenialReason.HELD
    assert ward.take(ward.second, TOMORROW).grant > granted.grant


def test_the_number_of_the_first_grant_survives_a_restore(ward: Ward) -> None:
    first = ward.take(ward.first)
    backup = server_backup.take(ward.storage)
    ward.take(ward.second, TOMORROW)
    renewed = ward.take(ward.first)
    assert renewed.held_since == first.grant
    server_backup.restore(ward.storage, backup)
    ward.restored()
    ward.call(ward.first, held=[renewed])
    assert (ward.claim().grant, ward.claim().held_since) == (renewed.grant, first.grant)


def test_what_a_laptop_of_the_lost_time_says_is_not_taken_in(ward: Ward) -> None:
    granted = ward.take(ward.first)
    ward.restored()
    answer = ward.call(ward.first, epoch=0, released=[granted], all_sent=True)
    assert answer.epoch == 1
    assert not answer.released
    assert answer.waits_for == 2
    assert ward.claim().state is ClaimState.HELD


def test_a_number_that_was_never_given_out_tells_that_the_server_was_set_back(
    ward: Ward,
) -> None:
    backup = server_backup.take(ward.storage)
    granted = ward.take(ward.first)
    server_backup.restore(ward.storage, backup)
    answer = ward.call(ward.first, held=[granted], released=[])
    assert answer.epoch == 1
    assert ward.refusal(ward.second) is DenialReason.SERVER_RESTORED


def test_a_number_that_was_made_up_neither_begins_an_epoch_nor_uses_up_the_numbers(
    ward: Ward,
) -> None:
    answer = ward.call(ward.first, held=[ward.held(2**62)])
    assert answer.epoch == 0
    assert ward.take(ward.second).grant == 1


def test_a_day_beyond_the_longest_trip_from_the_restore_is_given_out(ward: Ward) -> None:
    ward.restored()
    later = TODAY + timedelta(days=8)
    assert ward.refusal(ward.first, TODAY + timedelta(days=6)) is DenialReason.SERVER_RESTORED
    ward.office.clock.advance(timedelta(days=2))
    assert ward.refusal(ward.first, later - timedelta(days=1)) is DenialReason.SERVER_RESTORED
    assert ward.take(ward.first, later)


def test_an_injection_may_be_held_for_weeks_and_waits_for_the_last_store(ward: Ward) -> None:
    _with_depot(ward)
    ward.restored()
    ward.office.clock.advance(timedelta(days=20))
    assert ward.refusal(ward.first, occurrence_unit(1)) is DenialReason.SERVER_RESTORED
    ward.call(ward.second)
    assert ward.take(ward.first, occurrence_unit(1))


def test_a_laptop_shut_out_during_the_waiting_is_still_awaited(ward: Ward) -> None:
    ward.restored()
    with ward.storage.write() as transaction:
        transaction.accounts.revoke_device(ward.second.device_id)
    assert ward.refusal(ward.first) is DenialReason.SERVER_RESTORED
    with ward.storage.write() as transaction:
        assert transaction.claims.await_no_longer(ward.second.device_id) == 1
    assert ward.take(ward.first)


def test_a_held_day_of_the_copy_that_its_holder_does_not_know_is_unknown(ward: Ward) -> None:
    granted = ward.take(ward.first)
    backup = server_backup.take(ward.storage)
    ward.call(ward.first, set_back=True)
    server_backup.restore(ward.storage, backup)
    ward.restored()
    ward.call(ward.first)
    ward.call(ward.second)
    assert ward.claim().state is ClaimState.UNKNOWN
    assert ward.claim().grant == granted.grant
    assert ward.refusal(ward.first) is DenialReason.UNKNOWN_DAY


def test_a_day_that_changed_hands_in_the_lost_time_goes_to_its_last_holder(ward: Ward) -> None:
    first = ward.take(ward.first)
    backup = server_backup.take(ward.storage)
    ward.call(ward.first, released=[first], all_sent=True)
    second = ward.take(ward.second)
    server_backup.restore(ward.storage, backup)
    ward.restored()
    ward.call(ward.second, held=[second])
    assert ward.claim().holder_device_id == ward.second.device_id
    ward.call(ward.first)
    assert ward.claim().holder_device_id == ward.second.device_id
    assert not ward.issues()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_stores_that_both_hold_a_day_raise_one_safety_item(
    ward: Ward, order: tuple[int, int]
) -> None:
    backup = server_backup.take(ward.storage)
    lost = ward.take(ward.first)
    server_backup.restore(ward.storage, backup)
    again = ward.take(ward.second)  # before anybody has noticed
    assert again.grant == lost.grant
    ward.restored()
    said = ((ward.first, lost), (ward.second, again))
    for number in order:
        who, held = said[number]
        ward.call(who, held=[held])
        ward.call(who, held=[held])
    (issue,) = ward.issues()
    assert issue.code == "claim_conflict"
    assert issue.evidence == (ward.claim().id,)
    assert set(issue.involved) == {ward.first.user_id, ward.second.user_id}
    assert ward.claim().state is ClaimState.UNKNOWN
    ward.call(ward.second, released=[again], all_sent=True)
    assert ward.refusal(ward.second) is DenialReason.UNKNOWN_DAY, "the first may still give by it"


def test_a_report_of_somebody_who_never_followed_the_patient_holds_nothing(ward: Ward) -> None:
    granted = ward.take(ward.first)
    ward.call(ward.first, released=[granted], all_sent=True)
    stranger = ward.office.new_user()
    ward.restored()
    ward.call(stranger, held=[ward.held(granted.grant + 1)])
    assert ward.claim().state is ClaimState.FREE


# --- beside claims


def test_reassignment_moves_no_live_claim_and_its_holder_may_still_give_it_up(
    ward: Ward,
) -> None:
    granted = ward.take(ward.first)
    ward.office.unassign(ward.first, ward.patient_id)
    assert ward.refusal(ward.second) is DenialReason.HELD
    ward.call(ward.first, released=[granted], all_sent=True)
    assert ward.take(ward.second)


def test_a_laptop_that_was_shut_out_keeps_its_days(ward: Ward) -> None:
    ward.take(ward.first)
    with ward.storage.write() as transaction:
        transaction.accounts.revoke_device(ward.first.device_id)
    assert ward.refusal(ward.second) is DenialReason.HELD


def test_a_patient_with_claimed_days_is_not_joined_away(ward: Ward) -> None:
    granted = ward.take(ward.first)
    winner = ward.office.add_patient(ward.first)
    with ward.storage.write() as transaction, pytest.raises(JoinError, match="live_claims"):
        join_patients(transaction, winner.id, ward.patient_id, None, NOON)
    ward.call(ward.first, released=[granted], all_sent=True)
    with ward.storage.write() as transaction:
        assert join_patients(transaction, winner.id, ward.patient_id, None, NOON) > 0
    assert ward.refusal(ward.first) is DenialReason.NOT_PLANNED


def test_a_patient_of_whose_days_nobody_knows_is_not_joined_away_before_they_bear_on_no_dose(
    ward: Ward,
) -> None:
    """Under the winner's name the day would be free, whatever the set-back store had given."""
    ward.take(ward.first)
    ward.call(ward.first, set_back=True)
    assert ward.claim().state is ClaimState.UNKNOWN
    winner = ward.office.add_patient(ward.first)
    tomorrow_noon = NOON + timedelta(days=1)
    for moment in (NOON, tomorrow_noon):
        with ward.storage.write() as transaction, pytest.raises(JoinError, match="live_claims"):
            join_patients(transaction, winner.id, ward.patient_id, None, moment)
    with ward.storage.write() as transaction:
        later = tomorrow_noon + timedelta(days=1)
        assert join_patients(transaction, winner.id, ward.patient_id, None, later) > 0


def test_the_winner_of_a_join_may_have_claimed_days(ward: Ward) -> None:
    loser = ward.office.add_patient(ward.first)
    ward.take(ward.first)
    with ward.storage.write() as transaction:
        join_patients(transaction, ward.patient_id, loser.id, None, NOON)
    assert ward.claim().state is ClaimState.HELD


def test_nobody_pushes_a_claim_and_it_is_kept_as_no_wish(ward: Ward) -> None:
    ward.take(ward.first)
    claim = replace(ward.claim(), holder_device_id=ward.second.device_id)
    record = PushRecord(
        change_id=new_id(),
        kind="claim",
        id=claim.id,
        patient_id=ward.patient_id,
        base_version=0,
        sequence=1,
        body=to_body(claim),
    )
    (result,) = ward.office.service(ward.second).push(PushRequest(records=[record])).results
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "server_owned")
    with ward.storage.read() as transaction:
        assert not transaction.records.of_patient(ward.patient_id, "proposal")


def test_the_beginning_of_the_day_stays_while_days_are_claimed(ward: Ward) -> None:
    granted = ward.take(ward.first)
    with ward.storage.write() as transaction, pytest.raises(BadRequestError, match="live_claims"):
        set_rules(transaction, NOON, service_day_begins="07:00")
    ward.call(ward.first, released=[granted], all_sent=True)
    with ward.storage.write() as transaction:
        assert (
            set_rules(transaction, NOON, service_day_begins="07:00").service_day_begins == "07:00"
        )


def test_a_rule_that_is_none_is_refused_and_nothing_changes(ward: Ward) -> None:
    with ward.storage.write() as transaction:
        before = set_rules(transaction)
        for wrong in ({"longest_trip_days": 8}, {"service_day_begins": "6"}):
            with pytest.raises(BadRequestError, match="rule"):
                set_rules(transaction, NOON, **wrong)
        assert set_rules(transaction) == before


def test_a_claim_reaches_everybody_who_follows_the_patient(ward: Ward) -> None:
    ward.take(ward.first)
    with ward.storage.read() as transaction:
        names = transaction.scope.names_of_patient(ward.patient_id)
    assert ("claim", ward.claim().id) in names
