"""Receives courier files at the office, through the same code as an exchange over the line.

A file is believed when it is meant for this server, signed by an enrolled laptop and whole. What it
carries is then stored as if the laptop had sent it itself, so that giving it in twice, or a sync in
between, does no harm. From a laptop that was shut out, or whose owner's account is closed, nothing
becomes a record: every change waits at the office for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fieldapp.clock import to_iso
from fieldapp.domain.device_orders import DeviceOrderKind
from sync.protocol import courier
from sync.protocol.messages import (
    DraftName,
    ExchangeRequest,
    PushRecord,
    PushResult,
)
from sync.server.identity import Identity
from sync.server.keys import KeyPairs, key_pairs
from sync.server.review import FROM_LOST, REVIEW, refused_unseen, review_one, room_for
from sync.server.rules import rules
from sync.server.service import ServerSyncService, World
from sync.server.storage.couriers import CourierRow
from sync.server.storage.reports import ReportRow


@dataclass(frozen=True, slots=True)
class _Sender:
    """The laptop that wrote a file, as this server knows it."""

    identity: Identity
    shut_out: bool
    reason: str = REVIEW


def receive(world: World, data: bytes, by: Identity | None, *, from_stick: bool = True) -> bytes:
    """Take in a courier file; return the bytes of the receipt. `by` is who gave it in.

    None: the laptop itself, which the organisation has ordered to end (`sync.server.standing`).

    The caller has checked that `by` may do this. The organisation's rule about courier files is
    about sticks: with `from_stick` false the same form came over the line and lay nowhere. Raises a
    CourierError, which says what is wrong with the file, having stored nothing of it.
    """
    opened = courier.open_frame(data)
    sender, keys = _check(world, opened, from_stick=from_stick, on_order=by is None)
    content = courier.unseal(opened, keys.courier)
    name = courier.sha256(data)
    with world.storage.read() as transaction:
        again = transaction.couriers.get(name) is not None
        report = transaction.reports.get(sender.identity.device_id)
    requests = content.requests
    if sender.shut_out:
        results = _review(world, sender, requests)
        drafts: list[DraftName] = []
    else:
        results = _exchange(world, sender, requests, again=again)
        _keep_the_clock(world, sender, report)
        drafts = _drafts_held(world, sender, requests)
    with world.storage.write() as transaction:
        now = world.clock.now()
        head = transaction.device_orders.log_head(sender.identity.device_id)
        transaction.couriers.add(
            CourierRow(
                sha256=name,
                device_id=sender.identity.device_id,
                sequence=opened.header.sequence,
                received_at=to_iso(now),
                received_by=by.user_id if by is not None else None,
                changes=len(results),
                review=sender.shut_out,
            )
        )
    sent = {record.change_id: record for request in requests for record in request.records}
    receipt = courier.CourierReceipt(
        version=courier.VERSION,
        server_id=world.storage.server_id,
        device_id=sender.identity.device_id,
        sequence=opened.header.sequence,
        file_sha256=name,
        received_at=now,
        review=sender.shut_out,
        results=[_named(sent[result.change_id], result) for result in results],
        drafts_held=drafts,
        log_head=head,
    )
    return courier.write_receipt(receipt, keys.receipt)


def _check(
    world: World, opened: courier.OpenedCourier, *, from_stick: bool, on_order: bool
) -> tuple[_Sender, KeyPairs]:
    """Find out whose file it is; the order lets a stranger's file learn nothing."""
    header = opened.header
    if header.server_id != world.storage.server_id:
        raise courier.CourierWrongServerError
    with world.storage.write() as transaction:
        if from_stick and not rules(transaction).courier_allowed:
            raise courier.CourierOffError
        device = transaction.accounts.device(header.device_id)
        user = None if device is None else transaction.accounts.user(device.user_id)
        keys = key_pairs(transaction)
        order = transaction.device_orders.standing(header.device_id)
    if device is None or user is None or device.public_key is None:
        raise courier.CourierUnknownLaptopError
    courier.check_signature(opened, bytes.fromhex(device.public_key))
    if on_order and order is None:
        raise courier.CourierNoOrderError
    identity = Identity(user.id, device.id, user.role)
    if order is None:
        return _Sender(identity, device.revoked or not user.active), keys
    if order.order.kind is DeviceOrderKind.LOST:
        return _Sender(identity, True, FROM_LOST), keys
    if order.obeyed_at is not None:
        # It has said that its key is destroyed: this comes from a copy of it.
        return _Sender(identity, True), keys
    # It was asked to send what it has, also by whose account was closed on the same day.
    return _Sender(identity, False), keys


