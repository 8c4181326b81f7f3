"""The sync service through its messages, on both real databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from fieldapp.domain.patients import Assignment
from sync.protocol.errors import (
    LoginExpiredError,
    ProtocolError_,
    RevokedError,
    TokenExpiredError,
)
from sync.protocol.messages import ConfirmRequest, Outcome, PullRequest, PushRecord, RecordName
from sync.server.service import ServerSyncService
from sync.server.storage.storage import Storage
from tests.sync.server.team import Laptop, Team, authenticate, change, contact, flag, note, patient


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Laptop:
    """A laptop whose user has registered patient p1."""
    laptop = team.laptop("kari")
    assert laptop.push_one(change(patient())).outcome is Outcome.ACCEPTED
    return laptop


# --- push


def test_a_change_sent_again_is_answered_and_not_applied_again(kari: Laptop) -> None:
    record = change(flag())
    first = kari.push_one(record)
    kari.pull()
    again = kari.push_one(record)
    assert (first.outcome, again.outcome) == (Outcome.ACCEPTED, Outcome.REPEATED)
    assert again.version == first.version
    assert kari.pull().records == []


def test_a_change_sent_again_after_a_newer_one_undoes_nothing(kari: Laptop) -> None:
    record = change(flag(text="eldre"))
    first = kari.push_one(record)
    kari.push_one(change(flag(text="nyere"), base=first.version))
    assert kari.push_one(record).outcome is Outcome.REPEATED
    (stored,) = [item for item in kari.pull().records if item.kind == "flag"]
    assert stored.body["text"] == "nyere"


def test_the_same_record_under_another_change_id_is_repeated(kari: Laptop) -> None:
    first = kari.push_one(change(note()))
    again = kari.push_one(change(note()))
    assert (again.outcome, again.version) == (Outcome.REPEATED, first.version)


def test_a_change_id_names_one_change_for_ever(kari: Laptop) -> None:
    kari.push_one(change(note("n1"), change_id="c"))
    result = kari.push_one(change(note("n2"), change_id="c"))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "change_id_reused")


def test_an_event_with_another_body_is_never_overwritten(kari: Laptop) -> None:
    first = kari.push_one(change(note(text="Signert")))
    result = kari.push_one(change(note(text="Endret")))
    assert (result.outcome, result.reason) == (Outcome.CONFLICT, "event_differs")
    assert result.version == 0
    assert result.server_version == first.version
    assert result.server_body is not None
    assert result.server_body["text"] == "Signert"


def test_edits_of_two_laptops_are_joined_by_field(team: Team, kari: Laptop) -> None:
    version = kari.push_one(change(contact())).version
    other = team.laptop("kari")
    other.push_one(change(contact(phone="900 00 000"), base=version))
    result = kari.push_one(change(replace(contact(), active=False), base=version))
    assert result.outcome is Outcome.MERGED
    assert result.server_body is not None
    assert result.server_body["phone"] == "900 00 000"
    assert result.server_body["active"] is False
    assert result.server_version == result.version > version


def test_the_same_field_changed_twice_comes_back_with_the_servers_value(
    team: Team, kari: Laptop
) -> None:
    version = kari.push_one(change(flag())).version
    theirs = team.laptop("kari").push_one(change(flag(text="Deres"), base=version))
    result = kari.push_one(change(flag(text="Mitt"), base=version))
    assert (result.outcome, result.reason) == (Outcome.CONFLICT, "same_field:text")
    assert result.server_version == theirs.version
    assert result.server_body is not None
    assert result.server_body["text"] == "Deres"


def test_one_bad_record_never_touches_the_others(kari: Laptop) -> None:
    good = [change(note(f"n{number}")) for number in range(40)]
    broken = change(note("n-bad"))
    broken = broken.model_copy(update={"body": {**broken.body, "text": 5}})
    foreign = change(Assignment("a1", "p1", "someone"))
    results = kari.push(*good[:20], broken, *good[20:30], foreign, *good[30:])
    outcomes = {result.change_id: result.outcome for result in results}
    assert [outcomes[record.change_id] for record in good] == [Outcome.ACCEPTED] * 40
    assert outcomes[broken.change_id] is outcomes[foreign.change_id] is Outcome.REFUSED
    reasons = {result.change_id: result.reason for result in results}
    assert reasons[broken.change_id] == "bad_body:text"
    assert reasons[foreign.change_id] == "server_owned"
    assert kari.pull_ids() == {"p1", *(f"n{number}" for number in range(40))}


def test_a_value_that_the_database_refuses_parks_its_own_record_alone(
    kari: Laptop, request: pytest.FixtureRequest
) -> None:
    # PostgreSQL alone cannot hold this letter, so only the database itself can find it.
    odd = change(note("n-odd"), change_id="c\x00")
    before, between, after = kari.push(change(note("n1")), odd, change(note("n2")))
    assert before.outcome is after.outcome is Outcome.ACCEPTED
    if "postgres" in request.node.name:
        assert (between.outcome, between.reason) == (Outcome.REFUSED, "not_storable")
    assert {"n1", "n2"} <= kari.pull_ids()


def test_a_base_that_the_server_cannot_have_given_is_an_unknown_base(kari: Laptop) -> None:
    kari.push_one(change(contact()))
    result = kari.push_one(change(contact(name="x"), base=2**62))
    assert (result.outcome, result.reason) == (Outcome.CONFLICT, "same_field:name")


def test_unknown_kinds_and_unknown_fields_survive_word_for_word(team: Team, kari: Laptop) -> None:
    body = {"id": "x1", "deep": {"å": [1, 2.5, None, True, "😀"]}, "order": "kept"}
    unknown = PushRecord(
        change_id="c-unknown",
        kind="kind_of_a_later_version",
        id="x1",
        patient_id="p1",
        base_version=0,
        sequence=1,
        body=body,
    )
    extended = change(note("n1"), later={"felt": ["æ", 3]})
    assert [result.outcome for result in kari.push(unknown, extended)] == [Outcome.ACCEPTED] * 2
    pulled = {record.id: record for record in team.laptop("kari").pull().records}
    assert pulled["x1"].body == body
    assert pulled["x1"].kind == "kind_of_a_later_version"
    assert pulled["n1"].body == extended.body


def test_two_laptops_that_post_one_id_at_once_make_one_record(team: Team, kari: Laptop) -> None:
    other = team.laptop("kari")
    with ThreadPoolExecutor(2) as pool:
        results = list(
            pool.map(
                lambda laptop: laptop[0].push_one(change(note("n1", text=laptop[1]))),
                [(kari, "én"), (other, "to")],
            )
        )
    assert sorted(result.outcome for result in results) == [Outcome.ACCEPTED, Outcome.CONFLICT]


# --- scope


def test_only_assigned_patients_are_pulled(team: Team, kari: Laptop) -> None:
    ola = team.laptop("ola")
    ola.push(change(patient("p2")), change(note("n2", "p2")))
    kari.push_one(change(note("n1", "p1")))
    assert kari.pull_ids() == {"p1", "n1"}
    assert ola.pull_ids() == {"p2", "n2"}


def test_staff_are_known_to_everybody(team: Team, kari: Laptop) -> None:
    team.add_user("ola")
    names = {
        record.body["username"] for record in kari.pull().records if record.kind == "practitioner"
    }
    assert names == {"kari", "ola"}


def test_whoever_registers_a_patient_follows_them(kari: Laptop) -> None:
    (assignment,) = [record for record in kari.pull().records if record.kind == "assignment"]
    assert assignment.patient_id == "p1"
    assert assignment.body["practitioner_id"] == kari.enrolled.practitioner["id"]
    assert assignment.body["primary"] is True


def test_a_newly_granted_patient_arrives_whole_in_the_same_pull(team: Team, kari: Laptop) -> None:
    kari.push(*(change(note(f"n{number}")) for number in range(30)))
    ola = team.laptop("ola")
    ola.push_one(change(patient("p2")))
    assert ola.pull_ids() == {"p2"}
    team.admin.assign("ola", "p1", primary=False)
    kari.push_one(change(note("n-last")))
    assert ola.pull_ids(limit=7) == {"p1", "n-last", *(f"n{number}" for number in range(30))}


def test_an_ended_assignment_is_told_once_and_nothing_more_comes(team: Team, kari: Laptop) -> None:
    kari.pull_ids()
    team.admin.unassign("kari", "p1")
    team.laptop("ola").push_one(change(note("n9")))
    answer = kari.pull()
    assert answer.ended_patients == ["p1"]
    assert kari.pull_ids() == set()
    assert kari.pull().ended_patients == []


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_pages_never_skip_or_repeat_and_the_total_counts_down(
    team: Team, kari: Laptop, limit: int
) -> None:
    kari.push(*(change(note(f"n{number}")) for number in range(9)))
    fresh = team.laptop("kari")
    seen: list[tuple[str, str]] = []
    while True:
        answer = fresh.pull(limit)
        rest = len(seen) + (answer.total or 0)
        seen += [(record.kind, record.id) for record in answer.records]
        assert rest == 12  # nine notes, the patient, the assignment, the practitioner
        if answer.complete:
            break
    assert len(seen) == len(set(seen)) == 12


def test_a_note_about_a_patient_of_somebody_else_is_stored_and_marked(
    team: Team, kari: Laptop, storage: Storage
) -> None:
    ola = team.laptop("ola")
    assert ola.push_one(change(note("n-ola"))).outcome is Outcome.ACCEPTED
    assert ola.pull_ids() == set()
    assert "n-ola" in kari.pull_ids()
    with storage.read() as transaction:
        stored = transaction.records.get("note", "n-ola")
    assert stored is not None
    assert stored.out_of_scope


def test_an_edit_about_a_patient_of_somebody_else_is_refused(team: Team, kari: Laptop) -> None:
    kari.push_one(change(flag()))
    result = team.laptop("ola").push_one(change(flag(text="Fremmed")))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "not_assigned")
    assert result.server_body is None


def test_work_done_before_the_laptop_heard_of_the_end_is_kept(
    team: Team, kari: Laptop, storage: Storage
) -> None:
    version = kari.push_one(change(flag())).version
    team.admin.unassign("kari", "p1")
    results = kari.push(change(flag(text="Ny allergi"), base=version), change(note()))
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 2


def test_a_stranger_learns_nothing_from_a_clash(team: Team, kari: Laptop) -> None:
    kari.push_one(change(note(text="Hemmelig")))
    result = team.laptop("ola").push_one(change(note(text="Gjettet")))
    assert result.outcome is Outcome.CONFLICT
    assert result.server_body is None


def test_confirm_names_what_is_held_within_the_users_reach(team: Team, kari: Laptop) -> None:
    version = kari.push_one(change(note("n1"))).version
    ola = team.laptop("ola")
    ola.push(change(patient("p2")), change(note("n2", "p2")), change(note("n3", "p1")))
    names = [RecordName(kind="note", id=name) for name in ("n1", "n2", "n3", "n4")]
    held = kari.service.confirm(ConfirmRequest(records=names)).held
    assert [(item.id, item.version) for item in held][0] == ("n1", version)
    assert [item.id for item in held] == ["n1", "n3"]
    by_ola = ola.service.confirm(ConfirmRequest(records=names)).held
    assert [item.id for item in by_ola] == ["n2", "n3"]


# --- who asks


def test_a_pulled_record_tells_who_wrote_it_where_and_when(team: Team, kari: Laptop) -> None:
    kari.push_one(change(note()))
    (record,) = [item for item in kari.pull().records if item.kind == "note"]
    assert record.author_id == kari.enrolled.practitioner["id"]
    assert record.device_id == kari.enrolled.device_id
    assert record.received_at == team.clock.now()


def test_without_a_login_there_is_no_sync(team: Team) -> None:
    with pytest.raises(LoginExpiredError):
        ServerSyncService(team.world).pull(PullRequest(cursor=None, limit=1))


def test_a_token_ends_after_half_an_hour_and_its_login_after_twelve_hours(
    team: Team, kari: Laptop
) -> None:
    assert kari.enrolled.expires_at == team.clock.now() + timedelta(minutes=30)
    assert kari.enrolled.login_expires_at == team.clock.now() + timedelta(hours=12)
    team.clock.advance(timedelta(minutes=30) - timedelta(seconds=1))
    authenticate(team.world, kari.enrolled.token)
    team.clock.advance(timedelta(seconds=1))
    with pytest.raises(TokenExpiredError):
        authenticate(team.world, kari.enrolled.token)
    team.clock.advance(timedelta(hours=11, minutes=30))
    with pytest.raises(LoginExpiredError) as raised:
        authenticate(team.world, kari.enrolled.token)
    assert not isinstance(raised.value, TokenExpiredError)


def test_a_revoked_laptop_and_a_closed_account_are_told_so(team: Team, kari: Laptop) -> None:
    ola = team.laptop("ola")
    team.admin.revoke_device(kari.enrolled.device_id)
    team.admin.set_active("ola", active=False)
    for laptop in (kari, ola):
        with pytest.raises(RevokedError):
            authenticate(team.world, laptop.enrolled.token)


@pytest.mark.parametrize("cursor", ["", "1", "a.b", "1.2.3", "-1.2", "٣.١", "1." + "9" * 40])
def test_a_cursor_that_is_not_ours_is_refused(kari: Laptop, cursor: str) -> None:
    with pytest.raises(ProtocolError_, match="cursor"):
        kari.service.pull(PullRequest(cursor=cursor, limit=10))
