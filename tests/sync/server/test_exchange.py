"""An exchange with the server, through its messages, on both real databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fieldapp.domain.codec import to_body
from fieldapp.domain.medication import HandoutStatus, MedicationAdministration, Part
from fieldapp.domain.patients import Assignment
from fieldapp.ids import new_id
from sync.protocol.digests import as_text, canonical, moved, record_digest
from sync.protocol.errors import ServerFullError
from sync.protocol.messages import (
    DigestsAnswer,
    ExchangeRequest,
    HoldingsRequest,
    LaptopReport,
    Outcome,
    Page,
    PulledRecord,
    PullPart,
    PushRecord,
    PushResult,
    Receipt,
)
from sync.server.settings import Settings
from sync.server.storage.records import RecordRepository
from sync.server.storage.storage import Storage
from tests.sync.server.team import NOW, Laptop, Team, change, contact, flag, note, patient
from tests.sync.storage_contract import fill_the_disk, make_room


@dataclass
class Field:
    """A laptop of protocol 2 that keeps what it was told, without a store. Holds `held`."""

    laptop: Laptop
    held: dict[tuple[str, str], PulledRecord] = field(default_factory=dict)
    cursor: str | None = None
    seen: str = ""
    diverged: int = 0
    receipt: Receipt | None = None
    pages: list[Page] = field(default_factory=list)
    _sequence: int = 0

    def sync(self, *records: PushRecord, keep: bool = True, **pull: Any) -> list[PushResult]:
        """Push and pull to the end. Without `keep` the answer is lost on the way."""
        numbered = []
        for record in records:
            self._sequence += 1
            numbered.append(record.model_copy(update={"sequence": self._sequence}))
        return self.sync_as_numbered(*numbered, keep=keep, **pull)

    def sync_as_numbered(
        self, *records: PushRecord, keep: bool = True, **pull: Any
    ) -> list[PushResult]:
        part = PullPart(cursor=self.cursor, page_records=pull.pop("page_records", 50), **pull)
        request = ExchangeRequest(report=report(), records=list(records), seen=self.seen, pull=part)
        answer = self.laptop.service.exchange(request)
        self.receipt, self.pages = answer.receipt, list(answer.pages)
        if answer.receipt.diverged:
            # What was lost is not offered here; the rest is fetched anew.
            assert (answer.receipt.results, self.pages) == ([], [])
            self.diverged += 1
            self.held, self.cursor, self.seen = {}, None, ""
            return self.sync_as_numbered(*records, keep=keep, **pull)
        if keep:
            for record, result in zip(records, answer.receipt.results, strict=True):
                self._keep_own(record, result)
            self._keep()
        return answer.receipt.results

    def _keep_own(self, record: PushRecord, result: PushResult) -> None:
        """What a result tells as stored does not come in the pages."""
        if result.outcome in (Outcome.ACCEPTED, Outcome.MERGED):
            self.held[record.kind, record.id] = PulledRecord(
                kind=record.kind,
                id=record.id,
                patient_id=record.patient_id,
                version=result.server_version or result.version,
                body=result.server_body or record.body,
            )

    def _keep(self) -> None:
        assert self.receipt is not None
        self.seen = self.receipt.commit or self.seen
        if self.receipt.fresh:
            self.held.clear()
        for page in self.pages:
            for record in page.records:
                self.held[record.kind, record.id] = record
            for ended in page.ended_patients:
                self.held = {
                    name: record for name, record in self.held.items() if record.patient_id != ended
                }
            self.cursor = page.cursor

    @property
    def arrived(self) -> list[str]:
        """Ids of the records of the last sync, the team's and the grants left out."""
        return [
            record.id
            for page in self.pages
            for record in page.records
            if record.kind not in ("practitioner", "assignment")
        ]

    @property
    def digest(self) -> tuple[int, str]:
        """What the laptop itself works out of everything that it holds."""
        digest = 0
        for record in self.held.values():
            text = canonical(record.body)
            digest = moved(digest, record_digest(record.kind, record.id, record.version, text))
        return len(self.held), as_text(digest)

    @property
    def told_digest(self) -> tuple[int, str]:
        scope = self.pages[-1].scope
        assert scope is not None
        return scope.count, scope.digest


def report() -> LaptopReport:
    return LaptopReport(
        now=NOW, app_version="0.1", waiting=0, parked=0, conflicts=0, drafts_unsent=0
    )


