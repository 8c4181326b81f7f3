"""What this store knows of claims: the server's word, what it has given up, and what it wishes for.

The sync engine calls `prepare_call` before the server is asked, `apply_answer` after it, and
`drop_ended` once in each sync. Every function joins the caller's transaction, or runs in one of its
own when there is none.

Giving up comes first and durably: a claim stands in `claim_drop` before the server hears of it, so
that no moment exists in which two stores may give the same dose.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.claims import Claim, Store, claim_id, ends
from fieldapp.domain.handout_events import SheetStatus
from fieldapp.errors import UserError
from fieldapp.store import records, state
from fieldapp.store.db import Connection, Database
from fieldapp.store.outbox import atomic

PATIENTS_ENDED = "patients_ended"
"""Key of the patients here whom the user does not follow any more; `fieldapp.store.inbox`."""

_OWN_STORE = "own_store"
_SET_BACK = "claims_set_back"
_NOTED = "noted"
_TOLD = "told"

OF_HANDOUTS = ("medication_administration", "dose_incident", "pharmacy_report")
"""Kinds that another giver must know before a claim moves on to them."""

_BEARING_ON_DOSES = ("medication_administration", "medication_request", "claim", "pharmacy_report")


class ClaimPinnedError(UserError):
    """A printed paper sheet that was not entered yet may have been given by (claim id)."""

    code = "claim_pinned"


@dataclass(frozen=True, slots=True)
class Name:
    """Which unit of which group of which patient; see `fieldapp.domain.claims`."""

    patient_id: str
    group: str
    unit: str

    @property
    def claim_id(self) -> str:
        return claim_id(self.patient_id, self.group, self.unit)


@dataclass(frozen=True, slots=True)
class Granted:
    """A claim with the number under which it is held, or was given up.

    `held_since` is that of its first grant, which a restored server may have lost.
    """

    name: Name
    grant: int
    held_since: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants to hold. `denied` is the server's reason, "" while it has not answered.

    `denied_body` is the server's answer as it came: who holds it, and their phone.
    """

    name: Name
    wished_at: datetime
    denied: str
    denied_body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Denied:
    """The server's answer to a wish that it did not grant. `body` is kept for the screens."""

    name: Name
    reason: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """What this store tells the server: see `sync.protocol.claims.ClaimsRequest`."""

    held: tuple[Granted, ...]
    released: tuple[Granted, ...]
    wanted: tuple[Name, ...]
    all_sent: bool
    set_back: bool


# --- whose store this is


def remember_own_store(database: Database, store: Store) -> None:
    """Note whose store this is; nothing here is a claim of this store before."""
    text = json.dumps([store.device_id, store.practitioner_id])
    if state.read(database, _OWN_STORE) != text:
        state.write(database, _OWN_STORE, text)


def own_store(database: Database) -> Store | None:
    """Return whose store this is, None on a laptop that has neither enrolled nor wished."""
    enrolment = state.load_enrolment(database)
    if enrolment is not None:
        return Store(enrolment.device_id, enrolment.user.id)
    text = state.read(database, _OWN_STORE)
    if text is None:
        return None
    device_id, practitioner_id = json.loads(text)
    return Store(device_id, practitioner_id)


# --- reading


def standing(database: Database, patient_id: str, group: str) -> list[Claim]:
    """Return the claims of a patient's group that somebody holds or of which nobody knows."""
    return records.select(
        database,
        Claim,
        "patient_id = ? AND state IN ('held', 'unknown') AND \"group\" = ?",
        (patient_id, group),
    )


def standing_of(database: Database, patient_ids: Iterable[str]) -> list[Claim]:
    """Return the same of several patients, of all their groups."""
    return records.select(
        database,
        Claim,
        "patient_id IN (SELECT value FROM json_each(?)) AND state IN ('held', 'unknown')",
        (json.dumps(sorted(patient_ids)),),
    )


def held(database: Database, store: Store) -> list[Claim]:
    """Return what a store holds and has not given up, by patient and unit."""
    return records.select(
        database,
        Claim,
        "holder_id = ? AND holder_device_id = ? AND state = 'held' AND \"grant\" > coalesce("
        ' (SELECT claim_drop."grant" FROM claim_drop WHERE claim_drop.claim_id = claim.id), 0)'
        " ORDER BY patient_id, unit",
        (store.practitioner_id, store.device_id),
    )


def dropped(database: Database, claim_ids: Iterable[str]) -> dict[str, int]:
    """Return the grants of these claims that this store has given up, by claim id."""
    rows = database.connection.execute(
        'SELECT claim_id, "grant" FROM claim_drop'
        " WHERE claim_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(claim_ids)),),
    )
    return {str(row["claim_id"]): int(row["grant"]) for row in rows}


