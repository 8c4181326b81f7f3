"""Records and their versions: the one place that gives out sequence numbers.

With every version goes, in the same transaction, what others rely on: the mark of the commit, the
digests of the patients, and the list of doses by slot.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fieldapp.clock import OSLO, from_iso
from sync.protocol.digests import as_text, from_text, moved, record_digest
from sync.server.bodies import canonical, hash_of_text
from sync.server.storage.base import Row, Statements
from sync.server.storage.values import (
    Applied,
    NewChange,
    NewVersion,
    State,
    StoredRecord,
    Totals,
)

_COLUMNS = (
    "kind, id, patient_id, seq, body, body_hash, author_id, device_id, received_at, out_of_scope,"
    " offset_ms"
)
_INSERTED = (
    *("kind", "id", "patient_id", "seq", "body", "body_hash", "immutable", "out_of_scope"),
    *("author_id", "device_id", "received_at", "offset_ms"),
)
_INSERTED_TYPES = (
    *("text", "text", "text", "bigint", "text", "text", "bigint", "bigint"),
    *("text", "text", "text", "bigint"),
)
_UPSERT = (
    f"INSERT INTO record ({', '.join(_INSERTED)}) {{rows}}"
    " ON CONFLICT (kind, id) DO UPDATE SET seq = excluded.seq, body = excluded.body,"
    " body_hash = excluded.body_hash, out_of_scope = excluded.out_of_scope,"
    " author_id = excluded.author_id, device_id = excluded.device_id,"
    " received_at = excluded.received_at, offset_ms = excluded.offset_ms"
)
_HISTORY = (
    "INSERT INTO record_history"
    " (seq, kind, id, body, author_id, device_id, received_at, offset_ms) {rows}"
)
_HISTORY_TYPES = ("bigint", "text", "text", "text", "text", "text", "text", "bigint")

TEAM = ""
"""The key of the whole team's records among the digests."""

HANDOUT_KIND = "medication_administration"

HANDOUT_COLUMNS = (
    *("event_id", "slot", "author_id", "given", "reverses"),
    *("patient_id", "day", "reopens"),
)

_AFTER_RESTORE = 1_000_000
"""Numbers left out after a restore: laptops may hold versions with those that were lost."""

Name = tuple[str, str]
"""Kind and id of a record."""

_QUALIFIED = ", ".join(f"r.{column.strip()}" for column in _COLUMNS.split(","))


def _of_kind(kind: str) -> str:
    """Return the query for records of a kind. The kind stands in the text itself: only so do the
    databases use the index of that kind.
    """
    return (
        f"SELECT {_QUALIFIED} FROM wanted"  # noqa: S608
        f" JOIN record r ON r.patient_id = wanted.patient_id AND r.kind = '{kind}'"
    )


_HANDOUTS_NEAR = (
    f"SELECT {_QUALIFIED} FROM wanted JOIN handout h ON h.patient_id = wanted.patient_id"  # noqa: S608
    " AND h.day BETWEEN wanted.first AND wanted.last"
    " JOIN record r ON r.kind = 'medication_administration' AND r.id = h.event_id"
)
_REPORTS_NEAR = (
    f"SELECT {_QUALIFIED} FROM wanted JOIN pharmacy_day d ON d.patient_id = wanted.patient_id"  # noqa: S608
    " AND d.day BETWEEN wanted.first AND wanted.last JOIN record r ON r.seq = d.seq"
)
_AROUND = " UNION ALL ".join(
    [
        _HANDOUTS_NEAR,
        _REPORTS_NEAR,
        _of_kind("medication_request"),
        _of_kind("slot_reopening"),
    ]
)


