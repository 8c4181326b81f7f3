"""What every storage must do. `tests/sync/server/test_storage.py` runs it on both databases."""

from __future__ import annotations

import contextlib
import hashlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from sync.protocol.digests import as_text
from sync.server.storage.backfill import sums_of
from sync.server.storage.base import BadValueError, DiskFullError
from sync.server.storage.records import next_mark, slot_of
from sync.server.storage.storage import Storage, Transaction
from sync.server.storage.values import (
    START,
    Cursor,
    DeviceRow,
    EnrolCodeRow,
    NewChange,
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


def recomputed(storage: Storage) -> dict[str, tuple[int, str]]:
    """Count and digest of every patient, worked out anew."""
    with storage.read() as transaction:
        return {key: (count, digest) for key, count, digest in sums_of(transaction._db)}


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def plan_of_due(storage: Storage, user_id: str, cursor: Cursor) -> str:
    """How the database reads what is due after a cursor."""
    dialect = storage._database.dialect
    texts: list[str] = []
    with storage.read() as transaction:
        statements: Any = transaction._db
        plain = statements.rows_for
        explain = "EXPLAIN QUERY PLAN " if dialect == "sqlite" else "EXPLAIN "

        def explained(sql: str, *arguments: Any) -> Any:
            texts.extend(str(row) for row in plain(explain + sql, *arguments))
            return plain(sql, *arguments)

        statements.rows_for = explained
        assert [item.seq for item in transaction.scope.due(user_id, cursor)]
    return "\n".join(texts)


def fill_the_disk(storage: Storage) -> None:
    """Let the next larger write find no room."""
    database: Any = storage._database
    if database.dialect == "sqlite":
        ((pages,),) = database._writer.execute("PRAGMA page_count").fetchall()
        database._writer.execute(f"PRAGMA max_page_count = {pages + 20}").fetchall()
        return
    with database.writing() as statements:
        # What PostgreSQL itself raises, raised by hand: a real full disk would stop all tests.
        statements.run(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$"
        )
        statements.run(
            "CREATE TRIGGER no_room BEFORE INSERT ON commit_mark"
            " FOR EACH ROW EXECUTE FUNCTION no_room()"
        )


def make_room(storage: Storage) -> None:
    """Undo `fill_the_disk`."""
    database: Any = storage._database
    if database.dialect == "sqlite":
        database._writer.execute("PRAGMA max_page_count = 1073741823").fetchall()
        return
    with database.writing() as statements:
        statements.run("DROP TRIGGER no_room ON commit_mark")


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
            transaction.records.remember_changes([NewChange("c1", "flag", "f1", 7)])
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

    def test_a_range_of_the_index_is_all_that_a_page_reads(
        self, storage: Storage, second: Storage
    ) -> None:
        """What is stored of others, and before the cursor, costs nothing."""
        grant(storage, "u1", "p1")
        with storage.write() as transaction:
            transaction.records.insert_new([version(f"x{n}", "p2") for n in range(3000)])
            transaction.records.insert_new([version(f"y{n}", "p1") for n in range(3000)])
        _, _, cursor = pull_all(storage, "u1", limit=1000)
        put(storage, version("new", "p1"))
        plan = plan_of_due(storage, "u1", cursor)
        assert "record_by_patient" in plan
        assert "SCAN r " not in plan
        assert "Seq Scan on record" not in plan

    # --- what goes with every commit

    def test_digests_are_what_a_recomputation_gives_after_any_mixture(
        self, storage: Storage, second: Storage
    ) -> None:
        rng = random.Random(3)
        for where in (storage, second) * 10:
            with where.write() as transaction:
                for _ in range(rng.randrange(1, 6)):
                    name = f"f{rng.randrange(12)}"
                    owner = rng.choice(["p1", "p2", None])
                    transaction.records.put(version(f"{name}-{owner}", owner, n=rng.random()))
                with contextlib.suppress(RuntimeError), transaction.savepoint():
                    transaction.records.put(version("undone", "p1", n=rng.random()))
                    raise RuntimeError
                if rng.random() < 0.3:
                    fresh = [version(f"b{rng.random()}", "p2") for _ in range(3)]
                    transaction.records.insert_new(fresh)
            with contextlib.suppress(RuntimeError), where.write() as transaction:
                transaction.records.put(version("lost", "p1", n=rng.random()))
                raise RuntimeError
        with storage.read() as transaction:
            totals = transaction.records.totals(["p1", "p2", ""])
        stored = {key: (part.count, as_text(part.digest)) for key, part in totals.items()}
        assert stored == recomputed(storage)
        assert set(stored) == {"p1", "p2", ""}

    def test_digests_beside_many_writers_lose_nothing(
        self, storage: Storage, second: Storage
    ) -> None:
        def write(number: int) -> None:
            for step in range(8):
                put(storage if number % 2 else second, version(f"w{step % 3}", "p1", n=number))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        with storage.read() as transaction:
            part = transaction.records.totals(["p1"])["p1"]
        assert {"p1": (part.count, as_text(part.digest))} == recomputed(storage)

    def test_every_commit_has_a_mark_that_names_all_before_it(
        self, storage: Storage, second: Storage
    ) -> None:
        first = put(storage, version("f1", text="a"))
        with second.write() as transaction:
            transaction.records.put(version("f2"))
            middle = transaction.records.put(version("f3"))
            last = transaction.records.put(version("f4"))
        with storage.read() as transaction:
            at_first, at_last = (
                transaction.records.mark_at(first),
                transaction.records.mark_at(last),
            )
            assert at_first is not None
            assert at_last is not None
            assert at_first != at_last
            # In the middle of a commit stands the mark of the whole: nobody can have seen half.
            assert transaction.records.mark_at(middle) == at_last
            assert transaction.records.mark_at(last + 1) is None

    def test_marks_that_were_read_together_are_those_that_are_read_alone(
        self, storage: Storage
    ) -> None:
        with storage.write() as transaction:
            transaction.records.put(version("f1"))
            numbers = [transaction.records.put(version("f2")), 0]
        numbers += [put(storage, version("f3")), 900]
        alone = []
        for number in numbers:
            with storage.glance() as transaction:
                alone.append(transaction.records.mark_at(number))
        with storage.write() as transaction:
            transaction.records.take_turn()
            transaction.records.read_marks(numbers)
            assert [transaction.records.mark_at(number) for number in numbers] == alone
        with storage.read() as transaction:
            assert transaction.records.newest_seq() == numbers[2]
            assert transaction.records.mark_at(numbers[2]) == alone[2]

    def test_one_view_stays_as_it_is_while_others_store(
        self, storage: Storage, second: Storage
    ) -> None:
        put(storage, version("f1"))
        with storage.read() as transaction:
            before = (transaction.records.state(), transaction.records.mark_at(1))
            put(second, version("f2"))
            assert (transaction.records.state(), transaction.records.mark_at(1)) == before
            assert transaction.records.newest_seq() == 1
        with storage.glance() as transaction:
            assert transaction.records.newest_seq() == 2

    def test_other_contents_under_the_same_numbers_have_other_marks(
        self, storage: Storage, second: Storage
    ) -> None:
        assert next_mark("", [(1, "one")]) != next_mark("", [(1, "two")])
        assert next_mark("a", [(1, "one")]) != next_mark("b", [(1, "one")])
        put(storage, version("f1"))
        with storage.write() as transaction:
            assert transaction.records.newest_seq() == 1
        put(second, version("f1", text="other"))
        with storage.read() as transaction:
            chain = next_mark(
                next_mark("", [(1, hash_of('{"id":"f1"}'))]),
                [(2, hash_of('{"id":"f1","text":"other"}'))],
            )
            assert transaction.records.mark_at(2) == chain

    def test_a_new_epoch_leaves_out_numbers_that_were_lost(
        self, storage: Storage, second: Storage
    ) -> None:
        put(storage, version("f1"))
        with storage.write() as transaction:
            transaction.records.begin_epoch(1, 500)
        with second.read() as transaction:
            state = transaction.records.state()
        assert (state.epoch, state.epoch_began) == (1, 1)
        assert put(second, version("f2")) > 500
        with storage.read() as transaction:
            assert transaction.records.mark_at(500) is not None

    def test_a_savepoint_gives_its_numbers_back(self, storage: Storage) -> None:
        with storage.write() as transaction:
            first = transaction.records.put(version("f1"))
            with contextlib.suppress(RuntimeError), transaction.savepoint():
                transaction.records.put(version("f2"))
                raise RuntimeError
            assert transaction.records.put(version("f3")) == first + 1

    def test_doses_stand_in_their_slot_until_one_is_taken_back(self, storage: Storage) -> None:
        slot = {"request_id": "r1", "day": "2026-11-23", "part": "morning"}

        def dose(dose_id: str, **more: Any) -> NewVersion:
            body = {"status": "given", "author_id": f"u-{dose_id}", **slot, **more}
            return version(dose_id, kind="medication_administration", **body)

        put(storage, dose("m1"))
        with storage.write() as transaction:
            transaction.records.insert_new([dose("m2"), dose("m3", status="withheld")])
        with storage.read() as transaction:
            found = transaction.records.doses_in([slot_of("p1", slot), slot_of("p2", slot)])
        assert found == {slot_of("p1", slot): [("m1", "u-m1"), ("m2", "u-m2")]}
        taken_back = {"status": "entered_in_error", "reverses": "m1", "author_id": "u-m1"}
        put(storage, dose("m4", **taken_back))
        with storage.read() as transaction:
            found = transaction.records.doses_in([slot_of("p1", slot)])
        assert found == {slot_of("p1", slot): [("m1", "u-m1"), ("m2", "u-m2")]}
        put(storage, dose("m5", **taken_back, reopens=True))
        with storage.read() as transaction:
            found = transaction.records.doses_in([slot_of("p1", slot)])
        assert found == {slot_of("p1", slot): [("m2", "u-m2")]}

    def test_a_full_disk_has_a_name_and_nothing_is_half_stored(self, storage: Storage) -> None:
        put(storage, version("before"))
        fill_the_disk(storage)
        with pytest.raises(DiskFullError), storage.write() as transaction:
            transaction.records.insert_new(
                [version(f"big{number}", text="a" * 20_000) for number in range(60)]
            )
        make_room(storage)
        with storage.read() as transaction:
            assert transaction.records.count("flag") == 1
        put(storage, version("after"))

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