def dose(dose_id: str, author: str = "u1", **fields: Any) -> MedicationAdministration:
    given = MedicationAdministration(
        id=dose_id,
        patient_id="p1",
        request_id="r1",
        request_revision=1,
        day=date(2026, 11, 23),
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=NOW,
        recorded_at=NOW,
        author_id=author,
        device_id="d1",
        sequence=1,
        dose_mg=Decimal("8"),
    )
    return replace(given, **fields)


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


@pytest.fixture
def kari(team: Team) -> Field:
    """A laptop whose user has registered patient p1 and holds everything."""
    laptop = Field(team.laptop("kari"))
    (result,) = laptop.sync(change(patient()))
    assert result.outcome is Outcome.ACCEPTED
    return laptop


def colleague(team: Team, username: str = "ola") -> Field:
    """Another user who follows p1, with everything on the laptop."""
    other = Field(team.laptop(username))
    team.admin.assign(username, "p1", primary=False)
    other.sync()
    return other


def issues(laptop: Field) -> list[dict[str, Any]]:
    return [record.body for name, record in laptop.held.items() if name[0] == "detected_issue"]


# --- one request


def test_what_is_sent_is_answered_and_what_is_new_comes_in_one_exchange(
    team: Team, kari: Field
) -> None:
    ola = colleague(team)
    ola.sync(change(note("n-ola")))
    (result,) = kari.sync(change(note("n-kari")))
    assert result.outcome is Outcome.ACCEPTED
    assert kari.arrived == ["n-ola"]
    assert kari.digest == kari.told_digest


def test_own_work_that_a_result_told_does_not_come_back(kari: Field) -> None:
    request = ExchangeRequest(report=report(), records=[change(note("n1"))])
    (result,) = kari.laptop.service.exchange(request).receipt.results
    (other,) = kari.sync(change(note("n2")), have=[(result.version, result.version)], keep=False)
    assert kari.arrived == []
    assert kari.pages[0].total == 0
    kari.sync(have=[(other.version, other.version)])
    assert kari.arrived == ["n1"]


def test_a_clone_gets_what_its_twin_has_sent(kari: Field) -> None:
    twin = Field(kari.laptop, dict(kari.held), kari.cursor)
    twin.sync(change(note("n-twin")))
    kari.sync()
    assert kari.arrived == ["n-twin"]


@pytest.mark.parametrize("size", [1, 2, 7])
def test_pages_of_any_size_bring_everything_once_and_the_total_comes_first(
    team: Team, kari: Field, size: int
) -> None:
    kari.sync(*(change(note(f"n{number}")) for number in range(9)))
    fresh = Field(team.laptop("kari"))
    fresh.sync(page_records=size)
    assert sorted(fresh.arrived) == sorted(["p1", *(f"n{number}" for number in range(9))])
    assert fresh.digest == fresh.told_digest
    assert [page.total for page in fresh.pages] == [12] + [None] * (len(fresh.pages) - 1)
    assert [page.complete for page in fresh.pages][-2:] == [False, True]


def test_what_is_stored_while_the_pages_drain_is_on_a_later_page(team: Team, kari: Field) -> None:
    kari.sync(*(change(note(f"n{number}")) for number in range(4)))
    fresh = Field(team.laptop("kari"))
    part = PullPart(cursor=None, page_records=2)
    answer = fresh.laptop.service.exchange(ExchangeRequest(report=report(), pull=part))
    first = next(answer.pages)
    version = kari.sync(change(contact()))[0].version
    kari.sync(change(contact(name="Far"), base=version), change(note("n-late")))
    fresh.receipt, fresh.pages = answer.receipt, [first, *answer.pages]
    fresh._keep()
    assert {"n-late", "k1"} <= set(fresh.arrived)
    assert fresh.held["contact", "k1"].body["name"] == "Far"
    assert fresh.digest == fresh.told_digest


def test_a_patient_who_leaves_while_the_pages_drain_is_not_sent_any_further(
    team: Team, kari: Field
) -> None:
    kari.sync(*(change(note(f"n{number}")) for number in range(6)))
    ola = Field(team.laptop("ola"))
    team.admin.assign("ola", "p1", primary=False)
    part = PullPart(cursor=None, page_records=2)
    answer = ola.laptop.service.exchange(ExchangeRequest(report=report(), pull=part))
    first = next(answer.pages)
    team.admin.unassign("ola", "p1")
    rest = list(answer.pages)
    assert [record for page in rest for record in page.records if record.patient_id == "p1"] == []
    ola.receipt, ola.pages = answer.receipt, [first, *rest]
    ola._keep()
    assert ola.digest == ola.told_digest


