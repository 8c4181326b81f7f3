"""Every path of the server × every role × one's own, another's and no patient.

The paths are read from the application itself: a new one without a row here fails. Contents of a
patient are a note with a mark; wherever the mark turns up, the contents got out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import pytest

from fieldapp.domain.access_log import AccessReason
from fieldapp.domain.medication import HandoutStatus, MedicationAdministration, Part
from fieldapp.domain.patients import Patient, Role
from fieldapp.domain.visits import Encounter, EncounterStatus, VisitKind
from fieldapp.security import codes
from fieldapp.security.kdf import KdfParams
from sync.protocol.access import FindPatientRequest, OpenPatientRequest
from sync.protocol.claims import ClaimName, ClaimsRequest
from sync.protocol.codec import encode
from sync.protocol.errors import SyncError
from sync.protocol.messages import (
    ConfirmRequest,
    ErrorAnswer,
    ExchangeRequest,
    HoldingsRequest,
    LaptopReport,
    Outcome,
    PullPart,
    PullRequest,
    PushRecord,
    PushRequest,
    RecordName,
)
from sync.protocol.office import CALLS, NOT_ASSIGNED, WITHOUT_RIGHT, NoDetails
from sync.protocol.own import SetWitnessCodeRequest
from sync.server import assignments
from sync.server.storage.storage import Storage
from tests.sync.server.desk import draft, exchange
from tests.sync.server.running import Running
from tests.sync.server.team import NOW, change, contact, flag, note, patient
from tests.sync.server.test_office_rights import ALLOWED, REQUESTS

EVERYBODY: Final = frozenset(Role)
GIVERS: Final = frozenset(
    {
        Role.CASE_MANAGER,
        Role.LAR_STAFF,
        Role.SPECIALIST,
        Role.TEAM_LEADER,
        Role.PRESCRIBER,
    }
)
WRITERS: Final = GIVERS | {Role.PEER}
READERS: Final = WRITERS | {Role.SECRETARY}
WITNESSES: Final = WRITERS | {Role.WITNESS}

OWN, OTHERS, NONE = "own", "others", "none"
CASES: Final = (OWN, OTHERS, NONE)
MARK: Final = "KVITRAGG"
"""Stands in every note, followed by the patient's id."""

Asked = Callable[[Running, str, str], str]


@dataclass(frozen=True)
class Row:
    """Who is not refused; `shows`: who reads the contents of their own patient in the answer.

    Nobody reads another's. `ask` is given a token and a patient id, and returns the answer as text;
    what the server refuses it raises.
    """

    ask: Asked
    allowed: frozenset[Role] = EVERYBODY
    shows: frozenset[Role] = frozenset()


# --- how each path is asked


def _office(name: str) -> Callable[[str], Any]:
    return lambda one: _about(REQUESTS.get(name, NoDetails()), one)


def _exchange(running: Running, token: str, patient_id: str) -> str:
    request = ExchangeRequest(
        report=LaptopReport(
            now=NOW, app_version="1", waiting=0, parked=0, conflicts=0, drafts_unsent=0
        ),
        pull=PullPart(cursor=None, page_records=500, whole=[patient_id]),
    )
    with running.service(token) as laptop:
        answer = laptop.exchange(request)
        return repr((answer.receipt, list(answer.pages)))


def _post(path: str, message: Callable[[str], Any]) -> Asked:
    def ask(running: Running, token: str, patient_id: str) -> str:
        content, _ = encode(message(patient_id), compress=False)
        headers = {"Authorization": f"Bearer {token}"}
        answer = running.client.post(path, content=content, headers=headers)
        assert answer.status_code < 500, (path, answer.status_code)
        if answer.status_code != 200:
            raise _Refused(ErrorAnswer.model_validate_json(answer.content).code)
        return answer.text

    return ask


class _Refused(Exception):
    """The argument is the error's code."""


def _digests(running: Running, token: str, patient_id: str) -> str:
    with running.service(token) as laptop:
        return repr(laptop.digests())


def _holdings(running: Running, token: str, patient_id: str) -> str:
    with running.service(token) as laptop:
        return repr(laptop.holdings(HoldingsRequest(patient_ids=[patient_id])))


