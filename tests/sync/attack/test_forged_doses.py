"""A laptop that forges doses and what takes them back, in its own or a colleague's name; on both
databases.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fieldapp.domain.handout_events import IncidentType, WitnessStatement
from fieldapp.domain.issues import DetectedIssue, IssueStatus
from fieldapp.domain.medication import CoSignature, Force, HandoutStatus, MedicationAdministration
from fieldapp.domain.patients import Role
from fieldapp.domain.safety import FORCED, Danger
from sync.protocol.errors import BadRequestError
from sync.protocol.messages import Outcome, PushRecord
from sync.protocol.office import DecideProposalRequest, TakeOverAction, TakeOverRequest
from sync.server.safety import id_of
from tests.sync.server.desk import desk, exchange
from tests.sync.server.team import NOW, Laptop, change
from tests.sync.server.test_safety import DAY, Town, dose, incident, town, user, wish

__all__ = ["town"]

SLOT = f'["p1","r1","{DAY}","morning"]'


def closing(town: Town) -> list[str]:
    """Ids of the doses that keep the slot closed at the server."""
    with town.team.storage.read() as transaction:
        return [one for one, _ in transaction.records.doses_in([SLOT]).get(SLOT, [])]


def undone(target: MedicationAdministration, by: Laptop, **changes: Any) -> Any:
    """A counter-entry that opens the slot, as the giver's own laptop would write it."""
    return replace(
        target,
        id=f"back-{target.id}",
        status=HandoutStatus.ENTERED_IN_ERROR,
        reverses=target.id,
        dose_mg=None,
        reason_text="aldri gitt",
        reopens=True,
        **changes,
    )


# --- what takes a dose back


def test_a_counter_entry_in_the_name_of_a_colleague_opens_no_slot(town: Town) -> None:
    given = dose("m1", town.kari)
    town.send(town.kari, given)
    (outcome,) = town.send(town.ola, undone(given, town.kari))
    assert outcome is Outcome.REFUSED
    assert closing(town) == ["m1"]


def test_the_givers_own_counter_entry_that_was_delayed_between_two_requests_opens_it(
    town: Town,
) -> None:
    given = dose("m1", town.kari)
    town.send(town.kari, given)
    assert town.send(town.kari, undone(given, town.kari)) == [Outcome.ACCEPTED]
    assert closing(town) == []


def test_whoever_offers_a_dose_after_a_restore_may_offer_what_took_it_back(town: Town) -> None:
    given = dose("m1", town.kari)
    town.send(town.ola, given)
    assert town.send(town.ola, undone(given, town.kari)) == [Outcome.ACCEPTED]
    assert closing(town) == []


def test_a_wish_about_a_lost_bottle_opens_no_dose_that_was_swallowed(town: Town) -> None:
    """Whoever made the wish chose the doses; what was watched is no bottle."""
    town.send(town.kari, dose("m1", town.kari, witnessed=True))
    town.send(town.ola, incident(town.ola, IncidentType.LOST, "m1"))
    town.send(town.ola, wish(town.ola, "dose_incident", "i1", reopen=True))
    request = DecideProposalRequest(id="w-i1", accept=True, words="Mistet på bussen")
    with pytest.raises(BadRequestError, match="body"):
        desk(town.team, Role.TEAM_LEADER).decide_proposal(request)
    assert closing(town) == ["m1"]
    assert town.of_kind("slot_reopening") == []


# --- whose dose it is


def test_a_forced_dose_sent_in_a_colleagues_name_is_not_answered_by_its_sender(town: Town) -> None:
    forced = dose("m1", town.kari, forced=Force("unreachable", ("not_claimed",)))
    town.send(town.ola, forced)
    item = town.items()["forced"]
    assert set(item["involved"]) == {user(town.kari), user(town.ola)}
    (result,) = exchange(town.team, town.ola, answered(town, item, user(town.ola))).results
    assert result.outcome is Outcome.MERGED
    assert town.items()["forced"]["status"] == "open"


def answered(town: Town, item: dict[str, Any], by: str, **fields: Any) -> PushRecord:
    with town.team.storage.read() as transaction:
        stored = transaction.records.get("detected_issue", item["id"])
    assert stored is not None
    answer = {"status": "answered", "answered_by": by, "answered_at": None, "answer": "Sett på"}
    body = {**item, **answer, **fields}
    return PushRecord(
        change_id=f"answer-{by}",
        kind="detected_issue",
        id=item["id"],
        patient_id="p1",
        base_version=stored.seq,
        sequence=9,
        body=body,
    )


