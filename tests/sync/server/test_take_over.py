"""What a laptop could not deliver: seen, corrected and settled at the office, and told back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from fieldapp.domain.merge import RULES
from fieldapp.domain.patients import Role
from sync.protocol.errors import BadRequestError, NotFoundError_
from sync.protocol.messages import Body, Outcome, PushRecord, PushResult, Receipt
from sync.protocol.office import ParkedRow, TakeOverAction, TakeOverRequest
from sync.server.office import ServerOfficeService
from sync.server.storage.parked import ParkedChange
from sync.server.storage.storage import Storage
from sync.server.storage.values import StoredRecord
from tests.sync.server.desk import REASON, desk, draft, exchange, office_log
from tests.sync.server.team import NOW, Laptop, Team, change, flag, note, patient

STORE, KEEP = TakeOverAction.STORE, TakeOverAction.KEEP_SERVER


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    """A laptop whose user has registered patient p1."""
    laptop = team.laptop("kari")
    exchange(team, laptop, change(patient()), pull=True)
    return laptop


@pytest.fixture
def office(team: Team) -> ServerOfficeService:
    return desk(team)


def stored(team: Team, kind: str, record_id: str) -> StoredRecord:
    with team.storage.read() as transaction:
        record = transaction.records.get(kind, record_id)
    assert record is not None
    return record


def broken_note(team: Team, kari: Laptop, note_id: str = "n1", text: str = "Hjemme") -> PushRecord:
    """Send a note that the server refuses: its time of signing cannot be read."""
    record = change(note(note_id, text=text), change_id=note_id)
    record = record.model_copy(update={"body": {**record.body, "signed_at": "i går"}})
    (result,) = exchange(team, kari, record).results
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "bad_body:signed_at")
    return record


def clash(team: Team, kari: Laptop) -> PushRecord:
    """Two laptops change the same field; return the second change, which waits."""
    version = exchange(team, kari, change(flag(text="Penicillin"))).results[0].version
    theirs = replace(flag(text="Deres"), confirmed_by="u2")
    exchange(team, team.laptop("kari"), change(theirs, base=version))
    mine = change(flag(text="Mitt"), base=version)
    assert exchange(team, kari, mine).results[0].outcome is Outcome.CONFLICT
    return mine


def settle(
    office: ServerOfficeService,
    change_id: str,
    action: TakeOverAction = STORE,
    body: Body | None = None,
    reason: str = REASON,
) -> PushResult:
    request = TakeOverRequest(change_id=change_id, action=action, body=body, reason=reason)
    return office.take_over(request).result


def only(rows: list[ParkedRow]) -> ParkedRow:
    (row,) = rows
    return row


# --- seeing


def test_a_refused_change_is_seen_with_its_reason_and_its_words(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    broken_note(team, kari)
    row = only(office.parked().parked)
    assert (row.kind, row.id, row.outcome) == ("note", "n1", "refused")
    assert (row.reason, row.detail) == ("bad_body", "signed_at")
    assert (row.user_name, row.device_name, row.patient_name) == (
        *("Kari", "Feltbærbar 3", "Bråten, Åse"),
    )
    assert row.mine["text"] == "Hjemme"
    assert row.server_body is None
    assert row.can_keep_server is False
    assert row.at == NOW
    line = office_log(team)[0]
    assert (line.act, line.count) == ("parked", 1)


def test_a_conflict_is_seen_with_both_sides_and_the_fields_that_differ(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    clash(team, kari)
    row = only(office.parked().parked)
    assert (row.outcome, row.reason) == ("conflict", "same_field")
    assert row.server_body is not None
    assert (row.mine["text"], row.server_body["text"]) == ("Mitt", "Deres")
    assert row.fields == ["confirmed_by", "text"]
    assert row.can_keep_server is True


def test_what_the_laptop_delivered_itself_no_longer_waits(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    broken_note(team, kari)
    exchange(team, kari, change(note("n1")))
    assert office.parked().parked == []


# --- events


def test_a_corrected_event_is_stored_under_its_id_and_author_and_marked(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    broken_note(team, kari)
    team.clock.advance(timedelta(days=2))
    result = settle(office, "n1", body={"signed_at": "2026-11-22T10:00:00.000Z"})
    record = stored(team, "note", "n1")
    assert record.body["text"] == "Hjemme"
    assert record.body["author_id"] == "u1"
    assert record.device_id == kari.enrolled.device_id
    assert record.out_of_scope
    assert record.received_at == "2026-11-25T08:00:00.000Z"
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named("kari")
        secretary = transaction.accounts.user_named("secretary")
        assert user is not None
        assert secretary is not None
        assert transaction.office.who_took_over("note", "n1") == [(secretary.id, True)]
    assert record.author_id == user.id
    assert result.outcome is Outcome.MERGED
    assert result.server_body == record.body
    assert office.parked().parked == []
    line = office_log(team)[1]
    assert (line.act, line.patient_id, line.reason) == ("take_over", "p1", REASON)


@pytest.mark.parametrize("field", ["id", "author_id", "device_id", "sequence"])
def test_nobody_makes_an_event_another_persons(
    team: Team, kari: Laptop, office: ServerOfficeService, field: str
) -> None:
    broken_note(team, kari)
    good = {"signed_at": "2026-11-22T10:00:00.000Z"}
    forged: Body = {**good, field: 99 if field == "sequence" else "en annen"}
    with pytest.raises(BadRequestError, match="author"):
        settle(office, "n1", body=forged)
    assert len(office.parked().parked) == 1


def test_an_event_is_never_answered_with_the_servers_version(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    broken_note(team, kari)
    with pytest.raises(BadRequestError, match="event"):
        settle(office, "n1", KEEP)
    assert len(office.parked().parked) == 1


def test_a_correction_that_cannot_be_read_names_the_field_and_stores_nothing(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    broken_note(team, kari)
    with pytest.raises(BadRequestError) as caught:
        settle(office, "n1", body={"signed_at": "i morgen"})
    assert caught.value.args == ("body", "signed_at")
    with pytest.raises(BadRequestError):
        settle(office, "n1", body={"signed_at": "2026-11-22T10:00:00.000Z", "patient_id": "p2"})
    with team.storage.read() as transaction:
        assert transaction.records.get("note", "n1") is None


def test_an_event_under_anothers_id_is_kept_beside_it(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    exchange(team, kari, change(note("n1", text="Den første"), change_id="n1"))
    clone = change(note("n1", text="Den andre"), change_id="n1")
    assert exchange(team, kari, clone).results[0].outcome is Outcome.CONFLICT
    result = settle(office, "n1")
    with team.storage.read() as transaction:
        texts = {record.id: record.body["text"] for record in transaction.records.of_kind("note")}
    assert texts.pop("n1") == "Den første"
    assert list(texts.values()) == ["Den andre"]
    assert result.server_body is not None
    assert result.server_body["text"] == "Den første"


def test_a_stored_event_takes_its_authors_draft_with_it(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    exchange(team, kari, drafts=(draft("n1"), draft("n2")))
    broken_note(team, kari)
    settle(office, "n1", body={"signed_at": "2026-11-22T10:00:00.000Z"})
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named("kari")
        assert user is not None
        assert [row.id for row in transaction.drafts.of_user(user.id)] == ["n2"]


# --- edits


def test_an_edit_is_written_field_by_field_into_the_record_as_it_stands_now(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    mine = clash(team, kari)
    result = settle(office, mine.change_id)
    record = stored(team, "flag", "f1")
    assert record.body["text"] == "Mitt"
    assert record.body["confirmed_by"] == "u2"  # theirs, which mine had not touched
    assert (result.outcome, result.version) == (Outcome.MERGED, record.seq)
    assert result.server_body == record.body


def test_an_edit_can_be_corrected_in_single_fields(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    mine = clash(team, kari)
    settle(office, mine.change_id, body={"text": "Begge: Mitt og Deres"})
    assert stored(team, "flag", "f1").body["text"] == "Begge: Mitt og Deres"


def test_the_servers_version_of_an_edit_can_stand(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    mine = clash(team, kari)
    before = stored(team, "flag", "f1")
    result = settle(office, mine.change_id, KEEP)
    assert stored(team, "flag", "f1") == before
    assert (result.outcome, result.version, result.server_body) == (
        *(Outcome.MERGED, before.seq, before.body),
    )


def test_an_edit_of_a_record_that_is_not_here_is_stored_whole_and_never_dropped(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    record = change(flag("f9"), change_id="c9")
    record = record.model_copy(update={"body": {**record.body, "confirmed_on": "i går"}})
    exchange(team, kari, record)
    with pytest.raises(BadRequestError, match="no_server_body"):
        settle(office, "c9", KEEP)
    result = settle(office, "c9", body={"confirmed_on": "2026-11-22"})
    assert stored(team, "flag", "f9").body["text"] == "Penicillin"
    assert result.server_version == stored(team, "flag", "f9").seq


def test_a_new_patient_stored_by_the_office_is_followed_by_who_registered_them(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    record = change(patient("p7"), change_id="c7")
    record = record.model_copy(update={"body": {**record.body, "birth_date": "ukjent"}})
    exchange(team, kari, record)
    settle(office, "c7", body={"birth_date": None})
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named("kari")
        assert user is not None
        assert transaction.scope.standing(user.id) == {"p1", "p7"}


def test_what_the_server_owns_is_not_written_by_taking_over(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    body = {"id": "x", "username": "kari", "name": "Kari", "role": "administrator"}
    record = PushRecord(
        change_id="c1",
        kind="practitioner",
        id="x",
        patient_id=None,
        base_version=0,
        sequence=9,
        body=body,
    )
    assert exchange(team, kari, record).results[0].outcome is Outcome.REFUSED
    with pytest.raises(BadRequestError, match="server_owned"):
        settle(office, "c1")
    with team.storage.read() as transaction:
        assert transaction.records.get("practitioner", "x") is None


@pytest.mark.parametrize("kind", [kind for kind in RULES if RULES[kind].policy == "server"])
def test_no_kind_that_the_server_owns_is_ever_taken_over(
    team: Team, office: ServerOfficeService, kind: str
) -> None:
    waits = ParkedChange("c", "d", "u", kind, "x", "p1", 0, 1, None, None, "refused", "x", "t")
    with team.storage.write() as transaction:
        transaction.parked.put(waits, '{"id": "x", "patient_id": "p1"}')
    with pytest.raises(BadRequestError, match="server_owned"):
        settle(office, "c")


# --- settling once, and telling


def test_a_change_is_settled_once(team: Team, kari: Laptop, office: ServerOfficeService) -> None:
    mine = clash(team, kari)
    settle(office, mine.change_id)
    with pytest.raises(BadRequestError, match="not_open"):
        settle(office, mine.change_id, KEEP)
    with pytest.raises(NotFoundError_):
        settle(office, "none")


@pytest.mark.parametrize("reason", ["", " \t\n"])
def test_taking_over_needs_words(
    team: Team, kari: Laptop, office: ServerOfficeService, reason: str
) -> None:
    mine = clash(team, kari)
    with pytest.raises(BadRequestError, match="reason_missing"):
        settle(office, mine.change_id, reason=reason)
    assert len(office.parked().parked) == 1


def test_the_same_change_of_two_laptops_is_told_apart(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    other = team.laptop("kari")
    broken_note(team, kari, text="Her")
    broken_note(team, other, text="Der")
    with pytest.raises(BadRequestError, match="which_device"):
        settle(office, "n1")
    request = TakeOverRequest(
        change_id="n1",
        device_id=other.enrolled.device_id,
        action=STORE,
        body={"signed_at": "2026-11-22T10:00:00.000Z"},
        reason=REASON,
    )
    office.take_over(request)
    assert stored(team, "note", "n1").body["text"] == "Der"
    assert only(office.parked().parked).mine["text"] == "Her"


def settled_of(receipt: Receipt) -> list[str]:
    return [result.change_id for result in receipt.settled]


def test_the_laptop_is_told_in_every_receipt_until_its_cursor_shows_that_it_heard(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    mine = clash(team, kari)
    told = settle(office, mine.change_id, KEEP)
    first = exchange(team, kari)
    assert first.settled == [told]
    # The answer is lost on the way: nothing shows that it was heard, so it is told again.
    assert settled_of(exchange(team, kari)) == [mine.change_id]
    assert settled_of(exchange(team, kari, pull=True)) == [mine.change_id]
    exchange(team, team.laptop("kari"), change(flag("f5")))
    exchange(team, kari, pull=True)
    assert settled_of(exchange(team, kari, pull=True)) == []
    assert settled_of(exchange(team, kari)) == []


def test_a_cursor_from_before_the_telling_proves_nothing(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    mine = clash(team, kari)
    exchange(team, kari, pull=True)  # up to date: nothing newer will move the cursor on
    settle(office, mine.change_id, KEEP)
    assert settled_of(exchange(team, kari)) == [mine.change_id]
    assert settled_of(exchange(team, kari, pull=True)) == [mine.change_id]
    assert settled_of(exchange(team, kari, pull=True)) == [mine.change_id]


def test_no_other_laptop_is_told(team: Team, kari: Laptop, office: ServerOfficeService) -> None:
    mine = clash(team, kari)
    settle(office, mine.change_id, KEEP)
    assert exchange(team, team.laptop("kari")).settled == []
    assert exchange(team, team.laptop("ola")).settled == []


def test_a_settled_change_that_is_sent_again_is_answered_and_waits_no_more(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    mine = clash(team, kari)
    settle(office, mine.change_id, KEEP)
    (result,) = exchange(team, kari, mine).results
    assert result.outcome is Outcome.REPEATED
    assert result.server_body is not None
    assert result.server_body["text"] == "Deres"
    assert office.parked().parked == []


def test_of_a_patient_no_longer_followed_the_laptop_is_told_no_text(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    mine = clash(team, kari)
    team.admin.unassign("kari", "p1")
    settle(office, mine.change_id, KEEP)
    (result,) = exchange(team, kari).settled
    assert (result.outcome, result.server_body) == (Outcome.REPEATED, None)
    assert result.version == mine.base_version


def test_what_its_author_wrote_is_kept_after_it_was_settled(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    mine = clash(team, kari)
    settle(office, mine.change_id, KEEP)
    for number in (5, 6, 7):
        exchange(team, kari, change(flag(f"f{number}")), pull=True)
    with team.storage.read() as transaction:
        (kept,) = transaction.parked.named(mine.change_id, None)
    assert kept.body == mine.body


def test_work_from_a_closed_account_can_still_be_taken_over(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    broken_note(team, kari)
    team.admin.set_active("kari", False)
    team.admin.revoke_device(kari.enrolled.device_id)
    settle(office, "n1", body={"signed_at": "2026-11-22T10:00:00.000Z"})
    assert stored(team, "note", "n1").body["author_id"] == "u1"


def test_a_colleague_pulls_what_the_office_stored(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    ola = team.laptop("ola")
    team.admin.assign("ola", "p1", primary=False)
    ola.pull_ids()
    broken_note(team, kari)
    settle(office, "n1", body={"signed_at": "2026-11-22T10:00:00.000Z"})
    assert ola.pull_ids() == {"n1"}


def test_two_at_the_office_cannot_settle_one_change_differently(
    team: Team, kari: Laptop, office: ServerOfficeService
) -> None:
    mine = clash(team, kari)
    leader = desk(team, Role.TEAM_LEADER)

    def attempt(service: ServerOfficeService, action: TakeOverAction) -> str:
        try:
            settle(service, mine.change_id, action)
        except BadRequestError as error:
            return str(error.args[0])
        return "settled"

    with ThreadPoolExecutor(4) as pool:
        tried = [
            pool.submit(attempt, service, action)
            for service, action in (
                (office, STORE),
                (leader, KEEP),
                (office, KEEP),
                (leader, STORE),
            )
        ]
        assert sorted(one.result() for one in tried) == [*["not_open"] * 3, "settled"]
