"""Two registrations of one person become one patient, and everything follows, for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from fieldapp.clock import to_iso
from fieldapp.domain.codec import to_body
from fieldapp.domain.kinds import Policy, name_of, policy_of
from fieldapp.domain.patients import Patient
from fieldapp.ids import new_id
from sync.protocol.messages import ExchangeRequest, LaptopReport, Outcome, PullPart
from sync.server.assignments import assign
from sync.server.join import (
    NAME_AND_BIRTH,
    NATIONAL_ID,
    JoinError,
    join_patients,
    possible_duplicates,
)
from sync.server.storage.base import BadValueError
from sync.server.storage.storage import Storage
from sync.server.storage.values import START, NewVersion, StoredRecord, UserRow
from tests.sync.server.team import Laptop, Team, change, flag, note

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def put(storage: Storage, value: Any) -> int:
    kind = name_of(value)
    version = NewVersion(
        kind=kind,
        id=value.id,
        patient_id=value.id if kind == "patient" else value.patient_id,
        body=to_body(value),
        immutable=policy_of(kind) is Policy.EVENT,
        author_id="u1",
        device_id="d1",
        received_at=to_iso(NOW),
    )
    with storage.write() as transaction:
        return transaction.records.put(version)


def person(patient_id: str, **fields: Any) -> Patient:
    return Patient(patient_id, "Bråten", "Åse", **fields)


def follow(storage: Storage, user_id: str, patient_id: str, *, primary: bool = False) -> None:
    with storage.write() as transaction:
        if transaction.accounts.user(user_id) is None:
            transaction.accounts.add_user(UserRow(user_id, user_id, "case_manager", "phc"))
        assign(
            transaction,
            user_id=user_id,
            patient_id=patient_id,
            primary=primary,
            now=NOW,
            new_id=new_id,
        )


def join(storage: Storage, winner: str, loser: str) -> int:
    with storage.write() as transaction:
        return join_patients(transaction, winner, loser, "office", NOW)


def shown(storage: Storage, user_id: str) -> dict[str, tuple[str | None, int]]:
    """Owner and version of everything in a user's pull, by record id, assignments left out."""
    with storage.read() as transaction:
        page = transaction.scope.page(user_id, START, 1000)
    return {
        record.id: (record.patient_id, record.seq)
        for record in page.records
        if record.kind != "assignment"
    }


def sums_fit(storage: Storage) -> bool:
    with storage.read() as transaction:
        return transaction.facts.kept_digest() == transaction.facts.worked_out_digest()


def owner_of(storage: Storage, patient_id: str) -> str:
    with storage.read() as transaction:
        return transaction.joins.owner_of(patient_id)


@pytest.fixture
def two(storage: Storage) -> Storage:
    """Anna follows "w", Bo follows "l"; each has a note and a flag."""
    for patient_id in ("w", "l"):
        put(storage, person(patient_id))
        put(storage, note(f"n-{patient_id}", patient_id))
        put(storage, flag(f"f-{patient_id}", patient_id))
    follow(storage, "anna", "w", primary=True)
    follow(storage, "bo", "l", primary=True)
    return storage


def test_everything_of_the_loser_is_the_winners_word_for_word_under_a_new_number(
    two: Storage,
) -> None:
    with two.read() as transaction:
        before = {
            (record.kind, record.id): record
            for record in transaction.records.of_patient("l")
            if record.kind in ("note", "flag")
        }
        newest = transaction.records.newest_seq()
    assert join(two, "w", "l") == 2
    with two.read() as transaction:
        for (kind, record_id), old in before.items():
            moved = transaction.records.get(kind, record_id)
            assert moved is not None
            assert (moved.patient_id, moved.text, moved.body_hash) == (
                "w",
                old.text,
                old.body_hash,
            )
            assert (moved.author_id, moved.received_at) == (old.author_id, old.received_at)
            assert moved.seq > newest
        # An edit made on the old number still finds what it was made on.
        old_flag = before["flag", "f-l"]
        assert transaction.records.body_at("flag", "f-l", old_flag.seq) == old_flag.body
    assert sums_fit(two)


def test_whoever_followed_either_follows_the_winner_and_hears_of_it(two: Storage) -> None:
    join(two, "w", "l")
    for user_id in ("anna", "bo"):
        found = shown(two, user_id)
        assert {name for name, (owner, _) in found.items() if owner == "w"} == {
            "w",
            *("n-w", "f-w", "n-l", "f-l"),
        }
    with two.read() as transaction:
        signpost = transaction.records.get("patient", "l")
        assert signpost is not None
        assert (signpost.body["active"], signpost.body["replaced_by"]) == (False, "w")
        assigned = transaction.records.of_patient("w", "assignment")
        primaries = [record.body["primary"] for record in assigned]
    assert sorted(primaries) == [False, True]
    # Bo's laptop knows "l": it is told that it is "w" now.
    assert shown(two, "bo")["l"][0] == "l"