def _code(patient_id: str) -> SetWitnessCodeRequest:
    verifier = codes.make_verifier("271828", patient_id, KdfParams())
    return SetWitnessCodeRequest(verifier=verifier)


_numbers = itertools.count()


def _open(patient_id: str) -> OpenPatientRequest:
    return OpenPatientRequest(
        id=f"opening-{next(_numbers)}",
        patient_id=patient_id,
        reason=AccessReason.BTG,
        words="Ringte og ba om hjelp",
    )


ROWS: Final[dict[str, Row]] = {
    "POST /v2/exchange": Row(_exchange, shows=READERS),
    "POST /v1/pull": Row(
        _post("/v1/pull", lambda _: PullRequest(cursor=None, limit=200)), shows=READERS
    ),
    "POST /v1/push": Row(_post("/v1/push", lambda _: PushRequest(records=[]))),
    "POST /v1/confirm": Row(
        _post(
            "/v1/confirm",
            lambda one: ConfirmRequest(records=[RecordName(kind="note", id=f"n-{one}")]),
        )
    ),
    "POST /v2/claims": Row(
        _post(
            "/v2/claims",
            lambda one: ClaimsRequest(
                now=NOW, wanted=[ClaimName(patient_id=one, group="opioid", unit="2026-11-24")]
            ),
        )
    ),
    "GET /v2/digests": Row(_digests),
    "POST /v2/holdings": Row(_holdings),
    "POST /v2/own/witness_code": Row(_post("/v2/own/witness_code", _code), WITNESSES),
    "POST /v2/access/find": Row(
        _post("/v2/access/find", lambda _: FindPatientRequest(national_id="01010112345")), GIVERS
    ),
    "POST /v2/access/open": Row(_post("/v2/access/open", _open), GIVERS),
    **{
        f"POST /v2/office/{name}": Row(
            _post(
                f"/v2/office/{name}",
                _office(name),
            ),
            frozenset(ALLOWED[name]),
        )
        for name in CALLS
        if name in ALLOWED
    },
}

WITHOUT_LOGIN: Final[dict[str, str]] = {
    "GET /healthz": "says that the process runs",
    "GET /readyz": "says that the process runs",
    "GET /metrics": "counts; has a token of its own",
    "GET /v1/hello": "says who the server is",
    "GET /v2/ca": "the organisation's own certificate",
    "POST /v1/enrol": "asks for a one-time code and a password",
    "POST /v1/login": "asks for a password and the laptop's key",
    "POST /v2/token": "gives the owner of a log-in the next short token; no contents",
    "GET /v2/standing/{device_id}": "answers a signed order, the same for every asker",
    "POST /v2/standing/{device_id}/delivery": "takes in what is signed by the laptop's key",
    "POST /v2/standing/{device_id}/obeyed": "takes in what is signed by the laptop's key",
    "POST /v2/deliver": "takes in what is signed by the laptop's key",
}
"""Paths that ask for no role, and why not. They must show no contents to anybody."""

HOW: Final = (
    "{0} has no row. In tests/sync/server/test_role_matrix.py give it a Row in ROWS (who is not"
    " refused, who reads contents), or name it in WITHOUT_LOGIN with the reason. A call of the"
    " office gets its row in ALLOWED and REQUESTS of test_office_rights.py."
)


def _about(request: Any, patient_id: str) -> Any:
    named = "patient_id" in type(request).model_fields
    return request.model_copy(update={"patient_id": patient_id}) if named else request


def _paths(routes: Iterable[Any]) -> Iterator[str]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _paths(inner.routes)
        else:
            yield from (f"{method} {route.path}" for method in route.methods if method != "HEAD")


# --- the stage


