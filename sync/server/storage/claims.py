"""Claims: the counter of grants, who has reported, and what a claim is decided by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fieldapp.domain.claims import Claim, Store
from fieldapp.domain.codec import BodyError, from_body
from sync.server.storage.base import Statements
from sync.server.storage.records import RecordRepository
from sync.server.storage.values import StoredRecord

CLAIM_KIND = "claim"
_REOPENING_KIND = "slot_reopening"


@dataclass(frozen=True, slots=True)
class ClaimState:
    """How far the giving out of claims has come.

    `newest_grant`: the largest number given out or heard of. `waits_until` (ISO day, "" for none):
    up to this day nothing is given out while stores are awaited in `epoch`.
    """

    newest_grant: int
    epoch: int
    waits_until: str


class ClaimRepository:
    """Reads and writes inside one open transaction."""

    def __init__(self, statements: Statements, records: RecordRepository) -> None:
        self._db = statements
        self._records = records

    # --- the counter, and who has reported

    def state(self) -> ClaimState:
        """Return how far the giving out has come; to be asked after the turn was taken."""
        ((newest, epoch, until),) = self._db.rows(
            "SELECT newest_grant, epoch, waits_until FROM claim_state"
        )
        return ClaimState(int(newest), int(epoch), str(until))

    def keep_state(self, state: ClaimState) -> None:
        """Store it."""
        self._db.run(
            "UPDATE claim_state SET newest_grant = ?, epoch = ?, waits_until = ?",
            (state.newest_grant, state.epoch, state.waits_until),
        )

    def await_everybody(self) -> None:
        """From now on every store is awaited: every laptop that is not shut out, and every store
        that has ever reported from such a one.
        """
        self._db.run("DELETE FROM awaited_store")
        self._db.run(
            "INSERT INTO awaited_store (device_id, user_id)"
            " SELECT d.id, d.user_id FROM device d JOIN app_user u ON u.id = d.user_id"
            " WHERE d.revoked = 0 AND u.active = 1"
            " UNION SELECT r.device_id, r.user_id FROM store_report r"
            " LEFT JOIN device d ON d.id = r.device_id"
            " LEFT JOIN app_user u ON u.id = r.user_id"
            " WHERE coalesce(d.revoked, 0) = 0 AND coalesce(u.active, 1) = 1"
        )

    def count_awaited(self) -> int:
        """Return how many stores have not reported since the server was set back."""
        return int(self._db.rows("SELECT count(*) FROM awaited_store")[0][0])

    def awaited(self) -> list[Store]:
        """Return them."""
        rows = self._db.rows(
            "SELECT device_id, user_id FROM awaited_store ORDER BY device_id, user_id"
        )
        return [Store(row[0], row[1]) for row in rows]

    def is_awaited(self, store: Store) -> bool:
        """True for a store that has not reported since the server was set back."""
        return bool(
            self._db.rows(
                "SELECT 1 FROM awaited_store WHERE device_id = ? AND user_id = ?",
                (store.device_id, store.practitioner_id),
            )
        )

    def await_no_longer(self, device_id: str) -> int:
        """Say that a laptop will never report; return how many of its stores were awaited."""
        return self._db.run("DELETE FROM awaited_store WHERE device_id = ?", (device_id,))

    def has_reported(self, store: Store, epoch: int) -> bool:
        """True when the store has said what it holds in this epoch."""
        return bool(
            self._db.rows(
                "SELECT 1 FROM store_report WHERE device_id = ? AND user_id = ? AND epoch = ?",
                (store.device_id, store.practitioner_id, epoch),
            )
        )

    def note_report(self, store: Store, epoch: int, at: str) -> None:
        """Note that it has."""
        self._db.run(
            "INSERT INTO store_report (device_id, user_id, epoch, at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (device_id, user_id) DO UPDATE SET epoch = excluded.epoch,"
            " at = excluded.at",
            (store.device_id, store.practitioner_id, epoch, at),
        )
        self._db.run(
            "DELETE FROM awaited_store WHERE device_id = ? AND user_id = ?",
            (store.device_id, store.practitioner_id),
        )

    # --- two laptops under one identity

    def note_doubtful(self, store: Store, place: int) -> None:
        """Note that two different changes came from one place of a store's queue."""
        self._db.run(
            "INSERT INTO doubtful_place (device_id, user_id, place) VALUES (?, ?, ?)"
            " ON CONFLICT (device_id, user_id) DO UPDATE SET place = excluded.place"
            " WHERE excluded.place > doubtful_place.place",
            (store.device_id, store.practitioner_id, place),
        )

    def explain_places(self, store: Store, queue: str) -> None:
        """The store has said that it was set back: up to here its places were given out before."""
        self._db.run(
            "UPDATE store_report SET set_back_place ="
            " (SELECT coalesce(max(sequence), 0) FROM applied_change WHERE device_id = ?)"
            " WHERE device_id = ? AND user_id = ?",
            (queue, store.device_id, store.practitioner_id),
        )

    def is_in_doubt(self, store: Store) -> bool:
        """True when two laptops have shown this identity, and nothing explains it."""
        rows = self._db.rows(
            "SELECT p.user_id, p.place, coalesce(r.set_back_place, 0) FROM doubtful_place p"
            " LEFT JOIN store_report r ON r.device_id = p.device_id AND r.user_id = p.user_id"
            " WHERE p.device_id = ?",
            (store.device_id,),
        )
        if not rows:
            # Found out by a version that did not note the place.
            flagged = self._db.rows("SELECT forked FROM device WHERE id = ?", (store.device_id,))
            return bool(flagged and flagged[0][0])
        return any(
            user_id == store.practitioner_id and int(place) > int(explained)
            for user_id, place, explained in rows
        )

    # --- claims

    def held_by(self, store: Store) -> list[StoredRecord]:
        """Return the claims that a store holds."""
        rows = self._db.rows(
            "SELECT seq FROM held_claim WHERE holder_device_id = ? AND holder_id = ? ORDER BY seq",
            (store.device_id, store.practitioner_id),
        )
        return self._of(int(row[0]) for row in rows)

    def held(self) -> list[Claim]:
        """Return every claim that anybody holds."""
        rows = self._db.rows("SELECT seq FROM held_claim ORDER BY seq")
        return read_claims(self._of(int(row[0]) for row in rows))

    def of_patients(self, patient_ids: Sequence[str]) -> list[StoredRecord]:
        """Return all claims of some patients, whoever holds them."""
        return self._of_kind(CLAIM_KIND, patient_ids)

    # --- what a claim is decided by

    def orders_of(self, patient_ids: Sequence[str]) -> list[StoredRecord]:
        """Return the orders of some patients."""
        return self._of_kind("medication_request", patient_ids)

    def reopenings_of(self, patient_ids: Sequence[str]) -> list[StoredRecord]:
        """Return the office's words that opened slots of some patients."""
        return self._of_kind(_REOPENING_KIND, patient_ids)

    def injections_of(self, patient_ids: Sequence[str]) -> list[StoredRecord]:
        """Return the handouts of depots of some patients, and what takes them back."""
        rows = self._db.rows_for(
            "WITH wanted (patient_id) AS ({keys}), given AS (SELECT i.seq, i.id FROM wanted"
            " JOIN injection i ON i.patient_id = wanted.patient_id)"
            " SELECT seq FROM given UNION SELECT r.seq FROM given"
            # A counter-entry names the dose and carries no injection of its own.
            " JOIN handout h ON h.reverses = given.id"
            " JOIN record r ON r.kind = 'medication_administration' AND r.id = h.event_id"
            " ORDER BY 1",
            ("text",),
            [(patient_id,) for patient_id in dict.fromkeys(patient_ids)],
        )
        return self._of(int(row[0]) for row in rows)

    def like_persons(
        self, birth_dates: Sequence[str], national_ids: Sequence[str]
    ) -> list[StoredRecord]:
        """Return the patients with one of these dates of birth (ISO) or national numbers (without
        blanks).
        """
        found: set[int] = set()
        for column, values in (("birth_date", birth_dates), ("national_id", national_ids)):
            rows = self._db.rows_for(
                f"WITH wanted (value) AS ({{keys}}) SELECT p.seq FROM wanted"  # noqa: S608
                f" JOIN known_person p ON p.{column} = wanted.value",
                ("text",),
                [(value,) for value in dict.fromkeys(values)],
            )
            found.update(int(row[0]) for row in rows)
        return self._of(sorted(found))

    # --- inner parts

    def _of_kind(self, kind: str, patient_ids: Sequence[str]) -> list[StoredRecord]:
        return self._records.of_patients(kind, patient_ids)

    def _of(self, sequences: Iterable[int]) -> list[StoredRecord]:
        wanted = list(sequences)
        found = self._records.by_seq(wanted)
        return [found[seq] for seq in wanted]


def read_claims(records: Iterable[StoredRecord]) -> list[Claim]:
    """Return those that can be read."""
    return [claim for claim in map(read_claim, records) if claim is not None]


def read_claim(record: StoredRecord) -> Claim | None:
    """Return the value of a record; None for one that a newer program wrote otherwise."""
    try:
        return from_body(Claim, record.body)
    except BodyError:
        return None
