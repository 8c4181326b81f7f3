"""Orders from a CSV file: every row waits for the second person, or none does."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.csv_import import FileError, Table, decode, read_table
from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.order_csv import (
    ALREADY_THERE,
    PATIENT,
    PATIENT_MISSING,
    PATIENT_UNKNOWN,
    ColumnsError,
    OrderRow,
    OrderRowError,
    heading_of,
    read_rows,
)
from fieldapp.domain.order_text import read
from fieldapp.domain.orders import OrderProblem, errors_of
from sync.protocol.errors import BadRequestError
from sync.protocol.orders import (
    MAX_IMPORT,
    ImportOrdersAnswer,
    ImportOrdersRequest,
    ImportProblem,
    ImportRow,
    OrderAction,
)
from sync.server import reference
from sync.server.identity import Identity
from sync.server.office_rows import name_in, patient_name, patient_names
from sync.server.orders import Sight, new_entry, problems_of, today_of
from sync.server.storage.order_entries import OrderEntry
from sync.server.storage.storage import Transaction

_FILES: Final = uuid.UUID("a0c53a6e-5f0e-4a55-8a1a-3f3f4b0b1c21")
_MOST_WAITING: Final = 10_000
_PATIENT_TWICE: Final = "patient_twice"
_STATE: Final = frozenset(
    {
        "id",
        "recorded_at",
        "entered_by",
        "confirmed_at",
        "confirmed_by",
        "revision",
        "source",
        "reassessed_on",
    }
)
"""Fields that say nothing of what an order orders."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a row is compared with."""

    patients: dict[str, list[str]]
    """Ids by national and temporary number."""
    today: date
    said: set[tuple[object, ...]]
    """What orders and entries that wait already order."""


def import_orders(
    transaction: Transaction, request: ImportOrdersRequest, who: Identity, now: datetime
) -> ImportOrdersAnswer:
    """Look through a file, and with `store` let every row wait if none is wrong.

    The same file with the same `id` is stored once. Raises BadRequestError (file).
    """
    transaction.records.take_turn()
    try:
        table = read_table(decode(_bytes(request.data))[0])
        rows, shape = read_rows(table, request.file_name)
    except FileError as error:
        where = "" if error.row is None else str(error.row)
        return ImportOrdersAnswer(file_problem=error.code, file_detail=where)
    except ColumnsError as error:
        return ImportOrdersAnswer(
            file_problem="columns_missing", file_detail=",".join(error.missing)
        )
    if len(table.rows) > MAX_IMPORT:
        return ImportOrdersAnswer(file_problem="too_many_rows", file_detail=str(MAX_IMPORT))
    if request.store and rows and _stored_before(transaction, request, rows):
        return ImportOrdersAnswer(stored=True)
    reader = _Reader(transaction, request, who, now, table)
    for row in rows:
        reader.take(row)
    problems = sorted(
        [_problem(error) for error in shape] + reader.problems,
        key=lambda problem: (problem.warning, problem.number),
    )
    stored = False
    if request.store and reader.entries and not any(not one.warning for one in problems):
        for entry in reader.entries:
            transaction.orders.add(entry)
        stored = True
    return ImportOrdersAnswer(rows=reader.rows, problems=problems, stored=stored)


