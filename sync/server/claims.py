"""Giving out claims: one holder at a time, and a word about an older grant changes nothing.

Everything happens under the turn, so that two stores that want the same day come one after the
other on either database. What rests on another epoch of the server is not taken in at all: a
release of a lost past could free a day that was given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from fieldapp.clock import to_iso
from fieldapp.domain.claims import (
    Claim,
    ClaimState,
    Store,
    claim_id,
    ends,
    is_unit,
    occurrence_of,
    service_day,
)
from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.medication import (
    MedicationAdministration,
    MedicationRequest,
    SlotKey,
    closing,
    is_active,
    slots,
)
from fieldapp.domain.patients import Place, Practitioner
from fieldapp.domain.readiness import order_versions
from fieldapp.domain.rights import Right, may
from fieldapp.domain.safety import CLAIM_CONFLICT, Danger
from sync.protocol.claims import (
    ClaimName,
    ClaimsAnswer,
    ClaimsRequest,
    Denial,
    DenialReason,
    HeldClaim,
)
from sync.protocol.messages import Rules
from sync.server import batch, cursors, reference
from sync.server.identity import Identity
from sync.server.rules import day_begins, rules
from sync.server.safety import raise_items, read_value
from sync.server.storage import claims as stored
from sync.server.storage.claims import CLAIM_KIND, read_claim
from sync.server.storage.records import slot_of
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion, StoredRecord

_BELIEVED_GRANTS: Final = 1_000_000_000
"""A number further ahead than this was made up."""
_BELIEVED_EPOCHS: Final = 1000

_Orders = dict[tuple[str, str], list[MedicationRequest]]
"""By patient and substance group."""


def claims(
    transaction: Transaction,
    who: Identity,
    request: ClaimsRequest,
    now: datetime,
    doubtful: Iterable[str] = (),
) -> ClaimsAnswer:
    """Take in what a store gives up and holds, and give out what it wants; safe to repeat.

    `doubtful` are patients who may be registered twice.
    """
    transaction.records.take_turn()
    call = _Call(transaction, who, now, frozenset(doubtful))
    if not call.is_of_this_epoch(request):
        call.raise_counter(request)
        return call.answer()
    first = call.report()
    if request.set_back:
        # It has given them up, too; but it may have given doses of which it knows nothing.
        call.hold_for_unknown(call.own_held())
        transaction.claims.explain_places(Store(who.device_id, who.user_id), batch.queue_of(who))
    else:
        call.take_in_held(request, first=first)
    if request.set_back or request.all_sent:
        for given_up in request.released:
            call.release(given_up)
    held = {(one.patient_id, one.group, one.unit): one.grant for one in request.held}
    call.prepare(request.wanted)
    for wanted in request.wanted:
        call.want(wanted, held.get((wanted.patient_id, wanted.group, wanted.unit)), request)
    return call.answer()


def declare_restored(transaction: Transaction, now: datetime) -> int:
    """Say that the server was set back, or went on from a copy that may lag; return how many
    stores are awaited.

    Begins an epoch: no claim is given out for the days of the longest trip until every store has
    said what it holds. Every log-in and every code for a new laptop ends: what was shut out,
    closed, changed or used since the copy would be good again.
    """
    transaction.records.take_turn()
    transaction.accounts.end_all_logins()
    transaction.accounts.end_all_codes()
    state = transaction.records.state()
    transaction.records.begin_epoch(state.epoch + 1, state.newest)
    _of_present_epoch(transaction, rules(transaction), now)
    return transaction.claims.count_awaited()


def _of_present_epoch(transaction: Transaction, decided: Rules, now: datetime) -> stored.ClaimState:
    """Return the state of the giving out. An epoch that it has not heard of begins its waiting,
    whoever began it.
    """
    state = transaction.claims.state()
    epoch = transaction.records.state().epoch
    if state.epoch == epoch:
        return state
    transaction.claims.await_everybody()
    # What was given out before the server was set back was for days up to the longest trip from
    # then; to count from now errs on the safe side.
    last = service_day(now, day_begins(decided)) + timedelta(days=decided.longest_trip_days)
    state = replace(state, epoch=epoch, waits_until=max(last.isoformat(), state.waits_until))
    transaction.claims.keep_state(state)
    return state


class _Call:
    """One call under way; the turn is taken."""

    def __init__(
        self, transaction: Transaction, who: Identity, now: datetime, doubtful: frozenset[str]
    ) -> None:
        self._transaction = transaction
        self._who = who
        self._store = Store(who.device_id, who.user_id)
        self._now = now
        self._doubtful = doubtful
        self._rules = rules(transaction)
        self._begins: time = day_begins(self._rules)
        self._state = _of_present_epoch(transaction, self._rules, now)
        self._records: dict[str, StoredRecord | None] = {}
        self._orders: _Orders = {}
        self._reopened: dict[str, set[str]] = defaultdict(set)
        self._closed: dict[SlotKey, bool] = {}
        self._injections: dict[str, list[MedicationAdministration]] = {}
        self._holders: dict[tuple[str, str], tuple[str, str, str]] = {}
        self._following: frozenset[str] = frozenset()
        self._in_doubt = False
        self._granted: list[HeldClaim] = []
        self._denied: list[Denial] = []
        self._released: list[HeldClaim] = []

    def answer(self) -> ClaimsAnswer:
        self._transaction.records.flush()
        self._transaction.claims.keep_state(self._state)
        return ClaimsAnswer(
            server_time=self._now,
            epoch=self._state.epoch,
            granted=self._granted,
            denied=self._denied,
            released=self._released,
            waits_for=self._transaction.claims.count_awaited(),
        )

    # --- which past the laptop speaks of

    def is_of_this_epoch(self, request: ClaimsRequest) -> bool:
        """False when the laptop has not heard of our epoch, or knows what we have lost.

        A number, a commit or an epoch that we never gave out begins a new epoch.
        """
        records = self._transaction.records
        lost = cursors.diverged(self._transaction, request.seen) if request.seen else False
        epoch = records.state().epoch
        numbers = [one.grant for one in (*request.held, *request.released)]
        ahead = self._state.newest_grant < max(numbers, default=0) <= self._most_believed()
        # Of a store that is awaited nothing else was to be expected.
        ahead = ahead and not self._transaction.claims.is_awaited(self._store)
        newer_epoch = epoch < request.epoch <= epoch + _BELIEVED_EPOCHS
        if newer_epoch or (ahead and request.epoch == epoch and not lost):
            records.begin_epoch(max(epoch, request.epoch) + 1, records.state().newest)
            lost = True
        self._state = _of_present_epoch(self._transaction, self._rules, self._now)
        return not lost and request.epoch == self._state.epoch

    def _most_believed(self) -> int:
        return self._state.newest_grant + _BELIEVED_GRANTS

    def raise_counter(self, request: ClaimsRequest) -> None:
        """Never give out a number that a laptop has seen."""
        numbers = [one.grant for one in (*request.held, *request.released)]
        believed = [number for number in numbers if number <= self._most_believed()]
        newest = max([self._state.newest_grant, *believed])
        self._state = replace(self._state, newest_grant=newest)

    def report(self) -> bool:
        """Note that the store has said what it holds; return whether for the first time since the
        server was set back.
        """
        repository = self._transaction.claims
        first = not repository.has_reported(self._store, self._state.epoch)
        repository.note_report(self._store, self._state.epoch, to_iso(self._now))
        return first

    # --- given up

    def release(self, given_up: HeldClaim) -> None:
        """Free a unit that its holder has given up; repeated and older words are only confirmed."""
        record = self._record(_id_of(given_up))
        claim = read_claim(record) if record is not None else None
        if record is not None and claim is not None and claim.held_by(self._store):
            if claim.grant > given_up.grant:
                # It got the unit anew before this word came. What it holds now it still holds.
                self._released.append(given_up)
                return
            over = claim.day is not None and ends(claim.day, self._begins) <= self._now
            injected = claim.occurrence is not None and self._is_injected(record, claim)
            state = ClaimState.ENDED if over or injected else ClaimState.FREE
            free = replace(claim, state=state, holder_device_id=None, holder_id=None)
            self._put(record, replace(free, grant=max(claim.grant, given_up.grant)))
        self._released.append(given_up)

    def _is_injected(self, record: StoredRecord, claim: Claim) -> bool:
        return claim.occurrence in self._injected(
            record.patient_id or claim.patient_id, claim.group
        )

    # --- held

    def own_held(self) -> list[StoredRecord]:
        self._transaction.records.flush()
        return self._transaction.claims.held_by(self._store)

    def hold_for_unknown(self, records: Sequence[StoredRecord]) -> None:
        """Nobody knows what was given under these: not even their holder, whose store was set back,
        or who does not know of them any more.
        """
        for record in records:
            claim = read_claim(record)
            if claim is not None and claim.held_by(self._store):
                self._put(record, replace(claim, state=ClaimState.UNKNOWN))

    def take_in_held(self, request: ClaimsRequest, *, first: bool) -> None:
        """Compare what the store holds with what is here. Only its first word after the server was
        set back says anything new: later ones may have been under way for long.
        """
        if not first:
            return
        for one in request.held:
            self._establish(one)
        named = {_id_of(one) for one in (*request.held, *request.released)}
        self.hold_for_unknown([record for record in self.own_held() if record.id not in named])

    def _establish(self, held: HeldClaim) -> None:
        """Let the store hold what it holds, unless another does."""
        if not is_unit(held.unit) or not 0 < held.grant <= self._most_believed():
            return
        record = self._record(_id_of(held))
        claim = read_claim(record) if record is not None else None
        if record is None:
            owner = self._owner_known_to_user(held.patient_id)
            if owner is not None:
                self._hold_again(None, owner, held, self._new_claim(held), held.grant)
        elif claim is None or claim.state is ClaimState.UNKNOWN:
            return
        elif claim.held_by(self._store):
            if held.grant > claim.grant:
                self._hold_again(record, record.patient_id, held, claim, held.grant)
        elif claim.state is ClaimState.HELD:
            self._two_hold(record, claim, held)
        elif self._owner_known_to_user(held.patient_id) is not None:
            # Given up here by a number that was given out twice, or before the server was set back.
            number = held.grant if held.grant > claim.grant else self._next_grant()
            self._hold_again(record, record.patient_id, held, claim, number)

    def _two_hold(self, record: StoredRecord, claim: Claim, held: HeldClaim) -> None:
        """The larger number is the later one, and was given out after the other had given up; but
        where the other has said that it holds the unit, both do: nobody gives it without force.
        """
        other = Store(claim.holder_device_id or "", claim.holder_id or "")
        other_said_so = self._transaction.claims.has_reported(other, self._state.epoch)
        if held.grant > claim.grant and not other_said_so:
            self._hold_again(record, record.patient_id, held, claim, held.grant)
            return
        involved = dict.fromkeys(one for one in (other.practitioner_id, self._who.user_id) if one)
        danger = Danger(CLAIM_CONFLICT, (claim.id,), (claim.id,), tuple(involved))
        found = [(record.patient_id or claim.patient_id, danger)]
        raise_items(self._transaction, found, self._now)
        # Either may have given by it: what one of them gives up is not the other's to give.
        self._put(record, replace(claim, state=ClaimState.UNKNOWN))

    def _hold_again(
        self,
        record: StoredRecord | None,
        owner: str | None,
        held: HeldClaim,
        claim: Claim,
        number: int,
    ) -> None:
        orders = claim.orders if claim.grant == held.grant else {}
        claim = replace(
            claim,
            state=ClaimState.HELD,
            grant=number,
            held_since=held.held_since or held.grant,
            holder_device_id=self._store.device_id,
            holder_id=self._store.practitioner_id,
            orders=orders,
            epoch=self._state.epoch,
        )
        self._state = replace(
            self._state, newest_grant=max(self._state.newest_grant, number, claim.held_since)
        )
        self._put(record, claim, owner)

    def _owner_known_to_user(self, patient_id: str) -> str | None:
        owner, follows = self._transaction.scope.ties(self._who.user_id, [patient_id])[patient_id]
        return None if follows is None else owner

    # --- wanted

    def prepare(self, wanted: Sequence[ClaimName]) -> None:
        """Read what the wishes are decided by, for all of them at once."""
        if not wanted:
            return
        patient_ids = list(dict.fromkeys(name.patient_id for name in wanted))
        transaction = self._transaction
        # Who hands nothing out is told what whoever follows nobody is told; what they hold from
        # another role they may still give back.
        if may(self._who.role, Right.HAND_OUT):
            self._following = transaction.scope.standing(self._who.user_id)
        self._in_doubt = transaction.claims.is_in_doubt(self._store)
        transaction.records.flush()
        found = transaction.records.get_many((CLAIM_KIND, _id_of(name)) for name in wanted)
        for name in wanted:
            self._records.setdefault(_id_of(name), found.get((CLAIM_KIND, _id_of(name))))
        orders: _Orders = defaultdict(list)
        for record in transaction.claims.orders_of(patient_ids):
            order = _read_order(record)
            if order is not None and record.patient_id is not None:
                group = reference.substances().group_code(order)
                orders[record.patient_id, group].append(order)
        self._orders = dict(orders)
        for record in transaction.claims.reopenings_of(patient_ids):
            opened = record.body.get("administration_ids", [])
            self._reopened[record.patient_id or ""].update(opened)
        self._read_doses(wanted)
        self._read_injections(
            name.patient_id for name in wanted if occurrence_of(name.unit) is not None
        )

    def _read_doses(self, wanted: Sequence[ClaimName]) -> None:
        """Read which planned slots of the days that are asked for a dose keeps closed."""
        # The order inside a slot may name another patient: one who was joined with this one.
        places: dict[SlotKey, tuple[str, str]] = {}
        for name in wanted:
            if is_unit(name.unit) and occurrence_of(name.unit) is None:
                day = date.fromisoformat(name.unit)
                for slot in slots(self._orders.get((name.patient_id, name.group), []), day):
                    text = _slot_text(name.patient_id, slot.key)
                    places[slot.key] = (name.patient_id, text)
        doses = self._transaction.records.doses_in(sorted(text for _, text in places.values()))
        for key, (patient_id, text) in places.items():
            opened = self._reopened[patient_id]
            self._closed[key] = any(event_id not in opened for event_id, _ in doses.get(text, ()))

    def want(self, name: ClaimName, held_grant: int | None, request: ClaimsRequest) -> None:
        """Give a unit out, or say why not."""
        record = self._record(_id_of(name))
        claim = read_claim(record) if record is not None else None
        reason = self._reason_against(name, claim, held_grant, request)
        if reason is not None:
            self._denied.append(self._denial(name, reason, claim))
            return
        if record is not None and claim is None:
            # A newer program wrote it; to write over it would give a unit twice.
            self._denied.append(self._denial(name, DenialReason.HELD, None))
            return
        orders = order_versions(self._orders.get((name.patient_id, name.group), []))
        keeps = claim is not None and claim.held_by(self._store)
        if claim is not None and keeps and held_grant == claim.grant and claim.orders == orders:
            self._granted.append(_held(claim))
            return
        number = self._next_grant()
        granted = replace(
            claim if claim is not None else self._new_claim(name),
            state=ClaimState.HELD,
            grant=number,
            held_since=claim.held_since if claim is not None and keeps else number,
            holder_device_id=self._store.device_id,
            holder_id=self._store.practitioner_id,
            granted_at=self._now,
            orders=orders,
            epoch=self._state.epoch,
        )
        self._put(record, granted, name.patient_id)
        self._granted.append(_held(granted))

    def _reason_against(
        self,
        name: ClaimName,
        claim: Claim | None,
        held_grant: int | None,
        request: ClaimsRequest,
    ) -> DenialReason | None:
        if not is_unit(name.unit):
            return DenialReason.NOT_PLANNED
        if self._in_doubt or request.set_back:
            return DenialReason.STORE_IN_DOUBT
        if name.patient_id not in self._following:
            return DenialReason.NOT_ASSIGNED
        if name.patient_id in self._doubtful:
            return DenialReason.POSSIBLE_DUPLICATE
        return self._against_plan(name) or self._against_holder(name, claim, held_grant)

    def _against_plan(self, name: ClaimName) -> DenialReason | None:
        orders = self._orders.get((name.patient_id, name.group), [])
        if not orders:
            known = name.group in {group.code for group in reference.substances().groups}
            is_other = name.group.startswith("atc:")
            return DenialReason.NOT_PLANNED if known or is_other else DenialReason.UNKNOWN_GROUP
        number = occurrence_of(name.unit)
        if number is not None:
            return self._against_injection(name, orders, number)
        return self._against_day(name, orders, date.fromisoformat(name.unit))

    def _against_holder(
        self, name: ClaimName, claim: Claim | None, held_grant: int | None
    ) -> DenialReason | None:
        if claim is not None and claim.state is ClaimState.UNKNOWN:
            return DenialReason.UNKNOWN_DAY
        if claim is not None and claim.state is ClaimState.HELD:
            if not claim.held_by(self._store):
                return DenialReason.HELD
            if held_grant is not None:
                return None  # the store has just said so
        return DenialReason.SERVER_RESTORED if self._waits_for_others(name) else None

    def _waits_for_others(self, name: ClaimName) -> bool:
        if not self._state.waits_until:
            return False
        if occurrence_of(name.unit) is None and name.unit > self._state.waits_until:
            return False
        return self._transaction.claims.count_awaited() > 0

    def _against_day(
        self, name: ClaimName, orders: Sequence[MedicationRequest], day: date
    ) -> DenialReason | None:
        today = service_day(self._now, self._begins)
        if not today <= day < today + timedelta(days=self._rules.longest_trip_days):
            return DenialReason.TOO_FAR
        planned = slots(orders, day)
        # A depot given that day needs the day as well.
        depots = [order for order in orders if order.is_depot and is_active(order, day)]
        if not planned and not depots:
            would = slots([replace(order, stopped_on=None) for order in orders], day)
            return DenialReason.STOPPED if would else DenialReason.NOT_PLANNED
        due = [slot.request for slot in planned] + depots
        if all(order.on_hold for order in due):
            return DenialReason.STOPPED
        if all(order.place is Place.PHARMACY for order in due):
            return DenialReason.PHARMACY
        if planned and not depots and all(self._closed[slot.key] for slot in planned):
            return DenialReason.GIVEN
        return None

    def _against_injection(
        self, name: ClaimName, orders: Sequence[MedicationRequest], number: int
    ) -> DenialReason | None:
        today = service_day(self._now, self._begins)
        trip = [today + timedelta(days=one) for one in range(self._rules.longest_trip_days)]
        depots = [order for order in orders if order.is_depot]
        valid = [order for order in depots if any(is_active(order, day) for day in trip)]
        if not valid:
            stopped = any(order.stopped_on is not None for order in depots)
            return DenialReason.STOPPED if stopped else DenialReason.NOT_PLANNED
        if all(order.on_hold for order in valid):
            return DenialReason.STOPPED
        if all(order.place is Place.PHARMACY for order in valid):
            return DenialReason.PHARMACY
        injected = self._injected(name.patient_id, name.group)
        if number in injected:
            return DenialReason.GIVEN
        return DenialReason.TOO_FAR if number > max(injected, default=0) + 1 else None

    def _read_injections(self, patient_ids: Iterable[str]) -> None:
        wanted = [one for one in dict.fromkeys(patient_ids) if one not in self._injections]
        if not wanted:
            return
        self._injections.update((patient_id, []) for patient_id in wanted)
        for record in self._transaction.claims.injections_of(wanted):
            # A code of a newer program hides no injection.
            event = read_value(MedicationAdministration, record)
            if event is not None and record.patient_id is not None:
                self._injections[record.patient_id].append(event)

    def _injected(self, patient_id: str, group: str) -> set[int]:
        """Return the numbers of the group's injections that were given and still stand."""
        self._read_injections([patient_id])
        opened = self._reopened.get(patient_id, set())
        return {
            event.injection.occurrence
            for event in closing(self._injections[patient_id], opened)
            if event.injection is not None and self._is_of_group(event, patient_id, group)
        }

    def _is_of_group(self, event: MedicationAdministration, patient_id: str, group: str) -> bool:
        """Each group counts its injections by itself. One that names no group may be of any."""
        own = {order.id for order in self._orders.get((patient_id, group), [])}
        return event.request_id in own or event.group in (group, None)

    def _denial(self, name: ClaimName, reason: DenialReason, claim: Claim | None) -> Denial:
        if reason not in (DenialReason.HELD, DenialReason.UNKNOWN_DAY) or claim is None:
            return Denial(name=name, reason=reason)
        holder_name, phone, device = self._holder(claim.holder_id, claim.holder_device_id)
        return Denial(
            name=name,
            reason=reason,
            holder_id=claim.holder_id,
            holder_name=holder_name,
            holder_phone=phone,
            holder_device=device,
        )

    def _holder(self, person_id: str | None, device_id: str | None) -> tuple[str, str, str]:
        """Return a holder's name and phone, and the name of the laptop; read once for each."""
        key = (person_id or "", device_id or "")
        if key not in self._holders:
            person = _read_person(self._transaction.records.get("practitioner", key[0]))
            device = self._transaction.accounts.device(key[1])
            self._holders[key] = (
                person.name if person is not None else "",
                person.phone if person is not None else "",
                device.name if device is not None else "",
            )
        return self._holders[key]

    # --- the records

    def _record(self, record_id: str) -> StoredRecord | None:
        if record_id not in self._records:
            self._records[record_id] = self._transaction.records.get(CLAIM_KIND, record_id)
        return self._records[record_id]

    def _new_claim(self, name: ClaimName) -> Claim:
        return Claim(
            id=_id_of(name),
            patient_id=name.patient_id,
            group=name.group,
            unit=name.unit,
            state=ClaimState.FREE,
            grant=0,
            held_since=0,
        )

    def _next_grant(self) -> int:
        number = self._state.newest_grant + 1
        self._state = replace(self._state, newest_grant=number)
        return number

    def _put(self, before: StoredRecord | None, claim: Claim, owner: str | None = None) -> None:
        """Store a claim as the server's own record, with its patient's records."""
        kept = before.body if before is not None else {}
        self._records[claim.id] = self._transaction.records.add(
            NewVersion(
                kind=CLAIM_KIND,
                id=claim.id,
                patient_id=before.patient_id if before is not None else owner,
                body={**kept, **to_body(claim)},
                immutable=False,
                author_id=None,
                device_id=None,
                received_at=to_iso(self._now),
            ),
            before,
        )


def _id_of(name: ClaimName) -> str:
    return claim_id(name.patient_id, name.group, name.unit)


def _slot_text(patient_id: str, key: SlotKey) -> str:
    named = {"request_id": key.request_id, "day": key.day.isoformat(), "part": key.part.value}
    return slot_of(patient_id, named)


def _held(claim: Claim) -> HeldClaim:
    return HeldClaim(
        patient_id=claim.patient_id,
        group=claim.group,
        unit=claim.unit,
        grant=claim.grant,
        held_since=claim.held_since,
    )


def _read_order(record: StoredRecord) -> MedicationRequest | None:
    try:
        return from_body(MedicationRequest, record.body)
    except BodyError:
        return None


def _read_person(record: StoredRecord | None) -> Practitioner | None:
    try:
        return from_body(Practitioner, record.body) if record is not None else None
    except BodyError:
        return None