# --- from a laptop in good standing


def _exchange(
    world: World, sender: _Sender, requests: Sequence[ExchangeRequest], *, again: bool
) -> list[PushResult]:
    service = ServerSyncService(world, sender.identity)
    results: list[PushResult] = []
    for request in requests:
        timely = _timely(world, sender, request, again=again)
        receipt = service.exchange(timely).receipt
        if receipt.diverged:
            receipt = service.exchange(_without_lost_bases(timely)).receipt
        results += receipt.results
    return results


def _without_lost_bases(request: ExchangeRequest) -> ExchangeRequest:
    """Return what a laptop may say that has heard of what this server lost in a restore.

    Over the line such a laptop first finds out what was lost; a file cannot wait for that. What
    happened is taken in as it is. An edit counts as made on no version of ours, so that where the
    server has another text a person chooses.
    """
    records = [record.model_copy(update={"base_version": 0}) for record in request.records]
    return request.model_copy(update={"seen": "", "records": records})


def _timely(
    world: World, sender: _Sender, request: ExchangeRequest, *, again: bool
) -> ExchangeRequest:
    """Leave out drafts that are older than what is here: the file may have lain for days."""
    if again:
        return request.model_copy(update={"drafts": [], "dropped_drafts": []})
    device_id = sender.identity.device_id
    with world.storage.read() as transaction:
        newer = []
        for draft in request.drafts:
            held = transaction.drafts.saved_at(draft.id, device_id)
            if held is None or held[1] < draft.saved_at:
                newer.append(draft)
    return request.model_copy(update={"drafts": newer})


def _drafts_held(
    world: World, sender: _Sender, requests: Sequence[ExchangeRequest]
) -> list[DraftName]:
    """Name those of the file's drafts that the server has in just this state."""
    device_id = sender.identity.device_id
    with world.storage.read() as transaction:
        return [
            DraftName(id=draft.id, saved_at=draft.saved_at)
            for request in requests
            for draft in request.drafts
            if transaction.drafts.saved_at(draft.id, device_id)
            == (sender.identity.user_id, draft.saved_at)
        ]


def _keep_the_clock(world: World, sender: _Sender, before: ReportRow | None) -> None:
    """A file that lay for hours says nothing of how far the laptop's clock is off."""
    with world.storage.write() as transaction:
        report = transaction.reports.get(sender.identity.device_id)
        if report is not None:
            offset = before.offset_ms if before is not None else 0
            transaction.reports.put_all([replace(report, offset_ms=offset)])


# --- from a laptop that was shut out


def _review(world: World, sender: _Sender, requests: Sequence[ExchangeRequest]) -> list[PushResult]:
    at = to_iso(world.clock.now())
    records = [record for request in requests for record in request.records]
    with world.storage.write() as transaction:
        kept = records
        if sender.reason == FROM_LOST:
            # Whoever has it may write without end; it is told of the rest what it is told anyway.
            kept = records[: room_for(transaction, sender.identity.device_id)]
        results = [
            review_one(transaction, sender.identity, record, at, sender.reason) for record in kept
        ]
    return results + [refused_unseen(record, sender.reason) for record in records[len(kept) :]]


def _named(record: PushRecord, result: PushResult) -> courier.CourierResult:
    """What the receipt says of a change: never the server's text, which a stick must not hold.

    Where the laptop would need it, the version is the one that the edit was made on, so that the
    next sync brings the record.
    """
    without_text = result.server_body is not None and result.outcome.stored
    return courier.CourierResult(
        change_id=result.change_id,
        kind=record.kind,
        id=record.id,
        outcome=result.outcome,
        version=record.base_version if without_text else result.version,
        reason=result.reason,
    )
