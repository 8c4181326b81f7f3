"""Claims as a pull would bring them, and the time and the pull that a green light needs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from fieldapp.domain.claims import (
    Claim,
    ClaimState,
    Store,
    claim_id,
    day_unit,
    occurrence_unit,
    service_day,
)
from fieldapp.domain.codec import to_body
from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.readiness import order_versions
from fieldapp.services import reference
from fieldapp.services.session import Session
from fieldapp.store import claims as store_claims
from fieldapp.store import inbox, records, trusted_time
from fieldapp.store import medication as store_medication
from fieldapp.store.claims import Granted, Name
from fieldapp.store.inbox import IncomingRecord

_grants = itertools.count(1_000)


def own_store(session: Session) -> Store:
    return Store(session.device_id, session.user.id)


def trust(session: Session) -> None:
    """Let the server have told the time just now, with a complete pull."""
    now, elapsed = session.clock.now(), session.clock.elapsed()
    trusted_time.note_server_time(session.database, now, elapsed, now)
    trusted_time.note_complete_pull(session.database, now, elapsed)


def claim_of(session: Session, order: MedicationRequest, unit: str | date, **changes: Any) -> Claim:
    """The claim of an order's group as the server grants it now, by default to this store."""
    group = reference.substances().group_code(order)
    unit = day_unit(unit) if isinstance(unit, date) else unit
    grant = next(_grants)
    own = reference.substances().of_group(
        store_medication.requests_of(session.database, [order.patient_id]), group
    )
    values: dict[str, Any] = {
        "state": ClaimState.HELD,
        "grant": grant,
        "held_since": grant,
        "holder_device_id": session.device_id,
        "holder_id": session.user.id,
        "granted_at": session.clock.now(),
        "orders": order_versions(own),
    }
    name = claim_id(order.patient_id, group, unit)
    return Claim(name, order.patient_id, group, unit, **{**values, **changes})


def deliver(session: Session, *claims: Claim, complete: bool = True) -> None:
    """Let the server send these claims in a page, by default the last one of a pull."""
    store_claims.remember_own_store(session.database, own_store(session))
    known = inbox.cursor(session.database) or "0"
    start = max(int(float(known)), _newest_version(session))
    page = [
        IncomingRecord("claim", claim.id, claim.patient_id, start + number, to_body(claim))
        for number, claim in enumerate(claims, start=1)
    ]
    inbox.apply_page(
        session.database,
        page,
        cursor=f"{start + len(page)}.0" if "." in known else f"{start + len(page)}",
        complete=complete,
        now=session.clock.now(),
    )


def grant(
    session: Session, order: MedicationRequest, *units: str | date, **changes: Any
) -> list[Claim]:
    """Grant units of an order's group to this store (today without any) and complete a pull."""
    chosen = units or (service_day(session.clock.now()),)
    claims = [claim_of(session, order, unit, **changes) for unit in chosen]
    deliver(session, *claims)
    trust(session)
    return claims


def grant_depot(session: Session, order: MedicationRequest, number: int = 1) -> list[Claim]:
    """Grant a numbered injection and the present day."""
    return grant(session, order, occurrence_unit(number), service_day(session.clock.now()))


def grant_days(session: Session, orders: Iterable[MedicationRequest], days: int = 1) -> None:
    """Grant the present service day and those after it for all these orders."""
    first = service_day(session.clock.now())
    claims = {
        claim.id: claim
        for order in orders
        for offset in range(days)
        for claim in [claim_of(session, order, first + timedelta(days=offset))]
    }
    deliver(session, *claims.values())
    trust(session)


def give_up(session: Session) -> None:
    """Give up all that this store holds, and let the server have heard of it."""
    own = store_claims.held(session.database, own_store(session))
    store_claims.drop(session.database, own_store(session), [claim.id for claim in own])
    told = [Granted(Name(claim.patient_id, claim.group, claim.unit), claim.grant) for claim in own]
    store_claims.apply_answer(session.database, released=told)


def claims_here(session: Session) -> list[Claim]:
    return records.select(session.database, Claim)


def _newest_version(session: Session) -> int:
    row = session.database.connection.execute("SELECT max(version) AS newest FROM claim").fetchone()
    return int(row["newest"] or 0) if row is not None else 0