def test_a_laptop_that_had_pulled_everything_is_told_of_each_moved_record(two: Storage) -> None:
    with two.read() as transaction:
        after = transaction.scope.page("anna", START, 1000).cursor
    join(two, "w", "l")
    with two.read() as transaction:
        page = transaction.scope.page("anna", after, 1000)
    assert {record.id for record in page.records if record.kind in ("note", "flag")} == {
        "n-l",
        "f-l",
    }
    assert page.ended_patients == ()


def test_joining_twice_and_the_other_way_round_afterwards_changes_nothing(two: Storage) -> None:
    join(two, "w", "l")
    with two.read() as transaction:
        newest = transaction.records.newest_seq()
    assert join(two, "w", "l") == 0
    with two.read() as transaction:
        assert transaction.records.newest_seq() == newest
    with pytest.raises(JoinError, match="same_patient"):
        join(two, "l", "w")
    assert owner_of(two, "l") == "w"


def test_a_winner_that_is_joined_later_takes_everything_along(two: Storage) -> None:
    put(two, person("last"))
    follow(two, "cato", "last")
    join(two, "w", "l")
    join(two, "last", "w")
    assert (owner_of(two, "l"), owner_of(two, "w"), owner_of(two, "last")) == (
        "last",
        "last",
        "last",
    )
    for user_id in ("anna", "bo", "cato"):
        owned = {name for name, (owner, _) in shown(two, user_id).items() if owner == "last"}
        assert {"last", "n-w", "f-w", "n-l", "f-l"} <= owned
    assert sums_fit(two)


def test_joining_with_a_patient_who_was_joined_before_means_the_one_they_are_now(
    two: Storage,
) -> None:
    put(two, person("third"))
    put(two, note("n-third", "third"))
    join(two, "w", "l")
    assert join(two, "l", "third") == 1
    assert owner_of(two, "third") == "w"


def test_a_patient_is_not_joined_with_itself_or_with_nobody(two: Storage) -> None:
    with pytest.raises(JoinError, match="same_patient"):
        join(two, "w", "w")
    with pytest.raises(JoinError, match="no_such_patient"):
        join(two, "w", "nobody")
    assert owner_of(two, "nobody") == "nobody"


def test_the_schema_lets_an_event_change_hands_and_nothing_else_of_it(two: Storage) -> None:
    # Whoever would write so: the schema itself says no.
    for setting in (
        "body = '{}'",
        "author_id = 'x'",
        "received_at = 'x'",
        "patient_id = 'w', body = '{}'",
        "patient_id = 'w', offset_ms = 7",
        "patient_id = 'w', author_id = 'x'",
        "patient_id = 'w', device_id = 'x'",
        "patient_id = 'w', received_at = 'x'",
        "patient_id = 'w', body_hash = 'x'",
        "patient_id = 'w', out_of_scope = 1",
        "patient_id = 'w', immutable = 0",
        "patient_id = 'w', id = 'x'",
        "seq = seq + 1000",
        "immutable = 0",
    ):
        with pytest.raises(BadValueError), two.write() as transaction:
            transaction._db.run(f"UPDATE record SET {setting} WHERE id = 'n-l'")
    with pytest.raises(BadValueError), two.write() as transaction:
        transaction._db.run("DELETE FROM record WHERE id = 'n-l'")


def test_who_may_be_one_person_is_named_with_the_reason_the_surest_first(storage: Storage) -> None:
    born = date(1980, 2, 3)
    put(storage, person("a", birth_date=born))
    put(storage, Patient("b", " bråten", "ÅSE ", birth_date=born))
    put(storage, Patient("c", "Lie", "Kari", national_id="03028012345"))
    put(storage, Patient("d", "Li", "Kari", national_id="030280 12345"))
    put(storage, Patient("e", "Lie", "Kari"))
    with storage.read() as transaction:
        pairs = possible_duplicates(transaction)
    assert [(pair.first_id, pair.second_id, pair.reasons) for pair in pairs] == [
        ("c", "d", (NATIONAL_ID,)),
        ("a", "b", (NAME_AND_BIRTH,)),
    ]
    join(storage, "c", "d")
    with storage.read() as transaction:
        assert [pair.first_id for pair in possible_duplicates(transaction)] == ["a"]


# --- what laptops push that still names the one who is gone


@pytest.fixture
def joined(storage: Storage) -> tuple[Team, Laptop]:
    """A laptop that knew "l" only, and heard nothing yet of "l" being "w" now."""
    team = Team(storage)
    laptop = team.laptop("bo")
    laptop.push(change(person("l")), change(flag("f-l", "l")))
    office = team.laptop("anna")
    office.push_one(change(person("w")))
    laptop.pull_ids()
    join(storage, "w", "l")
    return team, laptop


