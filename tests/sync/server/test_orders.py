"""Orders at the office, on both real databases: two persons, claims that live, files, wishes."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fieldapp.clock import to_iso
from fieldapp.domain.claims import Claim, ClaimState, claim_id
from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.medication import MedicationRequest, Part, PlannedDose
from fieldapp.domain.patients import Place, Practitioner, Role
from fieldapp.domain.proposals import Proposal
from sync.protocol.errors import BadRequestError, NotAllowedError, NotFoundError_
from sync.protocol.office import JoinRequest
from sync.protocol.orders import (
    ActOnOrderRequest,
    EnterOrderRequest,
    EntryState,
    ImportOrdersAnswer,
    ImportOrdersRequest,
    OrderAction,
    OrderAnswer,
    OrderHistoryRequest,
    OrderPatientsRequest,
    OrdersRequest,
    SettleOrderRequest,
)
from sync.server.office import ServerOfficeService
from sync.server.storage.base import StorageError
from sync.server.storage.storage import Storage
from sync.server.storage.values import NewVersion
from tests.sync.server.desk import REASON, desk, exchange, office_log
from tests.sync.server.team import NOW, Laptop, Team, change, patient

TODAY = NOW.date()

METHADONE = MedicationRequest(
    id="o1",
    patient_id="p1",
    product="Metadon",
    atc="N07BC02",
    form="mikstur",
    strength="2 mg/ml",
    doses=(PlannedDose(Part.MORNING, Decimal(80)),),
    weekdays=(1, 2, 3, 4, 5, 6, 7),
    place=Place.HOME,
    valid_from=TODAY,
    prescriber="Hanne Rud",
    concentration_mg_per_ml=Decimal(2),
    source="Ordinasjon på papir 22.11.2026",
)


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    """A laptop whose user has registered patient p1."""
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient(national_id="01010199999")), pull=True)
    return laptop


@pytest.fixture
def sek(team: Team, kari: Laptop) -> ServerOfficeService:
    """Who enters."""
    del kari
    return desk(team, Role.SECRETARY)


@pytest.fixture
def leader(team: Team, kari: Laptop) -> ServerOfficeService:
    """Who confirms, and could also enter."""
    del kari
    return desk(team, Role.TEAM_LEADER)


def enter(
    service: ServerOfficeService,
    order: MedicationRequest = METHADONE,
    entry_id: str = "e1",
    base: int = 0,
    **more: Any,
) -> OrderAnswer:
    return service.enter_order(
        EnterOrderRequest(
            id=entry_id,
            order_id=order.id,
            patient_id=order.patient_id,
            base_revision=base,
            body=to_body(order),
            **more,
        )
    )


def confirm(service: ServerOfficeService, entry_id: str = "e1") -> OrderAnswer:
    return service.settle_order(SettleOrderRequest(id=entry_id, accept=True))


def in_force(sek: ServerOfficeService, leader: ServerOfficeService) -> None:
    """Let order o1 be in force in its first revision."""
    assert enter(sek).entry is not None
    assert confirm(leader).entry is not None


def act(
    service: ServerOfficeService, action: OrderAction, entry_id: str = "a1", **more: Any
) -> OrderAnswer:
    more.setdefault("base_revision", 1)
    more.setdefault("reason", REASON)
    return service.act_on_order(
        ActOnOrderRequest(id=entry_id, order_id="o1", action=action, **more)
    )


def stored(team: Team, order_id: str = "o1") -> MedicationRequest | None:
    with team.storage.read() as transaction:
        record = transaction.records.get("medication_request", order_id)
    return None if record is None else from_body(MedicationRequest, record.body)


def user_id(team: Team, username: str) -> str:
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named(username)
    assert user is not None
    return user.id


def hold_claim(team: Team, laptop: Laptop, unit: str, group: str = "opioid") -> None:
    """Let Kari's store hold a unit of p1, and let her have a phone."""
    kari_id = user_id(team, "kari")
    claim = Claim(
        id=claim_id("p1", group, unit),
        patient_id="p1",
        group=group,
        unit=unit,
        state=ClaimState.HELD,
        grant=1,
        held_since=1,
        holder_device_id=laptop.enrolled.device_id,
        holder_id=kari_id,
        granted_at=NOW,
        orders={"o1": 1},
    )
    person = Practitioner(kari_id, "kari", "Kari Moe", Role.CASE_MANAGER, "900 11 222")
    with team.storage.write() as transaction:
        for kind, value, patient_id in (
            ("claim", claim, "p1"),
            ("practitioner", person, None),
        ):
            transaction.records.put(
                NewVersion(
                    kind, value.id, patient_id, to_body(value), False, None, None, to_iso(NOW)
                )
            )