def confirmed(database: Database, claim_ids: Iterable[str]) -> set[str]:
    """Return those of the claims after whose present grant a pull was completed.

    A patient of whom a newer program has written something that bears on a dose, and that this one
    cannot read, is not pulled yet: it may be a dose. Neither is one whom the user does not follow
    any more: no pull brings what others give, or that an order was stopped.
    """
    rows = database.connection.execute(
        'SELECT id FROM claim WHERE confirmed = "grant" AND id IN (SELECT value FROM json_each(?))'
        " AND NOT EXISTS (SELECT 1 FROM unknown_record AS unread"
        "  WHERE unread.patient_id = claim.patient_id"
        "  AND unread.kind IN (SELECT value FROM json_each(?)))"
        " AND patient_id NOT IN (SELECT ended.value FROM store_state, json_each(store_state.value)"
        "  AS ended WHERE store_state.key = ?)",
        (json.dumps(list(claim_ids)), json.dumps(_BEARING_ON_DOSES), PATIENTS_ENDED),
    )
    return {str(row["id"]) for row in rows}


def pinned(database: Database, store: Store) -> set[str]:
    """Return the claims that printed sheets of this store name: doses may be given by those."""
    rows = database.connection.execute(
        "SELECT named.value AS claim_id FROM paper_sheet,"
        " json_each(paper_sheet.body, '$.claim_ids') AS named"
        " WHERE paper_sheet.status = ? AND paper_sheet.body ->> '$.device_id' = ?"
        " AND paper_sheet.body ->> '$.printed_by' = ?",
        (SheetStatus.PRINTED.value, store.device_id, store.practitioner_id),
    )
    return {str(row["claim_id"]) for row in rows}


def holds_any(connection: Connection, patient_id: str) -> bool:
    """True while a claim of this patient is this store's, or was and the server has not heard.

    Such a patient is not purged yet.
    """
    row = connection.execute(
        "SELECT value FROM store_state WHERE key = ?", (_OWN_STORE,)
    ).fetchone()
    if row is None:
        return False
    device_id, practitioner_id = json.loads(str(row["value"]))
    found = connection.execute(
        "SELECT 1 FROM claim WHERE patient_id = ? AND state = 'held'"
        " AND holder_device_id = ? AND holder_id = ? AND NOT EXISTS ("
        "  SELECT 1 FROM claim_drop WHERE claim_drop.claim_id = claim.id"
        '  AND claim_drop."grant" >= claim."grant" AND claim_drop.told = 1)',
        (patient_id, device_id, practitioner_id),
    ).fetchone()
    return found is not None


# --- wishes


def wishes(database: Database) -> list[Wish]:
    """Return what was asked for and not granted yet."""
    rows = database.connection.execute(
        'SELECT * FROM claim_wish ORDER BY patient_id, "group", unit'
    )
    return [
        Wish(
            Name(str(row["patient_id"]), str(row["group"]), str(row["unit"])),
            from_iso(str(row["wished_at"])),
            str(row["denied"] or ""),
            json.loads(str(row["denied_body"] or "{}")),
        )
        for row in rows
    ]


def add_wishes(database: Database, names: Iterable[Name], now: datetime) -> None:
    """Ask for these from the next sync on; what was denied before is asked anew."""
    with atomic(database) as connection:
        connection.executemany(
            'INSERT INTO claim_wish (patient_id, "group", unit, wished_at) VALUES (?, ?, ?, ?)'
            ' ON CONFLICT (patient_id, "group", unit) DO UPDATE SET'
            " wished_at = excluded.wished_at, denied = NULL, denied_body = NULL",
            [(name.patient_id, name.group, name.unit, to_iso(now)) for name in names],
        )


def remove_wishes(database: Database, names: Iterable[Name]) -> None:
    """Ask for these no more."""
    with atomic(database) as connection:
        connection.executemany(
            'DELETE FROM claim_wish WHERE patient_id = ? AND "group" = ? AND unit = ?',
            [(name.patient_id, name.group, name.unit) for name in names],
        )


# --- giving up


def drop(database: Database, store: Store, claim_ids: Iterable[str]) -> list[Claim]:
    """Give claims up, durably, and say which of them were held; the next sync tells the server.

    Raises ClaimPinnedError, and gives nothing up, when a printed sheet names one of them.
    """
    wanted = set(claim_ids)
    with atomic(database) as connection:
        for pinned_id in sorted(wanted & pinned(database, store)):
            raise ClaimPinnedError(pinned_id)
        found = [claim for claim in held(database, store) if claim.id in wanted]
        _note_dropped(connection, found)
    return found


def drop_ended(database: Database, trusted_now: datetime | None) -> list[Claim]:
    """Give up what has served: days that are over, and injections that were given and sent.

    Without a trusted time only the injections. What a printed sheet names is kept. Wishes for days
    that are over are forgotten.
    """
    store = own_store(database)
    if store is None:
        return []
    start = service_day_begins(database)
    with atomic(database) as connection:
        kept = pinned(database, store)
        found = [
            claim
            for claim in held(database, store)
            if claim.id not in kept and _has_served(connection, claim, trusted_now, start)
        ]
        _note_dropped(connection, found)
        if trusted_now is not None:
            over = [
                wish.name for wish in wishes(database) if _is_over(wish.name, trusted_now, start)
            ]
            remove_wishes(database, over)
    return found