def test_an_item_is_not_put_away_under_a_status_that_nobody_knows(town: Town) -> None:
    town.send(town.kari, dose("m1", town.kari, forced=Force("unreachable", ("not_claimed",))))
    item = town.items()["forced"]
    forged = answered(town, item, user(town.ola), status="closed", answer="", answered_by=None)
    exchange(town.team, town.ola, forged)
    assert town.items()["forced"]["status"] == "open"


def test_an_item_that_is_made_up_before_the_dose_names_its_giver_all_the_same(town: Town) -> None:
    given = dose("m1", town.kari, forced=Force("unreachable", ("not_claimed",)))
    made_up = DetectedIssue(
        id_of(Danger(FORCED, ("m1",), (), ())), "p1", FORCED, ("m1",), NOW, involved=()
    )
    exchange(town.team, town.kari, change(made_up))
    town.send(town.kari, given)
    item = town.items()["forced"]
    assert user(town.kari) in item["involved"]
    assert item["status"] == "open"


def test_an_item_made_up_and_answered_by_the_sender_of_the_dose_is_opened_again(
    town: Town,
) -> None:
    made_up = DetectedIssue(
        id_of(Danger(FORCED, ("m1",), (), ())),
        "p1",
        FORCED,
        ("m1",),
        NOW,
        IssueStatus.ANSWERED,
        (user(town.kari),),
        user(town.ola),
        NOW,
        "I orden",
    )
    town.send(town.ola, made_up)
    town.send(town.ola, dose("m1", town.kari, forced=Force("unreachable", ("not_claimed",))))
    item = town.items()["forced"]
    assert (item["status"], user(town.ola) in item["involved"]) == ("open", True)


def test_an_answer_of_somebody_else_stays_when_a_colleague_offers_the_dose_after_a_restore(
    town: Town,
) -> None:
    made = DetectedIssue(
        id_of(Danger(FORCED, ("m1",), (), ())),
        "p1",
        FORCED,
        ("m1",),
        NOW,
        IssueStatus.ANSWERED,
        (user(town.kari),),
        "u-leader",
        NOW,
        "Snakket med pasienten",
    )
    town.send(town.ola, made)
    town.send(town.ola, dose("m1", town.kari, forced=Force("unreachable", ("not_claimed",))))
    assert town.items()["forced"]["status"] == "answered"


# --- who saw it


def test_nobody_signs_as_the_witness_of_an_own_act_in_a_colleagues_name(town: Town) -> None:
    named = CoSignature(user(town.ola))
    town.send(town.kari, dose("m1", town.kari, witness=named))
    signed = WitnessStatement(
        "s1", "p1", "medication_administration", "m1", NOW, NOW, user(town.ola), "d", 1
    )
    assert town.send(town.kari, signed) == [Outcome.REFUSED]
    assert town.send(town.ola, replace(signed, id="s2")) == [Outcome.ACCEPTED]


# --- at the office


def test_a_forged_counter_entry_that_was_refused_is_not_taken_over_either(town: Town) -> None:
    given = dose("m1", town.kari)
    town.send(town.kari, given)
    forged = change(undone(given, town.kari), change_id="forged")
    (result,) = exchange(town.team, town.ola, forged).results
    assert result.outcome is Outcome.REFUSED
    with pytest.raises(BadRequestError, match="author"):
        desk(town.team).take_over(_take_over("forged"))
    assert closing(town) == ["m1"]


def test_a_correction_at_the_office_opens_no_slot(town: Town) -> None:
    given = dose("m1", town.kari)
    town.send(town.kari, given)
    late = change(undone(given, town.kari), change_id="late")
    late = late.model_copy(update={"body": {**late.body, "reopens": False, "given_at": "i går"}})
    (result,) = exchange(town.team, town.kari, late).results
    assert result.outcome is Outcome.REFUSED
    corrected = {"given_at": "2026-11-23T08:00:00.000Z"}
    office = desk(town.team)
    with pytest.raises(BadRequestError, match="body"):
        office.take_over(_take_over("late", {**corrected, "reopens": True}))
    office.take_over(_take_over("late", corrected))
    assert closing(town) == ["m1"]


def _take_over(change_id: str, body: dict[str, Any] | None = None) -> TakeOverRequest:
    return TakeOverRequest(
        change_id=change_id, action=TakeOverAction.STORE, body=body, reason="Ringt og avklart"
    )