def a_day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


# --- two persons


def test_an_order_is_no_order_until_a_second_person_has_confirmed_it(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    answer = enter(sek)
    assert answer.entry is not None
    assert answer.entry.state is EntryState.WAITING
    assert stored(team) is None
    (waiting,) = leader.orders(OrdersRequest()).waiting
    assert (waiting.patient_name, waiting.can_confirm) == ("Bråten, Åse", True)
    confirmed = confirm(leader)
    assert confirmed.entry is not None
    assert confirmed.entry.state is EntryState.CONFIRMED
    order = stored(team)
    assert order is not None
    assert (order.revision, order.product) == (1, "Metadon")
    assert order.entered_by == user_id(team, "secretary")
    assert order.confirmed_by == user_id(team, "team_leader")
    assert (order.recorded_at, order.confirmed_at) == (NOW, NOW)


def test_nobody_confirms_what_they_entered_themselves(
    team: Team, leader: ServerOfficeService
) -> None:
    enter(leader)
    (waiting,) = leader.orders(OrdersRequest()).waiting
    assert (waiting.can_confirm, waiting.own) == (False, True)
    with pytest.raises(BadRequestError, match="own_entry"):
        confirm(leader)
    assert stored(team) is None


def test_the_database_itself_refuses_a_second_person_who_is_the_first(
    team: Team, leader: ServerOfficeService
) -> None:
    enter(leader)
    author = user_id(team, "team_leader")
    with pytest.raises(StorageError), team.storage.write() as transaction:
        transaction.orders.settle("e1", "confirmed", author, to_iso(NOW), "")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE order_entry SET body = '{}'",
        "UPDATE order_entry SET entered_by = 'x'",
        "UPDATE order_entry SET words = 'x'",
        "DELETE FROM order_entry",
    ],
)
def test_what_was_entered_and_settled_never_changes(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService, statement: str
) -> None:
    in_force(sek, leader)
    with pytest.raises(StorageError), team.storage.write() as transaction:
        transaction.orders._db.run(statement)
    with team.storage.read() as transaction:
        entry = transaction.orders.get("e1")
    assert entry is not None
    assert entry.words == ""


def test_who_may_enter_but_not_confirm_cannot_confirm_a_colleagues_order(
    team: Team, leader: ServerOfficeService
) -> None:
    enter(leader)
    with pytest.raises(NotAllowedError):
        confirm(desk(team, Role.SECRETARY))
    assert stored(team) is None


