"""Two things at one odd moment: clones, retries, the office, and a laptop that is shut out."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fieldapp.domain.patients import Assignment
from sync.protocol.digests import as_text
from sync.protocol.errors import RevokedError
from sync.protocol.messages import (
    ExchangeRequest,
    LogLine,
    LogPart,
    Outcome,
    PullPart,
    PushRecord,
)
from sync.protocol.office import TakeOverAction, TakeOverRequest
from sync.server.join import join_patients
from sync.server.storage.records import digest_of
from sync.server.storage.storage import Storage
from sync.server.taking import Taking
from tests.sync.server.desk import REASON, desk, exchange, report
from tests.sync.server.team import NOW, Laptop, Team, change, flag, note, patient


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    """Kari on a laptop; she has registered patient p1."""
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()), pull=True)
    return laptop


def at(sequence: int, record: PushRecord) -> PushRecord:
    return record.model_copy(update={"sequence": sequence})


def sums_are_right(team: Team, patient_id: str = "p1") -> None:
    """The sums that are carried forward are those of the records that are there."""
    with team.storage.read() as transaction:
        records = transaction.records.of_patient(patient_id)
        carried = transaction.records.totals([patient_id])[patient_id]
    digest = sum(digest_of(record) for record in records) % 2**128
    assert (carried.count, as_text(carried.digest)) == (len(records), as_text(digest))


def together(team: Team, laptop: Laptop, *requests: list[PushRecord]) -> None:
    """Requests that the server takes in with one transaction."""
    takings = [
        Taking(
            laptop.service._identity(),
            *laptop.service._examined(records),
            ExchangeRequest(report=report(team), records=records),
        )
        for records in requests
    ]
    with team.storage.write() as transaction:
        takings[0].together(transaction, takings)


# --- one record, counted once


def test_a_wish_that_came_back_by_another_road_is_counted_once(team: Team, kari: Laptop) -> None:
    """After a restore a colleague may offer the wish before its author's change is sent again."""
    with team.storage.read() as transaction:
        (held,) = transaction.records.of_patient("p1", "assignment")
    wanted = Assignment(held.id, "p1", held.body["practitioner_id"], primary=False)
    sent = change(wanted, base=held.seq)
    exchange(team, kari, sent)
    with team.storage.write() as transaction:
        (wish,) = transaction.records.of_patient("p1", "proposal")
        transaction._db.run("DELETE FROM applied_change WHERE change_id = ?", (sent.change_id,))
    assert exchange(team, kari, sent).results[0].outcome is Outcome.MERGED
    sums_are_right(team)
    assert wish.body["values"] == {"primary": False}


def test_a_change_that_comes_twice_in_one_transaction_is_counted_once(
    team: Team, kari: Laptop
) -> None:
    """A laptop that timed out and asks again while its first request still waits for its turn."""
    exchange(team, kari, change(patient("p2")))
    with team.storage.read() as transaction:
        loser = transaction.records.get("patient", "p2")
    assert loser is not None
    exchange(team, kari, change(patient("p2", phone="2"), base=loser.seq))
    clash = change(patient("p2", phone="3"), base=loser.seq)
    with team.storage.write() as transaction:
        join_patients(transaction, "p1", "p2", "office", NOW)
    together(team, kari, [clash], [clash])
    sums_are_right(team)
    sums_are_right(team, "p2")


# --- clones and the office


def test_a_clones_other_text_stays_at_the_office_when_the_first_is_sent_again(
    team: Team, kari: Laptop
) -> None:
    """Both signed one draft; what is stored already does not deliver the other one."""
    first = change(note("n1", text="Hjemme, rolig"), change_id="n1")
    other = change(note("n1", text="Ikke hjemme"), change_id="n1")
    exchange(team, kari, at(5, first))
    (result,) = exchange(team, kari, at(5, other)).results
    assert result.outcome is Outcome.CONFLICT
    assert exchange(team, kari, at(5, first)).results[0].outcome is Outcome.REPEATED
    (row,) = desk(team).parked().parked
    assert row.mine == other.body


def test_a_person_who_decides_while_the_office_does_is_no_second_laptop(
    team: Team, kari: Laptop
) -> None:
    """The laptop's own decision has a new name and the old place in the queue."""
    version = exchange(team, kari, at(6, change(flag()))).results[0].version
    exchange(team, team.laptop("kari"), change(flag(text="Deres"), base=version))
    mine = at(7, change(flag(text="Mitt"), base=version))
    assert exchange(team, kari, mine).results[0].outcome is Outcome.CONFLICT
    desk(team).take_over(
        TakeOverRequest(
            change_id=mine.change_id, action=TakeOverAction.STORE, body=None, reason=REASON
        )
    )
    receipt = exchange(team, kari, at(7, change(flag(text="Mitt likevel"), base=version)))
    assert not receipt.forked


# --- shut out


def test_a_laptop_that_is_shut_out_while_its_pages_drain_is_sent_no_further_page(
    team: Team, kari: Laptop
) -> None:
    """A thief who reads slowly would else go on hearing of everything that is new."""
    exchange(team, kari, *(change(note(f"n{number}")) for number in range(5)))
    request = ExchangeRequest(report=report(team), pull=PullPart(cursor=None, page_records=1))
    pages = kari.service.exchange(request).pages
    next(pages)
    with team.storage.write() as transaction:
        transaction.accounts.revoke_device(kari.enrolled.device_id)
    with pytest.raises(RevokedError):
        next(pages)


# --- figures


def test_a_line_of_the_log_has_no_number_that_the_receipt_could_not_name(
    team: Team, kari: Laptop
) -> None:
    """Every later exchange of the laptop would end in an error."""
    line = LogLine(sequence=2**53, at="2026-11-23T08:00:00.000Z", actor_id="u1", action="read")
    for _ in range(2):
        exchange(team, kari, log=LogPart(after="", lines=[line]))
    assert exchange(team, kari, change(note())).results[0].outcome is Outcome.ACCEPTED
    with pytest.raises(ValidationError):
        LogLine(sequence=2**53 + 1, at="", actor_id="u1", action="read")


@pytest.mark.parametrize("offset", [2**63, -(2**70), 2**63 - 1])
def test_a_clock_that_cannot_be_told_in_figures_is_refused_alone(
    team: Team, kari: Laptop, offset: int
) -> None:
    odd = change(note("n-odd")).model_copy(update={"offset_ms": offset})
    results = exchange(team, kari, odd, change(note("n-good"))).results
    assert results[1].outcome is Outcome.ACCEPTED
    exchange(team, kari, pull=True)