def test_a_page_holds_no_more_bytes_than_a_message_may(team: Team, kari: Field) -> None:
    long = "a" * 900_000
    kari.sync(*(change(note(f"n{number}", text=long)) for number in range(5)))
    fresh = Field(team.laptop("kari"))
    fresh.sync()
    assert len(fresh.pages) > 1
    assert fresh.digest == fresh.told_digest


def test_patients_asked_for_whole_come_from_their_first_record(team: Team, kari: Field) -> None:
    kari.sync(change(note("n1")), change(patient("p2")), change(note("n2", "p2")))
    kari.sync()
    kari.sync(change(note("n3")), whole=["p1", "p-stranger"], page_records=2)
    assert sorted(kari.arrived) == ["n1", "n3", "p1"]
    assert [whole for page in kari.pages for whole in page.whole] == ["p1"]
    assert kari.digest == kari.told_digest


def test_a_role_that_changes_reaches_every_laptop(team: Team, kari: Field) -> None:
    from fieldapp.domain.patients import Role

    team.add_user("ola")
    kari.sync()
    team.admin.set_role("ola", Role.PRESCRIBER)
    kari.sync()
    (record,) = kari.pages[0].records
    assert (record.kind, record.body["role"]) == ("practitioner", "prescriber")


def test_three_times_stand_beside_every_event(team: Team, kari: Field) -> None:
    sent = change(note()).model_copy(update={"offset_ms": -1500})
    team.clock.advance(timedelta(minutes=5))
    colleague(team).sync(sent)
    kari.sync()
    record = kari.held["note", "n1"]
    assert record.received_at == NOW + timedelta(minutes=5)
    assert record.offset_ms == -1500
    assert record.body["signed_at"] == to_body(note())["signed_at"]


@pytest.mark.parametrize("storage", ["postgres"], indirect=True)
def test_a_pull_waits_for_nobody_who_is_storing(team: Team, kari: Field) -> None:
    """The embedded database has one writer anyway."""
    with team.storage.write() as transaction, ThreadPoolExecutor(1) as pool:
        transaction.records.take_turn()
        pool.submit(kari.sync).result(20)
    assert kari.pages[-1].complete


# --- what the server owns, doses, forks


def test_a_change_of_what_the_server_owns_is_kept_as_a_proposal(team: Team, kari: Field) -> None:
    kari.sync()
    (held,) = [record for record in kari.held.values() if record.kind == "assignment"]
    wanted = Assignment(held.id, "p1", held.body["practitioner_id"], primary=False)
    sent = change(wanted, base=held.version)
    (result,) = kari.sync(sent)
    assert (result.outcome, result.reason) == (Outcome.MERGED, "kept_as_proposal")
    assert (result.server_version, result.server_body) == (held.version, held.body)
    (proposal,) = [record for record in kari.held.values() if record.kind == "proposal"]
    assert proposal.body["target_id"] == held.id
    assert proposal.body["values"] == {"primary": False}
    assert kari.sync(sent)[0].outcome is Outcome.REPEATED
    assert len([name for name in kari.held if name[0] == "proposal"]) == 1


def test_two_doses_in_one_slot_raise_one_safety_item_and_a_third_is_added(
    team: Team, kari: Field
) -> None:
    ola = colleague(team)
    kari.sync(change(dose("m1", "kari")))
    assert issues(kari) == []
    ola.sync(change(dose("m2", "ola")), change(dose("m9", "ola", part=Part.EVENING)))
    (issue,) = issues(ola)
    assert (issue["code"], issue["status"]) == ("double_handout", "open")
    assert issue["evidence"] == ["m1", "m2"]
    assert issue["involved"][:2] == ["kari", "ola"]
    kari.sync(change(dose("m3", "per")), change(dose("m1", "kari")))
    (grown,) = issues(kari)
    assert grown["id"] == issue["id"]
    assert sorted(grown["evidence"]) == ["m1", "m2", "m3"]
    kari.sync(change(dose("m3", "per")))
    assert "detected_issue" not in [record.kind for page in kari.pages for record in page.records]


