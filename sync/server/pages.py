"""The pages of an exchange: what a user has not seen, in order, each page from its own short view.

What is due is listed once, as numbers; every page then reads its own records. No transaction is
open while a slow line drains. What is stored meanwhile stands behind the list and is looked for
again before the last page is called the last.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from fieldapp.clock import from_iso
from sync.protocol.messages import Page, PulledRecord, PullPart, ScopeDigest
from sync.server.cursors import Begin, written
from sync.server.identity import Identity
from sync.server.storage.records import Name
from sync.server.storage.storage import Storage, Transaction
from sync.server.storage.values import Cursor, Due, StoredRecord

MAX_PAGE_BYTES = 2 * 1024 * 1024
"""Bytes of bodies after which a page is closed, one body more or less."""

_READ_AT_ONCE = 250


def pages(
    storage: Storage, identity: Identity, part: PullPart, begun: Begin, limit: int
) -> Iterator[Page]:
    """Yield the pages up to the complete one. Each is one consistent view of what is committed."""
    walk = _Walk(identity, part, begun, limit)
    complete = False
    while not complete:
        with storage.read() as transaction:
            page = walk.next_page(transaction)
        yield page
        complete = page.complete


class _Walk:
    """How far a pull has come. Holds numbers and names alone between two pages."""

    def __init__(self, identity: Identity, part: PullPart, begun: Begin, limit: int) -> None:
        self._user_id = identity.user_id
        self._device_id = identity.device_id
        self._disputed: frozenset[Name] = frozenset()
        """Records of which the laptop has a change that was not stored."""
        self._limit = limit
        self._have = _Ranges(part.have)
        self._cursor = begun.cursor
        self._asked_whole = list(dict.fromkeys(part.whole))
        self._whole: deque[tuple[str, Name | None]] = deque()
        """Names of records to be sent again, patient by patient; None ends a patient."""
        self._effective = array("q")
        self._seq = array("q")
        self._ended: dict[int, str] = {}
        self._at = 0
        self._listed_to = -1
        """Everything up to this number is in the list; -1 before it was made."""

    def next_page(self, transaction: Transaction) -> Page:
        total = self._make_list(transaction) if self._listed_to < 0 else None
        records: list[StoredRecord] = []
        standing = transaction.scope.standing(self._user_id)
        whole, room = self._take_whole(transaction, standing, records)
        ended: list[str] = []
        if not self._whole and room > 0:
            room = self._take_due(transaction, standing, records, ended, room)
            if room > 0 and self._at == len(self._seq):
                self._list_what_came_meanwhile(transaction)
                self._take_due(transaction, standing, records, ended, room)
        complete = not self._whole and self._at == len(self._seq)
        if complete and self._listed_to < transaction.records.newest_seq():
            # The page was full before what came meanwhile could be looked for.
            complete = False
        if complete:
            self._cursor = Cursor(self._listed_to, self._listed_to)
        return Page.model_construct(
            records=[self._pulled(transaction, record) for record in records],
            ended_patients=ended,
            cursor=written(transaction, self._cursor),
            complete=complete,
            total=total,
            whole=whole,
            scope=self._scope(transaction) if complete else None,
        )

    def _pulled(self, transaction: Transaction, record: StoredRecord) -> PulledRecord:
        name = None
        if record.device_id is not None and (record.kind, record.id) in self._disputed:
            device = transaction.accounts.device(record.device_id)
            name = device.name if device is not None else None
        return pulled(record, name)

    # --- the list

    def _make_list(self, transaction: Transaction) -> int:
        """List what is due; return how many records that are."""
        self._disputed = transaction.parked.records_waiting(self._device_id)
        # First, for what it reads also says who is followed.
        due = transaction.scope.due(self._user_id, self._cursor)
        standing = transaction.scope.standing(self._user_id)
        again = 0
        for patient_id in self._asked_whole:
            if patient_id in standing:
                names = transaction.scope.names_of_patient(patient_id)
                self._whole.extend((patient_id, name) for name in names)
                self._whole.append((patient_id, None))
                again += len(names)
        sent_whole = standing.intersection(self._asked_whole)
        self._append(item for item in due if item.ended or item.patient_id not in sent_whole)
        self._listed_to = transaction.records.newest_seq()
        return again + len(self._seq) - len(self._ended)

    def _list_what_came_meanwhile(self, transaction: Transaction) -> None:
        newest = transaction.records.newest_seq()
        if newest > self._listed_to:
            after = Cursor(self._listed_to, self._listed_to)
            self._append(transaction.scope.due(self._user_id, after))
            self._listed_to = newest

    def _append(self, due: Iterable[Due]) -> None:
        for item in due:
            if item.ended:
                self._ended[item.seq] = item.patient_id or ""
            elif item.seq in self._have:
                continue
            self._effective.append(item.effective)
            self._seq.append(item.seq)

    # --- one page

    def _take_whole(
        self, transaction: Transaction, standing: frozenset[str], records: list[StoredRecord]
    ) -> tuple[list[str], int]:
        """Add records of patients sent again; return who is now whole, and the room left."""
        whole: list[str] = []
        room = self._limit
        size = 0
        while self._whole and room > 0:
            some = [self._whole[index] for index in range(min(_READ_AT_ONCE, len(self._whole)))]
            found = transaction.records.get_many(name for _, name in some if name is not None)
            for patient_id, name in some:
                if name is not None and (room == 0 or size >= MAX_PAGE_BYTES):
                    return whole, 0
                self._whole.popleft()
                record = found.get(name) if name is not None else None
                if name is None and patient_id in standing:
                    whole.append(patient_id)
                if record is not None and record.patient_id == patient_id in standing:
                    records.append(record)
                    room -= 1
                    size += len(record.text)
        return whole, room

    def _take_due(
        self,
        transaction: Transaction,
        standing: frozenset[str],
        records: list[StoredRecord],
        ended: list[str],
        room: int,
    ) -> int:
        """Add what is due next; return the room left, 0 when the page is full."""
        size = sum(len(record.text) for record in records)
        while self._at < len(self._seq) and room > 0:
            some = self._seq[self._at : self._at + min(_READ_AT_ONCE, room)]
            found = transaction.records.by_seq(some)
            for seq in some:
                if size >= MAX_PAGE_BYTES:
                    return 0
                self._cursor = Cursor(self._effective[self._at], seq)
                self._at += 1
                record = found.get(seq)
                # A record that has a newer version by now, or whose patient has left meanwhile,
                # stands, or its end stands, behind this list.
                if seq in self._ended:
                    if self._ended[seq] not in standing:
                        ended.append(self._ended[seq])
                        room -= 1
                elif record is not None and (
                    record.patient_id is None or record.patient_id in standing
                ):
                    records.append(record)
                    room -= 1
                    size += len(record.text)
        return room

    def _scope(self, transaction: Transaction) -> ScopeDigest:
        count, digest = transaction.scope.scope_digest(self._user_id)
        return ScopeDigest.model_construct(count=count, digest=digest)


class _Ranges:
    """Ranges of numbers, first and last included."""

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        joined: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], max(joined[-1][1], last))
            elif first <= last:
                joined.append((first, last))
        self._firsts = [first for first, _ in joined]
        self._lasts = [last for _, last in joined]

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._firsts, number) - 1
        return place >= 0 and number <= self._lasts[place]


def pulled(record: StoredRecord, device_name: str | None = None) -> PulledRecord:
    """Return a record as it travels. What our own storage holds is not checked again."""
    return PulledRecord.model_construct(
        kind=record.kind,
        id=record.id,
        patient_id=record.patient_id,
        version=record.seq,
        body=record.body,
        author_id=record.author_id,
        device_id=record.device_id,
        received_at=from_iso(record.received_at),
        offset_ms=record.offset_ms,
        device_name=device_name,
    )
