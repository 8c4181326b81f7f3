"""The courier file, for a laptop whose network is dead: what is unsent goes to the office by stick.

    write_files   everything unsent → sealed to the server, signed by this laptop → files
    read_receipt  the server's signed answer → exactly the changes it names are settled

Until its receipt has been read everything in a file still counts as unsent, and a sync that gets a
line meanwhile sends it as well; the server knows a repetition on either road.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.notes import Draft
from fieldapp.store import audit, drafts, outbox, state
from fieldapp.store.db import Database
from fieldapp.store.files import write_private_file
from fieldapp.store.state import CourierKeys, Enrolment
from sync.client.outgoing import apply_results, everything
from sync.protocol import courier
from sync.protocol.courier import MAX_COURIER_BYTES, RECEIPT_SUFFIX, CourierError
from sync.protocol.messages import DraftName, ExchangeRequest, PushResult

__all__ = [
    "MAX_COURIER_BYTES",
    "RECEIPT_SUFFIX",
    "CourierError",
    "SealedPart",
    "Settled",
    "Written",
    "allowed",
    "awaited",
    "read_receipt",
    "sealed_parts",
    "write_files",
]

MAX_PLAIN_PER_FILE: Final = 2 * 1024 * 1024
"""Bytes of one file's content before it is packed: even what does not shrink stays below the limit
of a file."""

_FILES: Final = "courier_files"
_KEPT: Final = 40
"""Files of which the receipt is still waited for; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Written:
    """What lies in the files now. No files: nothing is unsent."""

    paths: tuple[Path, ...]
    changes: int
    drafts: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What a receipt brought: counts, and the records that the screens should read again.

    `review`: this laptop was shut out, and everything waits at the office.
    """

    stored: int
    parked: int
    drafts: int
    review: bool
    changes: ChangeSet = ChangeSet(())


def awaited(database: Database) -> int:
    """Return how many changes lie in files whose receipt has not been read; all still unsent."""
    named = {change for known in _files(database).values() for change in known["changes"]}
    return sum(item.change_id in named for item in outbox.items(database))


def allowed(database: Database) -> bool:
    """True when the organisation allows courier files and this laptop has the keys for them."""
    enrolment = state.load_enrolment(database)
    has_keys = enrolment is not None and enrolment.courier is not None
    return state.rules(database).courier_allowed and has_keys


def write_files(database: Database, folder: Path, *, actor_id: str, now: datetime) -> Written:
    """Write everything unsent as courier files into `folder`; return what they hold.

    Raises CourierOffError, CourierNoKeysError (a log-in brings them), CourierTooLargeError for a
    single change that fits no file, and DiskFullError or ReadOnlyStoreError for the stick.
    """
    enrolment, _ = _identity(database)
    if not state.rules(database).courier_allowed:
        raise courier.CourierOffError
    parts = sealed_parts(database, actor_id=actor_id, now=now, action="courier_written")
    paths = []
    for part in parts:
        path = folder / f"{enrolment.device_id[:8]}-{part.sequence:04d}{courier.FILE_SUFFIX}"
        write_private_file(path, part.data)
        paths.append(path)
    return Written(
        tuple(paths),
        changes=sum(part.changes for part in parts),
        drafts=sum(part.drafts for part in parts),
    )


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part of what is unsent, sealed to the server and signed by this store."""

    sequence: int
    data: bytes
    changes: int
    drafts: int


def sealed_parts(
    database: Database,
    *,
    actor_id: str,
    now: datetime,
    action: str,
    leaving_out: Collection[str] = (),
    log_alone: bool = False,
) -> list[SealedPart]:
    """Seal everything unsent; the store remembers the parts, so that receipts can settle them.

    `leaving_out` are changes that the server has answered already; `log_alone`: lines of the access
    log are worth a part also when nothing else is unsent. `action` is what the access log says of
    it. Raises CourierNoKeysError, CourierTooLargeError.
    """
    enrolment, keys = _identity(database)
    with database.transaction():
        groups = list(_grouped(everything(database, now, leaving_out), log_alone))
        first = _next_sequence(database, len(groups))
    made = [
        _seal(enrolment, keys, group, sequence, now)
        for sequence, group in enumerate(groups, start=first)
    ]
    with database.transaction():
        # Before they leave: a part that is out there and unknown here could never be settled.
        for data, group in zip(made, groups, strict=True):
            name = courier.sha256(data)
            _remember(database, name, group)
            audit.append(database, now=now, actor_id=actor_id, action=action, record_id=name)
    return [
        SealedPart(
            sequence,
            data,
            sum(len(request.records) for request in group),
            sum(len(request.drafts) for request in group),
        )
        for sequence, (data, group) in enumerate(zip(made, groups, strict=True), start=first)
    ]


