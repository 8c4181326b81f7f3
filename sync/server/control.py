"""Control: the access logs of all laptops and of the office, and the state of their chains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from fieldapp.clock import OSLO, from_iso, to_iso
from fieldapp.domain.access_log import START, chain_hash
from fieldapp.domain.collation import sort_key
from sync.protocol.control import (
    LOG_PAGE,
    MAX_PRINTED,
    ChainFault,
    ChainRow,
    ChainsAnswer,
    LogAnswer,
    LogEntry,
    LogPatient,
    LogPatientsAnswer,
    LogPatientsRequest,
    LogPerson,
    LogPrintAnswer,
    LogPrintRequest,
    LogRequest,
    LogSource,
)
from sync.protocol.errors import BadRequestError, NotFoundError_
from sync.protocol.office import PatientName
from sync.server.office_rows import fits_query, name_in, patient_name, patient_names
from sync.server.overview import staff_names
from sync.server.storage.access_log import LogRow
from sync.server.storage.control import ControlLine, Wanted
from sync.server.storage.storage import Transaction

ORGANISATION: Final = "organisation"
"""Key among the facts about the server: the name that stands on a patient's print."""

_MOST_FOUND: Final = 20
_LINES_MAY_BE_LATE: Final = timedelta(days=1)
"""A poor line may let changes through and no line of the log yet."""
_PATIENT: Final = "patient"
_SEPARATOR: Final = "|"
_PLACE_PARTS: Final = 3


def log_page(transaction: Transaction, request: LogRequest) -> LogAnswer:
    """Return a page of lines. Raises BadRequestError (after, period)."""
    if request.first and request.last and request.last < request.first:
        raise BadRequestError("period")
    wanted = Wanted(
        patient_ids=_all_ids(transaction, request.patient_id),
        actor_id=request.actor_id,
        device_id=request.device_id,
        since=_midnight(request.first),
        until=_midnight(request.last, later=1),
        action=request.action,
        reason=request.reason,
    )
    lines = transaction.control.lines(wanted, LOG_PAGE + 1, _place(request.after))
    shown = lines[:LOG_PAGE]
    more = _SEPARATOR.join(shown[-1].place) if len(lines) > LOG_PAGE else ""
    return LogAnswer(
        entries=_entries(transaction, shown),
        next=more,
        people=_people(transaction),
        actions=transaction.control.actions(),
    )


def log_patients(transaction: Transaction, request: LogPatientsRequest) -> LogPatientsAnswer:
    """Return the patients whom words or a number fit."""
    found = [
        patient
        for record in transaction.records.of_kind(_PATIENT)
        if not record.body.get("replaced_by")
        and fits_query(patient := patient_name(record), request.query)
    ]
    found.sort(key=lambda patient: sort_key(patient.name))
    return LogPatientsAnswer(
        patients=[_named(patient) for patient in found[:_MOST_FOUND]],
        more=len(found) > _MOST_FOUND,
    )


def log_print(
    transaction: Transaction, request: LogPrintRequest, by: str, now: datetime
) -> LogPrintAnswer:
    """Return all that is known of who looked at a patient. Raises NotFoundError_."""
    patient_id = transaction.joins.owner_of(request.patient_id)
    record = transaction.records.get(_PATIENT, patient_id)
    if record is None:
        raise NotFoundError_(_PATIENT)
    wanted = Wanted(patient_ids=_all_ids(transaction, patient_id))
    lines = transaction.control.lines(wanted, MAX_PRINTED + 1)
    return LogPrintAnswer(
        patient=_named(patient_name(record)),
        organisation=transaction.meta(ORGANISATION) or "",
        printed_at=now,
        printed_by=staff_names(transaction).get(by, by),
        entries=_entries(transaction, lines[:MAX_PRINTED]),
        more=len(lines) > MAX_PRINTED,
    )


