"""Builders for tests of the office: a desk for each role, exchanges, and reports of laptops."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fieldapp.clock import to_iso
from fieldapp.domain.patients import Role
from sync.protocol.messages import (
    DraftOut,
    ExchangeRequest,
    LaptopReport,
    LogPart,
    Page,
    PullPart,
    PushRecord,
    Receipt,
)
from sync.server.office import ServerOfficeService
from sync.server.storage.office import OfficeLine
from tests.sync.server.team import Laptop, Team, authenticate

REASON = "Maskinen ligger i Tanaelva"


def desk(
    team: Team, role: Role = Role.SECRETARY, username: str | None = None
) -> ServerOfficeService:
    """Give the office's service for a new member of staff with this role."""
    name = username or role.value
    team.add_user(name, role)
    answer = team.enrol(name)
    return ServerOfficeService(team.world, authenticate(team.world, answer.token))


def report(team: Team, **facts: Any) -> LaptopReport:
    """A laptop's report; `behind` is by how much its clock is behind the server's."""
    behind = facts.pop("behind", timedelta(0))
    counts = {"waiting": 0, "parked": 0, "conflicts": 0, "drafts_unsent": 0, **facts}
    return LaptopReport(now=team.clock.now() - behind, app_version="0.3.0", **counts)


def exchange(
    team: Team,
    laptop: Laptop,
    *records: PushRecord,
    drafts: tuple[DraftOut, ...] = (),
    dropped: tuple[str, ...] = (),
    log: LogPart | None = None,
    foreign: str = "",
    pull: bool = False,
    **facts: Any,
) -> Receipt:
    """One exchange of a laptop; with `pull` to its end, the cursor is kept as a laptop does."""
    request = ExchangeRequest(
        report=report(team, **facts),
        records=list(records),
        drafts=list(drafts),
        dropped_drafts=list(dropped),
        log=log,
        foreign_drafts=foreign,
        pull=PullPart(cursor=laptop.cursor, page_records=100) if pull else None,
    )
    answer = laptop.service.exchange(request)
    pages: list[Page] = list(answer.pages)
    if pages:
        laptop.cursor = pages[-1].cursor
    return answer.receipt


def draft(
    draft_id: str = "n1", text: str = "Uferdig", patient_id: str = "p1", **more: Any
) -> DraftOut:
    """A draft of a note."""
    return DraftOut(
        id=draft_id,
        patient_id=patient_id,
        form="note",
        body=more.pop("body", {"text": text}),
        saved_at=more.pop("saved_at", "2026-11-23T08:00:00.000Z"),
        **more,
    )


def office_log(team: Team) -> list[OfficeLine]:
    """Return the office's log, the newest first."""
    with team.storage.read() as transaction:
        return transaction.office.lines()


def now_text(team: Team) -> str:
    """Return the server's present moment as text."""
    return to_iso(team.clock.now())