def read_receipt(
    database: Database,
    data: bytes,
    *,
    actor_id: str,
    now: datetime,
    action: str = "courier_receipt_read",
) -> Settled:
    """Settle what a receipt names, once it is proved to be the server's and about a file of ours.

    Reading one twice does no harm. Raises CourierNoKeysError, CourierSignatureError,
    OtherFileError, CourierDamagedError and CourierTruncatedError, having changed nothing.
    """
    enrolment, keys = _identity(database)
    receipt = courier.read_receipt(data, bytes.fromhex(keys.server_receipt))
    files = _files(database)
    known = files.get(receipt.file_sha256)
    if (
        known is None
        or receipt.server_id != enrolment.server_id
        or receipt.device_id != enrolment.device_id
    ):
        raise courier.OtherFileError
    named = set(known["changes"])
    results = [
        PushResult(
            change_id=result.change_id,
            outcome=result.outcome,
            version=result.version,
            reason=result.reason,
        )
        for result in receipt.results
        if result.change_id in named
    ]
    with database.transaction():
        applied = apply_results(database, results, receipt.received_at)
        held = _held(database, known["drafts"], receipt.drafts_held)
        drafts.note_held(database, {one.id: one.saved_at for one in receipt.drafts_held}, held)
        audit.append(
            database,
            now=now,
            actor_id=actor_id,
            action=action,
            record_id=receipt.file_sha256,
        )
    return Settled(
        stored=applied.stored,
        parked=applied.parked,
        drafts=len(held),
        review=receipt.review,
        changes=ChangeSet(applied.changes),
    )


# --- writing


def _identity(database: Database) -> tuple[Enrolment, CourierKeys]:
    enrolment = state.load_enrolment(database)
    if enrolment is None or enrolment.courier is None:
        raise courier.CourierNoKeysError
    return enrolment, enrolment.courier


def _seal(
    enrolment: Enrolment,
    keys: CourierKeys,
    requests: list[ExchangeRequest],
    sequence: int,
    now: datetime,
) -> bytes:
    return courier.seal(
        courier.CourierContent(requests=requests),
        server_id=enrolment.server_id,
        device_id=enrolment.device_id,
        sequence=sequence,
        written_at=now,
        server_key=bytes.fromhex(keys.server_courier),
        device_key=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(keys.signing_key)),
    )


def _grouped(
    requests: list[ExchangeRequest], log_alone: bool = False
) -> Iterator[list[ExchangeRequest]]:
    """Lay requests together until a file is full. Nothing comes out when nothing is in them."""
    group: list[ExchangeRequest] = []
    size = 0
    for part in (part for request in requests for part in _small_enough(request)):
        if not (part.records or part.drafts or (log_alone and part.log)):
            continue
        weight = _weight(part)
        if group and size + weight > MAX_PLAIN_PER_FILE:
            yield group
            group, size = [], 0
        group.append(part)
        size += weight
    if group:
        yield group


def _small_enough(request: ExchangeRequest) -> Iterator[ExchangeRequest]:
    """Halve a request until its parts fit into a file; drafts and log stay with the first part."""
    if len(request.records) <= 1 or _weight(request) <= MAX_PLAIN_PER_FILE:
        yield request
        return
    middle = len(request.records) // 2
    yield from _small_enough(request.model_copy(update={"records": request.records[:middle]}))
    rest = {"records": request.records[middle:], "drafts": [], "dropped_drafts": [], "log": None}
    yield from _small_enough(request.model_copy(update=rest))


def _weight(request: ExchangeRequest) -> int:
    return len(request.model_dump_json().encode())


# --- what is known of the files that were written


def _files(database: Database) -> dict[str, dict[str, Any]]:
    text = state.read(database, _FILES)
    files: dict[str, dict[str, Any]] = {} if text is None else json.loads(text)["files"]
    return files


def _next_sequence(database: Database, count: int) -> int:
    """Take the numbers of some files; return the first."""
    text = state.read(database, _FILES)
    last = 0 if text is None else int(json.loads(text)["last"])
    _store(database, last + count, _files(database))
    return last + 1


def _remember(database: Database, name: str, group: list[ExchangeRequest]) -> None:
    text = state.read(database, _FILES)
    files = _files(database)
    files[name] = {
        "changes": [record.change_id for request in group for record in request.records],
        "drafts": {
            draft.id: _text_name(draft.body) for request in group for draft in request.drafts
        },
    }
    kept = dict(list(files.items())[-_KEPT:])
    _store(database, int(json.loads(text or "{}").get("last", 0)), kept)


def _store(database: Database, last: int, files: dict[str, dict[str, Any]]) -> None:
    state.write(database, _FILES, outbox.dump({"last": last, "files": files}))


def _held(database: Database, sent: dict[str, str], held: list[DraftName]) -> list[Draft]:
    """Those drafts that still stand here word for word as they lay in the file."""
    found = (drafts.get(database, one.id) for one in held if one.id in sent)
    return [
        draft for draft in found if draft is not None and _text_name(draft.body) == sent[draft.id]
    ]


def _text_name(body: dict[str, Any]) -> str:
    return hashlib.sha256(outbox.dump(body).encode()).hexdigest()