def chains(transaction: Transaction, now: datetime) -> ChainsAnswer:
    """Work out the chain of every laptop anew from its lines."""
    names = staff_names(transaction)
    changed = transaction.control.newest_records()
    patience = to_iso(now - _LINES_MAY_BE_LATE)
    rows = []
    for device in transaction.accounts.devices():
        lines = transaction.access_log.of_device(device.id)
        _, head = transaction.access_log.head(device.id)
        fault, sequence = check_chain(lines, head, forked=device.log_forked)
        newest_change = changed.get(device.id, "")
        came = max((line.received_at for line in lines), default="")
        if fault is None and came < newest_change < patience:
            # Whatever is written has a line, which travels with it or soon after.
            fault = ChainFault.SILENT
        rows.append(
            ChainRow(
                device_id=device.id,
                device_name=device.name,
                user_name=names.get(device.user_id, ""),
                lines=len(lines),
                newest_at=lines[-1].at if lines else "",
                fault=fault,
                at_sequence=sequence,
            )
        )
    rows.sort(key=lambda row: (row.fault is None, sort_key(row.user_name), row.device_name))
    return ChainsAnswer(chains=rows)


def check_chain(
    lines: Sequence[LogRow], head: str, *, forked: bool = False
) -> tuple[ChainFault | None, int | None]:
    """Return the gravest fault of a laptop's log and the line where it is seen; pure.

    `head` is the hash of the newest line as the server remembers it; `forked` what the server noted
    while it took the lines in.
    """
    for line in lines:
        fields = (line.at, line.actor_id, line.action, line.kind, line.record_id, line.patient_id)
        if line.hash != chain_hash(line.previous_hash, fields, line.reason):
            return ChainFault.BROKEN, line.sequence
    hashes = {line.hash for line in lines}
    for line in lines:
        if line.previous_hash != START and line.previous_hash not in hashes:
            return ChainFault.MISSING, line.sequence
    if head != START and head not in hashes:
        return ChainFault.MISSING, lines[-1].sequence if lines else 0
    followed: set[str] = set()
    for line in lines:
        if line.previous_hash in followed:
            return ChainFault.FORKED, line.sequence
        followed.add(line.previous_hash)
    return (ChainFault.FORKED, None) if forked else (None, None)


# --- small helpers


def _all_ids(transaction: Transaction, patient_id: str | None) -> Sequence[str]:
    if patient_id is None:
        return ()
    return transaction.control.aliases_of(transaction.joins.owner_of(patient_id))


def _midnight(day: date | None, later: int = 0) -> str | None:
    if day is None:
        return None
    return to_iso(datetime.combine(day + timedelta(days=later), time(), OSLO))


def _place(after: str) -> tuple[str, str, str] | None:
    if not after:
        return None
    parts = after.split(_SEPARATOR)
    if len(parts) != _PLACE_PARTS or not after.isprintable():
        raise BadRequestError("after")
    return (parts[0], parts[1], parts[2])


def _named(patient: PatientName) -> LogPatient:
    return LogPatient(
        id=patient.id,
        name=patient.name,
        birth_date=patient.birth_date,
        national_id=patient.national_id or patient.temporary_number,
    )


def _people(transaction: Transaction) -> list[LogPerson]:
    names = staff_names(transaction)
    people = [
        LogPerson(
            id=user.id, name=names.get(user.id, user.username), role=user.role, active=user.active
        )
        for user in transaction.accounts.users()
    ]
    return sorted(people, key=lambda person: sort_key(person.name))


def _entries(transaction: Transaction, lines: Iterable[ControlLine]) -> list[LogEntry]:
    shown = list(lines)
    names = staff_names(transaction)
    roles = {user.id: user.role for user in transaction.accounts.users()}
    known = transaction.accounts.devices()
    devices = {device.id: device.name for device in known}
    users = {device.id: device.user_id for device in known}
    patients = patient_names(transaction, {line.patient_id for line in shown})

    def owner(line: ControlLine) -> str:
        """The laptop's user where somebody else is named."""
        user_id = users.get(line.device_id, line.actor_id)
        of_a_laptop = LogSource(line.source) is LogSource.LAPTOP
        return names.get(user_id, "") if of_a_laptop and user_id != line.actor_id else ""

    return [
        LogEntry(
            source=LogSource(line.source),
            at=line.at,
            received_at=from_iso(line.received_at),
            actor_id=line.actor_id,
            actor_name=names.get(line.actor_id, ""),
            role=roles.get(line.actor_id, ""),
            device_id=line.device_id,
            device_name=devices.get(line.device_id, ""),
            action=line.action,
            kind=line.kind,
            record_id=line.record_id,
            patient_id=line.patient_id,
            patient_name=name_in(patients, line.patient_id),
            reason=line.reason,
            words=line.words,
            count=line.count,
            allowed=line.allowed,
            laptop_of=owner(line),
        )
        for line in shown
    ]
