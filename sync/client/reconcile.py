"""Finds out where this laptop and the server differ, and decides what is offered again.

Used in two cases that look the same from here: a comparison that did not come out equal, and a
server that was set back to a backup (a new epoch). What the server has lost is put into the outbox
again; what differs otherwise is fetched anew, patient by patient, by the engine.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar

from fieldapp.domain.corrections import DELETION_KIND
from fieldapp.domain.kinds import Policy, policy_of
from fieldapp.ids import IdMaker
from fieldapp.store import digests, inbox, outbox
from fieldapp.store.db import Database
from fieldapp.store.digests import TEAM, Held, Name
from sync.protocol.digests import from_text
from sync.protocol.errors import ProtocolError_
from sync.protocol.messages import Holding, HoldingsRequest
from sync.protocol.service import SyncService

log = logging.getLogger(__name__)

PATIENTS_AT_A_TIME: Final = 50
"""So many patients are asked for, or fetched anew, in one call."""

T = TypeVar("T")


class StillDifferentError(ProtocolError_):
    """Laptop and server differ after everything that could be done about it (count)."""

    code = "still_different"


@dataclass(frozen=True, slots=True)
class Differences:
    """Where the two sides differ. TEAM in `patients` stands for the whole team's records.

    `unlisted` are patients here of whom the server says nothing: it does not show them any more.
    """

    patients: tuple[str, ...]
    unlisted: tuple[str, ...]


def find_differences(service: SyncService, database: Database) -> Differences:
    """Compare patient by patient. Raises SyncError."""
    there = {
        one.patient_id or TEAM: (one.count, from_text(one.digest))
        for one in service.digests().digests
    }
    here = {name: (one.count, one.digest) for name, one in inbox.sums_by_patient(database).items()}
    there.setdefault(TEAM, (0, 0))
    differing = (name for name in there if there[name] != here.get(name, (0, 0)))
    return Differences(tuple(sorted(differing)), tuple(sorted(here.keys() - there.keys())))


def offer_what_was_lost(
    service: SyncService,
    database: Database,
    differences: Differences,
    now: datetime,
    new_id: IdMaker,
    *,
    restored: bool,
) -> int:
    """Queue again what the server does not hold any more; return how many records.

    With `restored` the server was set back to a backup since this laptop last heard of it. May be
    repeated: what is queued already is not queued twice. Raises SyncError.
    """
    offered = 0
    trail = inbox.trail(database)
    for some in _chunks(differences.patients, PATIENTS_AT_A_TIME):
        there, common = _holdings(service, some, trail)
        for patient_id in some:
            lost = [
                (*name, base)
                for name, mine in _held_here(database, patient_id).items()
                if (base := _base_to_offer(name, mine, there.get(name), restored, common))
                is not None
            ]
            offered += outbox.offer_again(database, lost, now, new_id)
    for patient_id in differences.unlisted if restored else ():
        lost = [
            (*name, 0)
            for name in _held_here(database, patient_id)
            if policy_of(name[0]) is not Policy.SERVER or name[0] == DELETION_KIND
        ]
        offered += outbox.offer_again(database, lost, now, new_id)
    if offered:
        log.warning("%d records are offered to the server again", offered)
    return offered


def forget_differing_team_records(service: SyncService, database: Database) -> None:
    """Forget those records of the whole team that are not what the server holds."""
    there, _ = _holdings(service, [TEAM], [])
    here = _held_here(database, TEAM)
    differing = [name for name, mine in here.items() if not _same(mine, there.get(name))]
    inbox.forget_team_records(database, differing)


def _base_to_offer(
    name: Name, mine: Held, holding: Holding | None, restored: bool, common: int
) -> int | None:
    """The version on which a record is offered again; None when it is not to be offered.

    The server's own records are never offered, but for what it decided to delete. An edited record
    that the server holds in another text is offered only where this laptop's text is of a time that
    the server has lost: on top of the server's as long as nobody has touched that since the newest
    commit that both know (`common`), else beside it, so that a person chooses. Numbers after
    `common` are not compared:
    the server may have given them out a second time.
    """
    policy = policy_of(name[0])
    if name[0] == DELETION_KIND:
        # The server knows its own signature under it, and deletes again.
        return 0 if restored and holding is None else None
    if policy is Policy.SERVER or _same(mine, holding):
        return None
    if policy is Policy.EVENT:
        return 0 if holding is None else None
    if not restored:
        # A server that has lost nothing is right about what people edit.
        return None
    if holding is None:
        return 0
    if mine.version <= common:
        return None
    return 0 if holding.changed else holding.version


def _same(mine: Held, holding: Holding | None) -> bool:
    return holding is not None and mine.digest == from_text(holding.digest)


def _held_here(database: Database, patient_id: str) -> dict[Name, Held]:
    connection = database.connection
    return digests.held(connection, digests.names_of(connection, patient_id))


def _holdings(
    service: SyncService, patient_ids: Iterable[str], trail: list[str]
) -> tuple[dict[Name, Holding], int]:
    asked: list[str | None] = [patient_id or None for patient_id in patient_ids]
    answer = service.holdings(HoldingsRequest(patient_ids=asked, trail=trail))
    return {(one.kind, one.id): one for one in answer.holdings}, answer.common


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