class Stage:
    """A server with somebody of every role, each with a patient of their own, and one of nobody."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.team = running.team
        self.author = self.team.laptop("forfatter")
        self.tokens: dict[Role, str] = {}
        self.users: dict[Role, str] = {}
        self._write("p-others")
        for role in Role:
            self.users[role] = self.team.add_user(role.value, role)
            self.tokens[role] = self.team.enrol(role.value).token
            self._write(self.patient(role, OWN))

    def patient(self, role: Role, case: str) -> str:
        return {OWN: f"p-{role.value}", OTHERS: "p-others", NONE: "p-nobody"}[case]

    def assign_own(self) -> None:
        """Everybody follows their own patient, also who never should."""
        with self.team.storage.write() as transaction:
            for role, user_id in self.users.items():
                for patient_id in transaction.scope.standing(user_id):
                    self._unassign(transaction, user_id, patient_id)
                assignments.assign(
                    transaction,
                    user_id=user_id,
                    patient_id=self.patient(role, OWN),
                    primary=False,
                    now=NOW,
                    new_id=self.team.world.new_id,
                )

    def _unassign(self, transaction: Any, user_id: str, patient_id: str) -> None:
        assignments.unassign(transaction, user_id=user_id, patient_id=patient_id, now=NOW)

    def _write(self, patient_id: str) -> None:
        text = f"{MARK}-{patient_id}."
        unfinished = draft(f"d-{patient_id}", f"{text} uferdig", patient_id)
        exchange(
            self.team,
            self.author,
            change(patient(patient_id)),
            change(note(f"n-{patient_id}", patient_id, text)),
            drafts=(unfinished,),
        )


@pytest.fixture
def stage(embedded: Storage) -> Iterator[Stage]:
    running = Running(embedded)
    yield Stage(running)
    running.stop()


def _answer(row: Row, stage: Stage, role: Role, case: str) -> tuple[str, str]:
    """Return the error's code ("" for none) and the answer as text."""
    try:
        return "", row.ask(stage.running, stage.tokens[role], stage.patient(role, case))
    except SyncError as error:
        return error.code, ""
    except _Refused as error:
        return str(error), ""


# --- the matrix


def test_every_path_of_the_server_has_a_row(embedded: Storage) -> None:
    running = Running(embedded)
    running.stop()
    found = set(_paths(running.app.routes))
    known = set(ROWS) | set(WITHOUT_LOGIN)
    assert [HOW.format(path) for path in sorted(found - known)] == []
    # The path of the certificate is there where the server speaks TLS itself.
    assert set(ROWS) <= found
    assert len(found) > 50


def test_every_path_every_role_and_every_patient(stage: Stage) -> None:
    wrong: list[str] = []
    for path, row in ROWS.items():
        stage.assign_own()
        for role, case in itertools.product(Role, CASES):
            code, text = _answer(row, stage, role, case)
            where = f"{path} {role.value} {case}"
            if (code == "not_allowed") == (role in row.allowed):
                wrong.append(f"{where}: {code or 'answered'}")
            if f"{MARK}-p-others." in text:
                wrong.append(f"{where}: shows another's patient")
            shown = f"{MARK}-{stage.patient(role, OWN)}." in text
            if shown != (role in row.shows):
                wrong.append(f"{where}: own contents {'shown' if shown else 'missing'}")
            if path == "POST /v2/access/open" and not code:
                stage.assign_own()  # what was opened is not to be read by the next
    assert wrong == []


def test_paths_without_a_login_show_nobodys_contents(stage: Stage) -> None:
    for path in WITHOUT_LOGIN:
        method, _, where = path.partition(" ")
        for patient_id in ("p-others", "p-nobody"):
            address = where.replace("{device_id}", patient_id)
            body = None if method == "GET" else b"{}"
            answer = stage.running.client.request(method, address, content=body)
            assert answer.status_code < 500, path
            assert MARK not in answer.text


# --- what an exchange brings, kind by kind


def _handout(record_id: str, patient_id: str, **changes: Any) -> MedicationAdministration:
    given = MedicationAdministration(
        id=record_id,
        patient_id=patient_id,
        request_id="o1",
        request_revision=1,
        day=NOW.date(),
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=NOW,
        recorded_at=NOW,
        author_id="u1",
        device_id="d1",
        sequence=1,
        dose_mg=Decimal(10),
    )
    return replace(given, **changes)


