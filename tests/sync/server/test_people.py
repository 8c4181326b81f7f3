"""Staff: who may add and change whom, and what follows from it at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldapp.domain.codec import from_body
from fieldapp.domain.device_orders import DeviceOrderKind
from fieldapp.domain.handout_events import WitnessCode
from fieldapp.domain.patients import Practitioner, Role
from sync.protocol.errors import BadRequestError, NotAllowedError, NotFoundError_
from sync.protocol.lost import BreachRequest, GiveOrderRequest
from sync.protocol.messages import LoginRequest
from sync.protocol.office import ClosingRequest
from sync.protocol.people import AddPersonRequest, ChangePersonRequest, NewPasswordRequest
from sync.protocol.proofs import make_assertion
from sync.server.__main__ import main
from sync.server.admin import AdminError
from sync.server.own import _put
from sync.server.service import ServerSyncService
from sync.server.storage.storage import Storage
from tests.sync.server.desk import desk, office_log
from tests.sync.server.team import KEY, PASSWORD, PUBLIC_KEY, Laptop, Team

WHY = "Begynner på legemiddelrunden"


@pytest.fixture
def team(storage: Storage) -> Team:
    return Team(storage)


def person(team: Team, user_id: str) -> Practitioner:
    with team.storage.read() as transaction:
        record = transaction.records.get("practitioner", user_id)
    assert record is not None
    return from_body(Practitioner, record.body)


def role_of_account(team: Team, user_id: str) -> str:
    with team.storage.read() as transaction:
        user = transaction.accounts.user(user_id)
    assert user is not None
    return user.role


def test_a_leader_adds_a_person_and_the_password_told_once_is_good(team: Team) -> None:
    leader = desk(team, Role.TEAM_LEADER)
    answer = leader.add_person(
        AddPersonRequest(
            username=" Liv ", name="Liv Berg", role="peer", language="nn", team="FACT", phone="9"
        )
    )
    assert answer.password not in repr(answer)
    made = person(team, answer.user_id)
    assert made == Practitioner(
        answer.user_id, "liv", "Liv Berg", Role.PEER, "9", True, "nn", "FACT"
    )
    with team.storage.read() as transaction:
        user = transaction.accounts.user(answer.user_id)
    assert user is not None
    assert team.world.hasher.verify(answer.password, user.password)
    line = office_log(team)[0]
    assert (line.act, line.subject) == ("add_person", f"{answer.user_id}/peer")
    assert all(answer.password not in str(one) for one in office_log(team))
    row = next(one for one in leader.people().people if one.user_id == answer.user_id)
    assert (row.language, row.team, row.phone) == ("nn", "FACT", "9")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"username": "  "}, "username"),
        ({"name": " "}, "name"),
        ({"username": "KARI"}, "username_taken"),
        ({"role": "overlege"}, "role"),
        ({"role": "recovery_officer"}, "role_not_yours"),
        ({"language": "se"}, "language"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_stored(
    team: Team, change: dict[str, str], code: str
) -> None:
    team.add_user("kari")
    leader = desk(team, Role.TEAM_LEADER)
    before = len(leader.people().people)
    request = AddPersonRequest(username="ny", name="Ny", role="peer").model_copy(update=change)
    with pytest.raises(BadRequestError) as refused:
        leader.add_person(request)
    assert refused.value.args == (code,)
    assert len(leader.people().people) == before


def test_a_role_reaches_the_account_the_record_and_the_witness_code(team: Team) -> None:
    leader = desk(team, Role.TEAM_LEADER)
    kari = team.add_user("kari")
    with team.storage.write() as transaction:
        transaction.records.take_turn()
        code = WitnessCode(kari, "v", team.clock.now())
        _put(transaction, code, team.clock.now())
    leader.change_person(ChangePersonRequest(user_id=kari, role="secretary", reason=WHY))
    assert role_of_account(team, kari) == "secretary"
    assert person(team, kari).role is Role.SECRETARY
    with team.storage.read() as transaction:
        record = transaction.records.get("witness_code", kari)
    assert record is not None
    assert not from_body(WitnessCode, record.body).active  # a secretary witnesses nothing
    line = office_log(team)[0]
    assert (line.subject, line.reason) == (f"{kari}/role/secretary", WHY)


def test_facts_change_without_a_reason_and_a_role_does_not(team: Team) -> None:
    leader = desk(team, Role.TEAM_LEADER)
    kari = team.add_user("kari")
    leader.change_person(ChangePersonRequest(user_id=kari, language="nn", team=" LAR ", phone="1"))
    assert replace(person(team, kari), name="") == Practitioner(
        kari, "kari", "", Role.CASE_MANAGER, "1", True, "nn", "LAR"
    )
    with pytest.raises(BadRequestError, match="reason_missing"):
        leader.change_person(ChangePersonRequest(user_id=kari, role="peer"))
    assert role_of_account(team, kari) == "case_manager"
    with pytest.raises(NotFoundError_):
        leader.change_person(ChangePersonRequest(user_id="nobody", team="x"))


def test_nobody_raises_themselves_or_takes_over_an_account_with_more_rights(team: Team) -> None:
    leader = desk(team, Role.TEAM_LEADER)
    officer = team.add_user("gro", Role.RECOVERY_OFFICER)
    with team.storage.read() as transaction:
        own = transaction.accounts.user_named("team_leader")
    assert own is not None
    tries = (
        ChangePersonRequest(user_id=own.id, role="administrator", reason=WHY),
        ChangePersonRequest(user_id=own.id, role="peer", reason=WHY),
        ChangePersonRequest(user_id=officer, role="peer", reason=WHY),
    )
    codes = []
    for request in tries:
        with pytest.raises(BadRequestError) as refused:
            leader.change_person(request)
        codes.append(refused.value.args[0])
    assert codes == ["role_not_yours", "own_role", "role_not_yours"]
    with pytest.raises(BadRequestError, match="role_not_yours"):
        leader.new_password(NewPasswordRequest(user_id=officer))
    refusals = [line for line in office_log(team) if not line.allowed]
    assert len(refusals) == 3
    chief = desk(team, Role.ADMINISTRATOR)
    assert chief.new_password(NewPasswordRequest(user_id=officer)).password


def test_a_new_password_ends_every_log_in_of_that_person_alone(team: Team) -> None:
    leader = desk(team, Role.TEAM_LEADER)
    kari, ola = team.laptop("kari"), team.laptop("ola")
    with team.storage.read() as transaction:
        user = transaction.accounts.user_named("kari")
    assert user is not None
    answer = leader.new_password(NewPasswordRequest(user_id=user.id))
    with team.storage.read() as transaction:
        tokens = {row[0] for row in transaction._db.rows("SELECT user_id FROM token")}
        changed = transaction.accounts.user(user.id)
    assert user.id not in tokens
    assert ola.enrolled.practitioner["id"] in tokens
    assert changed is not None
    assert team.world.hasher.verify(answer.password, changed.password)
    assert kari.enrolled.device_id


def test_a_closed_account_is_opened_again_for_a_reason_by_who_may_give_its_role(
    team: Team,
) -> None:
    leader = desk(team, Role.TEAM_LEADER)
    kari, gro = team.add_user("kari"), team.add_user("gro", Role.RECOVERY_OFFICER)
    for name in ("kari", "gro"):
        team.admin.set_active(name, False)
    with pytest.raises(BadRequestError, match="reason_missing"):
        leader.change_person(ChangePersonRequest(user_id=kari, reopen=True))
    with pytest.raises(BadRequestError, match="role_not_yours"):
        leader.change_person(ChangePersonRequest(user_id=gro, reopen=True, reason=WHY))
    assert {row.username for row in leader.people().people if not row.active} == {"kari", "gro"}
    leader.change_person(ChangePersonRequest(user_id=kari, reopen=True, reason=WHY))
    assert person(team, kari).active
    line = office_log(team)[0]
    assert (line.subject, line.reason) == (f"{kari}/reopened", WHY)
    assert {row.username for row in leader.people().people if not row.active} == {"gro"}


def test_a_closed_account_gets_no_password(team: Team) -> None:
    chief = desk(team, Role.ADMINISTRATOR)
    kari = team.add_user("kari")
    team.admin.set_active("kari", False)
    with pytest.raises(BadRequestError, match="closed"):
        chief.new_password(NewPasswordRequest(user_id=kari))


def test_who_does_not_manage_people_is_refused_and_that_is_logged(team: Team) -> None:
    secretary = desk(team, Role.SECRETARY)
    with pytest.raises(NotAllowedError):
        secretary.add_person(AddPersonRequest(username="x", name="X", role="peer"))
    assert not office_log(team)[0].allowed


def test_the_terminal_changes_language_and_team_and_names_what_cannot_be(team: Team) -> None:
    team.add_user("kari")
    team.admin.change("kari", language="nn", team="LAR")
    with pytest.raises(AdminError, match="nb, nn and en"):
        team.admin.change("kari", language="se")
    with pytest.raises(AdminError, match="no user named"):
        team.admin.change("ingen", team="LAR")
    (found,) = [one for user, one, _ in team.admin.users() if user.username == "kari"]
    assert (found.language, found.team) == ("nn", "LAR")


def test_person_at_the_terminal_adds_changes_and_lists(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(tmp_path_factory.mktemp("server") / "data")]
    assert main([*where, "--init"]) == 0
    add = ["person", "add", "liv", "--name", "Liv Berg", "--role", "peer", "--team", "FACT"]
    assert main([*where, *add]) == 0
    assert main([*where, "person", "language", "liv", "nn"]) == 0
    assert main([*where, "person", "team", "liv", "LAR Tana"]) == 0
    assert main([*where, "person", "role", "liv", "--role", "lar_staff"]) == 0
    capsys.readouterr()
    assert main([*where, "person", "list"]) == 0
    assert "liv\tLiv Berg\tlar_staff\t0\tnn\tLAR Tana" in capsys.readouterr().out


def test_the_office_sees_which_stores_lie_on_one_laptop(team: Team) -> None:
    chief = desk(team, Role.ADMINISTRATOR)
    kari, ola = team.laptop("kari"), team.laptop("ola")
    with team.storage.write() as transaction:
        for laptop in (kari, ola):
            transaction.accounts.set_machine(laptop.enrolled.device_id, "m" * 32)
    machines = {row.username: row.machine_id for row in chief.overview().rows}
    assert machines["kari"] == machines["ola"] == "m" * 32
    assert machines["administrator"] == ""


def test_a_store_tells_its_laptop_at_the_next_log_in_and_all_on_a_lost_one_get_the_order(
    team: Team,
) -> None:
    chief = desk(team, Role.ADMINISTRATOR)
    kari, ola = team.laptop("kari"), team.laptop("ola")
    elsewhere = team.laptop("per")
    ids = [laptop.enrolled.device_id for laptop in (kari, ola, elsewhere)]
    for laptop, machine in ((kari, "m" * 32), (ola, "m" * 32), (elsewhere, "x" * 32)):
        login(team, laptop, machine)
    login(team, ola, "")  # an older program tells nothing, and takes nothing back
    answer = chief.closing(ClosingRequest(device_id=ids[0]))
    assert [row.username for row in answer.same_machine] == ["ola"]
    with pytest.raises(BadRequestError, match="other_machine"):
        chief.give_order(lost(ids[0], ids[2]))
    with team.storage.read() as transaction:
        assert all(transaction.device_orders.standing(one) is None for one in ids)

    chief.give_order(lost(ids[0], ids[1]))

    with team.storage.read() as transaction:
        given = [transaction.device_orders.standing(one) for one in ids]
    assert [one.order.kind if one else None for one in given] == [
        DeviceOrderKind.LOST,
        DeviceOrderKind.LOST,
        None,
    ]
    report = chief.breach_report(BreachRequest(device_id=ids[0], reason="Mistet på toget"))
    assert [one.username for one in report.others] == ["ola"]
    assert report.others[0].others == []
    assert chief.closing(ClosingRequest(device_id=ids[0])).same_machine == []


def login(team: Team, laptop: Laptop, machine_id: str) -> None:
    """As an upgraded program does whose store was enrolled without the laptop's name."""
    known = laptop.enrolled
    word = make_assertion(KEY, known.device_id, "server-1", team.clock.now())
    request = LoginRequest(
        device_id=known.device_id,
        device_secret=known.device_secret,
        username=str(known.practitioner["username"]),
        password=PASSWORD,
        device_key=PUBLIC_KEY,
        assertion=word,
        machine_id=machine_id,
    )
    ServerSyncService(team.world).login(request, PUBLIC_KEY)


def lost(device_id: str, *others: str) -> GiveOrderRequest:
    return GiveOrderRequest(
        device_id=device_id,
        kind=DeviceOrderKind.LOST,
        reason="Mistet på toget",
        others=list(others),
    )