def stored(team: Team, kind: str, record_id: str) -> StoredRecord:
    with team.storage.read() as transaction:
        found = transaction.records.get(kind, record_id)
    assert found is not None
    return found


def test_what_still_names_the_loser_is_stored_under_the_winner_word_for_word(
    joined: tuple[Team, Laptop],
) -> None:
    team, laptop = joined
    sent = change(note("late", "l"))
    result = laptop.push_one(sent)
    found = stored(team, "note", "late")
    assert (result.outcome, found.patient_id, found.body) == (Outcome.ACCEPTED, "w", sent.body)
    assert not found.out_of_scope
    assert sums_fit(team.storage)


def test_the_laptop_is_sent_its_own_record_again_so_that_it_stands_under_the_winner_there_too(
    joined: tuple[Team, Laptop],
) -> None:
    team, laptop = joined
    result = laptop.push_one(change(note("late", "l")))
    # No version is told: what a laptop was told it is not sent again.
    assert result.version == 0
    report = LaptopReport(
        now=NOW, app_version="1", waiting=0, parked=0, conflicts=0, drafts_unsent=0
    )
    pull = PullPart(cursor=None, page_records=500, have=[(result.version, result.version)])
    answer = laptop.service.exchange(ExchangeRequest(report=report, pull=pull))
    owners = {one.id: one.patient_id for page in answer.pages for one in page.records}
    assert (owners["late"], owners["f-l"]) == ("w", "w")


def test_a_repeated_push_from_before_the_join_is_answered_and_not_doubled(
    joined: tuple[Team, Laptop],
) -> None:
    team, laptop = joined
    sent = change(note("late", "l"))
    laptop.push_one(sent)
    before = stored(team, "note", "late").seq
    assert laptop.push_one(sent).outcome is Outcome.REPEATED
    assert stored(team, "note", "late").seq == before


def test_an_edit_made_on_the_version_before_the_join_is_merged_with_what_came_since(
    joined: tuple[Team, Laptop],
) -> None:
    team, laptop = joined
    with team.storage.read() as transaction:
        (old,) = transaction._db.rows("SELECT seq FROM record_history WHERE id = 'f-l'")
    sent = change(replace(flag("f-l", "l"), text="Penicillin og sulfa"), base=int(old[0]))
    result = laptop.push_one(sent)
    assert result.outcome.stored
    found = stored(team, "flag", "f-l")
    assert (found.patient_id, found.body["text"]) == ("w", "Penicillin og sulfa")
    assert sums_fit(team.storage)


def test_an_edit_of_the_loser_itself_is_kept_as_a_wish_about_the_winner(
    joined: tuple[Team, Laptop],
) -> None:
    team, laptop = joined
    with team.storage.read() as transaction:
        (old,) = transaction._db.rows(
            "SELECT seq FROM record_history WHERE kind = 'patient' AND id = 'l' ORDER BY seq"
        )[:1]
    sent = change(person("l", phone="90000000"), base=int(old[0]))
    assert laptop.push_one(sent).outcome.stored
    laptop.push_one(sent)
    signpost = stored(team, "patient", "l").body
    assert (signpost["active"], signpost["replaced_by"]) == (False, "w")
    with team.storage.read() as transaction:
        (wish,) = transaction.records.of_patient("w", "proposal")
    assert (wish.body["target_kind"], wish.body["target_id"]) == ("patient", "w")
    assert wish.body["values"] == {"phone": "90000000"}
    assert sums_fit(team.storage)


def test_a_record_offered_under_the_winner_whose_text_names_the_loser_is_taken(
    joined: tuple[Team, Laptop],
) -> None:
    """So a laptop offers again what a restored server has lost."""
    team, laptop = joined
    sent = change(note("again", "l")).model_copy(update={"patient_id": "w"})
    assert laptop.push_one(sent).outcome is Outcome.ACCEPTED
    assert stored(team, "note", "again").patient_id == "w"
    stranger = change(note("other", "somebody")).model_copy(update={"patient_id": "w"})
    assert laptop.push_one(stranger).reason == "bad_body:patient_id"


def test_a_new_patient_with_a_known_national_number_is_stored_and_shown_as_a_duplicate(
    storage: Storage,
) -> None:
    team = Team(storage)
    laptop = team.laptop("bo")
    put(storage, person("known", national_id="03028012345"))
    new = Patient("met", "Braaten", "Aase", national_id="03028012345")
    assert laptop.push_one(change(new)).outcome is Outcome.ACCEPTED
    with storage.read() as transaction:
        (pair,) = possible_duplicates(transaction)
    assert {pair.first_id, pair.second_id} == {"known", "met"}
    assert pair.reasons == (NATIONAL_ID,)