def test_an_order_that_was_declined_is_never_written_and_its_words_are_kept(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    enter(sek)
    with pytest.raises(BadRequestError, match="words_missing"):
        leader.settle_order(SettleOrderRequest(id="e1", accept=False))
    leader.settle_order(SettleOrderRequest(id="e1", accept=False, words="Papiret sier 60"))
    with pytest.raises(BadRequestError, match="not_open"):
        confirm(leader)
    assert stored(team) is None
    (entry,) = sek.order_history(OrderHistoryRequest(order_id="o1")).entries
    assert (entry.state, entry.words) == (EntryState.DECLINED, "Papiret sier 60")
    assert enter(sek, entry_id="e2").entry is not None


def test_who_entered_an_order_can_take_it_back_while_it_waits(
    sek: ServerOfficeService,
) -> None:
    enter(sek)
    sek.settle_order(SettleOrderRequest(id="e1", accept=False, words="Feil pasient"))
    assert sek.orders(OrdersRequest()).waiting == []


def test_the_same_entry_sent_twice_waits_once(
    sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    first, second = enter(sek), enter(sek)
    assert first.entry == second.entry
    assert len(sek.orders(OrdersRequest()).waiting) == 1
    with pytest.raises(BadRequestError, match="id_used"):
        enter(leader, replace(METHADONE, id="o2"))


def test_the_office_log_names_entering_and_confirming_with_ids_alone(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    lines = office_log(team)[:2]
    assert [(line.act, line.subject, line.patient_id) for line in lines] == [
        ("settle_order", "e1/confirmed", "p1"),
        ("enter_order", "e1/enter", "p1"),
    ]


# --- versions


def test_a_change_is_a_new_version_and_the_former_one_stands_until_it_is_confirmed(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    less = replace(METHADONE, doses=(PlannedDose(Part.MORNING, Decimal(70)),))
    enter(sek, less, "e2", base=1)
    order = stored(team)
    assert order is not None
    assert (order.revision, order.doses[0].dose_mg) == (1, Decimal(80))
    confirm(leader, "e2")
    order = stored(team)
    assert order is not None
    assert (order.revision, order.doses[0].dose_mg) == (2, Decimal(70))


def test_two_changes_of_one_order_cannot_wait_beside_each_other(
    sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    enter(sek, METHADONE, "e2", base=1)
    with pytest.raises(BadRequestError, match="entry_waiting"):
        enter(leader, METHADONE, "e3", base=1)


def test_a_change_of_an_older_version_is_refused_at_the_entry_and_at_the_confirmation(
    sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    enter(sek, METHADONE, "e2", base=1)
    act(leader, OrderAction.HOLD)
    with pytest.raises(BadRequestError, match="order_changed"):
        confirm(leader, "e2")
    with pytest.raises(BadRequestError, match="order_changed"):
        enter(sek, METHADONE, "e3", base=1)


def test_a_change_leaves_hold_and_place_as_they_are_for_they_are_acts_of_their_own(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    act(sek, OrderAction.HOLD)
    sneaky = replace(METHADONE, on_hold=False, place=Place.PHARMACY, stopped_on=TODAY)
    enter(sek, sneaky, "e2", base=2)
    confirm(leader, "e2")
    order = stored(team)
    assert order is not None
    assert (order.on_hold, order.place, order.stopped_on) == (True, Place.HOME, None)


def test_what_a_newer_program_wrote_into_an_order_stays_in_its_next_version(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    with team.storage.write() as transaction:
        record = transaction.records.get("medication_request", "o1")
        assert record is not None
        body = {**record.body, "from_the_future": "ja"}
        transaction.records.put(
            NewVersion("medication_request", "o1", "p1", body, False, None, None, to_iso(NOW))
        )
    enter(sek, METHADONE, "e2", base=1)
    confirm(leader, "e2")
    with team.storage.read() as transaction:
        record = transaction.records.get("medication_request", "o1")
    assert record is not None
    assert record.body["from_the_future"] == "ja"


# --- bad input


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"doses": ()}, "dose_missing"),
        ({"doses": (PlannedDose(Part.MORNING, Decimal(0)),)}, "dose_not_positive"),
        ({"doses": (PlannedDose(Part.MORNING, Decimal(-5)),)}, "dose_not_positive"),
        ({"concentration_mg_per_ml": None}, "concentration_missing"),
        ({"strength": "2 g"}, "wrong_unit"),
        (
            {"form": "tablett", "strength": "30 mg", "concentration_mg_per_ml": None},
            "strength_does_not_divide",
        ),
        ({"weekdays": ()}, "weekday_missing"),
        ({"valid_to": TODAY - timedelta(days=1)}, "valid_to_before_from"),
        ({"take_home_weekdays": (2, 3), "max_take_home_days": 1}, "take_home_more_than_max"),
    ],
)
def test_an_order_with_an_error_is_named_and_nothing_is_stored(
    team: Team, sek: ServerOfficeService, wrong: dict[str, Any], code: str
) -> None:
    answer = enter(sek, replace(METHADONE, **wrong))
    assert answer.entry is None
    assert code in {problem.code for problem in answer.problems if not problem.warning}
    assert sek.orders(OrdersRequest()).waiting == []
    assert stored(team) is None


def test_a_body_that_is_no_order_is_refused_by_the_name_of_its_field(
    sek: ServerOfficeService,
) -> None:
    request = EnterOrderRequest(
        id="e1",
        order_id="o1",
        patient_id="p1",
        base_revision=0,
        body={**to_body(METHADONE), "doses": "mye"},
    )
    with pytest.raises(BadRequestError, match="body:doses"):
        sek.enter_order(request)


def test_a_parallel_order_of_the_same_medicine_is_a_warning_that_both_persons_see(
    sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    answer = enter(sek, replace(METHADONE, id="o2"), "e2")
    assert [(one.code, one.warning) for one in answer.problems] == [("parallel_order", True)]
    (waiting,) = leader.orders(OrdersRequest()).waiting
    assert [one.code for one in waiting.problems] == ["parallel_order"]


# --- stop, hold, place, reassessed


def test_one_person_stops_an_order_at_once(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    answer = act(sek, OrderAction.STOP)
    assert answer.entry is not None
    assert answer.entry.state is EntryState.DONE
    order = stored(team)
    assert order is not None
    assert (order.stopped_on, order.revision, order.confirmed_by) == (TODAY, 2, None)
    with pytest.raises(BadRequestError, match="order_stopped"):
        enter(sek, METHADONE, "e2", base=2)


def test_a_stop_is_not_refused_because_the_order_was_changed_meanwhile(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    act(leader, OrderAction.PLACE, "a1", place="pharmacy", told="Apoteket, Ida")
    act(sek, OrderAction.STOP, "a2", base_revision=1)
    order = stored(team)
    assert order is not None
    assert (order.stopped_on, order.place) == (TODAY, Place.PHARMACY)


def test_a_stop_cannot_be_put_into_the_past_or_later_than_it_is(
    sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    with pytest.raises(BadRequestError, match="day_passed"):
        act(sek, OrderAction.STOP, day=a_day(-1))
    act(sek, OrderAction.STOP, "a1", day=a_day(3))
    with pytest.raises(BadRequestError, match="already"):
        act(sek, OrderAction.STOP, "a2", day=a_day(5))
    assert act(sek, OrderAction.STOP, "a3", day=a_day(1)).entry is not None


def test_a_stop_at_night_is_a_stop_of_the_service_day_that_runs(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    team.clock.advance(timedelta(hours=18))  # three in the morning in Oslo
    act(sek, OrderAction.STOP)
    order = stored(team)
    assert order is not None
    assert order.stopped_on == TODAY


def test_a_hold_holds_at_once_and_only_two_persons_take_it_away(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    act(sek, OrderAction.HOLD)
    order = stored(team)
    assert order is not None
    assert order.on_hold
    answer = act(sek, OrderAction.RESUME, "a2", base_revision=2)
    assert answer.entry is not None
    assert answer.entry.state is EntryState.WAITING
    order = stored(team)
    assert order is not None
    assert order.on_hold
    confirm(leader, "a2")
    order = stored(team)
    assert order is not None
    assert not order.on_hold


def test_a_change_of_place_says_who_was_told(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    with pytest.raises(BadRequestError, match="told_missing"):
        act(sek, OrderAction.PLACE, place="pharmacy")
    with pytest.raises(BadRequestError, match="already"):
        act(sek, OrderAction.PLACE, place="home", told="Ingen")
    act(sek, OrderAction.PLACE, place="pharmacy", told="Apotek 1 ved Ida, kl. 10")
    order = stored(team)
    assert order is not None
    assert order.place is Place.PHARMACY
    newest = sek.order_history(OrderHistoryRequest(order_id="o1")).entries[0]
    assert (newest.action, newest.told) == (OrderAction.PLACE, "Apotek 1 ved Ida, kl. 10")


def test_a_reassessment_waits_for_a_second_person_and_then_counts_from_its_day(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    with pytest.raises(BadRequestError, match="day_in_future"):
        act(sek, OrderAction.REASSESS, day=a_day(1))
    act(sek, OrderAction.REASSESS, day=a_day(0))
    order = stored(team)
    assert order is not None
    assert order.reassessed_on is None
    confirm(leader, "a1")
    order = stored(team)
    assert order is not None
    assert order.reassessed_on == TODAY


def test_an_act_needs_a_reason_and_an_order(
    sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    with pytest.raises(NotFoundError_):
        act(sek, OrderAction.STOP)
    in_force(sek, leader)
    with pytest.raises(BadRequestError, match="reason_missing"):
        act(sek, OrderAction.STOP, reason="  ")


# --- live claims


@pytest.mark.parametrize("action", [OrderAction.STOP, OrderAction.HOLD, OrderAction.PLACE])
def test_an_act_under_a_live_claim_answers_at_once_with_who_holds_it_and_their_phone(
    team: Team,
    kari: Laptop,
    sek: ServerOfficeService,
    leader: ServerOfficeService,
    action: OrderAction,
) -> None:
    in_force(sek, leader)
    hold_claim(team, kari, a_day(1))
    hold_claim(team, kari, a_day(0))
    more = {"place": "pharmacy", "told": "Apoteket"} if action is OrderAction.PLACE else {}
    (live,) = act(sek, action, **more).live_claims
    assert (live.holder_name, live.holder_phone) == ("Kari Moe", "900 11 222")
    assert live.units == [a_day(0), a_day(1)]
    assert live.device_id == kari.enrolled.device_id
    assert live.device_name


def test_entering_a_change_and_a_parallel_order_say_who_holds_claims_of_the_group(
    team: Team, kari: Laptop, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    hold_claim(team, kari, a_day(0))
    assert [live.units for live in enter(sek, METHADONE, "e2", base=1).live_claims] == [[a_day(0)]]
    other = replace(
        METHADONE,
        id="o2",
        product="Buprenorfin",
        atc="N07BC01",
        form="resoriblett",
        strength="8 mg",
        doses=(PlannedDose(Part.MORNING, Decimal(16)),),
        concentration_mg_per_ml=None,
    )
    # Another opioid is the same group: whoever holds the day must hear of it.
    assert len(enter(sek, other, "e3").live_claims) == 1
    (row,) = [row for row in sek.orders(OrdersRequest()).orders if row.id == "o1"]
    assert [live.holder_name for live in row.live_claims] == ["Kari Moe"]


def test_claims_of_another_group_and_claims_given_back_are_not_named(
    team: Team, kari: Laptop, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    hold_claim(team, kari, a_day(0), group="olanzapine")
    assert act(sek, OrderAction.HOLD).live_claims == []


# --- who sees what


def test_who_cannot_assign_sees_and_confirms_only_for_those_they_follow(
    team: Team, sek: ServerOfficeService
) -> None:
    enter(sek)
    stranger = desk(team, Role.CASE_MANAGER, "nils")
    assert stranger.orders(OrdersRequest()).waiting == []
    assert stranger.order_history(OrderHistoryRequest(order_id="o1")).entries == []
    with pytest.raises(NotFoundError_):
        confirm(stranger)
    team.admin.assign("nils", "p1", primary=False)
    assert len(stranger.orders(OrdersRequest()).waiting) == 1
    assert confirm(stranger).entry is not None


def test_the_list_tells_when_it_was_entered_confirmed_and_asked_for_and_from_where(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    enter(sek)
    team.clock.advance(timedelta(minutes=20))
    confirm(leader)
    team.clock.advance(timedelta(minutes=5))
    answer = sek.orders(OrdersRequest())
    assert answer.last_entered_at == NOW
    assert answer.last_confirmed_at == NOW + timedelta(minutes=20)
    assert answer.server_time == NOW + timedelta(minutes=25)
    assert answer.last_source == "Ordinasjon på papir 22.11.2026"
    (row,) = answer.orders
    assert (row.entered_by_name, row.confirmed_by_name) == ("Secretary", "Team_Leader")


def test_the_list_is_searched_by_patient_and_by_product_and_hides_what_has_ended(
    sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    for query, count in (("bråten", 1), ("metad", 1), ("buvidal", 0), ("", 1)):
        assert sek.orders(OrdersRequest(query=query)).total == count
    act(sek, OrderAction.STOP)
    assert sek.orders(OrdersRequest()).total == 0
    assert sek.orders(OrdersRequest(also_ended=True)).total == 1
    (found,) = sek.order_patients(OrderPatientsRequest(query="åse")).patients
    assert found.id == "p1"


# --- wishes


def test_an_order_that_was_made_of_a_wish_closes_it_when_it_is_confirmed(
    team: Team, kari: Laptop, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    in_force(sek, leader)
    wished = Proposal(
        *("w1", "p1", "medication_request", "o1", user_id(team, "kari"), NOW),
        values={"doses": [{"part": "morning", "dose_mg": "70", "weekdays": []}]},
    )
    exchange(team, kari, change(wished))
    prescriber = desk(team, Role.PRESCRIBER)
    less = replace(METHADONE, doses=(PlannedDose(Part.MORNING, Decimal(70)),))
    with pytest.raises(NotAllowedError):
        enter(sek, less, "e2", base=1, proposal_id="w1")
    team.admin.assign("prescriber", "p1", primary=False)
    assert enter(prescriber, less, "e2", base=1, proposal_id="w1").entry is not None
    assert len(prescriber.proposals().proposals) == 1
    confirm(leader, "e2")
    assert prescriber.proposals().proposals == []
    with team.storage.read() as transaction:
        record = transaction.records.get("proposal", "w1")
    assert record is not None
    assert record.body["status"] == "accepted"
    assert record.body["decided_by"] == user_id(team, "prescriber")


# --- joins


def test_an_entry_that_waits_follows_its_patient_into_a_join(
    team: Team, kari: Laptop, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    exchange(team, kari, change(patient("p2")))
    enter(sek)
    sek.join(JoinRequest(winner_id="p2", loser_id="p1", reason=REASON))
    confirm(leader)
    with team.storage.read() as transaction:
        record = transaction.records.get("medication_request", "o1")
    assert record is not None
    assert (record.patient_id, record.body["patient_id"]) == ("p2", "p2")


# --- files

HEAD = "Fødselsnummer;Legemiddel;ATC;Form;Styrke;Morgen;Ukedager;Sted;Gjelder fra;Forskriver"
GOOD = "01010199999;Metadon;N07BC02;mikstur;2 mg/ml;80;daglig;hjemme;23.11.2026;Hanne Rud"


def import_file(
    service: ServerOfficeService, *rows: str, store: bool = True, file_id: str = "f1"
) -> ImportOrdersAnswer:
    text = "\n".join((HEAD, *rows, ""))
    data = base64.b64encode(text.encode()).decode()
    return service.import_orders(
        ImportOrdersRequest(id=file_id, file_name="lar.csv", data=data, store=store)
    )


def test_every_row_of_a_file_waits_for_the_second_person_with_the_file_as_its_source(
    team: Team, sek: ServerOfficeService, leader: ServerOfficeService
) -> None:
    looked = import_file(sek, GOOD, store=False)
    assert (len(looked.rows), looked.problems, looked.stored) == (1, [], False)
    assert sek.orders(OrdersRequest()).waiting == []
    assert import_file(sek, GOOD).stored
    (waiting,) = leader.orders(OrdersRequest()).waiting
    assert waiting.source == "lar.csv"
    confirm(leader, waiting.id)
    order = stored(team, waiting.order_id)
    assert order is not None
    assert (order.concentration_mg_per_ml, order.valid_from) == (Decimal(2), date(2026, 11, 23))


def test_one_bad_row_keeps_the_whole_file_out_and_every_mistake_is_named(
    sek: ServerOfficeService,
) -> None:
    answer = import_file(
        sek,
        GOOD,
        "01010199999;Subutex;N07BC01;resoriblett;8 mg;12;daglig;hjemme;23.11.2026;Hanne Rud",
        "99999999999;Metadon;N07BC02;mikstur;2 mg/ml;80 ml;x;borte;31.02.2026;",
        "01010199999;Metadon",
    )
    assert not answer.stored
    assert sek.orders(OrdersRequest()).waiting == []
    errors = {(one.number, one.column, one.code) for one in answer.problems if not one.warning}
    assert errors == {
        (3, "Morgen", "strength_does_not_divide"),
        (4, "Fødselsnummer", "patient_unknown"),
        (4, "Morgen", "wrong_unit"),
        (4, "Ukedager", "not_weekdays"),
        (4, "Sted", "not_a_place"),
        (4, "Gjelder fra", "not_a_day"),
        (4, "Forskriver", "prescriber_missing"),
        (5, "", "too_few_columns"),
    }


def test_a_file_sent_again_is_stored_once_and_the_same_orders_in_another_file_are_refused(
    sek: ServerOfficeService,
) -> None:
    assert import_file(sek, GOOD).stored
    assert import_file(sek, GOOD).stored
    assert len(sek.orders(OrdersRequest()).waiting) == 1
    again = import_file(sek, GOOD, file_id="f2")
    assert not again.stored
    assert "already_there" in {one.code for one in again.problems}


def test_a_file_that_is_none_or_lacks_a_column_says_so(sek: ServerOfficeService) -> None:
    def told(content: bytes) -> tuple[str, str]:
        data = base64.b64encode(content).decode()
        answer = sek.import_orders(ImportOrdersRequest(id="f", file_name="a.csv", data=data))
        return answer.file_problem, answer.file_detail

    assert told(b"") == ("empty", "")
    assert told(b"\x00\x01") == ("not_text", "")
    assert told(b"Legemiddel;ATC\nMetadon;N07BC02\n")[0] == "columns_missing"
    assert "patient" in told(b"Legemiddel;ATC\nMetadon;N07BC02\n")[1]


def test_a_list_of_orders_holds_no_patient_whom_a_prescriber_does_not_follow(
    team: Team, kari: Laptop
) -> None:
    del kari
    prescriber = desk(team, Role.PRESCRIBER)
    answer = import_file(prescriber, GOOD)
    assert {one.code for one in answer.problems} == {"patient_unknown"}
