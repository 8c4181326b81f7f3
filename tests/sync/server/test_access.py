"""Patients outside one's list: found, opened with a reason, ended by the server, judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fieldapp.clock import FixedClock, from_iso
from fieldapp.domain.access_log import AccessReason
from fieldapp.domain.patients import Role
from sync.protocol.access import (
    FindPatientRequest,
    OpenedAnswer,
    OpenPatientRequest,
    ReviewOpeningRequest,
    Verdict,
)
from sync.protocol.errors import BadRequestError, NotAllowedError, NotFoundError_
from sync.protocol.office import AssignRequest
from sync.server.access import find_patient, open_patient
from sync.server.identity import Identity
from sync.server.rules import set_rules
from sync.server.storage.base import BadValueError
from sync.server.storage.storage import Storage
from tests.sync.server.desk import desk, exchange, office_log
from tests.sync.server.team import Laptop, Team, change, note, patient

WORDS = "Kona ringte, han er funnet kald i trappa"
NUMBER = "13097248022"
BORN = date(1972, 9, 13)
HOURS = {AccessReason.ETREAT: 24, AccessReason.BTG: 8}


@pytest.fixture
def team(storage: Storage) -> Team:
    made = Team(storage)
    nils = made.laptop("nils")
    person = patient("p1", national_id=NUMBER, birth_date=BORN)
    nils.push(change(person), change(note("n1", "p1", "Hjemme, rolig.")))
    return made


@pytest.fixture
def kari(team: Team) -> Laptop:
    return team.laptop("kari")


def who(team: Team, username: str = "kari") -> Identity:
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named(username)
        assert user is not None
        (device,) = [one for one in transaction.accounts.devices() if one.user_id == user.id]
    return Identity(user.id, device.id, user.role)


def opening(
    reason: AccessReason = AccessReason.BTG, words: str = WORDS, number: str = "o1"
) -> OpenPatientRequest:
    return OpenPatientRequest(id=number, patient_id="p1", reason=reason, words=words)


def opened(team: Team, request: OpenPatientRequest | None = None) -> OpenedAnswer:
    return open_patient(team.world, who(team), request or opening())


def later(team: Team, **by: float) -> None:
    """Let time pass. Nobody is asked to log in again: that is another test's."""
    moment = team.clock.now() + timedelta(**by)
    team.clock = FixedClock(moment)
    team.world = replace(team.world, clock=team.clock)


def held_by(team: Team, laptop: Laptop) -> set[str]:
    """Pull, and say whom the user may see now."""
    laptop.service._world = team.world
    laptop.pull_ids()
    with team.storage.read() as transaction:
        return set(transaction.scope.standing(who(team).user_id))


# --- finding


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"national_id": "130972 48022"}, ["p1"]),
        ({"national_id": "13097248023"}, []),
        ({"name": "åse bråten", "birth_date": BORN}, ["p1"]),
        ({"name": "bråt", "birth_date": BORN}, ["p1"]),
        ({"name": "bråten", "birth_date": date(1972, 9, 14)}, []),
        ({"name": "hansen", "birth_date": BORN}, []),
    ],
)
def test_a_patient_is_found_by_the_whole_number_or_by_name_and_birth_date(
    team: Team, kari: Laptop, asked: dict[str, object], found: list[str]
) -> None:
    answer = find_patient(team.world, who(team), FindPatientRequest.model_validate(asked))
    assert [one.patient_id for one in answer.patients] == found
    line = office_log(team)[0]
    assert (line.act, line.allowed, line.count) == ("access_find", True, len(found))
    assert line.patient_id == (found[0] if found else None)
    assert "bråten" not in repr(office_log(team)).casefold()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"national_id": "130972"},
        {"name": "bråten"},
        {"birth_date": BORN},
        {"name": "å", "birth_date": BORN},
    ],
)
def test_nobody_is_found_by_a_guess(team: Team, kari: Laptop, asked: dict[str, object]) -> None:
    with pytest.raises(BadRequestError):
        find_patient(team.world, who(team), FindPatientRequest.model_validate(asked))