class _Reader:
    """Reads rows one after the other; each is also compared with those before it."""

    def __init__(
        self,
        transaction: Transaction,
        request: ImportOrdersRequest,
        who: Identity,
        now: datetime,
        table: Table,
    ) -> None:
        self._transaction = transaction
        self._request = request
        self._who = who
        self._now = now
        self._table = table
        self._known = _Known(
            _numbers(transaction, who), today_of(transaction, now), _already_said(transaction)
        )
        self._orders: list[MedicationRequest] = []
        self.rows: list[ImportRow] = []
        self.entries: list[OrderEntry] = []
        self.problems: list[ImportProblem] = []

    def take(self, row: OrderRow) -> None:
        """Read a row; what is wrong with it is noted."""
        patient_id = self._patient(row)
        order_id = row_id(self._request.id, row.number, "order")
        forms = reference.order_forms()
        made = read(row.sheet, order_id, patient_id or "-", forms)
        self._note(row, made.problems)
        if made.order is None or patient_id is None:
            seen = problems_of(self._transaction, made.draft, None, self._known.today)
            self._note(row, made.beside(errors_of(seen)))
            return
        order = replace(made.order, recorded_at=self._now, entered_by=self._who.user_id)
        beside = [one for one in self._orders if one.patient_id == patient_id]
        problems = problems_of(self._transaction, order, None, self._known.today, beside)
        self._note(row, problems)
        said = _what_it_says(to_body(order))
        if said in self._known.said:
            self._wrong(row, "product", ALREADY_THERE)
        self._known.said.add(said)
        self._orders.append(order)
        name = name_in(patient_names(self._transaction, [patient_id]), patient_id)
        self.rows.append(ImportRow(number=row.number, patient_name=name, body=to_body(order)))
        if not errors_of(problems):
            entry_id = row_id(self._request.id, row.number, "entry")
            self.entries.append(
                new_entry(entry_id, OrderAction.ENTER, 0, order, problems, self._who, self._now)
            )

    def _patient(self, row: OrderRow) -> str | None:
        found = self._known.patients.get(row.patient, [])
        if not row.patient:
            self._wrong(row, PATIENT, PATIENT_MISSING)
        elif len(found) != 1:
            self._wrong(row, PATIENT, _PATIENT_TWICE if found else PATIENT_UNKNOWN)
        return found[0] if len(found) == 1 and row.patient else None

    def _note(self, row: OrderRow, problems: Iterable[OrderProblem]) -> None:
        for problem in problems:
            self.problems.append(
                ImportProblem(
                    number=row.number,
                    column=heading_of(self._table, problem.field),
                    code=problem.code.value,
                    hint=problem.detail,
                    warning=problem.is_warning,
                )
            )

    def _wrong(self, row: OrderRow, field: str, code: str) -> None:
        column = heading_of(self._table, field)
        self.problems.append(ImportProblem(number=row.number, column=column, code=code))


def row_id(file_id: str, number: int, what: str) -> str:
    """Return the id of what is made of a row: the same when the file is sent again."""
    return str(uuid.uuid5(_FILES, f"{file_id}|{number}|{what}"))


def _stored_before(
    transaction: Transaction, request: ImportOrdersRequest, rows: list[OrderRow]
) -> bool:
    return transaction.orders.get(row_id(request.id, rows[0].number, "entry")) is not None


def _numbers(transaction: Transaction, who: Identity) -> dict[str, list[str]]:
    sight = Sight(transaction, who)
    found: dict[str, list[str]] = defaultdict(list)
    for record in transaction.records.of_kind("patient"):
        if not sight.of(record.id) or record.body.get("replaced_by"):
            continue
        patient = patient_name(record)
        for number in (patient.national_id, patient.temporary_number):
            if number:
                found["".join(number.split())].append(record.id)
    return found


def _already_said(transaction: Transaction) -> set[tuple[object, ...]]:
    entries = transaction.orders.waiting(_MOST_WAITING)
    said = {_what_it_says({**entry.body, "patient_id": entry.patient_id}) for entry in entries}
    for record in transaction.records.of_kind("medication_request"):
        said.add(_what_it_says({**record.body, "patient_id": record.patient_id}))
    return said


def _what_it_says(body: dict[str, Any]) -> tuple[object, ...]:
    """What an order orders, to be compared; empty for what a newer program wrote."""
    try:
        order = to_body(from_body(MedicationRequest, body))
    except BodyError:
        return ()
    return tuple((name, repr(order[name])) for name in sorted(order) if name not in _STATE)


def _problem(error: OrderRowError) -> ImportProblem:
    return ImportProblem(number=error.number, column=error.column, code=error.code, hint=error.hint)


def _bytes(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequestError("file") from None
