"""What every storage must do. `tests/sync/server/test_storage.py` runs it on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from sync.server.storage.base import BadValueError
from sync.server.storage.storage import Storage, Transaction
from sync.server.storage.values import (
    START,
    Cursor,
    DeviceRow,
    EnrolCodeRow,
    NewVersion,
    StoredRecord,
    TokenRow,
    UserRow,
)

NOW = "2026-11-22T08:00:00.000Z"
PATIENCE = 20.0
"""Seconds after which a test that waits for another thread gives up."""


def version(
    record_id: str, patient_id: str | None = "p1", *, kind: str = "flag", **body: Any
) -> NewVersion:
    return NewVersion(
        kind=kind,
        id=record_id,
        patient_id=patient_id,
        body={"id": record_id, **body},
        immutable=kind == "note",
        author_id="u1",
        device_id="d1",
        received_at=NOW,
    )


def add_user(transaction: Transaction, user_id: str) -> None:
    transaction.accounts.add_user(UserRow(user_id, user_id, "case_manager", "phc"))


def grant(storage: Storage, user_id: str, patient_id: str) -> int:
    with storage.write() as transaction:
        if transaction.accounts.user(user_id) is None:
            add_user(transaction, user_id)
        seq = transaction.records.put(
            version(f"{user_id}-{patient_id}", patient_id, kind="assignment")
        )
        transaction.scope.grant(user_id, patient_id, seq)
        return seq


def end_grant(storage: Storage, user_id: str, patient_id: str) -> int:
    with storage.write() as transaction:
        seq = transaction.records.put(
            version(f"{user_id}-{patient_id}", patient_id, kind="assignment", active=False)
        )
        transaction.scope.end(user_id, patient_id, seq)
        return seq


def put(storage: Storage, new: NewVersion) -> int:
    with storage.write() as transaction:
        return transaction.records.put(new)


def pull_all(
    storage: Storage, user_id: str, after: Cursor = START, limit: int = 200
) -> tuple[list[StoredRecord], list[str], Cursor]:
    records: list[StoredRecord] = []
    ended: list[str] = []
    while True:
        with storage.read() as transaction:
            page = transaction.scope.page(user_id, after, limit)
        assert len(page.records) + len(page.ended_patients) <= limit
        records += page.records
        ended += page.ended_patients
        after = page.cursor
        if page.complete:
            return records, ended, after


def ids(records: list[StoredRecord]) -> list[str]:
    return [record.id for record in records]


class StorageContract:
    """Needs a fixture `storage` and a fixture `second`: another process's view of the same data."""

    def test_a_record_comes_back_as_it_was_stored(self, storage: Storage) -> None:
        seq = put(storage, version("f1", text="Påske \u0000 æøå 😀", later={"x": [1, None, 2.5]}))
        with storage.read() as transaction:
            record = transaction.records.get("flag", "f1")
        assert record is not None
        assert record.seq == seq
        assert record.body == {
            "id": "f1",
            "text": "Påske \u0000 æøå 😀",
            "later": {"x": [1, None, 2.5]},
        }
        assert (record.author_id, record.device_id, record.received_at) == ("u1", "d1", NOW)

    def test_an_exception_undoes_the_whole_transaction(self, storage: Storage) -> None:
        with pytest.raises(RuntimeError), storage.write() as transaction:
            transaction.records.put(version("f1"))
            raise RuntimeError
        with storage.read() as transaction:
            assert transaction.records.get("flag", "f1") is None
        put(storage, version("f2"))

    def test_a_savepoint_undoes_its_part_alone(self, storage: Storage) -> None:
        with storage.write() as transaction:
            transaction.records.put(version("before"))
            with pytest.raises(BadValueError), transaction.savepoint():
                transaction.records.put(version("inside"))
                transaction.accounts.add_token(TokenRow("t", "nobody", "nowhere", NOW), NOW)
            transaction.records.put(version("after"))
        with storage.read() as transaction:
            found = [
                record_id
                for record_id in ("before", "inside", "after")
                if transaction.records.get("flag", record_id)
            ]
        assert found == ["before", "after"]

    def test_a_replaced_version_can_still_be_read(self, storage: Storage) -> None:
        first = put(storage, version("f1", text="old"))
        second = put(storage, version("f1", text="new"))
        assert second > first
        with storage.read() as transaction:
            old = transaction.records.body_at("flag", "f1", first)
            assert old is not None
            assert old["text"] == "old"
            assert transaction.records.body_at("flag", "f1", second) is None
            record = transaction.records.get("flag", "f1")
        assert record is not None
        assert record.body["text"] == "new"

    def test_the_schema_refuses_to_change_an_event(self, storage: Storage) -> None:
        put(storage, version("n1", kind="note", text="signed"))
        with pytest.raises(BadValueError):
            put(storage, version("n1", kind="note", text="altered"))
        with storage.read() as transaction:
            record = transaction.records.get("note", "n1")
        assert record is not None
        assert record.body["text"] == "signed"

    def test_many_records_take_numbers_in_their_order(self, storage: Storage) -> None:
        put(storage, version("f0"))
        with storage.write() as transaction:
            first = transaction.records.insert_new([version(f"b{n}", text="å") for n in range(5)])
            after = transaction.records.put(version("f1"))
            stored = [transaction.records.get("flag", f"b{n}") for n in range(5)]
        assert [record.seq for record in stored if record] == list(range(first, first + 5))
        assert after == first + 5

    def test_a_change_is_remembered_by_its_id(self, storage: Storage) -> None:
        with storage.write() as transaction:
            assert transaction.records.applied("c1") is None
            transaction.records.remember_change("c1", "flag", "f1", 7)
        with storage.read() as transaction:
            assert transaction.records.applied("c1") == ("flag", "f1", 7)

    # --- scope and pages

    def test_only_assigned_patients_and_team_records_are_seen(self, storage: Storage) -> None:
        put(storage, version("mine", "p1"))
        put(storage, version("theirs", "p2"))
        put(storage, version("team", None, kind="practitioner"))
        grant(storage, "u1", "p1")
        records, ended, _ = pull_all(storage, "u1")
        assert sorted(ids(records)) == ["mine", "team", "u1-p1"]
        assert ended == []

    def test_a_user_without_patients_sees_the_team_alone(self, storage: Storage) -> None:
        put(storage, version("theirs", "p2"))
        put(storage, version("team", None, kind="practitioner"))
        records, _, _ = pull_all(storage, "nobody")
        assert ids(records) == ["team"]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
    def test_pages_never_skip_or_repeat(self, storage: Storage, limit: int) -> None:
        for number in range(6):
            put(storage, version(f"a{number}", "p1"))
            put(storage, version(f"b{number}", "p2"))
        grant(storage, "u1", "p2")
        put(storage, version("late-p1", "p1"))
        grant(storage, "u1", "p1")
        put(storage, version("later-p2", "p2"))
        put(storage, version("team", None, kind="practitioner"))
        records, _, cursor = pull_all(storage, "u1", limit=limit)
        assert sorted(ids(records)) == sorted(
            [
                *(f"a{number}" for number in range(6)),
                *(f"b{number}" for number in range(6)),
                *("u1-p1", "u1-p2", "late-p1", "later-p2", "team"),
            ]
        )
        again, _, same_cursor = pull_all(storage, "u1", cursor, limit)
        assert (again, same_cursor) == ([], cursor)

    def test_only_what_is_new_follows_a_cursor(self, storage: Storage) -> None:
        put(storage, version("f1"))
        grant(storage, "u1", "p1")
        _, _, cursor = pull_all(storage, "u1")
        put(storage, version("f2"))
        put(storage, version("f1", text="edited"))
        put(storage, version("foreign", "p2"))
        records, _, _ = pull_all(storage, "u1", cursor)
        assert ids(records) == ["f2", "f1"]

    def test_a_patient_assigned_late_arrives_whole(self, storage: Storage) -> None:
        grant(storage, "u1", "p1")
        for number in range(5):
            put(storage, version(f"old{number}", "p2"))
        put(storage, version("new", "p1"))
        _, _, cursor = pull_all(storage, "u1")
        grant(storage, "u1", "p2")
        put(storage, version("newest", "p2"))
        records, _, _ = pull_all(storage, "u1", cursor, limit=2)
        assert sorted(ids(records)) == ["newest", *(f"old{n}" for n in range(5)), "u1-p2"]

    def test_a_patient_assigned_between_two_pages_arrives_whole(self, storage: Storage) -> None:
        grant(storage, "u1", "p1")
        for number in range(4):
            put(storage, version(f"a{number}", "p1"))
            put(storage, version(f"b{number}", "p2"))
        with storage.read() as transaction:
            page = transaction.scope.page("u1", START, 2)
        grant(storage, "u1", "p2")
        records, _, _ = pull_all(storage, "u1", page.cursor, limit=2)
        got = ids([*page.records, *records])
        assert sorted(got) == sorted(
            ["u1-p1", "u1-p2", *(f"a{n}" for n in range(4)), *(f"b{n}" for n in range(4))]
        )

    def test_an_ended_assignment_is_told_and_its_records_stop(self, storage: Storage) -> None:
        grant(storage, "u1", "p1")
        put(storage, version("f1"))
        _, _, cursor = pull_all(storage, "u1")
        end_grant(storage, "u1", "p1")
        put(storage, version("f2"))
        records, ended, cursor = pull_all(storage, "u1", cursor)
        assert (records, ended) == ([], ["p1"])
        assert pull_all(storage, "u1", cursor) == ([], [], cursor)

    def test_a_patient_given_back_arrives_whole_and_no_end_is_told(self, storage: Storage) -> None:
        grant(storage, "u1", "p1")
        put(storage, version("f1"))
        _, _, cursor = pull_all(storage, "u1")
        end_grant(storage, "u1", "p1")
        grant(storage, "u1", "p1")
        records, ended, _ = pull_all(storage, "u1", cursor)
        assert ended == []
        assert sorted(ids(records)) == ["f1", "u1-p1"]

    def test_the_count_of_what_is_due_agrees_with_the_pages(self, storage: Storage) -> None:
        put(storage, version("f1", "p1"))
        grant(storage, "u1", "p1")
        grant(storage, "u1", "p2")
        put(storage, version("f2", "p2"))
        put(storage, version("team", None, kind="practitioner"))
        end_grant(storage, "u1", "p2")
        cursor = START
        while True:
            with storage.read() as transaction:
                due = transaction.scope.count_due("u1", cursor)
                page = transaction.scope.page("u1", cursor, 1)
            rest, _, _ = pull_all(storage, "u1", cursor)
            assert due == len(rest)
            cursor = page.cursor
            if page.complete:
                break

    # --- several at once

    def test_a_slow_transaction_is_never_behind_a_cursor(
        self, storage: Storage, second: Storage
    ) -> None:
        grant(storage, "u1", "p1")
        opened, finish = threading.Event(), threading.Event()

        def slow() -> None:
            with storage.write() as transaction:
                transaction.records.put(version("slow"))
                opened.set()
                assert finish.wait(PATIENCE)

        def quick() -> None:
            with second.write() as transaction:
                transaction.records.put(version("quick"))

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(slow)
            assert opened.wait(PATIENCE)
            other = pool.submit(quick)
            # Whatever is visible while the slow one is open, the cursor stays before its number.
            seen, _, cursor = pull_all(second, "u1")
            finish.set()
            first.result(PATIENCE)
            other.result(PATIENCE)
        rest, _, _ = pull_all(second, "u1", cursor)
        assert sorted(ids([*seen, *rest])) == ["quick", "slow", "u1-p1"]

    def test_pulls_beside_many_writers_miss_nothing(
        self, storage: Storage, second: Storage
    ) -> None:
        grant(storage, "u1", "p1")
        writers, each = 4, 12

        def write(number: int) -> None:
            where = storage if number % 2 else second
            for step in range(each):
                with where.write() as transaction:
                    transaction.records.put(version(f"w{number}-{step}a"))
                    transaction.records.put(version(f"w{number}-{step}b"))

        got: list[str] = []
        cursor = START
        with ThreadPoolExecutor(writers) as pool:
            running = [pool.submit(write, number) for number in range(writers)]
            while not all(task.done() for task in running):
                records, _, cursor = pull_all(second, "u1", cursor, limit=5)
                got += ids(records)
            for task in running:
                task.result(PATIENCE)
        records, _, _ = pull_all(second, "u1", cursor)
        got += ids(records)
        assert len(got) == len(set(got)) == writers * each * 2 + 1

    def test_two_posts_of_one_id_at_once_give_one_row(
        self, storage: Storage, second: Storage
    ) -> None:
        start = threading.Barrier(2)

        def post(where: Storage, text: str) -> bool:
            start.wait(PATIENCE)
            with where.write() as transaction:
                transaction.records.take_turn()
                if transaction.records.get("note", "n1") is not None:
                    return False
                transaction.records.put(version("n1", kind="note", text=text))
                return True

        with ThreadPoolExecutor(2) as pool:
            outcomes = [
                task.result(PATIENCE)
                for task in [
                    pool.submit(post, storage, "one"),
                    pool.submit(post, second, "two"),
                ]
            ]
        assert sorted(outcomes) == [False, True]
        with storage.read() as transaction:
            assert transaction.records.count("note") == 1

    def test_a_reader_keeps_one_view_while_others_write(
        self, storage: Storage, second: Storage
    ) -> None:
        grant(storage, "u1", "p1")
        with storage.read() as transaction:
            before = transaction.scope.page("u1", START, 10)
            put(second, version("meanwhile"))
            assert transaction.scope.page("u1", START, 10) == before
            assert transaction.scope.count_due("u1", START) == len(before.records)

    # --- accounts

    def test_accounts_come_back_as_they_were_stored(self, storage: Storage) -> None:
        user = UserRow("u1", "kari", "case_manager", "phc")
        device = DeviceRow("d1", "u1", "hash", "Feltbærbar", "linux", "0.1", NOW)
        code = EnrolCodeRow("code", "u1", NOW)
        token = TokenRow("token", "u1", "d1", "2026-11-22T20:00:00.000Z")
        with storage.write() as transaction:
            accounts = transaction.accounts
            accounts.add_user(user)
            accounts.add_device(device)
            accounts.add_code(code)
            accounts.add_token(token, NOW)
        with storage.write() as transaction:
            accounts = transaction.accounts
            assert accounts.user("u1") == accounts.user_named("kari") == user
            assert accounts.users() == [user]
            assert accounts.device("d1") == device
            assert accounts.code_of("u1") == code
            assert accounts.token("token") == token
            accounts.count_failed_try("code")
            accounts.use_code("code")
            accounts.revoke_device("d1")
            accounts.set_role("u1", "secretary")
            accounts.set_password("u1", "other")
            accounts.set_user_active("u1", False)
            assert accounts.code_of("u1") == replace(code, failed_tries=1, used=True)
            assert accounts.devices() == [replace(device, revoked=True)]
            assert accounts.user("u1") == UserRow("u1", "kari", "secretary", "other", False)

    def test_a_user_name_is_given_once(self, storage: Storage) -> None:
        with storage.write() as transaction:
            add_user(transaction, "u1")
            with pytest.raises(BadValueError), transaction.savepoint():
                transaction.accounts.add_user(UserRow("u2", "u1", "secretary", "phc"))

    def test_a_new_code_makes_the_older_one_void(self, storage: Storage) -> None:
        with storage.write() as transaction:
            add_user(transaction, "u1")
            transaction.accounts.add_code(EnrolCodeRow("first", "u1", NOW))
            transaction.accounts.add_code(EnrolCodeRow("second", "u1", NOW))
            code = transaction.accounts.code_of("u1")
        assert code is not None
        assert code.code_hash == "second"

    def test_tokens_that_have_run_out_are_cleared_away(self, storage: Storage) -> None:
        with storage.write() as transaction:
            add_user(transaction, "u1")
            transaction.accounts.add_device(DeviceRow("d1", "u1", "h", "n", "linux", "0.1", NOW))
            transaction.accounts.add_token(TokenRow("old", "u1", "d1", NOW), NOW)
            transaction.accounts.add_token(TokenRow("new", "u1", "d1", "2027"), NOW)
            assert transaction.accounts.token("old") is None
            assert transaction.accounts.token("new") is not None

    # --- the server itself

    def test_the_first_server_id_stays(self, storage: Storage, second: Storage) -> None:
        assert second.initialise("another") == storage.server_id == second.server_id
