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
from fieldapp.domain.patients import Place
from fieldapp.ids import new_id
from sync.protocol.claims import (
    ClaimName,
    ClaimsAnswer,
    ClaimsRequest,
    DenialReason,
    HeldClaim,
)
from sync.protocol.errors import BadRequestError
from sync.protocol.messages import Outcome, PushRecord
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
        from sync.protocol.messages import PushRequest

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


def _nurse(who: Identity, number: int) -> Any:
    from fieldapp.domain.patients import Practitioner, Role

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
    assert claim.state is ClaimState.HELD and claim.grant == granted.grant == 1
    assert claim.held_since == 1 and claim.orders == {ward.order.id: 1}
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
