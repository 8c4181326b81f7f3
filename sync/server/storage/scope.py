"""Who follows whom, and what a user may therefore see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sync.protocol.digests import as_text, from_text, total
from sync.server.storage.base import Statements
from sync.server.storage.records import TEAM, Name, RecordRepository
from sync.server.storage.values import Cursor, Due, Page, Totals

# A record belongs to a page at (`effective`, `seq`): at its own number, or at that of the grant
# by which its patient came to the user, whichever is later. Each grant is one range of the index
# (patient_id, seq), so what is read is what is new, however much is stored. CROSS JOIN and LATERAL
# hold both databases to that road.
_RECORDS = {
    "sqlite": (
        "WITH range (patient_id, low) AS ({keys}) SELECT r.seq, r.patient_id"
        " FROM range CROSS JOIN record r ON r.patient_id = range.patient_id AND r.seq > range.low"
    ),
    "postgres": (
        "WITH range (patient_id, low) AS ({keys}) SELECT r.seq, range.patient_id"
        " FROM range CROSS JOIN LATERAL (SELECT seq FROM record"
        " WHERE record.patient_id = range.patient_id AND record.seq > range.low OFFSET 0) r"
    ),
}
_TEAM = "SELECT seq, NULL FROM record WHERE patient_id IS NULL AND seq > ?"


class ScopeRepository:
    """Reads and writes grants inside one open transaction."""

    def __init__(self, statements: Statements, *, fixed: bool = False) -> None:
        """`fixed`: what is committed cannot change while the transaction is open."""
        self._db = statements
        self._fixed = fixed
        self._known_standing: dict[str, frozenset[str]] = {}

    # --- pages

    def due(self, user_id: str, after: Cursor) -> list[Due]:
        """Return, in order, everything that follows `after`: records and ends of assignments.

        Only an end that still holds is told: a patient who was given back meanwhile arrives whole
        again through the new grant.
        """
        granted, ended = self._grants(user_id, after.effective)
        lows = [(patient_id, _low(granted_at, after)) for patient_id, granted_at in granted.items()]
        found = [
            Due(max(seq, granted[patient_id]), seq, patient_id, False)
            if patient_id is not None
            else Due(seq, seq, None, False)
            for seq, patient_id in self._after(lows, after.effective)
        ]
        found += [
            Due(seq, seq, patient_id, True)
            for patient_id, seq in ended.items()
            if patient_id not in granted
        ]
        return sorted(found)

    def names_of_patient(self, patient_id: str) -> list[Name]:
        """Return kind and id of every record of a patient, oldest version first."""
        rows = self._db.rows(
            "SELECT kind, id FROM record WHERE patient_id = ? ORDER BY seq", (patient_id,)
        )
        return [(row[0], row[1]) for row in rows]

    def page(self, user_id: str, after: Cursor, limit: int) -> Page:
        """Return at most `limit` records and ends that follow `after`, in order."""
        due = self.due(user_id, after)
        kept = due[:limit]
        complete = len(due) <= limit
        found = RecordRepository(self._db).by_seq([item.seq for item in kept if not item.ended])
        return Page(
            records=tuple(found[item.seq] for item in kept if not item.ended),
            ended_patients=tuple(item.patient_id or "" for item in kept if item.ended),
            cursor=Cursor(kept[-1].effective, kept[-1].seq) if kept else after,
            complete=complete,
        )

    def count_due(self, user_id: str, after: Cursor) -> int:
        """Return how many records follow `after`."""
        return sum(not item.ended for item in self.due(user_id, after))

    def held(self, user_id: str, names: Iterable[Name]) -> list[tuple[str, str, int]]:
        """Return (kind, id, version) of those of the records that a user may hear of: the team's,
        their patients' and their own.
        """
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return []
        rows = self._db.rows_for(
            "WITH wanted (kind, id) AS ({keys}) SELECT r.kind, r.id, r.seq"
            " FROM wanted JOIN record r ON r.kind = wanted.kind AND r.id = wanted.id"
            " WHERE r.patient_id IS NULL OR r.author_id = ? OR EXISTS ("
            " SELECT 1 FROM scope_grant g WHERE g.user_id = ? AND g.patient_id = r.patient_id"
            " AND g.ended_seq IS NULL)",
            ("text", "text"),
            wanted,
            (user_id, user_id),
        )
        return [(row[0], row[1], int(row[2])) for row in rows]

    # --- digests

    def digests(self, user_id: str) -> dict[str, Totals]:
        """Return count and digest of each patient that a user follows and of the team's records.

        A patient of whom nothing is stored is there as well, with nothing.
        """
        rows = self._db.rows(
            "SELECT g.patient_id, coalesce(d.count, 0), coalesce(d.digest, '0')"
            " FROM scope_grant g LEFT JOIN patient_digest d ON d.patient_id = g.patient_id"
            " WHERE g.user_id = ? AND g.ended_seq IS NULL"
            " UNION ALL SELECT patient_id, count, digest FROM patient_digest WHERE patient_id = ?",
            (user_id, TEAM),
        )
        found = {TEAM: Totals(0, 0)}
        found.update((row[0], Totals(int(row[1]), from_text(row[2]))) for row in rows)
        return found

    def scope_digest(self, user_id: str) -> tuple[int, str]:
        """Return count and digest (as text) of everything that a user may see."""
        parts = self.digests(user_id).values()
        return sum(part.count for part in parts), as_text(total(part.digest for part in parts))

    # --- grants

    def grant(self, user_id: str, patient_id: str, seq: int) -> None:
        """Let a user see a patient from `seq` on: the version of the assignment that says so."""
        self._db.run(
            "INSERT INTO scope_grant (seq, patient_id, user_id) VALUES (?, ?, ?)",
            (seq, patient_id, user_id),
        )

    def grant_many(self, grants: Sequence[tuple[int, str, str]]) -> None:
        """Write many grants, each (seq, patient_id, user_id)."""
        self._db.insert_many("scope_grant", ("seq", "patient_id", "user_id"), grants)

    def end(self, user_id: str, patient_id: str, seq: int) -> None:
        """End a standing grant at `seq`: the version of the assignment that says so."""
        self._db.run(
            "UPDATE scope_grant SET ended_seq = ?"
            " WHERE user_id = ? AND patient_id = ? AND ended_seq IS NULL",
            (seq, user_id, patient_id),
        )

    def standing(self, user_id: str) -> frozenset[str]:
        """Return the patients whom a user follows now."""
        known = self._known_standing.get(user_id)
        if known is not None:
            return known
        rows = self._db.rows(
            "SELECT patient_id FROM scope_grant WHERE user_id = ? AND ended_seq IS NULL", (user_id,)
        )
        return self._standing_are(user_id, (row[0] for row in rows))

    def _standing_are(self, user_id: str, patient_ids: Iterable[str]) -> frozenset[str]:
        found = frozenset(patient_ids)
        if self._fixed:
            self._known_standing[user_id] = found
        return found

    def reach(self, user_id: str, patient_ids: Iterable[str]) -> dict[str, bool]:
        """Return, of these patients, those whom a user follows (true) or once followed (false)."""
        return {
            patient_id: follows
            for patient_id, (_, follows) in self.ties(user_id, patient_ids).items()
            if follows is not None
        }

    def ties(self, user_id: str, patient_ids: Iterable[str]) -> dict[str, tuple[str, bool | None]]:
        """Return for each patient whose records theirs are now, and the user's tie to them.

        The first is another patient's id where two were joined. The second is true for a patient
        whom the user follows, false for one whom they once followed, None for any other.
        """
        found = self.ties_of((user_id, patient_id) for patient_id in patient_ids)
        return {patient_id: tie for (_, patient_id), tie in found.items()}

    def ties_of(
        self, pairs: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], tuple[str, bool | None]]:
        """Return the same for pairs of user and patient."""
        wanted = list(dict.fromkeys(pairs))
        if not wanted:
            return {}
        rows = self._db.rows_for(
            "WITH wanted (user_id, patient_id) AS ({keys})"
            " SELECT wanted.user_id, wanted.patient_id,"
            " coalesce(a.winner_id, wanted.patient_id),"
            " max(CASE WHEN g.seq IS NULL THEN NULL WHEN g.ended_seq IS NULL THEN 1 ELSE 0 END)"
            " FROM wanted LEFT JOIN patient_alias a ON a.loser_id = wanted.patient_id"
            " LEFT JOIN scope_grant g ON g.user_id = wanted.user_id"
            " AND g.patient_id = coalesce(a.winner_id, wanted.patient_id)"
            " GROUP BY wanted.user_id, wanted.patient_id, a.winner_id",
            ("text", "text"),
            wanted,
        )
        return {
            (row[0], row[1]): (row[2], None if row[3] is None else bool(row[3])) for row in rows
        }

    # --- inner parts

    def _grants(self, user_id: str, effective: int) -> tuple[dict[str, int], dict[str, int]]:
        """Return standing grants (patient, number) and the newest ends after `effective`."""
        rows = self._db.rows(
            "SELECT patient_id, seq, ended_seq FROM scope_grant"
            " WHERE user_id = ? AND (ended_seq IS NULL OR ended_seq > ?)",
            (user_id, effective),
        )
        granted = {row[0]: int(row[1]) for row in rows if row[2] is None}
        self._standing_are(user_id, granted)
        ended: dict[str, int] = {}
        for patient_id, _, ended_seq in rows:
            if ended_seq is not None:
                ended[patient_id] = max(ended.get(patient_id, 0), int(ended_seq))
        return granted, ended

    def _after(
        self, lows: Sequence[tuple[str, int]], team_low: int
    ) -> list[tuple[int, str | None]]:
        """Return (number, patient) of what stands above each patient's low and the team's own."""
        text, types = _RECORDS[self._db.dialect], ("text", "bigint")
        if self._db.dialect == "postgres":
            # In one statement: each wait for the database costs more than what it does.
            rows = self._db.rows_for(f"{text} UNION ALL {_TEAM}", types, lows, (team_low,))
        else:
            rows = self._db.rows_for(text, types, lows) + self._db.rows(_TEAM, (team_low,))
        return [(int(row[0]), row[1]) for row in rows]


def _low(granted_at: int, after: Cursor) -> int:
    """Return the number after which a patient's records have not been seen."""
    if granted_at > after.effective:
        return 0
    if granted_at == after.effective:
        return after.seq
    return after.effective