@pytest.mark.parametrize("at_once", [True, False])
def test_only_a_dose_that_was_taken_back_at_once_does_not_count(
    team: Team, kari: Field, at_once: bool
) -> None:
    """Later, or by others, the slot stays closed until the office has opened it."""
    back = dose(
        "m-back",
        status=HandoutStatus.ENTERED_IN_ERROR,
        reverses="m1",
        reason_text="Feil pasient",
        reopens=at_once,
    )
    kari.sync(change(dose("m1")), change(back))
    kari.sync(change(dose("m2")))
    assert len(issues(kari)) == (0 if at_once else 1)


def test_a_laptop_that_was_cloned_is_told_apart_and_both_works_are_kept(
    team: Team, kari: Field
) -> None:
    twin = Field(kari.laptop, dict(kari.held), kari.cursor, _sequence=kari._sequence)
    kari.sync(change(note("n1")))
    assert kari.receipt is not None
    assert not kari.receipt.forked
    (result,) = twin.sync(change(note("n-twin")))
    assert result.outcome is Outcome.ACCEPTED
    assert twin.receipt is not None
    assert twin.receipt.forked
    assert {("note", "n1"), ("note", "n-twin")} <= set(twin.held)


def test_a_change_sent_again_from_the_same_place_is_no_fork(kari: Field) -> None:
    sent = change(note()).model_copy(update={"sequence": 77})
    kari.sync_as_numbered(sent, keep=False)
    kari.sync_as_numbered(sent)
    assert kari.receipt is not None
    assert not kari.receipt.forked


def test_what_was_not_stored_is_kept_for_the_office_until_its_laptop_delivers(
    team: Team, kari: Field
) -> None:
    device_id = kari.laptop.enrolled.device_id
    version = kari.sync(change(flag()))[0].version
    colleague(team).sync(change(flag(text="Annet"), base=version))
    clash = change(flag(text="Mitt"), base=version)
    (result,) = kari.sync(clash)
    assert result.outcome is Outcome.CONFLICT
    kari.sync(clash)
    with team.storage.read() as transaction:
        (parked,) = transaction.parked.open(10)
    assert (parked.change_id, parked.device_id) == (clash.change_id, device_id)
    assert parked.body == clash.body
    assert result.server_version is not None
    kari.sync(change(flag(text="Mitt"), base=result.server_version))
    with team.storage.read() as transaction:
        assert transaction.parked.open(10) == []


# --- digests


def test_digests_and_holdings_name_what_the_user_should_hold_and_nothing_else(
    team: Team, kari: Field
) -> None:
    Field(team.laptop("ola")).sync(change(patient("p2")))
    kari.sync(change(note("n1")), change(contact()))
    kari.sync(change(contact(name="Far"), base=kari.held["contact", "k1"].version))
    answer: DigestsAnswer = kari.laptop.service.digests()
    counts = {digest.patient_id: digest.count for digest in answer.digests}
    assert counts == {None: 2, "p1": 4}
    request = HoldingsRequest(patient_ids=[None, "p1", "p2"])
    holdings = kari.laptop.service.holdings(request).holdings
    assert {(one.kind, one.id): one.version for one in holdings} == {
        name: record.version for name, record in kari.held.items()
    }
    for one in holdings:
        text = canonical(kari.held[one.kind, one.id].body)
        assert one.digest == as_text(record_digest(one.kind, one.id, one.version, text))


# --- epochs: a server that was set back to a backup


def set_back(team: Team, to_seq: int) -> None:
    """Leave of the database what an older backup would hold: everything up to `to_seq`."""
    with team.storage.write() as transaction:
        run = transaction._db.run
        before = transaction.records.mark_at(to_seq)
        patients = {record.patient_id for record in transaction.records.of_patient("p1")}
        assert patients == {"p1"}
        run("DELETE FROM applied_change WHERE seq > ?", (to_seq,))
        lost = transaction._db.rows(
            "SELECT kind, id, body FROM record WHERE seq > ? AND immutable = 0", (to_seq,)
        )
        assert lost == [], "only events may be lost in these tests"
        for trigger in ("record_event_is_kept",):
            drop_trigger(team, run, trigger)
        run("DELETE FROM record WHERE seq > ?", (to_seq,))
        run("DELETE FROM commit_mark WHERE seq > ?", (to_seq,))
        run("UPDATE counter SET value = ?, mark = ? WHERE name = 'commit'", (to_seq, before))
        run("DELETE FROM patient_digest")
        from sync.server.storage.backfill import sums_of

        transaction._db.insert_many(
            "patient_digest", ("patient_id", "count", "digest"), sums_of(transaction._db)
        )


