"""Drafts, log lines, reports and rules that travel beside the records, on both real databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from fieldapp.domain.access_log import START, Fields, chain_hash
from fieldapp.domain.patients import Role
from sync.protocol.messages import (
    ConfirmRequest,
    ExchangeRequest,
    HoldingsRequest,
    LogLine,
    LogPart,
    RecordName,
)
from sync.protocol.office import SetRulesRequest
from sync.server import drafts as server_drafts
from sync.server.rules import set_rules
from sync.server.storage.storage import Storage
from tests.sync.server.desk import desk, draft, exchange, report
from tests.sync.server.team import NOW, Laptop, Team, change, flag, note, patient


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    """A laptop whose user has registered patient p1."""
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()))
    return laptop


def kept(team: Team, username: str = "kari") -> list[tuple[str, str, str]]:
    """(id, device, text) of the drafts that the server keeps of a user."""
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named(username)
        assert user is not None
        rows = transaction.drafts.of_user(user.id)
    return sorted((row.id, row.device_id, str(row.body.get("text"))) for row in rows)


# --- drafts


def test_a_draft_is_kept_and_named_in_the_receipt(team: Team, kari: Laptop) -> None:
    receipt = exchange(team, kari, drafts=(draft(),))
    assert [(one.id, one.saved_at) for one in receipt.drafts_held] == [
        ("n1", "2026-11-23T08:00:00.000Z")
    ]
    assert kept(team) == [("n1", kari.enrolled.device_id, "Uferdig")]


def test_a_laptop_replaces_its_own_state_of_a_draft_and_no_other(team: Team, kari: Laptop) -> None:
    other = team.laptop("kari")
    exchange(team, kari, drafts=(draft(text="Her"),))
    exchange(team, other, drafts=(draft(text="Der"),))
    exchange(team, kari, drafts=(draft(text="Her igjen"),))
    assert {text for _, _, text in kept(team)} == {"Her igjen", "Der"}


def test_a_dropped_draft_is_gone_from_its_own_laptop_alone(team: Team, kari: Laptop) -> None:
    other = team.laptop("kari")
    exchange(team, kari, drafts=(draft(text="Her"),))
    exchange(team, other, drafts=(draft(text="Der"),))
    exchange(team, kari, dropped=("n1",))
    assert [text for _, _, text in kept(team)] == ["Der"]


def test_nobody_can_drop_a_colleagues_draft(team: Team, kari: Laptop) -> None:
    exchange(team, kari, drafts=(draft(),))
    exchange(team, team.laptop("ola"), dropped=("n1",))
    assert len(kept(team)) == 1


def test_a_signed_draft_is_gone_from_every_laptop_of_its_author(team: Team, kari: Laptop) -> None:
    exchange(team, team.laptop("kari"), drafts=(draft(),))
    exchange(team, kari, change(note("n1")), drafts=(draft("n2"),))
    assert [name for name, _, _ in kept(team)] == ["n2"]


def test_a_late_repetition_never_brings_a_signed_draft_back(team: Team, kari: Laptop) -> None:
    exchange(team, kari, change(note("n1")))
    receipt = exchange(team, kari, drafts=(draft("n1"),))
    assert receipt.drafts_held == []
    assert kept(team) == []


def test_one_bad_draft_never_touches_the_others(
    team: Team, kari: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_drafts, "MAX_BODY_BYTES", 2000)
    too_large = draft("n2", text="x" * 2001)
    no_json = draft("n3", body={"number": float("nan")})
    receipt = exchange(
        team, kari, change(note("n9")), drafts=(draft("n1"), too_large, no_json, draft("n4"))
    )
    assert [one.id for one in receipt.drafts_held] == ["n1", "n4"]
    assert [name for name, _, _ in kept(team)] == ["n1", "n4"]
    assert [result.outcome for result in receipt.results] == ["accepted"]


def test_a_draft_that_the_database_refuses_stays_unsent_alone(team: Team, kari: Laptop) -> None:
    # PostgreSQL cannot hold this letter, the embedded database can; neither may lose the others.
    receipt = exchange(team, kari, drafts=(draft("n1"), draft("n\x00"), draft("n2")))
    assert {"n1", "n2"} <= {one.id for one in receipt.drafts_held}
    assert {one.id for one in receipt.drafts_held} == {name for name, _, _ in kept(team)}


@pytest.mark.parametrize("odd", ["\x00", "n\x00", "\ud7ff\x07"])
def test_odd_letters_beside_the_records_stop_no_exchange(
    team: Team, kari: Laptop, odd: str
) -> None:
    request = ExchangeRequest(
        report=report(team).model_copy(update={"app_version": odd}),
        records=[change(flag())],
        drafts=[draft("n1", encounter_id=odd), draft("n2", patient_id=odd), draft("n3")],
        dropped_drafts=[odd],
        foreign_drafts=odd,
        rules=odd,
        log=LogPart(after=odd, lines=log_lines("opened")),
    )
    receipt = kari.service.exchange(request).receipt
    assert [result.outcome for result in receipt.results] == ["accepted"]
    assert [one.id for one in receipt.drafts_held] == ["n3"]


def test_a_laptop_gone_wrong_cannot_fill_the_server_with_drafts(
    team: Team, kari: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_drafts, "MAX_KEPT", 3)
    receipt = exchange(team, kari, drafts=tuple(draft(f"n{number}") for number in range(5)))
    assert len(receipt.drafts_held) == 3
    again = exchange(team, kari, drafts=(draft("n0", text="Nyere"), draft("n9")))
    assert [one.id for one in again.drafts_held] == ["n0"]


def test_the_authors_other_laptop_is_told_until_it_knows(team: Team, kari: Laptop) -> None:
    other = team.laptop("kari")
    exchange(team, kari, drafts=(draft(),))
    told = exchange(team, other)
    assert told.foreign_drafts is not None
    (foreign,) = told.foreign_drafts
    assert foreign.draft == draft()
    assert (foreign.device_id, foreign.device_name) == (kari.enrolled.device_id, "Feltbærbar 3")
    knows = exchange(team, other, foreign=told.foreign_drafts_mark)
    assert knows.foreign_drafts is None
    assert knows.foreign_drafts_mark == told.foreign_drafts_mark
    exchange(team, kari, dropped=("n1",))
    gone = exchange(team, other, foreign=told.foreign_drafts_mark)
    assert (gone.foreign_drafts, gone.foreign_drafts_mark) == ([], "")


def test_a_laptop_is_never_told_its_own_drafts(team: Team, kari: Laptop) -> None:
    receipt = exchange(team, kari, drafts=(draft(),))
    assert (receipt.foreign_drafts, receipt.foreign_drafts_mark) == (None, "")


def test_a_draft_about_a_patient_no_longer_followed_is_not_told(team: Team, kari: Laptop) -> None:
    other = team.laptop("kari")
    exchange(team, kari, drafts=(draft(),))
    team.admin.unassign("kari", "p1")
    assert exchange(team, other).foreign_drafts_mark == ""
    assert len(kept(team)) == 1


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.RECOVERY_OFFICER])
def test_no_colleague_sees_a_draft_by_any_road(team: Team, kari: Laptop, role: Role) -> None:
    secret = "KJENNEMERKE-73"
    exchange(team, kari, drafts=(draft("n1", text=secret),))
    team.add_user("ola", role)
    ola = team.laptop("ola")
    team.admin.assign("ola", "p1", primary=False)
    for mark in ("", "x", "0" * 16):
        assert secret not in exchange(team, ola, foreign=mark).model_dump_json()
    exchange(team, ola, drafts=(draft("n1", text="min egen"),), dropped=("n1",))
    exchange(team, ola, drafts=(draft("n1", text="min egen"),))
    assert secret not in exchange(team, ola, foreign="").model_dump_json()
    seen = [
        ola.pull().model_dump_json(),
        ola.service.holdings(HoldingsRequest(patient_ids=["p1", None])).model_dump_json(),
        ola.service.digests().model_dump_json(),
        ola.service.confirm(
            ConfirmRequest(records=[RecordName(kind=kind, id="n1") for kind in ("note", "draft")])
        ).model_dump_json(),
    ]
    assert all(secret not in text and '"n1"' not in text for text in seen)
    assert (("n1", kari.enrolled.device_id, secret)) in kept(team)


def test_a_colleague_who_signs_under_a_drafts_id_does_not_delete_it(
    team: Team, kari: Laptop
) -> None:
    exchange(team, kari, drafts=(draft("n1"),))
    ola = team.laptop("ola")
    team.admin.assign("ola", "p1", primary=False)
    exchange(team, ola, change(note("n1")))
    assert len(kept(team)) == 1


def test_drafts_that_may_not_travel_are_refused_and_forgotten(team: Team, kari: Laptop) -> None:
    exchange(team, kari, drafts=(draft(),))
    rules = desk(team, Role.ADMINISTRATOR).set_rules(
        SetRulesRequest(drafts_travel=False, courier_allowed=False)
    )
    assert kept(team) == []
    receipt = exchange(team, kari, drafts=(draft(),))
    assert receipt.drafts_held == []
    assert receipt.rules == rules
    assert kept(team) == []


# --- rules


def test_rules_are_told_until_their_mark_is_known(team: Team, kari: Laptop) -> None:
    told = exchange(team, kari).rules
    assert told is not None
    assert (told.drafts_travel, told.courier_allowed) == (True, False)
    with team.storage.write() as transaction:
        changed = set_rules(transaction, drafts_travel=True, courier_allowed=True)
    assert changed.mark != told.mark
    assert exchange(team, kari).rules == changed


# --- access log


def log_lines(*names: str) -> list[LogLine]:
    return [
        LogLine(
            sequence=number,
            at=f"2026-11-23T08:00:{number:02}.000Z",
            actor_id="u1",
            action=name,
            kind="patient",
            record_id="p1",
            patient_id="p1",
        )
        for number, name in enumerate(names, start=1)
    ]


def fields_of(line: LogLine) -> Fields:
    return (line.at, line.actor_id, line.action, line.kind, line.record_id, line.patient_id)


def chain(lines: list[LogLine], previous: str = START) -> list[str]:
    hashes = []
    for line in lines:
        previous = chain_hash(previous, fields_of(line), line.reason)
        hashes.append(previous)
    return hashes


def stored_hashes(team: Team, laptop: Laptop) -> list[str]:
    with team.storage.read() as transaction:
        rows = transaction.access_log.of_device(laptop.enrolled.device_id)
    for row in rows:
        fields: Fields = (
            row.at,
            row.actor_id,
            row.action,
            row.kind,
            row.record_id,
            row.patient_id,
        )
        assert row.hash == chain_hash(row.previous_hash, fields, row.reason)
    return [row.hash for row in rows]


def log_forked(team: Team, laptop: Laptop) -> bool:
    with team.storage.read() as transaction:
        device = transaction.accounts.device(laptop.enrolled.device_id)
    assert device is not None
    return device.log_forked


def test_the_log_grows_line_by_line_and_the_head_is_told(team: Team, kari: Laptop) -> None:
    lines = log_lines("opened", "read", "closed")
    hashes = chain(lines)
    first = exchange(team, kari, log=LogPart(after=START, lines=lines[:2])).log_head
    assert (first.sequence, first.hash) == (2, hashes[1])
    second = exchange(team, kari, log=LogPart(after=first.hash, lines=lines[2:])).log_head
    assert (second.sequence, second.hash) == (3, hashes[2])
    assert stored_hashes(team, kari) == hashes
    assert exchange(team, kari).log_head == second
    assert not log_forked(team, kari)


def test_the_reason_of_an_opening_is_part_of_the_lines_hash(team: Team, kari: Laptop) -> None:
    lines = log_lines("opened", "read")
    lines[0] = lines[0].model_copy(update={"reason": "ETREAT"})
    hashes = chain(lines)
    assert hashes != chain(log_lines("opened", "read"))
    head = exchange(team, kari, log=LogPart(after=START, lines=lines)).log_head
    assert (head.sequence, head.hash) == (2, hashes[-1])
    with team.storage.read() as transaction:
        rows = transaction.access_log.of_device(kari.enrolled.device_id)
    assert [row.reason for row in rows] == ["ETREAT", None]
    assert stored_hashes(team, kari) == hashes
    # The same line with another reason is another line, and shows as one.
    exchange(team, kari, log=LogPart(after=START, lines=log_lines("opened", "read")))
    assert log_forked(team, kari)


def test_lines_sent_again_are_kept_once(team: Team, kari: Laptop) -> None:
    lines = log_lines("opened", "read", "closed")
    exchange(team, kari, log=LogPart(after=START, lines=lines[:2]))
    again = exchange(team, kari, log=LogPart(after=START, lines=lines)).log_head
    late = exchange(team, kari, log=LogPart(after=START, lines=lines[:1])).log_head
    assert again == late
    assert late.sequence == 3
    assert len(stored_hashes(team, kari)) == 3
    assert not log_forked(team, kari)


def test_a_changed_line_marks_the_laptop_and_both_are_kept(team: Team, kari: Laptop) -> None:
    exchange(team, kari, log=LogPart(after=START, lines=log_lines("opened", "read")))
    altered = log_lines("opened", "nothing", "closed")
    head = exchange(team, kari, log=LogPart(after=START, lines=altered)).log_head
    assert log_forked(team, kari)
    assert head.hash == chain(altered)[-1]
    assert len(stored_hashes(team, kari)) == 4


def test_lines_after_one_that_is_not_here_are_asked_for_again(team: Team, kari: Laptop) -> None:
    lines = log_lines("opened", "read", "closed")
    hashes = chain(lines)
    head = exchange(team, kari, log=LogPart(after=hashes[1], lines=lines[2:])).log_head
    assert (head.sequence, head.hash) == (0, START)
    whole = exchange(team, kari, log=LogPart(after=START, lines=lines)).log_head
    assert whole.hash == hashes[-1]
    assert not log_forked(team, kari)


@pytest.mark.parametrize("action", ["x" * 2001, "a\x00b", "a\ud800"])
def test_a_line_that_is_none_never_holds_back_the_exchange(
    team: Team, kari: Laptop, action: str
) -> None:
    odd = log_lines("opened", action)
    receipt = exchange(team, kari, change(flag()), log=LogPart(after=START, lines=odd))
    assert receipt.results[0].outcome == "accepted"


def test_the_log_holds_when_it_came_by_the_servers_clock(team: Team, kari: Laptop) -> None:
    team.clock.advance(timedelta(minutes=5))
    exchange(team, kari, log=LogPart(after=START, lines=log_lines("opened")))
    with team.storage.read() as transaction:
        (row,) = transaction.access_log.of_device(kari.enrolled.device_id)
    assert row.received_at == "2026-11-23T08:05:00.000Z"


# --- report


def test_a_report_holds_the_clocks_difference_and_the_last_sync_in_our_time(
    team: Team, kari: Laptop
) -> None:
    behind = timedelta(hours=3)
    exchange(team, kari, waiting=7, behind=behind, last_complete=NOW - behind - timedelta(days=1))
    with team.storage.read() as transaction:
        row = transaction.reports.get(kari.enrolled.device_id)
    assert row is not None
    assert row.offset_ms == 3 * 3600 * 1000
    assert row.waiting == 7
    assert row.last_complete == "2026-11-22T08:00:00.000Z"


def test_what_came_with_the_report_does_not_count_as_unsent(team: Team, kari: Laptop) -> None:
    broken = change(note("n-bad"))
    broken = broken.model_copy(update={"body": {**broken.body, "text": 5}})
    exchange(
        team,
        kari,
        *(change(note("n1")), broken),
        drafts=(draft("n2"),),
        waiting=5,
        drafts_unsent=2,
    )
    with team.storage.read() as transaction:
        row = transaction.reports.get(kari.enrolled.device_id)
    assert row is not None
    assert (row.waiting, row.parked, row.drafts_unsent) == (3, 1, 1)


def test_a_conflict_counts_as_parked_at_the_office_as_it_does_on_the_laptop(
    team: Team, kari: Laptop
) -> None:
    exchange(team, kari, change(note("n1")), waiting=1)
    exchange(team, kari, change(note("n1", text="something else")), waiting=1)
    with team.storage.read() as transaction:
        row = transaction.reports.get(kari.enrolled.device_id)
    assert row is not None
    assert (row.waiting, row.parked, row.conflicts) == (0, 1, 1)


@pytest.mark.parametrize("behind", [timedelta(days=700_000), -timedelta(days=2_000_000)])
def test_a_clock_far_off_the_calendar_stops_no_exchange(
    team: Team, kari: Laptop, behind: timedelta
) -> None:
    receipt = exchange(team, kari, change(flag()), behind=behind, last_complete=NOW)
    assert receipt.results[0].outcome == "accepted"


def test_the_body_of_a_draft_survives_word_for_word(team: Team, kari: Laptop) -> None:
    body = {"text": "æøå\n«»", "later": {"unknown": [1, None, True]}}
    exchange(team, kari, drafts=(draft(body=body),))
    told = exchange(team, team.laptop("kari")).foreign_drafts
    assert told is not None
    assert json.dumps(told[0].draft.body, sort_keys=True) == json.dumps(body, sort_keys=True)