def note_set_back(database: Database) -> None:
    """This store was opened from a copy, or set back: whatever it holds it gives up.

    It may have given doses that it knows nothing of. The next call tells the server.
    """
    store = own_store(database)
    with atomic(database) as connection:
        state.write(database, _SET_BACK, _NOTED)
        if store is not None:
            _note_dropped(connection, held(database, store))


def is_set_back(database: Database) -> bool:
    """True from `note_set_back` until a whole sync after the server has heard of it."""
    return state.read(database, _SET_BACK) is not None


def note_complete_sync(connection: Connection) -> None:
    """A sync is complete: a store that was set back, and has said so, knows its events again."""
    connection.execute("DELETE FROM store_state WHERE key = ? AND value = ?", (_SET_BACK, _TOLD))


def note_complete_pull(connection: Connection) -> None:
    """A pull is complete: whatever the former holders had given has come with it."""
    connection.execute(
        'UPDATE claim SET confirmed = "grant" WHERE state = \'held\' AND confirmed <> "grant"'
    )


# --- the call


def prepare_call(database: Database) -> Call:
    """Return what is to be told and asked."""
    store = own_store(database)
    if store is None:
        return Call((), (), (), _all_sent(database), is_set_back(database))
    with atomic(database):
        own = held(database, store)
        given_up = _given_up(database, store)
        return Call(
            held=tuple(map(_granted, own)),
            released=given_up,
            wanted=tuple(wish.name for wish in wishes(database)),
            all_sent=_all_sent(database),
            set_back=is_set_back(database),
        )


def apply_answer(
    database: Database,
    *,
    granted: Iterable[Granted] = (),
    denied: Iterable[Denied] = (),
    released: Iterable[Granted] = (),
    set_back_told: bool = False,
) -> None:
    """Note what the server said. The claims themselves come with the pull that follows.

    `set_back_told`: the call told that this store was set back.
    """
    with atomic(database) as connection:
        remove_wishes(database, [one.name for one in granted])
        connection.executemany(
            "UPDATE claim_wish SET denied = ?, denied_body = ?"
            ' WHERE patient_id = ? AND "group" = ? AND unit = ?',
            [
                (
                    one.reason,
                    json.dumps(dict(one.body), ensure_ascii=False),
                    one.name.patient_id,
                    one.name.group,
                    one.name.unit,
                )
                for one in denied
            ],
        )
        connection.executemany(
            'UPDATE claim_drop SET told = 1 WHERE claim_id = ? AND "grant" <= ?',
            [(one.name.claim_id, one.grant) for one in released],
        )
        if set_back_told and state.read(database, _SET_BACK) == _NOTED:
            state.write(database, _SET_BACK, _TOLD)


# --- figures


def service_day_begins(database: Database) -> time:
    """Return when a service day begins here, in local time."""
    return state.rules(database).day_begins


def _note_dropped(connection: Connection, claims: Iterable[Claim]) -> None:
    connection.executemany(
        'INSERT INTO claim_drop (claim_id, "grant") VALUES (?, ?)'
        ' ON CONFLICT (claim_id) DO UPDATE SET "grant" = excluded."grant", told = 0'
        ' WHERE excluded."grant" > claim_drop."grant"',
        [(claim.id, claim.grant) for claim in claims],
    )


def _given_up(database: Database, store: Store) -> tuple[Granted, ...]:
    """Return what this store gave up and still holds by the server's last word."""
    found = records.select(
        database,
        Claim,
        "holder_id = ? AND holder_device_id = ? AND state = 'held' AND \"grant\" <= ("
        ' SELECT claim_drop."grant" FROM claim_drop WHERE claim_drop.claim_id = claim.id)'
        " ORDER BY patient_id, unit",
        (store.practitioner_id, store.device_id),
    )
    return tuple(map(_granted, found))


def _granted(claim: Claim) -> Granted:
    name = Name(claim.patient_id, claim.group, claim.unit)
    return Granted(name, claim.grant, claim.held_since)


def _all_sent(database: Database) -> bool:
    row = database.connection.execute(
        "SELECT 1 FROM outbox WHERE kind IN (SELECT value FROM json_each(?))",
        (json.dumps(OF_HANDOUTS),),
    ).fetchone()
    return row is None


def _has_served(
    connection: Connection, claim: Claim, trusted_now: datetime | None, start: time
) -> bool:
    if claim.day is not None:
        return trusted_now is not None and trusted_now >= ends(claim.day, start)
    row = connection.execute(
        "SELECT 1 FROM medication_administration AS dose"
        " WHERE dose.patient_id = ? AND dose.occurrence = ? AND dose.status = 'given'"
        " AND dose.body ->> '$.group' = ? AND NOT EXISTS ("
        "  SELECT 1 FROM medication_administration AS entry WHERE entry.reverses = dose.id)"
        " AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.record_id = dose.id)",
        (claim.patient_id, claim.occurrence, claim.group),
    ).fetchone()
    return row is not None


def _is_over(name: Name, trusted_now: datetime, start: time) -> bool:
    if name.unit.startswith("#"):
        return False
    return trusted_now >= ends(date.fromisoformat(name.unit), start)
