"""What the office's lists show, row by row: names, followers, and both sides of a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from fieldapp.clock import from_iso
from fieldapp.domain.claims import ClaimState
from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.collation import fold, sort_key
from fieldapp.domain.issues import DetectedIssue
from fieldapp.domain.patients import Assignment, Patient
from sync.protocol.office import (
    FlaggedRow,
    Follower,
    IssueRow,
    ParkedRow,
    PatientName,
    PatientRow,
)
from sync.protocol.orders import LiveClaim
from sync.server.overview import staff_names
from sync.server.storage.claims import read_claim
from sync.server.storage.flagged import Flagged
from sync.server.storage.parked import ParkedChange
from sync.server.storage.storage import Transaction
from sync.server.storage.values import StoredRecord
from sync.server.take_over import can_keep_server

_PATIENT: Final = "patient"


def patient_names(
    transaction: Transaction, patient_ids: Iterable[str | None]
) -> dict[str, PatientName]:
    """Return the names of those patients who are stored, by id."""
    wanted = [(_PATIENT, one) for one in patient_ids if one is not None]
    found = transaction.records.get_many(wanted).values()
    return {record.id: patient_name(record) for record in found}


def patient_name(record: StoredRecord) -> PatientName:
    """Return how a patient is named; without a name where a newer program wrote the record."""
    try:
        value = from_body(Patient, record.body)
    except BodyError:
        return PatientName(id=record.id, name="")  # from a newer program
    return PatientName(
        id=record.id,
        name=value.name,
        birth_date=value.birth_date,
        national_id=value.national_id,
        temporary_number=value.temporary_number,
    )


def name_in(patients: dict[str, PatientName], patient_id: str | None) -> str:
    """Return a patient's name, empty for the whole team and for one who is not known."""
    found = patients.get(patient_id or "")
    return found.name if found is not None else ""


def fits_query(patient: PatientName, query: str) -> bool:
    """True when the name holds every word, or a number begins with what was typed."""
    name, words = fold(patient.name), fold(query).split()
    number = "".join(query.split()).upper()
    numbers = (patient.national_id or "", patient.temporary_number or "")
    return all(word in name for word in words) or any(
        len(number) >= 4 and one.startswith(number) for one in numbers
    )


def patient_rows(transaction: Transaction, shown: Sequence[PatientName]) -> list[PatientRow]:
    """Return the patients with who follows them, the primary one first."""
    names = staff_names(transaction)
    followers: dict[str, list[Follower]] = defaultdict(list)
    ids = [patient.id for patient in shown]
    for value in standing_assignments(transaction, ids):
        followers[value.patient_id].append(
            Follower(
                user_id=value.practitioner_id,
                name=names.get(value.practitioner_id, ""),
                primary=value.primary,
            )
        )
    records = transaction.records.get_many((_PATIENT, one) for one in ids)
    claims = _live_claims(transaction, ids, names)
    return [
        PatientRow(
            patient=patient,
            active=records[_PATIENT, patient.id].body.get("active") is not False,
            followers=sorted(
                followers[patient.id],
                key=lambda follower: (not follower.primary, sort_key(follower.name)),
            ),
            live_claims=claims[patient.id],
        )
        for patient in shown
    ]


def _live_claims(
    transaction: Transaction, patient_ids: list[str], names: dict[str, str]
) -> dict[str, list[LiveClaim]]:
    """Return who holds which days of these patients, by patient."""
    units: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for record in transaction.claims.of_patients(patient_ids):
        claim = read_claim(record)
        if claim is not None and claim.state is ClaimState.HELD:
            holder, device = claim.holder_id or "-", claim.holder_device_id or "-"
            units[record.patient_id or "", holder, device, claim.group].append(claim.unit)
    people = transaction.records.get_many(("practitioner", holder) for _, holder, _, _ in units)
    devices = {device.id: device.name for device in transaction.accounts.devices() if units}
    found: dict[str, list[LiveClaim]] = defaultdict(list)
    for (patient_id, holder, device, group), held in sorted(units.items()):
        person = people.get(("practitioner", holder))
        found[patient_id].append(
            LiveClaim(
                holder_id=holder,
                holder_name=names.get(holder, ""),
                holder_phone=str(person.body.get("phone", "")) if person is not None else "",
                device_id=device,
                device_name=devices.get(device, ""),
                group=group,
                units=sorted(held),
            )
        )
    return found


def standing_assignments(transaction: Transaction, patient_ids: list[str]) -> list[Assignment]:
    """Return the assignments that hold now: a grant says who follows, its record how."""
    standing = set(transaction.office.followers(patient_ids))
    found = []
    for patient_id in patient_ids:
        for record in transaction.records.of_patient(patient_id, "assignment"):
            value = from_body(Assignment, record.body)
            if value.active and (patient_id, value.practitioner_id) in standing:
                standing.discard((patient_id, value.practitioner_id))
                found.append(value)
    return found


# --- rows


def issue_row(
    record: StoredRecord, patients: dict[str, PatientName], names: dict[str, str]
) -> IssueRow | None:
    """Return a safety item for the list, None for one that a newer program wrote."""
    try:
        value = from_body(DetectedIssue, record.body)
    except BodyError:
        return None
    return IssueRow(
        id=record.id,
        patient_id=record.patient_id or value.patient_id,
        patient_name=name_in(patients, record.patient_id),
        code=value.code,
        raised_at=value.raised_at,
        evidence=list(value.evidence),
        involved=[names.get(one, one) for one in value.involved],
    )


def flagged_row(
    flagged: Flagged,
    patient_id: str | None,
    names: dict[str, str],
    devices: dict[str, str],
    patients: dict[str, PatientName],
) -> FlaggedRow:
    """Return what was stored although something had changed, with the names that belong to it."""
    return FlaggedRow(
        kind=flagged.kind,
        id=flagged.id,
        reason=flagged.reason,
        at=from_iso(flagged.at),
        user_id=flagged.user_id,
        user_name=names.get(flagged.user_id or "", ""),
        device_name=devices.get(flagged.device_id or "", ""),
        patient_id=patient_id,
        patient_name=name_in(patients, patient_id),
    )


def parked_row(
    change: ParkedChange,
    held: StoredRecord | None,
    names: dict[str, str],
    devices: dict[str, str],
    patients: dict[str, PatientName],
    *,
    wants_help: bool,
) -> ParkedRow:
    """Return what a laptop could not deliver, beside what stands on the server."""
    mine = change.body or {}
    theirs = held.body if held is not None else None
    code, _, detail = change.reason.partition(":")
    return ParkedRow(
        change_id=change.change_id,
        user_id=change.user_id,
        user_name=names.get(change.user_id, ""),
        device_id=change.device_id,
        device_name=devices.get(change.device_id, ""),
        kind=change.kind,
        id=change.id,
        patient_id=change.patient_id,
        patient_name=name_in(patients, change.patient_id),
        outcome=change.outcome,
        reason=code,
        detail=detail,
        at=from_iso(change.at),
        mine=mine,
        server_body=theirs,
        server_version=held.seq if held is not None else 0,
        server_author_name=names.get(held.author_id or "", "") if held is not None else "",
        server_device_name=devices.get(held.device_id or "", "") if held is not None else "",
        server_received_at=from_iso(held.received_at) if held is not None else None,
        fields=sorted(
            field
            for field in {*mine, *(theirs or {})}
            if theirs is None or field in mine and mine[field] != theirs.get(field)
        ),
        can_keep_server=can_keep_server(change, held),
        wants_help=wants_help,
    )