@dataclass(slots=True)
class _Turn:
    """What one transaction stores, and what it writes at its end."""

    began: int
    last: int
    mark: str
    state: State
    known: dict[str, Totals] = field(default_factory=dict)
    """Count and digest of patients as they stood when the turn was taken."""
    stored: list[tuple[int, str]] = field(default_factory=list)
    """Number and body hash of every version."""
    sums: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By how much count and digest of a patient change."""
    waiting: dict[Name, tuple[StoredRecord, bool]] = field(default_factory=dict)
    """Versions that are not written yet, and whether they are immutable."""
    replaced: list[StoredRecord] = field(default_factory=list)
    handouts: list[Row] = field(default_factory=list)
    """What else is not written yet: versions for the history, doses by slot."""


class RecordRepository:
    """Reads and writes records inside one open transaction."""

    def __init__(self, statements: Statements, *, fixed: bool = False) -> None:
        """`fixed`: what is committed cannot change while the transaction is open."""
        self._db = statements
        self._fixed = fixed
        self._turn: _Turn | None = None
        self._head: tuple[State, str] | None = None
        """How far the server had come, and the mark of its newest commit; of a fixed view."""
        self._marks: dict[int, str] = {}

    # --- numbers and commits

    def take_turn(self) -> None:
        """Wait until no other transaction is giving out numbers; ours may from now on.

        Whoever decides something by what is stored takes its turn first, so that what it read is
        still so when it writes.
        """
        self._take_turn()

    def newest_seq(self) -> int:
        """Return the number of the newest version."""
        if self._turn is not None:
            return self._turn.last
        return self._seen()[0].newest

    def finish(self) -> None:
        """Write what goes with everything stored. The storage calls it just before the commit."""
        turn = self._turn
        if turn is None or turn.last == turn.began:
            return
        self.flush()
        mark = next_mark(turn.mark, turn.stored)
        missing = [patient_id for patient_id in turn.sums if patient_id not in turn.known]
        turn.known.update(self.totals(missing))
        with self._db.at_once():
            self._write_sums(turn)
            self._db.run("INSERT INTO commit_mark (seq, mark) VALUES (?, ?)", (turn.last, mark))
            self._db.run(
                "UPDATE counter SET value = ?, mark = ? WHERE name = 'commit'", (turn.last, mark)
            )
        self._turn = _Turn(turn.last, turn.last, mark, turn.state, turn.known)

    def committed(self) -> tuple[int, int, str] | None:
        """Return (epoch, number, mark) of the newest commit, known to a transaction that had its
        turn; to be asked after it has ended well.
        """
        turn = self._turn
        return None if turn is None else (turn.state.epoch, turn.last, turn.mark)

    def remembered(self) -> object:
        """Return what a savepoint must be able to bring back."""
        return copy.deepcopy(self._turn)

    def bring_back(self, remembered: object) -> None:
        """Undo, in memory, what was stored since `remembered`."""
        assert remembered is None or isinstance(remembered, _Turn)
        self._turn = remembered

    def mark_at(self, seq: int) -> str | None:
        """Return the mark of the commit that took number `seq`; None when there is none (yet)."""
        if seq in self._marks:
            return self._marks[seq]
        if self._head is not None and seq == self._head[0].newest > 0:
            return self._head[1]
        rows = self._db.rows(
            "SELECT mark FROM commit_mark WHERE seq >= ? ORDER BY seq LIMIT 1", (seq,)
        )
        return rows[0][0] if rows else None

    def read_marks(self, seqs: Iterable[int]) -> None:
        """Read the marks at several numbers at once for `mark_at`. A mark never changes."""
        wanted = sorted({seq for seq in seqs if seq > 0})
        if not wanted:
            return
        rows = self._db.rows_for(
            "WITH wanted (seq) AS ({keys}) SELECT wanted.seq, (SELECT c.mark FROM commit_mark c"
            " WHERE c.seq >= wanted.seq ORDER BY c.seq LIMIT 1) FROM wanted",
            ("bigint",),
            [(seq,) for seq in wanted],
        )
        self._marks.update({int(seq): mark for seq, mark in rows if mark is not None})

    def state(self) -> State:
        """Return how far the server has come, epochs included."""
        if self._turn is not None:
            return self._turn.state._replace(newest=self._turn.last)
        return self._seen()[0]

    def _seen(self) -> tuple[State, str]:
        if self._head is not None:
            return self._head
        ((value, mark, epoch, began, kept_from),) = self._db.rows(
            "SELECT value, mark, epoch, epoch_began, kept_from FROM counter WHERE name = 'commit'"
        )
        seen = (State(int(value), int(epoch), int(began), int(kept_from)), str(mark))
        if self._fixed:
            self._head = seen
        return seen

    def forget_before(self, seq: int) -> None:
        """Clear away the marks below `seq`; laptops with an older cursor begin anew."""
        turn = self._take_turn()
        oldest = max(turn.state.kept_from, min(seq, turn.last))
        turn.state = turn.state._replace(kept_from=oldest)
        self._marks.clear()
        self._db.run("DELETE FROM commit_mark WHERE seq < ?", (oldest,))
        self._db.run("UPDATE counter SET kept_from = ? WHERE name = 'commit'", (oldest,))

    def begin_epoch(self, number: int, known_seq: int) -> None:
        """Say that this server was set back. `known_seq`: the newest number a laptop has seen.

        What is stored from now on takes numbers that cannot have been given out before.
        """
        turn = self._take_turn()
        turn.state = turn.state._replace(epoch=number, epoch_began=turn.last)
        self._db.run(
            "UPDATE counter SET epoch = ?, epoch_began = ? WHERE name = 'commit'",
            (number, turn.last),
        )
        turn.last = max(turn.last, known_seq) + _AFTER_RESTORE
        turn.stored.append((turn.last, f"epoch {number}"))

    # --- reading

    def get(self, kind: str, record_id: str) -> StoredRecord | None:
        """Return the newest version of a record, or None."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM record WHERE kind = ? AND id = ?",  # noqa: S608
            (kind, record_id),
        )
        return stored_record(rows[0]) if rows else None

    def get_many(self, names: Iterable[Name]) -> dict[Name, StoredRecord]:
        """Return the newest versions of those records that are here."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return {}
        rows = self._db.rows_for(
            f"WITH wanted (kind, id) AS ({{keys}}) SELECT {_QUALIFIED}"  # noqa: S608
            " FROM wanted JOIN record r ON r.kind = wanted.kind AND r.id = wanted.id",
            ("text", "text"),
            wanted,
        )
        return {(record.kind, record.id): record for record in map(stored_record, rows)}

    def by_seq(self, sequences: Sequence[int]) -> dict[int, StoredRecord]:
        """Return the newest versions that have these sequence numbers."""
        if not sequences:
            return {}
        rows = self._db.rows_for(
            f"WITH wanted (seq) AS ({{keys}}) SELECT {_QUALIFIED}"  # noqa: S608
            " FROM wanted JOIN record r ON r.seq = wanted.seq",
            ("bigint",),
            [(seq,) for seq in sequences],
        )
        return {record.seq: record for record in map(stored_record, rows)}

    def body_at(self, kind: str, record_id: str, seq: int) -> dict[str, Any] | None:
        """Return the body of an older version, or None when the server never held it."""
        return self.bodies_at([(seq, kind, record_id)]).get((seq, kind, record_id))

    def bodies_at(
        self, versions: Sequence[tuple[int, str, str]]
    ) -> dict[tuple[int, str, str], dict[str, Any]]:
        """Return the bodies of those older versions (seq, kind, id) that the server held."""
        if not versions:
            return {}
        rows = self._db.rows_for(
            "WITH wanted (seq, kind, id) AS ({keys}) SELECT h.seq, h.kind, h.id, h.body"
            " FROM wanted JOIN record_history h"
            " ON h.seq = wanted.seq AND h.kind = wanted.kind AND h.id = wanted.id",
            ("bigint", "text", "text"),
            versions,
        )
        return {
            (int(seq), kind, record_id): json.loads(body) for seq, kind, record_id, body in rows
        }

    def has_author(self, kind: str, record_id: str, user_id: str) -> bool:
        """True when one of the older versions of a record came from this user."""
        return bool(
            self._db.rows(
                "SELECT 1 FROM record_history WHERE kind = ? AND id = ? AND author_id = ? LIMIT 1",
                (kind, record_id, user_id),
            )
        )

    def count(self, kind: str) -> int:
        """Return how many records of a kind there are."""
        ((number,),) = self._db.rows("SELECT count(*) FROM record WHERE kind = ?", (kind,))
        return int(number)

    def of_kind(self, kind: str) -> list[StoredRecord]:
        """Return every record of a kind, oldest version first. For the administrator's lists."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM record WHERE kind = ? ORDER BY seq",  # noqa: S608
            (kind,),
        )
        return [stored_record(row) for row in rows]

    def of_patient(self, patient_id: str, kind: str | None = None) -> list[StoredRecord]:
        """Return a patient's records, of one kind or all of them, oldest version first."""
        if kind is None:
            rows = self._db.rows(
                f"SELECT {_COLUMNS} FROM record WHERE patient_id = ? ORDER BY seq",  # noqa: S608
                (patient_id,),
            )
        else:
            rows = self._db.rows(
                f"SELECT {_COLUMNS} FROM record WHERE patient_id = ? AND kind = ? ORDER BY seq",  # noqa: S608
                (patient_id, kind),
            )
        return [stored_record(row) for row in rows]

    def of_patients(self, kind: str, patient_ids: Sequence[str]) -> list[StoredRecord]:
        """Return the records of a kind of some patients, oldest version first."""
        wanted = [(patient_id,) for patient_id in dict.fromkeys(patient_ids)]
        if not wanted:
            return []
        rows = self._db.rows_for(
            f"WITH wanted (patient_id) AS ({{keys}}) {_of_kind(kind)} ORDER BY r.seq",
            ("text",),
            wanted,
        )
        return [stored_record(row) for row in rows]

    def of_team(self) -> list[StoredRecord]:
        """Return the whole team's records, oldest version first."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM record WHERE patient_id IS NULL ORDER BY seq"  # noqa: S608
        )
        return [stored_record(row) for row in rows]

    # --- writing

    def put(self, version: NewVersion) -> int:
        """Store a version and return its sequence; the one it replaces goes to the history."""
        self._take_turn()
        name = (version.kind, version.id)
        record = self.add(version, self.get_many([name]).get(name))
        self.flush()
        return record.seq

    def add(self, version: NewVersion, before: StoredRecord | None) -> StoredRecord:
        """Give a version its number and note that it is to be stored with the next `flush`.

        `before` is the version that it replaces, read or added in this transaction.
        """
        turn = self._take_turn()
        record = self._numbered(turn, version)
        if before is not None:
            turn.replaced.append(before)
            _leave_out(turn, before)
        turn.waiting[(version.kind, version.id)] = (record, version.immutable)
        if version.kind == HANDOUT_KIND:
            row = handout_row(version.id, version.patient_id, version.body)
            if row is not None:
                turn.handouts.append(row)
        return record

    def flush(self) -> None:
        """Write what was added: a few statements, however many versions there are."""
        turn = self._turn
        if turn is None:
            return
        replaced, waiting, handouts = turn.replaced, turn.waiting, turn.handouts
        turn.replaced, turn.waiting, turn.handouts = [], {}, []
        if replaced:
            self._db.run_for(_HISTORY, _HISTORY_TYPES, [_history_row(item) for item in replaced])
        if waiting:
            rows = [_row(record, immutable) for record, immutable in waiting.values()]
            self._db.run_for(_UPSERT, _INSERTED_TYPES, rows)
        if handouts:
            self._write_handouts(handouts)

    def insert_new(self, versions: Sequence[NewVersion]) -> int:
        """Store many records that are not here yet, in order; return the first one's sequence."""
        turn = self._take_turn()
        first = turn.last + 1
        made = [self._numbered(turn, version) for version in versions]
        rows = (
            _row(record, version.immutable) for record, version in zip(made, versions, strict=True)
        )
        self._db.insert_many("record", _INSERTED, rows)
        self._write_handouts(
            [
                row
                for version in versions
                if version.kind == HANDOUT_KIND
                if (row := handout_row(version.id, version.patient_id, version.body)) is not None
            ]
        )
        return first

    def move(self, records: Sequence[StoredRecord], patient_id: str) -> None:
        """Give records to another patient, each in a new version with the same body."""
        turn = self._take_turn()
        if not records:
            return
        self._db.run_for(_HISTORY, _HISTORY_TYPES, [_history_row(record) for record in records])
        for record in records:
            _leave_out(turn, record)
            turn.last += 1
            moved_record = replace(record, patient_id=patient_id, seq=turn.last)
            _take_in(turn, moved_record)
            self._db.run(
                "UPDATE record SET patient_id = ?, seq = ? WHERE kind = ? AND id = ?",
                (patient_id, turn.last, record.kind, record.id),
            )
            if record.kind == HANDOUT_KIND:
                self._db.run(
                    "UPDATE handout SET slot = ?, patient_id = ? WHERE event_id = ?",
                    (slot_of(patient_id, record.body), patient_id, record.id),
                )

    def erase(self, names: Sequence[Name]) -> None:
        """Delete records in every version. Only for what `DeletionRepository` has listed.

        Numbers and marks of commits stay: they hold hashes, and laptops rely on them.
        """
        turn = self._take_turn()
        self.flush()
        for record in self.get_many(names).values():
            _leave_out(turn, record)
        for kind, record_id in names:
            for table in ("record", "record_history"):
                self._db.run(
                    f"DELETE FROM {table} WHERE kind = ? AND id = ?",  # noqa: S608 (see above)
                    (kind, record_id),
                )

    # --- changes

    def applied(self, change_id: str) -> Applied | None:
        """Return what became of a change that was stored before, or None."""
        return self.applied_many([change_id]).get(change_id)

    def applied_many(self, change_ids: Sequence[str]) -> dict[str, Applied]:
        """Return those of the changes that were stored before."""
        if not change_ids:
            return {}
        rows = self._db.rows_for(
            "WITH wanted (change_id) AS ({keys}) SELECT a.change_id, a.kind, a.id, a.seq"
            " FROM wanted JOIN applied_change a ON a.change_id = wanted.change_id",
            ("text",),
            [(change_id,) for change_id in change_ids],
        )
        return {row[0]: Applied(row[1], row[2], int(row[3])) for row in rows}

    def changes_at(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """Return the changes that came from these places (queue, sequence)."""
        if not places:
            return {}
        rows = self._db.rows_for(
            "WITH wanted (device_id, sequence) AS ({keys})"
            " SELECT a.device_id, a.sequence, a.change_id FROM wanted JOIN applied_change a"
            " ON a.device_id = wanted.device_id AND a.sequence = wanted.sequence",
            ("text", "bigint"),
            places,
        )
        return {(row[0], int(row[1])): row[2] for row in rows}

    def remember_changes(self, changes: Sequence[NewChange]) -> None:
        """Note in which versions changes are stored. What is noted already stays as it is."""
        if changes:
            self._db.run_for(
                "INSERT INTO applied_change (change_id, kind, id, seq, device_id, sequence)"
                " {rows} ON CONFLICT (change_id) DO NOTHING",
                ("text", "text", "text", "bigint", "text", "bigint"),
                changes,
            )

    # --- doses

    def doses_in(self, slots: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Return (event id, author id) of the doses that keep their slots closed, slot by slot.

        A counter-entry opens a slot only where it says so (`reopens`), and only for its own
        author's dose in its own slot. What the office has opened is not looked at here.
        """
        found: dict[str, list[tuple[str, str]]] = {}
        if not slots:
            return found
        rows = self._db.rows_for(
            "WITH wanted (slot) AS ({keys}) SELECT h.slot, h.event_id, h.author_id"
            " FROM wanted JOIN handout h ON h.slot = wanted.slot AND h.given = 1"
            " WHERE NOT EXISTS (SELECT 1 FROM handout r WHERE r.reverses = h.event_id"
            " AND r.slot = h.slot AND r.author_id = h.author_id AND r.reopens = 1)",
            ("text",),
            [(slot,) for slot in slots],
        )
        for slot, event_id, author_id in rows:
            found.setdefault(slot, []).append((event_id, author_id))
        return {slot: sorted(doses) for slot, doses in found.items()}

    def handouts_near(self, windows: Sequence[tuple[str, str, str]]) -> list[StoredRecord]:
        """Return the doses given and the counter-entries of patients in spans of days.

        A window is (patient id, first day, last day), days as ISO text, both included.
        """
        return self._in_windows(_HANDOUTS_NEAR, windows)

    def around(self, windows: Sequence[tuple[str, str, str]]) -> list[StoredRecord]:
        """Return what a dose is judged by beside itself, oldest first, in one statement.

        As `handouts_near`, at most one window for a patient; and also what the pharmacy has said
        about those days, all orders of these patients, and the office's words that opened slots.
        """
        return self._in_windows(_AROUND, windows)

    def _in_windows(self, text: str, windows: Sequence[tuple[str, str, str]]) -> list[StoredRecord]:
        if not windows:
            return []
        rows = self._db.rows_for(
            f"WITH wanted (patient_id, first, last) AS ({{keys}}) {text}",
            ("text", "text", "text"),
            windows,
        )
        found = {record.seq: record for record in map(stored_record, rows)}
        return [found[seq] for seq in sorted(found)]

    def older_versions(
        self, kind: str, record_ids: Sequence[str]
    ) -> list[tuple[str, str, dict[str, Any]]]:
        """Return (id, received at, body) of the older versions of some records, oldest first."""
        if not record_ids:
            return []
        rows = self._db.rows_for(
            "WITH wanted (kind, id) AS ({keys}) SELECT h.id, h.received_at, h.body"
            " FROM wanted JOIN record_history h ON h.kind = wanted.kind AND h.id = wanted.id"
            " ORDER BY h.seq",
            ("text", "text"),
            [(kind, record_id) for record_id in record_ids],
        )
        return [(str(record_id), str(at), json.loads(body)) for record_id, at, body in rows]

    def _write_handouts(self, rows: Sequence[Row]) -> None:
        if rows:
            self._db.run_for(
                f"INSERT INTO handout ({', '.join(HANDOUT_COLUMNS)}) {{rows}}"
                " ON CONFLICT (event_id) DO NOTHING",
                ("text", "text", "text", "bigint", "text", "text", "text", "bigint"),
                rows,
            )

    # --- digests

    def totals(self, patient_ids: Iterable[str]) -> dict[str, Totals]:
        """Return count and digest of patients (`TEAM`: the whole team's records)."""
        wanted = list(dict.fromkeys(patient_ids))
        if not wanted:
            return {}
        rows = self._db.rows_for(
            "WITH wanted (patient_id) AS ({keys}) SELECT d.patient_id, d.count, d.digest"
            " FROM wanted JOIN patient_digest d ON d.patient_id = wanted.patient_id",
            ("text",),
            [(patient_id,) for patient_id in wanted],
        )
        return {row[0]: Totals(int(row[1]), from_text(row[2])) for row in rows}

    def _write_sums(self, turn: _Turn) -> None:
        rows = []
        for patient_id, (count, digest) in turn.sums.items():
            before = turn.known.get(patient_id, Totals(0, 0))
            now = Totals(before.count + count, moved(before.digest, digest))
            turn.known[patient_id] = now
            rows.append((patient_id, now.count, as_text(now.digest)))
        if rows:
            self._db.run_for(
                "INSERT INTO patient_digest (patient_id, count, digest) {rows}"
                " ON CONFLICT (patient_id) DO UPDATE SET count = excluded.count,"
                " digest = excluded.digest",
                ("text", "bigint", "text"),
                rows,
            )

    # --- inner parts

    def _take_turn(self) -> _Turn:
        """Lock the counter until the transaction ends."""
        if self._turn is None:
            ((value, mark, *rest),) = self._db.rows(
                "UPDATE counter SET value = value WHERE name = 'commit'"
                " RETURNING value, mark, epoch, epoch_began, kept_from"
            )
            state = State(int(value), *map(int, rest))
            self._turn = _Turn(state.newest, state.newest, mark, state)
        return self._turn

    def _numbered(self, turn: _Turn, version: NewVersion) -> StoredRecord:
        """Give a version the next number and take it into the sums."""
        text = version.text if version.text is not None else canonical(version.body)
        turn.last += 1
        record = StoredRecord(
            kind=version.kind,
            id=version.id,
            patient_id=version.patient_id,
            seq=turn.last,
            text=text,
            body_hash=hash_of_text(text),
            author_id=version.author_id,
            device_id=version.device_id,
            received_at=version.received_at,
            out_of_scope=version.out_of_scope,
            offset_ms=version.offset_ms,
        )
        _take_in(turn, record)
        return record


def next_mark(mark: str, stored: Iterable[tuple[int, str]]) -> str:
    """Return the mark of a commit that stored versions (seq, body hash) after `mark`."""
    content = hashlib.sha256(mark.encode())
    for seq, body_hash in stored:
        content.update(f"\n{seq} {body_hash}".encode())
    return content.hexdigest()


def digest_of(record: StoredRecord) -> int:
    """Return the digest of one version."""
    return record_digest(record.kind, record.id, record.seq, record.text)


def slot_of(patient_id: str | None, body: Mapping[str, Any]) -> str:
    """Return the JSON text that names the slot of a handout's body; the patient comes first."""
    parts = (patient_id, body.get("request_id"), body.get("day"), body.get("part"))
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def handout_row(event_id: str, patient_id: str | None, body: Mapping[str, Any]) -> Row | None:
    """Return the row of `handout` for a dose given or a counter-entry, None for anything else."""
    given = body.get("status") == "given"
    reverses = body.get("reverses")
    if not given and reverses is None:
        return None
    author = str(body.get("author_id", ""))
    reopens = int(body.get("reopens") is True)
    slot, day = slot_of(patient_id, body), _day_of(body)
    return (event_id, slot, author, int(given), reverses, patient_id, day, reopens)


def _day_of(body: Mapping[str, Any]) -> str:
    """Return the day that a dose counts for; of an injection, the day it was given."""
    given_at = body.get("given_at")
    if body.get("injection") is not None and isinstance(given_at, str):
        try:
            return from_iso(given_at).astimezone(OSLO).date().isoformat()
        except ValueError:
            pass  # from another program; its due day is the next best
    return str(body.get("day", ""))


def stored_record(row: Row) -> StoredRecord:
    """Build the value of a row with the columns of `record`."""
    kind, record_id, patient_id, seq, text, body_hash, author, device, received_at, out, offset = (
        row
    )
    return StoredRecord(
        kind=kind,
        id=record_id,
        patient_id=patient_id,
        seq=int(seq),
        text=text,
        body_hash=body_hash,
        author_id=author,
        device_id=device,
        received_at=received_at,
        out_of_scope=bool(out),
        offset_ms=int(offset) if offset is not None else None,
    )


def _take_in(turn: _Turn, record: StoredRecord) -> None:
    """Take a version that has got its number into the commit and into the sums."""
    turn.stored.append((record.seq, record.body_hash))
    key = record.patient_id or TEAM
    count, digest = turn.sums.get(key, (0, 0))
    turn.sums[key] = (count + 1, digest + digest_of(record))


def _leave_out(turn: _Turn, record: StoredRecord) -> None:
    key = record.patient_id or TEAM
    count, digest = turn.sums.get(key, (0, 0))
    turn.sums[key] = (count - 1, digest - digest_of(record))


def _row(record: StoredRecord, immutable: bool) -> Row:
    return (
        record.kind,
        record.id,
        record.patient_id,
        record.seq,
        record.text,
        record.body_hash,
        int(immutable),
        int(record.out_of_scope),
        record.author_id,
        record.device_id,
        record.received_at,
        record.offset_ms,
    )


def _history_row(record: StoredRecord) -> Row:
    return (
        record.seq,
        record.kind,
        record.id,
        record.text,
        record.author_id,
        record.device_id,
        record.received_at,
        record.offset_ms,
    )
