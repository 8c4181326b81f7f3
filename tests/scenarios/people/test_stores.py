"""Several people, one laptop, one server: every store is its owner's alone, and so is its place at
the server."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from fieldapp import paths
from fieldapp.domain.codec import to_body
from fieldapp.domain.patients import Patient, Role
from fieldapp.errors import FieldAppError
from fieldapp.security.errors import WrongSecretError
from fieldapp.services import settings
from fieldapp.services.sealed import SendOnlyError, counted
from fieldapp.services.session import Session
from fieldapp.store import audit, inbox, outbox, records, state
from sync.client.deliver import deliver
from sync.client.enrol import login
from sync.protocol.errors import (
    NotAllowedError,
    OfflineError,
    SyncError,
    WrongPasswordError,
)
from tests.helpers.server_process import PASSWORD
from tests.scenarios.people.shared_laptop import (
    PHRASES,
    SharedLaptop,
    knows_patient,
    sign_note,
    sync,
    unsent,
)

MARKER = "Xqmarkørtekst"


@pytest.fixture
def patient(shared: SharedLaptop) -> Patient:
    """A patient of Kari's alone; Ola has a store on the same laptop."""
    shared.add("kari")
    shared.add("ola")
    made = shared.server.office.add_patient()
    shared.server.admin.assign("kari", made.id, primary=True)
    return made


def everything_in(session: Session) -> str:
    """Every value of every table of an open store, as text."""
    connection = session.database.connection
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return "\n".join(
        str(tuple(row))
        for (name,) in tables
        for row in connection.execute(f'SELECT * FROM "{name}"')
    )


def test_two_people_on_one_laptop_share_nothing_but_its_name(
    shared: SharedLaptop, patient: Patient
) -> None:
    kari_door, kari = shared.unlocked("kari")
    assert sync(kari).complete
    sign_note(kari, patient.id, MARKER)
    settings.put(kari, "recent_searches", MARKER)
    kari_door.lock()
    ola_door, ola = shared.unlocked("ola")
    assert sync(ola).complete
    # Their own keys, identity, log and settings.
    assert ola.device_id != kari.device_id
    assert not knows_patient(ola, patient)
    assert settings.get(ola, "recent_searches") == ""
    assert unsent(ola) == 0
    dump = everything_in(ola)
    assert ola.device_id in dump
    assert MARKER not in dump
    assert kari.device_id not in dump
    ola_door.lock()
    # No file on the laptop tells of it in clear, and every key in the keyring is one store's.
    for path in shared.folder.rglob("*"):
        if path.is_file():
            assert MARKER.encode() not in path.read_bytes(), path.name
    stores = {service.rpartition("/")[2] for service, _ in shared.keyring.entries}
    assert len(stores) == 2
    with shared.server.office.storage.read() as transaction:
        assert set(transaction.accounts.machines().values()) == {paths.machine_id(shared.folder)}
        assert set(transaction.accounts.machines()) == {kari.device_id, ola.device_id}


def test_neither_passphrase_nor_files_nor_keyring_of_one_open_the_other(
    shared: SharedLaptop, patient: Patient
) -> None:
    with pytest.raises(WrongSecretError):
        shared.door("kari").unlock(PHRASES["ola"])
    kari, ola = (paths.user_dir(shared.folder, name) for name in ("kari", "ola"))
    # Ola, who may read every file of this account of the system, puts the own key file over hers.
    kept = (kari / "journal.hvkey").read_bytes()
    for name in ("journal.hvkey", "journal.hvkey.bak"):
        if (ola / name).exists():
            shutil.copy(ola / name, kari / name)
    for phrase in (PHRASES["ola"], PHRASES["kari"]):
        with pytest.raises(FieldAppError):
            shared.door("kari").unlock(phrase)
    (kari / "journal.hvkey").write_bytes(kept)
    (kari / "journal.hvkey.bak").unlink()
    (kari / "journal.hvkey.try").unlink()  # the wait after wrong tries has tests of its own
    door, _ = shared.unlocked("kari")
    door.lock()


def test_what_one_has_unsent_stays_sealed_while_another_works_and_is_sent_by_its_owner(
    shared: SharedLaptop, patient: Patient
) -> None:
    kari_door, kari = shared.unlocked("kari")
    sync(kari)
    note = sign_note(kari, patient.id, MARKER)
    kari_door.lock()
    ola_door, ola = shared.unlocked("ola")
    for _ in range(2):
        assert sync(ola).complete
    assert shared.server.office.version("note", note) == 0
    ola_door.lock()
    kari_door, kari = shared.unlocked("kari")
    assert unsent(kari) == 1
    assert sync(kari).complete
    assert unsent(kari) == 0
    assert shared.server.office.version("note", note) > 0
    kari_door.lock()