def test_what_is_found_is_a_name_a_year_and_whether_one_follows(team: Team, kari: Laptop) -> None:
    request = FindPatientRequest(national_id=NUMBER)
    (found,) = find_patient(team.world, who(team), request).patients
    assert found.model_dump() == {
        "patient_id": "p1",
        "name": "Bråten, Åse",
        "birth_year": 1972,
        "followed": False,
    }
    (own,) = find_patient(team.world, who(team, "nils"), request).patients
    assert own.followed


def test_a_role_without_the_right_finds_and_opens_nobody_and_the_try_is_logged(team: Team) -> None:
    team.add_user("kari", Role.PEER)
    team.enrol("kari")
    with pytest.raises(NotAllowedError):
        find_patient(team.world, who(team), FindPatientRequest(national_id=NUMBER))
    with pytest.raises(NotAllowedError):
        opened(team)
    assert [(line.act, line.allowed) for line in office_log(team)[:2]] == [
        ("access_open", False),
        ("access_find", False),
    ]


# --- opening and its end


@pytest.mark.parametrize("reason", HOURS)
def test_an_opened_patient_comes_and_is_taken_back_when_the_time_is_over(
    team: Team, kari: Laptop, reason: AccessReason
) -> None:
    assert held_by(team, kari) == set()
    answer = opened(team, opening(reason))
    assert answer.until == team.clock.now() + timedelta(hours=HOURS[reason])
    assert held_by(team, kari) == {"p1"}
    later(team, hours=HOURS[reason] - 0.1)
    assert held_by(team, kari) == {"p1"}
    later(team, hours=0.2)
    kari.service._world = team.world
    assert kari.pull().ended_patients == ["p1"]
    assert held_by(team, kari) == set()


def test_the_organisation_decides_how_long_an_opening_lasts(team: Team, kari: Laptop) -> None:
    with team.storage.write() as transaction:
        set_rules(transaction, etreat_hours=48, btg_hours=2)
    answer = open_patient(team.world, who(team), opening(AccessReason.BTG))
    assert answer.until == team.clock.now() + timedelta(hours=2)
    again = opening(AccessReason.ETREAT, number="o2")
    assert open_patient(team.world, who(team), again).until == team.clock.now() + timedelta(
        hours=48
    )


def test_the_laptop_is_told_why_and_until_when(team: Team, kari: Laptop) -> None:
    answer = opened(team)
    records = {record.kind: record.body for record in kari.pull().records}
    body = records["assignment"]
    assert (body["access"], from_iso(str(body["until"]))) == ("BTG", answer.until)


def test_what_was_written_while_it_was_open_is_taken_in_with_the_exchange_that_ends_it(
    team: Team, kari: Laptop
) -> None:
    opened(team)
    later(team, hours=9)
    kari.service._world = team.world
    receipt = exchange(team, kari, change(note("n2", "p1")), pull=True)
    assert [result.outcome.value for result in receipt.results] == ["accepted"]
    with team.storage.read() as transaction:
        assert transaction.flagged.newest(10) == []
        assert transaction.scope.standing(who(team).user_id) == frozenset()


def test_other_reasons_than_one_s_own_need_words_and_emergencies_may_have_them(
    team: Team, kari: Laptop
) -> None:
    with pytest.raises(BadRequestError, match="words_missing"):
        opened(team, opening(words="  "))
    with pytest.raises(BadRequestError, match="access_reason"):
        opened(team, opening(AccessReason.TREAT))
    assert held_by(team, kari) == set()
    opened(team, opening(AccessReason.ETREAT, words=""))
    assert held_by(team, kari) == {"p1"}


def test_an_opening_that_is_sent_twice_is_one(team: Team, kari: Laptop) -> None:
    first = opened(team)
    later(team, hours=1)
    assert opened(team) == first
    with team.storage.read() as transaction:
        assert len(transaction.access.listed(10)) == 1
    with pytest.raises(BadRequestError, match="access_id"):
        open_patient(team.world, who(team, "nils"), opening())


def test_a_second_opening_makes_it_longer_and_never_shorter(team: Team, kari: Laptop) -> None:
    day = opened(team, opening(AccessReason.ETREAT, number="o1")).until
    later(team, hours=1)
    assert opened(team, opening(AccessReason.BTG, number="o2")).until == day
    later(team, hours=22)
    assert held_by(team, kari) == {"p1"}
    later(team, hours=2)
    assert held_by(team, kari) == set()