def drop_trigger(team: Team, run: Any, name: str) -> None:
    on = " ON record" if team.storage._database.dialect == "postgres" else ""
    run(f"DROP TRIGGER IF EXISTS {name}{on}")


def test_a_restored_server_notices_by_itself_and_laptops_begin_anew(
    team: Team, kari: Field
) -> None:
    kari.sync()
    backup = int((kari.cursor or "").split(".")[1])
    kari.sync(change(note("n-lost")))
    kari.sync()
    assert kari.receipt is not None
    assert kari.receipt.epoch == 0
    lost_version = kari.held["note", "n-lost"].version
    set_back(team, backup)
    kari.sync()
    assert (kari.receipt.epoch, kari.diverged) == (1, 1)
    assert ("note", "n-lost") not in kari.held
    early = kari.seen or kari.cursor or ""
    (result,) = kari.sync(change(note("n-lost")))
    assert result.outcome is Outcome.ACCEPTED
    assert result.version > lost_version
    assert (kari.receipt.epoch, kari.diverged) == (1, 1)
    assert kari.digest == kari.told_digest
    request = HoldingsRequest(patient_ids=["p1"], trail=["0.999.999.0123456789abcdef", early])
    holdings = kari.laptop.service.holdings(request).holdings
    assert {one.id: one.changed for one in holdings}["n-lost"] is True
    assert {one.id: one.changed for one in holdings}["p1"] is False


def test_a_restored_server_notices_also_when_its_numbers_have_caught_up(
    team: Team, kari: Field
) -> None:
    ola = colleague(team)
    kari.sync()
    backup = int((kari.cursor or "").split(".")[1])
    ola.cursor = kari.cursor
    kari.sync(change(note("n-lost")))
    set_back(team, backup)
    ola.sync(*(change(note(f"n-new{number}")) for number in range(3)))
    assert ola.receipt is not None
    assert ola.receipt.epoch == 0
    kari.sync()
    assert kari.receipt is not None
    assert (kari.receipt.epoch, kari.diverged) == (1, 1)
    assert {f"n-new{number}" for number in range(3)} <= set(kari.arrived)


def test_a_laptop_whose_pages_were_cut_still_shows_the_restore_by_the_commit_it_was_told(
    team: Team, kari: Field
) -> None:
    kari.sync()
    early = kari.cursor
    backup = int((early or "").split(".")[1])
    kari.sync(change(note("n-lost")))
    kari.cursor = early  # the receipt came, the pages did not
    assert int(kari.seen.split(".")[1]) > backup
    set_back(team, backup)
    kari.sync(change(note("n-next")))
    assert kari.receipt is not None
    assert (kari.receipt.epoch, kari.diverged) == (1, 1)
    assert [result.outcome for result in kari.receipt.results] == [Outcome.ACCEPTED]


def test_many_laptops_that_come_to_a_restored_server_begin_one_epoch(
    team: Team, kari: Field
) -> None:
    kari.sync()
    backup = int((kari.cursor or "").split(".")[1])
    kari.sync(change(note("n-lost")))
    many = [Field(kari.laptop, dict(kari.held), kari.cursor) for _ in range(6)]
    set_back(team, backup)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda laptop: laptop.sync(), many))
    assert {laptop.receipt.epoch for laptop in many if laptop.receipt} == {1}
    assert [laptop.diverged for laptop in many] == [1] * 6
    assert all(laptop.digest == laptop.told_digest for laptop in many)