def test_two_stores_at_once_are_never_taken_for_one_that_was_copied(
    shared: SharedLaptop, patient: Patient
) -> None:
    shared.server.admin.assign("ola", patient.id, primary=False)
    open_stores = [shared.unlocked(name) for name in ("kari", "ola")]
    for round_number in range(3):
        for _, session in open_stores:
            sign_note(session, patient.id, f"runde {round_number}")
            report = sync(session)
            assert report.complete
            assert not report.forked
    with shared.server.office.storage.read() as transaction:
        devices = transaction.accounts.devices()
        reports = {row.device_id: row for row in transaction.reports.all()}
        heads = {device.id: transaction.access_log.head(device.id) for device in devices}
        assert not any(device.forked or device.log_forked for device in devices)
        assert not transaction.register.broken()
    for _, session in open_stores:
        assert session.device_id in reports
        sequence, head = heads[session.device_id]
        assert sequence > 0
        assert audit.knows(session.database, head)
    assert len({head for _, head in heads.values()}) == 2
    for door, _ in open_stores:
        door.lock()


# --- sending for a colleague


@pytest.fixture
def sealed(shared: SharedLaptop, patient: Patient) -> Session:
    """Kari has three notes unsent, is away, and her log-in is dead. The officer has no store."""
    shared.server.admin.add_user("gro", "Gro Vakt", Role.RECOVERY_OFFICER, PASSWORD)
    door, kari = shared.unlocked("kari")
    sync(kari)
    for number in range(3):
        sign_note(kari, patient.id, f"{MARKER} {number}")
    door.lock()
    shared.server.admin.set_password("kari", "et helt nytt passord")
    return kari


def test_the_recovery_officer_sends_unread_and_the_author_stays_the_author(
    shared: SharedLaptop, patient: Patient, sealed: Session
) -> None:
    door = shared.door("kari")
    store = door.open_for_sending(shared.recovery["kari"])
    assert [(one.kind, one.count) for one in store.contents] == [("note", 3)]
    assert MARKER not in repr(store)
    with pytest.raises(SendOnlyError):
        door.session()
    done = deliver(store.database, store.clock, username="gro", password=PASSWORD)
    assert (done.stored, done.parked, done.left_here) == (3, 0, 0)
    assert done.sender_name == "Gro Vakt"
    assert counted(store).contents == ()
    door.lock()
    with shared.server.office.storage.read() as transaction:
        notes = transaction.records.of_kind("note")
        lines = [line for line in transaction.office.lines() if line.act == "send_for_others"]
        gro = transaction.accounts.user_named("gro")
    assert gro is not None
    assert {note.body["author_id"] for note in notes} == {sealed.user.id}
    assert {note.author_id for note in notes} == {sealed.user.id}
    told = [(line.actor_id, line.device_id, line.subject) for line in lines]
    assert told == [(gro.id, sealed.device_id, sealed.device_id)]
    # Kari comes back, sees in her own log who opened her store, and has nothing to send.
    door, kari = shared.unlocked("kari")
    assert unsent(kari) == 0
    said = [(line.action, line.actor_id) for line in audit.lines(kari.database)]
    assert ("opened_for_sending", "recovery_key") in said
    assert ("sent_for_others", gro.id) in said
    enrolment = state.load_enrolment(kari.database)
    assert enrolment is not None
    renewed = login(enrolment, "et helt nytt passord")
    state.renew_token(kari.database, renewed.token, renewed.token_expires_at)
    report = sync(kari)
    assert (report.complete, report.forked) == (True, False)
    with shared.server.office.storage.read() as transaction:
        actions = {
            row[0]
            for row in transaction._db.rows(
                "SELECT action FROM access_log WHERE device_id = ?", (kari.device_id,)
            )
        }
    assert {"opened_for_sending", "sent_for_others"} <= actions
    door.lock()


@pytest.mark.parametrize(
    ("username", "password", "error"),
    [
        ("gro", "feil passord", WrongPasswordError),
        ("finnes ikke", PASSWORD, WrongPasswordError),
        ("ola", PASSWORD, NotAllowedError),
        ("admin", "feil", WrongPasswordError),
        ("kari", "et helt nytt passord", NotAllowedError),
    ],
)
def test_nobody_without_the_right_sends_for_another_and_nothing_is_lost(
    shared: SharedLaptop,
    sealed: Session,
    username: str,
    password: str,
    error: type[SyncError],
) -> None:
    door = shared.door("kari")
    store = door.open_for_sending(shared.recovery["kari"])
    with pytest.raises(error):
        deliver(store.database, store.clock, username=username, password=password)
    assert outbox.counts(store.database).waiting == 3
    with shared.server.office.storage.read() as transaction:
        assert transaction.records.of_kind("note") == []
    door.lock()