def test_who_is_assigned_meanwhile_keeps_the_patient(team: Team, kari: Laptop) -> None:
    opened(team)
    desk(team).assign(AssignRequest(user_id=who(team).user_id, patient_id="p1", primary=False))
    later(team, hours=30)
    assert held_by(team, kari) == {"p1"}
    kari.cursor = None
    assigned = [one.body for one in kari.pull().records if one.kind == "assignment"]
    mine = [body for body in assigned if body["practitioner_id"] == who(team).user_id]
    assert [body["access"] for body in mine] == [""]


def test_nobody_opens_whom_they_follow_or_who_is_not_there(team: Team, kari: Laptop) -> None:
    with pytest.raises(BadRequestError, match="followed"):
        open_patient(team.world, who(team, "nils"), opening())
    missing = opening().model_copy(update={"patient_id": "nobody"})
    with pytest.raises(NotFoundError_):
        opened(team, missing)


def test_a_patient_is_not_assigned_to_a_role_that_reads_none(team: Team) -> None:
    auditor = team.add_user("revisor", Role.AUDITOR)
    with pytest.raises(BadRequestError, match="role_reads_nothing"):
        desk(team).assign(AssignRequest(user_id=auditor, patient_id="p1", primary=False))


# --- judged


def test_the_words_stand_in_the_list_of_openings_and_in_no_log(team: Team, kari: Laptop) -> None:
    opened(team)
    lines = office_log(team)
    assert (lines[0].act, lines[0].patient_id, lines[0].reason) == ("access_open", "p1", "BTG")
    assert WORDS not in repr(lines)
    (row,) = desk(team, Role.AUDITOR).openings().openings
    assert (row.user_name, row.patient_name, row.words) == ("Kari", "Bråten, Åse", WORDS)
    assert WORDS not in repr(office_log(team))


def test_an_opening_is_judged_once_or_followed_up_first(team: Team, kari: Laptop) -> None:
    opened(team)
    auditor = desk(team, Role.AUDITOR)
    with pytest.raises(BadRequestError, match="words_missing"):
        auditor.review_opening(ReviewOpeningRequest(id="o1", verdict=Verdict.FOLLOW_UP))
    auditor.review_opening(
        ReviewOpeningRequest(id="o1", verdict=Verdict.FOLLOW_UP, words="Spør Kari")
    )
    auditor.review_opening(ReviewOpeningRequest(id="o1", verdict=Verdict.IN_ORDER, words="Avklart"))
    (row,) = auditor.openings().openings
    assert (row.verdict, row.review_words) == (Verdict.IN_ORDER, "Spør Kari\nAvklart")
    assert row.reviewed_by == "Auditor"
    with pytest.raises(BadRequestError, match="reviewed"):
        auditor.review_opening(ReviewOpeningRequest(id="o1", verdict=Verdict.IN_ORDER))
    assert "Spør Kari" not in repr(office_log(team))


def test_nobody_judges_their_own_opening_not_even_past_the_service(team: Team) -> None:
    leader = desk(team, Role.TEAM_LEADER, "leder")
    open_patient(team.world, who(team, "leder"), opening())
    (row,) = leader.openings().openings
    assert row.own
    with pytest.raises(BadRequestError, match="own_opening"):
        leader.review_opening(ReviewOpeningRequest(id="o1", verdict=Verdict.IN_ORDER))
    own = who(team, "leder").user_id
    with pytest.raises(BadValueError), team.storage.write() as transaction:
        transaction.access.review("o1", "in_order", own, "2026-11-23T08:00:00.000Z", "")


def test_what_waits_stands_first(team: Team, kari: Laptop) -> None:
    for number in ("o1", "o2", "o3"):
        opened(team, opening(number=number))
        later(team, minutes=1)
    auditor = desk(team, Role.AUDITOR)
    auditor.review_opening(ReviewOpeningRequest(id="o3", verdict=Verdict.IN_ORDER))
    auditor.review_opening(ReviewOpeningRequest(id="o2", verdict=Verdict.FOLLOW_UP, words="Spør"))
    assert [row.id for row in auditor.openings().openings] == ["o1", "o2", "o3"]