@pytest.mark.parametrize("storage", ["postgres"], indirect=True)
def test_of_two_laptops_that_find_the_restore_at_once_the_second_begins_no_epoch(
    team: Team, kari: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedded database has one writer anyway: nobody comes between its look and its turn."""
    kari.sync()
    backup = int((kari.cursor or "").split(".")[1])
    kari.sync(change(note("n-lost")))
    set_back(team, backup)
    twin = Field(kari.laptop, dict(kari.held), kari.cursor)
    own_turn = RecordRepository.take_turn
    first = iter([twin])

    def after_the_twin(records: RecordRepository) -> None:
        for other in first:
            other.sync()
        own_turn(records)

    monkeypatch.setattr(RecordRepository, "take_turn", after_the_twin)
    kari.sync()
    with team.storage.read() as transaction:
        state = transaction.records.state()
    assert state.epoch == 1
    assert state.newest < 2_000_000, "the numbers were moved on twice"


def test_a_cursor_of_before_the_restore_that_still_stands_is_good(team: Team, kari: Field) -> None:
    kari.sync()
    early = kari.cursor
    backup = int((early or "").split(".")[1])
    kari.sync(change(note("n-lost")))
    set_back(team, backup)
    kari.sync()
    old = Field(kari.laptop, cursor=early)
    old.sync()
    assert old.receipt is not None
    assert (old.receipt.epoch, old.receipt.fresh) == (1, False)
    assert old.arrived == []


@pytest.mark.parametrize("cursor", ["nonsense", "0.1.1", "0.999999999999999.1.ab", "99999.1.1.cd"])
def test_a_cursor_that_was_made_up_begins_no_epoch(kari: Field, cursor: str) -> None:
    kari.cursor = cursor
    kari.sync()
    assert kari.receipt is not None
    assert (kari.receipt.fresh, kari.receipt.epoch) == (True, 0)


def test_a_cursor_older_than_what_is_kept_begins_anew_without_an_epoch(
    team: Team, kari: Field
) -> None:
    early = kari.cursor
    kari.sync(change(note("n1")))
    with team.storage.write() as transaction:
        transaction.records.forget_before(transaction.records.newest_seq())
    kari.sync()
    assert kari.receipt is not None
    assert not kari.receipt.fresh
    kari.cursor = early
    kari.sync()
    assert (kari.receipt.fresh, kari.receipt.epoch) == (True, 0)
    assert kari.digest == kari.told_digest


def test_a_cursor_of_protocol_1_goes_on_where_it_stood(team: Team, kari: Field) -> None:
    answer = kari.laptop.pull()
    assert answer.complete
    kari.cursor = answer.cursor
    colleague(team).sync(change(note("n1")))
    kari.sync()
    assert kari.receipt is not None
    assert not kari.receipt.fresh
    assert kari.arrived == ["n1"]


# --- limits


def test_a_full_disk_is_told_by_name_and_nothing_half_stored(team: Team, kari: Field) -> None:
    fill_the_disk(team.storage)
    with pytest.raises(ServerFullError):
        kari.sync(*(change(note(f"n{number}", text="a" * 20_000)) for number in range(60)))
    make_room(team.storage)
    kari.sync()
    assert kari.arrived == []
    assert kari.digest == kari.told_digest
    assert kari.sync(change(note("n-after")))[0].outcome is Outcome.ACCEPTED
    assert kari.digest == kari.told_digest


def test_requests_of_one_moment_share_a_transaction_and_one_bad_one_spoils_no_other(
    team: Team, kari: Field
) -> None:
    laptops = [Field(team.laptop("kari")) for _ in range(8)]

    def send(number: int) -> list[PushResult]:
        bad = change(note(f"bad{number}"), change_id=f"c{number}\x00")
        return laptops[number].sync(change(note(f"good{number}")), bad, change(note(f"g{number}")))

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(send, range(8)))
    assert all(found[0].outcome is found[2].outcome is Outcome.ACCEPTED for found in results)
    kari.sync()
    assert {f"good{number}" for number in range(8)} <= set(kari.arrived)
    assert kari.digest == kari.told_digest


def test_a_page_is_never_larger_than_the_server_allows(storage: Storage) -> None:
    team = Team(storage, Settings(exchange_page_limit=2))
    laptop = Field(team.laptop("kari"))
    laptop.sync(change(patient()), change(note("n1")), page_records=1000)
    assert max(len(page.records) for page in laptop.pages) == 2


def test_unknown_kinds_and_fields_survive_an_exchange_word_for_word(
    team: Team, kari: Field
) -> None:
    body = {"id": "x1", "deep": {"å": [1, 2.5, None, True, "😀"]}, "order": "kept"}
    unknown = PushRecord(
        change_id=new_id(),
        kind="kind_of_tomorrow",
        id="x1",
        patient_id="p1",
        base_version=0,
        sequence=1,
        body=body,
    )
    colleague(team).sync(unknown, change(note("n1"), later={"felt": ["æ", 3]}))
    kari.sync()
    assert kari.held["kind_of_tomorrow", "x1"].body == body
    assert kari.held["note", "n1"].body["later"] == {"felt": ["æ", 3]}