def _encounter(record_id: str, patient_id: str) -> Encounter:
    return Encounter(
        id=record_id,
        patient_id=patient_id,
        author_id="u1",
        kind=VisitKind.HOME,
        status=EncounterStatus.FINISHED,
        started_at=NOW,
        ended_at=NOW,
    )


@dataclass(frozen=True)
class Sent:
    """A record of a kind, who may write it, and whether it tells of what has happened."""

    make: Callable[[str, str], Any]
    writers: frozenset[Role]
    happened: bool


SENT: Final[dict[str, Sent]] = {
    "note": Sent(lambda one, patient_id: note(one, patient_id), WRITERS, happened=True),
    "encounter": Sent(_encounter, WRITERS, happened=True),
    "handout": Sent(_handout, GIVERS, happened=True),
    "handout of the past": Sent(
        lambda one, patient_id: _handout(one, patient_id, retrospective=True),
        WRITERS,
        happened=True,
    ),
    "flag": Sent(lambda one, patient_id: flag(one, patient_id), WRITERS, happened=False),
    "contact": Sent(lambda one, patient_id: contact(one, patient_id), READERS, happened=False),
}


@pytest.mark.parametrize("name", SENT)
def test_what_has_happened_is_stored_from_every_role_and_marked(stage: Stage, name: str) -> None:
    sent = SENT[name]
    for role, case in itertools.product(Role, (OWN, OTHERS)):
        stage.assign_own()
        record_id = f"{name}-{role.value}-{case}"
        record = change(sent.make(record_id, stage.patient(role, case)))
        result, flags = _pushed(stage, role, record)
        where = (name, role.value, case)
        right = role in sent.writers
        # Who reads no patients follows none either, whatever was assigned to them before.
        follows = case == OWN and role in READERS
        if sent.happened:
            marks = {NOT_ASSIGNED} if not follows else set()
            marks |= set() if right else {WITHOUT_RIGHT}
            assert (result.outcome, flags) == (Outcome.ACCEPTED, marks), where
        elif case == OTHERS:
            assert (result.outcome, result.reason) == (Outcome.REFUSED, NOT_ASSIGNED), where
        elif right:
            assert result.outcome is Outcome.ACCEPTED, where
        else:
            assert (result.outcome, result.reason) == (Outcome.REFUSED, WITHOUT_RIGHT), where
            with stage.team.storage.read() as transaction:
                waiting = {one.id for one in transaction.parked.open(500)}
            assert record_id in waiting, where


def _pushed(stage: Stage, role: Role, record: PushRecord) -> tuple[Any, set[str]]:
    report = LaptopReport(
        now=NOW, app_version="1", waiting=1, parked=0, conflicts=0, drafts_unsent=0
    )
    with stage.running.service(stage.tokens[role]) as laptop:
        number = next(_numbers) + 1
        sent = record.model_copy(update={"sequence": number})
        answer = laptop.exchange(ExchangeRequest(report=report, records=[sent]))
        list(answer.pages)
    with stage.team.storage.read() as transaction:
        marks = {
            one.reason
            for one, _ in transaction.flagged.newest(2000)
            if one.id == record.id and one.reason in (NOT_ASSIGNED, WITHOUT_RIGHT)
        }
    return answer.receipt.results[0], marks


def test_a_patient_is_registered_by_those_who_keep_the_list(stage: Stage) -> None:
    for role in Role:
        new = Patient(f"new-{role.value}", "Ny", role.value)
        result, _ = _pushed(stage, role, change(new))
        stored = result.outcome is Outcome.ACCEPTED
        assert stored == (role in READERS), role
        assert stored or result.reason == WITHOUT_RIGHT


def test_a_role_that_reads_no_patients_loses_them_at_its_next_exchange(stage: Stage) -> None:
    stage.assign_own()
    role = Role.CASE_MANAGER
    token = stage.tokens[role]
    assert f"{MARK}-p-case_manager." in _exchange(stage.running, token, "p-case_manager")
    stage.team.admin.set_role(role.value, Role.AUDITOR)
    text = _exchange(stage.running, token, "p-case_manager")
    assert MARK not in text
    assert "ended_patients=['p-case_manager']" in text