def test_without_a_line_everything_stays_and_may_be_sent_again_once(
    shared: SharedLaptop, sealed: Session
) -> None:
    door = shared.door("kari")
    store = door.open_for_sending(shared.recovery["kari"])
    shared.server.kill()
    with pytest.raises(OfflineError):
        deliver(store.database, store.clock, username="gro", password=PASSWORD)
    assert outbox.counts(store.database).waiting == 3
    door.lock()
    shared.server.start()
    # The port is another one now; a laptop finds its server by its address.
    door = shared.door("kari")
    store = door.open_for_sending(shared.recovery["kari"])
    enrolment = state.load_enrolment(store.database)
    assert enrolment is not None
    state.remember_enrolment(store.database, replace(enrolment, server_url=shared.server.url))
    for _ in range(2):
        deliver(store.database, store.clock, username="gro", password=PASSWORD)
    with shared.server.office.storage.read() as transaction:
        assert len(transaction.records.of_kind("note")) == 3
    door.lock()


def test_a_wrong_key_opens_nothing_and_leaves_the_store_as_it_was(
    shared: SharedLaptop, sealed: Session
) -> None:
    with pytest.raises(WrongSecretError):
        shared.door("kari").open_for_sending(shared.recovery["ola"])
    door, kari = shared.unlocked("kari")
    assert unsent(kari) == 3
    door.lock()


# --- what the server changes takes effect at the next sync


def test_a_new_role_language_and_team_come_with_the_next_sync_and_break_nothing(
    shared: SharedLaptop, patient: Patient
) -> None:
    door, kari = shared.unlocked("kari")
    sync(kari)
    note = sign_note(kari, patient.id, "skrevet som behandler")
    shared.server.admin.change("kari", role=Role.LAR_STAFF, language="nn", team="LAR Tana")
    report = sync(kari)
    assert report.complete
    assert shared.server.office.version("note", note) > 0
    assert any(change.kind == "practitioner" for change in report.changes.changes)
    assert kari.user.role is Role.CASE_MANAGER  # until somebody lets the session follow
    assert kari.follow_user()
    assert (kari.user.role, kari.user.language, kari.user.team) == (
        Role.LAR_STAFF,
        "nn",
        "LAR Tana",
    )
    assert not kari.follow_user()
    assert settings.language(kari) == "nn"
    settings.put(kari, settings.LANGUAGE, "nb")  # the person's own choice afterwards stands
    assert settings.language(kari) == "nb"
    shared.server.admin.change("kari", language="en")
    assert sync(kari).complete
    assert kari.follow_user()
    assert settings.language(kari) == "en"
    door.lock()


def test_a_new_password_ends_the_log_in_and_not_the_work(
    shared: SharedLaptop, patient: Patient
) -> None:
    door, kari = shared.unlocked("kari")
    sync(kari)
    shared.server.admin.set_password("kari", "et helt nytt passord")
    for number in range(5):
        sign_note(kari, patient.id, f"notat {number}")
    report = sync(kari)
    assert (report.complete, report.error_family) == (False, "login_expired")
    assert unsent(kari) == 5
    assert sync(kari).error_family == "login_expired"  # again, without an endless loop
    enrolment = state.load_enrolment(kari.database)
    assert enrolment is not None
    with pytest.raises(WrongPasswordError):
        login(enrolment, PASSWORD)
    renewed = login(enrolment, "et helt nytt passord")
    state.renew_token(kari.database, renewed.token, renewed.token_expires_at, renewed.user)
    assert sync(kari).complete
    assert unsent(kari) == 0
    door.lock()


def test_a_patient_who_is_given_to_another_team_leaves_after_the_work_was_sent(
    shared: SharedLaptop, patient: Patient
) -> None:
    door, kari = shared.unlocked("kari")
    sync(kari)
    note = sign_note(kari, patient.id, "før flyttingen")
    shared.server.admin.change("kari", team="Et annet team")
    shared.server.admin.unassign("kari", patient.id)
    assert sync(kari).complete
    assert shared.server.office.version("note", note) > 0
    assert not knows_patient(kari, patient)
    assert unsent(kari) == 0
    door.lock()


def test_a_body_of_a_practitioner_of_an_older_server_is_read(
    shared: SharedLaptop, patient: Patient
) -> None:
    door, kari = shared.unlocked("kari")
    sync(kari)
    body = to_body(kari.user)
    del body["language"], body["team"]
    body["navnelapp"] = "fra en nyere server"
    shared.server.office.put_body(body, "practitioner", None)
    assert sync(kari).complete
    assert not kari.follow_user()
    # What a newer program wrote survives an act of this one.
    shared.server.admin.change("kari", team="Nytt")
    kept = shared.server.office.body("practitioner", kari.user.id)
    assert kept is not None
    assert (kept["navnelapp"], kept["team"]) == ("fra en nyere server", "Nytt")
    assert inbox.count_unreadable(kari.database) == 0
    assert records.get(kari.database, Patient, patient.id) is not None
    door.lock()
